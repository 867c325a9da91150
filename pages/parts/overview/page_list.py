"""Table of Pages on Overview: search, order, the rows of one page, and the page numbers.

The database sorts, filters and cuts; what is sent is one page. The state stands in the address
through bound widgets, so a reload or a shared link shows the same rows.
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
from pages.parts.overview import export, sorting, tables
from pages.parts.overview.sorting import Sort
from pages.queries import ROWS, Listing, Overview, PageTable
from pages.text.formats import counted, cut, plain, plain_cell
from pages.text.periods import CUSTOM
from pages.text.phrases import NOUNS
from pages.ui import compare_link, links, polling, url_controls
from pages.ui.tags import popover as tags

ATTENTION = "Needs attention"
OPEN_KEY = "open-page"
TABLE_KEY = "pages-table"
# So few Pages are also shown as links: a keyboard can't press a button inside the table.
MAX_LINKS = 8
MAX_SEARCH = 100
MAX_NAME = 30
_TURN, _DRAWN, _LISTING = "pages-table-turn", "pages-table-drawn", "pages-listing"


def choose(row: Any) -> Listing:
    """Draw search, "Needs attention" and order into ``row``; a change leads to the first page."""
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
            sorting.LABELS,
            label_visibility="collapsed",
            width=220,
            key="sort",
            bind="query-params",
        )
    sort = sorting.find_sort(label)
    chosen = ((search or "").strip()[:MAX_SEARCH], show == ATTENTION, sort.label)
    before, number = st.session_state.get(_LISTING, (chosen, None))
    # Not where an address names both, after Back. The page numbers are drawn below the table, so in
    # this run they can still be changed.
    if before != chosen and number == _page_number() and "page" in st.session_state:
        st.session_state["page"] = 1
    st.session_state[_LISTING] = (chosen, _page_number())
    return Listing(sort.key, sort.descending, _page_number(), chosen[0], chosen[1])


def _page_number() -> int:
    """The page asked for. The widget stands below the table, so its state is read ahead."""
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
    """Draw the table below the ``row`` of its controls, which takes "Tags" and "Export" too."""
    sort = sorting.get_sort(listing.sort, listing.descending)
    view, table = overview.view, overview.table
    with row:
        # Each in a container of its own: a fragment takes all the width that is left of a row.
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
        # The address has changed under the table (Back): draw the page that it names.
        st.rerun()


def _links(table: PageTable, way_back: Mapping[str, str]) -> None:
    """A link to each Page that a search has left, and one to compare them."""
    with st.container(horizontal=True, gap="small", key="search-hits"):
        for row in table.page.rows:
            st.page_link(
                links.link_to("page"),
                label=plain(cut(row.name, MAX_NAME)),
                icon=":material/arrow_forward:",
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
        _painted(overview.table, colours),
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
    # In a new session the table's state is known only once it is drawn.
    if event["selection"]["columns"] != [sort.key]:
        _sort_by(sort, event["selection"]["columns"])


def _sort_by(sort: Sort, columns: list[str]) -> None:
    """Sort as a press on a header asks, which has left ``columns`` selected."""
    wanted = sorting.clicked(sort, columns[0] if columns else None)
    if wanted != sort:
        st.session_state[_DRAWN] = columns  # judged once
        url_controls.change(sort=wanted.label, page=1)


def _table_key(selection: Any) -> str:
    """The table's key: a new one whenever its selection is not the column that orders it.

    With a new key the table begins with ``selection`` as its default. A selection written into the
    old one would be sent with the whole table, which the next run then sends again without it; and
    the browser heeds the same one only once in a row, and takes the next click on a header for its
    undoing.
    """
    turn = int(st.session_state.get(_TURN, 0))
    if st.session_state.get(f"{TABLE_KEY}-{turn}", selection) != selection:
        turn += 1
        st.session_state[_TURN] = turn
    return f"{TABLE_KEY}-{turn}"


@lru_cache(64)
def _painted(table: PageTable, colours: Palette) -> Styler:
    """The table as it is drawn, made once for each answer and scheme."""
    rows = tables.build_table(table.page.rows, table.summary, table.trends, table.total_trend)
    return tables.paint(rows, colours)


def _open_pressed(table: PageTable, way_back: Mapping[str, str]) -> None:
    """Go to the Page whose name was pressed, if it still stands in the row that was pressed."""
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
    if not pages_count:  # the sentence above the tiles says why, and offers the way out
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
