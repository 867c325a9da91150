"""``/{page-id}/insights``: a few living metrics, and the refusal that dead ones meet.

https://developers.facebook.com/docs/graph-api/reference/insights
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from fb.sandbox import errors, nodes
from fb.sandbox.access import Access
from fb.sandbox.call import Answer, Call
from fb.sandbox.errors import GraphError
from fb.sandbox.figures import figures
from fb.sandbox.world import Page

_MAX_DAYS = 90
_MIN_FANS = 100


def answer(call: Call, access: Access, page: Page, rest: tuple[str, ...]) -> Answer:
    """Daily values of the asked metrics; one dead or misspelt metric refuses the whole call."""
    names = [
        name for name in (rest[0] if rest else call.params.get("metric", "")).split(",") if name
    ]
    _check(access, page, names)
    since, until = _window(call)
    data = [_series(page, name, since, until) for name in names]
    return Answer({"data": data, "paging": _paging(call, page, since, until)})


def _check(access: Access, page: Page, names: list[str]) -> None:
    if access.page is not page:
        message = "This method must be called with a Page Access Token"
        raise GraphError(message, 190, subcode=2069032)
    role = nodes.role_on(page, access)
    if not access.may("read_insights") or role is None or "ANALYZE" not in role.tasks:
        raise errors.permission_missing("read_insights")
    if not names:
        raise GraphError("No metric was specified to be fetched.", 3001, subcode=1504028)
    if any(name not in _METRICS for name in names):
        raise errors.parameter_invalid("The value must be a valid insights metric")


def _window(call: Call) -> tuple[date, date]:
    until = _day(call, "until", call.day)
    since = _day(call, "since", until - timedelta(days=2))
    if not since < until or (until - since).days > _MAX_DAYS:
        raise errors.parameter_invalid("There cannot be more than 90 days between since and until")
    return since, until


def _day(call: Call, name: str, default: date) -> date:
    text = call.params.get(name)
    try:
        return date.fromisoformat(text) if text else default
    except ValueError:
        raise errors.parameter_invalid(f"Invalid value for {name}") from None


def _series(page: Page, name: str, since: date, until: date) -> dict[str, Any]:
    days = [since + timedelta(days=number) for number in range((until - since).days)]
    fans = figures(page, until).fans_count or 0
    values = [
        {"value": _METRICS[name](page, day), "end_time": f"{day + timedelta(days=1)}T08:00:00+0000"}
        for day in days
        if fans >= _MIN_FANS
    ]
    return {
        "name": name,
        "period": "day",
        "values": values,
        "title": name.replace("_", " ").capitalize(),
        "description": "Made up.",
        "id": f"{page.id}/insights/{name}/day",
    }


def _paging(call: Call, page: Page, since: date, until: date) -> dict[str, str]:
    """Always both addresses: this list has no end."""
    length = until - since
    query = {"access_token": call.token or "", "metric": call.params.get("metric", "")}
    windows = {"previous": (since - length, since), "next": (until, until + length)}
    return {
        name: call.url(f"{page.id}/insights", {**query, "since": str(first), "until": str(last)})
        for name, (first, last) in windows.items()
    }


def _followers(page: Page, day: date) -> int:
    return figures(page, day).followers_count or 0


def _gained(page: Page, day: date) -> int:
    net = _followers(page, day) - _followers(page, day - timedelta(days=1))
    return max(net, 0) + _followers(page, day) // 4000


def _lost(page: Page, day: date) -> int:
    net = _followers(page, day) - _followers(page, day - timedelta(days=1))
    return max(-net, 0) + _followers(page, day) // 4000


_METRICS: dict[str, Callable[[Page, date], int]] = {
    "page_follows": _followers,
    "page_daily_follows": _gained,
    "page_daily_follows_unique": _gained,
    "page_daily_unfollows_unique": _lost,
    "page_media_view": lambda page, day: _followers(page, day) // 3 + 40 * _gained(page, day),
    "page_total_media_view_unique": lambda page, day: _followers(page, day) // 5,
    "page_post_engagements": lambda page, day: _followers(page, day) // 60 + _gained(page, day),
    "page_views_total": lambda page, day: _followers(page, day) // 120 + 2 * _gained(page, day),
    "page_video_views": lambda page, day: _followers(page, day) // 25,
}
