"""Page insights: fetches daily figures of Pages, up to 50 requests a call.

https://developers.facebook.com/docs/graph-api/reference/insights
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fb.graph.batch import BatchItem
from fb.graph.client import GraphClient
from fb.graph.errors import FacebookError, UnreadableAnswer

# Meta: "Only 90 days of insights can be viewed at one time when using since and until".
MAX_DAYS = 90
# "Facebook Page insights are only available for Pages with at least 100 likes"
TOO_FEW_LIKES = 2874008
# The code for a name that is not (or no longer) a metric. It refuses the whole request.
INVALID = 100

A_DAY = timedelta(days=1)
# Facebook's days end at midnight Pacific time: 07:00 UTC in summer, 08:00 in winter.
_MIDNIGHTS = (7, 8)

Values = dict[str, dict[date, int]]


@dataclass(frozen=True)
class InsightRequest:
    """Metrics of one Page, for the Pacific days ``since`` to ``until``, both included."""

    page_id: str
    names: tuple[str, ...]
    since: date
    until: date
    token: str = field(repr=False)


def fetch_insights(
    client: GraphClient, requests: Sequence[InsightRequest]
) -> list[Values | FacebookError]:
    """Return one answer per request, in order: metric → day → figure, or an error.

    A metric without any figure is left out. One retired name makes Facebook refuse the whole
    request with code 100. ``paging`` is never followed: its URLs contain the token, and never end.
    """
    answers = client.batch([_item(request) for request in requests])
    return [
        answer if isinstance(answer, FacebookError) else read_values(answer, request)
        for request, answer in zip(requests, answers, strict=True)
    ]


def _item(request: InsightRequest) -> BatchItem:
    parameters = {
        "metric": ",".join(request.names),
        "period": "day",
        "since": request.since.isoformat(),
        # Meta's ``until`` is the day on which the last figure ends.
        "until": (request.until + A_DAY).isoformat(),
    }
    return BatchItem(f"{request.page_id}/insights", urlencode(parameters), request.token)


def read_values(body: dict[str, Any], request: InsightRequest) -> Values | UnreadableAnswer:
    """Return the figures of an answer for the requested metrics and days.

    Only whole numbers are figures. An object (figures by country) or a missing value is left out,
    never counted as 0. An answer about another Page or of another shape is ``UnreadableAnswer``.
    """
    entries = body.get("data")
    if not isinstance(entries, list):
        return UnreadableAnswer(status=200)
    values: Values = {}
    for entry in entries:
        if not isinstance(entry, dict) or not _is_about(entry, request.page_id):
            return UnreadableAnswer(status=200)
        name, series = entry.get("name"), entry.get("values")
        if name not in request.names or entry.get("period", "day") != "day":
            continue
        if not isinstance(series, list):
            return UnreadableAnswer(status=200)
        figures = _read_series(series, request)
        if figures:
            values.setdefault(str(name), {}).update(figures)
    return values


def _is_about(entry: dict[str, Any], page_id: str) -> bool:
    """Whether an entry is about this Page: its id is "<page>/insights/<metric>/<period>"."""
    entry_id = entry.get("id")
    return not isinstance(entry_id, str) or entry_id.startswith(f"{page_id}/")


def _read_series(series: list[Any], request: InsightRequest) -> dict[date, int]:
    figures: dict[date, int] = {}
    for element in series:
        if not isinstance(element, dict):
            continue
        day, value = pacific_day(element.get("end_time")), element.get("value")
        if day is None or not request.since <= day <= request.until:
            continue
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
            figures[day] = value
    return figures


def pacific_day(end_time: object) -> date | None:
    """Return the day that ended at ``end_time`` ("2026-11-02T08:00:00+0000" → 1 Nov 2026).

    None when ``end_time`` is not midnight in Pacific time (winter or summer).
    """
    if not isinstance(end_time, str):
        return None
    try:
        at = datetime.fromisoformat(end_time)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    at = at.astimezone(UTC)
    is_midnight = at.hour in _MIDNIGHTS and (at.minute, at.second) == (0, 0)
    return at.date() - A_DAY if is_midnight else None


def last_finished_day(now: datetime) -> date:
    """Return the newest Pacific day that is over at ``now`` (aware UTC), in any season."""
    return (now - timedelta(hours=_MIDNIGHTS[-1])).date() - A_DAY
