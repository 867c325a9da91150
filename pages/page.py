"""One Page in depth: its figures day by day, and what Facebook says about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from html import escape
from typing import Any

import streamlit as st

from fb.installation import Installation
from pages import (
    growth,
    lookups,
    overview,
    page_cards,
    page_words,
    screens,
    switches,
    tiles,
    timeline,
    way_back,
)
from pages.formats import counted, day, plain
from pages.period import clip
from pages.periods import A_DAY, Period
from pages.tables import picture_path
from pages.timeline import Point
from storage import metrics
from storage.series import DayFigure, PageProfile

CHART_HEIGHT = 320
VIEWS = growth.VIEWS[:2]
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
        _headline(installation, profile)
    asked = period
    if profile.first_day is not None and profile.last_day is not None:
        period = clip(asked, profile.first_day, profile.last_day)
    series = _find_series(version, profile, period)
    figures = {
        "fans": {row.day: row.fans for row in series},
        "followers": {row.day: row.followers for row in series},
    }
    tiles_place = st.container()
    with st.container(border=True, key="audience-card"):
        metric, view = _switches()
        # Up to the end that was asked for: days without a snapshot are grey.
        _chart(figures[metric], metric, view, period.since, asked.until, profile)
    with tiles_place:
        tiles.render(page_words.tiles(figures, metric, period, today=asked.until))
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="daily-card"):
        page_cards.render_daily_figures(series, metric, period.since - A_DAY, asked.until)
    with right, st.container(border=True, height="stretch", key="profile-card"):
        page_cards.render_profile(profile)


def _back_link() -> None:
    st.page_link(
        screens.link_to("overview"),
        label="All Pages",
        icon=":material/arrow_back:",
        query_params=way_back.unpack(read_address()[1]) or None,
    )


def _headline(installation: Installation, profile: PageProfile) -> None:
    stands = page_words.connection(profile)
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        src = escape(picture_path(profile.page_id, profile.picture_etag), quote=True)
        st.html(
            f'<img src="{src}" alt="" width="56" height="56" '
            'style="display:block;border-radius:0.5rem;object-fit:cover">',
            width=56,
        )
        with st.container(gap="xxsmall"):
            st.title(plain(profile.name), anchor=False)
            with st.container(horizontal=True, vertical_alignment="center"):
                if profile.category:
                    st.caption(plain(profile.category), width="content")
                st.badge(stands.label, icon=stands.icon, color=stands.colour)
                held_by = page_words.held_by(profile)
                if held_by:
                    st.caption(held_by, width="content")
                if not installation.settings.is_sandbox:
                    st.link_button(
                        "Open on Facebook",
                        page_words.facebook_link(profile),
                        icon=":material/open_in_new:",
                        type="tertiary",
                    )
    if stands.sentence:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(stands.sentence, width="content")
            if stands.colour == "red":
                st.page_link(
                    screens.link_to("connections"),
                    label="Renew" if profile.connection == "needs_renewal" else "See Connections",
                    icon=":material/arrow_forward:",
                )


def _find_series(version: str, profile: PageProfile, period: Period) -> list[DayFigure]:
    """Every snapshot that the screen needs: both periods, and the last one, however old."""
    first = (period.previous_since or period.since) - 2 * A_DAY
    if profile.last_day is not None:
        first = min(first, profile.last_day)
    return lookups.find_series(version, profile.page_id, first, period.until)


def _switches() -> tuple[str, str]:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Audience over time", anchor=False, width="content")
        came_by = way_back.unpack(read_address()[1]).get("metric")
        metric = switches.choose("Figure", list(growth.METRICS), key="figure", default=came_by)
        view = switches.choose("View", VIEWS, key="chart")
    return growth.METRICS[metric], view


def points_of(by_day: Mapping[date, int | None], since: date, until: date) -> list[Point]:
    """One point for every day from the day before ``since`` to ``until``."""
    changes = {change.day: change.change for change in metrics.list_daily_changes(by_day)}
    days = ((until - since).days + 2) if until >= since else 0
    first = since - A_DAY
    return [
        Point(each, by_day.get(each), changes.get(each) if each >= since else None)
        for each in (first + timedelta(days=number) for number in range(days))
    ]


def _chart(
    by_day: Mapping[date, int | None],
    metric: str,
    view: str,
    since: date,
    until: date,
    profile: PageProfile,
) -> None:
    noun = metric.capitalize()
    points = timeline.trim(points_of(by_day, since, until))
    if not points:
        st.caption(_why_no_chart(by_day, metric, since, until, profile.last_day))
        return
    growth.draw(points, noun, view, plain(profile.name), height=CHART_HEIGHT)
    missing = sum((gap.until - gap.since).days + 1 for gap in timeline.find_gaps(points))
    notes = []
    if missing:
        verb = "has" if missing == 1 else "have"
        notes.append(
            f"{counted(missing, 'day')} {verb} no snapshot (grey): the dashboard was not running, "
            "or Facebook refused. They can't be fetched later."
        )
    if profile.is_new_page_experience:
        notes.append(page_words.NEW_EXPERIENCE)
    if notes:
        st.caption(" ".join(notes))


def _why_no_chart(
    by_day: Mapping[date, int | None], metric: str, since: date, until: date, newest: date | None
) -> str:
    if newest is None:
        return "The first figures come with the next refresh."
    if any(since - A_DAY <= each <= until for each in by_day):
        return f"Facebook gives no count of {metric} for this Page in this period."
    first, last = day(since, year=since.year != until.year), day(until)
    newest_day = day(newest, year=newest.year != until.year)
    return f"No snapshot between {first} and {last}; the newest is of {newest_day}."
