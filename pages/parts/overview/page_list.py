"""The lower half of Overview: search, filter, order, the table of Pages, and its page numbers.

The database sorts, filters and cuts; what is sent is one page. The state stands in the address
through bound widgets, so a reload or a shared link shows the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import streamlit as st
from pandas.io.formats.style import Styler

from pages import lookups
from pages.charts.chart_parts import Palette, palette
from pages.lookups import ROWS, TableView
from pages.parts.overview import search_hits, sorting, table_selection, tables
from pages.parts.overview.overview_text import NOUNS
from pages.parts.overview.sorting import Sort
from pages.text.formats import counted, cut, plain, plain_cell
from pages.text.periods import CUSTOM, Period
from pages.ui import screens
from pages.ui.export import menu
from pages.ui.tags import popover as tagging
from storage.filtering import Filter, Metric

ATTENTION = "Needs attention"
OPEN_KEY = "open-page"
# So few Pages are also shown as links: a keyboard can't press a button inside the table.
MOST_LINKS = 8
LONGEST_SEARCH = 100
LONGEST_NAME = 30


@dataclass(frozen=True)
class Wanted:
    """Which rows the operator has asked for."""

    search: str
    attention: bool
    sort: Sort
    number: int  # of the page of the table, from 1


def render(
    version: str,
    period: Period,
    metric: Metric,
    pages_count: int,
    filter: Filter,
    way_back: Mapping[str, str],
) -> None:
    """Draw all of it. ``filter`` is the screen's; search and attention narrow the table alone."""
    wanted = _controls(version, pages_count, filter, period, metric)
    with st.empty():  # for what is drawn while the answer is not known yet
        view = lookups.find_table(
            version,
            period.since,
            period.until,
            metric,
            wanted.sort.key,
            wanted.sort.descending,
            wanted.number,
            replace(filter, search=wanted.search, attention=wanted.attention),
        )
    if view.page.rows_count == 0:
        _no_result(wanted, pages_count)
        return
    _open_clicked(view, way_back)
    _caption(view, wanted)
    if wanted.search and view.page.rows_count <= MOST_LINKS:
        search_hits.render(view, way_back)
    with st.container(key=table_selection.TABLE_KEY):
        _table(view, wanted.sort, metric, period)
    pages_count = _pages_count(view)
    if _page_numbers(pages_count) != min(wanted.number, pages_count):
        # The address has changed under the table (Back): draw the page that it names.
        st.rerun()


def _controls(
    version: str, pages_count: int, filter: Filter, period: Period, metric: Metric
) -> Wanted:
    with st.container(horizontal=True, vertical_alignment="center", key="list-controls"):
        st.header(counted(pages_count, "Page"), anchor=False, width="content")
        search = st.text_input(
            "Search by name",
            type="search",
            live="300ms",
            placeholder="Search by name",
            label_visibility="collapsed",
            width=240,
            key="q",
            bind="query-params",
            on_change=_to_first_page,
        )
        show = st.pills(
            "Show",
            [ATTENTION],
            label_visibility="collapsed",
            key="show",
            bind="query-params",
            on_change=_to_first_page,
        )
        label = st.selectbox(
            "Order",
            sorting.LABELS,
            label_visibility="collapsed",
            width=220,
            key="sort",
            bind="query-params",
            on_change=_to_first_page,
        )
        wanted = Wanted(
            (search or "").strip()[:LONGEST_SEARCH],
            show == ATTENTION,
            sorting.find_sort(label),
            _number(),
        )
        narrowed = _narrowed(filter, wanted)
        # Each in a place of its own: a fragment takes all the width that is left of a row.
        with st.container(width="content"):
            tagging.render_bulk(version, narrowed, period.until)
        with st.container(width="content"):
            menu.render_overview(version, period, metric, filter, narrowed, wanted.sort)
    return wanted


def _narrowed(filter: Filter, wanted: Wanted) -> Filter:
    return replace(filter, search=wanted.search, attention=wanted.attention)


