"""Page list of Overview: search, order, ticks, one page of the table, and the page numbers.

The database filters, sorts and pages; one page is sent. The state is in the URL through bound
widgets, so a reload or a shared link shows the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Literal

import streamlit as st
from pandas.io.formats.style import Styler
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.charts.chart_parts import Palette, palette
from pages.parts.overview import columns, export, tables, ticks
from pages.parts.overview.columns import Column
from pages.parts.overview.tables import Sort
from pages.records import ROWS, Listing, Overview, PageTable
from pages.text.formats import counted, cut, plain, plain_cell, zones_of
from pages.text.locale import Locale, get_locale
from pages.text.periods import CUSTOM
from pages.text.phrases import ATTENTION, NOUNS, SILENT
from pages.ui import archive, compare_link, links, polling, url_controls
from pages.ui.tags import popover as tags
from storage.posts.page_posts import Rhythms

OPEN_KEY = "open-page"
TABLE_KEY = "pages-table"
# Up to so many matches are also shown as links: a keyboard can't press a button in a table.
MAX_LINKS = 8
MAX_SEARCH = 100
MAX_NAME = 30
NARROWS_TABLE = (
    "Search and “{}” narrow this table alone; filter and period also move tiles and chart."
)
SelectionMode = Literal["multi-row", "single-column", "single-cell"]
_GRID, _TURN, _LISTING = "pages-table-grid", "pages-table-turn", "pages-listing"


def choose(row: Any, rhythms: Rhythms | None = None) -> Listing:
    """Draw search, what narrows the table, and order into ``row``; a change resets the page number.

    The Pages that publish nothing are offered where ``rhythms`` has any.
    """
    silent_ids = frozenset[str]() if rhythms is None else rhythms.silent_ids
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
            "Show",
            [ATTENTION, *([SILENT] if silent_ids else [])],
            label_visibility="collapsed",
            key="show",
            bind="query-params",
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
    filters = ((search or "").strip()[:MAX_SEARCH], show, sort.label)
    before, number = st.session_state.get(_LISTING, (filters, None))
    # Not after Back, where the URL sets both. The page numbers are drawn below the table, so this
    # run can still set them.
    if before != filters and number == _page_number() and "page" in st.session_state:
        st.session_state["page"] = 1
    st.session_state[_LISTING] = (filters, _page_number())
    return Listing(
        sort.key,
        sort.descending,
        _page_number(),
        search=filters[0],
        attention=show == ATTENTION,
        silent_ids=tuple(sorted(silent_ids)) if show == SILENT else None,
    )


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
    has_sums = table.sums is not None
    shown = columns.list_shown(
        columns.read(),
        sort.key,
        view.metric,
        has_reasons=table.holders is not None,
        has_sums=has_sums,
        has_trouble=any(row.connection != "connected" for row in table.page.rows),
        is_silent=listing.silent_ids is not None,
    )
    # What was ticked or clicked since the table was drawn, before anything shows it.
    clicked = _take_ticks()
    with row:
        # Each in its own container: a fragment takes the whole remaining width of a row.
        if not ticks.list_ticked():  # else the bar tags these
            with st.container(width="content"):
                tags.render_bulk(installation, listing.narrow(view.filter), view.period.until)
        with st.container(width="content"):
            export.render(installation, overview, listing, sort)
    if listing.search or not overview.totals.pages_count:
        narrowed = listing.narrow(view.filter)
        archive.offer(session, narrowed, is_search=bool(listing.search))
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        key="ticked-bar",
    ):
        if ticks.render(installation, session, overview, listing, sort, way_back):
            st.session_state[ticks.KEY] = ()
            _forget_grid()
            st.rerun()
        columns.render(
            shown,
            _noun(overview),
            _period_label(overview),
            _zone(table),
            has_sums=has_sums,
            has_posts=table.rhythms is not None,
        )
    if table.page.rows_count == 0:
        _no_result(listing, overview.totals.pages_count)
        return
    _open_pressed(table, way_back)
    _sort_by(sort, clicked)
    _caption(overview, listing, sort)
    if listing.search and table.page.rows_count <= MAX_LINKS:
        _links(table, way_back)
    with st.container(key=TABLE_KEY):
        _table(overview, shown, sort)
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
        if not ticks.list_ticked():  # else the bar compares these
            compare_link.render_for([row.page_id for row in table.page.rows])


def _caption(overview: Overview, listing: Listing, sort: Sort) -> None:
    """Draw the line above the table: which rows, their sum, and what a dash means."""
    table, metric = overview.table, overview.view.metric
    pages_count = (table.page.rows_count - 1) // ROWS + 1
    first = (min(listing.number, pages_count) - 1) * ROWS + 1
    last = first + len(table.page.rows) - 1
    text = tables.describe_table(first, last, table.page.rows_count, sort.label)
    text = f"{text}. {tables.describe_sum(table.summary, metric)}".rstrip()
    left_out = table.summary.rows_count - table.summary.comparable_count
    if left_out and table.summary.comparable_count:
        verb = "has" if left_out == 1 else "have"
        pages = counted(left_out, "Page")
        text += f" {pages} {verb} no figure at the start or the end of the period: a dash."
    is_silent = listing.silent_ids is not None
    if listing.search or listing.attention or is_silent:
        text += f" {NARROWS_TABLE.format(SILENT if is_silent else ATTENTION)}"
    st.caption(text, help=tables.describe_median(table.summary, metric))


def _noun(overview: Overview) -> str:
    return NOUNS[overview.view.metric].lower()


def _zone(table: PageTable) -> str:
    return zones_of(row.updated_at for row in table.page.rows)


def _period_label(overview: Overview) -> str:
    period = overview.view.period
    return "Trend" if period.label == CUSTOM else period.label


@dataclass(frozen=True)
class _Grid:
    """The table as it was drawn: its key, the Pages of its rows, and which of them were ticked."""

    key: str
    page_ids: tuple[str, ...]
    rows: tuple[int, ...]


def _take_ticks() -> str | None:
    """Take over the ticks of the table as it was drawn last, and return the header clicked."""
    grid: _Grid | None = st.session_state.get(_GRID)
    state = grid and st.session_state.get(grid.key)
    if not grid or not state:
        return None
    selection = state["selection"]
    ticks.take(grid.page_ids, selection["rows"])
    return next(iter(selection["columns"]), None)


def _forget_grid() -> None:
    """Have the next table be a new one, with the selection of its default."""
    st.session_state.pop(_GRID, None)
    st.session_state[_TURN] = int(st.session_state.get(_TURN, 0)) + 1


def _table(overview: Overview, shown: Sequence[Column], sort: Sort) -> None:
    table, colours = overview.table, palette(st.context.theme.type)
    grid = _make_grid(table, shown, sort)
    st.session_state[_GRID] = grid
    cells = [(grid.rows[0], "name")] if grid.rows else []
    modes: list[SelectionMode] = ["multi-row", "single-column"]
    if cells:
        modes.append("single-cell")
    selection: Any = {"selection": {"rows": list(grid.rows), "columns": [], "cells": cells}}
    # No column is selected at first: a selected one is a block of blue, and with any selection
    # the keyboard does not get into the table. Where Pages are ticked a cell has to be selected,
    # from which the arrow keys begin; each of them is then a rerun.
    event = st.dataframe(
        _paint_cached(table, tuple(shown), colours, get_locale()),
        height="content",
        row_height=40,
        hide_index=True,
        placeholder="–",
        column_config=tables.config(
            shown,
            sort=sort,
            noun=_noun(overview),
            period=_period_label(overview),
            open_key=OPEN_KEY,
            neutral=colours.band,
            zone=_zone(table),
        ),
        key=grid.key,
        on_select="rerun",
        selection_mode=modes,
        selection_default=selection,
        alt="Pages with their figures",
    )
    # In a new session, after a restart, the table's state is available only after it is drawn.
    selection = event["selection"]
    if ticks.take(grid.page_ids, selection["rows"]):
        st.rerun()
    _sort_by(sort, next(iter(selection["columns"]), None))


def _make_grid(table: PageTable, shown: Sequence[Column], sort: Sort) -> _Grid:
    """The table to draw. Its key differs for other rows, so positions never name other Pages.

    The same rows keep key and default: with another default Streamlit would send them again.
    """
    page_ids = tuple(row.page_id for row in table.page.rows)
    turn = int(st.session_state.get(_TURN, 0))
    content = repr((page_ids, [column.name for column in shown], sort.label))
    key = f"{TABLE_KEY}-{turn}-{sha256(content.encode()).hexdigest()[:16]}"
    before: _Grid | None = st.session_state.get(_GRID)
    # Streamlit forgets the selection of a table that a run has not drawn.
    if before is not None and before.key == key and key in st.session_state:
        return before
    ticked = set(ticks.list_ticked())
    rows = tuple(row for row, page_id in enumerate(page_ids) if page_id in ticked)
    return _Grid(key, page_ids, rows)


def _sort_by(sort: Sort, column: str | None) -> None:
    """Sort after a click on the header of ``column``, in a table that is then a new one."""
    if column is None:
        return
    _forget_grid()
    new_sort = tables.clicked(sort, column)
    if new_sort == sort:  # a column without an order
        st.rerun()
    url_controls.change(sort=new_sort.label, page=1)


@lru_cache(64)
def _paint_cached(
    table: PageTable, shown: tuple[Column, ...], colours: Palette, locale: Locale
) -> Styler:
    """The painted table, made once for each answer, choice of columns, scheme and ``locale``."""
    return tables.paint(tables.build_table(table, shown), shown, colours)


def _open_pressed(table: PageTable, way_back: Mapping[str, str]) -> None:
    """Open the Page whose name was pressed, if it is still in that row."""
    press = st.session_state.get(OPEN_KEY)
    if not press or not 0 <= press["row"] < len(table.page.rows):
        return
    row = table.page.rows[press["row"]]
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
