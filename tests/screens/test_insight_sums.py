"""Views and engagement of 28 days on Overview and in Compare."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.text import formats
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER
from tests.present import ago
from tests.screens.conftest import NOW, Stage, words_of
from tests.screens.figures import fill, give_insights

VIEWS, ENGAGEMENT = "page_media_view", "page_post_engagements"


def figures(value: int, earlier: int | None = None) -> dict[date, int]:
    """A figure on each of the newest 28 days; ``earlier``: and on each of the 28 before."""
    days = {ago(number): value for number in range(1, 29)}
    return days if earlier is None else days | {ago(n): earlier for n in range(29, 57)}


@pytest.fixture
def stage_with_views(stage: Stage) -> Stage:
    """Four Pages: one with everything, one without the days before, one with 27 days, one bare."""
    fill(stage, 4)
    give_insights(stage, VIEWS, figures(30, 20), page_id="1")
    give_insights(stage, ENGAGEMENT, figures(2, 3), page_id="1")
    give_insights(stage, VIEWS, figures(50), page_id="2")
    lacking = figures(70, 70)
    del lacking[ago(5)]
    give_insights(stage, VIEWS, lacking, page_id="3")
    return stage


def said_by(at: AppTest) -> str:
    """What a person reads, without the marks that defuse Markdown."""
    return words_of(at).replace("\u2060", "").replace("\\", "")


def tiles_of(at: AppTest) -> dict[str, Any]:
    return {metric.label: metric for metric in at.metric}


def test_tiles_count_the_pages_that_have_all_days(stage_with_views: Stage) -> None:
    at = stage_with_views.open("overview")
    views = tiles_of(at)["Views (28 days)"]
    assert (views.value, views.delta) == ("2,240", "+280 (+50.00%)")
    assert f"2 of 4 Pages, to {formats.day(ago(1), year=False)}" in str(views.proto)
    assert "How often anything of the Page was shown or played" in views.help
    assert f"the 28 days to {formats.day(ago(1))}, whatever period is shown" in views.help
    assert "The change is of the 1 Page with the 28 days before" in views.help
    engagement = tiles_of(at)["Engagement (28 days)"]
    assert (engagement.value, engagement.delta) == (
        "56",
        "\N{MINUS SIGN}28",
    )  # below 100 no percentage
    at = stage_with_views.open("overview", {"period": "7 days"})
    assert tiles_of(at)["Views (28 days)"].value == "2,240"


def test_no_tile_where_no_page_has_them(stage: Stage) -> None:
    fill(stage, 2)
    assert "28 days)" not in " ".join(tiles_of(stage.open("overview")))
    give_insights(stage, VIEWS, {ago(number): 5 for number in range(1, 28)}, page_id="1")
    assert "28 days)" not in " ".join(tiles_of(stage.open("overview")))


def test_the_table_is_sorted_by_them(stage_with_views: Stage) -> None:
    at = stage_with_views.open("overview", {"sort": "Most views first"})
    names = [name for name in at.dataframe[0].value["name"] if name.startswith("Page 0")]
    assert names == ["Page 002", "Page 001", "Page 003", "Page 004"]


@pytest.mark.parametrize(
    ("order", "names", "column"),
    [
        ("Biggest rise in views first", ["002", "001", "003", "004"], "views_change"),
        ("Biggest fall in views first", ["001", "002", "003", "004"], "views_change"),
        ("Biggest fall in engagement first", ["001", "002", "003", "004"], "engagement_change"),
    ],
)
def test_their_changes_are_an_order_of_the_address_that_shows_its_column(
    stage_with_views: Stage, order: str, names: list[str], column: str
) -> None:
    give_insights(stage_with_views, VIEWS, figures(50, 10), page_id="2")
    at = stage_with_views.open("overview", {"sort": order})
    table = at.dataframe[0].value
    assert table["name"].tolist() == [f"Page {name}" for name in names]
    assert column in table
    assert order in at.selectbox(key="sort").options
    assert f"4 Pages, {order[:1].lower()}{order[1:]}." in said_by(at)


def test_compare_has_a_table_of_them_where_a_page_has_any(stage_with_views: Stage) -> None:
    at = stage_with_views.open("compare", {"ids": "3,2,1"})
    table = at.dataframe[1].value
    assert table["views"].isna().tolist() == [True, False, False]
    assert table["views"].tolist()[1:] == [1400, 840]
    assert table["views_change"].isna().tolist() == [True, True, False]
    assert table["engagement_change"].tolist()[2] == -28
    assert f"those of the 28 days to {formats.day(ago(1))}" in said_by(at)
    assert "A dash: no figure from Facebook for one of these days." in said_by(at)
    assert len(stage_with_views.open("compare", {"ids": "3,4"}).dataframe) == 1


def test_a_tag_has_the_sum_of_its_pages_and_says_of_how_many(stage_with_views: Stage) -> None:
    with stage_with_views.installation.database.writing() as session:
        tag_id = create_tag(session, "Bakeries", NOW, by=THIS_COMPUTER)
        for page_id in ("1", "2", "3"):
            tag_page(session, tag_id, page_id, NOW, by=THIS_COMPUTER)
    at = stage_with_views.open("compare", {"ids": "4", "tags": str(tag_id)})
    table = at.dataframe[1].value
    assert table["views"].tolist()[1] == 2240
    assert table["views_pages"].tolist() == ["0 of 1", "2 of 3"]
    assert table["engagement_pages"].tolist() == ["0 of 1", "1 of 3"]
