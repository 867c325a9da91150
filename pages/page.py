"""Page: one Page's figures, chart, calendar, goal, insights, daily table and details."""

from __future__ import annotations

from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages import overview
from pages.parts.page import (
    calendar,
    daily_table,
    export,
    goal_card,
    growth_card,
    insights_card,
    page_profile,
    page_tiles,
)
from pages.queries import load_page
from pages.records import View
from pages.text.periods import Period
from pages.ui import links, return_url, tiles
from pages.ui.tags import popover as tags
from storage.accounts.page_profile import PageProfile

_LAST = "last-page"


def read_address() -> tuple[str, str | None]:
    """The id of the Page in the URL, and Overview's state to go back to.

    Between a Page and Overview the browser's history has an entry with this path and no id: after
    Back to it the Page is the last one shown.
    """
    if "id" in st.query_params:
        page_id_and_state = st.query_params["id"], st.query_params.get(return_url.PARAMETER)
        st.session_state[_LAST] = page_id_and_state
        return page_id_and_state
    page_id, packed = st.session_state.get(_LAST, ("", None))
    return page_id, packed


def render_unknown() -> None:
    """Draw the screen for an unknown id."""
    _back_link()
    st.title("Page not found", anchor=False)
    st.markdown(page_profile.NOT_HERE)


def render(
    installation: Installation,
    session: Session,
    header: Any,
    period: Period,
    profile: PageProfile,
) -> None:
    """Draw a Page's screen. ``header`` is a container above the period bar."""
    overview.forget_restored()
    today = installation.now().date()
    with header:
        _back_link()
        page_profile.render_header(installation, profile)
        with st.container(horizontal=True, vertical_alignment="center", key="page-tags"):
            tags.render_page(installation, session, profile.id)
            export_container = st.container(width="content")
    top = st.container()
    with st.container(border=True, key="audience-card"):
        switches = growth_card.choose(read_address()[1])
        figures = load_page(session, profile, View(period, switches.metric), today)
        growth_card.render(installation, figures, switches, today)
    with export_container:
        export.render(installation, figures, switches.view)
    with top:
        tiles.render(page_tiles.tiles(figures))
    left, right = st.columns([2.1, 1])
    with left, st.container(border=True, height="stretch", key="calendar-card"):
        calendar.render(figures.history.of(switches.metric), switches.metric, today)
    with right, st.container(border=True, height="stretch", key="goal-card"):
        goal_card.render(installation, figures, today)
    insights_card.render(installation, session, profile, period)
    left, right = st.columns([1.35, 1])
    with left, st.container(border=True, height="stretch", key="daily-card"):
        daily_table.render(figures)
    with right, st.container(border=True, height="stretch", key="profile-card"):
        page_profile.render_details(profile, figures.changes)


def _back_link() -> None:
    links.draw(
        "overview",
        "All Pages",
        ":material/arrow_back:",
        query_params=return_url.unpack(read_address()[1]) or None,
    )
