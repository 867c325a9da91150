"""Posts as Graph lists them: kinds, figures, and what is left out or unknown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from fb.graph.errors import UnreadableAnswer
from fb.graph.post_fields import (
    ACTIONS,
    CLICKS,
    CLICKS_BY_TYPE,
    REACTIONS,
    VIDEO_VIEWS,
    VIEWERS,
    VIEWS,
    WATCH_TIME,
    find_kind,
    read_figures,
    read_paid_views,
    read_post,
    read_reel,
    read_time,
)
from fb.graph.posts import (
    POST_FIELDS,
    Listing,
    can_drop,
    posts_item,
    read_posts,
    read_reels,
)

NOWHERE = "https://www.shop.example/sale"
INSIDE = "https://www.facebook.com/1/photos/2/"


def attached(media_type: str | None, type: str | None = None, **facts: Any) -> dict[str, Any]:
    return {"attachments": {"data": [{"media_type": media_type, "type": type, **facts}]}}


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("reel", {"permalink_url": "https://www.facebook.com/reel/7/", **attached("video")}),
        ("album", attached("album", "album")),
        ("album", attached(None, None, subattachments={"data": [{}]})),
        ("photo", attached("photo", "cover_photo")),
        ("photo", {"status_type": "shared_story", **attached("photo", unshimmed_url=INSIDE)}),
        ("video", attached("video", "video_inline")),
        ("event", attached("event", "event")),
        ("event", attached("link", "event", unshimmed_url="https://www.facebook.com/events/3/")),
        ("shared_post", {"parent_id": "9_8"}),
        ("shared_post", {"parent_id": "9_8", **attached("link", "share", unshimmed_url=NOWHERE)}),
        (
            "shared_post",
            {
                "status_type": "shared_story",
                **attached("link", "share", unshimmed_url="https://fb.watch/x"),
            },
        ),
        (
            "link",
            {"status_type": "shared_story", **attached("link", "share", unshimmed_url=NOWHERE)},
        ),
        (
            "link",
            {"status_type": "mobile_status_update", **attached("link", unshimmed_url=NOWHERE)},
        ),
        ("link", attached("link", unshimmed_url="https://www.notfacebook.com/")),
        ("text", {"status_type": "mobile_status_update", "message": "Hello"}),
        ("text", {"attachments": {"data": []}}),
        ("other", attached("link", "share")),
        ("other", attached("link", "share", unshimmed_url=INSIDE)),
        ("other", attached("life_event", "life_event")),
        ("link", attached("link", unshimmed_url="https://[broken/")),
        ("text", {"attachments": "nonsense", "permalink_url": 7}),
    ],
)
def test_kinds(kind: str, row: dict[str, Any]) -> None:
    assert find_kind(row) == kind


def entries(**values: Any) -> list[dict[str, Any]]:
    return [
        {"name": name, "period": "lifetime", "values": [{"value": value}]}
        for name, value in values.items()
    ]


def test_figures_of_a_post_with_everything() -> None:
    figures = read_figures(
        entries(
            **{
                VIEWS: 900,
                VIEWERS: 700,
                CLICKS: 40,
                CLICKS_BY_TYPE: {"link clicks": 12, "other clicks": 28},
                REACTIONS: {"like": 30, "love": 5},
                ACTIONS: {"like": 35, "comment": 4, "share": 2},
                VIDEO_VIEWS: 0,
                WATCH_TIME: 61_000,
            }
        )
    )
    assert figures == {
        "views": 900,
        "viewers": 700,
        "clicks": 40,
        "link_clicks": 12,
        "reactions": 35,
        "comments": 4,
        "shares": 2,
        "video_views": 0,
        "watch_ms": 61_000,
    }


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        # A missing word is 0 beside another word, or beside views; else nothing is known.
        ({ACTIONS: {"comment": 3}}, {"comments": 3, "shares": 0, "views": None}),
        ({ACTIONS: {}, VIEWS: 8}, {"comments": 0, "shares": 0}),
        ({ACTIONS: {}, VIEWS: 0}, {"comments": None, "shares": None, "views": 0}),
        ({REACTIONS: {}, VIEWS: 8}, {"reactions": 0}),
        ({REACTIONS: [], VIEWS: 8}, {"reactions": 0}),
        ({REACTIONS: {}, CLICKS: 8}, {"reactions": None}),
        ({CLICKS_BY_TYPE: {"photo view": 2}}, {"link_clicks": 0, "clicks": None}),
        # A metric that did not answer is unknown, whatever else is known.
        ({VIEWS: 8}, {"reactions": None, "comments": None, "clicks": None, "viewers": None}),
        # Facebook tells 0 viewers beside views on some Pages.
        ({VIEWS: 8, VIEWERS: 0}, {"viewers": None}),
        ({VIEWS: 0, VIEWERS: 0}, {"viewers": 0}),
        ({VIEWERS: 0, CLICKS: 1}, {"viewers": 0}),
        # What is no count is unknown.
        (
            {VIEWS: "8", CLICKS: -1, VIDEO_VIEWS: True, WATCH_TIME: 1},
            {"views": None, "clicks": None},
        ),
        ({REACTIONS: {"like": 3, "love": "many"}, VIEWS: 9}, {"reactions": None}),
        ({ACTIONS: "none", VIEWS: 9}, {"comments": None}),
    ],
)
def test_unknown_is_not_zero(values: dict[str, Any], wanted: dict[str, int | None]) -> None:
    figures = read_figures(entries(**values))
    assert figures is not None
    assert {name: figures[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    "told", [None, [], "x", [None], entries(**{REACTIONS: {}}), [{"name": VIEWS, "values": []}]]
)
def test_nothing_told_is_no_reading(told: Any) -> None:
    assert read_figures(told) is None


def test_rows_of_days_are_not_figures() -> None:
    day = {"name": VIEWS, "period": "day", "values": [{"value": 0, "end_time": "x"}]}
    for rows in ([*entries(**{VIEWS: 8}), day], [day, *entries(**{VIEWS: 8})]):
        assert (read_figures(rows) or {})["views"] == 8


def test_paid_views_are_told_both_or_not_at_all() -> None:
    flat = [{"value": 789, "is_from_ads": "0"}, {"value": 11, "is_from_ads": "1"}]
    assert read_paid_views([{"name": VIEWS, "values": flat}]) == (11, 789)
    for told in (flat[:1], flat[1:], [{"value": 800}], "x", [None]):
        assert read_paid_views([{"name": VIEWS, "values": told}]) is None
    assert read_paid_views([]) is None


def test_times_are_utc() -> None:
    assert read_time("2026-07-07T21:28:40+0200") == datetime(2026, 7, 7, 19, 28, 40, tzinfo=UTC)
    for wrong in ("2026-07-07T21:28:40", "yesterday", None, 7, "0001-01-01T00:00:00+1400"):
        assert read_time(wrong) is None


def post(**facts: Any) -> dict[str, Any]:
    return {"id": "1_2", "created_time": "2026-07-07T19:28:40+0000", **facts}


@pytest.mark.parametrize(
    "row",
    [
        post(is_published=False),
        post(id="12"),
        post(id="1_x"),
        post(id=12),
        post(created_time=None),
        None,
    ],
)
def test_what_is_not_published_or_not_readable_is_left_out(row: Any) -> None:
    assert read_post(row) is None


def test_a_post_without_figures_has_none() -> None:
    read = read_post(post(insights={"data": []}, message="", permalink_url="x" * 5_000))
    assert read is not None
    assert (read.figures, read.message, read.permalink) == (None, None, None)


def test_a_reel_is_the_post_that_it_belongs_to() -> None:
    row = {"id": "77", "post_id": "8", "created_time": "2026-07-07T19:28:40+0000"}
    reel = read_reel({**row, "description": "Watch"}, "1")
    assert reel is not None
    assert (reel.id, reel.kind, reel.message, reel.figures) == ("1_8", "reel", "Watch", None)
    whole = read_reel({**row, "post_id": "1_8"}, "1")
    assert whole is not None
    assert whole.id == "1_8"
    assert read_reel({**row, "post_id": None}, "1") is None


def test_the_last_page_of_a_listing_has_a_cursor_and_names_no_next() -> None:
    paging: dict[str, Any] = {"cursors": {"after": "abc"}}
    last = read_posts({"data": [post()], "paging": paging})
    more = read_posts({"data": [post()], "paging": {**paging, "next": "https://x"}})
    empty = read_posts({"data": [], "paging": {**paging, "next": "https://x"}})
    assert isinstance(last, Listing)
    assert isinstance(more, Listing)
    assert isinstance(empty, Listing)
    assert (last.after, more.after, empty.after) == (None, "abc", None)
    assert isinstance(read_posts({"data": {}}), UnreadableAnswer)
    assert isinstance(read_reels({}, "1"), UnreadableAnswer)


def test_a_listing_tells_which_metrics_answered() -> None:
    told = {"data": entries(**{VIEWS: 8, REACTIONS: {}})}
    listing = read_posts({"data": [post(insights=told), post(id="1_3")]})
    assert isinstance(listing, Listing)
    assert listing.answered == {VIEWS, REACTIONS}


def test_a_listing_asks_for_figures_of_the_whole_life_in_one() -> None:
    item = posts_item("1", "token", limit=25, after="abc", names=[VIEWS, CLICKS])
    query = parse_qs(item.query)
    assert (item.path, query["limit"], query["after"]) == ("1/published_posts", ["25"], ["abc"])
    assert query["fields"][0].endswith(f",insights.metric({VIEWS},{CLICKS}).period(lifetime)")
    for costly in ("reactions", "comments", "likes", "summary"):  # these need another permission
        assert costly not in query["fields"][0].partition("insights")[0]


def test_an_unknown_field_is_dropped_with_what_holds_it() -> None:
    item = posts_item("1", "token", limit=5, dropped={"unshimmed_url", "parent_id"})
    fields = parse_qs(item.query)["fields"][0]
    assert "attachments" not in fields
    assert "parent_id" not in fields
    assert can_drop(POST_FIELDS, {"parent_id"}, "unshimmed_url")
    assert not can_drop(POST_FIELDS, (), "created_time"), "without it nothing is a post"
    assert not can_drop(POST_FIELDS, {"parent_id"}, "parent_id"), "it is not asked for"
