"""What one Page's screen says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pages import page_words
from pages.page import points_of
from pages.page_cards import daily_frame
from pages.periods import get_period
from pages.tiles import Tile
from storage.connection_states import CONNECTION_STATES, ConnectionState
from storage.series import DayFigure, PageHolder, PageProfile

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
    grant_status_at=AT,
    grant_reason_code=None,
    grant_reason_subcode=None,
    tasks=("ANALYZE",),
)
PROFILE = PageProfile(
    page_id="104",
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
    last_fetched_at=AT,
    picture_etag=None,
)


def profile_in(state: ConnectionState, **holder: object) -> PageProfile:
    held = replace(HOLDER, connection=state, **holder)  # type: ignore[arg-type]  # keys are fields
    return replace(PROFILE, connection=state, holders=(held,))


@pytest.mark.parametrize("state", CONNECTION_STATES)
def test_every_state_has_a_badge_and_all_but_the_good_one_a_sentence(
    state: ConnectionState,
) -> None:
    stands = page_words.connection(profile_in(state))
    assert stands.label
    assert (stands.sentence is None) == (state == "connected")


def test_a_dead_connection_says_who_why_since_when_and_what_is_safe() -> None:
    profile = profile_in("needs_renewal", grant_reason_code=190, grant_reason_subcode=460)
    sentence = page_words.connection(profile).sentence or ""
    assert "password was changed" in sentence
    assert "Last figures of 20 Nov 2026." in sentence
    assert "history is safe" in sentence
    assert "Anna \\*Keller\\*" in sentence


def test_a_lost_role_is_told_apart_from_access_that_was_never_sent() -> None:
    lost = page_words.connection(profile_in("no_access", status="role_lost")).sentence or ""
    never = page_words.connection(profile_in("no_access", status="no_access")).sentence or ""
    assert "no longer has a role" in lost
    assert "sent no access" in never


def test_nobody_holds_an_orphan() -> None:
    orphan = replace(PROFILE, connection="disconnected", holders=())
    assert page_words.held_by(orphan) is None
    assert "No connected account" in (page_words.connection(orphan).sentence or "")


def test_a_page_that_was_left_out_says_so_in_its_own_words() -> None:
    left_out = page_words.connection(profile_in("disconnected", status="left_out")).sentence or ""
    assert left_out.startswith("You left this Page out when you saved.")
    assert "Its history stays." in left_out
    ended = profile_in("disconnected", status="left_out", grant_status="disconnected")
    assert "No connected account" in (page_words.connection(ended).sentence or "")


def test_holders_are_named_and_counted() -> None:
    assert page_words.held_by(PROFILE) == "held by Anna \\*Keller\\*"
    both = replace(PROFILE, holders=(HOLDER, replace(HOLDER, grant_id=2)))
    assert page_words.held_by(both) == "held by Anna \\*Keller\\* and 1 more"


def tiles_of(fans: dict[date, int | None]) -> dict[str, Tile]:
    figures = {"fans": fans, "followers": dict.fromkeys(fans)}
    return {tile.label: tile for tile in page_words.tiles(figures, "fans", PERIOD, today=TODAY)}


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
    assert tiles["Growth per day"].value == "+3.3"
    assert tiles["Followers"].note == "Facebook gives no count"


def test_a_page_that_stands_still_has_no_signs() -> None:
    tiles = tiles_of(days(*[500] * 16))
    assert tiles["Growth per day"].value == "0"
    assert tiles["Best day"].note == "no day gained"


def test_a_best_day_without_figures_gives_the_reason_of_the_others() -> None:
    assert tiles_of({TODAY: 500})["Best day"].note == "from tomorrow"
    assert tiles_of({TODAY: None})["Best day"].note == "Facebook gives no count"


def test_an_old_figure_says_its_day() -> None:
    tiles = tiles_of({TODAY - timedelta(days=3): 500})
    assert (tiles["Fans"].value, tiles["Fans"].note) == ("500", "on 19 Nov 2026")
    assert tiles["Net new fans"].value is None


def test_a_change_that_ended_days_ago_says_when() -> None:
    ended = get_period("7 days", TODAY - timedelta(days=4))
    known = {day: value for day, value in days(*range(100, 130)).items() if day <= ended.until}
    figures = {"fans": known, "followers": dict.fromkeys(known)}
    net = page_words.tiles(figures, "fans", ended, today=TODAY)[1]
    assert (net.value, net.delta, net.note) == ("+7", None, "until 18 Nov 2026")


def test_a_first_figure_has_no_change_yet() -> None:
    assert tiles_of({TODAY: 500})["Net new fans"].note == "from tomorrow"


def test_what_facebook_left_out_is_a_dash_and_an_address_is_what_there_is() -> None:
    facts = dict(page_words.facts(PROFILE))
    assert facts["About"] == facts["Phone"] == facts["Username"] == "–"
    assert facts["E-mail"] == "a@b.example, c@d.example"
    assert facts["Address"] == "Marktstraße 4, 20095 Hamburg"
    assert page_words.address({"city": {"odd": 1}, "country": "DE"}) == "DE"
    assert page_words.address(None) == ""


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
    assert page_words.safe_link(url) is None


def test_open_on_facebook_leads_to_facebook_only() -> None:
    assert page_words.facebook_link(PROFILE) == "https://www.facebook.com/optik"
    for link in ("https://evil.example/", "https://notfacebook.com/x", None):
        profile = replace(PROFILE, link=link)
        assert page_words.facebook_link(profile) == "https://www.facebook.com/104"


def test_a_page_has_a_point_for_every_day_and_changes_across_gaps() -> None:
    points = points_of(days(10, None, None, 16, 17), TODAY - timedelta(days=3), TODAY)
    assert [point.value for point in points] == [10, None, None, 16, 17]
    assert [point.change for point in points] == [None, None, None, 6, 1]


def figure(age: int, fans: int | None) -> DayFigure:
    return DayFigure(TODAY - timedelta(days=age), fans, None, "snapshot", AT, "v26.0")


def test_daily_figures_are_newest_first_and_own_up_to_missing_days() -> None:
    frame = daily_frame(
        [figure(4, 10), figure(1, 16), figure(0, 17)],
        "fans",
        TODAY - timedelta(days=6),
        TODAY,
    )
    assert [day.day for day in frame["day"]] == [22, 21, 20, 19, 18]
    assert frame["figure"].isna().tolist() == [False, False, True, True, False]
    assert frame["change"].tolist()[:2] == [1, 6]
    assert frame["source"].tolist() == [
        "Snapshot",
        "Snapshot",
        "No snapshot",
        "No snapshot",
        "Snapshot",
    ]


def test_today_is_not_missing_before_it_is_over() -> None:
    frame = daily_frame([figure(1, 16)], "fans", TODAY - timedelta(days=6), TODAY)
    assert [day.day for day in frame["day"]] == [21]
    late = daily_frame([figure(3, 16)], "fans", TODAY - timedelta(days=6), TODAY)
    assert [day.day for day in late["day"]] == [22, 21, 20, 19]
    assert daily_frame([], "fans", TODAY, TODAY).empty
