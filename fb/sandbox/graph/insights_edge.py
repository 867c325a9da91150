"""Insights edge: answers ``/{page-id}/insights`` with daily values of the last two years.

https://developers.facebook.com/docs/graph-api/reference/insights
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from fb.sandbox.graph import graph_errors
from fb.sandbox.graph.access import Access
from fb.sandbox.graph.call import Answer, Call
from fb.sandbox.graph.graph_errors import GraphError
from fb.sandbox.world.fan_counts import count_fans
from fb.sandbox.world.platform import RETIRED_METRIC
from fb.sandbox.world.world import Page

_MAX_DAYS = 90
_KEPT_DAYS = 730
_MIN_LIKES = 100
_PACIFIC = ZoneInfo("America/Los_Angeles")
_RETIRED = "page_views_total"  # under the trouble "a retired metric"


def answer(call: Call, access: Access, page: Page, rest: tuple[str, ...]) -> Answer:
    """Return daily values of the requested metrics. One unknown metric refuses the whole call."""
    names = [
        name for name in (rest[0] if rest else call.params.get("metric", "")).split(",") if name
    ]
    _check(call, access, page, names)
    since, until = _parse_window(call)
    # For a Page without counts Facebook answers an empty list.
    data = [_series(call, page, name, since, until) for name in names] if page.has_counts else []
    return Answer({"data": data, "paging": _paging(call, page, since, until)})


def _check(call: Call, access: Access, page: Page, names: list[str]) -> None:
    if access.page is not page:
        message = "This method must be called with a Page Access Token"
        raise GraphError(message, 190, subcode=2069032)
    role = access.find_role(page)
    if not access.may("read_insights") or role is None or "ANALYZE" not in role.tasks:
        raise graph_errors.permission_missing("read_insights")
    if not names:
        raise GraphError("No metric was specified to be fetched.", 3001, subcode=1504028)
    retired = {_RETIRED} if call.platform.trouble == RETIRED_METRIC else set()
    if any(name not in _METRICS or name in retired for name in names):
        raise graph_errors.parameter_invalid("The value must be a valid insights metric")
    likes = count_fans(page, call.day).fans_count
    if likes is not None and likes < _MIN_LIKES:
        raise graph_errors.too_few_likes()


def _parse_window(call: Call) -> tuple[date, date]:
    until = _parse_day(call, "until", call.day)
    since = _parse_day(call, "since", until - timedelta(days=2))
    if not since < until or (until - since).days > _MAX_DAYS:
        raise graph_errors.parameter_invalid(
            "There cannot be more than 90 days between since and until"
        )
    return since, until


def _parse_day(call: Call, name: str, default: date) -> date:
    text = call.params.get(name)
    try:
        return date.fromisoformat(text) if text else default
    except ValueError:
        raise graph_errors.parameter_invalid(f"Invalid value for {name}") from None


def _series(call: Call, page: Page, name: str, since: date, until: date) -> dict[str, Any]:
    """Return one value for each day that is over and not older than two years."""
    oldest = call.day - timedelta(days=_KEPT_DAYS)
    days = [since + timedelta(days=number) for number in range((until - since).days)]
    values = [
        {"value": _METRICS[name](page, day), "end_time": f"{ended:%Y-%m-%dT%H:%M:%S}+0000"}
        for day in days
        if day >= oldest and (ended := _end_of(day)) <= call.now
    ]
    return {
        "name": name,
        "period": "day",
        "values": values,
        "title": name.replace("_", " ").capitalize(),
        "description": "Made up.",
        "id": f"{page.id}/insights/{name}/day",
    }


@lru_cache(maxsize=2_000)
def _end_of(day: date) -> datetime:
    """Return the end of a day at midnight Pacific time: 07:00 UTC in summer, 08:00 in winter."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=_PACIFIC).astimezone(UTC)


def _paging(call: Call, page: Page, since: date, until: date) -> dict[str, str]:
    """Return ``previous`` and ``next``. Facebook always sends both: this list has no end."""
    length = until - since
    query = {"access_token": call.token or "", "metric": call.params.get("metric", "")}
    windows = {"previous": (since - length, since), "next": (until, until + length)}
    return {
        name: call.url(f"{page.id}/insights", {**query, "since": str(first), "until": str(last)})
        for name, (first, last) in windows.items()
    }


def _followers(page: Page, day: date) -> int:
    return count_fans(page, day).followers_count or 0


def _gained(page: Page, day: date) -> int:
    net = _followers(page, day) - _followers(page, day - timedelta(days=1))
    return max(net, 0) + _followers(page, day) // 4000


_METRICS: dict[str, Callable[[Page, date], int]] = {
    "page_follows": _followers,
    "page_daily_follows": _gained,
    "page_daily_follows_unique": _gained,
    "page_media_view": lambda page, day: _followers(page, day) // 3 + 40 * _gained(page, day),
    "page_total_media_view_unique": lambda page, day: _followers(page, day) // 5,
    "page_post_engagements": lambda page, day: _followers(page, day) // 60 + _gained(page, day),
    "page_views_total": lambda page, day: _followers(page, day) // 120 + 2 * _gained(page, day),
    "page_video_views": lambda page, day: _followers(page, day) // 25,
}
