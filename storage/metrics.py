"""The figures' names and formulas, in one place: no Streamlit, no SQL, no clock.

A figure is a whole number of people at the end of a day; None is a figure that is not known, and
whatever is made of it is not known either. 0 is a figure like any other. Percentages are numbers
from 0 to 100 and beyond, not ratios; "pp" are percentage points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# Below this base a percentage says nothing, and Facebook gives no insights for such a Page either.
SMALLEST_BASE = 100

DAYS_IN_A_WEEK = 7
A_DAY = timedelta(days=1)


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


def net(start: int | None, end: int | None) -> int | None:
    """Net new: people at the end minus people at the start. None when either is not known."""
    return None if start is None or end is None else end - start


def growth_percent(start: int | None, end: int | None) -> float | None:
    """Net by start, in percent of the start: 500 → 510 is 2.0.

    None when either is not known, and when the start is below SMALLEST_BASE (so never a division
    by 0). For many Pages together: the sums of their starts and ends, not a mean of their rates.
    """
    if start is None or end is None or start < SMALLEST_BASE:
        return None
    return 100 * (end - start) / start


def average_weekly_growth_percent(
    start: int | None, end: int | None, days_count: int
) -> float | None:
    """The growth per week that leads from start to end, compounded: 500 → 2,000 in 14 days is 100.

    In percent; None as in `growth_percent`. A fall to 0 is -100, whatever the days. Periods shorter
    than a week are extrapolated. Raises ValueError unless ``days_count`` is 1 or more.
    """
    if days_count < 1:
        raise ValueError("a period has at least one day")
    if start is None or end is None or start < SMALLEST_BASE:
        return None
    return 100 * float((end / start) ** (DAYS_IN_A_WEEK / days_count) - 1)


def growth_per_day(start: int | None, end: int | None, days_count: int) -> float | None:
    """Net by days, in people a day. None when either figure is not known.

    Raises ValueError unless ``days_count`` is 1 or more.
    """
    if days_count < 1:
        raise ValueError("a period has at least one day")
    change = net(start, end)
    return None if change is None else change / days_count


def delta(current: int | None, previous: int | None) -> int | None:
    """By how much a figure differs from the previous period's. None when either is not known."""
    return None if current is None or previous is None else current - previous


def delta_points(current: float | None, previous: float | None) -> float | None:
    """By how much a rate differs from the previous one, in percentage points: 1.2 % → 1.5 % is 0.3.

    None when either is not known.
    """
    return None if current is None or previous is None else current - previous


def ends_of_period(
    figures: Mapping[date, int | None], since: date, until: date
) -> tuple[int | None, int | None]:
    """One Page's figures at the start and at the end of the days `since` to `until`, both included.

    The start is the figure of the day before `since`, the end that of `until`; each may be one day
    older, no more, else it is None and the Page can't be compared.
    """

    def at(day: date) -> int | None:
        figure = figures.get(day)
        return figures.get(day - A_DAY) if figure is None else figure

    return at(since - A_DAY), at(until)


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
    gains = [day for day in changes if day.change is not None and day.change > 0]
    single = [day for day in gains if day.days_count == 1]
    return max(single, key=lambda day: (day.change or 0, day.day), default=None)
