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
class Before:
    """The period before, drawn behind a chart's points: its days, and its own points.

    Each is drawn ``apart`` later, so that both periods begin on the same day of the chart.
    """

    since: date
    until: date
    apart: timedelta
    points: tuple[Point, ...]

    def beside(self, points: Sequence[Point]) -> list[Point | None]:
        """For each of the chart's points the one that is drawn with it; None without."""
        by_day = {point.day + self.apart: point for point in self.points}
        return [by_day.get(point.day) for point in points]


@dataclass(frozen=True)
class Note:
    """A note on a day: an operator's (kind "own"), or one derived from stored events.

    ``text`` is one line of plain text, not escaped. ``kind``: own · connected · renewed · outage ·
    retired · platform · imported. ``label`` stands on the chart; without one the text's first words
    do. An outage lasts until ``until``, and ``why`` says its reason.
    """

    day: date
    text: str
    kind: str
    label: str = ""
    until: date | None = None
    why: str = ""

    def touches(self, since: date, until: date) -> bool:
        """Whether one of its days is from ``since`` to ``until``, both included."""
        return self.day <= until and (self.until or self.day) >= since


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


def extend(points: Sequence[Point], until: date) -> list[Point]:
    """The points with one without a figure on ``until``: the days up to it are a gap then.

    Unchanged where ``until`` is the day after the last point: today before its snapshot.
    """
    if not points or (until - points[-1].day).days < 2:
        return list(points)
    return [*points, Point(until, None, None)]


def find_step(points: Sequence[Point]) -> timedelta:
    """The distance between two points, which their changes are of: a day or a week."""
    is_apart = len(points) > 1 and points[1].day - points[0].day == A_WEEK
    return A_WEEK if is_apart and any(point.change is not None for point in points) else A_DAY


def find_gaps(points: Sequence[Point]) -> list[Gap]:
    """All gaps, oldest first; each begins the day after the point before it."""
    gaps: list[Gap] = []
    before: Point | None = None
    for point in points:
        if point.value is None:
            if before is not None and before.value is None:
                gaps[-1] = Gap(gaps[-1].since, point.day)
            else:
                last = before.day if before is not None else point.day - find_step(points)
                gaps.append(Gap(last + A_DAY, point.day))
        before = point
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
