"""Columns of the table of Pages: one record each, with everything that the table has to know of it.

A new column is one record in `COLUMNS`, in the order of the screen. Its cells come from ``cell``, a
function of the row and of the table's answer: a figure that is no part of `TableRow` belongs into
`pages.records.PageTable`, by Page id. It can be sorted once `tables.SORTS` has its name as a key.
Nothing else is needed: the popover "Columns" and the URL follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from pages.records import PageTable
from pages.text.formats import plain_cell, recent_day
from pages.text.glossary import meaning
from pages.text.insights_text import SUM_CHANGE_HELP, SUM_CHANGES, SUM_HELP, SUM_LABELS
from pages.text.phrases import CONNECTIONS
from pages.text.post_figures import per_week
from pages.ui import popovers, url_controls
from pages.ui.connection_text import why_attention
from pages.ui.links import picture_path
from storage.figures.filters import Metric
from storage.figures.table import SortKey, TableRow
from storage.insights.sums import SUM_KEYS, SumKey

# How a column is sent and drawn: a picture, a name to press, a whole number, a whole number or a
# percentage with sign and colour, a sparkline, the state of a connection, a text, a figure that is
# written as a text, a time.
Kind = Literal[
    "picture",
    "name",
    "number",
    "change",
    "percent",
    "trend",
    "connection",
    "text",
    "figure",
    "time",
]
# The URL parameter: names, divided by commas.
PARAMETER = "columns"
MAX_PARAMETER = 300


@dataclass(frozen=True)
class Column:
    """One column.

    ``name``: in URLs, so a published one is never renamed. ``label``: of its header, where
    ``{noun}`` is "fans" or "followers", ``{period}`` "28 days" and ``{zone}`` the viewer's zone.
    ``help``: what it means, for a noun. ``width`` in pixels. ``cell``: its value in a row, None for
    a dash; `Kind` names the type, percentages times 100, and a trend is a list of whole numbers.
    ``is_default``: shown until the operator chooses. ``is_fixed``: always shown.
    """

    name: str
    label: str
    kind: Kind
    width: int
    cell: Callable[[TableRow, PageTable], Any]
    help: Callable[[str], str] | None = None
    is_default: bool = False
    is_fixed: bool = False


def _why(row: TableRow, table: PageTable) -> str:
    return why_attention(row, (table.holders or {}).get(row.page_id, ()), table.until)


def _sum(key: SumKey, *, is_change: bool = False) -> Callable[[TableRow, PageTable], int | None]:
    """The cell of views or engagement of 28 days, or of its change."""
    return lambda row, table: (
        None if table.sums is None else table.sums.figures(key, row.page_id)[is_change]
    )


def _sum_columns(key: SumKey) -> tuple[Column, Column]:
    return (
        Column(
            key,
            SUM_LABELS[key],
            "number",
            145,
            _sum(key),
            lambda noun: f"{meaning(key)} {SUM_HELP}",
            is_default=True,
        ),
        Column(
            f"{key}_change",
            SUM_CHANGES[key],
            "change",
            145,
            _sum(key, is_change=True),
            lambda noun: SUM_CHANGE_HELP,
        ),
    )


def _posts_per_week(row: TableRow, table: PageTable) -> str | None:
    rhythm = None if table.rhythms is None else table.rhythms.by_page.get(row.page_id)
    if rhythm is None or not rhythm.is_known:
        return None
    return per_week(rhythm.per_week, is_whole=rhythm.is_covered)


def _last_post(row: TableRow, table: PageTable) -> str | None:
    rhythm = None if table.rhythms is None else table.rhythms.by_page.get(row.page_id)
    if table.rhythms is None or rhythm is None or rhythm.last_at is None:
        return None
    return recent_day(rhythm.last_at.astimezone(table.rhythms.zone).date(), table.until)


# In this order, so that a phone shows tick, picture, name and fans.
COLUMNS = (
    Column(
        "picture",
        "",
        "picture",
        44,
        lambda row, table: picture_path(row.page_id, row.picture_etag),
        is_fixed=True,
    ),
    Column("name", "Page", "name", 180, lambda row, table: plain_cell(row.name), is_fixed=True),
    Column(
        "fans",
        "Fans",
        "number",
        96,
        lambda row, table: row.fans,
        lambda noun: meaning("fans"),
        is_default=True,
    ),
    Column(
        "net",
        "New {noun}",
        "change",
        118,
        lambda row, table: row.net,
        lambda noun: f"{meaning('net', noun)} A dash where one of them is not known.",
        is_default=True,
    ),
    Column(
        "growth",
        "Growth",
        "percent",
        86,
        lambda row, table: row.growth_percent,
        lambda noun: f"{meaning('growth', noun)} A dash also below 100 {noun}.",
        is_default=True,
    ),
    Column(
        "trend",
        "{period}",
        "trend",
        120,
        lambda row, table: table.trends.get(row.page_id, ()),
        lambda noun: meaning("trend", noun),
        is_default=True,
    ),
    # On most Pages the same number as fans; shown by itself while the screen is about followers.
    Column(
        "followers",
        "Followers",
        "number",
        96,
        lambda row, table: row.followers,
        lambda noun: meaning("followers"),
    ),
    *_sum_columns("views"),
    *_sum_columns("engagement"),
    Column(
        "posts_per_week",
        "Posts per week",
        "figure",
        118,
        _posts_per_week,
        lambda noun: (
            "Of the 28 days to the end of the period, whatever its length. “At least” where not "
            "all of these days have been read."
        ),
    ),
    Column(
        "last_post",
        "Last post",
        "figure",
        100,
        _last_post,
        lambda noun: "The day of the newest post. A dash: no post is known.",
    ),
    Column(
        "connection",
        "Connection",
        "connection",
        120,
        lambda row, table: [CONNECTIONS[row.connection]],
        is_default=True,
    ),
    Column("category", "Category", "text", 130, lambda row, table: row.category),
    Column("updated", "Updated ({zone})", "time", 120, lambda row, table: row.updated_at),
)
# Beside the names, only while the table shows the Pages that need attention.
WHY = Column("why", "Needs attention because", "text", 400, _why)
BY_NAME = {column.name: column for column in COLUMNS}
CHOOSABLE = tuple(column for column in COLUMNS if not column.is_fixed)
# Of views and engagement, and of posts; offered only where a Page has any.
_OF_SUMS = {name for key in SUM_KEYS for name in (key, f"{key}_change")}
_OF_POSTS = {"posts_per_week", "last_post"}


def list_shown(
    names: Sequence[str],
    sort: SortKey,
    metric: Metric,
    *,
    has_reasons: bool,
    has_sums: bool = False,
    has_trouble: bool = True,
    is_silent: bool = False,
) -> tuple[Column, ...]:
    """The columns to show, in order, of the ``names`` in the URL.

    Without a known name: the default ones, that of the metric and that of the order.
    ``has_reasons``: with the reason why a Page needs attention. ``has_sums``: some Page has views
    or engagement of 28 days. ``has_trouble``: some row's connection does not fully work; else the
    column would say "Connected" in every row. ``is_silent``: the table shows the Pages that publish
    nothing, and since when.
    """
    is_chosen = any(name in BY_NAME for name in names)
    without = (set() if has_sums else _OF_SUMS) | (set() if has_trouble else {"connection"})
    by_themselves = {metric, sort, *(["last_post"] if is_silent else [])}
    shown = [
        column
        for column in COLUMNS
        if column.is_fixed
        or column.name in names
        or (column.is_default and not is_chosen and column.name not in without)
        or (column.name in by_themselves and not is_chosen)
    ]
    if has_reasons:
        shown.insert(1 + [column.name for column in shown].index("name"), WHY)
    return tuple(shown)


def read() -> tuple[str, ...]:
    """The names in the URL, unchecked; empty for the default columns."""
    return tuple(st.query_params.get(PARAMETER, "")[:MAX_PARAMETER].split(","))


def render(
    shown: Sequence[Column],
    noun: str,
    period: str,
    zone: str,
    *,
    has_sums: bool,
    has_posts: bool = False,
) -> None:
    """Draw the popover; its content only while it is open.

    ``has_sums`` as in `list_shown`; ``has_posts``: some post has been read.
    """
    popover = st.popover(
        "Columns",
        icon=":material/view_column:",
        key="columns-box",
        type="tertiary",
        on_change="rerun",
    )
    if not popovers.is_drawn(popover, "columns-box"):
        return
    without = (set() if has_sums else _OF_SUMS) | (set() if has_posts else _OF_POSTS)
    with popover, st.container(width=360, key="columns-open"):
        names = url_controls.choose_several(
            "Columns of the table",
            {
                column.name: header(column, noun, period, zone)
                for column in CHOOSABLE
                if column in shown or column.name not in without
            },
            [column.name for column in shown if column in CHOOSABLE],
            key="columns-chosen",
            placeholder="The usual columns",
        )
        st.caption("The columns are part of the address. Without any you see the usual ones.")
    if names is not None:
        if names:
            st.query_params[PARAMETER] = ",".join(names)
        else:
            st.query_params.pop(PARAMETER, None)
        st.rerun()


def header(column: Column, noun: str, period: str, zone: str) -> str:
    """The label of a column for a metric, a period and the viewer's zone."""
    return column.label.format(noun=noun, period=period, zone=zone)
