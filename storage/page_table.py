"""The table of Pages: sorted, filtered and cut into pages over all rows by the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from math import ceil
from typing import Any, Literal

import numpy as np
from sqlalchemy import ColumnElement, Date, Executable, bindparam, func, select
from sqlalchemy.orm import Session

from storage.columns import MISSING, Column, Positions, read, take
from storage.connection_states import CONNECTION_STATES, ConnectionState, connection_rank
from storage.ends import A_DAY
from storage.engine import remembered
from storage.filtering import EVERY_PAGE, METRICS, Filter, Metric, name_conditions
from storage.metrics import growth_percent
from storage.models import Page, Picture, Snapshot
from storage.period_ends import PeriodEnds, find_ends, find_newest
from storage.roster import find_positions, positions_in, select_positions

SortKey = Literal["name", "fans", "net", "growth", "followers", "connection", "category", "updated"]


@dataclass(frozen=True)
class TableRow:
    """One Page of the table.

    ``fans`` and ``followers`` are the newest figures up to `until`, however old: ``updated_at``
    and ``figure_day`` tell. ``start``, ``end`` and ``net`` are of the chosen metric, and None
    together when the Page is not comparable. ``growth_percent`` is net by start, None also below a
    start of SMALLEST_BASE.
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
    figure_day: date | None  # day of the newest snapshot up to `until`; None: none yet
    updated_at: datetime | None  # when that snapshot was fetched
    picture_etag: str | None  # None: no picture is stored


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


@dataclass(frozen=True)
class PageHit:
    """A Page that a search found."""

    page_id: str
    name: str


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
    ordered = _ordered(session, sort, since, until, metric, filter, descending=descending)
    shown = ordered[offset : offset + limit]
    rows = _rows(session, [int(place) for place in shown], since, until, metric)
    return TablePage(tuple(rows[int(place)] for place in shown), len(ordered))


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
    fans = _newest(session, positions, since, until, "fans")
    followers = _newest(session, positions, since, until, "followers")
    ends = find_ends(session, positions, since, until, metric)
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


def list_sparklines(
    session: Session,
    *,
    page_ids: Sequence[str],
    since: date,
    until: date,
    metric: Metric = "fans",
    points: int = 30,
) -> dict[str, list[int]]:
    """For each Page at most ``points`` figures, oldest first; days without one are left out.

    A longer period is cut into equal stretches that end at `until`, and each gives its last figure.
    A Page without any figure has an empty list.
    """
    stretch_days = max(1, ceil(((until - since).days + 1) / points))
    places = _places_of(session, page_ids)
    # The last day of each stretch, newest first; only where a Page lacks it, the days before.
    lasts = _days_back(until, since, stretch_days)
    columns = read(session, metric, lasts)
    found = [take(columns.get(day), places) for day in lasts]
    for figures, last in zip(found, lasts, strict=True):
        lacking = np.flatnonzero(figures == MISSING)
        first = max(since, last - (stretch_days - 1) * A_DAY)
        days = _days_back(last - A_DAY, first, 1) if len(lacking) else []
        for column in reversed(read(session, metric, days).values()):
            still = lacking[figures[lacking] == MISSING]
            figures[still] = take(column, places[still])
    return {
        page_id: [int(figures[row]) for figures in reversed(found) if figures[row] != MISSING]
        for row, page_id in enumerate(page_ids)
    }


def _days_back(last: date, first: date, step: int) -> list[date]:
    return [last - number * A_DAY for number in range(0, (last - first).days + 1, step)]


def _places_of(session: Session, page_ids: Sequence[str]) -> Positions:
    """Their places in the order given; beyond every column for a Page that has none."""
    places = dict(remembered(session, "places"))
    if any(page_id not in places for page_id in page_ids):
        statement = select(Page.id, Page.position).where(Page.id.in_(page_ids))
        places.update((id, position) for id, position in session.execute(statement))
    nowhere = np.iinfo(np.int64).max
    found = [places.get(page_id) for page_id in page_ids]
    return np.array([nowhere if each is None else each for each in found], dtype=np.int64)


def list_hits(session: Session, search: str, limit: int = 8) -> list[PageHit]:
    """The first ``limit`` Pages by name whose name matches ``search`` as in Filter."""
    statement = select(Page.id, Page.name).where(*name_conditions(search))
    ordered = statement.order_by(Page.name_folded, Page.id).limit(limit)
    return [PageHit(page_id, name) for page_id, name in session.execute(ordered)]


