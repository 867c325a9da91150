"""Post fields: reads one post of Graph's listings: its kind, its facts, and its figures.

https://developers.facebook.com/docs/graph-api/reference/page-post
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from fb.graph.json_values import to_address, to_count, to_id

Kind = Literal["photo", "album", "video", "reel", "link", "text", "shared_post", "event", "other"]
Figures = Mapping[str, int | None]

VIEWS = "post_media_view"
VIEWERS = "post_total_media_view_unique"
CLICKS = "post_clicks"
CLICKS_BY_TYPE = "post_clicks_by_type"
REACTIONS = "post_reactions_by_type_total"
ACTIONS = "post_activity_by_action_type"
VIDEO_VIEWS = "post_video_views"
WATCH_TIME = "post_video_view_time"
# The metrics that are read; all of them count the whole life of a post.
FIGURE_METRICS = (
    VIEWS,
    VIEWERS,
    CLICKS,
    CLICKS_BY_TYPE,
    REACTIONS,
    ACTIONS,
    VIDEO_VIEWS,
    WATCH_TIME,
)
_FACEBOOK_HOSTS = ("facebook.com", "fb.com", "fb.watch")
_POST_ID = re.compile(r"[0-9]{1,32}_[0-9]{1,32}")


@dataclass(frozen=True)
class ListedPost:
    """One post of a listing. ``figures``: None where Facebook told none.

    Its keys are those of `read_figures`.
    """

    id: str
    published_at: datetime
    kind: Kind
    message: str | None
    permalink: str | None
    figures: Figures | None = None


def read_post(row: Any) -> ListedPost | None:
    """Return a post of ``published_posts``; None for one that is not published, or not readable."""
    if not isinstance(row, dict) or row.get("is_published") is False:
        return None
    id, published_at = row.get("id"), read_time(row.get("created_time"))
    if not isinstance(id, str) or not _POST_ID.fullmatch(id) or published_at is None:
        return None
    insights = row.get("insights")
    entries = insights.get("data") if isinstance(insights, dict) else None
    return ListedPost(
        id=id,
        published_at=published_at,
        kind=find_kind(row),
        message=_text(row.get("message")),
        permalink=to_address(row.get("permalink_url")),
        figures=read_figures(entries) if entries else None,
    )


def read_reel(row: Any, page_id: str) -> ListedPost | None:
    """Return a Reel of ``video_reels`` as the post that it is; None for one that is not readable.

    The Reel's own id is that of a video, under which Facebook tells no figures of a post.
    """
    if not isinstance(row, dict):
        return None
    post_id, published_at = row.get("post_id"), read_time(row.get("created_time"))
    if isinstance(post_id, str) and post_id.startswith(f"{page_id}_"):
        post_id = post_id.removeprefix(f"{page_id}_")
    post_id = to_id(post_id)
    if post_id is None or published_at is None:
        return None
    return ListedPost(
        id=f"{page_id}_{post_id}",
        published_at=published_at,
        kind="reel",
        message=_text(row.get("description")),
        permalink=to_address(row.get("permalink_url")),
    )


def find_kind(row: Mapping[str, Any]) -> Kind:
    """Return what a post of ``published_posts`` is.

    Its first attachment decides, since ``status_type`` tells how a post was made, not what it is:
    the share of a link and the share of a post are both "shared_story".
    """
    if "/reel/" in str(row.get("permalink_url") or ""):
        return "reel"
    attachment = _first_attachment(row.get("attachments"))
    media, type = attachment.get("media_type"), attachment.get("type")
    if media == "album" or (media is None and attachment.get("subattachments")):
        return "album"
    if media == "photo":
        return "photo"
    if media == "video":
        return "video"
    if "event" in (media, type):
        return "event"
    target = attachment.get("unshimmed_url")
    is_inside = _is_facebook(target)
    if row.get("parent_id") or (row.get("status_type") == "shared_story" and is_inside):
        return "shared_post"
    if (media == "link" or type == "share") and target and not is_inside:
        return "link"
    return "other" if attachment else "text"


def read_figures(entries: Any) -> Figures | None:
    """Return the lifetime figures of one post from Graph's ``data``; None without any.

    Keys: views, viewers, clicks, link_clicks, reactions, comments, shares, video_views, watch_ms.
    A metric that did not answer is None. A word that an answered object lacks counts as 0 only
    where the object has other words, or the post has views: a new post's figures are empty, too.
    """
    values = _lifetime_values(entries)
    views = to_count(values.get(VIEWS))
    viewers = to_count(values.get(VIEWERS))
    reactions, actions = _words(values.get(REACTIONS)), _words(values.get(ACTIONS))
    clicks_by_type = _words(values.get(CLICKS_BY_TYPE))
    figures = {
        "views": views,
        # Facebook sends 0 for some Pages whose posts have views: it tells nothing there.
        "viewers": None if viewers == 0 and views else viewers,
        "clicks": to_count(values.get(CLICKS)),
        "link_clicks": _word(clicks_by_type, "link clicks", views),
        "reactions": _sum(reactions, views),
        "comments": _word(actions, "comment", views),
        "shares": _word(actions, "share", views),
        "video_views": to_count(values.get(VIDEO_VIEWS)),
        "watch_ms": to_count(values.get(WATCH_TIME)),
    }
    return figures if any(each is not None for each in figures.values()) else None


def list_answered(entries: Any) -> set[str]:
    """Return the metrics that have an entry in Graph's ``data``."""
    rows = entries if isinstance(entries, list) else []
    return {str(row.get("name")) for row in rows if isinstance(row, dict)}


