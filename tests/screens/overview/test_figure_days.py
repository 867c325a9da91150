"""Figures that begin late, or that ended long ago, on Overview, Page and Compare."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.text import formats
from tests.present import ago
from tests.screens.conftest import Stage, charts_of, labels_of, tiles_of, words_of
from tests.screens.figures import TODAY, connect, give_page, rising

YEAR = {"period": "12 months"}


def notes_of(at: AppTest) -> dict[str, str]:
    return {
        label: metric.proto.delta_description for metric in at.metric for label in labels_of(metric)
    }


def headings_of(at: AppTest) -> list[str]:
    return [str(each.value) for each in at.header]


def bands_of(chart: dict[str, Any]) -> list[str]:
    """The gaps in a chart, by their days."""
    rows = chart["layer"][0].get("data", {}).get("values", [])
    return [row["text"] for row in rows if "since" in row]


@pytest.fixture
def imported(stage: Stage) -> Stage:
    """Three Pages since 60 days ago, the first with 45 days more."""
    grant_id = connect(stage)
    for page_id, first in (("1", 105), ("2", 60), ("3", 60)):
        figures = rising(1_000, 10, range(TODAY - first, TODAY + 1))
        give_page(stage, page_id, figures, grant_id=grant_id)
    return stage


def test_an_overview_begins_with_most_pages_and_says_so(imported: Stage) -> None:
    at = imported.open("overview", YEAR)
    begin = ago(60)
    shown = formats.span(ago(59), ago(0))
    sentence = f"Figures of most Pages begin on {formats.day(begin)}."
    assert f"{shown}. {sentence}" in words_of(at)
    assert tiles_of(at)["Fans"] == "5,250"  # of all Pages, from their own beginnings
    assert tiles_of(at)["Net new fans"] == "+1,800"
    assert at.metric[0].proto.delta.startswith("+1,800 (+52.17%)")
    assert notes_of(at)["Fans"] == f"since {formats.recent_day(begin, ago(0))}"
    assert "All 3 Pages are counted." in words_of(at)


def test_page_and_compare_say_it_in_the_same_way(imported: Stage) -> None:
    page = imported.open("page", {"id": "1", **YEAR})
    first = formats.day(ago(105))
    assert f". Figures begin on {first}." in words_of(page)
    assert notes_of(page)["Fans"] == f"since {formats.recent_day(ago(105), ago(0))}"
    compare = imported.open("compare", {"ids": "1,2,3", **YEAR})
    assert f". Figures of most Pages begin on {formats.day(ago(60))}." in words_of(compare)


def test_a_page_that_came_later_is_counted_in_the_tile(imported: Stage) -> None:
    give_page(imported, "4", rising(10, 1, range(TODAY - 3, TODAY + 1)))
    at = imported.open("overview")
    assert notes_of(at)["Fans"] == "3 of 4 Pages"


def test_old_figures_say_their_day_on_every_screen(stage: Stage) -> None:
    grant_id = connect(stage, status="needs_renewal")
    for page_id in ("1", "2"):
        figures = rising(1_000, 10, range(TODAY - 100, TODAY - 44))
        give_page(stage, page_id, figures, grant_id=grant_id)
    ended = ago(45)
    old = f"as of {formats.recent_day(ended, ago(0))}"
    at = stage.open("overview")
    assert tiles_of(at)["Fans"] == "3,100"
    assert notes_of(at)["Fans"] == notes_of(at)["Followers"] == old
    assert not charts_of(at)
    # The axis runs on to today, over the days that are missing.
    at = stage.open("overview", {"period": "90 days"})
    assert notes_of(at)["Fans"].startswith(old)
    assert notes_of(at)["Net new fans"].startswith("until ")
    gap = formats.span(ago(44), ago(0))
    assert bands_of(charts_of(at)[0]) == [gap]
    assert "45 days without figures are grey: " in words_of(at)
    for screen in ("overview", "page", "compare"):
        at = stage.open(screen, {"id": "1", "ids": "1,2", "period": "90 days"})
        assert f"Figures end on {formats.day(ended)}." in words_of(at), screen
        assert gap in bands_of(charts_of(at)[0]), screen
    page = stage.open("page", {"id": "1", "period": "90 days"})
    assert notes_of(page)["Fans"].startswith(old)


def test_the_week_is_called_by_its_days_and_absent_without_one(stage: Stage) -> None:
    grant_id = connect(stage)
    give_page(stage, "1", rising(1_000, 10), grant_id=grant_id)
    give_page(stage, "2", {TODAY: 5}, grant_id=grant_id, category="New")
    at = stage.open("overview", {"category": "New"})
    assert not [each for each in headings_of(at) if each.startswith("The week")]
    at = stage.open("overview")
    (heading,) = [each for each in headings_of(at) if each.startswith("The week of ")]
    assert heading.endswith(formats.day(ago(0)))
