"""Period ends: loads each Page's figures at the start and end of periods, in one statement.

Totals, net, growth, movers, medians and the order of the table are computed from them. The start is
the figure of the day before `since`, the end that of `until`. Each may be one day older, so until
today's snapshot is taken the end is yesterday's figure. The end of a single day may not: it would
be its start, and the change 0. A Page without both can't be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from storage.accounts.archive import archived_ids
from storage.db.upsert import table_of
from storage.figures.filters import A_DAY, EVERY_PAGE, Filter, Metric, filter_conditions
from storage.models import Page, Snapshot, UtcDateTime

Figures = Sequence[int | None]


@dataclass(frozen=True, eq=False)
class MetricEnds:
    """One metric of every Page, in the order of `PeriodEnds.page_ids`; None where unknown.

    ``newest`` is the last figure up to `until`, of any age. ``first_day`` is the first day with a
    figure, even after `until`; it is loaded only for Pages without a start or an end.
    """

    start: Figures
    end: Figures
    newest: Figures
    first_day: Sequence[date | None]

    def are_comparable(self) -> list[bool]:
        """Return for each Page whether it has a figure at both ends."""
        return [
            start is not None and end is not None
            for start, end in zip(self.start, self.end, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class PeriodEnds:
    """The Pages of a filter, by name, then id, with both metrics at both ends of a period.

    `since` and `until` are included. ``are_new``: the Page was first seen within the period.
    """

    since: date
    until: date
    page_ids: Sequence[str]
    names: Sequence[str]
    are_new: Sequence[bool]
    fans: MetricEnds
    followers: MetricEnds

    def of(self, metric: Metric) -> MetricEnds:
        """Return the ends of one metric."""
        return self.fans if metric == "fans" else self.followers


def load_period_ends(
    session: Session, filter: Filter, *periods: tuple[date, date], until: date | None = None
) -> list[PeriodEnds]:
    """Return both ends of each period, given as (`since`, `until`), for the Pages of the filter.

    ``until`` is the day by which the filter judges attention; by default the end of the first
    period.
    """
    days = sorted({day for period in periods for day in (_start(*period), _end(*period))})
    ends = sorted({days.index(_end(*period)) for period in periods})
    judged_on = (until or periods[0][1]) if filter.attention else date.min
    statement = _statement(filter, judged_on, len(days), tuple(ends), len(periods))
    values: dict[str, Any] = {}
    for number, (day, oldest) in enumerate(days):
        values |= {f"day{number}": day, f"older{number}": oldest}
    for number, (since, last) in enumerate(periods):
        values |= {f"since{number}": _midnight(since), f"until{number}": _midnight(last + A_DAY)}
    rows = session.connection().execute(statement, values).all()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(statement.selected_columns)
    page_ids, names, *columns = columns
    are_new, columns = columns[: len(periods)], columns[len(periods) :]
    fans, followers = columns[: len(columns) // 2], columns[len(columns) // 2 :]
    return [
        PeriodEnds(
            since,
            last,
            page_ids,
            names,
            new,
            *(
                # A metric's columns: the figure of each day, the newest of each end, the first day.
                MetricEnds(
                    each[days.index(_start(since, last))],
                    each[days.index(_end(since, last))],
                    each[len(days) + ends.index(days.index(_end(since, last)))],
                    each[-1],
                )
                for each in (fans, followers)
            ),
        )
        for (since, last), new in zip(periods, are_new, strict=True)
    ]


def _start(since: date, until: date) -> tuple[date, date]:
    """Return the day of a period's start, and the oldest day whose figure may stand for it."""
    return since - A_DAY, since - 2 * A_DAY


def _end(since: date, until: date) -> tuple[date, date]:
    """Return the day of a period's end, and the oldest day whose figure may stand for it."""
    return until, until - A_DAY if since < until else until


def count_first_days(session: Session, filter: Filter, metric: Metric) -> dict[date, int]:
    """Return the number of the filter's Pages whose first figure is of a day, by day.

    Pages without any figure are left out. ``filter`` is without attention.
    """
    first_days = (
        select(_first_day(f"{metric}_count").label("day"))
        .select_from(table_of(Page))
        .where(*filter_conditions(filter, date.min))
        .subquery()
    )
    day = first_days.c.day
    statement = select(day, func.count()).where(day.is_not(None)).group_by(day)
    rows = session.connection().execute(statement)
    return dict(tuple(row) for row in rows)


