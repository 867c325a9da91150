"""Overview: is anything broken, how many fans, since when, and which Pages."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from fb.installation import Installation
from pages import lookups
from pages.parts.overview import digest_card, growth_card, page_list, sorting
from pages.parts.overview import overview_text as overview_words
from pages.parts.overview import queries as overview_lookups
from pages.text.formats import day
from pages.text.periods import Period, clip, reaches_back
from pages.ui import filter_box, refresh, return_url, screens, tiles
from pages.ui.filter_text import Chosen
from pages.ui.notes import popover
from pages.ui.period_bar import Bar
from storage.filtering import Filter, Metric
from storage.overview import Totals

# What the bound widgets stand at when the address says nothing.
DEFAULTS = {
    "metric": "Fans",
    "view": growth_card.VIEWS[0],
    "movers": "Number",
    "sort": sorting.DEFAULT.label,
    "page": 1,
}


CHOICES = {
    "metric": tuple(growth_card.METRICS),
    "view": growth_card.VIEWS,
    "movers": tuple(growth_card.MOVERS),
    "sort": sorting.LABELS,
    "show": (page_list.ATTENTION,),
}
_ENTRY, _PENDING = "overview-entry", "overview-pending"


def render(
    installation: Installation, version: str, header: Any, bar: Bar, *, is_making_history: bool
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
    chosen = filter_box.read(version)
    filter_box.render(version, bar.beside, chosen)
    days = overview_lookups.find_days(version)
    if days is None or days[0] == days[1]:
        _render_first_day(installation, version, bar.period, chosen)
    else:
        _render_figures(version, installation.now().date(), bar.period, chosen, days)


def _render_figures(
    version: str, today: date, asked: Period, chosen: Chosen, days: tuple[date, date]
) -> None:
    period, filter = clip(asked, *days), chosen.filter
    tiles_place = st.container()
    wide, narrow = st.columns([2.1, 1])
    with wide, st.container(border=True, height="stretch", key="growth-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            heading = st.empty()
            metric, view = growth_card.choose_view()
            noun = overview_words.NOUNS[metric]
            heading.header(f"{noun} over time", anchor=False, width="content")
            notes = popover.render(version, popover.chart_of_pages(period, filter, today))
        chart_place = st.container()
    back = _way_back()
    totals = lookups.find_totals(version, period.since, period.until, filter)
    with tiles_place:
        filter_box.say(chosen, totals.pages_count)
        _tiles(version, period, totals, metric, filter, days[0])
    with chart_place:
        is_late = period.until < asked.until
        growth_card.render_chart(
            version, period, totals, metric, view, filter, is_late=is_late, notes=notes
        )
    with narrow, st.container(border=True, height="stretch", key="movers-card"):
        growth_card.render_movers(version, period, metric, filter, back)
    digest_card.render(version, today, metric, filter, filter_box.kept(), back)
    page_list.render(version, period, metric, totals.pages_count, filter, back)


def _tiles(
    version: str, period: Period, totals: Totals, metric: Metric, filter: Filter, first_day: date
) -> None:
    previous = None
    if reaches_back(period, first_day):
        assert period.previous_since is not None
        assert period.previous_until is not None
        previous = lookups.find_comparable(
            version, period.previous_since, period.previous_until, metric, filter
        )
    origin = overview_lookups.find_source(version, period.until)
    tiles.render(overview_words.tiles(totals, previous, metric, period, origin))


def _render_first_day(
    installation: Installation, version: str, period: Period, chosen: Chosen
) -> None:
    """One snapshot is no change yet: say so instead of drawing an empty chart."""
    totals = lookups.find_totals(version, period.since, period.until, chosen.filter)
    filter_box.say(chosen, totals.pages_count)
    origin = overview_lookups.find_source(version, period.until)
    tiles.render(overview_words.tiles(totals, None, "fans", period, origin))
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
            st.page_link(
                screens.link_to("imports"), label="Import past figures", icon=":material/upload:"
            )
            st.space("small")
    page_list.render(version, period, "fans", totals.pages_count, chosen.filter, _way_back())


def _next_change(totals: Totals, today: Any) -> str:
    began = totals.last_day
    return "tomorrow" if began == today else f"with the next one after {day(began or today)}"


def _restore() -> None:
    """Stand as before the operator opened a Page, when Back leads to an address that says so.

    ``st.switch_page`` leaves entries in the browser's history with Overview's path and the Page's
    parameters. In the run that follows Back the address alone decides what bound widgets stand at,
    so the state is set in a second run.
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
        elif name in return_url.FILTER_NAMES:
            filter_box.restore(name, value)
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
    state = {name: st.session_state.get(name, address.get(name)) for name in return_url.NAMES}
    return return_url.pack(state, DEFAULTS)
