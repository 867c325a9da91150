"""The growth line: one total per day over the Pages that can be compared, like for like.

A sum over whatever Pages have a figure that day would jump whenever a Page joins or misses a day.
So only Pages with a figure on both ends of the period count. On a day when one of them has none,
its last figure stands and its change is booked on the day it is seen again. A day on which none of
them has a figure is a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy.orm import Session

from storage.arrays import MISSING, Column, Positions
from storage.columns import read, take
from storage.ends import A_DAY
from storage.filtering import EVERY_PAGE, Filter, Metric
from storage.period_ends import find_ends

# Columns of 10,000 Pages are 80 kB each: so many are held at once.
DAYS_AT_ONCE = 64


@dataclass(frozen=True)
class DailyTotal:
    """One day of the growth line.

    ``total`` is None on a day on which no counted Page has a figure. ``change`` is against the last
    day that has a total; None on a gap and on the day before `since`, where the line starts. The
    changes add up to the net of the period, the last total is its end.
    """

    day: date
    total: int | None
    change: int | None


def list_daily_totals(
    session: Session, *, since: date, until: date, metric: Metric, filter: Filter = EVERY_PAGE
) -> list[DailyTotal]:
    """One row for every day from the day before `since` to `until`, oldest first."""
    ends = find_ends(session, filter, since, until, metric)
    # In their order the numbers of a column are read one after another.
    counted = np.sort(ends.positions[ends.are_there])
    if not len(counted):
        return [DailyTotal(day, None, None) for day in _days(since - A_DAY, until)]
    line: list[DailyTotal] = []
    last = int(ends.start[ends.are_there].sum())
    for day, total in _totals(session, counted, since, until, metric):
        if total is None:
            line.append(DailyTotal(day, None, None))
        else:
            line.append(DailyTotal(day, total, total - last if day >= since else None))
            last = total
    return line


def _totals(
    session: Session, counted: Positions, since: date, until: date, metric: Metric
) -> Iterator[tuple[date, int | None]]:
    """For each day the sum over the counted Pages, whose last figures stand where one is missing.

    Each of them has a figure where the period starts, so there is one to begin with.
    """
    standing = take(None, counted)
    for day, column in _columns(session, since - 2 * A_DAY, until, metric):
        figures = take(column, counted)
        is_missing = figures == MISSING
        if is_missing.any():
            figures[is_missing] = standing[is_missing]
        standing = figures
        if day >= since - A_DAY:
            yield day, None if is_missing.all() else int(figures.sum())


def _columns(
    session: Session, first: date, last: date, metric: Metric
) -> Iterator[tuple[date, Column | None]]:
    days = _days(first, last)
    for start in range(0, len(days), DAYS_AT_ONCE):
        at_once = days[start : start + DAYS_AT_ONCE]
        columns = read(session, metric, at_once)
        yield from ((day, columns.get(day)) for day in at_once)


def _days(first: date, last: date) -> list[date]:
    return [first + number * A_DAY for number in range((last - first).days + 1)]
