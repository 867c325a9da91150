"""A period's two ends, and what is made of them: net, growth, and the difference to before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

# Below this base a percentage says nothing, and Facebook gives no insights for such a Page either.
MIN_BASE = 100

DAYS_IN_A_WEEK = 7
A_DAY = timedelta(days=1)


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


def net(start: int | None, end: int | None) -> int | None:
    """Net new: people at the end minus people at the start. None when either is not known."""
    return None if start is None or end is None else end - start


def growth_percent(start: int | None, end: int | None) -> float | None:
    """Net by start, in percent of the start: 500 → 510 is 2.0.

    None when either is not known, and when the start is below MIN_BASE (so never a division
    by 0). For many Pages together: the sums of their starts and ends, not a mean of their rates.
    """
    if start is None or end is None or start < MIN_BASE:
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
    if start is None or end is None or start < MIN_BASE:
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
