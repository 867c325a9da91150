"""The figures of many Pages together: totals, both ends of a period, and who moved most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, case, exists, func, select
from sqlalchemy.orm import Session

from storage.daily_totals import DailyTotal, list_daily_totals
from storage.ends import A_DAY, Ends, column_of, ends_in, figures_of_pages, total
from storage.filtering import EVERY_PAGE, Filter, Metric, conditions
from storage.metrics import SMALLEST_BASE
from storage.models import Page, Snapshot

__all__ = [
    "Comparable",
    "DailyTotal",
    "Mover",
    "Movers",
    "Totals",
    "get_comparable",
    "get_totals",
    "list_daily_totals",
    "list_movers",
]


@dataclass(frozen=True)
class Comparable:
    """The Pages with a figure on both ends of a period, and why the others are left out.

    ``pages`` and the ``left_out_…`` are counts of Pages and together make every Page of the filter.
    ``start`` and ``end`` are sums over the comparable Pages; None when there is none.
    """

    pages: int
    start: int | None
    end: int | None
    left_out_joined: int  # its first figure is of a day inside the period
    left_out_no_count: int  # never had a figure of this metric
    left_out_silent: int  # had figures, but none on `until` or the day before
    left_out_gap: int  # has older and newer figures, but none where the period starts

    @property
    def net(self) -> int | None:
        """The change in the period; None when no Page is comparable."""
        return None if self.start is None or self.end is None else self.end - self.start

    @property
    def left_out(self) -> int:
        """How many Pages of the filter are not counted, for whatever reason."""
        return (
            self.left_out_joined + self.left_out_no_count + self.left_out_silent + self.left_out_gap
        )


@dataclass(frozen=True)
class Totals:
    """What the tiles say. Counts are of Pages in the filter.

    ``fans_total`` and ``followers_total`` add up every Page's newest figure up to `until`, however
    old; None when no Page has one. How many of those are older than the day before `until` stands
    in ``…_stale_count``. ``first_day`` and ``last_day`` are of any snapshot of any Page; None
    before the first.
    """

    pages_count: int
    pages_added_count: int  # first seen within the period
    fans_total: int | None
    followers_total: int | None
    fans_stale_count: int
    followers_stale_count: int
    fans: Comparable
    followers: Comparable
    first_day: date | None
    last_day: date | None

    @property
    def pages_without_count(self) -> int:
        """Pages that the tile Fans can't count, since they never had a fan count."""
        return self.fans.left_out_no_count

    def of(self, metric: Metric) -> Comparable:
        """The comparable Pages by the metric that the screen is switched to."""
        return self.fans if metric == "fans" else self.followers


@dataclass(frozen=True)
class Mover:
    """A Page that gained or lost. ``start`` and ``net`` are counts; ``rate_percent`` is net by
    start, None below a start of SMALLEST_BASE."""

    page_id: str
    name: str
    start: int
    net: int
    rate_percent: float | None


@dataclass(frozen=True)
class Movers:
    """Largest gain first, largest loss first. Who did not move is in neither."""

    up: tuple[Mover, ...]
    down: tuple[Mover, ...]


def get_totals(
    session: Session, *, since: date, until: date, filter: Filter = EVERY_PAGE
) -> Totals:
    """The totals of the filter's Pages for the days `since` to `until`, both included (UTC)."""
    figures = figures_of_pages(since, until, conditions(filter, until))
    period = (_midnight(since), _midnight(until + A_DAY))
    was_added = and_(figures.c.first_seen_at >= period[0], figures.c.first_seen_at < period[1])
    fans, followers = ends_in(figures, "fans"), ends_in(figures, "followers")
    row = session.execute(
        select(
            func.count().label("pages_count"),
            _count(was_added).label("pages_added_count"),
            total(fans.newest).label("fans_total"),
            total(followers.newest).label("followers_total"),
            _count(_is_stale(fans)).label("fans_stale_count"),
            _count(_is_stale(followers)).label("followers_stale_count"),
            select(func.min(Snapshot.day)).scalar_subquery().label("first_day"),
            select(func.max(Snapshot.day)).scalar_subquery().label("last_day"),
            *_comparable_columns(figures, "fans", since),
            *_comparable_columns(figures, "followers", since),
        ).select_from(figures)
    ).one()
    return Totals(
        pages_count=row.pages_count,
        pages_added_count=row.pages_added_count,
        fans_total=row.fans_total,
        followers_total=row.followers_total,
        fans_stale_count=row.fans_stale_count,
        followers_stale_count=row.followers_stale_count,
        fans=_comparable(row, "fans"),
        followers=_comparable(row, "followers"),
        first_day=row.first_day,
        last_day=row.last_day,
    )


