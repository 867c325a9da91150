"""The figures of many Pages together: totals, both ends of a period, and who moved most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal

import numpy as np
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from storage.arrays import MISSING, Column, Positions
from storage.daily_totals import DailyTotal, list_daily_totals
from storage.ends import A_DAY
from storage.filtering import EVERY_PAGE, Filter, Metric
from storage.metrics import growth_percent
from storage.models import Page
from storage.origins import find_span
from storage.period_ends import PeriodEnds, find_ends, find_first_days, find_newest
from storage.ranking import smallest_first
from storage.roster import conditions, find_positions, rows_at

__all__ = [
    "Comparable",
    "DailyTotal",
    "Mover",
    "Movers",
    "Totals",
    "get_comparable",
    "get_newest_total",
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
    def every(self) -> int:
        """All Pages of the filter."""
        return self.pages + self.left_out

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
    positions = find_positions(session, filter, until)
    fans_ends = find_ends(session, filter, since, until, "fans")
    followers_ends = find_ends(session, filter, since, until, "followers")
    fans = find_newest(session, filter, until, "fans")
    followers = find_newest(session, filter, until, "followers")
    first_day, last_day = find_span(session) or (None, None)
    return Totals(
        pages_count=len(positions),
        pages_added_count=_count_added(session, since, until, filter),
        fans_total=_sum(fans),
        followers_total=_sum(followers),
        fans_stale_count=_count_stale(fans_ends, fans),
        followers_stale_count=_count_stale(followers_ends, followers),
        fans=_comparable(session, fans_ends, since, until, "fans"),
        followers=_comparable(session, followers_ends, since, until, "followers"),
        first_day=first_day,
        last_day=last_day,
    )


def get_comparable(
    session: Session, *, since: date, until: date, metric: Metric, filter: Filter = EVERY_PAGE
) -> Comparable:
    """Both ends of one period by one metric; for the previous period, beside `get_totals`.

    Whoever compares two periods compares each over its own comparable Pages.
    """
    ends = find_ends(session, filter, since, until, metric)
    return _comparable(session, ends, since, until, metric)


def get_newest_total(
    session: Session, *, until: date, metric: Metric, filter: Filter = EVERY_PAGE
) -> int | None:
    """The total of the newest figures up to ``until``, as in `Totals`."""
    return _sum(find_newest(session, filter, until, metric))


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
    ends = find_ends(session, filter, since, until, metric)
    takes_part = ends.are_there if by == "number" else ~np.isnan(ends.growth_percent(min_base))
    key = ends.net.astype(np.float64) if by == "number" else ends.growth_percent(min_base)
    gained, lost = (np.flatnonzero(takes_part & each) for each in (ends.net > 0, ends.net < 0))
    up = gained[smallest_first(-key[gained], count)]
    down = lost[smallest_first(key[lost], count)]
    names = rows_at(
        session, [Page.id.expression, Page.name.expression], ends.positions[[*up, *down]]
    )
    return Movers(_movers(ends, up, names), _movers(ends, down, names))


def _movers(ends: PeriodEnds, chosen: Positions, names: dict[int, Any]) -> tuple[Mover, ...]:
    movers = []
    for place in chosen:
        _, page_id, name = names[int(ends.positions[place])]
        start, end = int(ends.start[place]), int(ends.end[place])
        movers.append(Mover(page_id, name, start, end - start, growth_percent(start, end)))
    return tuple(movers)


def _comparable(
    session: Session, ends: PeriodEnds, since: date, until: date, metric: Metric
) -> Comparable:
    lacking = np.flatnonzero(~ends.are_there)
    has_end = ends.end[lacking] != MISSING
    firsts = find_first_days(session, ends.positions[lacking], metric)
    began_before = np.array([first is not None and first < since for first in firsts], dtype=bool)
    began = np.array([first is not None and first <= until for first in firsts], dtype=bool)
    return Comparable(
        pages=len(ends.positions) - len(lacking),
        start=_sum(ends.start[ends.are_there]),
        end=_sum(ends.end[ends.are_there]),
        left_out_joined=int((has_end & ~began_before).sum()),
        left_out_no_count=int((~has_end & ~began).sum()),
        left_out_silent=int((~has_end & began).sum()),
        left_out_gap=int((has_end & began_before).sum()),
    )


def _count_stale(ends: PeriodEnds, newest: Column) -> int:
    """How many have a figure, but neither of `until` nor of the day before."""
    return int(((ends.end == MISSING) & (newest != MISSING)).sum())


def _count_added(session: Session, since: date, until: date, filter: Filter) -> int:
    seen = Page.first_seen_at
    was_added = and_(seen >= _midnight(since), seen < _midnight(until + A_DAY))
    statement = select(func.count()).select_from(Page).where(was_added)
    return session.execute(statement.where(*conditions(session, filter, until))).scalar_one()


def _sum(figures: Column) -> int | None:
    """The sum of those that are there; None where none is."""
    known = figures[figures != MISSING]
    return int(known.sum()) if len(known) else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
