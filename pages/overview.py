"""Overview: tiles, growth chart, movers, digest, and the table of Pages."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.cache import is_remembered
from pages.parts.overview import (
    cards,
    digest,
    overview_text,
    page_list,
    posts_card,
    saved_views,
    tables,
)
from pages.queries import find_days, find_freshness, find_rhythms, load_overview
from pages.records import PageFilter, View
from pages.text.phrases import ATTENTION, NOUNS, SILENT
from pages.text.wording import CONNECT
from pages.ui import filter_box, growth_chart, links, period_bar, refresh, return_url, tiles
from pages.ui.message_page import READING_WIDTH
from pages.ui.notes import popover as notes
from pages.ui.period_bar import Bar
from pages.ui.signed_in import may
from storage.figures.filters import Filter
from storage.posts.page_posts import Rhythms

# The values of the bound widgets without URL parameters.
DEFAULTS = {
    "metric": "Fans",
    "view": growth_chart.TOTAL,
    "movers": "Number",
    "sort": tables.DEFAULT_SORT.label,
    "page": 1,
}
CHOICES = {
    "metric": tuple(growth_chart.METRICS),
    "view": growth_chart.VIEWS,
    "movers": tuple(cards.ORDERS),
    "sort": tables.SORT_LABELS,
    "show": (ATTENTION, SILENT),
}
CONTROLS = saved_views.Controls(DEFAULTS, CHOICES)
TABLE_HEIGHT = 600  # of the skeleton: about that of 25 rows
IN_SANDBOX = (
    "This is the sandbox: the next screen stands in for Facebook's dialog, with 60 made-up Pages. "
    "Nothing is sent to Facebook."
)
LIVE = "Facebook asks which Pages this app may read. Nothing is saved until you have seen the list."
FOR_VIEWERS = "No Page is connected yet. An operator connects the first ones; then they are here."
_ENTRY, _PENDING = "overview-entry", "overview-pending"


def render(
    installation: Installation,
    session: Session,
    header: Any,
    bar: Bar,
    *,
    is_making_history: bool,
) -> None:
    """Draw Overview with its Pages. ``header`` is a container above the period bar."""
    _restore()
    with (
        header,
        st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ),
    ):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.title("Overview", anchor=False, width="content")
            with st.container(width="content"):  # a fragment takes the whole width of a row
                saved_views.render(installation, session, CONTROLS)
        refresh.render(installation, session, is_making_history=is_making_history)
    current = filter_box.read(session)
    filter_box.render(session, bar.beside, current)
    view = View(bar.period, "fans", current.filter)
    days = find_days(session)
    if days is None or days[0] == days[1]:
        period_bar.show_days(bar, bar.period, None)
        _render_first_day(installation, session, view, current)
    else:
        _render_figures(installation, session, bar, current)


def _render_figures(
    installation: Installation, session: Session, bar: Bar, current: PageFilter
) -> None:
    """Draw the controls, each in its container; then load the figures of their values and draw."""
    filter = current.filter
    today = installation.now().date()
    top = st.container()
    wide, narrow = st.columns([2.1, 1])
    with wide, st.container(border=True, height="stretch", key="growth-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            heading = st.empty()
            metric = growth_chart.choose_metric("metric")
            chart_view = growth_chart.choose_view("view")
            beside_switches = st.container(width="content")
        chart_skeleton, chart = st.empty(), st.container()
    with narrow:
        movers = st.container(border=True, height="stretch", key="movers-card")
    with movers:
        movers_by = cards.choose_order()
    week, posts = st.container(), st.container()
    list_heading, list_controls = _list_row()
    rhythms = _find_rhythms(installation, session, filter, bar.period.until)
    listing = page_list.choose(list_controls, rhythms)
    list_skeleton, way_back = st.empty(), _way_back()

    question = (View(bar.period, metric, filter), listing, movers_by, today, rhythms)
    with ExitStack() as skeletons:
        if not is_remembered(load_overview, session, *question):  # thousands of Pages take a moment
            skeletons.enter_context(chart_skeleton.skeleton(height=cards.CHART_HEIGHT))
            skeletons.enter_context(list_skeleton.skeleton(height=TABLE_HEIGHT))
        overview = load_overview(session, *question)

    period_bar.show_days(bar, overview.view.period, overview.figure_days)
    with top:
        filter_box.describe(current, overview.totals.pages_count)
        tiles.render(overview_text.tiles(overview))
    heading.header(f"{NOUNS[metric]} over time", anchor=False, width="content")
    with beside_switches:
        notes.render(installation, cards.chart_of_notes(overview))
    with chart:
        cards.render_growth(installation, overview, chart_view, way_back)
    with movers:
        cards.render_movers(overview, movers_by, way_back)
    if overview.week is not None:
        with week:
            silent_count = 0 if rhythms is None else len(rhythms.silent_ids)
            digest.render(session, overview.week, filter, silent_count, way_back)
    list_heading.header(tables.describe_count(overview), anchor=False, width="content")
    page_list.render(installation, session, overview, listing, list_controls, way_back)
    if rhythms is not None:  # last: of thousands of Pages it takes a moment
        with posts:
            posts_card.render(
                session, rhythms, filter, overview.totals.pages_count, installation.now()
            )


def _find_rhythms(
    installation: Installation, session: Session, filter: Filter, until: date
) -> Rhythms | None:
    """How often the Pages publish up to the requested end of the period, which posts reach."""
    return find_rhythms(session, filter, until, installation.settings.display_time_zone)


def _list_row() -> tuple[Any, Any]:
    """The row above the table: the container of its heading, and the row."""
    row = st.container(horizontal=True, vertical_alignment="center", key="list-controls")
    return row.empty(), row


def _render_first_day(
    installation: Installation, session: Session, view: View, current: PageFilter
) -> None:
    """Draw the first day: one snapshot is no change yet, so a text replaces the chart."""
    today = installation.now().date()
    top = st.container()
    card = st.container(border=True, key="growth-card")
    posts = st.container()
    list_heading, list_controls = _list_row()
    rhythms = _find_rhythms(installation, session, view.filter, view.period.until)
    listing = page_list.choose(list_controls, rhythms)
    overview = load_overview(session, view, listing, "number", today, rhythms)
    is_readable = find_freshness(session, today).has_readable
    totals = overview.totals
    with top:
        filter_box.describe(current, totals.pages_count)
        tiles.render(overview_text.tiles(overview, is_readable=is_readable))
    with card:
        st.header("Fans over time", anchor=False)
        with st.container(horizontal_alignment="center"):
            st.space("small")
            st.markdown(
                f"**{overview_text.first_day_title(totals, today)}**",
                width="content",
                text_alignment="center",
            )
            st.caption(
                overview_text.first_day(totals, today, is_readable=is_readable),
                width="content",
                text_alignment="center",
            )
            if not is_readable:
                links.draw("connections", "See Connections", ":material/link:")
            elif may("operator"):
                links.draw("setup", "Refresh every day", ":material/schedule:")
            if may("operator"):
                links.draw("imports", "Import past figures", ":material/upload:")
            st.space("small")
    list_heading.header(tables.describe_count(overview), anchor=False, width="content")
    page_list.render(installation, session, overview, listing, list_controls, _way_back())
    if rhythms is not None:
        with posts:
            posts_card.render(session, rhythms, view.filter, totals.pages_count, installation.now())


def render_welcome(installation: Installation) -> None:
    """Draw Overview without Pages; with a wrong encryption key there is no link to connect."""
    is_sandbox = installation.settings.is_sandbox
    with st.container(horizontal_alignment="center"), st.container(width=READING_WIDTH):
        st.space("large")
        st.title("See how your Facebook Pages grow", anchor=False)
        st.markdown(
            "Pagekeeper reads the fans and followers of every Page you manage once a day, and "
            "tells you when a connection stops working."
        )
        if not may("operator"):
            st.markdown(FOR_VIEWERS)
            return
        if installation.can_open_tokens:
            st.html(links.connect_link(CONNECT.label))
        st.caption(IN_SANDBOX if is_sandbox else LIVE)
        st.space("small")
        with st.container(border=True):
            st.header("What happens", anchor=False)
            who = "The stand-in" if is_sandbox else "Facebook"
            st.markdown(
                f"1. {who} asks which Pages this app may read.\n"
                "2. You see what was found, and what can't be used and why.\n"
                "3. You save, and the chart begins."
            )
        if is_sandbox:
            links.draw("setup", "Use my own Facebook app instead", ":material/tune:")


def _restore() -> None:
    """Restore the state before a Page was opened, when Back leads to a URL with that state.

    ``st.switch_page`` leaves entries in the browser's history with Overview's path and the Page's
    parameters. In the run after Back only the URL sets bound widgets, so a second run sets them.
    """
    packed = st.query_params.get(return_url.PARAMETER)
    if not packed or any(name in st.query_params for name in return_url.NAMES):
        return
    entry = f"{packed} {sorted(st.query_params)}"
    if st.session_state.get(_ENTRY) != entry:
        st.session_state[_ENTRY] = entry
        st.session_state[_PENDING] = True
        st.rerun()
    if not st.session_state.pop(_PENDING, False):
        return
    for name, value in return_url.unpack(packed).items():
        if name == "page":
            st.session_state[name] = int(value) if value.isdigit() and len(value) < 5 else 1
        elif name in return_url.URL_ONLY:
            st.query_params[name] = value
        elif name == "q" or value in CHOICES.get(name, ()):
            st.session_state[name] = value


def arrive(session: Session) -> None:
    """Open the saved view that the URL names, or the start view; see `saved_views.arrive`."""
    saved_views.arrive(session, CONTROLS)


def forget_restored() -> None:
    """Let the next Back restore again; called by the Page's screen."""
    st.session_state.pop(_ENTRY, None)


def _way_back() -> dict[str, str]:
    """Overview's state, for links to Pages.

    Before the widgets below are drawn in the first run, the state is that of the URL.
    """
    address = st.query_params.to_dict()
    state: dict[str, object] = {
        name: st.session_state.get(name, address.get(name)) for name in return_url.NAMES
    }
    return return_url.pack(state | filter_box.kept(), DEFAULTS)
