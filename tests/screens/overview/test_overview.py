"""Overview: empty, first day, full, searched, sorted, turned, in trouble."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from fb.jobs import runner, sandbox_history
from pages.records import LastRun
from pages.text import formats, wording
from storage.accounts.keys import KeyReport
from storage.jobs import runs
from storage.people.person import Person
from tests.present import ago
from tests.screens.conftest import (
    APP,
    NOW,
    Stage,
    links_of,
    make_run,
    tiles_of,
    words_of,
)
from tests.screens.figures import TODAY, between, connect, day_of, fill, give_page, rising
from tests.screens.test_setup import LIVE

START = 'href="/oauth/start"'


def table_of(at: AppTest) -> pd.DataFrame:
    (table,) = at.dataframe
    frame: pd.DataFrame = table.value
    return frame


def names_of(at: AppTest) -> list[str]:
    return [str(name) for name in table_of(at)["name"]]


@pytest.fixture
def thirty(stage: Stage) -> Stage:
    """30 Pages of one account."""
    fill(stage, 30)
    return stage


def test_an_empty_installation_says_what_this_is_and_offers_one_link(stage: Stage) -> None:
    at = stage.open("overview")
    said = words_of(at)
    assert "See how your Facebook Pages grow" in said
    assert "This is the sandbox" in said
    assert said.count(START) == 1
    assert not at.metric
    assert not at.get("segmented_control")


def test_an_empty_live_installation_speaks_of_facebook(stage: Stage) -> None:
    stage.restart(LIVE)
    said = words_of(stage.open("overview"))
    assert "Facebook asks which Pages this app may read." in said
    assert "sandbox" not in said.lower()
    assert said.count(START) == 1


def test_the_first_day_has_totals_and_no_made_up_change(stage: Stage) -> None:
    give_page(stage, "1", {TODAY: 1200}, {TODAY: 1300}, grant_id=connect(stage))
    at = stage.open("overview")
    said = words_of(at)
    assert f"The chart begins today, {formats.day(NOW.date())}, with 1,200 fans." in said
    assert "the first change shows tomorrow" in said
    assert tiles_of(at)["Fans"] == "1,200"
    assert tiles_of(at)["Net new fans"] == "—"
    assert not at.get("vega_lite_chart")


def test_a_full_overview(thirty: Stage) -> None:
    at = thirty.open("overview")
    net = sum(28 * (-n if n % 3 == 0 else n) for n in range(1, 31))
    assert tiles_of(at)["Net new fans"] == f"+{net:,d}"
    assert tiles_of(at)["Pages"] == "30"
    (chart,) = at.get("vega_lite_chart")
    assert chart.proto.alt.startswith("Fans of 30 Pages rose from ")
    said = words_of(at)
    assert "All 30 Pages are counted." in said
    assert "1–25 of 30 Pages, most fans first" in said
    assert names_of(at)[:2] == ["Page 030", "Page 029"]
    assert len(names_of(at)) == 25
    # The sum is of all rows and not of those on the screen.
    assert f"Together {tiles_of(at)['Fans']} fans, +{net:,d} (" in said


def test_the_order_of_the_address_sorts_over_every_row(thirty: Stage) -> None:
    at = thirty.open("overview", {"sort": "Name A to Z"})
    assert names_of(at)[0] == "Page 001"
    assert "1–25 of 30 Pages, name A to Z" in words_of(at)
    assert names_of(thirty.open("overview", {"sort": "Least net new first"}))[0] == "Page 030"


def test_the_page_of_the_address_is_shown_and_a_made_up_one_is_not(thirty: Stage) -> None:
    first = thirty.open("overview")
    at = thirty.open("overview", {"page": "2"})
    assert names_of(at) == [f"Page {number:03d}" for number in range(5, 0, -1)]
    assert "26–30 of 30 Pages" in words_of(at)
    together = f"Together {tiles_of(first)['Fans']} fans"
    assert together in words_of(first)
    assert together in words_of(at)
    for made_up in ("99", "-1", "x", "9" * 400):
        at = thirty.open("overview", {"page": made_up})
        assert len(names_of(at)) in (5, 25)


def test_searching_goes_back_to_the_first_page_and_can_be_cleared(thirty: Stage) -> None:
    at = thirty.open("overview", {"page": "2"})
    at.text_input(key="q").set_value("page 02").run()
    assert "11 Pages, most fans first" in words_of(at)
    at.text_input(key="q").set_value("*caffe*").run()
    assert "No Page matches “\\*caffe\\*”" in words_of(at)
    assert not at.dataframe
    at.button(key="clear").click().run()
    assert "1–25 of 30 Pages" in words_of(at)


def test_few_hits_are_links_too_and_can_be_compared(stage: Stage) -> None:
    fill(stage, 13)
    many = links_of(stage.open("overview", {"q": "page 0"}))
    assert not [label for label in many if label.startswith("Compare these")], "13 are too many"
    at = stage.open("overview", {"q": "Page 01"})
    link = next(link for link in at.page_link if str(link.value) == "Compare these 5")
    assert link.proto.query_string == "ids=13%2C12%2C11%2C10%2C1"
    one = links_of(stage.open("overview", {"q": "012"}))
    assert "Page 012" in one
    assert not [label for label in one if label.startswith("Compare these")]


def test_needs_attention_shows_the_pages_that_do(stage: Stage) -> None:
    fill(stage, 3)
    give_page(stage, "77", rising(10, 1), grant_id=connect(stage, "Ben", status="needs_renewal"))
    at = stage.open("overview", {"show": "Needs attention"})
    assert names_of(at) == ["Page 77"]
    assert table_of(at)["connection"].tolist()[-1] == ["Needs renewal"]


def test_needs_attention_gives_the_reason_in_the_row_and_so_does_the_page(stage: Stage) -> None:
    anna = connect(stage)
    carla = connect(stage, "Carla <b>", status="needs_renewal", reason_code=10)
    give_page(stage, "1", rising(900, 1), grant_id=anna)
    give_page(stage, "2", {TODAY: None}, grant_id=anna)
    give_page(stage, "3", {-9: 800}, grant_id=anna)
    give_page(stage, "4", rising(700, 1), grant_id=anna, is_published=False)
    give_page(stage, "5", rising(600, 1), grant_id=anna, status="role_lost")
    give_page(stage, "6", rising(500, 1), grant_id=carla)
    give_page(stage, "7", rising(400, 1))
    at = stage.open("overview", {"show": "Needs attention", "sort": "Name A to Z"})
    reasons = table_of(at)["why"].tolist()
    assert names_of(at) == [f"Page {number}" for number in range(2, 8)]
    assert reasons == [
        "Facebook gives no count.",
        f"The last figures are of {formats.day(day_of(-9))}.",
        "The Page is not published. Its figures may stand still.",
        "Anna Keller no longer has a role on this Page.",
        "Carla <b> gives no permission to read fans and followers (pages_read_engagement).",
        "No connected account gives access to this Page any more.",
    ]
    for page_id in ("4", "5", "7"):
        assert reasons[int(page_id) - 2] in words_of(stage.open("page", {"id": page_id}))
    assert "why" not in table_of(stage.open("overview")).columns


def test_without_a_page_that_can_be_read_no_figure_is_promised(stage: Stage) -> None:
    carla = connect(stage, "Carla Stein", status="needs_renewal", reason_code=10)
    give_page(stage, "1", grant_id=carla)
    at = stage.open("overview")
    said = words_of(at)
    assert "Carla Stein gives no permission to read fans and followers" in said
    assert "1 Page is not refreshed until Carla Stein renews." in said
    assert "Renew" in links_of(at)
    assert "There are no figures yet." in said
    assert "No Page can be read at present, so no figures come." in said
    for promise in ("tomorrow", "From now on", "ollowers work", "next refresh"):
        assert promise not in said
        assert promise not in words_of(stage.open("page", {"id": "1"}))
    assert "See Connections" in links_of(at)


def test_when_nothing_needs_attention_that_is_said(stage: Stage) -> None:
    fill(stage, 3)
    said = words_of(stage.open("overview", {"show": "Needs attention"}))
    assert "No Page needs attention" in said
    assert "Show every Page" in said


def test_the_switch_turns_tiles_chart_movers_and_table(stage: Stage) -> None:
    grant_id = connect(stage)
    give_page(stage, "1", rising(1000, 1), rising(2000, 10), grant_id=grant_id)
    at = stage.open("overview", {"metric": "Followers"})
    assert tiles_of(at)["Net new followers"] == "+280"
    assert table_of(at)["net"].tolist()[-1] == 280
    assert "Followers over time" in words_of(at)
    assert ":small[Page 1] :green[\\+280]" in links_of(at)
    at = stage.open("overview")
    assert tiles_of(at)["Net new fans"] == "+28"


def test_movers_are_links_that_carry_the_way_back(stage: Stage) -> None:
    fill(stage, 30)
    at = stage.open("overview", {"sort": "Name A to Z"})
    mover = next(link for link in at.page_link if str(link.value).startswith(":small[Page 029]"))
    assert mover.proto.query_string == "id=29&from=sort%3DName%2BA%2Bto%2BZ"


def test_small_pages_do_not_win_by_rate(stage: Stage) -> None:
    grant_id = connect(stage)
    give_page(stage, "1", rising(10, 5), name="Tiny", grant_id=grant_id, first_seen_at=NOW)
    give_page(stage, "2", rising(10_000, 5), name="Big", grant_id=grant_id)
    at = stage.open("overview", {"movers": "Rate", "period": "90 days"})
    assert any(label.startswith(":small[Big]") for label in links_of(at))
    assert not any(label.startswith("Tiny") for label in links_of(at))


@pytest.mark.parametrize("view", ["Total", "Daily change", "% since start"])
def test_every_view_can_be_drawn(stage: Stage, view: str) -> None:
    fans: dict[int, int | None] = dict(rising(1000, 10))
    del fans[5]
    give_page(stage, "1", fans, grant_id=connect(stage))
    at = stage.open("overview", {"view": view})
    assert len(at.get("vega_lite_chart")) == 1
    assert "1 day without figures is grey" in words_of(at)


def test_a_page_without_figures_is_left_out_and_that_is_said(stage: Stage) -> None:
    grant_id = fill(stage, 3)
    give_page(stage, "88", {}, grant_id=grant_id, name="Silent")
    at = stage.open("overview")
    assert "3 of 4 Pages" in words_of(at)
    assert "1 has no fan count" in words_of(at)
    silent = names_of(at).index("Silent")
    assert pd.isna(table_of(at)["fans"].tolist()[silent])


def test_pages_with_no_fans_at_all_divide_nothing_by_zero(stage: Stage) -> None:
    give_page(stage, "1", rising(0, 0), grant_id=connect(stage))
    at = stage.open("overview", {"view": "% since start"})
    assert "there is no percentage of nothing" in words_of(at)


def test_young_figures_are_compared_from_where_they_begin(stage: Stage) -> None:
    days = range(TODAY - 9, TODAY + 1)
    give_page(stage, "1", rising(1000, 10, days), grant_id=connect(stage))
    at = stage.open("overview")
    assert tiles_of(at)["Net new fans"] == "+90"
    begin = ago(9)
    since = f"since {formats.recent_day(begin, ago(0))}"
    assert at.metric[0].proto.delta_description == since
    assert f"Figures begin on {formats.day(begin)}." in words_of(at)


def test_a_press_on_a_name_opens_the_page_that_stands_there(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[dict[str, str]] = []
    monkeypatch.setattr(
        "streamlit.switch_page", lambda _page, query_params: opened.append(query_params)
    )
    fill(stage, 3)

    def press(row: int, label: str) -> None:
        at = AppTest.from_file(str(APP), default_timeout=20)
        at.session_state["open-page"] = {"row": row, "label": label}
        at.run()

    press(0, "Page 003")
    assert opened == [{"id": "3"}]
    press(1, "Page 003")  # the rows moved since they were drawn
    press(-1, "Page 001")
    press(99, "Page 003")
    assert opened == [{"id": "3"}]


def test_refresh_now_asks_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(_installation: object, job: runner.Job, *, by: Person) -> bool:
        asked.append(f"{by.name} {job.kind}")
        return True

    monkeypatch.setattr(runner, "ask", ask)
    fill(stage, 1)
    at = stage.open("overview")
    assert "Refreshed today 06:05 UTC" in words_of(at)
    at.button(key="refresh-now").click().run()
    assert asked == ["this computer snapshots"]
    assert at.button(key="refresh-now").disabled


def test_a_running_refresh_shows_in_every_tab_and_nobody_starts_a_second(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = make_run(pages_total=6000, pages_done=1190, pages_failed=10)
    monkeypatch.setattr(runs, "find_active_run", lambda _session, _kind: running)
    fill(stage, 1)
    at = stage.open("overview")
    assert [bar.text for bar in at.progress] == [
        f"Refreshing… 1,200 of 6,000, started {formats.clock(NOW)}"
    ]
    assert "refresh-now" not in [button.key for button in at.button]


@pytest.mark.parametrize(
    ("until", "code", "said"),
    [
        (NOW + timedelta(minutes=38), 4, "Facebook allows the next refresh from about"),
        (None, 17, "Facebook names no time for the rest"),
    ],
)
def test_refresh_now_is_off_while_facebook_asks_to_slow_down(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, until: datetime | None, code: int, said: str
) -> None:
    limited = LastRun("stopped", until, code, 6000, 812, 0)
    for user in ("banner", "refresh"):
        monkeypatch.setattr(f"pages.ui.{user}.find_newest_run", lambda _session: limited)
    fill(stage, 1)
    at = stage.open("overview")
    assert at.button(key="refresh-now").disabled == (until is not None)
    assert said in words_of(at)
    assert "812 of 6,000 Pages are done" in words_of(at)


def test_a_lost_role_shows_above(stage: Stage) -> None:
    grant_id = fill(stage, 1)
    give_page(stage, "77", rising(10, 1), name="Optik", grant_id=grant_id, status="role_lost")
    said = words_of(stage.open("overview"))
    assert "1 Page out of reach" in said
    assert "Anna Keller no longer has a role on Optik." in said


def test_the_sandboxs_time_is_asked_for_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(stage, 1)
    asked: list[object] = []
    monkeypatch.setattr(sandbox_history, "find_unfinished", asked.append)
    stage.open("overview")
    assert len(asked) == 1


def test_a_skeleton_is_only_drawn_for_what_is_not_known_yet(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def draw(_container: Any, height: int) -> Any:
        drawn.append(height)
        return nullcontext()

    monkeypatch.setattr("streamlit.delta_generator.DeltaGenerator.skeleton", draw)
    fill(stage, 1)
    at = stage.open("overview")
    assert len(drawn) == 2
    at.run()
    assert len(drawn) == 2


def test_figures_of_days_ago_say_so(stage: Stage) -> None:
    days = range(-60, TODAY - 2)
    give_page(stage, "1", rising(1000, 10, days), grant_id=connect(stage))
    at = stage.open("overview")
    said = words_of(at)
    assert "Last refreshed 3 days ago" in said
    assert "stays empty for good" in said
    assert f"Figures end on {formats.day(ago(3))}." in said
    assert tiles_of(at)["Net new fans"] == "+250"
    assert len(at.get("vega_lite_chart")) == 1


def test_a_period_without_figures_says_so_and_offers_a_longer_one(stage: Stage) -> None:
    days = range(-60, TODAY - 20)
    give_page(stage, "1", rising(1000, 10, days), grant_id=connect(stage))
    at = stage.open("overview", {"period": "7 days"})
    newest = f"the newest figures are of {formats.day(ago(21))}."
    wanted = f"No figures {between(ago(6), ago(0))}: {newest}"
    assert wanted in words_of(at)
    at.button(key="show-longest").click().run()
    assert len(at.get("vega_lite_chart")) == 1
    assert f"Figures end on {formats.day(ago(21))}." in words_of(at)


def test_a_paused_account_is_said_above_and_beside_the_button(stage: Stage) -> None:
    days = range(-60, TODAY - 2)
    give_page(stage, "1", rising(1000, 10, days), grant_id=connect(stage, status="frozen"))
    said = words_of(stage.open("overview"))
    assert "No Page is being refreshed: Anna Keller is paused." in said
    assert "Last refreshed" not in said
    assert "No Page can be read at present: see Connections." in said


@pytest.mark.parametrize("count", [0, 3])
def test_a_wrong_key_shows_figures_and_offers_nothing_that_needs_access(
    stage: Stage, count: int
) -> None:
    fill(stage, count)
    stage.installation.keys = KeyReport(
        ok=False, unopenable=("old",), account_names=("Anna Keller", "Ben") if count else ()
    )
    at = stage.open("overview")
    assert wording.WRONG_KEY.title in words_of(at)
    said = "The access of Anna Keller and Ben can't" if count else wording.WRONG_KEY.sentence
    assert said in words_of(at)
    assert tiles_of(at).get("Pages") == (str(count) if count else None)
    assert START not in words_of(at)
    assert all(button.disabled for button in at.button if button.key == "refresh-now")


def test_a_stand_in_for_facebook_is_named_on_every_screen(stage: Stage) -> None:
    settings = replace(stage.installation.settings, mode="live", graph_url="https://proxy.example")
    stage.installation.settings, stage.installation.sandbox = settings, None
    for screen in ("overview", "connections", "activity", "setup"):
        assert "proxy.example" in words_of(stage.open(screen)), screen


def test_new_figures_show_at_the_next_run(stage: Stage) -> None:
    fill(stage, 3)
    at = stage.open("overview")
    assert tiles_of(at)["Pages"] == "3"
    give_page(stage, "99", rising(1000, 10))
    at.run()
    assert tiles_of(at)["Pages"] == "4"


def test_closed_popovers_ask_and_draw_nothing(
    thirty: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of filter, notes, tags and export, on every screen that has one."""

    def fail(*_: object) -> None:
        raise AssertionError("asked although it is closed")

    monkeypatch.setattr("pages.ui.filter_box.list_choices", fail)
    monkeypatch.setattr("pages.ui.export.menu._button", fail)
    for screen in ("overview", "page", "compare"):
        at = thirty.open(screen, {"id": "1", "ids": "1,2", "account": "Anna Keller"})
        labels = [button.label for button in at.button]
        assert not [label for label in labels if label == "Add note" or "Create" in label]
