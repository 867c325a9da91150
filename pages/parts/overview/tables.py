"""Table of Pages: its Arrow table, its colours, its column config and its orders.

The database sorts and pages it. One page of rows is sent, below two rows with total and median. The
labels of the orders are values of a URL parameter, so a published one is never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st
from pandas.io.formats.style import Styler

from pages.charts import arrow
from pages.charts.chart_parts import Palette
from pages.text.formats import UNKNOWN, counted, plain_cell, signed, signed_percent
from pages.text.phrases import CONNECTIONS, TABLE_ORANGE, TABLE_RED
from pages.ui.links import picture_path
from storage.figures.table import SortKey, SummaryRow, TableRow, TableSummary

# In this order, so that a phone shows picture, name and fans.
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

# Connections that need no action have no colour of their own.
_TROUBLE_COLOURS: Mapping[str, str] = {
    "needs_renewal": TABLE_RED,
    "works_in_part": TABLE_ORANGE,
}
_OTHER_COLOUR = "#66717F"


def build_table(
    rows: Sequence[TableRow],
    summary: TableSummary,
    trends: Mapping[str, Sequence[int]],
    total_trend: Sequence[int] = (),
) -> pa.Table:
    """One row for the total, one for the median Page, then one for each of ``rows``.

    Columns are `COLUMNS`. Counts are whole, growth is in percent, updated is naive UTC. Trends are
    lists of int32, which is half the bytes, without missing days: with a null Streamlit shows
    digits instead of a line.
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
            arrow.whole([row.fans for row in every]),
            arrow.whole([row.net for row in every]),
            pa.array([_rounded(row.growth_percent) for row in every], pa.float64()),
            pa.array([_trend(each) for each in figures], pa.list_(pa.int32())),
            arrow.whole([row.followers for row in every]),
            pa.array(connections, pa.list_(pa.string())),
            pa.array([None, None, *(row.category for row in rows)], pa.string()),
            arrow.moments([None, None, *(row.updated_at for row in rows)]),
        ],
        COLUMNS,
    )


def paint(table: pa.Table, colours: Palette) -> Styler:
    """The table with its first rows bold on grey, and changes in the colours of up and down."""
    frame = table.to_pandas(types_mapper=arrow.PANDAS_TYPES.get)

    def paint_cells(frame: pd.DataFrame) -> pd.DataFrame:
        css = pd.DataFrame("", index=frame.index, columns=frame.columns)
        for name in ("net", "growth"):
            css[name] = [colours.css_of(change) for change in frame[name]]
        css.iloc[:SUMMARY_ROWS] += f"background-color: {colours.band}; font-weight: 600"
        return css

    # A fixed id: with a random one every rerun sends the whole table again.
    styler = Styler(frame, uuid="pages")
    # Not by the format of the columns: that writes 0 with a sign.
    formats: dict[Any, Any] = {"net": signed, "growth": signed_percent}
    return styler.format(formats, na_rep=UNKNOWN).apply(paint_cells, axis=None)


def columns(
    *, sort: Sort, noun: str, period_label: str, open_key: str, neutral: str
) -> dict[str, Any]:
    """The column config of Streamlit. The label of the sorted column has an arrow.

    ``noun``: "fans" or "followers", the figure of net and growth; ``neutral``: the colour of
    connections that work.
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


def _trend(figures: Sequence[int]) -> list[int]:
    # From one point Streamlit draws a bar across the top of the cell.
    if len(figures) < 2:
        return []
    # No Page has 2^31 fans, but a wrong figure must not break the table.
    return [min(figure, 2**31 - 1) for figure in figures]


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 2)


@dataclass(frozen=True)
class Sort:
    """One order of the table. ``label``: "Most fans first"."""

    label: str
    key: SortKey
    descending: bool


# The first of each pair is the order after the first click on a header.
SORTS = (
    Sort("Most fans first", "fans", True),
    Sort("Fewest fans first", "fans", False),
    Sort("Most net new first", "net", True),
    Sort("Least net new first", "net", False),
    Sort("Fastest growth first", "growth", True),
    Sort("Slowest growth first", "growth", False),
    Sort("Most followers first", "followers", True),
    Sort("Fewest followers first", "followers", False),
    Sort("Worst connection first", "connection", True),
    Sort("Best connection first", "connection", False),
    Sort("Category A to Z", "category", False),
    Sort("Category Z to A", "category", True),
    Sort("Name A to Z", "name", False),
    Sort("Name Z to A", "name", True),
    Sort("Newest update first", "updated", True),
    Sort("Oldest update first", "updated", False),
)
SORT_LABELS = tuple(sort.label for sort in SORTS)
DEFAULT_SORT = SORTS[0]


def find_sort(label: str | None) -> Sort:
    """The order of a label; the default for any other text."""
    return next((sort for sort in SORTS if sort.label == label), DEFAULT_SORT)


def get_sort(key: SortKey, descending: bool) -> Sort:
    """The order by a column in a direction."""
    return next(each for each in SORTS if (each.key, each.descending) == (key, descending))


def clicked(current: Sort, column: str | None) -> Sort:
    """The order after a click on a header.

    Another column begins with the first of its two orders. The current column, or None, which a
    second click on it gives, changes the direction. A column without an order (picture, sparkline)
    changes nothing.
    """
    if column is None or column == current.key:
        return next(
            sort
            for sort in SORTS
            if sort.key == current.key and sort.descending != current.descending
        )
    return next((sort for sort in SORTS if sort.key == column), current)
