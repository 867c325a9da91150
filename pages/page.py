"""Page: one Page's figures, chart, calendar, goal, insights, posts, days, access and details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages import overview
from pages.parts.page import (
    access_card,
    calendar,
    daily_table,
    export,
    goal_card,
    growth_card,
    insights_card,
    page_profile,
    page_tiles,
    posts_card,
)
from pages.queries import find_post_days, has_any_posts, list_changes, load_page
from pages.records import PageFigures, View
from pages.text.periods import A_DAY, charted
from pages.ui import archive, links, period_bar, return_url, tiles
from pages.ui.erase import dialog
from pages.ui.moved import dialog as moved
from pages.ui.period_bar import Bar
from pages.ui.signed_in import may
from pages.ui.tags import popover as tags
from storage.accounts.page_profile import PageProfile
from storage.accounts.pages import FactChange

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
    connects = "connect" if may("operator") else "ask an operator to connect"
    st.markdown(page_profile.NOT_HERE.format(connects))
    with st.container(horizontal=True, vertical_alignment="center"):
        links.draw("overview", "Search all Pages by name", ":material/search:")
        links.draw("connections", "See the connections", ":material/link:")
        if may("operator"):
            st.html(links.connect_link("Connect Facebook Pages", filled=False), width="content")


def render(
    installation: Installation,
    session: Session,
    header: Any,
    bar: Bar,
    profile: PageProfile,
) -> None:
    """Draw a Page's screen. ``header`` is a container above the period bar."""
    overview.forget_restored()
    today = installation.now().date()
    with header:
        _back_link()
        if not moved.render(installation, session, profile.id):
            archive.render_banner(installation, profile)
        page_profile.render_header(installation, profile)
        with st.container(horizontal=True, vertical_alignment="center", key="page-tags"):
            tags.render_page(installation, session, profile.id)
            export_container = st.container(width="content")
    if profile.last_day is None:
        period_bar.show_days(bar, bar.period, None)
        with st.container(border=True, key="no-figures"):
            st.markdown(page_profile.NO_FIGURES)
            if may("operator"):
                links.draw("imports", "Import past figures", ":material/upload:")
        insights_card.render(installation, session, profile, bar.period)
        posts_card.render(installation, session, profile, bar.period)
        changes = list_changes(session, profile.id)
        _about(installation, session, profile, changes, st.columns([1.35, 1]))
        return
    top = st.container()
    with st.container(border=True, key="audience-card"):
        switches = growth_card.choose(read_address()[1], has_posts=has_any_posts(session))
        figures = load_page(session, profile, View(bar.period, switches.metric), today)
        post_days = (
            _find_post_days(installation, session, figures) if switches.wants_posts else None
        )
        growth_card.render(installation, figures, switches, today, post_days)
    period_bar.show_days(bar, figures.view.period, figures.figure_days)
    with export_container:
        export.render(installation, figures, switches.view)
    with top:
        tiles.render(page_tiles.tiles(figures))
    left, right = st.columns([2.1, 1])
    with left, st.container(border=True, height="stretch", key="calendar-card"):
        calendar.render(figures.history.of(switches.metric), switches.metric, today)
    with right, st.container(border=True, height="stretch", key="goal-card"):
        goal_card.render(installation, figures, today)
    insights_card.render(installation, session, profile, bar.period)
    posts_card.render(installation, session, profile, bar.period)
    left, right = st.columns([1.35, 1])
    with left, st.container(border=True, key="daily-card"):
        daily_table.render(figures)
    _about(installation, session, profile, figures.changes, (left, right))


def _find_post_days(
    installation: Installation, session: Session, figures: PageFigures
) -> Mapping[date, int]:
    """The number of posts by day, over the days of the chart."""
    since, until = charted(figures.view.period).since - A_DAY, figures.requested.until
    zone = installation.settings.display_time_zone
    return find_post_days(session, figures.profile.id, since, until, zone)


def _about(
    installation: Installation,
    session: Session,
    profile: PageProfile,
    changes: Mapping[str, FactChange],
    columns: Sequence[Any],
) -> None:
    """Draw what the access is enough for, and what Facebook says, in two columns."""
    left, right = columns
    with left, st.container(border=True, height="stretch", key="access-card"):
        access_card.render(installation, session, profile)
    with right, st.container(border=True, height="stretch", key="profile-card"):
        page_profile.render_details(profile, changes)
        archive.render_action(installation, profile)
        if may("admin") and st.button(
            "Erase this Page…", type="tertiary", icon=dialog.ICON, key="erase-page"
        ):
            dialog.confirm(installation, "page", profile.id)


def _back_link() -> None:
    links.draw(
        "overview",
        "All Pages",
        ":material/arrow_back:",
        query_params=return_url.unpack(read_address()[1]) or None,
    )
