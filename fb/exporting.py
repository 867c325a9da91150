"""Exports what the screens show, all rows of the filter: the table of Pages, and daily figures.

The columns are those that an import of past figures understands, so that what was exported can be
imported again, and changes nothing. Totals and medians are no rows of an export.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy.orm import Session

from fb.exporting_cells import file_name
from fb.exporting_files import (
    PACKED_FROM_ROWS,
    Cell,
    Column,
    make_csv,
    make_packed_csv,
    make_xlsx,
)
from storage.engine import Database
from storage.exporting import count_series, iterate_series
from storage.filtering import EVERY_PAGE, Filter, Metric
from storage.page_table import SortKey, TableRow, list_table

Format = Literal["csv", "zip", "xlsx"]
Rows = Iterable[Sequence[Cell]]
TABLE_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Asked:
    """Which days of which Pages. ``page_ids`` None: every Page of the filter."""

    since: date
    until: date
    metric: Metric
    filter: Filter = EVERY_PAGE
    page_ids: tuple[str, ...] | None = None


def series_columns(metric: Metric) -> tuple[Column, ...]:
    """The columns of daily figures. Gained and lost are Facebook's own; empty: it gave none."""
    return (
        Column("page_id", "text"),
        Column("page_name", "text"),
        Column("date (UTC)", "day"),
        Column("fans", "number"),
        Column("followers", "number"),
        Column(f"net_new ({metric})", "number"),
        Column("gained (days in Pacific time)", "number"),
        Column("lost (days in Pacific time)", "number"),
        Column("source", "text"),
        Column("fetched_at (UTC)", "time"),
        Column("graph_version", "text"),
    )


def table_columns(metric: Metric) -> tuple[Column, ...]:
    """The columns of the table of Pages; its date is that of the newest snapshot."""
    return (
        Column("page_id", "text"),
        Column("page_name", "text"),
        Column("category", "text"),
        Column("date (UTC)", "day"),
        Column("fans", "number"),
        Column("followers", "number"),
        Column(f"net_new ({metric})", "number"),
        Column(f"growth_percent ({metric})", "percent"),
        Column("connection", "text"),
        Column("updated_at (UTC)", "time"),
    )


def count_rows(database: Database, asked: Asked) -> int:
    """How many rows the daily figures have, or a few more."""
    with database.reading() as session:
        return count_series(
            session,
            since=asked.since,
            until=asked.until,
            filter=asked.filter,
            page_ids=asked.page_ids,
        )


def export_series(database: Database, asked: Asked, format: Format) -> bytes:
    """The daily figures as a file. Raises TooManyRows for an XLSX that can't hold them."""
    return _export(database, series_columns(asked.metric), format, lambda s: _series(s, asked))


def export_table(
    database: Database, asked: Asked, format: Format, *, sort: SortKey, descending: bool
) -> bytes:
    """The table of Pages as a file, in the order of the screen."""
    columns = table_columns(asked.metric)
    return _export(database, columns, format, lambda s: _table(s, asked, sort, descending))


def make_file(
    columns: Sequence[Column], rows: Rows, format: Format, name: str = "pagekeeper.csv"
) -> bytes:
    """Any rows as a file; ``name`` is what a packed one holds."""
    if format == "xlsx":
        return make_xlsx(columns, rows)
    if format == "zip":
        return make_packed_csv(columns, rows, name)
    return make_csv(columns, rows)


def csv_format(rows_count: int) -> Format:
    """How a CSV file of so many rows travels."""
    return "zip" if rows_count >= PACKED_FROM_ROWS else "csv"


def name_of(what: str, asked: Asked, format: str) -> str:
    """ "pagekeeper-daily-figures-2026-10-26-2026-11-22.csv"."""
    days = f"{asked.since.isoformat()}-{asked.until.isoformat()}"
    return file_name("pagekeeper", what, days, ending=format)


def _export(
    database: Database,
    columns: Sequence[Column],
    format: Format,
    rows: Callable[[Session], Rows],
) -> bytes:
    with database.reading() as session:
        return make_file(columns, rows(session), format)


def _series(session: Session, asked: Asked) -> Iterator[Sequence[Cell]]:
    found = iterate_series(
        session,
        since=asked.since,
        until=asked.until,
        metric=asked.metric,
        filter=asked.filter,
        page_ids=asked.page_ids,
    )
    for row in found:
        yield (
            row.page_id,
            row.page_name,
            row.day,
            row.fans,
            row.followers,
            row.net_new,
            row.gained,
            row.lost,
            row.source,
            row.fetched_at,
            row.graph_version,
        )


def _table(
    session: Session, asked: Asked, sort: SortKey, descending: bool
) -> Iterator[Sequence[Cell]]:
    offset = 0
    while True:
        page = list_table(
            session,
            since=asked.since,
            until=asked.until,
            metric=asked.metric,
            sort=sort,
            descending=descending,
            limit=TABLE_ROWS_AT_ONCE,
            offset=offset,
            filter=asked.filter,
        )
        yield from map(_table_row, page.rows)
        offset += len(page.rows)
        if not page.rows or offset >= page.rows_count:
            return


def _table_row(row: TableRow) -> Sequence[Cell]:
    return (
        row.page_id,
        row.name,
        row.category,
        row.figure_day,
        row.fans,
        row.followers,
        row.net,
        row.growth_percent,
        row.connection,
        row.updated_at,
    )
