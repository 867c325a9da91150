"""The figures of all Pages of a filter at both ends of a period, as columns.

The same rule as `storage.ends`, for many Pages at once: the start is the value of the day before
`since`, the end that of `until`; each may be one day older and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from storage.columns import MISSING, Column, Positions, read, take
from storage.ends import A_DAY, newest_before, since_of
from storage.filtering import Metric
from storage.metrics import SMALLEST_BASE
from storage.roster import rows_at

Mask = np.ndarray[Any, np.dtype[np.bool_]]


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
    session: Session, positions: Positions, since: date, until: date, metric: Metric
) -> PeriodEnds:
    """Both ends of the period for the Pages at ``positions``."""
    days = (since - A_DAY, since - 2 * A_DAY, until, until - A_DAY)
    columns = read(session, metric, set(days))
    start, older_start, end, older_end = (take(columns.get(day), positions) for day in days)
    return PeriodEnds(
        positions,
        np.where(start == MISSING, older_start, start),
        np.where(end == MISSING, older_end, end),
    )


def find_newest(session: Session, ends: PeriodEnds, until: date, metric: Metric) -> Column:
    """Every Page's newest figure up to ``until``, however old; MISSING where there was none."""
    newest = ends.end.copy()
    places = np.flatnonzero(newest == MISSING)
    if len(places):
        value = newest_before(metric, until - A_DAY)
        rows = rows_at(session, [value], ends.positions[places])
        for place in places:
            row = rows.get(int(ends.positions[place]))
            if row is not None and row[1] is not None:
                newest[place] = row[1]
    return newest


def had_figures_before(session: Session, positions: Positions, day: date, metric: Metric) -> Mask:
    """Whether the Pages at ``positions`` had a figure before ``day``."""
    rows = rows_at(session, [since_of(metric).expression], positions)
    firsts = [rows[int(place)][1] if int(place) in rows else None for place in positions]
    return np.array([first is not None and first < day for first in firsts], dtype=np.bool_)
