"""A Page's figures at both ends of a period: what net, growth, movers and totals are made of.

The start of a period is the value of the day before `since`, its end the value of `until`; each may
be one day older and no more, else the Page can't be compared. So the end is yesterday's as long as
today's snapshot has not been taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Float, Subquery, and_, case, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.elements import SQLCoreOperations

from storage.filtering import Metric
from storage.models import Page, Snapshot

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Ends:
    """One metric's columns of `figures_of_pages`; NULL where a Page has no figure there."""

    start: ColumnElement[int]
    end: ColumnElement[int]
    newest: ColumnElement[int]  # the newest figure up to `until`, of any age

    @property
    def are_there(self) -> ColumnElement[bool]:
        """Whether the Page is comparable: a figure on both ends."""
        return and_(self.start.is_not(None), self.end.is_not(None))

    @property
    def net(self) -> ColumnElement[int]:
        """The change in the period; NULL when the Page is not comparable."""
        return self.end - self.start

    def growth_ratio(self, smallest_base: int) -> ColumnElement[float]:
        """Net by start, for ordering; NULL when not comparable or the start is below the base."""
        ratio = cast(self.net, Float) / cast(self.start, Float)
        return case((self.start >= max(smallest_base, 1), ratio))


def figures_of_pages(
    since: date, until: date, wanted: Sequence[ColumnElement[bool]] = ()
) -> Subquery:
    """One row per Page that meets the conditions ``wanted``: page_id, name_folded, first_seen_at,
    and for each metric ``…_start``, ``…_end`` and ``…`` itself, to be read through `ends_in`.

    Neither database works out a column, nor looks up a day, that the statement around it leaves
    out.
    """
    starts = (aliased(Snapshot, name="s1"), aliased(Snapshot, name="s2"))
    ends = (aliased(Snapshot, name="e1"), aliased(Snapshot, name="e2"))
    columns: list[ColumnElement[Any]] = []
    metrics: tuple[Metric, ...] = ("fans", "followers")
    for metric in metrics:
        start = func.coalesce(*(column_of(day, metric) for day in starts))
        end = func.coalesce(*(column_of(day, metric) for day in ends))
        newest = func.coalesce(end, newest_before(metric, until - A_DAY))
        columns += [start.label(f"{metric}_start"), end.label(f"{metric}_end")]
        columns += [newest.label(metric)]
    statement = select(
        Page.id.label("page_id"), Page.name_folded, Page.first_seen_at, *columns
    ).where(*wanted)
    days = {
        starts[0]: since - A_DAY,
        starts[1]: since - 2 * A_DAY,
        ends[0]: until,
        ends[1]: until - A_DAY,
    }
    for snapshot, day in days.items():
        statement = statement.outerjoin(
            snapshot, and_(snapshot.page_id == Page.id, snapshot.day == day)
        )
    return statement.subquery("figures")


def ends_in(figures: Subquery, metric: Metric) -> Ends:
    """The columns of one metric."""
    columns = figures.c
    return Ends(columns[f"{metric}_start"], columns[f"{metric}_end"], columns[metric])


def column_of(snapshot: type[Snapshot], metric: Metric) -> InstrumentedAttribute[int | None]:
    """The column of Snapshot, or of an alias of it, that keeps a metric."""
    return snapshot.fans_count if metric == "fans" else snapshot.followers_count


def since_of(metric: Metric) -> InstrumentedAttribute[date | None]:
    """The column of Page that keeps the first day with a figure."""
    return Page.fans_since if metric == "fans" else Page.followers_since


def total(column: SQLCoreOperations[Any]) -> ColumnElement[int]:
    """A sum that stays a whole number on PostgreSQL too; NULL over no rows."""
    return cast(func.sum(column), BigInteger)


def newest_before(metric: Metric, day: date) -> ColumnElement[int | None]:
    """The newest figure before ``day`` of the Page that the statement around is about.

    A Page that had none by then is not searched: that would read all of its history.
    """
    value = column_of(Snapshot, metric)
    newest = (
        select(value)
        .where(Snapshot.page_id == Page.id, Snapshot.day < day, value.is_not(None))
        .order_by(Snapshot.day.desc())
        .limit(1)
        .correlate(Page)
        .scalar_subquery()
    )
    return case((since_of(metric) < day, newest))
