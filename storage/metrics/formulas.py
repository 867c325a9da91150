"""Formulas: growth of a period from its start and end, ratios of two figures, and the median."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

# Below this base a percentage is noise; Facebook gives no insights for such a Page either.
MIN_BASE = 100

DAYS_IN_A_WEEK = 7
A_DAY = timedelta(days=1)


def ends_of_period(
    figures: Mapping[date, int | None], since: date, until: date
) -> tuple[int | None, int | None]:
    """Return one Page's start and end of the period `since` to `until`, both days included.

    The start is the figure of the day before `since`, the end that of `until`. Each may be one day
    older; not the end of a single day, which would be its start. Where there is none, it is None,
    and the Page can't be compared.
    """

    def at(day: date) -> int | None:
        figure = figures.get(day)
        return figures.get(day - A_DAY) if figure is None else figure

    return at(since - A_DAY), figures.get(until) if since == until else at(until)


def net(start: int | None, end: int | None) -> int | None:
    """Return people at the end minus people at the start; None when either is unknown."""
    return None if start is None or end is None else end - start


def growth_percent(start: int | None, end: int | None) -> float | None:
    """Return net as a percentage of the start: 500 → 510 is 2.0.

    None when either is unknown or the start is below MIN_BASE. For many Pages pass the sums of
    their starts and ends; a mean of their rates would be wrong.
    """
    if start is None or end is None or start < MIN_BASE:
        return None
    return 100 * (end - start) / start


def average_weekly_growth_percent(
    start: int | None, end: int | None, days_count: int
) -> float | None:
    """Return the compound growth per week, in percent: 500 → 2,000 in 14 days is 100.

    None as in `growth_percent`. A fall to 0 is -100 for any number of days. Periods shorter than a
    week are extrapolated. Raises ValueError unless ``days_count`` is 1 or more.
    """
    if days_count < 1:
        raise ValueError("a period has at least one day")
    if start is None or end is None or start < MIN_BASE:
        return None
    return 100 * float((end / start) ** (DAYS_IN_A_WEEK / days_count) - 1)


def growth_per_day(start: int | None, end: int | None, days_count: int) -> float | None:
    """Return net divided by days, in people a day; None when either figure is unknown.

    Raises ValueError unless ``days_count`` is 1 or more.
    """
    if days_count < 1:
        raise ValueError("a period has at least one day")
    change = net(start, end)
    return None if change is None else change / days_count


def delta(current: int | None, previous: int | None) -> int | None:
    """Return a figure minus that of the previous period; None when either is unknown."""
    return None if current is None or previous is None else current - previous


def delta_points(current: float | None, previous: float | None) -> float | None:
    """Return a rate minus the previous one, in percentage points: 1.2 % → 1.5 % is 0.3.

    None when either is unknown.
    """
    return None if current is None or previous is None else current - previous


def index(figure: int | None, base: int | None) -> float | None:
    """Return the figure as an index with base 100: 550 to a base of 500 is 110.

    It makes Pages of different size comparable. None when either is unknown or the base is 0.
    """
    if figure is None or not base:
        return None
    return 100 * figure / base


def fan_follower_ratio(fans: int | None, followers: int | None) -> float | None:
    """Return fans divided by followers: it falls as a Page gains followers without likes.

    None when either is unknown or there are no followers.
    """
    if fans is None or not followers:
        return None
    return fans / followers


def median(values: Iterable[float | None]) -> float | None:
    """Return the median of the known values, for an even count the mean of the middle two.

    None when no value is known.
    """
    numbers = [value for value in values if value is not None]
    return float(statistics.median(numbers)) if numbers else None
