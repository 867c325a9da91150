"""Table of Pages: loads its rows in order, its total and median, and the rows' sparklines.

Numbers are sorted in Python from the period ends; texts and times are sorted by the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from math import ceil
from typing import Any, Literal

from sqlalchemy import ColumnElement, Date, Executable, bindparam, func, select
from sqlalchemy.orm import Session

from storage.accounts.connection_states import CONNECTION_STATES, ConnectionState, connection_rank
from storage.db.upsert import table_of
from storage.figures.filters import A_DAY, Filter, Metric, filter_conditions
from storage.figures.line import is_one_of, is_weekly
from storage.figures.period_ends import PeriodEnds
from storage.figures.totals import sum_known
from storage.insights.sums import InsightSums, SumKey
from storage.metrics.formulas import growth_percent, median
from storage.models import Page, Picture, Snapshot

SortKey = Literal[
    "name",
    "fans",
    "net",
    "growth",
    "followers",
    "views",
    "views_change",
    "engagement",
    "engagement_change",
    "posts_per_week",
    "last_post",
    "connection",
    "category",
    "updated",
]


@dataclass(frozen=True)
class TableRow:
    """One Page of the table.

    ``fans`` and ``followers`` are the newest figures up to `until`, of any age. ``start``, ``end``
    and ``net`` are of the chosen metric; all three are None when the Page is not comparable.
    ``growth_percent`` is net as a percentage of the start, None also below a start of MIN_BASE.
    """

    page_id: str
    name: str
    category: str | None
    fans: int | None
    followers: int | None
    start: int | None
    end: int | None
    net: int | None
    growth_percent: float | None
    connection: ConnectionState
    is_published: bool | None
    figure_day: date | None  # day of the newest snapshot up to `until`; None: none yet
    updated_at: datetime | None  # when that snapshot was fetched
    picture_etag: str | None  # None: no picture is stored


@dataclass(frozen=True)
class TablePage:
    """Some rows in order, and the number of all rows of the filter."""

    rows: tuple[TableRow, ...]
    rows_count: int


@dataclass(frozen=True)
class SummaryRow:
    """Figures over many Pages; None when no Page has one."""

    fans: int | None
    followers: int | None
    net: int | None
    growth_percent: float | None


@dataclass(frozen=True)
class TableSummary:
    """The first two rows of the table, over every Page of the filter.

    ``total``: the newest fans and followers of every Page, and net and growth of the comparable
    Pages together (total net as a percentage of the total start, None below MIN_BASE). ``median``:
    of the Pages that have the figure; counts are rounded to whole numbers.
    """

    rows_count: int
    comparable_count: int
    total: SummaryRow
    median: SummaryRow


def load_table(
    session: Session,
    ends: PeriodEnds,
    metric: Metric,
    filter: Filter,
    *,
    sort: SortKey = "fans",
    descending: bool = True,
    limit: int = 25,
    offset: int = 0,
    sums: InsightSums | None = None,
    values: Mapping[str, float] | None = None,
) -> TablePage:
    """Return ``limit`` rows from ``offset`` on; empty beyond the last row.

    ``filter`` is the one of ``ends``. Unknown values come last in both directions, equal ones are
    ordered by name, then id. Ascending by "connection" has the best state first. By "growth" a Page
    below MIN_BASE is unknown. "net" and "growth" are of ``metric``, "views", "engagement" and their
    changes of ``sums``. "posts_per_week" and "last_post" are ``values`` by Page id, since posts are
    kept elsewhere.
    """
    if sort in _TEXTS:
        text = _TEXTS[sort](ends.until)
        in_order = (text.desc() if descending else text.asc()).nulls_last()
        statement = (
            select(Page.id)
            .where(*filter_conditions(filter, ends.until))
            .order_by(in_order, Page.name_folded, Page.id)
            .limit(limit)
            .offset(offset)
        )
        index_of = {page_id: index for index, page_id in enumerate(ends.page_ids)}
        indexes = [index_of[page_id] for page_id in session.scalars(statement)]
    else:
        indexes = _in_order(_keys(ends, metric, sort, sums, values or {}), descending)
        indexes = indexes[offset : offset + limit]
    return TablePage(tuple(_load_rows(session, ends, metric, indexes)), len(ends.page_ids))


def make_summary(ends: PeriodEnds, metric: Metric) -> TableSummary:
    """Return total and median over every row that `load_table` has for the same ends."""
    of_metric = ends.of(metric)
    both = [
        (start, end)
        for start, end in zip(of_metric.start, of_metric.end, strict=True)
        if start is not None and end is not None
    ]
    nets = [end - start for start, end in both]
    start_sum = sum(start for start, _ in both)
    return TableSummary(
        rows_count=len(ends.page_ids),
        comparable_count=len(both),
        total=SummaryRow(
            fans=sum_known(ends.fans.newest),
            followers=sum_known(ends.followers.newest),
            net=sum(nets) if both else None,
            growth_percent=growth_percent(start_sum, start_sum + sum(nets)) if both else None,
        ),
        median=SummaryRow(
            fans=_whole_median(ends.fans.newest),
            followers=_whole_median(ends.followers.newest),
            net=_whole_median(nets),
            growth_percent=median(growth_percent(*each) for each in both),
        ),
    )


def list_sparklines(
    session: Session,
    *,
    page_ids: Sequence[str],
    since: date,
    until: date,
    metric: Metric = "fans",
    points: int = 30,
) -> dict[str, list[int]]:
    """Return at most ``points`` figures of each Page from `since` to `until`, oldest first.

    A period of more days is cut into equal parts that end at `until`; beyond 90 days they are whole
    weeks. Each part gives its last figure, or none. A Page without figures has an empty list.
    """
    part_days = max(1, ceil(((until - since).days + 1) / points))
    if is_weekly(since + A_DAY, until):
        part_days = ceil(part_days / 7) * 7
    # The last day of each part, newest first; where a Page lacks it, an earlier day is used.
    lasts = [until - number * A_DAY for number in range(0, (until - since).days + 1, part_days)]
    figures = _figures_on(session, page_ids, lasts, metric)
    for last in lasts if part_days > 1 else ():
        lacking = [page_id for page_id in page_ids if (page_id, last) not in figures]
        first = max(since, last - (part_days - 1) * A_DAY)
        if lacking:
            last_figures = _last_figures(session, lacking, first, last, metric)
            figures |= {(page_id, last): figure for page_id, figure in last_figures.items()}
    return {
        page_id: [figures[page_id, last] for last in reversed(lasts) if (page_id, last) in figures]
        for page_id in page_ids
    }


def _keys(
    ends: PeriodEnds,
    metric: Metric,
    sort: SortKey,
    sums: InsightSums | None,
    values: Mapping[str, float],
) -> Sequence[float | None]:
    """Return the sort key of each Page; None when unknown."""
    if sort in ("posts_per_week", "last_post"):
        return [values.get(page_id) for page_id in ends.page_ids]
    if sort in _SUMS:
        key, is_change = _SUMS[sort]
        return [
            None if sums is None else sums.figures(key, page_id)[is_change]
            for page_id in ends.page_ids
        ]
    if sort == "fans":
        return ends.fans.newest
    if sort == "followers":
        return ends.followers.newest
    of_metric = ends.of(metric)
    both = zip(of_metric.start, of_metric.end, strict=True)
    if sort == "growth":
        return [growth_percent(start, end) for start, end in both]
    return [None if start is None or end is None else end - start for start, end in both]


def _in_order(keys: Sequence[float | None], descending: bool) -> list[int]:
    """Return the indexes of ``keys`` in order: equal keys keep their order, None comes last."""
    indexes = [index for index, key in enumerate(keys) if key is not None]
    sign = -1 if descending else 1
    indexes.sort(key=lambda index: sign * (keys[index] or 0))
    return indexes + [index for index, key in enumerate(keys) if key is None]


def _load_rows(
    session: Session, ends: PeriodEnds, metric: Metric, indexes: Sequence[int]
) -> list[TableRow]:
    page_ids = [ends.page_ids[index] for index in indexes]
    values = {"page_ids": page_ids, "until": ends.until}
    details_of = (
        {row.id: row for row in session.execute(_select_details(), values)} if page_ids else {}
    )
    of_metric = ends.of(metric)
    rows = []
    for page_id, index in zip(page_ids, indexes, strict=True):
        page = details_of[page_id]
        start, end = of_metric.start[index], of_metric.end[index]
        if start is None or end is None:
            start = end = None
        rows.append(
            TableRow(
                page_id=page_id,
                name=page.name,
                category=page.category,
                fans=ends.fans.newest[index],
                followers=ends.followers.newest[index],
                start=start,
                end=end,
                net=None if start is None or end is None else end - start,
                growth_percent=growth_percent(start, end),
                connection=CONNECTION_STATES[page.connection],
                is_published=page.is_published,
                figure_day=page.figure_day,
                updated_at=page.fetched_at,
                picture_etag=page.etag,
            )
        )
    return rows


# Cached: building the statement takes longer than running it for 25 Pages.
@lru_cache(1)
def _select_details() -> Executable:
    newest_day = (
        select(func.max(Snapshot.day))
        .where(Snapshot.page_id == Page.id, Snapshot.day <= bindparam("until", type_=Date()))
        .correlate(Page)
        .scalar_subquery()
    )
    return (
        select(
            Page.id,
            Page.name,
            Page.category,
            connection_rank().label("connection"),
            Page.is_published,
            Snapshot.day.label("figure_day"),
            Snapshot.fetched_at,
            Picture.etag,
        )
        .where(Page.id.in_(bindparam("page_ids", expanding=True)))
        .outerjoin(Snapshot, (Snapshot.page_id == Page.id) & (Snapshot.day == newest_day))
        .outerjoin(Picture, Picture.page_id == Page.id)
    )


def _figures_on(
    session: Session, page_ids: Sequence[str], days: Sequence[date], metric: Metric
) -> dict[tuple[str, date], int]:
    if not page_ids or not days:
        return {}
    table = table_of(Snapshot).c
    figure = table[f"{metric}_count"]
    statement = select(table.page_id, table.day, figure).where(
        table.page_id.in_(page_ids), is_one_of(table.day, days), figure.is_not(None)
    )
    rows = session.connection().execute(statement).all()
    return {(page_id, day): figure for page_id, day, figure in rows}


def _last_figures(
    session: Session, page_ids: Sequence[str], first: date, last: date, metric: Metric
) -> dict[str, int]:
    """Return each Page's last figure from ``first`` to ``last``, both included."""
    values = {"page_ids": page_ids, "first": first, "last": last}
    rows = session.connection().execute(_last_of_days(metric), values).all()
    return {page_id: figure for page_id, figure in rows if figure is not None}


