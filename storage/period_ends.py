"""The figures of all Pages of a filter at both ends of a period, as columns.

The same rule as `storage.ends`, for many Pages at once: the start is the value of the day before
`since`, the end that of `until`; each may be one day older and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from storage.arrays import MISSING, Column, Mask, Positions
from storage.columns import read, take
from storage.ends import A_DAY, newest_before, since_of
from storage.engine import remembered
from storage.filtering import METRICS, Filter, Metric
from storage.metrics import SMALLEST_BASE
from storage.roster import find_positions, rows_at


@dataclass(frozen=True, eq=False)
class PeriodEnds:
    """One metric at both ends, in the order of ``positions``; MISSING where unknown."""

    positions: Positions
    start: Column
    end: Column

    @cached_property
    def are_there(self) -> Mask:
        """Which Pages are comparable: a figure on both ends."""
        are_there: Mask = (self.start != MISSING) & (self.end != MISSING)
        return are_there

    @cached_property
    def net(self) -> Column:
        """The change in the period; MISSING when the Page is not comparable."""
        return np.where(self.are_there, self.end - self.start, MISSING)

    def growth_percent(self, smallest_base: int = SMALLEST_BASE) -> np.ndarray[Any, Any]:
        """Net by start; NaN when not comparable or the start is below the base."""
        is_enough = self.are_there & (self.start >= max(smallest_base, 1))
        rates = np.full(len(self.positions), np.nan)
        rates[is_enough] = 100 * self.net[is_enough] / self.start[is_enough]
        return rates


def find_ends(
    session: Session, filter: Filter, since: date, until: date, metric: Metric
) -> PeriodEnds:
    """Both ends of the period for the filter's Pages, in the order of their names."""
    known, key = remembered(session, "ends"), (filter, since, until, metric)
    if key not in known:
        positions = find_positions(session, filter, until)
        known[key] = find_ends_at(session, positions, since, until, metric)
    found: PeriodEnds = known[key]
    return found


def find_newest(session: Session, filter: Filter, until: date, metric: Metric) -> Column:
    """The newest figure up to ``until`` of the filter's Pages, however old, in the same order;
    MISSING where there was none."""
    known, key = remembered(session, "newest"), (filter, until, metric)
    if key not in known:
        positions = find_positions(session, filter, until)
        known[key] = find_newest_at(session, positions, until, metric)
    found: Column = known[key]
    return found


def find_ends_at(
    session: Session, positions: Positions, since: date, until: date, metric: Metric
) -> PeriodEnds:
    """Both ends of the period for the Pages at ``positions``."""
    first, last = _value_of(session, positions, (since - A_DAY, until), metric)
    return PeriodEnds(positions, first, last)


def find_newest_at(session: Session, positions: Positions, until: date, metric: Metric) -> Column:
    """The newest figure up to ``until`` of the Pages at ``positions``; MISSING where none was."""
    (newest,) = _value_of(session, positions, (until,), metric)
    places = np.flatnonzero(newest == MISSING)
    if len(places):
        value = newest_before(metric, until - A_DAY)
        rows = rows_at(session, [value], positions[places])
        for place in places:
            row = rows.get(int(positions[place]))
            if row is not None and row[1] is not None:
                newest[place] = row[1]
    return newest


def _value_of(
    session: Session, positions: Positions, days: Sequence[date], metric: Metric
) -> list[Column]:
    """The value of each day, which may be one day older."""
    columns = read(session, metric, {day - age for day in days for age in (0 * A_DAY, A_DAY)})
    values = []
    for day in days:
        value, older = (take(columns.get(each), positions) for each in (day, day - A_DAY))
        values.append(np.where(value == MISSING, older, value))
    return values


def find_first_days(session: Session, positions: Positions, metric: Metric) -> list[date | None]:
    """The first day with a figure of the Pages at ``positions``, in this order; None before it."""
    # Two periods and both metrics mostly lack the same Pages.
    known = dict(remembered(session, "first days"))
    unknown = [place for place in positions.tolist() if place not in known]
    if unknown:
        firsts = [since_of(each).expression for each in METRICS]
        rows = rows_at(session, firsts, np.array(unknown))
        known |= {place: rows[place][1:] if place in rows else (None, None) for place in unknown}
        remembered(session, "first days").update(known)
    at = METRICS.index(metric)
    return [known[place][at] for place in positions.tolist()]
