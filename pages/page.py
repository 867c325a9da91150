"""One Page in depth: its figures day by day, where they go, and what Facebook says about it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from fb.installation import Installation
from pages import lookups, overview, screens, tiles, way_back
from pages.insights import card as insights_card
from pages.one_page import audience as page_audience
from pages.one_page import calendar as page_calendar
from pages.one_page import daily as page_daily
from pages.one_page import goal as page_goal
from pages.one_page import headline as page_headline
from pages.one_page import lookups as page_lookups
from pages.one_page import profile as page_profile
from pages.one_page import tiles as page_tiles
from pages.one_page import words as page_words
from pages.one_page.audience import Audience
from pages.one_page.goal import Card
from pages.periods import A_DAY, Period, clip
from pages.reporting import exporting
from pages.tagging import popover as tagging
from storage.accounts.page_profile import PageProfile

_LAST = "last-page"


def read_address() -> tuple[str, str | None]:
    """The id of the Page that is asked for, and Overview's state to go back to.

    Between a Page and Overview the browser's history holds an entry with this path and no id: Back
    that leads there means the Page seen last.
    """
    if "id" in st.query_params:
        asked = (st.query_params["id"], st.query_params.get(way_back.PARAMETER))
        st.session_state[_LAST] = asked
        return asked
    page_id, packed = st.session_state.get(_LAST, ("", None))
    return page_id, packed


def render_unknown() -> None:
    """Draw the screen of an id that nobody brought here."""
    _back_link()
    st.title("Page not found", anchor=False)
    st.markdown(page_words.NOT_HERE)


def render(
    installation: Installation, version: str, header: Any, period: Period, profile: PageProfile
) -> None:
    """Draw a Page's screen. ``header`` stands above the period bar."""
    overview.forget_restored()
    with header:
        _back_link()
        page_headline.render(installation, profile)
        with st.container(horizontal=True, vertical_alignment="center", key="page-tags"):
            tagging.render_page(version, profile.id)
            export_place = st.container(width="content")
    asked, today = period, installation.now().date()
    if profile.first_day is not None and profile.last_day is not None:
        period = clip(asked, profile.first_day, profile.last_day)
    history = page_lookups.find_history(version, profile.id)
    tiles_place = st.container()
    with st.container(border=True, key="audience-card"):
        switched = page_audience.choose(read_address()[1])
        metric = switched.metric
        with export_place:
            exporting.render_page(version, period, profile, metric, switched.view)
        by_day = history.of(metric)
        outlook = page_lookups.find_outlook(version, profile.id, metric, today)
        card = Audience(version, profile, metric, by_day, period, asked, today)
        page_audience.render(card, switched, outlook)
    with tiles_place:
        tiles.render(page_tiles.tiles(history, metric, period, outlook, today=asked.until))
    left, right = st.columns([2.1, 1])
    with left, st.container(border=True, height="stretch", key="calendar-card"):
        page_calendar.render(by_day, metric, today)
    with right, st.container(border=True, height="stretch", key="goal-card"):
        goal_card = Card(
            page_id=profile.id,
            metric=metric,
            by_day=by_day,
            changes=page_tiles.changes_in(by_day, period),
            outlook=outlook,
            milestones=page_lookups.find_milestones(version, profile.id, metric),
            goal=page_lookups.find_goal(version, profile.id, metric),
            today=today,
        )
        page_goal.render(installation, goal_card)
    insights_card.render(installation, version, profile.id, profile.name, asked)
    left, right = st.columns([1.35, 1])
    with left, st.container(border=True, height="stretch", key="daily-card"):
        _daily(version, card)
    with right, st.container(border=True, height="stretch", key="profile-card"):
        changes = page_lookups.find_fact_changes(version, profile.id)
        page_profile.render(profile, changes)


def _back_link() -> None:
    st.page_link(
        screens.link_to("overview"),
        label="All Pages",
        icon=":material/arrow_back:",
        query_params=way_back.unpack(read_address()[1]) or None,
    )


def _daily(version: str, card: Audience) -> None:
    page_id, since, until = card.profile.id, card.period.since - A_DAY, card.asked.until
    # The change of the first day is against the last figure before it, however old.
    before = max((each for each in card.by_day if each < since), default=since)
    page_daily.render(
        lookups.find_series(version, page_id, before, until),
        card.metric,
        since,
        until,
        page_lookups.find_imports(version),
        page_lookups.find_marks(version, page_id, since, until, card.metric),
    )