def _number() -> int:
    """The page asked for. The widget stands below the table, so its state is read ahead."""
    asked = st.session_state.get("page", st.query_params.get("page", "1"))
    text = str(asked)
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _to_first_page() -> None:
    if "page" in st.session_state:
        st.session_state["page"] = 1


def _caption(view: TableView, wanted: Wanted) -> None:
    first = (min(wanted.number, _pages_count(view)) - 1) * ROWS + 1
    last = first + len(view.page.rows) - 1
    text = tables.describe_table(first, last, view.page.rows_count, wanted.sort.label)
    left_out = view.summary.rows_count - view.summary.comparable_count
    if left_out and view.summary.comparable_count:
        verb = "has" if left_out == 1 else "have"
        text += (
            f". {counted(left_out, 'Page')} {verb} no figures on both ends of the period: a dash."
        )
    st.caption(text)


def _table(view: TableView, sort: Sort, metric: Metric, period: Period) -> None:
    colours = palette(st.context.theme.type)
    selection: Any = {"selection": {"rows": [], "columns": [sort.key], "cells": []}}
    key = table_selection.keep_selected(selection)
    st.dataframe(
        _painted(view, colours),
        height="content",
        row_height=40,
        hide_index=True,
        placeholder="–",
        column_config=tables.columns(
            sort=sort,
            noun=NOUNS[metric].lower(),
            period_label="Trend" if period.label == CUSTOM else period.label,
            open_key=OPEN_KEY,
            neutral=colours.band,
        ),
        key=key,
        on_select=partial(_header_clicked, key),
        selection_mode="single-column",
        selection_default=selection,
        alt="Pages with their figures",
    )


@lru_cache(64)
def _painted(view: TableView, colours: Palette) -> Styler:
    """The table as it is drawn, made once for each view and scheme."""
    table = tables.build_table(view.page.rows, view.summary, view.trends, view.total_trend)
    return tables.paint(table, colours)


def _header_clicked(key: str) -> None:
    columns = st.session_state[key]["selection"]["columns"]
    current = sorting.find_sort(st.session_state.get("sort"))
    st.session_state["sort"] = sorting.clicked(current, columns[0] if columns else None).label
    _to_first_page()


def _open_clicked(view: TableView, way_back: Mapping[str, str]) -> None:
    """Go to the Page whose name was pressed, if it still stands in the row that was pressed."""
    click = st.session_state.get(OPEN_KEY)
    if not click:
        return
    place = click["row"] - tables.SUMMARY_ROWS
    if not 0 <= place < len(view.page.rows):
        return
    row = view.page.rows[place]
    if plain_cell(row.name) == click["label"]:
        st.switch_page(screens.link_to("page"), query_params={"id": row.page_id, **way_back})


def _pages_count(view: TableView) -> int:
    return (view.page.rows_count - 1) // ROWS + 1


def _page_numbers(pages_count: int) -> int:
    if pages_count == 1:
        return 1
    with st.container(horizontal_alignment="center"):
        return st.pagination(pages_count, key="page", bind="query-params")


def _no_result(wanted: Wanted, pages_count: int) -> None:
    if not pages_count:  # the sentence above the tiles says why, and offers the way out
        return
    with st.container(border=True, horizontal_alignment="center", key="no-result"):
        if wanted.search:
            whom = f"“{plain(cut(wanted.search, LONGEST_NAME))}”"
            st.markdown(f"**No Page matches {whom}**", width="content")
            st.caption("Search looks at names only.", width="content")
        else:
            st.markdown("**No Page needs attention**", width="content")
            st.caption(
                "Every Page is connected and has a figure of today or yesterday.", width="content"
            )
        label = "Clear search" if wanted.search else "Show every Page"
        st.button(label, key="clear", on_click=_clear)


def _clear() -> None:
    st.session_state["q"] = ""
    st.session_state["show"] = None
