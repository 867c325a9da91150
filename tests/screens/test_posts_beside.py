"""Posts on the screens that are about other figures: Overview, Page, Compare, and reports."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.text import formats
from storage.accounts.archive import archive_pages
from storage.db.installation import bump_data_version
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER
from tests.present import ago
from tests.screens.conftest import HOSTILE, NOW, Stage, charts_of, links_of, press, words_of
from tests.screens.figures import TODAY, connect, fill, give_page
from tests.screens.post_rows import give_posts

# Twelve posts that each had 100 views after a week, the oldest 100 days ago.
USUAL: dict[float, int] = dict.fromkeys(range(34, 106, 6), 100)


def said_by(at: AppTest) -> str:
    """What a person reads, without the marks that defuse Markdown."""
    return words_of(at).replace("\u2060", "").replace("\\", "")


def plain_links(at: AppTest) -> list[str]:
    return [label.replace("\u2060", "").replace("\\", "") for label in links_of(at)]


def query_of(at: AppTest, begin: str) -> str:
    labels = plain_links(at)
    (number,) = [number for number, label in enumerate(labels) if label.startswith(begin)]
    return str(at.page_link[number].proto.query_string)


@pytest.fixture
def posting(stage: Stage) -> Stage:
    """Four Pages: one with a very good post, one quiet for 20 days, one half known, one unread."""
    fill(stage, 4)
    give_posts(stage, "1", {**USUAL, 20: 420, 10: 90, 9: 130, 2: 7})
    give_posts(stage, "2", {**USUAL, 20: 50})
    give_posts(stage, "3", {3: 10}, covered_days=20)
    return stage


# --- Overview


def test_overview_is_as_before_without_posts(stage: Stage) -> None:
    fill(stage, 2)
    at = stage.open("overview", {"show": "No post for 14 days"})
    assert "No post" not in said_by(at).replace(at.code[0].value, "")
    assert not [link for link in links_of(at) if "post" in link.lower()]
    assert len(at.dataframe[0].value) == 2


def test_the_card_counts_posts_and_lists_those_above_their_usual(posting: Stage) -> None:
    at = posting.open("overview")
    assert "**At least 6 posts by 3 of 4 Pages in 28 days**" in plain_links(at)
    assert query_of(at, "**At least") == "period=28+days"
    assert "1 Page published nothing for 14 days" in said_by(at)
    assert not [link for link in plain_links(at) if "×" in link]
    at = posting.open("overview", popover="best-posts")
    assert [link for link in plain_links(at) if "×" in link] == [
        "**4.2×** Page 001: Post of 20 days ago",
        "**1.3×** Page 001: Post of 9 days ago",
    ]
    assert query_of(at, "**4.2×**") == "post=1_2000"
    # Of the 28 days to the end of the period, however short that is.
    at = posting.open("overview", {"period": "7 days"}, popover="best-posts")
    assert len([link for link in plain_links(at) if "×" in link]) == 2


def test_the_card_names_its_days_where_they_are_over(posting: Stage) -> None:
    query = {"period": "Custom", "since": str(ago(20)), "until": str(ago(15))}
    at = posting.open("overview", query)
    (label,) = [label for label in plain_links(at) if "posts by" in label]
    assert label.endswith(f"in the 28 days to {formats.day(ago(15), year=False)}**")
    assert query_of(at, label) == f"period=Custom&since={ago(42)}&until={ago(15)}"


def test_the_card_says_when_there_is_nothing_to_compare_with_yet(stage: Stage) -> None:
    fill(stage, 1)
    give_posts(stage, "1", {20: 420, 10: 90})
    at = stage.open("overview", popover="best-posts")
    assert "**2 posts by 1 of 1 Page in 28 days**" in plain_links(at)
    assert "No post stands out yet." in said_by(at)
    assert "published nothing" not in said_by(at)


def test_the_first_day_has_the_card_too(stage: Stage) -> None:
    give_page(stage, "1", {TODAY: 1200}, grant_id=connect(stage))
    give_posts(stage, "1", USUAL)
    at = stage.open("overview")
    assert "1 Page published nothing for 14 days" in said_by(at)


def test_silent_pages_are_shown_by_a_press_and_by_the_address(posting: Stage) -> None:
    at = press(posting.open("overview"), "1 Page published nothing for 14 days")
    table = at.dataframe[0].value
    assert table["name"].tolist() == ["Page 002"]
    assert table["last_post"].tolist() == [formats.day(ago(20), year=False)]
    said = said_by(at)
    assert "Search and “No post for 14 days” narrow this table alone" in said
    assert "**At least 6 posts by 3 of 4 Pages in 28 days**" in plain_links(at)
    at = posting.open("overview", {"show": "No post for 14 days", "q": "page 001"})
    assert "No Page matches “page 001”" in said_by(at)
    both = {"show": "No post for 14 days"}
    at = posting.open("overview", both, ticked=["1", "2"])
    assert "**2 ticked**, 1 of them not in this list ·" in said_by(at)


def test_silence_is_no_trouble_and_stands_below_what_is(posting: Stage) -> None:
    give_page(posting, "9", {0: 5})
    at = posting.open("overview", popover="digest-attention")
    said = said_by(at)
    assert "1 Page published nothing for 14 days, which is no fault of a connection." in said
    at = posting.open("overview", {"show": "Needs attention"})
    assert at.dataframe[0].value["name"].tolist() == ["Page 9"]


@pytest.mark.parametrize(
    ("order", "names", "column", "cells"),
    [
        (
            "Most posts per week first",
            ["001", "002", "003", "004"],
            "posts_per_week",
            ["1.0", "0.3", "at least 0.3"],
        ),
        (
            "Oldest post first",
            ["002", "003", "001", "004"],
            "last_post",
            None,
        ),
    ],
)
def test_the_table_is_sorted_by_posts_and_the_unknown_come_last(
    posting: Stage, order: str, names: list[str], column: str, cells: list[Any] | None
) -> None:
    table = posting.open("overview", {"sort": order}).dataframe[0].value
    assert table["name"].tolist() == [f"Page {name}" for name in names]
    if cells is not None:
        assert table[column].tolist()[:3] == cells
    assert table[column].isna().tolist() == [False, False, False, True]


def test_hostile_text_is_text_in_every_link(stage: Stage) -> None:
    fill(stage, 2)
    give_posts(stage, "1", {**USUAL, 20: 420}, text=f":red[x] www.evil.com {HOSTILE}")
    for at in (stage.open("overview", popover="best-posts"), stage.open("page", {"id": "1"})):
        labels = [label for label in links_of(at) if "evil" in label]
        assert labels
        for label in labels:
            assert ":red[" not in label
            assert "www.evil" not in label


# --- Page


def test_a_page_has_its_posts_with_views_at_the_same_age(posting: Stage) -> None:
    at = posting.open("page", {"id": "1"})
    tiles = {metric.label: metric for metric in at.metric}
    assert tiles["Posts per week"].value == "1.0"
    assert tiles["Median views at 7 days"].value == "—"  # of three posts there is no median
    assert tiles["Engagement rate by views"].value == "10.0%"
    posts = [label for label in plain_links(at) if "Post of" in label]
    assert len(posts) == 4
    assert "Post of 2 days ago] :gray[7 views so far]" in posts[0]
    assert "Post of 20 days ago] :gray[420 views at 7 days · 4.2×]" in posts[-1]
    said = said_by(at)
    assert "3 of 4 posts have figures at 7 days; 1 is younger than 7 days." in said
    assert "(UTC)" in said
    at = posting.open("page", {"id": "1", "period": "90 days"})
    tiles = {metric.label: metric for metric in at.metric}
    assert tiles["Median views at 7 days"].value == "100"
    assert len([label for label in plain_links(at) if "Post of" in label]) == 10


def test_a_page_without_posts_says_so_and_one_unread_why(posting: Stage) -> None:
    at = posting.open("page", {"id": "2", "period": "7 days"})
    assert "No post is known of this period." in said_by(at)
    at = posting.open("page", {"id": "4"})
    assert "posts of 1 Page not read yet" in said_by(at)
    assert "Posts per week" not in {metric.label for metric in at.metric}


def test_days_with_posts_are_marked_on_request_and_claim_nothing(posting: Stage) -> None:
    at = posting.open("page", {"id": "1"})
    assert "Posts on this day" not in str(charts_of(at)[0])
    at = posting.open("page", {"id": "1", "post-days": "true"})
    dots = [layer for layer in charts_of(at)[0]["layer"] if "Posts on this day" in str(layer)]
    assert len(dots[0]["data"]["values"]) == 4
    assert "Dots on the time axis: days with posts (UTC)." in said_by(at)
    at = posting.open("page", {"id": "1", "post-days": "true", "day": str(ago(10))})
    assert "1 post on this day." in said_by(at)
    at = posting.open("page", {"id": "4", "post-days": "true"})
    assert "No posts on these days." in said_by(at)


# --- Compare


def test_compare_has_posts_and_kinds_side_by_side(posting: Stage) -> None:
    give_posts(posting, "4", dict.fromkeys(range(8, 27, 3), 30), kind="reel")
    with posting.installation.database.writing() as session:
        tag_id = create_tag(session, "Bakeries", NOW, by=THIS_COMPUTER)
        for page_id in ("1", "4"):
            tag_page(session, tag_id, page_id, NOW, by=THIS_COMPUTER)
    at = posting.open("compare", {"ids": "1,4", "tags": str(tag_id)})
    posts, kinds = (table.value for table in at.dataframe[-2:])
    assert posts["posts"].tolist() == ["4", "7", "11"]
    assert posts["per_week"].tolist() == ["1.0", "1.8", "2.8"]
    assert posts["median"].tolist() == ["–", "30", "30"]
    assert posts["read"].tolist() == ["3 of 4", "7 of 7", "10 of 11"]
    assert kinds.columns.tolist() == ["name", "photo", "reel"]
    assert kinds["reel"].isna().tolist() == [True, False, False]
    assert kinds["photo"].tolist()[0] == "– (4)"
    assert kinds["reel"].tolist()[1:] == ["30 (7)", "30 (7)"]


def test_compare_holds_a_page_against_itself_in_the_period_before(stage: Stage) -> None:
    fill(stage, 2)
    give_posts(
        stage, "1", {**dict.fromkeys(range(9, 27, 3), 300), **dict.fromkeys(range(30, 54, 4), 200)}
    )
    give_posts(stage, "2", dict.fromkeys(range(9, 27, 3), 300))
    table = stage.open("compare", {"ids": "1,2"}).dataframe[-2].value
    assert table["median"].tolist() == ["300", "300"]
    assert table["median_delta"].tolist()[0] == 50
    assert table["median_delta"].isna().tolist() == [False, True]


def test_compare_is_as_before_without_posts(stage: Stage) -> None:
    fill(stage, 2)
    at = stage.open("compare", {"ids": "1,2"})
    assert len(at.dataframe) == 1
    assert "Posts" not in [header.value for header in at.header]


# --- From a Page to its posts


def test_a_page_leads_to_its_posts_alone(posting: Stage) -> None:
    at = posting.open("page", {"id": "1"})
    assert query_of(at, "All posts of this Page") == "of=1"
    at = posting.open("posts", {"of": "1"})
    assert "**1 Page** with the name “Page 001”." in said_by(at)
    assert "4 posts" in [header.value for header in at.header]
    at = press(at, "Show every Page")
    assert "6 posts" in [header.value for header in at.header]
    at = posting.open("overview", {"of": ["1", "2", "no such"], "show": "No post for 14 days"})
    assert at.dataframe[0].value["name"].tolist() == ["Page 002"]
    assert "The Page that this link asks for is not here" in said_by(at)
    assert "**5 posts by 2 of 2 Pages in 28 days**" in plain_links(at)


def test_an_archived_page_leads_to_its_posts_too(posting: Stage) -> None:
    with posting.installation.database.writing() as session:
        archive_pages(session, ["1"], NOW, by=THIS_COMPUTER)
        bump_data_version(session)
    at = posting.open("page", {"id": "1"})
    assert query_of(at, "All posts of this Page") == "of=1&archived=yes"
    assert "4 posts" in [
        header.value for header in posting.open("posts", {"of": "1", "archived": "yes"}).header
    ]


def test_a_filter_without_silent_pages_shows_all_of_its_pages(posting: Stage) -> None:
    at = posting.open("overview", {"show": "No post for 14 days"})
    at.query_params["of"] = "1"
    at.run()
    assert not at.exception
    assert at.dataframe[0].value["name"].tolist() == ["Page 001"]
    at.query_params["of"] = "2"
    at.run()
    assert at.dataframe[0].value["name"].tolist() == ["Page 002"]
