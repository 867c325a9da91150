"""Posts: what is asked about a Page's posts, as items of a batch, and what Graph answers.

Nothing here needs a permission beyond ``pages_read_engagement`` and ``read_insights``: the counts
that a post itself has (``reactions.summary``) would cost the whole listing without another one.

https://developers.facebook.com/docs/graph-api/reference/page-post
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fb.graph.batch import BatchItem
from fb.graph.client import GraphClient
from fb.graph.errors import FacebookError, UnreadableAnswer
from fb.graph.post_fields import (
    VIEWS,
    Figures,
    ListedPost,
    list_answered,
    read_figures,
    read_paid_views,
    read_post,
    read_reel,
    without_fields,
)

# Meta allows fifty; that many listings of 25 posts with their figures end in empty answers.
MAX_LISTINGS = 10
POST_FIELDS = (
    "id",
    "created_time",
    "message",
    "permalink_url",
    "status_type",
    "is_published",
    "parent_id",
    "attachments{media_type,type,unshimmed_url,subattachments.limit(1)}",
)
REEL_FIELDS = ("id", "post_id", "created_time", "description", "permalink_url", "length")
_NEEDED_FIELDS = ("id", "post_id", "created_time")

Answer = dict[str, Any] | FacebookError


@dataclass(frozen=True)
class Listing:
    """One page of a listing. ``after``: the cursor of the next one, None at the end.

    ``answered``: the metrics that have a figure of any post.
    """

    posts: tuple[ListedPost, ...]
    after: str | None
    answered: frozenset[str] = frozenset()


def fetch_answers(
    client: GraphClient, items: Sequence[BatchItem], *, at_once: int = MAX_LISTINGS
) -> list[Answer]:
    """Return one answer per item, in order, with at most ``at_once`` items a call."""
    answers: list[Answer] = []
    for start in range(0, len(items), at_once):
        answers += client.batch(items[start : start + at_once])
    return answers


def posts_item(
    page_id: str,
    token: str,
    *,
    limit: int,
    after: str | None = None,
    names: Collection[str] = (),
    dropped: Collection[str] = (),
) -> BatchItem:
    """Ask for posts, newest first, and for the lifetime figures called ``names`` of each.

    One name that Facebook does not know refuses the posts, too.
    """
    fields = without_fields(POST_FIELDS, dropped)
    if names:
        fields.append(f"insights.metric({','.join(names)}).period(lifetime)")
    return _listing_item(f"{page_id}/published_posts", fields, token, limit, after)


def reels_item(
    page_id: str, token: str, *, limit: int, after: str | None = None, dropped: Collection[str] = ()
) -> BatchItem:
    """Ask for Reels, newest first: no listing of posts has them."""
    fields = without_fields(REEL_FIELDS, dropped)
    return _listing_item(f"{page_id}/video_reels", fields, token, limit, after)


def figures_item(post_id: str, token: str, names: Collection[str]) -> BatchItem:
    """Ask for lifetime figures of one post. ``post_id`` is "<page id>_<post id>".

    Without the period some metrics answer days, too.
    """
    query = urlencode({"metric": ",".join(names), "period": "lifetime"})
    return BatchItem(f"{post_id}/insights", query, token)


def paid_item(post_id: str, token: str) -> BatchItem:
    """Ask for one post's views, paid and unpaid."""
    query = urlencode({"metric": VIEWS, "breakdown": "is_from_ads", "period": "lifetime"})
    return BatchItem(f"{post_id}/insights", query, token)


def existence_item(post_id: str, token: str) -> BatchItem:
    """Ask whether a post is still there: else the answer is `fb.graph.errors.NotFound`."""
    return BatchItem(post_id, urlencode({"fields": "id"}), token)


def read_posts(body: dict[str, Any]) -> Listing | UnreadableAnswer:
    """Return the posts of an answer to `posts_item`; unpublished ones are left out."""
    rows = body.get("data")
    if not isinstance(rows, list):
        return UnreadableAnswer(status=200)
    answered = {
        name
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("insights"), dict)
        for name in list_answered(row["insights"].get("data"))
    }
    posts = [post for row in rows if (post := read_post(row)) is not None]
    return Listing(tuple(posts), _find_next(body), frozenset(answered))


def read_reels(body: dict[str, Any], page_id: str) -> Listing | UnreadableAnswer:
    """Return the Reels of an answer to `reels_item`, as posts without figures."""
    rows = body.get("data")
    if not isinstance(rows, list):
        return UnreadableAnswer(status=200)
    reels = [reel for row in rows if (reel := read_reel(row, page_id)) is not None]
    return Listing(tuple(reels), _find_next(body))


def read_post_figures(body: dict[str, Any]) -> Figures | None:
    """Return the figures of an answer to `figures_item`; None where Facebook told none."""
    return read_figures(body.get("data"))


def read_paid(body: dict[str, Any]) -> tuple[int, int] | None:
    """Return paid and unpaid views of an answer to `paid_item`; None unless it tells both."""
    return read_paid_views(body.get("data"))


def can_drop(fields: Collection[str], dropped: Collection[str], unknown: str) -> bool:
    """Whether a listing still says what it must without a field that Facebook does not know."""
    left = without_fields(fields, [*dropped, unknown])
    is_fewer = len(left) < len(without_fields(fields, dropped))
    return is_fewer and all(name in left for name in _NEEDED_FIELDS if name in fields)


def _listing_item(
    path: str, fields: Sequence[str], token: str, limit: int, after: str | None
) -> BatchItem:
    parameters = {"fields": ",".join(fields), "limit": str(limit)}
    if after is not None:
        parameters["after"] = after
    return BatchItem(path, urlencode(parameters), token)


def _find_next(body: dict[str, Any]) -> str | None:
    """The cursor of the next page. The last page has a cursor, too, but names no next one.

    The address of the next one contains the token, and is never followed.
    """
    paging, rows = body.get("paging"), body.get("data")
    if not rows or not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) and 0 < len(after) <= 2_000 else None
