"""The file of posts: ids, UTC, the age of each figure, empty for unknown, and nothing that runs."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from storage.db.engine import Database
from storage.export.csv_xlsx import undefuse
from storage.export.post_table import POST_COLUMNS, export_posts
from storage.figures.filters import EVERY_PAGE
from storage.posts.analysis import Age, in_order, load_post_set
from storage.posts.posts import store_posts
from storage.posts.rows import PostFigures, ReadPost
from tests.integration.figures.figure_rows import add_page, day
from tests.present import NOW

pytestmark = pytest.mark.both_databases

HOSTILE = '=HYPERLINK("https://evil.example")\n;@x'
LINK = "https://www.facebook.com/1/posts/1"
READ = NOW - timedelta(hours=1)
PUBLISHED = READ - timedelta(days=7, hours=4)


def rows_of(database: Database, age: Age) -> list[dict[str, str]]:
    since, until = (NOW - timedelta(days=20)).date(), NOW.date()
    with database.reading() as session:
        posts = load_post_set(session, EVERY_PAGE, since, until, ZoneInfo("Asia/Tokyo"), age)
        content = export_posts(session, posts, in_order(posts, "published", True), "csv")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture
def stocked(database: Database) -> Database:
    """A post that was read at seven days, and one that Facebook told nothing about.

    Followers are known of the day before the first, fans alone of the day of the second.
    """
    figures = PostFigures(views=900, viewers=800, clicks=9, reactions=30, comments=3, shares=0)
    page_id = "102200000000011"
    posts = [
        ReadPost(f"{page_id}_1", page_id, PUBLISHED, "photo", HOSTILE, LINK, figures),
        ReadPost(f"{page_id}_2", page_id, NOW - timedelta(hours=2), "reel", None, None),
    ]
    first, second = ((post.published_at.date() - day(0)).days for post in posts)
    fans = {first - 1: 700, second: 750}
    with database.writing() as session:
        add_page(session, page_id, fans, {first - 1: 650, second - 1: None}, name="=Café")
        store_posts(session, posts, now=READ, keeps_text=True)
    return database


def test_a_row_has_ids_utc_and_the_age_of_its_figures(stocked: Database) -> None:
    reel, photo = rows_of(stocked, 7)
    assert list(photo) == [column.name for column in POST_COLUMNS]
    assert photo["post_id"] == "102200000000011_1"
    assert photo["published_at_utc"] == f"{PUBLISHED:%Y-%m-%d %H:%M:%S}"
    assert (photo["reading_age_days"], photo["age_when_read_hours"]) == ("7", "172")
    assert photo["read_at_utc"] == f"{READ:%Y-%m-%d %H:%M:%S}"
    assert photo["views_post_media_view"] == "900"
    assert (photo["interactions"], photo["engagements"]) == ("33", "42")
    assert photo["engagement_rate_percent_by_views"] == "4.6667"
    assert photo["post_url"] == LINK
    # Told as none, and not told at all.
    assert photo["shares_post_activity_by_action_type"] == "0"
    assert photo["paid_percent_is_from_ads"] == ""
    assert photo["viewers_post_total_media_view_unique"] == "800"
    assert photo["followers_when_published"] == "650", "of the day before"
    assert photo["interaction_rate_percent_by_followers"] == "5.0769"
    assert reel.pop("followers_when_published") == "750", "fans"
    assert {name for name, cell in reel.items() if cell} == {
        *("post_id", "page_id", "page_name", "published_at_utc", "kind"),
    }


def test_the_newest_figures_have_no_fixed_age(stocked: Database) -> None:
    _, photo = rows_of(stocked, None)
    assert (photo["reading_age_days"], photo["age_when_read_hours"]) == ("", "172")
    names = ("views_post_media_view", "viewers_post_total_media_view_unique", "read_at_utc")
    assert [photo[name] for name in names] == ["900", "800", f"{READ:%Y-%m-%d %H:%M:%S}"]
    _, photo = rows_of(stocked, 28)
    assert [photo[name] for name in names] == ["", "", ""]


def test_nothing_runs_as_a_formula(stocked: Database) -> None:
    _, photo = rows_of(stocked, 7)
    assert photo["text"].startswith("'=")
    assert undefuse(photo["text"]) == HOSTILE
    assert photo["page_name"] == "'=Café"
