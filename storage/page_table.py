"""The table of Pages: sorted, filtered and cut into pages over all rows by the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import numpy as np
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from storage.arrays import MISSING, Column, Positions
from storage.filtering import EVERY_PAGE, Filter, Metric
from storage.metrics import growth_percent
from storage.models import Page, Snapshot
from storage.period_ends import find_ends, find_newest
from storage.ranking import smallest_first
from storage.roster import find_positions, positions_in, select_positions
from storage.sparklines import list_sparklines as list_sparklines
from storage.table_rows import TableRow as TableRow
from storage.table_rows import find_rows

SortKey = Literal["name", "fans", "net", "growth", "followers", "connection", "category", "updated"]


@dataclass(frozen=True)
class TablePage:
    """The rows asked for, in order, and how many the filter leaves in all."""

    rows: tuple[TableRow, ...]
    rows_count: int


@dataclass(frozen=True)
class SummaryRow:
    """Figures over many Pages; None where no Page has one."""

    fans: int | None
    followers: int | None
    net: int | None
    growth_percent: float | None


@dataclass(frozen=True)
class TableSummary:
    """The first two rows of the table, over every row of the filter.

    ``total``: sums of the newest fans and followers of every Page, and net and growth of the
    comparable Pages together (net by start, None below SMALLEST_BASE; not a mean of rates).
    ``median``: of the Pages that have the figure: half of them lie below; rounded to whole numbers.
    """

    rows_count: int
    comparable_count: int
    total: SummaryRow
    median: SummaryRow


def list_table(
    session: Session,
    *,
    since: date,
    until: date,
    metric: Metric = "fans",
    sort: SortKey = "fans",
    descending: bool = True,
    limit: int = 25,
    offset: int = 0,
    filter: Filter = EVERY_PAGE,
) -> TablePage:
    """``limit`` rows from the ``offset``-th on; empty when it lies beyond the last.

    What is unknown comes last in both directions; equals are ordered by name, then id. By
    "connection" the best state comes first when ascending, by "growth" a Page below SMALLEST_BASE
    counts as unknown. ``net`` and ``growth`` follow ``metric``.
    """
    if sort in _TEXTS:
        ordered = _by_text(session, sort, until, filter, descending=descending)
        rows_count = len(ordered)
    else:
        positions = find_positions(session, filter, until)
        key = _numbers(session, sort, filter, since, until, metric)
        # Places are in the order of names, which is left to equals.
        first = smallest_first(-key if descending else key, offset + limit)
        ordered, rows_count = positions[first], len(positions)
    shown = [int(place) for place in ordered[offset : offset + limit]]
    rows = find_rows(session, shown, since, until, metric)
    return TablePage(tuple(rows[place] for place in shown), rows_count)


def get_table_summary(
    session: Session,
    *,
    since: date,
    until: date,
    metric: Metric = "fans",
    filter: Filter = EVERY_PAGE,
) -> TableSummary:
    """Total and median over every row that `list_table` has for the same filter."""
    positions = find_positions(session, filter, until)
    fans = _known(find_newest(session, filter, until, "fans"))
    followers = _known(find_newest(session, filter, until, "followers"))
    ends = find_ends(session, filter, since, until, metric)
    nets, rates = ends.net[ends.are_there], ends.growth_percent()
    rates = rates[~np.isnan(rates)]
    net, base = int(nets.sum()), int(ends.start[ends.are_there].sum())
    return TableSummary(
        rows_count=len(positions),
        comparable_count=len(nets),
        total=SummaryRow(
            fans=int(fans.sum()) if len(fans) else None,
            followers=int(followers.sum()) if len(followers) else None,
            net=net if len(nets) else None,
            growth_percent=growth_percent(base, base + net) if len(nets) else None,
        ),
        median=SummaryRow(
            fans=_whole_median(fans),
            followers=_whole_median(followers),
            net=_whole_median(nets),
            growth_percent=float(np.median(rates)) if len(rates) else None,
        ),
    )


def _by_text(
    session: Session, sort: SortKey, until: date, filter: Filter, *, descending: bool
) -> Positions:
    """The places of all rows, in order."""
    text = _TEXTS[sort](until)
    direction = text.desc() if descending else text.asc()
    order = (direction.nulls_last(), Page.name_folded, Page.id)
    return positions_in(session, select_positions().order_by(*order), filter, until)


def _numbers(
    session: Session, sort: SortKey, filter: Filter, since: date, until: date, metric: Metric
) -> np.ndarray[Any, Any]:
    """What each Page is ordered by; NaN where it is not known."""
    if sort == "growth":
        return find_ends(session, filter, since, until, metric).growth_percent()
    if sort == "net":
        figures = find_ends(session, filter, since, until, metric).net
    else:
        figures = find_newest(session, filter, until, "fans" if sort == "fans" else "followers")
    return np.where(figures == MISSING, np.nan, figures)


def _known(figures: Column) -> Column:
    known: Column = figures[figures != MISSING]
    return known


def _updated_at(until: date) -> ColumnElement[datetime]:
    return (
        select(Snapshot.fetched_at)
        .where(Snapshot.page_id == Page.id, Snapshot.day <= until)
        .order_by(Snapshot.day.desc())
        .limit(1)
        .correlate(Page)
        .scalar_subquery()
    )


def _whole_median(figures: Column) -> int | None:
    return round(float(np.median(figures))) if len(figures) else None


# What the database orders by; all else is a figure.
_TEXTS: Mapping[SortKey, Callable[[date], ColumnElement[Any]]] = {
    "name": lambda until: Page.name_folded.expression,
    "connection": lambda until: Page.connection.expression,
    "category": lambda until: func.lower(Page.category),
    "updated": _updated_at,
}