def read_paid_views(entries: Any) -> tuple[int, int] | None:
    """Return paid and unpaid views from Graph's ``data``; None unless it tells both.

    The breakdown is flat: a value for each of the words "0" and "1" of ``is_from_ads``.
    """
    for row in entries if isinstance(entries, list) else []:
        if not isinstance(row, dict) or row.get("name") != VIEWS:
            continue
        values = row.get("values")
        told = {
            str(each.get("is_from_ads")): to_count(each.get("value"))
            for each in (values if isinstance(values, list) else [])
            if isinstance(each, dict)
        }
        paid, unpaid = told.get("1"), told.get("0")
        if paid is not None and unpaid is not None:
            return paid, unpaid
    return None


def read_time(value: object) -> datetime | None:
    """Return a time of Graph ("2026-07-07T19:28:40+0000") as aware UTC; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _first_attachment(value: object) -> dict[str, Any]:
    rows = value.get("data") if isinstance(value, dict) else None
    first = rows[0] if isinstance(rows, list) and rows else None
    return first if isinstance(first, dict) else {}


def _is_facebook(address: object) -> bool:
    if not isinstance(address, str):
        return False
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError:
        return False
    return any(host == own or host.endswith(f".{own}") for own in _FACEBOOK_HOSTS)


def _lifetime_values(entries: Any) -> dict[str, Any]:
    """Metric → lifetime value. Rows of days, which some metrics send as well, are not figures."""
    values: dict[str, Any] = {}
    for row in entries if isinstance(entries, list) else []:
        if not isinstance(row, dict) or row.get("period", "lifetime") != "lifetime":
            continue
        series = row.get("values")
        if isinstance(series, list) and series and isinstance(series[0], dict):
            values[str(row.get("name"))] = series[0].get("value")
    return values


def _words(value: object) -> Mapping[str, int | None] | None:
    """An object of counts. Graph writes an empty one as ``{}`` or ``[]``."""
    if isinstance(value, dict):
        return {str(word): to_count(count) for word, count in value.items()}
    return {} if value == [] else None


def _word(words: Mapping[str, int | None] | None, word: str, views: int | None) -> int | None:
    if words is None:
        return None
    if word in words:
        return words[word]
    return 0 if words or views else None


def _sum(words: Mapping[str, int | None] | None, views: int | None) -> int | None:
    if not words:
        return 0 if words is not None and views else None
    counts: Sequence[int | None] = list(words.values())
    return None if None in counts else sum(each for each in counts if each is not None)


def without_fields(fields: Collection[str], dropped: Collection[str]) -> list[str]:
    """Return the fields that don't mention a dropped name, which may be a subfield."""
    return [each for each in fields if not set(re.findall(r"\w+", each)).intersection(dropped)]