def get_comparable(
    session: Session, *, since: date, until: date, metric: Metric, filter: Filter = EVERY_PAGE
) -> Comparable:
    """Both ends of one period by one metric; for the previous period, beside `get_totals`.

    Whoever compares two periods compares each over its own comparable Pages.
    """
    figures = figures_of_pages(since, until, conditions(filter, until))
    columns = _comparable_columns(figures, metric, since)
    return _comparable(session.execute(select(*columns).select_from(figures)).one(), metric)


def list_movers(
    session: Session,
    *,
    since: date,
    until: date,
    metric: Metric,
    by: Literal["number", "rate"],
    count: int = 5,
    min_base: int = 500,
    filter: Filter = EVERY_PAGE,
) -> Movers:
    """The ``count`` comparable Pages that gained most, and those that lost most.

    By rate only Pages with at least ``min_base`` at the start take part, so that tiny ones do not
    win. Equals are ordered by name.
    """
    figures = figures_of_pages(since, until, conditions(filter, until))
    ends = ends_in(figures, metric)
    order = ends.net if by == "number" else ends.growth_ratio(min_base)
    statement = (
        select(Page.id, Page.name, ends.start.label("start"), ends.net.label("net"))
        .join(figures, figures.c.page_id == Page.id)
        .limit(count)
    )
    if by == "rate":
        statement = statement.where(order.is_not(None))
    tie = (figures.c.name_folded, Page.id)
    up = statement.where(ends.net > 0).order_by(order.desc(), *tie)
    down = statement.where(ends.net < 0).order_by(order, *tie)
    return Movers(_movers(session, up), _movers(session, down))


def _movers(session: Session, statement: Select[str, str, int, int]) -> tuple[Mover, ...]:
    return tuple(
        Mover(page_id, name, start, net, 100 * net / start if start >= SMALLEST_BASE else None)
        for page_id, name, start, net in session.execute(statement)
    )


def _comparable_columns(figures: Subquery, metric: Metric, since: date) -> list[ColumnElement[Any]]:
    ends = ends_in(figures, metric)
    ended = ends.end.is_(None)
    unstarted = and_(ends.end.is_not(None), ends.start.is_(None))
    had_figures = _has_figure_before(figures, metric, since)
    return [
        _count(ends.are_there).label(f"{metric}_pages"),
        total(case((ends.are_there, ends.start))).label(f"{metric}_start_sum"),
        total(case((ends.are_there, ends.end))).label(f"{metric}_end_sum"),
        _count(and_(ended, ends.newest.is_(None))).label(f"{metric}_no_count"),
        _count(and_(ended, ends.newest.is_not(None))).label(f"{metric}_silent"),
        _count(and_(unstarted, ~had_figures)).label(f"{metric}_joined"),
        _count(and_(unstarted, had_figures)).label(f"{metric}_gap"),
    ]


def _comparable(row: Row[Any], metric: Metric) -> Comparable:
    found = row._mapping
    return Comparable(
        pages=found[f"{metric}_pages"],
        start=found[f"{metric}_start_sum"],
        end=found[f"{metric}_end_sum"],
        left_out_joined=found[f"{metric}_joined"],
        left_out_no_count=found[f"{metric}_no_count"],
        left_out_silent=found[f"{metric}_silent"],
        left_out_gap=found[f"{metric}_gap"],
    )


def _has_figure_before(figures: Subquery, metric: Metric, day: date) -> ColumnElement[bool]:
    return exists().where(
        Snapshot.page_id == figures.c.page_id,
        Snapshot.day < day,
        column_of(Snapshot, metric).is_not(None),
    )


def _is_stale(ends: Ends) -> ColumnElement[bool]:
    """There is a figure, but neither of `until` nor of the day before."""
    return and_(ends.end.is_(None), ends.newest.is_not(None))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows meet the condition; 0 over no rows."""
    return func.count(case((condition, 1)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
