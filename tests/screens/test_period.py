"""The period bar on Overview and Page: what is chosen, compared, and typed by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.screens.conftest import NOW, Stage, words_of
from tests.screens.figures import TODAY, connect, give_page, rising

Query = dict[str, str | list[str]]
DAYS = range(-40, TODAY + 1)
HOSTILE = ("", "x", "2026-02-30", "9999-12-31", "²")


@pytest.fixture
def grown(stage: Stage) -> Stage:
    """A Page that gains ten fans a day since 22 Sep 2026."""
    give_page(stage, "1", rising(1000, 10, DAYS), grant_id=connect(stage))
    return stage


def tiles_of(at: AppTest) -> dict[str, Any]:
    return {metric.label: metric for metric in at.metric}


def net_of(at: AppTest) -> str:
    return str(tiles_of(at)["Net new fans"].value)


def test_every_period_and_comparison_can_be_chosen(grown: Stage) -> None:
    nets = {
        "7 days": "+70",
        "28 days": "+280",
        "90 days": "+610",
        "12 months": "+610",
        "This month": "+220",
        "Last month": "+310",
        "Custom": "+280",
    }
    for period, net in nets.items():
        at = grown.open("overview", {"period": period})
        assert not at.exception
        assert net_of(at) == net, period
        assert "days in UTC" in words_of(at)


def test_what_it_is_compared_with_is_written_out(grown: Stage) -> None:
    at = grown.open("overview")
    assert "26 Oct – 22 Nov 2026, days in UTC; compared with 28 Sep – 25 Oct 2026" in words_of(at)
    assert tiles_of(at)["Net new fans"].proto.delta_description == "vs previous"
    at = grown.open("overview", {"comparison": "No comparison"})
    assert "compared with" not in words_of(at)
    assert not tiles_of(at)["Net new fans"].delta
    assert not tiles_of(at)["Net new fans"].proto.delta_description
    at = grown.open("overview", {"comparison": "vs same period last year"})
    assert "compared with" not in words_of(at)
    assert tiles_of(at)["Net new fans"].proto.delta_description == "no earlier figures"


def test_last_year_is_compared_where_figures_reach_back(stage: Stage) -> None:
    days = range(-420, TODAY + 1)
    give_page(stage, "1", rising(1000, 10, days), grant_id=connect(stage))
    at = stage.open("overview", {"comparison": "vs same period last year"})
    assert "compared with 26 Oct – 22 Nov 2025" in words_of(at)
    assert tiles_of(at)["Net new fans"].proto.delta_description == "vs last year"
    assert tiles_of(at)["Net new fans"].proto.body == "+280"


def test_a_custom_period_stands_in_the_address(grown: Stage) -> None:
    query = {"period": "Custom", "since": "2026-10-01", "until": "2026-10-07"}
    at = grown.open("overview", query)
    assert net_of(at) == "+70"
    assert "1 Oct – 7 Oct 2026, days in UTC; compared with 24 Sep – 30 Sep 2026" in words_of(at)


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
    query = {"period": "Custom", "since": "2026-10-07", "until": "2026-10-01"}
    at = grown.open("overview", query)
    assert net_of(at) == "+70"
    assert "The days were the wrong way round, so they are swapped." in words_of(at)


def test_days_to_come_are_not_shown(grown: Stage) -> None:
    query = {"period": "Custom", "since": "2026-11-16", "until": "2027-03-01"}
    at = grown.open("overview", query)
    assert net_of(at) == "+70"
    assert "16 Nov – 22 Nov 2026" in words_of(at)
    query = {"period": "Custom", "since": "2027-01-01", "until": "2027-03-01"}
    at = grown.open("overview", query)
    assert not at.exception
    assert "Choose the first and the last day" in words_of(at)


@pytest.mark.parametrize("screen", ["overview", "page"])
def test_a_period_before_the_first_snapshot_says_so(grown: Stage, screen: str) -> None:
    query = {"period": "Custom", "since": "2026-08-01", "until": "2026-08-07", "id": "1"}
    at = grown.open(screen, query)
    assert not at.exception
    assert "1 Aug – 7 Aug 2026, days in UTC" in words_of(at)
    if screen == "overview":
        assert not at.get("vega_lite_chart")
        wanted = "No figures between 1 and 7 Aug 2026: the first snapshot is of 22 Sep 2026."
        assert wanted in words_of(at)
        assert tiles_of(at)["Fans"].value == "—"
        at.button(key="show-longest").click().run()
        assert net_of(at) == "+610"


@pytest.mark.parametrize("screen", ["overview", "page"])
@pytest.mark.parametrize("nonsense", HOSTILE)
def test_what_is_typed_by_hand_breaks_nothing(grown: Stage, screen: str, nonsense: str) -> None:
    asked: Query = {"id": "1", "comparison": nonsense}
    queries: tuple[Query, ...] = (
        {"period": nonsense},
        {"period": "Custom", "since": nonsense, "until": "2026-10-01"},
        {"period": "Custom", "since": [nonsense, nonsense], "until": nonsense},
        {"period": ["Custom", "7 days"], "since": "2026-10-01"},
        {"period": "7 days", "since": nonsense, "until": nonsense},
    )
    for query in queries:
        at = grown.open(screen, asked | query)
        assert not at.exception, query
        assert "days in UTC" in words_of(at)


def test_the_day_of_the_first_snapshot_alone_has_nothing_to_compare(grown: Stage) -> None:
    query = {"period": "Custom", "since": "2026-09-22", "until": "2026-09-22"}
    at = grown.open("overview", query)
    assert not at.exception
    assert "No Page has figures on both ends of 22 Sep 2026." in words_of(at)
