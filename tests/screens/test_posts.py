"""Posts: the list with its controls, one post, and what is said where something is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, update
from streamlit.testing.v1 import AppTest

from pages.parts.posts import one_post, post_table
from storage.db.installation import bump_data_version
from storage.db.upsert import table_of
from storage.jobs.runs import POSTS, add_progress, start_run
from storage.models import Post, PostCheckpoint, PostState
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER
from tests.made_posts import give_posts
from tests.screens.conftest import NOW, Stage, charts_of, press, tiles_of, words_of
from tests.screens.figures import fill


def said_by(at: AppTest) -> str:
    """What a person reads, without the marks that defuse Markdown."""
    return words_of(at).replace("\u2060", "").replace("\\", "")


@pytest.fixture
def stage_with_posts(stage: Stage) -> Stage:
    """Two Pages with 120 days of posts, four a week, each read in time."""
    fill(stage, 2)
    with stage.installation.database.writing() as session:
        give_posts(session, ["1", "2"], NOW)
    return stage


def change(stage: Stage, *statements: Any) -> None:
    with stage.installation.database.writing() as session:
        for statement in statements:
            session.execute(statement)
        bump_data_version(session)


def table_of_posts(at: AppTest) -> Any:
    return at.dataframe[0].value


def test_the_list_with_tiles_at_seven_days(stage_with_posts: Stage) -> None:
    at = stage_with_posts.open("posts")
    tiles = tiles_of(at)
    assert list(tiles) == [
        *("Posts per week", "Median views"),
        *("Engagement rate by views", "Interactions per post"),
    ]
    assert tiles["Posts per week"] == "8.0"
    said = said_by(at)
    assert "32 posts" in said
    assert "Days and hours in UTC." in said
    assert "are younger than 7 days" in said
    assert "Not included" not in said
    table = table_of_posts(at)
    assert len(table) == 25
    known = table["times_usual"].dropna().tolist()
    assert known == sorted(known, reverse=True)
    assert {"Boosted", "Gone"} <= {
        badge for badges in at_order(stage_with_posts, "Newest first") for badge in badges
    }


def at_order(stage: Stage, order: str) -> list[list[str]]:
    rows = table_of_posts(stage.open("posts", {"order": order}))["state"]
    return [list(badges) for badges in rows]


def test_every_control_stands_in_the_address(stage_with_posts: Stage) -> None:
    at = stage_with_posts.open("posts", {"kind": ["Photo", "Link"], "age": "28 days"})
    assert set(table_of_posts(at)["kind"]) <= {"Photo", "Link"}
    assert table_of_posts(at)["views"].isna().any()
    at = stage_with_posts.open("posts", {"text": "BREAD saturday", "period": "90 days"})
    assert all("New bread" in text for text in table_of_posts(at)["post"])
    with_gone = len(table_of_posts(stage_with_posts.open("posts", {"period": "7 days"})))
    change(stage_with_posts, update(table_of(Post)).values(gone_at=NOW))
    assert with_gone
    at = stage_with_posts.open("posts", {"period": "7 days", "gone": "true"})
    assert "No post matches" in said_by(at)
    press(at, "Show every post")
    assert len(table_of_posts(at)) == with_gone


@pytest.mark.parametrize("age", ["Now", "nonsense"])
def test_newest_figures_are_compared_with_nothing(stage_with_posts: Stage, age: str) -> None:
    at = stage_with_posts.open("posts", {"age": age})
    deltas = [bool(metric.delta) for metric in at.metric]
    assert any(deltas) is (age != "Now")
    assert ("compared with" in said_by(at)) is (age != "Now")


def test_pages_of_rows_and_orders(stage_with_posts: Stage) -> None:
    at = stage_with_posts.open("posts", {"page": "2", "order": "Newest first"})
    assert "26–32 of 32 posts, newest first" in said_by(at)
    times = table_of_posts(at)["published"].tolist()
    assert times == sorted(times, reverse=True)
    at.selectbox(key="order").set_value("Most views first").run()
    assert "1–25 of 32 posts, most views first" in said_by(at)
    views = table_of_posts(at)["views"].dropna().tolist()
    assert views == sorted(views, reverse=True)


def test_a_click_on_a_header_sorts() -> None:
    first = post_table.DEFAULT_SORT
    by_views = post_table.clicked(first, "views")
    assert by_views.label == "Most views first"
    assert post_table.clicked(by_views, "views").label == "Fewest views first"
    assert post_table.clicked(by_views, "picture") == by_views
    orders = {(each.key, each.descending) for each in post_table.SORTS}
    assert len(orders) == len(post_table.SORTS)
    assert all((key, not descending) in orders for key, descending in orders)


def test_the_zone_of_the_setting_is_that_of_days_and_hours(stage: Stage) -> None:
    stage.restart({"DISPLAY_TIME_ZONE": "Asia/Tokyo"})
    fill(stage, 1)
    with stage.installation.database.writing() as session:
        (newest, *_) = give_posts(session, ["1"], NOW)
        at_utc = session.get_one(Post, newest).published_at
    at = stage.open("posts", {"order": "Newest first", "period": "90 days"})
    assert "Days and hours in Asia/Tokyo." in said_by(at)
    shown = table_of_posts(at)["published"].iloc[0].to_pydatetime()
    assert shown == at_utc.replace(tzinfo=None, microsecond=0) + timedelta(hours=9)
    titles = [each["encoding"]["x"]["title"] for each in charts_of(at)]
    assert titles
    assert all("Asia/Tokyo" in title for title in titles)


def test_hostile_texts_stay_texts(stage_with_posts: Stage) -> None:
    at = stage_with_posts.open("posts", {"order": "Newest first"})
    texts = " ".join(table_of_posts(at)["post"])
    assert ":material/delete:" not in texts
    assert "\u202e" not in texts
    assert "(no text)" in texts
    at = stage_with_posts.open("posts", {"post": "1_9000000"})
    (text,) = [str(each.proto.body) for each in at.get("html") if "HYPERLINK" in str(each.proto)]
    assert "<img" not in text
    assert "&lt;img src=x" in text


def test_one_post_tells_its_life(stage_with_posts: Stage) -> None:
    at = stage_with_posts.open("posts", {"post": "2_9000040", "from": "order=Newest+first"})
    assert [title.value for title in at.title] == ["Photo by Page 002"]
    assert {"Views", "Times usual", "Interactions", "Paid views"} <= set(tiles_of(at))
    readings = at.dataframe[0].value
    assert readings["age"].tolist()[:5] == ["1 day", "3 days", "7 days", "28 days", "90 days"]
    assert readings["remark"].tolist()[:4] == ["in time"] * 4
    assert readings["remark"].tolist()[4].startswith("due from")
    assert len(charts_of(at)) == 1
    assert "period" not in [each.key for each in at.segmented_control if each.key]


def test_an_unknown_post_is_said_so(stage_with_posts: Stage) -> None:
    for id in ("nobody", "1" * 200):
        at = stage_with_posts.open("posts", {"post": id})
        assert "Post not found" in said_by(at)
        assert one_post.NOT_HERE in said_by(at)


def test_a_strange_permalink_is_no_link(stage_with_posts: Stage) -> None:
    links = stage_with_posts.open("posts", {"post": "1_9000001"}).get("link_button")
    assert [link.proto.url for link in links] == ["https://www.facebook.com/1/posts/9000001"]
    change(
        stage_with_posts, update(table_of(Post)).values(permalink="https://evil.com/facebook.com")
    )
    assert not stage_with_posts.open("posts", {"post": "1_9000001"}).get("link_button")


def test_on_the_first_day_newest_figures_come_first(stage_with_posts: Stage) -> None:
    posts, checkpoints = table_of(Post), table_of(PostCheckpoint)
    change(stage_with_posts, delete(checkpoints), update(posts).values(first_seen_at=NOW))
    at = stage_with_posts.open("posts")
    assert at.segmented_control(key="age").value == "Now"
    assert "How they grew can't be read back" in said_by(at)
    assert tiles_of(at)["Median views"] != "—"
    # Some posts are as old as a reading has to be on that very day.
    reading = {"post_id": "1_9000005", "age_days": 7, "read_at": NOW, "views": 90}
    change(stage_with_posts, insert(checkpoints).values(reading))
    assert stage_with_posts.open("posts").segmented_control(key="age").value == "Now"
    # What was asked for stays.
    at = stage_with_posts.open("posts", {"age": "7 days"})
    assert at.segmented_control(key="age").value == "7 days"
    assert "“Now” has the newest figures." in said_by(at)
    at = stage_with_posts.open("posts", {"post": "2_9000040"})
    assert "how it grew before can't be read back" in said_by(at)
    assert at.dataframe[0].value["remark"].tolist()[0] == "not known here then"


def test_what_is_not_included_is_said(stage_with_posts: Stage) -> None:
    states = table_of(PostState)
    change(
        stage_with_posts,
        update(states).where(states.c.page_id == "1").values(reels_state="refused"),
        update(states).where(states.c.page_id == "2").values(state="too_few_likes"),
    )
    said = said_by(stage_with_posts.open("posts"))
    assert "Not included: Reels, or their views, of 1 Page and figures of 1 Page under 100" in said


def test_a_reading_under_way_tells_how_far_it_is(stage_with_posts: Stage) -> None:
    stage = stage_with_posts
    assert "being read" not in said_by(stage.open("posts"))
    with stage.installation.database.writing() as session:
        run_id = start_run(
            session, kind=POSTS, started_by="daily", day=NOW.date(), pages_total=2, now=NOW
        )
        add_progress(session, run_id, pages_done=1)
    assert "Posts are being read: 1 of 2 Pages…" in said_by(stage.open("posts"))


def test_states_without_posts(stage: Stage) -> None:
    assert "No Page is connected yet" in said_by(stage.open("posts"))
    fill(stage, 2)
    assert "No posts have been read yet." in said_by(stage.open("posts"))
    with stage.installation.database.writing() as session:
        give_posts(session, ["1"], NOW - timedelta(days=60), days=20)
    at = stage.open("posts")
    assert "No posts in this period" in said_by(at)
    at = press(at, "Show 90 days")
    assert len(at.dataframe[0].value)


def test_the_filter_of_overview_narrows_posts(stage_with_posts: Stage) -> None:
    with stage_with_posts.installation.database.writing() as session:
        tag_page(
            session,
            create_tag(session, "Spring", NOW, by=THIS_COMPUTER),
            "2",
            NOW,
            by=THIS_COMPUTER,
        )
    at = stage_with_posts.open("posts", {"tag": "Spring", "period": "90 days"})
    assert set(table_of_posts(at)["page"]) == {"Page 002"}
    assert "1 Page with the tag “Spring”." in said_by(at).replace("*", "")
    assert "Show every Page" in said_by(at)


def test_the_link_to_copy_has_what_is_chosen(stage_with_posts: Stage) -> None:
    at = stage_with_posts.open("posts", {"age": "28 days", "kind": ["Photo", "Link"], "x": ""})
    (link,) = [str(each.value) for each in at.code]
    assert link.endswith("/posts?age=28+days&kind=Photo&kind=Link")
    at = stage_with_posts.open(
        "posts", {"post": "1_9000001", "from": "age=Now", "period": "7 days"}
    )
    assert next(str(each.value) for each in at.code).endswith("/posts?post=1_9000001")


def test_all_time_begins_with_the_oldest_post(stage_with_posts: Stage) -> None:
    at = stage_with_posts.open("posts", {"period": "All time"})
    assert tiles_of(at)["Posts per week"] in ("7.9", "8.0", "8.1")
    assert "Published 4 Feb 2004" not in said_by(at)
    assert not any(metric.delta for metric in at.metric)