def _rows(
    session: Session, places: Sequence[int], since: date, until: date, metric: Metric
) -> dict[int, TableRow]:
    """What stands in the rows of a handful of Pages, by their places."""
    at = np.array(places, dtype=np.int64)
    ends: dict[Metric, PeriodEnds] = {
        each: find_ends(session, at, since, until, each) for each in METRICS
    }
    newest = {each: find_newest(session, ends[each], until, each) for each in METRICS}
    values = {"places": list(places), "until": until}
    told = {row.position: row for row in session.execute(_describing(), values)}
    remembered(session, "places").update((row.id, place) for place, row in told.items())
    return {
        place: _row(
            told[place],
            fans=_known(newest["fans"][number]),
            followers=_known(newest["followers"][number]),
            start=_known(ends[metric].start[number]),
            end=_known(ends[metric].end[number]),
        )
        for number, place in enumerate(places)
    }


@lru_cache(1)
def _describing() -> Executable:
    """What the database says of the Pages at ``places``. Put together once: that takes longer
    than the answer."""
    newest_day = (
        select(func.max(Snapshot.day))
        .where(Snapshot.page_id == Page.id, Snapshot.day <= bindparam("until", type_=Date))
        .correlate(Page)
        .scalar_subquery()
    )
    return (
        select(
            Page.position,
            Page.id,
            Page.name,
            Page.category,
            connection_rank().label("rank"),
            Snapshot.day.label("figure_day"),
            Snapshot.fetched_at,
            Picture.etag,
        )
        .where(Page.position.in_(bindparam("places", expanding=True)))
        .outerjoin(Snapshot, (Snapshot.page_id == Page.id) & (Snapshot.day == newest_day))
        .outerjoin(Picture, Picture.page_id == Page.id)
    )


def _known(figure: Any) -> int | None:
    return None if figure == MISSING else int(figure)


def _row(
    told: Any, *, fans: int | None, followers: int | None, start: int | None, end: int | None
) -> TableRow:
    if start is None or end is None:
        start = end = None
    return TableRow(
        page_id=told.id,
        name=told.name,
        category=told.category,
        fans=fans,
        followers=followers,
        start=start,
        end=end,
        net=None if start is None or end is None else end - start,
        growth_percent=growth_percent(start, end),
        connection=CONNECTION_STATES[told.rank],
        figure_day=told.figure_day,
        updated_at=told.fetched_at,
        picture_etag=told.etag,
    )


def _ordered(
    session: Session,
    sort: SortKey,
    since: date,
    until: date,
    metric: Metric,
    filter: Filter,
    *,
    descending: bool,
) -> Positions:
    """The places of all rows, in order."""
    if sort in _TEXTS:
        text = _TEXTS[sort](until)
        direction = text.desc() if descending else text.asc()
        order = (direction.nulls_last(), Page.name_folded, Page.id)
        return positions_in(session, select_positions().order_by(*order), filter, until)
    positions = find_positions(session, filter, until)
    key = _numbers(session, sort, positions, since, until, metric)
    # NaN comes last both ways, and a stable sort leaves equals in the order of their names.
    in_order: Positions = positions[np.argsort(-key if descending else key, kind="stable")]
    return in_order


def _numbers(
    session: Session,
    sort: SortKey,
    positions: Positions,
    since: date,
    until: date,
    metric: Metric,
) -> np.ndarray[Any, Any]:
    """What each Page is ordered by; NaN where it is not known."""
    if sort == "growth":
        return find_ends(session, positions, since, until, metric).growth_percent()
    if sort == "net":
        figures = find_ends(session, positions, since, until, metric).net
    else:
        of: Metric = "fans" if sort == "fans" else "followers"
        ends = find_ends(session, positions, since, until, of)
        figures = find_newest(session, ends, until, of)
    return np.where(figures == MISSING, np.nan, figures)


def _newest(
    session: Session, positions: Positions, since: date, until: date, metric: Metric
) -> Column:
    ends = find_ends(session, positions, since, until, metric)
    newest = find_newest(session, ends, until, metric)
    known: Column = newest[newest != MISSING]
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
    "connection": lambda until: connection_rank(),
    "category": lambda until: func.lower(Page.category),
    "updated": _updated_at,
}
