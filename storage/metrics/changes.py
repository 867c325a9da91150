"""From day to day: each change, booked on the day on which it is seen, the best and the worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class DailyChange:
    """A day with a figure, and its change against the last day that has one.

    ``change`` is None for the first figure of all. Where days were missed in between, their change
    is booked here, on the day the Page is seen again, and ``days_count`` says over how many days.
    """

    day: date
    figure: int
    change: int | None
    days_count: int | None


def list_daily_changes(figures: Mapping[date, int | None]) -> list[DailyChange]:
    """The days that have a figure, oldest first. Their changes add up to last minus first."""
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
    """The day with the largest gain, of equals the newest; None when no day gained.

    A change booked after missed days is of several days and can't be the best of one.
    """
    gains = [each for each in changes if each.days_count == 1 and (each.change or 0) > 0]
    return max(gains, key=lambda each: (each.change or 0, each.day), default=None)


def find_worst_day(changes: Sequence[DailyChange]) -> DailyChange | None:
    """The day with the largest loss, of equals the newest; None when no day lost.

    As in `find_best_day`, a change of several days can't be the worst of one.
    """
    losses = [each for each in changes if each.days_count == 1 and (each.change or 0) < 0]
    return max(losses, key=lambda each: (-(each.change or 0), each.day), default=None)