@lru_cache(2)
def _last_of_days(metric: Metric) -> Executable:
    table = table_of(Snapshot).c
    figure = table[f"{metric}_count"]
    first, last = (bindparam(name, type_=Date()) for name in ("first", "last"))
    last_figure = (
        select(figure)
        .where(table.page_id == Page.id, table.day.between(first, last), figure.is_not(None))
        .order_by(table.day.desc())
        .limit(1)
        .correlate(Page)
        .scalar_subquery()
    )
    return select(Page.id, last_figure).where(Page.id.in_(bindparam("page_ids", expanding=True)))


def _updated_at(until: date) -> ColumnElement[datetime]:
    return (
        select(Snapshot.fetched_at)
        .where(Snapshot.page_id == Page.id, Snapshot.day <= until)
        .order_by(Snapshot.day.desc())
        .limit(1)
        .correlate(Page)
        .scalar_subquery()
    )


def _whole_median(figures: Sequence[int | None]) -> int | None:
    middle = median(figures)
    # Halves away from zero, as people round: 26.5 and 27.5 differ by 1 then, not by 2.
    return None if middle is None else int(middle + (0.5 if middle > 0 else -0.5))


# The sort keys of views and engagement: which sum, and whether its change.
_SUMS: Mapping[SortKey, tuple[SumKey, bool]] = {
    "views": ("views", False),
    "views_change": ("views", True),
    "engagement": ("engagement", False),
    "engagement_change": ("engagement", True),
}
# The sort keys that are not figures; the database sorts by them.
_TEXTS: Mapping[SortKey, Callable[[date], ColumnElement[Any]]] = {
    "name": lambda until: Page.name_folded.expression,
    "connection": lambda until: connection_rank(),
    "category": lambda until: func.lower(Page.category),
    "updated": _updated_at,
}
