"""A Page's days as its charts take them, and fewer of them where a period is long: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from pages.charts.timeline import Point
from pages.text.periods import A_DAY
from storage import metrics

# A year and its first day fit day by day; a chart is not wider than that in pixels anyway.
MOST_POINTS = 370
_A_WEEK = 7


def points_of(by_day: Mapping[date, int | None], since: date, until: date) -> list[Point]:
    """One point for every day from the day before ``since`` to ``until``."""
    changes = {change.day: change.change for change in metrics.list_daily_changes(by_day)}
    days = ((until - since).days + 2) if until >= since else 0
    first = since - A_DAY
    return [
        Point(each, by_day.get(each), changes.get(each) if each >= since else None)
        for each in (first + timedelta(days=number) for number in range(days))
    ]


def thin(points: Sequence[Point]) -> list[Point]:
    """The points as they are, or, of more than MOST_POINTS, one for each week.

    That is the last figure of the week, on the day it is of; a week without any is a gap on its
    last day. Weeks are counted back from the last day. None of them has a change: it would not be a
    day's. From seven years on they are two weeks, and so on.
    """
    if len(points) <= MOST_POINTS:
        return list(points)
    step = _A_WEEK * -(-len(points) // (_A_WEEK * MOST_POINTS))
    kept: list[Point] = []
    for end in range(len(points), 0, -step):
        week = points[max(0, end - step) : end]
        last = next((each for each in reversed(week) if each.value is not None), week[-1])
        kept.append(Point(last.day, last.value, None))
    return kept[::-1]
