"""The period bar on Overview and Page: what is chosen, compared, and typed by hand."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.charts.chart_parts import BEFORE
from pages.text import formats
from pages.text.periods import LABELS, MORE, SEGMENTS
from tests.present import ago
from tests.screens.conftest import NOW, Stage, charts_of, tiles_of, words_of
from tests.screens.figures import TODAY, between, connect, give_page, rising

Query = dict[str, str | list[str]]
DAYS = range(-40, TODAY + 1)


@pytest.fixture
def grown(stage: Stage) -> Stage:
    """A Page that gains ten fans a day since 61 days ago."""
    give_page(stage, "1", rising(1000, 10, DAYS), grant_id=connect(stage))
    return stage


def custom(since: int, until: int) -> Query:
    """The address of a period whose ends were that many days ago."""
    return {"period": "Custom", "since": f"{ago(since)}", "until": f"{ago(until)}"}


def span(since: int, until: int) -> str:
    """How a period is written whose ends were that many days ago."""
    return formats.span(ago(since), ago(until))


def a_year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def net_of(at: AppTest) -> str:
    return tiles_of(at)["Net new fans"]


def net_tile(at: AppTest) -> Any:
    (tile,) = [metric for metric in at.metric if metric.label == "Net new fans"]
    return tile


def test_every_period_and_comparison_can_be_chosen(grown: Stage) -> None:
    today = NOW.date()
    nets = {
        "7 days": "+70",
        "28 days": "+280",
        "90 days": "+610",
        "12 months": "+610",
        "This month": f"+{10 * today.day}",
        "Yesterday": "+10",
        "Last month": f"+{10 * (today.replace(day=1) - timedelta(days=1)).day}",
        "This year": f"+{10 * min(61, (today - today.replace(month=1, day=1)).days + 1)}",
        "All time": "+610",
        "Custom": "+280",
    }
    assert list(nets) == list(LABELS)
    for period, net in nets.items():
        at = grown.open("overview", {"period": period})
        assert net_of(at) == net, period


def test_what_it_is_compared_with_is_written_out(grown: Stage) -> None:
    at = grown.open("overview")
    assert f"{span(27, 0)}; compared with {span(55, 28)}" in words_of(at)
    assert net_tile(at).proto.delta_description == "vs previous"
    at = grown.open("overview", {"comparison": "No comparison"})
    assert "compared with" not in words_of(at)
    assert not net_tile(at).delta
    assert not net_tile(at).proto.delta_description
    at = grown.open("overview", {"comparison": "vs same period last year"})
    assert "compared with" not in words_of(at)
    assert net_tile(at).proto.delta_description == "no earlier figures"


def test_last_year_is_compared_where_figures_reach_back(stage: Stage) -> None:
    days = range(-420, TODAY + 1)
    give_page(stage, "1", rising(1000, 10, days), grant_id=connect(stage))
    at = stage.open("overview", {"comparison": "vs same period last year"})
    since, until = (a_year_before(ago(days)) for days in (27, 0))
    assert f"compared with {formats.span(since, until)}" in words_of(at)
    assert net_tile(at).proto.delta_description == "vs last year"
    assert net_tile(at).proto.body == "+280"


def test_custom_begins_with_the_days_shown_before(grown: Stage) -> None:
    at = grown.open("overview", {"period": "7 days"})
    at.segmented_control(key="period").set_value("Custom").run()
    assert [each.value for each in at.date_input] == [
        NOW.date() - timedelta(days=6),
        NOW.date(),
    ]
    assert net_of(at) == "+70"
    at.date_input(key="since").set_value(NOW.date() - timedelta(days=9)).run()
    assert net_of(at) == "+100"


def test_a_reversed_period_is_swapped_and_that_is_said(grown: Stage) -> None:
    at = grown.open("overview", custom(46, 52))
    assert net_of(at) == "+70"
    said = words_of(at)
    assert "The days were the wrong way round, so they are swapped." in said
    assert f"{span(52, 46)}; compared with {span(59, 53)}" in said


def test_days_to_come_are_not_shown(grown: Stage) -> None:
    query = custom(6, -99)
    at = grown.open("overview", query)
    assert net_of(at) == "+70"
    assert span(6, 0) in words_of(at)
    query = custom(-40, -99)
    at = grown.open("overview", query)
    assert "Choose the first and the last day" in words_of(at)


def test_a_period_before_the_first_snapshot_says_so(grown: Stage) -> None:
    query = {**custom(113, 107), "id": "1"}
    first = f"figures begin on {formats.day(ago(61))}."
    for screen in ("page", "overview"):
        at = grown.open(screen, query)
        said = words_of(at)
        assert f"{span(113, 107)}" in said
        assert first.rstrip(".") in said
        assert tiles_of(at)["Fans"] == "—"
    assert not at.get("vega_lite_chart")
    assert f"No figures {between(ago(113), ago(107))}: {first}" in said
    at.button(key="show-longest").click().run()
    assert net_of(at) == "+610"


@pytest.mark.parametrize("screen", ["overview", "page"])
def test_what_is_typed_by_hand_breaks_nothing(grown: Stage, screen: str) -> None:
    queries: tuple[Query, ...] = (
        {"period": "x", "comparison": "²"},
        {"period": "Custom", "since": "2026-02-30", "until": "9999-12-31"},
        {"period": "Custom", "since": ["", ""], "until": "²"},
        {"period": ["Custom", "7 days"], "since": "2026-10-01"},
    )
    for query in queries:
        at = grown.open(screen, {"id": "1", **query})
        assert " – " in words_of(at)  # the days of some period


def test_the_day_of_the_first_snapshot_alone_has_nothing_to_compare(grown: Stage) -> None:
    query = custom(61, 61)
    at = grown.open("overview", query)
    assert f"No Page has figures at the start and the end of {formats.day(ago(61))}." in words_of(
        at
    )


def more_of(at: AppTest) -> Any:
    """The menu of the periods that have no segment."""
    (menu,) = at.get("menu_button")
    return menu.proto


def legends_of(at: AppTest) -> list[str]:
    """The legends of the first chart."""
    colours = [each.get("encoding", {}).get("color", {}) for each in charts_of(at)[0]["layer"]]
    return [each["datum"] for each in colours if "datum" in each]


def test_a_period_of_the_menu_takes_its_place(grown: Stage) -> None:
    at = grown.open("overview")
    assert (more_of(at).label, list(more_of(at).options)) == ("More", list(MORE))
    assert list(at.segmented_control(key="period").options) == [*SEGMENTS, *MORE]
    at = grown.open("overview", {"period": "Last month"})
    assert more_of(at).label == "Last month"


def test_all_time_is_compared_with_nothing(grown: Stage) -> None:
    at = grown.open("overview", {"period": "All time", "comparison": "vs same period last year"})
    assert f"{span(60, 0)}; compared with nothing. Figures begin on" in words_of(at)
    assert at.selectbox(key="comparison").disabled
    assert at.selectbox(key="comparison").value == "vs same period last year"
    assert not net_tile(at).delta
    assert not grown.open("overview").selectbox(key="comparison").disabled


@pytest.mark.parametrize("screen", ["overview", "page"])
def test_the_period_before_is_a_second_line(grown: Stage, screen: str) -> None:
    query: Query = {"id": "1", "period": "7 days"}
    at = grown.open(screen, query)
    assert legends_of(at) == [f"Period before: {span(13, 7)}"]
    (chart, *_) = at.get("vega_lite_chart")
    said = f"{screen}: {chart.proto.alt}"
    assert "The period before, in grey: Fans of" in said
    assert "from 1,470 to 1,540 between" in said
    for without in (
        {"comparison": "No comparison"},
        {"period": "90 days"},
        {"period": "Yesterday"},
    ):
        assert legends_of(grown.open(screen, {**query, **without})) == [], without


def test_the_period_before_is_not_drawn_without_the_same_pages(grown: Stage) -> None:
    days = range(TODAY - 9, TODAY + 1)
    give_page(grown, "2", rising(5000, 1, days), grant_id=connect(grown, "Ben"))
    at = grown.open("overview", {"period": "7 days"})
    assert legends_of(at) == []
    assert "The period before is not drawn: not all of these Pages" in words_of(at)
    assert BEFORE not in json.dumps(charts_of(at)[0])


@pytest.mark.parametrize("screen", ["overview", "page"])
def test_yesterday_is_drawn_with_the_week_up_to_it(grown: Stage, screen: str) -> None:
    at = grown.open(screen, {"id": "1", "period": "Yesterday"})
    assert f"{formats.day(ago(1))}; compared with {formats.day(ago(2))}" in words_of(at)
    assert f"The chart draws the week up to {formats.day(ago(1))}" in words_of(at)
    assert tiles_of(at)["Fans"] == "1,600"
    (chart, *_) = at.get("vega_lite_chart")
    assert "rose from 1,530 to 1,600 between" in chart.proto.alt
