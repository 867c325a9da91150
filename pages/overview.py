"""Overview: is anything broken, how many fans, since when, and which Pages."""

from __future__ import annotations

from typing import Any

import streamlit as st

from fb.installation import Installation
from pages import (
    growth,
    lookups,
    overview_words,
    page_list,
    refresh,
    screens,
    sorting,
    tiles,
    way_back,
)
from pages.formats import day
from pages.period import clip
from pages.periods import Period
from storage.filtering import Metric
from storage.overview import Totals

# What the bound widgets stand at when the address says nothing.
DEFAULTS = {
    "metric": "Fans",
    "view": growth.VIEWS[0],
    "movers": "Number",
    "sort": sorting.DEFAULT.label,
    "page": 1,
}


CHOICES = {
    "metric": tuple(growth.METRICS),
    "view": growth.VIEWS,
    "movers": tuple(growth.MOVERS),
    "sort": sorting.LABELS,
    "show": (page_list.ATTENTION,),
}
_ENTRY, _PENDING = "overview-entry", "overview-pending"


def render(
    installation: Installation,
    version: str,
    header: Any,
    period: Period,
    *,
    is_making_history: bool,
) -> None:
    """Draw the screen of an installation that has Pages. ``header`` stands above the period bar."""
    _restore()
    with (
        header,
        st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ),
    ):
        st.title("Overview", anchor=False, width="content")
        refresh.render(installation, version, is_making_history=is_making_history)
    totals = lookups.find_totals(version, period.since, period.until)
    first_day, last_day = totals.first_day, totals.last_day
    if first_day is None or last_day is None or first_day == last_day:
        _render_first_day(installation, version, period, totals)
    else:
        _render_figures(version, period, clip(period, first_day, last_day))


def _render_figures(version: str, asked: Period, period: Period) -> None:
    tiles_place = st.container()
    wide, narrow = st.columns([2.1, 1])
    with wide, st.container(border=True, height="stretch", key="growth-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            heading = st.empty()
            metric, view = growth.choose_view()
            noun = overview_words.NOUNS[metric]
            heading.header(f"{noun} over time", anchor=False, width="content")
        chart_place = st.container()
    back = _way_back()
    totals = lookups.find_totals(version, period.since, period.until)
    with tiles_place:
        _tiles(version, period, totals, metric)
    with chart_place:
        is_late = period.until < asked.until
        growth.render_chart(version, period, totals, metric, view, is_late=is_late)
    with narrow, st.container(border=True, height="stretch", key="movers-card"):
        growth.render_movers(version, period, metric, back)
    page_list.render(version, period, metric, totals.pages_count, back)


def _tiles(version: str, period: Period, totals: Totals, metric: Metric) -> None:
    previous = None
    if period.previous_since is not None and period.previous_until is not None:
        previous = lookups.find_previous(
            version, period.previous_since, period.previous_until, metric
        )
    tiles.render(overview_words.tiles(totals, previous, metric, period))


def _render_first_day(
    installation: Installation, version: str, period: Period, totals: Totals
) -> None:
    """One snapshot is no change yet: say so instead of drawing an empty chart."""
    tiles.render(overview_words.tiles(totals, None, "fans", period))
    today = installation.now().date()
    with st.container(border=True, key="growth-card"):
        st.header("Fans over time", anchor=False)
        with st.container(horizontal_alignment="center"):
            st.space("small")
            st.markdown(
                f"**{overview_words.first_day_title(totals, today)}**",
                width="content",
                text_alignment="center",
            )
            st.caption(
                "Facebook no longer gives out past fan counts, to anyone. From now on one snapshot "
                f"a day is kept; the first change shows {_next_change(totals, today)}.",
                width="content",
                text_alignment="center",
            )
            st.page_link(
                screens.link_to("setup"), label="Refresh every day", icon=":material/schedule:"
            )
            st.space("small")
    page_list.render(version, period, "fans", totals.pages_count, _way_back())


def _next_change(totals: Totals, today: Any) -> str:
    began = totals.last_day
    return "tomorrow" if began == today else f"with the next one after {day(began or today)}"


def _restore() -> None:
    """Stand as before the operator opened a Page, when Back leads to an address that says so.

    ``st.switch_page`` leaves entries in the browser's history with Overview's path and the Page's
    parameters. In the run that follows Back the address alone decides what bound widgets stand at,
    so the state is set in a second run.
    """
    packed = st.query_params.get(way_back.PARAMETER)
    if not packed or any(name in st.query_params for name in way_back.NAMES):
        return
    entry = f"{packed} {sorted(st.query_params)}"
    if st.session_state.get(_ENTRY) != entry:
        st.session_state[_ENTRY] = entry
        st.session_state[_PENDING] = True
        st.rerun()
    if not st.session_state.pop(_PENDING, False):
        return
    for name, value in way_back.unpack(packed).items():
        if name == "page":
            st.session_state[name] = int(value) if value.isdigit() and len(value) < 5 else 1
        elif name == "q" or value in CHOICES.get(name, ()):
            st.session_state[name] = value


def forget_restored() -> None:
    """Let the next Back restore again: called by the screen that Back comes from."""
    st.session_state.pop(_ENTRY, None)


def _way_back() -> dict[str, str]:
    """Where this Overview stands, for the links to Pages.

    In the first run the widgets below are not drawn yet: the address speaks for them.
    """
    address = st.query_params
    state = {name: st.session_state.get(name, address.get(name)) for name in way_back.NAMES}
    return way_back.pack(state, DEFAULTS)
