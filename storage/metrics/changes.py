"""Daily changes: the change of a figure from one known day to the next, and the best and worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class DailyChange:
    """A day with a figure, and the change since the previous day with a figure.

    ``days_count`` is the number of days between the two: above 1 after missing days, whose whole
    change is booked here. Both are None for the very first figure.
    """

    day: date
    figure: int
    change: int | None
    days_count: int | None


def list_daily_changes(figures: Mapping[date, int | None]) -> list[DailyChange]:
    """Return the days with a figure, oldest first. Their changes add up to last minus first."""
    changes: list[DailyChange] = []
    for day, figure in sorted(figures.items()):
        if figure is None:
            continue
        last = changes[-1] if changes else None
        changes.append(
            DailyChange(
                day=day,
                figure=figure,
                change=None if last is None else figure - last.figure,
                days_count=None if last is None else (day - last.day).days,
            )
        )
    return changes


def find_best_day(changes: Sequence[DailyChange]) -> DailyChange | None:
    """Return the day with the largest gain, of equal ones the newest; None when no day gained.

    Changes over several days are left out.
    """
    gains = [each for each in changes if each.days_count == 1 and (each.change or 0) > 0]
    return max(gains, key=lambda each: (each.change or 0, each.day), default=None)


def find_worst_day(changes: Sequence[DailyChange]) -> DailyChange | None:
    """Return the day with the largest loss, of equal ones the newest; None when no day lost.

    Changes over several days are left out.
    """
    losses = [each for each in changes if each.days_count == 1 and (each.change or 0) < 0]
    return max(losses, key=lambda each: (-(each.change or 0), each.day), default=None)
