"""Growth line: one total a day, or a week, over the Pages that can be compared, like for like.

A sum over whatever Pages have a figure that day would jump whenever a Page joins or misses a day.
So only Pages with a figure on both ends of the period count. On a day when one of them has none,
its last figure stands and its change is booked on the day it is seen again. A day on which none of
them has a figure is a gap.

Days are added up in SQL. Only Pages that lack a day on which others have figures are looked at one
by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Date, bindparam, func, select
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.figures.filters import A_DAY, Filter, Metric, filter_conditions
from storage.figures.period_ends import PeriodEnds
from storage.models import Page, Snapshot

# Longer lines have a point a week: on a screen nobody tells 365 points from 52.
MAX_DAILY_DAYS = 90
A_WEEK = timedelta(days=7)
# Databases limit the parameters of one statement (SQLite: 32,766).
PAGES_AT_ONCE = 1_000


@dataclass(frozen=True)
class LinePoint:
    """One point of a growth line.

    ``total`` is None on a day, or in a week, in which no counted Page has a figure. ``change`` is
    against the last point that has a total; of the first point against the start of the period, and
    None where it is the start. Also None on a gap. The changes add up to the net of the period, the
    last total is its end.
    """

    day: date
    total: int | None
    change: int | None


def is_weekly(since: date, until: date) -> bool:
    """Whether the lines of many Pages have a point a week in this period."""
    return (until - since).days + 1 > MAX_DAILY_DAYS


def list_line_days(since: date, until: date) -> list[date]:
    """The days of a line's points, oldest first, from the day before ``since`` on.

    Every day; where `is_weekly` only ``until``, the day seven days before it, and so on.
    """
    step = A_WEEK if is_weekly(since, until) else A_DAY
    count = (until - (since - A_DAY)) // step
    return [until - number * step for number in range(count, -1, -1)]


def load_line(
    session: Session, ends: PeriodEnds, metric: Metric, filter: Filter
) -> list[LinePoint]:
    """The line of ``ends``, which are of the same filter, oldest point first.

    A point of a week is the last total that there is in it.
    """
    of_metric = ends.of(metric)
    are_comparable = of_metric.are_comparable()
    line = _Line(session, ends, metric, filter, are_comparable)
    days = list_line_days(ends.since, ends.until)
    if not line.comparable_ids:
        return [LinePoint(day, None, None) for day in days]
    totals = line.find_totals(days)
    last = sum(
        start or 0 for start, counts in zip(of_metric.start, are_comparable, strict=True) if counts
    )
    points: list[LinePoint] = []
    for day in days:
        total = totals.get(day)
        if total is None:
            points.append(LinePoint(day, None, None))
            continue
        points.append(LinePoint(day, total, total - last if day >= ends.since else None))
        last = total
    return points


class _Line:
    """What the sums of one line need."""

    def __init__(
        self,
        session: Session,
        ends: PeriodEnds,
        metric: Metric,
        filter: Filter,
        are_comparable: Sequence[bool],
    ) -> None:
        self._session = session
        self._ends = ends
        self._table = table_of(Snapshot).c
        self._figure: Column[Any] = self._table[f"{metric}_count"]
        self._conditions = filter_conditions(filter, ends.until)
        self.comparable_ids: list[str] = []
        self._others: list[str] = []
        for page_id, counts in zip(ends.page_ids, are_comparable, strict=True):
            (self.comparable_ids if counts else self._others).append(page_id)
        self._put_together()

    def find_totals(self, days: Sequence[date]) -> dict[date, int]:
        """The total of each point; gaps are absent."""
        sums = self._sum_days(days)
        shown = {day: day for day in days if day in sums}
        if is_weekly(self._ends.since, self._ends.until):
            # Where a point's own day has no figure, the last day of its week that has some.
            lacking = [day for day in days if day not in sums]
            others = {day: _week_before(day, self._ends.since - A_DAY) for day in lacking}
            sums |= self._sum_days([each for week in others.values() for each in week])
            for day, week in others.items():
                with_figures = [each for each in week if each in sums]
                if with_figures:
                    shown[day] = with_figures[-1]
        carried = {
            each: self._carry(each)
            for each in set(shown.values())
            if sums[each][0] < len(self.comparable_ids)
        }
        return {day: sums[each][1] + carried.get(each, 0) for day, each in shown.items()}

    def _sum_days(self, days: Sequence[date]) -> dict[date, tuple[int, int]]:
        """How many comparable Pages have a figure, and its sum; days without any are absent."""
        if not days:
            return {}
        if len(self._others) > len(self.comparable_ids):
            counted, left_out = self._sums_of(days, self.comparable_ids), {}
        else:
            of_filter = select(Page.id).where(*self._conditions)
            condition = [self._table.page_id.in_(of_filter)] if self._conditions else []
            counted = self._sums(days, *condition)
            left_out = self._sums_of(days, self._others)
        sums = {}
        for day, (count, total) in counted.items():
            others_count, others_total = left_out.get(day, (0, 0))
            if count > others_count:
                sums[day] = (count - others_count, total - others_total)
        return sums

    def _sums_of(
        self, days: Sequence[date], page_ids: Sequence[str]
    ) -> dict[date, tuple[int, int]]:
        sums: dict[date, tuple[int, int]] = {}
        for some in _chunks(page_ids):
            for day, (count, total) in self._sums(days, self._table.page_id.in_(some)).items():
                counted, summed = sums.get(day, (0, 0))
                sums[day] = (counted + count, summed + total)
        return sums

    def _sums(
        self, days: Sequence[date], *conditions: ColumnElement[bool]
    ) -> dict[date, tuple[int, int]]:
        statement = (
            select(self._table.day, func.count(self._figure), func.sum(self._figure))
            .where(self._is_of(days), *conditions)
            .group_by(self._table.day)
        )
        rows = self._session.connection().execute(statement)
        return {day: (count, int(total or 0)) for day, count, total in rows}

    def _carry(self, day: date) -> int:
        """What the comparable Pages without a figure on a day add to it: their last figures."""
        connection = self._session.connection()
        text = connection.execute(self._present, {"day": day}).scalar() or ""
        present = set(text.split(","))
        lacking = [page_id for page_id in self.comparable_ids if page_id not in present]
        return sum(
            int(connection.execute(self._last, {"day": day, "page_ids": some}).scalar() or 0)
            for some in _chunks(lacking)
        )

    def _put_together(self) -> None:
        """Make the statements of `_carry`, which is called for many days."""
        day = bindparam("day", type_=Date())
        # The ids as one text: a row for each takes the drivers several times as long.
        self._present = select(func.aggregate_strings(self._table.page_id, ",")).where(
            self._table.day == day, self._figure.is_not(None)
        )
        last_figure = (
            select(self._figure)
            .where(self._table.page_id == Page.id, self._table.day < day)
            .where(self._figure.is_not(None))
            .order_by(self._table.day.desc())
            .limit(1)
            .correlate(Page)
            .scalar_subquery()
        )
        of_these = Page.id.in_(bindparam("page_ids", expanding=True))
        self._last = select(func.sum(last_figure)).where(of_these)

    def _is_of(self, days: Sequence[date]) -> ColumnElement[bool]:
        if is_weekly(self._ends.since, self._ends.until):
            return self._table.day.in_(days)
        return self._table.day.between(days[0], days[-1])


def _week_before(day: date, first: date) -> list[date]:
    """The six days before a day, oldest first, none of them before ``first``."""
    return [each for n in range(6, 0, -1) if (each := day - n * A_DAY) >= first]


def _chunks(page_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(page_ids), PAGES_AT_ONCE):
        yield page_ids[start : start + PAGES_AT_ONCE]
