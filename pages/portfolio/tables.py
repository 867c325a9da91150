"""Builds the table of Pages: from rows of the database, with its colours, and its columns.

The table is sorted and cut by the database; what is sent is one page of it under two rows of
totals. Names stand in cells as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import streamlit as st
from pandas.io.formats.style import Styler

from fb.initials import initial_svg
from pages import frames
from pages.chart_parts import Palette
from pages.formats import UNKNOWN, counted, plain_cell, signed, signed_percent
from pages.portfolio.sorting import Sort
from pages.prepared import prepare
from storage.accounts.connection_states import ConnectionState
from storage.page_table import SummaryRow, TableRow, TableSummary

# In this order a phone shows picture, name and fans.
COLUMNS = (
    "picture",
    "name",
    "fans",
    "net",
    "growth",
    "trend",
    "followers",
    "connection",
    "category",
    "updated",
)
SUMMARY_ROWS = 2

# What a Page's connection is called, and its colour; the colour of the ground is no colour at all.
CONNECTIONS: Mapping[ConnectionState, str] = {
    "connected": "Connected",
    "works_in_part": "Works in part",
    "needs_renewal": "Needs renewal",
    "frozen": "Frozen",
    "missing": "Missing",
    "no_access": "No access",
    "disconnected": "Disconnected",
}
_TROUBLE_COLOURS: Mapping[ConnectionState, str] = {
    "needs_renewal": "#C2410C",
    "works_in_part": "#8A5A0B",
}
_OTHER_COLOUR = "#66717F"


def build_table(
    rows: Sequence[TableRow],
    summary: TableSummary,
    trends: Mapping[str, Sequence[int]],
    total_trend: Sequence[int] = (),
) -> pa.Table:
    """One row for the total, one for the median Page, then one for each of ``rows``.

    Columns are `COLUMNS`. Counts are whole, growth is in percent, trends are lists of int32 (half
    the bytes; a missing day would turn the whole cell into digits, so missing days are left out),
    updated is naive UTC.
    """
    every: list[TableRow | SummaryRow] = [summary.total, summary.median, *rows]
    pictures = [picture_path(row.page_id, row.picture_etag) for row in rows]
    names = [f"All {summary.rows_count:,d}", "Median Page", *(plain_cell(row.name) for row in rows)]
    figures = [total_trend, (), *(trends.get(row.page_id, ()) for row in rows)]
    connections = [[], [], *([CONNECTIONS[row.connection]] for row in rows)]
    return pa.table(
        [
            pa.array([None, None, *pictures], pa.string()),
            pa.array(names, pa.string()),
            frames.whole([row.fans for row in every]),
            frames.whole([row.net for row in every]),
            pa.array([_rounded(row.growth_percent) for row in every], pa.float64()),
            pa.array([_trend(each) for each in figures], pa.list_(pa.int32())),
            frames.whole([row.followers for row in every]),
            pa.array(connections, pa.list_(pa.string())),
            pa.array([None, None, *(row.category for row in rows)], pa.string()),
            frames.moments([None, None, *(row.updated_at for row in rows)]),
        ],
        COLUMNS,
    )


def paint(table: pa.Table, colours: Palette) -> Styler:
    """The table with bold totals on grey, and changes in the colours of up and down."""
    changes = {name: table.column(name).to_pylist() for name in ("net", "growth")}
    styles: dict[str, list[tuple[int, int]]] = {}
    for name, values in changes.items():
        for row, value in enumerate(values):
            if value:
                css = f"color: {colours.up if value > 0 else colours.down}"
                styles.setdefault(css, []).append((row, COLUMNS.index(name)))
    summary = [(row, column) for row in range(SUMMARY_ROWS) for column in range(len(COLUMNS))]
    styles |= {f"background-color: {colours.band}": summary, "font-weight: 600": summary}
    texts = {
        "name": table.column("name"),
        "category": table.column("category"),
        # No format of a column leaves the sign of a zero out.
        "net": pa.array([signed(each) for each in changes["net"]]),
        "growth": pa.array([signed_percent(each) for each in changes["growth"]]),
    }
    return prepare(table, texts, styles, name="pages")


def columns(
    *, sort: Sort, noun: str, period_label: str, open_key: str, neutral: str
) -> dict[str, Any]:
    """The column config of Streamlit. The sorted column's label carries an arrow.

    ``noun`` is "fans" or "followers", what net and growth speak of; ``neutral`` is the colour in
    which a connection that works disappears into the ground.
    """
    config = st.column_config

    def label(column: str, text: str) -> str:
        return f"{text} {'↓' if sort.descending else '↑'}" if column == sort.key else text

    return {
        "picture": config.ImageColumn("", width=44),
        "name": config.ButtonColumn(
            label("name", "Page"), width=220, type="tertiary", alignment="left", key=open_key
        ),
        "fans": config.NumberColumn(
            label("fans", "Fans"), width=96, format="%,d", help="The newest figure of each Page."
        ),
        "net": config.NumberColumn(
            label("net", f"New {noun}"),
            width=90 if noun == "fans" else 125,
            help=f"Change of {noun} in the period. A dash: no figure on both ends of it.",
        ),
        "growth": config.NumberColumn(
            label("growth", "Growth"),
            width=86,
            help=f"Net new {noun} by the {noun} at the start. A dash also below 100 {noun}.",
        ),
        "trend": config.LineChartColumn(
            period_label,
            width=120,
            color="gray",
            help=f"{noun.capitalize()} over the period. Days without a snapshot are left out.",
        ),
        "followers": config.NumberColumn(label("followers", "Followers"), width=96, format="%,d"),
        "connection": config.MultiselectColumn(
            label("connection", "Connection"),
            width=120,
            options=list(CONNECTIONS.values()),
            color=[
                neutral if state == "connected" else _TROUBLE_COLOURS.get(state, _OTHER_COLOUR)
                for state in CONNECTIONS
            ],
        ),
        "category": config.TextColumn(label("category", "Category"), width=130),
        "updated": config.DatetimeColumn(
            label("updated", "Updated (UTC)"), width=110, format="D MMM, HH:mm"
        ),
    }


def describe_table(first: int, last: int, count: int, order: str) -> str:
    """ "1–25 of 140 Pages, most fans first"."""
    order = order[:1].lower() + order[1:]
    if count <= last - first + 1:
        return f"{counted(count, 'Page')}, {order}"
    return f"{first:,d}{UNKNOWN}{last:,d} of {counted(count, 'Page')}, {order}"


def picture_path(page_id: str, etag: str | None) -> str:
    """Where a Page's picture is served; its initial where there is none.

    The tag makes the address of a new picture a new one: the old answer may be cached for an hour.
    """
    path = f"/pictures/{quote(page_id, safe='')}"
    return path if etag is None else f"{path}?v={quote(etag.strip(chr(34))[:8])}"


def initial_tile(page_id: str, name: str) -> str:
    """A ``data:`` URL of a Page's initial, for Pages that are not stored: nothing is fetched."""
    drawn = initial_svg(page_id, name).decode()
    return "data:image/svg+xml;utf8," + quote(drawn, safe="/:=<> \"';,")


def _trend(figures: Sequence[int]) -> list[int]:
    # One point is no line: the cell would draw a bar across its top.
    if len(figures) < 2:
        return []
    # No Page has two thousand million fans; a figure beyond that must not break the table.
    return [min(figure, 2**31 - 1) for figure in figures]


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 2)
