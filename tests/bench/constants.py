"""Overview drawn from constants: the same elements, and nothing asked, checked or worked out.

It replaces ``pages/app.py`` in a copy of the program, so that both are served in the same way. What
is drawn is made once by the product; from then on this script only calls Streamlit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages import queries, records, resources
from pages.charts.chart_parts import lean, palette
from pages.parts.overview import cards, digest, overview_text, tables
from pages.text.periods import COMPARISONS, DEFAULT_LABEL, LABELS, get_period
from pages.ui import growth_chart, tiles
from pages.ui.links import SCREENS


@dataclass(frozen=True)
class Constants:
    """What the calls of Streamlit get."""

    tiles: list[tiles.Tile]
    spec: Any
    movers: list[tuple[str, str]]
    digest: str
    table: Any
    columns: dict[str, Any]
    pages_count: int


@st.cache_resource(show_spinner=False)
def make_constants() -> Constants:
    """Ask the product once."""
    installation = resources.get_installation()
    today = installation.now().date()
    view = records.View(get_period(DEFAULT_LABEL, today))
    with installation.database.reading() as session:
        overview = queries.load_overview(session, view, records.Listing(), "number", today)
    colours = palette("light")
    points, notes = cards.points_of(overview), cards.notes_of(overview)
    spec, _ = growth_chart.build(points, "Fans", growth_chart.TOTAL, colours, notes)
    page_table = overview.table
    rows = tables.build_table(
        page_table.page.rows, page_table.summary, page_table.trends, page_table.total_trend
    )
    assert overview.week is not None
    return Constants(
        overview_text.tiles(
            overview.totals, overview.previous, "fans", view.period, overview.provenance
        ),
        lean(spec),
        [(mover.page_id, mover.name) for mover in (*overview.movers.up, *overview.movers.down)],
        digest.STYLE + digest.to_html(digest.write(overview.week), {}, {}),
        tables.paint(rows, colours),
        tables.columns(
            sort=tables.DEFAULT_SORT,
            noun="fans",
            period_label=DEFAULT_LABEL,
            open_key="open-page",
            neutral=colours.band,
        ),
        -(-page_table.page.rows_count // records.ROWS),
    )


def draw() -> None:
    """Draw the elements in the order and in the containers of the screen."""
    made = make_constants()
    with st.container(horizontal=True, vertical_alignment="center", key="sandbox-strip"):
        st.badge("Sandbox", icon=":material/science:", color="orange")
        with st.container(width="content"):
            st.caption("Made-up figures", width="content")
        with st.popover("Controls", type="tertiary"), st.container(width=340):
            _draw_controls()
    header = st.container()
    with st.container(border=True, horizontal=True, key="trouble-line"):
        with st.container(horizontal=True, vertical_alignment="center", width="stretch"):
            st.badge("An account needs renewal", icon=":material/link_off:", color="red")
            st.markdown("Its Pages are not refreshed.", width="content")
        st.page_link(PAGES["connections"], label="Renew", icon=":material/arrow_forward:")
    with st.container(horizontal=True, vertical_alignment="center", key="period-bar"):
        _choose("Period", LABELS, "period")
        st.selectbox("Compared with", COMPARISONS, key="comparison", bind="query-params", width=225)
        beside = st.container(width="content")
        st.caption("26 Oct – 22 Nov 2026, days in UTC", width="content")
    with header, st.container(horizontal=True, horizontal_alignment="distribute"):
        st.title("Overview", anchor=False, width="content")
        with st.container(width="content"):
            refresh()
    with beside:
        st.popover("Filter", icon=":material/filter_list:", key="filter", on_change="rerun")
    top = st.container()
    wide, narrow = st.columns([2.1, 1])
    with wide, st.container(border=True, height="stretch", key="growth-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("Fans over time", anchor=False, width="content")
            _choose("Figure", list(growth_chart.METRICS), "metric")
            _choose("View", growth_chart.VIEWS, "view")
            with st.container(width="content"):
                popover("Notes")
        st.empty()
        with st.container():
            st.vega_lite_chart(made.spec, height=cards.CHART_HEIGHT, alt="Fans")
            st.caption("The line counts the Pages that can be compared.")
    with narrow, st.container(border=True, height="stretch", key="movers-card"):
        _draw_movers(made)
    with top, st.grid(len(made.tiles), min_column_width=tiles.MIN_WIDTH, key="tiles"):
        for tile in made.tiles:
            st.metric(
                tile.label,
                tile.value,
                tile.delta,
                delta_description=tile.note,
                help=tile.help,
                border=True,
                height="stretch",
            )
    st.html(tiles.STYLE)
    with st.container(), st.container(border=True, gap="xsmall", key="digest-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("The last week", anchor=False, width="content")
            st.popover("Copy", type="tertiary", key="digest-copy", on_change="rerun")
        st.html(made.digest)
    _draw_table(made)


def _draw_controls() -> None:
    st.caption("Everything here is a stand-in that runs on this computer.")
    st.markdown("**Fast-forward**")
    st.caption("Runs the real daily refresh for the coming days.")
    with st.container(horizontal=True):
        for days in (30, 90):
            st.button(f"{days} days", icon=":material/fast_forward:", key=f"forward-{days}")
    st.selectbox("**Make trouble**", ["None", "Slow answers"], key="trouble")
    st.caption("Everything works.")
    st.button("Start over with an empty sandbox…", type="tertiary", key="start-over")
    st.page_link(PAGES["setup"], label="Use my own Facebook app", icon=":material/tune:")


@st.fragment(run_every=15.0)
def refresh() -> None:
    """The button, in a fragment that polls."""
    with (
        st.container(horizontal_alignment="right", width="content", gap="xsmall"),
        st.container(horizontal=True, vertical_alignment="center", width="content"),
    ):
        st.caption("Refreshed today 06:05 UTC", width="content")
        st.button("Refresh now", icon=":material/refresh:", key="refresh-now")


@st.fragment
def popover(label: str) -> None:
    """A closed popover in a fragment of its own."""
    st.popover(label, icon=":material/label:", key=f"popover-{label}", on_change="rerun")


def _choose(label: str, options: Any, key: str) -> None:
    st.segmented_control(
        label,
        options,
        default=DEFAULT_LABEL if key == "period" else options[0],
        required=True,
        label_visibility="collapsed",
        key=key,
        bind="query-params",
    )


def _draw_movers(made: Constants) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Movers", anchor=False, width="content")
        _choose("Movers by", list(cards.ORDERS), "movers")
    st.html(cards.STYLE)
    for verb, movers in (("Gained", made.movers[:5]), ("Lost", made.movers[5:])):
        st.caption(f"{verb} most")
        with st.container(gap="xsmall"):
            for page_id, name in movers:
                st.page_link(
                    PAGES["page"],
                    label=f"{name} :green[+1]",
                    query_params={"id": page_id},
                    width="stretch",
                )


def _draw_table(made: Constants) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="list-controls"):
        heading = st.empty()
        st.text_input("Search by name", type="search", live="300ms", key="q", bind="query-params")
        st.pills("Show", ["Needs attention"], key="show", bind="query-params")
        st.selectbox("Order", tables.SORT_LABELS, key="sort", bind="query-params", width=220)
        for label in ("Tags", "Export"):
            with st.container(width="content"):
                popover(label)
    heading.header("Pages", anchor=False, width="content")
    st.empty()
    st.caption("1–25 of 1,000 Pages, most fans first")
    with st.container(key="pages-table"):
        st.dataframe(
            made.table,
            height="content",
            row_height=40,
            hide_index=True,
            placeholder="–",
            column_config=made.columns,
            key="table",
            on_select="rerun",
            selection_mode="single-column",
            selection_default={"selection": {"rows": [], "columns": ["fans"], "cells": []}},
        )
    with st.container(horizontal_alignment="center"):
        st.pagination(made.pages_count, key="page", bind="query-params")


st.set_page_config(page_title="Overview · Pagekeeper", layout="wide")
st.logo(":material/monitoring:", size="large")
PAGES = {
    screen.name: st.Page(
        draw,
        title=screen.title,
        icon=screen.icon,
        url_path=screen.name,
        default=screen.is_default,
        visibility="hidden" if screen.is_hidden else "visible",
    )
    for screen in SCREENS
}
st.navigation(list(PAGES.values()), position="top").run()
