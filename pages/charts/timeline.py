"""Days with figures, as charts and their captions need them: gaps, lone days, and the takeaway.

Pure. A day without a figure is a `Point` whose value is None, never a missing element: every day of
the period has one. In a long period every week has one instead, on its last day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pages.text.formats import count, day, signed

A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Point:
    """One day of a chart. ``value`` is None on a day without a figure; ``change`` may be too."""

    day: date
    value: int | None
    change: int | None


@dataclass(frozen=True)
class Note:
    """What is said of a day: by an operator (kind "own"), or by the program of what it knows.

    ``text`` is one line of plain text and may be anything at all. ``kind``: own · connected ·
    renewed · outage · retired · platform · imported.
    """

    day: date
    text: str
    kind: str


@dataclass(frozen=True)
class Gap:
    """Days without a figure between two that have one, both ends of the gap included."""

    since: date
    until: date


def trim(points: Sequence[Point]) -> list[Point]:
    """The points from the first figure on, without a last day that has none yet.

    What lies before the first figure is no gap: nobody was counting. One missing day at the end is
    today before its snapshot; two or more are a gap like any other.
    """
    known = [index for index, point in enumerate(points) if point.value is not None]
    if not known:
        return []
    end = len(points) if len(points) - known[-1] > 2 else known[-1] + 1
    return list(points[known[0] : end])


def find_step(points: Sequence[Point]) -> timedelta:
    """How far each point is from the next, where its change is of: a day or a week."""
    is_apart = len(points) > 1 and points[1].day - points[0].day == A_WEEK
    return A_WEEK if is_apart and any(point.change is not None for point in points) else A_DAY


def find_gaps(points: Sequence[Point]) -> list[Gap]:
    """Every run of days without a figure, in order."""
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


def lone_days(points: Sequence[Point]) -> list[Point]:
    """Days with a figure whose neighbours have none: a broken line would hide them."""
    values = [None, *(point.value for point in points), None]
    return [
        point
        for index, point in enumerate(points, start=1)
        if point.value is not None and values[index - 1] is None and values[index + 1] is None
    ]


def describe(points: Sequence[Point], noun: str, whose: str) -> str:
    """The takeaway in a sentence, for whoever can't see the chart.

    "Fans of 138 Pages rose from 2,231,797 to 2,277,713 between 25 Aug and 22 Nov 2026."
    """
    known = [point for point in points if point.value is not None]
    if not known:
        return f"No {noun.lower()} of {whose} in this period."
    first, last = known[0], known[-1]
    if first.day == last.day or first.value is None or last.value is None:
        return f"{noun} of {whose}: {count(last.value)} on {day(last.day)}."
    between = f"between {day(first.day, year=first.day.year != last.day.year)} and {day(last.day)}"
    if first.value == last.value:
        return f"{noun} of {whose} stayed at {count(last.value)} {between}."
    verb = "rose" if last.value > first.value else "fell"
    return f"{noun} of {whose} {verb} from {count(first.value)} to {count(last.value)} {between}."


def describe_changes(points: Sequence[Point], noun: str, whose: str) -> str:
    """The takeaway of the bars: how many days up, how many down, the best and the worst."""
    known = [point for point in points if point.change is not None]
    if not known:
        return f"No daily changes of {noun.lower()} of {whose} in this period."
    ups = sum(1 for point in known if (point.change or 0) > 0)
    downs = sum(1 for point in known if (point.change or 0) < 0)
    best = max(known, key=lambda point: point.change or 0)
    worst = min(known, key=lambda point: point.change or 0)
    on, unit, to = ("on", "day", "on") if find_step(points) == A_DAY else ("in", "week", "to")
    return (
        f"{noun} of {whose} rose {on} {ups} and fell {on} {downs} of {len(known)} {unit}s; best "
        f"{unit} {signed(best.change)} {to} {day(best.day)}, "
        f"weakest {signed(worst.change)} {to} {day(worst.day)}."
    )
