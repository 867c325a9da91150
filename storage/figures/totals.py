"""Totals: computes sums over many Pages, and the largest movers, from their period ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from heapq import nsmallest
from typing import Literal

from storage.figures.filters import Metric
from storage.figures.period_ends import MetricEnds, PeriodEnds
from storage.metrics.formulas import growth_percent


@dataclass(frozen=True)
class Comparable:
    """The Pages with a figure at both ends of a period, and the reasons why others are left out.

    ``pages`` and ``left_out_…`` are counts of Pages; together they are every Page of the filter.
    ``start`` and ``end`` are sums over the comparable Pages; None without any.
    """

    pages: int
    start: int | None
    end: int | None
    left_out_joined: int  # its first figure is of a day inside the period
    left_out_no_count: int  # never had a figure of this metric
    left_out_silent: int  # had figures, but none that may be the end
    left_out_gap: int  # has older and newer figures, but none where the period starts

    @property
    def net(self) -> int | None:
        """Return the change in the period; None when no Page is comparable."""
        return None if self.start is None or self.end is None else self.end - self.start

    @property
    def every(self) -> int:
        """Return the number of all Pages of the filter."""
        return self.pages + self.left_out

    @property
    def left_out(self) -> int:
        """Return the number of Pages that are left out, for any reason."""
        return (
            self.left_out_joined + self.left_out_no_count + self.left_out_silent + self.left_out_gap
        )


@dataclass(frozen=True)
class Totals:
    """The figures of the tiles. Counts are of Pages in the filter.

    ``fans_total`` and ``followers_total`` add up every Page's newest figure up to `until`, of any
    age; None when no Page has one. ``…_stale_count``: how many of these figures are too old to be
    the end of the period. ``first_day`` and ``last_day`` are of the snapshots of all Pages; None
    without any.
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

    def of(self, metric: Metric) -> Comparable:
        """Return the comparable Pages of one metric."""
        return self.fans if metric == "fans" else self.followers


@dataclass(frozen=True)
class Mover:
    """A Page that gained or lost people.

    ``rate_percent`` is ``net`` as a percentage of ``start``, None below a start of MIN_BASE.
    """

    page_id: str
    name: str
    start: int
    net: int
    rate_percent: float | None


@dataclass(frozen=True)
class Movers:
    """Pages that gained, largest gain first, and that lost, largest loss first."""

    up: tuple[Mover, ...]
    down: tuple[Mover, ...]


def make_totals(ends: PeriodEnds, span: tuple[date, date] | None) -> Totals:
    """Return the totals of a period. ``span``: first and last day with any snapshot."""
    first_day, last_day = span or (None, None)
    return Totals(
        pages_count=len(ends.page_ids),
        pages_added_count=sum(map(bool, ends.are_new)),
        fans_total=sum_known(ends.fans.newest),
        followers_total=sum_known(ends.followers.newest),
        fans_stale_count=_count_stale(ends.fans),
        followers_stale_count=_count_stale(ends.followers),
        fans=make_comparable(ends, "fans"),
        followers=make_comparable(ends, "followers"),
        first_day=first_day,
        last_day=last_day,
    )


def make_comparable(ends: PeriodEnds, metric: Metric) -> Comparable:
    """Return both ends of a period, of one metric.

    Two periods are compared each over its own comparable Pages.
    """
    pages = start_sum = end_sum = joined = no_count = silent = gap = 0
    of_metric = ends.of(metric)
    for start, end, first_day in zip(
        of_metric.start, of_metric.end, of_metric.first_day, strict=True
    ):
        if start is not None and end is not None:
            pages += 1
            start_sum += start
            end_sum += end
        elif end is None:
            if first_day is None or first_day > ends.until:
                no_count += 1
            else:
                silent += 1
        elif first_day is None or first_day >= ends.since:
            joined += 1
        else:
            gap += 1
    return Comparable(
        pages=pages,
        start=start_sum if pages else None,
        end=end_sum if pages else None,
        left_out_joined=joined,
        left_out_no_count=no_count,
        left_out_silent=silent,
        left_out_gap=gap,
    )


def list_movers(
    ends: PeriodEnds,
    metric: Metric,
    by: Literal["number", "rate"],
    *,
    count: int = 5,
    min_base: int = 500,
) -> Movers:
    """Return the ``count`` comparable Pages that gained most, and as many that lost most.

    By rate only Pages with at least ``min_base`` people at the start count, so that tiny Pages do
    not come first. Equal Pages are ordered by name.
    """
    of_metric = ends.of(metric)
    moved: list[
        tuple[float, int]
    ] = []  # size of the move, and the Page's index, which is in order of names
    for index, (start, end) in enumerate(zip(of_metric.start, of_metric.end, strict=True)):
        if start is None or end is None or start == end:
            continue
        if by == "number":
            moved.append((end - start, index))
        elif start >= max(min_base, 1):
            moved.append((100 * (end - start) / start, index))
    up = nsmallest(count, ((-size, index) for size, index in moved if size > 0))
    down = nsmallest(count, ((size, index) for size, index in moved if size < 0))
    return Movers(*(tuple(_mover(ends, of_metric, i) for _, i in some) for some in (up, down)))


def sum_known(figures: Iterable[int | None]) -> int | None:
    """Return the sum of the known figures; None when none is known."""
    numbers = [figure for figure in figures if figure is not None]
    return sum(numbers) if numbers else None


def _mover(ends: PeriodEnds, of_metric: MetricEnds, index: int) -> Mover:
    start, end = of_metric.start[index], of_metric.end[index]
    assert start is not None
    assert end is not None
    name = ends.names[index]
    return Mover(ends.page_ids[index], name, start, end - start, growth_percent(start, end))


def _count_stale(ends: MetricEnds) -> int:
    """Return the number of Pages whose newest figure is older than the day before `until`."""
    pairs = zip(ends.end, ends.newest, strict=True)
    return sum(1 for end, newest in pairs if end is None and newest is not None)
