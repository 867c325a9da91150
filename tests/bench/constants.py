"""Overview drawn from constants: the same elements, and nothing asked, checked or worked out.

It replaces ``pages/app.py`` in a copy of the program, so that both are served in the same way. What
is drawn is made once by the product; from then on this script only calls Streamlit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

import pages
from pages import queries, records, resources
from pages.charts.chart_parts import lean, mark_day, on_screen, palette
from pages.parts.overview import cards, columns, digest, overview_text, tables
from pages.text.periods import COMPARISONS, DEFAULT_LABEL, LABELS, MORE, get_period
from pages.ui import day_panel, frame_style, growth_chart, polling, tiles, week_text
from pages.ui.links import SCREENS


@dataclass(frozen=True)
class Constants:
    """What the calls of Streamlit get."""

    tiles: list[tiles.Tile]
    spec: Any
    movers: list[tuple[str, str]]
    digest: tuple[str, str, str]
    days: list[str]
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
    spec, _ = growth_chart.build(
        points, "Fans", growth_chart.TOTAL, colours, notes, cards.before_of(overview)
    )
    page_table = overview.table
    shown = columns.list_shown(
        (),
        tables.DEFAULT_SORT.key,
        "fans",
        has_reasons=False,
        has_trouble=any(row.connection != "connected" for row in page_table.page.rows),
    )
    rows = tables.build_table(page_table, shown)
    assert overview.week is not None
    return Constants(
        overview_text.tiles(overview),
        on_screen(lean(mark_day(spec, None)), colours),
        [(mover.page_id, mover.name) for mover in (*overview.movers.up, *overview.movers.down)],
        week_text.write(overview.week),
        [f"{point.day}" for point in points],
        tables.paint(rows, shown, colours),
        tables.config(
            shown,
            sort=tables.DEFAULT_SORT,
            noun="fans",
            period=DEFAULT_LABEL,
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
        with st.container(width="content"):
            popover("Controls")
    header = st.container()
    with st.container(border=True, horizontal=True, key="trouble-line"):
        with st.container(horizontal=True, vertical_alignment="center", width="stretch"):
            st.badge("An account needs renewal", icon=":material/link_off:", color="red")
            st.markdown("Its Pages are not refreshed.", width="content")
        st.page_link(PAGES["connections"], label="Renew", icon=":material/arrow_forward:")
    with st.container(gap="xsmall"):
        beside = _draw_period_bar()
    with header, st.container(horizontal=True, horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.title("Overview", anchor=False, width="content")
            with st.container(width="content"):
                popover("Views")
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
            draw_chart(made)
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
            st.header("The week of 16 – 22 Nov 2026", anchor=False, width="content")
            st.popover("Copy", type="tertiary", key="digest-copy", on_change="rerun")
        _draw_digest(made)
    st.container()  # for posts, of which there are none
    _draw_table(made)


def _draw_period_bar() -> Any:
    """The controls, and the row of the days below; gives the container for the filter."""
    with st.container(horizontal=True, vertical_alignment="center", key="period-bar"):
        st.html("<style></style>")
        with st.container(horizontal=True, gap=None, width="content", key="period-choice"):
            _choose("Period", LABELS, "period")
            with st.container(width="content", key="more"):
                st.menu_button("More", MORE, key="more-periods", wrap=False)
        st.selectbox("Compared with", COMPARISONS, key="comparison", bind="query-params", width=225)
        beside = st.container(width="content")
    with st.container(key="period-days"):
        st.caption("26 Oct – 22 Nov 2026", help="A day is one in UTC.")
    return beside


@st.fragment
def draw_chart(made: Constants) -> None:
    """The chart whose days can be clicked, the list of days, and the notes."""
    selection = day_panel.selection_of("overview")
    st.vega_lite_chart(made.spec, height=cards.CHART_HEIGHT, alt="Fans", **selection)
    with st.container(horizontal=True, key="days-and-notes"):
        st.selectbox("What happened on one day", made.days, index=None, key="day")
        with st.expander("1 note", type="compact"):
            st.markdown("- A note.")
    st.caption("The line counts the Pages that can be compared.")


def _draw_digest(made: Constants) -> None:
    total, _, days = made.digest
    st.markdown(total)
    with st.container(horizontal=True, gap="medium", key="digest-movers"):
        st.html(digest.STYLE)
        for page_id, name in (made.movers[0], made.movers[-1]):
            st.page_link(PAGES["page"], label=name, query_params={"id": page_id}, width="content")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.popover("Pages need attention", type="tertiary", key="attention", on_change="rerun")
        st.markdown(days, width="content")


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
    with st.container(height="stretch", vertical_alignment="distribute", gap="xsmall"):
        for verb, movers in (("Gained", made.movers[:5]), ("Lost", made.movers[5:])):
            st.caption(f"{verb} most")
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
    with st.container(horizontal=True, horizontal_alignment="distribute", key="ticked-bar"):
        st.caption("Tick Pages to open, tag, compare or export them.", width="content")
        st.popover("Columns", type="tertiary", key="columns-box", on_change="rerun")
    st.caption("1–25 of 1,000 Pages, most fans first", help="The median Page.")
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
            selection_mode=["multi-row", "single-column"],
        )
    with st.container(horizontal_alignment="center"):
        st.pagination(made.pages_count, key="page", bind="query-params")


polling.watch_browser()
ASSETS = Path(pages.__file__).parent / "assets"
st.set_page_config(
    page_title="Overview · Pagekeeper", page_icon=str(ASSETS / "favicon.svg"), layout="wide"
)
st.logo(str(ASSETS / "logo.svg"), size="large")
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
frame_style.render(is_sandbox=True)
st.navigation(list(PAGES.values()), position="top").run()