def find_newest_day(session: Session, filter: Filter, metric: Metric, until: date) -> date | None:
    """Return the newest day up to ``until`` with a figure of any of the filter's Pages."""
    snapshots = table_of(Snapshot).alias()
    newest: Select[date] = (
        select(snapshots.c.day)
        .where(snapshots.c.day <= until, snapshots.c[f"{metric}_count"].is_not(None))
        .order_by(snapshots.c.day.desc())
        .limit(1)
    )
    if filter == EVERY_PAGE:  # the index by day begins with it
        newest = newest.where(snapshots.c.page_id.not_in(archived_ids()))
        return session.connection().scalar(newest)
    # Otherwise all days since the Pages' last figure would be searched: one look-up for each Page.
    newest = newest.where(snapshots.c.page_id == table_of(Page).c.id).correlate(table_of(Page))
    of_page = (
        select(newest.scalar_subquery().label("day"))
        .select_from(table_of(Page))
        .where(*filter_conditions(filter, date.min))
        .subquery()
    )
    newest_day: date | None = session.connection().scalar(select(func.max(of_page.c.day)))
    return newest_day


# Cached: building the statement takes longer than running it for a thousand Pages.
@lru_cache(64)
def _statement(
    filter: Filter, until: date, days_count: int, ends: Sequence[int], periods_count: int
) -> Select[Any]:
    pages = table_of(Page)
    source: FromClause = pages
    days = []
    for number in range(days_count):
        day = table_of(Snapshot).alias(f"day_{number}")
        days.append(day)
        is_of_day = day.c.day == bindparam(f"day{number}", type_=Date())
        source = source.outerjoin(day, (day.c.page_id == pages.c.id) & is_of_day)
    columns: list[ColumnElement[Any]] = [pages.c.id, pages.c.name]
    for number in range(periods_count):
        since, end = (
            bindparam(f"{name}{number}", type_=UtcDateTime()) for name in ("since", "until")
        )
        is_new = (pages.c.first_seen_at >= since) & (pages.c.first_seen_at < end)
        columns.append(cast(is_new, Integer).label(f"is_new{number}"))
    for name in ("fans_count", "followers_count"):
        figures = [day.c[name] for day in days]
        columns += [
            func.coalesce(figure, _figure_on(name, f"older{number}")).label(f"{name}{number}")
            for number, figure in enumerate(figures)
        ]
        columns += [
            func.coalesce(figures[end], _newest_until(name, f"older{end}")).label(
                f"newest_{name}{end}"
            )
            for end in ends
        ]
        is_any_missing = or_(*(figure.is_(None) for figure in figures))
        columns.append(case((is_any_missing, _first_day(name))).label(f"first_{name}"))
    return (
        select(*columns)
        .select_from(source)
        .where(*filter_conditions(filter, until))
        .order_by(pages.c.name_folded, pages.c.id)
    )


# Both databases run these subqueries only where the figure of the day itself is missing.
def _figure_on(name: str, day: str) -> ColumnElement[Any]:
    snapshots = table_of(Snapshot).alias()
    figure = select(snapshots.c[name]).where(
        snapshots.c.page_id == table_of(Page).c.id,
        snapshots.c.day == bindparam(day, type_=Date()),
    )
    return figure.correlate(table_of(Page)).scalar_subquery()


def _newest_until(name: str, day: str) -> ColumnElement[Any]:
    snapshots = table_of(Snapshot).alias()
    newest = (
        select(snapshots.c[name])
        .where(
            snapshots.c.page_id == table_of(Page).c.id,
            snapshots.c.day <= bindparam(day, type_=Date()),
            snapshots.c[name].is_not(None),
        )
        .order_by(snapshots.c.day.desc())
        .limit(1)
    )
    return newest.correlate(table_of(Page)).scalar_subquery()


def _first_day(name: str) -> ColumnElement[Any]:
    snapshots = table_of(Snapshot).alias()
    first = (
        select(snapshots.c.day)
        .where(snapshots.c.page_id == table_of(Page).c.id, snapshots.c[name].is_not(None))
        .order_by(snapshots.c.day)
        .limit(1)
    )
    return first.correlate(table_of(Page)).scalar_subquery()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
