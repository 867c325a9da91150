"""Points of a chart: gaps, lone days, and the description of the chart in a sentence. Pure.

Every day of a period has a `Point`; its value is None on a day without a figure. Long periods have
one for each week instead, on its last day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pages.text.formats import count, day, signed
from pages.text.periods import A_DAY, A_WEEK


@dataclass(frozen=True)
class Point:
    """One day of a chart. ``value`` is None on a day without a figure; ``change`` may be too."""

    day: date
    value: int | None
    change: int | None


@dataclass(frozen=True)
class Note:
    """A note on a day: an operator's (kind "own"), or one derived from stored events.

    ``text`` is one line of plain text, not escaped. ``kind``: own · connected · renewed · outage ·
    retired · platform · imported.
    """

    day: date
    text: str
    kind: str


@dataclass(frozen=True)
class Gap:
    """Consecutive days without a figure, both ends included."""

    since: date
    until: date


def trim(points: Sequence[Point]) -> list[Point]:
    """The points from the first figure on, without a single last day that has none.

    Days before the first figure are no gap, since nothing was counted yet. One missing day at the
    end is today before its snapshot; two or more are a gap.
    """
    filled = [index for index, point in enumerate(points) if point.value is not None]
    if not filled:
        return []
    end = len(points) if len(points) - filled[-1] > 2 else filled[-1] + 1
    return list(points[filled[0] : end])


def find_step(points: Sequence[Point]) -> timedelta:
    """The distance between two points, which their changes are of: a day or a week."""
    is_apart = len(points) > 1 and points[1].day - points[0].day == A_WEEK
    return A_WEEK if is_apart and any(point.change is not None for point in points) else A_DAY


def find_gaps(points: Sequence[Point]) -> list[Gap]:
    """All gaps, oldest first."""
    step = find_step(points)
    gaps: list[Gap] = []
    for point in points:
        if point.value is not None:
            continue
        if gaps and gaps[-1].until == point.day - step:
            gaps[-1] = Gap(gaps[-1].since, point.day)
        else:
            gaps.append(Gap(point.day - step + A_DAY, point.day))
    return gaps


def count_missing(points: Sequence[Point]) -> int:
    """The number of days in all gaps."""
    return sum((gap.until - gap.since).days + 1 for gap in find_gaps(points))


def lone_days(points: Sequence[Point]) -> list[Point]:
    """Days with a figure between two gaps: a broken line would not show them."""
    values = [None, *(point.value for point in points), None]
    return [
        point
        for index, point in enumerate(points, start=1)
        if point.value is not None and values[index - 1] is None and values[index + 1] is None
    ]


def describe(points: Sequence[Point], noun: str, whose: str) -> str:
    """The chart in a sentence, for screen readers.

    "Fans of 138 Pages rose from 2,231,797 to 2,277,713 between 25 Aug and 22 Nov 2026."
    """
    filled = [point for point in points if point.value is not None]
    if not filled:
        return f"No {noun.lower()} of {whose} in this period."
    first, last = filled[0], filled[-1]
    if first.day == last.day or first.value is None or last.value is None:
        return f"{noun} of {whose}: {count(last.value)} on {day(last.day)}."
    between = f"between {day(first.day, year=first.day.year != last.day.year)} and {day(last.day)}"
    if first.value == last.value:
        return f"{noun} of {whose} stayed at {count(last.value)} {between}."
    verb = "rose" if last.value > first.value else "fell"
    return f"{noun} of {whose} {verb} from {count(first.value)} to {count(last.value)} {between}."


def describe_changes(points: Sequence[Point], noun: str, whose: str) -> str:
    """The chart of changes in a sentence: days up and down, the best and the worst."""
    changes = [point for point in points if point.change is not None]
    if not changes:
        return f"No daily changes of {noun.lower()} of {whose} in this period."
    ups = sum(1 for point in changes if (point.change or 0) > 0)
    downs = sum(1 for point in changes if (point.change or 0) < 0)
    best = max(changes, key=lambda point: point.change or 0)
    worst = min(changes, key=lambda point: point.change or 0)
    on, unit, to = ("on", "day", "on") if find_step(points) == A_DAY else ("in", "week", "to")
    return (
        f"{noun} of {whose} rose {on} {ups} and fell {on} {downs} of {len(changes)} {unit}s; best "
        f"{unit} {signed(best.change)} {to} {day(best.day)}, "
        f"weakest {signed(worst.change)} {to} {day(worst.day)}."
    )
