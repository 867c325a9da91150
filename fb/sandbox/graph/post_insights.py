"""Post insights: lifetime figures of posts, in a listing and at ``/{page}_{post}/insights``.

Empty answers without an error: no read_insights, no task ANALYZE, a Page with few likes, a post
that is too new or older than two years.

https://developers.facebook.com/docs/graph-api/reference/insights
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from fb.sandbox.graph import graph_errors
from fb.sandbox.graph.access import Access
from fb.sandbox.graph.call import Call
from fb.sandbox.graph.fields import Field
from fb.sandbox.graph.graph_errors import GraphError
from fb.sandbox.world.fan_counts import count_fans
from fb.sandbox.world.platform import RETIRED_METRIC
from fb.sandbox.world.post_figures import PostFigures, count_figures
from fb.sandbox.world.posts import Post
from fb.sandbox.world.world import Page

_MIN_LIKES = 100
_MIN_FOLLOWERS_FOR_VIEWERS = 1_000
_KEPT = timedelta(days=730)
_NEW = timedelta(hours=24)
_RETIRED = "post_clicks"  # under the trouble "a retired metric"
_VIEWS, _VIEWERS = "post_media_view", "post_total_media_view_unique"
_ALL_REACTIONS = "post_reactions_by_type_total"
_REACTIONS = ("like", "love", "wow", "haha", "sorry", "anger")
# Without a period these answer day rows, too, behind the lifetime row.
_WITH_DAYS = frozenset({_VIEWERS, "post_video_views", "post_video_view_time"})


def read_names(text: str) -> list[str]:
    """Return the names in "a,b", or in a JSON array as Meta's own SDK sends it."""
    return re.findall(r"\w+", text)


def names_of(insights: Field) -> list[str]:
    """Return the metrics of a field ``insights.metric(a,b)``."""
    return read_names(insights.modifiers.get("metric", ""))


def check_metrics(call: Call, access: Access, page: Page, names: Sequence[str]) -> None:
    """Raise GraphError for the whole call if one metric is unknown or withheld for this Page."""
    if not names:
        raise GraphError("No metric was specified to be fetched.", 3001, subcode=1504028)
    retired = {_RETIRED} if call.platform.trouble == RETIRED_METRIC else set()
    if any(name not in _METRICS or name in retired for name in names):
        raise graph_errors.parameter_invalid("The value must be a valid insights metric")
    followers = count_fans(page, call.day).followers_count
    is_small = followers is not None and followers < _MIN_FOLLOWERS_FOR_VIEWERS
    if _VIEWERS in names and is_small and _tells_figures(call, access, page):
        raise graph_errors.metric_withheld()


def render(
    call: Call,
    access: Access,
    page: Page,
    post: Post,
    names: Sequence[str],
    *,
    period: str | None,
    breakdown: str | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of one post. ``period`` None adds day rows to those of some metrics."""
    if period not in (None, "lifetime", "day"):
        raise graph_errors.parameter_invalid("Invalid value for period")
    if breakdown is not None and (breakdown != "is_from_ads" or list(names) != [_VIEWS]):
        raise graph_errors.parameter_invalid("The breakdown is not valid for this metric")
    moment = call.moment
    if not _tells_figures(call, access, page) or not _is_counted(post, moment):
        return []
    figures = count_figures(post, moment)
    rows = []
    for name in names:
        if period != "day":
            values = (
                [{"value": _METRICS[name](page, figures)}]
                if breakdown is None
                else _by_ads(figures)
            )
            rows.append(_make_row(post, name, "lifetime", values))
        if period != "lifetime" and name in _WITH_DAYS:
            rows.append(_make_row(post, name, "day", _make_days(moment)))
    return rows


def _tells_figures(call: Call, access: Access, page: Page) -> bool:
    role = access.find_role(page)
    may = access.may("read_insights") and role is not None and "ANALYZE" in role.tasks
    likes = count_fans(page, call.day).fans_count
    return may and (likes is None or likes >= _MIN_LIKES)


def _is_counted(post: Post, moment: datetime) -> bool:
    """Whether the post is neither too old nor, as two of three on their first day, too new."""
    age = moment - post.published_at
    return age < _KEPT and (age >= _NEW or post.seed % 3 == 0)


def _make_row(post: Post, name: str, period: str, values: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "period": period,
        "values": values,
        "title": name.replace("_", " ").capitalize(),
        "description": "Made up.",
        "id": f"{post.id}/insights/{name}/{period}",
    }


def _make_days(moment: datetime) -> list[dict[str, Any]]:
    """Return two days without a count: readers that take the last row store 0."""
    midnight = moment.replace(hour=8, minute=0, second=0)
    days = [midnight - timedelta(days=1), midnight]
    return [{"value": 0, "end_time": f"{day:%Y-%m-%dT%H:%M:%S}+0000"} for day in days]


def _by_ads(figures: PostFigures) -> list[dict[str, Any]]:
    return [
        {"value": figures.views_unpaid, "is_from_ads": "0"},
        {"value": figures.views_paid, "is_from_ads": "1"},
    ]


def _count_viewers(page: Page, figures: PostFigures) -> int:
    """On some Pages Facebook tells 0 beside views."""
    return 0 if page.index % 7 == 4 else figures.viewers


def _list_reactions(page: Page, figures: PostFigures) -> Any:
    """Without any, an object or a list that is empty: both are recorded."""
    return figures.reactions_by_type or ([] if page.index % 5 == 2 else {})


def _list_activity(page: Page, figures: PostFigures) -> dict[str, int]:
    counts = {"like": figures.reactions, "comment": figures.comments, "share": figures.shares}
    return {name: count for name, count in counts.items() if count}


def _count_reactions(kind: str) -> Callable[[Page, PostFigures], Any]:
    return lambda _, figures: figures.reactions_by_type.get(kind, 0)


_METRICS: dict[str, Callable[[Page, PostFigures], Any]] = {
    _VIEWS: lambda _, figures: figures.views,
    _VIEWERS: _count_viewers,
    "post_clicks": lambda _, figures: sum(figures.clicks_by_type.values()),
    "post_clicks_by_type": lambda _, figures: figures.clicks_by_type,
    _ALL_REACTIONS: _list_reactions,
    **{f"post_reactions_{kind}_total": _count_reactions(kind) for kind in _REACTIONS},
    "post_activity_by_action_type": _list_activity,
    "post_video_views": lambda _, figures: figures.video_views,
    "post_video_view_time": lambda _, figures: figures.watch_ms,
    "post_video_avg_time_watched": (
        lambda _, figures: figures.watch_ms // figures.video_views if figures.video_views else 0
    ),
}
