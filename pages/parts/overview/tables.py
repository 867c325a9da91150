"""Table of Pages: its Arrow table, its colours, its column config and its orders.

The database sorts and pages it; one page of rows is sent. The labels of the orders are values of a
URL parameter, so a published one is never renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st
from pandas.io.formats.style import Styler

from pages.charts import arrow
from pages.charts.chart_parts import DARK, LIGHT, Palette
from pages.parts.overview.columns import Column, Kind, header
from pages.records import Overview, PageTable
from pages.text.formats import UNKNOWN, cell_day, count, counted, signed, signed_percent
from pages.text.phrases import CONNECTIONS, TABLE_ORANGE, TABLE_RED
from storage.figures.filters import Metric
from storage.figures.table import SortKey, TableSummary

# A name to press is drawn as a link is elsewhere: these are the theme's link colours.
LINK_COLOURS: Mapping[Palette, str] = {LIGHT: "#1D5FB4", DARK: "#7DB2F5"}
# Connections that need no action have no colour of their own.
_TROUBLE_COLOURS: Mapping[str, str] = {
    "needs_renewal": TABLE_RED,
    "works_in_part": TABLE_ORANGE,
}
_OTHER_COLOUR = "#66717F"


def build_table(table: PageTable, shown: Sequence[Column]) -> pa.Table:
    """One row for each Page of ``table``, with the columns ``shown``.

    Times are naive, in the viewer's zone. Trends are lists of int32, which is half the bytes,
    without missing days: with a null Streamlit shows digits instead of a line.
    """
    return pa.table(
        {
            column.name: _ARRAYS[column.kind]([column.cell(row, table) for row in table.page.rows])
            for column in shown
        }
    )


def paint(table: pa.Table, shown: Sequence[Column], colours: Palette) -> Styler:
    """The table with names in the colour of links, and changes in those of up and down."""
    frame = table.to_pandas(types_mapper=arrow.PANDAS_TYPES.get)

    def paint_cells(frame: pd.DataFrame) -> pd.DataFrame:
        css = pd.DataFrame("", index=frame.index, columns=frame.columns)
        for column in shown:
            if column.kind == "name":
                css[column.name] = f"color: {LINK_COLOURS[colours]};"
            elif column.kind in ("change", "percent"):
                css[column.name] = [colours.css_of(change) for change in frame[column.name]]
        return css

    # A fixed id: with a random one every rerun sends the whole table again.
    styler = Styler(frame, uuid="pages")
    # Not by the format of the columns: that knows no locale, and writes 0 with a sign.
    formats: dict[Any, Any] = {
        column.name: _FORMATS[column.kind] for column in shown if column.kind in _FORMATS
    }
    return styler.format(formats, na_rep=UNKNOWN).apply(paint_cells, axis=None)


def config(
    shown: Sequence[Column],
    *,
    sort: Sort,
    noun: str,
    period: str,
    open_key: str,
    neutral: str,
    zone: str = "UTC",
) -> dict[str, Any]:
    """The column config of Streamlit. The label of the sorted column has an arrow.

    ``noun``: "fans" or "followers", the figure of changes; ``period`` heads the trend; ``neutral``:
    the colour of connections that work; ``zone``: that of times.
    """
    return {
        column.name: _CONFIGS[column.kind](
            _label(column, sort, header(column, noun, period, zone)),
            width=column.width,
            help=column.help and column.help(noun),
            **_options(column.kind, open_key, neutral),
        )
        for column in shown
    }


def _label(column: Column, sort: Sort, text: str) -> str:
    return f"{text} {'↓' if sort.descending else '↑'}" if column.name == sort.key else text


def _options(kind: Kind, open_key: str, neutral: str) -> dict[str, Any]:
    match kind:
        case "name":
            return {"type": "tertiary", "alignment": "left", "key": open_key}
        case "trend":
            return {"color": "gray"}
        case "figure":
            return {"alignment": "right"}
        case "time":
            return {"format": cell_day(year=False, clock=True)}
        case "connection":
            colours = [
                neutral if state == "connected" else _TROUBLE_COLOURS.get(state, _OTHER_COLOUR)
                for state in CONNECTIONS
            ]
            return {"options": list(CONNECTIONS.values()), "color": colours}
    return {}


def _texts(values: Sequence[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


def _percents(values: Sequence[float | None]) -> pa.Array:
    return pa.array([None if each is None else round(each, 2) for each in values], pa.float64())


def _trends(values: Sequence[Sequence[int]]) -> pa.Array:
    # From one point Streamlit draws a bar across the top of the cell. No Page has 2^31 fans, but a
    # wrong figure must not break the table.
    lines = [
        [min(figure, 2**31 - 1) for figure in each] if len(each) > 1 else [] for each in values
    ]
    return pa.array(lines, pa.list_(pa.int32()))


def _states(values: Sequence[list[str]]) -> pa.Array:
    return pa.array(values, pa.list_(pa.string()))


_ARRAYS: Mapping[Kind, Callable[[Sequence[Any]], pa.Array]] = {
    "picture": _texts,
    "name": _texts,
    "number": arrow.whole,
    "change": arrow.whole,
    "percent": _percents,
    "trend": _trends,
    "connection": _states,
    "text": _texts,
    "figure": _texts,
    "time": arrow.moments,
}
_CONFIGS: Mapping[Kind, Callable[..., Any]] = {
    "picture": st.column_config.ImageColumn,
    "name": st.column_config.ButtonColumn,
    "number": st.column_config.NumberColumn,
    "change": st.column_config.NumberColumn,
    "percent": st.column_config.NumberColumn,
    "trend": st.column_config.LineChartColumn,
    "connection": st.column_config.MultiselectColumn,
    "text": st.column_config.TextColumn,
    "figure": st.column_config.TextColumn,
    "time": st.column_config.DatetimeColumn,
}
_FORMATS: Mapping[Kind, Callable[..., str]] = {
    "number": count,
    "change": signed,
    "percent": signed_percent,
}


def describe_table(first: int, last: int, rows_count: int, order: str) -> str:
    """ "1–25 of 140 Pages, most fans first"."""
    order = order[:1].lower() + order[1:]
    if rows_count <= last - first + 1:
        return f"{counted(rows_count, 'Page')}, {order}"
    return f"{count(first)}{UNKNOWN}{count(last)} of {counted(rows_count, 'Page')}, {order}"


def describe_count(overview: Overview) -> str:
    """The heading: "55 Pages", or "3 of 55 Pages" after a search."""
    rows_count, pages_count = overview.table.page.rows_count, overview.totals.pages_count
    if rows_count == pages_count:
        return counted(pages_count, "Page")
    return f"{count(rows_count)} of {counted(pages_count, 'Page')}"


def describe_sum(summary: TableSummary, metric: Metric) -> str:
    """ "Together 2,290,456 fans, -45,916 (-2.06%)."; empty for one Page, or without figures."""
    total = summary.total
    figure = total.fans if metric == "fans" else total.followers
    if summary.rows_count < 2 or figure is None:
        return ""
    change = ""
    if total.net is not None:
        rate = total.growth_percent
        change = f", {signed(total.net)}" + ("" if rate is None else f" ({signed_percent(rate)})")
    return f"Together {count(figure)} {metric}{change}."


def describe_median(summary: TableSummary, metric: Metric) -> str | None:
    """The median Page, as the help of the sum; None where there is no sum."""
    middle = summary.median
    figure = middle.fans if metric == "fans" else middle.followers
    if summary.rows_count < 2 or figure is None:
        return None
    change = "" if middle.net is None else f" and {signed(middle.net)} in the period"
    return f"The Page in the middle (the median) has {count(figure)} {metric}{change}."


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
    Sort("Most views first", "views", True),
    Sort("Fewest views first", "views", False),
    Sort("Biggest rise in views first", "views_change", True),
    Sort("Biggest fall in views first", "views_change", False),
    Sort("Most engagement first", "engagement", True),
    Sort("Least engagement first", "engagement", False),
    Sort("Biggest rise in engagement first", "engagement_change", True),
    Sort("Biggest fall in engagement first", "engagement_change", False),
    Sort("Most posts per week first", "posts_per_week", True),
    Sort("Fewest posts per week first", "posts_per_week", False),
    Sort("Newest post first", "last_post", True),
    Sort("Oldest post first", "last_post", False),
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


def clicked(current: Sort, column: str) -> Sort:
    """The order after a click on a header.

    Another column begins with the first of its two orders. The current column changes the
    direction. A column without an order (picture, sparkline) changes nothing.
    """
    if column == current.key:
        return get_sort(current.key, not current.descending)
    return next((sort for sort in SORTS if sort.key == column), current)
