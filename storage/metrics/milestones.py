"""Milestones: the round figures that a Page has reached, and the next one.

They are 1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8 and 9 times a power of ten, from 100 on: 1,000, 1,500,
2,000 … 9,000, 10,000, 15,000. So the next one is at most 50 % above the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from storage.metrics.changes import list_daily_changes

MIN_MILESTONE = 100
_TENTHS = (10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90)


@dataclass(frozen=True)
class Milestone:
    """A round figure, and the first day with a figure at or above it.

    ``days_count``: days since the figure before; above 1 it may have been reached on any of them.
    """

    figure: int
    day: date
    days_count: int


def next_milestone(figure: int) -> int:
    """Return the smallest milestone above a figure of 0 or more: 8,538 → 9,000; 9,000 → 10,000."""
    return next(each for each in _iterate_milestones() if each > figure)


def list_milestones_reached(figures: Mapping[date, int | None]) -> list[Milestone]:
    """Return the milestones reached, oldest first, on one day the smallest first.

    Those at or below the first known figure are left out: their day is unknown. A milestone is
    reached once, also when the figure falls below it and rises again.
    """
    changes = list_daily_changes(figures)
    if not changes:
        return []
    reached: list[Milestone] = []
    coming = next_milestone(changes[0].figure)
    for each in changes[1:]:
        while coming <= each.figure:
            reached.append(Milestone(coming, each.day, each.days_count or 1))
            coming = next_milestone(coming)
    return reached


def _iterate_milestones() -> Iterator[int]:
    power = MIN_MILESTONE
    while True:
        yield from (power * tenths // 10 for tenths in _TENTHS)
        power *= 10
