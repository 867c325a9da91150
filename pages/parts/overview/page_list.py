"""Page list of Overview: search, order, one page of the table, and the page numbers.

The database filters, sorts and pages; one page is sent. The state is in the URL through bound
widgets, so a reload or a shared link shows the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import streamlit as st
from pandas.io.formats.style import Styler
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.charts.chart_parts import Palette, palette
from pages.parts.overview import export, tables
from pages.parts.overview.tables import Sort
from pages.records import ROWS, Listing, Overview, PageTable
from pages.text.formats import counted, cut, plain, plain_cell
from pages.text.periods import CUSTOM
from pages.text.phrases import NOUNS
from pages.ui import compare_link, links, polling, url_controls
from pages.ui.tags import popover as tags

ATTENTION = "Needs attention"
OPEN_KEY = "open-page"
TABLE_KEY = "pages-table"
# Up to so many matches are also shown as links: a keyboard can't press a button in a table.
MAX_LINKS = 8
MAX_SEARCH = 100
MAX_NAME = 30
_TURN, _DRAWN, _LISTING = "pages-table-turn", "pages-table-drawn", "pages-listing"


def choose(row: Any) -> Listing:
    """Draw search, "Needs attention" and order into ``row``; a change resets the page number."""
    with row:
        search = st.text_input(
            "Search by name",
            type="search",
            live="300ms",
            placeholder="Search by name",
            label_visibility="collapsed",
            width=240,
            key="q",
            bind="query-params",
        )
        show = st.pills(
            "Show", [ATTENTION], label_visibility="collapsed", key="show", bind="query-params"
        )
        label = st.selectbox(
            "Order",
            tables.SORT_LABELS,
            label_visibility="collapsed",
            width=220,
            key="sort",
            bind="query-params",
        )
    sort = tables.find_sort(label)
    filters = ((search or "").strip()[:MAX_SEARCH], show == ATTENTION, sort.label)
    before, number = st.session_state.get(_LISTING, (filters, None))
    # Not after Back, where the URL sets both. The page numbers are drawn below the table, so this
    # run can still set them.
    if before != filters and number == _page_number() and "page" in st.session_state:
        st.session_state["page"] = 1
    st.session_state[_LISTING] = (filters, _page_number())
    return Listing(sort.key, sort.descending, _page_number(), filters[0], filters[1])


def _page_number() -> int:
    """The page number, read before its widget is drawn below the table."""
    text = str(st.session_state.get("page", st.query_params.get("page", "1")))
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def render(
    installation: Installation,
    session: Session,
    overview: Overview,
    listing: Listing,
    row: Any,
    way_back: Mapping[str, str],
) -> None:
    """Draw the table, and "Tags" and "Export" into the ``row`` of its controls."""
    sort = tables.get_sort(listing.sort, listing.descending)
    view, table = overview.view, overview.table
    with row:
        # Each in its own container: a fragment takes the whole remaining width of a row.
        with st.container(width="content"):
            tags.render_bulk(installation, listing.narrow(view.filter), view.period.until)
        with st.container(width="content"):
            export.render(installation, overview, listing, sort)
    if table.page.rows_count == 0:
        _no_result(listing, overview.totals.pages_count)
        return
    _open_pressed(table, way_back)
    _caption(table, listing, sort)
    if listing.search and table.page.rows_count <= MAX_LINKS:
        _links(table, way_back)
    with st.container(key=TABLE_KEY):
        _table(overview, sort)
    pages_count = (table.page.rows_count - 1) // ROWS + 1
    if _page_numbers(pages_count) != min(listing.number, pages_count):
        # The URL has changed below the table (Back): draw its page.
        st.rerun()


def _links(table: PageTable, way_back: Mapping[str, str]) -> None:
    """Draw a link to each match of a search, and one to compare them."""
    with st.container(horizontal=True, gap="small", key="search-hits"):
        for row in table.page.rows:
            links.draw(
                "page",
                plain(cut(row.name, MAX_NAME)),
                ":material/arrow_forward:",
                query_params={"id": row.page_id, **way_back},
            )
        compare_link.render_for([row.page_id for row in table.page.rows])


def _caption(table: PageTable, listing: Listing, sort: Sort) -> None:
    pages_count = (table.page.rows_count - 1) // ROWS + 1
    first = (min(listing.number, pages_count) - 1) * ROWS + 1
    last = first + len(table.page.rows) - 1
    text = tables.describe_table(first, last, table.page.rows_count, sort.label)
    left_out = table.summary.rows_count - table.summary.comparable_count
    if left_out and table.summary.comparable_count:
        verb = "has" if left_out == 1 else "have"
        text += (
            f". {counted(left_out, 'Page')} {verb} no figures on both ends of the period: a dash."
        )
    st.caption(text)


def _table(overview: Overview, sort: Sort) -> None:
    period, metric = overview.view.period, overview.view.metric
    colours = palette(st.context.theme.type)
    selection: Any = {"selection": {"rows": [], "columns": [sort.key], "cells": []}}
    before = st.session_state.get(f"{TABLE_KEY}-{st.session_state.get(_TURN, 0)}")
    if before is not None and st.session_state.get(_DRAWN) != before["selection"]["columns"]:
        _sort_by(sort, before["selection"]["columns"])
    key = _table_key(selection)
    event = st.dataframe(
        _paint_cached(overview.table, colours),
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
        on_select="rerun",
        selection_mode="single-column",
        selection_default=selection,
        alt="Pages with their figures",
    )
    st.session_state[_DRAWN] = [sort.key]
    # In a new session the table's state is available only after it is drawn.
    if event["selection"]["columns"] != [sort.key]:
        _sort_by(sort, event["selection"]["columns"])


def _sort_by(sort: Sort, columns: list[str]) -> None:
    """Sort after a click on a header, which has changed the selection to ``columns``."""
    new_sort = tables.clicked(sort, columns[0] if columns else None)
    if new_sort != sort:
        st.session_state[_DRAWN] = columns  # so that the click counts once
        url_controls.change(sort=new_sort.label, page=1)


def _table_key(selection: Any) -> str:
    """The table's key: a new one whenever its selection is not the sorted column.

    With a new key the table begins with ``selection`` as its default. Setting the selection of the
    old one would send the whole table twice, and the browser ignores the same selection the second
    time and takes the next click on the header as removing it.
    """
    turn = int(st.session_state.get(_TURN, 0))
    if st.session_state.get(f"{TABLE_KEY}-{turn}", selection) != selection:
        turn += 1
        st.session_state[_TURN] = turn
    return f"{TABLE_KEY}-{turn}"


@lru_cache(64)
def _paint_cached(table: PageTable, colours: Palette) -> Styler:
    """The painted table, made once for each answer and scheme."""
    rows = tables.build_table(table.page.rows, table.summary, table.trends, table.total_trend)
    return tables.paint(rows, colours)


def _open_pressed(table: PageTable, way_back: Mapping[str, str]) -> None:
    """Open the Page whose name was pressed, if it is still in that row."""
    press = st.session_state.get(OPEN_KEY)
    if not press:
        return
    index = press["row"] - tables.SUMMARY_ROWS
    if not 0 <= index < len(table.page.rows):
        return
    row = table.page.rows[index]
    if plain_cell(row.name) == press["label"]:
        polling.go_to("page", {"id": row.page_id, **way_back})


def _page_numbers(pages_count: int) -> int:
    if pages_count == 1:
        return 1
    with st.container(horizontal_alignment="center"):
        return st.pagination(pages_count, key="page", bind="query-params")


def _no_result(listing: Listing, pages_count: int) -> None:
    if not pages_count:  # `filter_box.describe` has the reason and the button
        return
    with st.container(border=True, horizontal_alignment="center", key="no-result"):
        if listing.search:
            whom = f"“{plain(cut(listing.search, MAX_NAME))}”"
            st.markdown(f"**No Page matches {whom}**", width="content")
            st.caption("Search looks at names only.", width="content")
        else:
            st.markdown("**No Page needs attention**", width="content")
            st.caption(
                "Every Page is connected and has a figure of today or yesterday.", width="content"
            )
        if st.button("Clear search" if listing.search else "Show every Page", key="clear"):
            url_controls.change(q="", show=None)
