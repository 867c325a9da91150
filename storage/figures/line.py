"""Growth line: one total a day, or a week, of the Pages that can be compared.

Only Pages with a figure at both ends of the period count: a sum over all Pages would jump when a
Page joins or misses a day. On a day without a figure a Page counts with its last figure, and its
change is booked on the day of the next one. A day on which no such Page has a figure is a gap.

SQL adds up the days. Only for Pages that lack a day is the last figure looked up one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, Date, Executable, Select, bindparam, func, select
from sqlalchemy.orm import Session

from storage.accounts.archive import archived_ids
from storage.db.upsert import table_of
from storage.figures.filters import A_DAY, EVERY_PAGE, Filter, Metric, filter_conditions
from storage.figures.period_ends import PeriodEnds
from storage.models import Page, Snapshot

# Longer lines have a point a week: on a screen 365 points look like 52.
MAX_DAILY_DAYS = 90
A_WEEK = timedelta(days=7)
# Databases limit the parameters of one statement (SQLite: 32,766).
PAGES_AT_ONCE = 1_000


@dataclass(frozen=True)
class LinePoint:
    """One point of a growth line.

    Both values are None on a gap: a day or week in which no counted Page has a figure. ``change``
    is the difference to the last point with a total, or to the start of the period; None at the
    start itself. The changes add up to the net of the period, and the last total is its end.
    """

    day: date
    total: int | None
    change: int | None


def is_weekly(since: date, until: date) -> bool:
    """Return whether lines of many Pages have a point a week in this period."""
    return (until - since).days + 1 > MAX_DAILY_DAYS


def list_line_days(since: date, until: date) -> list[date]:
    """Return the days of a line's points, oldest first, from the day before ``since`` to ``until``.

    Every day; if `is_weekly`, only ``until`` and every seventh day before it.
    """
    step = A_WEEK if is_weekly(since, until) else A_DAY
    count = (until - (since - A_DAY)) // step
    return [until - number * step for number in range(count, -1, -1)]


def is_one_of(column: ColumnElement[date], days: Sequence[date]) -> ColumnElement[bool]:
    """Return the condition that a day is one of ``days``, which are in order, up or down.

    Days without a gap are a range, which PostgreSQL reads several times faster than a list.
    """
    first, last = min(days[0], days[-1]), max(days[0], days[-1])
    is_unbroken = (last - first).days + 1 == len(days)
    return column.between(first, last) if is_unbroken else column.in_(days)


def load_line(
    session: Session,
    ends: PeriodEnds,
    metric: Metric,
    filter: Filter,
    days: Sequence[date] | None = None,
) -> list[LinePoint]:
    """Return the growth line of ``ends``, oldest point first; ``filter`` is the one of ``ends``.

    A point of a week has the last total of that week. ``days`` are those of the points, at least
    two, by default those of `list_line_days`.
    """
    of_metric = ends.of(metric)
    are_comparable = of_metric.are_comparable()
    pages = _LinePages([], [], [])
    if filter == EVERY_PAGE:
        pages.other_ids.extend(session.scalars(archived_ids()))
    else:
        pages.conditions.extend(filter_conditions(filter, ends.until))
    for page_id, counts in zip(ends.page_ids, are_comparable, strict=True):
        (pages.comparable_ids if counts else pages.other_ids).append(page_id)
    days = days or list_line_days(ends.since, ends.until)
    if not pages.comparable_ids:
        return [LinePoint(day, None, None) for day in days]
    totals = _load_totals(session, metric, pages, days, ends.since - A_DAY)
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


def load_line_before(
    session: Session, ends: PeriodEnds, before: PeriodEnds, metric: Metric, filter: Filter
) -> list[LinePoint]:
    """Return the line of the period ``before`` for the Pages that the line of ``ends`` counts.

    Its points are as far from its start as those of the line of ``ends``, so that the two can be
    drawn on top of each other, and none lies after its end. Empty where one of the Pages has no
    figure at both ends of ``before``: a sum of fewer Pages would look like growth. Both are of the
    same call of `load_period_ends`.
    """
    counted = ends.of(metric).are_comparable()
    earlier = before.of(metric)
    if not any(counted) or any(
        counts and not has_both
        for counts, has_both in zip(counted, earlier.are_comparable(), strict=True)
    ):
        return []
    same = replace(
        earlier,
        start=[
            figure if counts else None
            for figure, counts in zip(earlier.start, counted, strict=True)
        ],
    )
    of_same = replace(before, fans=same) if metric == "fans" else replace(before, followers=same)
    apart = ends.since - before.since
    days = [day - apart for day in list_line_days(ends.since, ends.until)]
    days = [day for day in days if day <= before.until]
    return load_line(session, of_same, metric, filter, days)


@dataclass(frozen=True)
class _LinePages:
    """The Pages of the filter: the comparable ones, and those that the line leaves out.

    ``conditions`` are the filter as conditions on Page. They are empty for every Page; then the
    archived ones are among the others.
    """

    comparable_ids: list[str]
    other_ids: list[str]
    conditions: list[ColumnElement[bool]]


def _load_totals(
    session: Session, metric: Metric, pages: _LinePages, days: Sequence[date], first_day: date
) -> dict[date, int]:
    """Return the total of each point; gaps are absent. ``first_day`` is the start of the line."""
    sums = _sum_comparable(session, metric, pages, days)
    day_of_point = {day: day for day in days if day in sums}
    if days[1] - days[0] > A_DAY:
        # Where a point's own day has no figure, it shows the last day of its week that has one.
        weeks = {day: _week_before(day, first_day) for day in days if day not in sums}
        earlier_days = [earlier for week in weeks.values() for earlier in week]
        sums |= _sum_comparable(session, metric, pages, earlier_days)
        for day, week in weeks.items():
            for earlier in week:
                if earlier in sums:
                    day_of_point[day] = earlier
    expected = len(pages.comparable_ids)
    lacking_days = [day for day in set(day_of_point.values()) if sums[day][0] < expected]
    carried = _sum_carried(session, metric, pages, lacking_days)
    return {point: sums[day][1] + carried.get(day, 0) for point, day in day_of_point.items()}


# By day: the number of Pages with a figure, and the sum of these figures.
_Sums = dict[date, tuple[int, int]]


def _sum_comparable(
    session: Session, metric: Metric, pages: _LinePages, days: Sequence[date]
) -> _Sums:
    """Sum the comparable Pages; days on which none of them has a figure are absent."""
    if not days:
        return {}
    if pages.conditions and len(pages.other_ids) <= PAGES_AT_ONCE:
        counted = select(Page.id).where(*pages.conditions, Page.id.not_in(pages.other_ids))
        is_counted = table_of(Snapshot).c.page_id.in_(counted)
        sums = _sum_days(session, metric, days, is_counted)
        return {day: (count, total) for day, (count, total) in sums.items() if count}
    if pages.conditions or len(pages.other_ids) > len(pages.comparable_ids):
        return _sum_pages(session, metric, days, pages.comparable_ids)
    # All Pages minus the others: fewer ids to search for.
    all_sums = _sum_days(session, metric, days)
    other_sums = _sum_pages(session, metric, days, pages.other_ids)
    sums = {}
    for day, (count, total) in all_sums.items():
        other_count, other_total = other_sums.get(day, (0, 0))
        if count > other_count:
            sums[day] = (count - other_count, total - other_total)
    return sums


def _sum_pages(
    session: Session, metric: Metric, days: Sequence[date], page_ids: Sequence[str]
) -> _Sums:
    """Sum the Pages with these ids; days on which none of them has a figure are absent."""
    sums: _Sums = {}
    for some in _chunks(page_ids):
        is_one = table_of(Snapshot).c.page_id.in_(some)
        for day, (count, total) in _sum_days(session, metric, days, is_one).items():
            if count:
                sum_count, sum_total = sums.get(day, (0, 0))
                sums[day] = (sum_count + count, sum_total + total)
    return sums


def _sum_days(
    session: Session, metric: Metric, days: Sequence[date], *conditions: ColumnElement[bool]
) -> _Sums:
    """Sum the snapshots that meet the conditions, on each of ``days``, which are oldest first."""
    table = table_of(Snapshot).c
    figure = table[f"{metric}_count"]
    statement = (
        select(table.day, func.count(figure), func.sum(figure))
        .where(is_one_of(table.day, days), *conditions)
        .group_by(table.day)
    )
    rows = session.connection().execute(statement).all()
    return {day: (count, int(total or 0)) for day, count, total in rows}


def _sum_carried(
    session: Session, metric: Metric, pages: _LinePages, days: Sequence[date]
) -> dict[date, int]:
    """Sum for each of ``days`` the last figures before it of the Pages that have none on it."""
    if not days:
        return {}
    connection = session.connection()
    list_present = _list_present(metric)
    if pages.conditions:
        of_filter = select(Page.id).where(*pages.conditions)
        list_present = list_present.where(table_of(Snapshot).c.page_id.in_(of_filter))
    sums = {}
    for day, present_ids in connection.execute(list_present, {"days": days}).all():
        present = set(present_ids.split(","))
        absent = [page_id for page_id in pages.comparable_ids if page_id not in present]
        sums[day] = sum(
            int(connection.scalar(_last_before_day(metric), {"day": day, "page_ids": some}) or 0)
            for some in _chunks(absent)
        )
    return sums


@lru_cache(2)
def _list_present(metric: Metric) -> Select[date, str]:
    """Select the ids of the Pages with a figure on each of some days, joined by commas."""
    table = table_of(Snapshot).c
    # As one text: a row for each id takes the drivers several times as long.
    return (
        select(table.day, func.aggregate_strings(table.page_id, ","))
        .where(table.day.in_(bindparam("days", expanding=True)))
        .where(table[f"{metric}_count"].is_not(None))
        .group_by(table.day)
    )


@lru_cache(2)
def _last_before_day(metric: Metric) -> Executable:
    """Select the sum of the last figures before a day, over some Pages."""
    table = table_of(Snapshot).c
    figure = table[f"{metric}_count"]
    last_figure = (
        select(figure)
        .where(table.page_id == Page.id, table.day < bindparam("day", type_=Date()))
        .where(figure.is_not(None))
        .order_by(table.day.desc())
        .limit(1)
        .correlate(Page)
        .scalar_subquery()
    )
    of_pages = Page.id.in_(bindparam("page_ids", expanding=True))
    return select(func.sum(last_figure)).where(of_pages)


def _week_before(day: date, first: date) -> list[date]:
    """Return the six days before ``day``, oldest first, without those before ``first``."""
    return [each for n in range(6, 0, -1) if (each := day - n * A_DAY) >= first]


def _chunks(page_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(page_ids), PAGES_AT_ONCE):
        yield page_ids[start : start + PAGES_AT_ONCE]
