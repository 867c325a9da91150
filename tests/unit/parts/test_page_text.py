"""What one Page's screen says: of the Page, in its tiles, of its days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pages.parts.page import page_profile, page_tiles
from pages.parts.page import page_profile as page_facts
from pages.parts.page.daily_table import daily_table
from pages.parts.page.growth_card import MAX_POINTS, points_of, thin
from pages.parts.page.page_profile import Fact
from pages.records import NO_NOTES, PageFigures, View
from pages.text.periods import NOTHING, Period, get_period
from pages.ui.tiles import Tile
from storage.accounts.connection_states import CONNECTION_STATES, ConnectionState
from storage.accounts.page_profile import PageHolder, PageProfile
from storage.accounts.pages import FactChange
from storage.figures.series import DayFigure, PageHistory
from storage.metrics.forecast import find_forecast

AT = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
TODAY = AT.date()
PERIOD = get_period("7 days", TODAY)
HOLDER = PageHolder(
    grant_id=1,
    account_id="9",
    account_name="Anna *Keller*",
    connection="connected",
    status="ok",
    status_at=AT,
    reason_code=None,
    reason_subcode=None,
    grant_status="ok",
    grant_reason_code=None,
    grant_reason_subcode=None,
    tasks=("ANALYZE",),
)
PROFILE = PageProfile(
    id="104",
    name="Optik Keller",
    category="Optician",
    about=None,
    website="https://optik.example",
    link="https://www.facebook.com/optik",
    username=None,
    phone=None,
    emails=("a@b.example", "c@d.example"),
    location={"street": "Marktstraße 4", "zip": "20095", "city": "Hamburg", "latitude": 53.5},
    verification_status="not_verified",
    is_published=True,
    is_new_page_experience=None,
    first_seen_at=AT,
    described_at=AT,
    graph_version="v26.0",
    connection="connected",
    holders=(HOLDER,),
    first_day=date(2026, 8, 1),
    last_day=date(2026, 11, 20),
    picture_etag=None,
)


def profile_in(state: ConnectionState, **holder: object) -> PageProfile:
    held = replace(HOLDER, connection=state, **holder)  # type: ignore[arg-type]  # keys are fields
    return replace(PROFILE, connection=state, holders=(held,))


@pytest.mark.parametrize("state", CONNECTION_STATES)
def test_every_state_has_a_badge_and_all_but_the_good_one_a_sentence(
    state: ConnectionState,
) -> None:
    stands = page_profile.connection(profile_in(state))
    assert stands.label
    assert (stands.sentence is None) == (state == "connected")


def test_a_dead_connection_says_who_why_since_when_and_what_is_safe() -> None:
    profile = profile_in("needs_renewal", grant_reason_code=190, grant_reason_subcode=460)
    sentence = page_profile.connection(profile).sentence or ""
    assert "password was changed" in sentence
    assert "Last figures of 20 Nov 2026." in sentence
    assert "history is safe" in sentence
    assert "Anna \\*Keller\\*" in sentence


def test_a_lost_role_is_told_apart_from_access_that_was_never_sent() -> None:
    lost = page_profile.connection(profile_in("no_access", status="role_lost")).sentence or ""
    never = page_profile.connection(profile_in("no_access", status="no_access")).sentence or ""
    assert "no longer has a role" in lost
    assert "sent no access" in never


def test_a_page_that_was_left_out_says_so_in_its_own_words() -> None:
    left_out = page_profile.connection(profile_in("disconnected", status="left_out")).sentence or ""
    assert left_out.startswith("You left this Page out.")
    assert "Its history is safe." in left_out
    ended = profile_in("disconnected", status="left_out", grant_status="disconnected")
    assert "No connected account" in (page_profile.connection(ended).sentence or "")


def test_holders_are_named_and_counted() -> None:
    anna = "Anna \\*Keller\\*"
    only = f"only {anna} holds this Page: ask a second admin to connect"
    assert page_profile.held_by(PROFILE) == only
    ben = replace(HOLDER, grant_id=2, account_name="Ben")
    assert (
        page_profile.held_by(replace(PROFILE, holders=(HOLDER, ben))) == f"held by {anna} and Ben"
    )
    many = replace(PROFILE, holders=(HOLDER, ben, ben, ben))
    assert page_profile.held_by(many) == f"held by {anna}, Ben and 2 more"
    gone = replace(PROFILE, holders=(HOLDER, replace(ben, connection="no_access")))
    assert page_profile.held_by(gone) == only


def tiles_of(fans: dict[date, int | None], period: Period = PERIOD) -> dict[str, Tile]:
    history = PageHistory(fans, dict.fromkeys(fans))
    outlook = find_forecast(fans, TODAY)
    figures = PageFigures(
        view=View(period),
        requested=replace(period, until=TODAY),
        today=TODAY,
        figure_days=None,
        profile=PROFILE,
        history=history,
        outlook=outlook,
        milestones=(),
        goal=None,
        days=(),
        marks={},
        notes=NO_NOTES,
        imports={},
        changes={},
    )
    return {tile.label: tile for tile in page_tiles.tiles(figures)}


def days(*values: int | None) -> dict[date, int | None]:
    """The values as figures of the days that end today."""
    first = TODAY - timedelta(days=len(values) - 1)
    return {first + timedelta(days=number): value for number, value in enumerate(values)}


def test_the_tiles_of_a_page() -> None:
    tiles = tiles_of(days(*range(1000, 1014), 1030, 1031))
    fans = tiles["Fans"]
    assert (fans.value, fans.delta, fans.note) == ("1,031", "+2.28%", "in 7 days")
    net = tiles["Net new fans"]
    assert (net.value, net.delta, net.note) == ("+23", "+16", "vs previous")
    best = tiles["Best day"]
    assert (best.value, best.delta) == ("+17", "Sat 21 Nov")
    milestone = tiles["Next milestone"]
    assert (milestone.value, milestone.note) == ("1,500", "the pace has just changed")
    assert tiles["Followers"].note == "Facebook gives no count"


def test_a_page_that_stands_still_has_no_signs() -> None:
    tiles = tiles_of(days(*[500] * 16))
    assert tiles["Net new fans"].delta == 0
    assert tiles["Best day"].note == "no day gained"


def test_a_best_day_without_figures_gives_the_reason_of_the_others() -> None:
    assert tiles_of({TODAY: 500})["Best day"].note == "from tomorrow"
    assert tiles_of({TODAY: None})["Best day"].note == "Facebook gives no count"


def test_an_old_figure_says_its_day() -> None:
    tiles = tiles_of({TODAY - timedelta(days=3): 500})
    assert (tiles["Fans"].value, tiles["Fans"].note) == ("500", "as of 19 Nov")
    assert tiles["Net new fans"].value is None


def test_a_change_that_ended_days_ago_says_when() -> None:
    ended = get_period("7 days", TODAY - timedelta(days=4))
    known = {day: value for day, value in days(*range(100, 130)).items() if day <= ended.until}
    net = tiles_of(known, ended)["Net new fans"]
    assert (net.value, net.delta, net.note) == ("+7", None, "until 18 Nov")
    fans = tiles_of(known, ended)["Fans"]
    assert (fans.delta, fans.note) == ("+5.93%", "as of 18 Nov · in 7 days")


def test_who_wants_no_comparison_gets_none() -> None:
    alone = get_period("7 days", TODAY, NOTHING)
    net = tiles_of(days(*range(100, 130)), alone)["Net new fans"]
    assert (net.value, net.delta, net.note) == ("+7", None, "in 7 days")


def test_the_next_milestone_is_a_range_of_days() -> None:
    wavy = [8_500 + 5 * n + (6 if n % 2 else -6) for n in range(90)]
    milestone = tiles_of(days(*wavy))["Next milestone"]
    assert (milestone.value, milestone.note) == ("9,000", "27 Nov – 20 Dec 2026")


def test_a_period_before_the_first_figure_says_when_that_was() -> None:
    early = get_period("7 days", TODAY - timedelta(days=60))
    tiles = tiles_of(days(*range(100, 110)), early)
    assert (tiles["Fans"].value, tiles["Fans"].note) == (None, "first counted on 13 Nov 2026")
    assert tiles["Net new fans"].value is None


def texts_of(facts: list[Fact]) -> dict[str, str]:
    return {fact.label: fact.text for fact in facts}


def test_what_facebook_left_out_is_a_dash_and_an_address_is_what_there_is() -> None:
    facts = texts_of(page_facts.facts(PROFILE, {}))
    assert facts["About"] == facts["Phone"] == facts["Username"] == "–"
    assert facts["E-mail"] == "a@b.example, c@d.example"
    assert facts["Address"] == "Marktstraße 4, 20095 Hamburg"
    assert facts["Verification"] == "Not verified"
    assert facts["Published"] == "Yes"
    assert "Name" not in facts  # the title says it
    assert page_facts.address({"city": {"odd": 1}, "country": "DE"}) == "DE"
    assert page_facts.address(None) == page_facts.address(["odd"]) == ""


def test_a_fact_that_changed_says_since_when_and_what_it_was() -> None:
    changes = {
        "name": FactChange(AT, "Optik *Alt*"),
        "emails": FactChange(AT, ["old@b.example"]),
        "location": FactChange(AT, {"city": "Bremen"}),
        "is_published": FactChange(AT, False),
        "about": FactChange(AT, "x" * 500),
        "phone": FactChange(AT, None),
    }
    since = {fact.label: fact.since for fact in page_facts.facts(PROFILE, changes)}
    assert since["Name"] == "since 22 Nov 2026, before: Optik *Alt*"
    assert since["E-mail"] == "since 22 Nov 2026, before: old@b.example"
    assert since["Address"] == "since 22 Nov 2026, before: Bremen"
    assert since["Published"] == "since 22 Nov 2026, before: No"
    assert since["Phone"] == "since 22 Nov 2026, before: nothing"
    assert len(since["About"] or "") < 120
    assert since["Category"] is None


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "http://optik.example",
        "https://",
        "https://facebook.com@evil.example/",
        "https://[",
        "//evil.example",
        "",
        None,
    ],
)
def test_links_from_facebook_are_https_or_no_links(url: str | None) -> None:
    assert page_facts.safe_link(url) is None


def test_open_on_facebook_leads_to_facebook_only() -> None:
    assert page_facts.facebook_link(PROFILE) == "https://www.facebook.com/optik"
    for link in ("https://evil.example/", "https://notfacebook.com/x", None):
        profile = replace(PROFILE, link=link)
        assert page_facts.facebook_link(profile) == "https://www.facebook.com/104"


def test_a_page_has_a_point_for_every_day_and_changes_across_gaps() -> None:
    points = points_of(days(10, None, None, 16, 17), TODAY - timedelta(days=3), TODAY)
    assert [point.value for point in points] == [10, None, None, 16, 17]
    assert [point.change for point in points] == [None, None, None, 6, 1]


def test_a_long_period_is_drawn_week_by_week() -> None:
    year = points_of(days(*range(366)), TODAY - timedelta(days=364), TODAY)
    assert thin(year) == year
    known = dict(days(*range(1_096)))
    for age in range(14, 21):  # a whole week before the last two
        del known[TODAY - timedelta(days=age)]
    del known[TODAY - timedelta(days=7)]
    points = points_of(known, TODAY - timedelta(days=1_094), TODAY)
    weeks = thin(points)
    assert len(weeks) <= MAX_POINTS
    assert (weeks[-1].day, weeks[-1].value) == (TODAY, 1_095)
    # The last day of the week is missing: the figure of the day before, on its own day.
    assert (weeks[-2].day, weeks[-2].value) == (TODAY - timedelta(days=8), 1_087)
    assert (weeks[-3].day, weeks[-3].value) == (TODAY - timedelta(days=14), None)
    assert {point.change for point in weeks} == {None}
    assert all(known.get(point.day) == point.value for point in weeks)
    decades = points_of(days(*range(9_000)), TODAY - timedelta(days=8_998), TODAY)
    assert len(thin(decades)) <= MAX_POINTS


def figure(age: int, fans: int | None, source: str = "snapshot") -> DayFigure:
    return DayFigure(TODAY - timedelta(days=age), fans, None, source, None, AT, "v26.0")


def test_daily_figures_are_newest_first_and_own_up_to_missing_days() -> None:
    table = daily_table(
        [figure(4, 10), figure(1, 16), figure(0, 17)],
        "fans",
        TODAY - timedelta(days=6),
        TODAY,
        {},
        {},
    )
    assert [day.day for day in table["day"].to_pylist()] == [22, 21, 20, 19, 18]
    assert [figure is None for figure in table["figure"].to_pylist()] == [
        *(False, False, True, True, False)
    ]
    assert table["change"].to_pylist()[:2] == [1, 6]
    assert table["source"].to_pylist() == [
        "Facebook",
        "Facebook",
        "No figures",
        "No figures",
        "Facebook",
    ]


def test_today_is_not_missing_before_it_is_over() -> None:
    table = daily_table([figure(1, 16)], "fans", TODAY - timedelta(days=6), TODAY, {}, {})
    assert [day.day for day in table["day"].to_pylist()] == [21]
    late = daily_table([figure(3, 16)], "fans", TODAY - timedelta(days=6), TODAY, {}, {})
    assert [day.day for day in late["day"].to_pylist()] == [22, 21, 20, 19]
    assert not len(daily_table([], "fans", TODAY, TODAY, {}, {}))


def test_every_figure_tells_where_it_came_from() -> None:
    series = [figure(2, 10, "import:7"), figure(1, 11, "import:8"), figure(0, 90)]
    imports = {"import:7": ("=fans.csv " + "x" * 90, date(2026, 11, 3))}
    table = daily_table(series, "fans", TODAY - timedelta(days=4), TODAY, imports, {TODAY: "rose"})
    assert table["source"].to_pylist()[:2] == ["Facebook", "Import"]  # nobody knows import 8
    assert table["source"].to_pylist()[2].startswith("Import of =fans.csv xxx")
    assert table["source"].to_pylist()[2].endswith("…, 3 Nov 2026")
    assert table["mark"].to_pylist() == ["Rose", "", ""]
    assert table["version"].to_pylist() == ["v26.0"] * 3
    assert table["fetched"].to_pylist() == [AT.replace(tzinfo=None)] * 3
