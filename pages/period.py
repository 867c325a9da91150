"""Draws the period bar. The frame does, not a screen: a bound widget in a screen loses value and
address at the next click in the navigation.
"""

from __future__ import annotations

from datetime import date

import streamlit as st

from pages.formats import span
from pages.periods import A_DAY, DEFAULT_LABEL, LABELS, Period, get_period


def render(today: date) -> Period:
    """Draw the bar and return the period it is switched to, which ends on the UTC day ``today``."""
    with st.container(horizontal=True, vertical_alignment="center", key="period-bar"):
        label = st.segmented_control(
            "Period",
            LABELS,
            default=DEFAULT_LABEL,
            required=True,
            label_visibility="collapsed",
            key="period",
            bind="query-params",
        )
        period = get_period(label or DEFAULT_LABEL, today)
        st.caption(describe(period), width="content")
    return period


def describe(period: Period) -> str:
    """ "26 Oct – 22 Nov 2026, days in UTC; compared with 28 Sep – 25 Oct 2026"."""
    text = f"{span(period.since, period.until)}, days in UTC"
    if period.previous_since is None or period.previous_until is None:
        return text
    return f"{text}; compared with {span(period.previous_since, period.previous_until)}"


def begin_at(period: Period, first_day: date) -> Period:
    """The period, begun no sooner than the first snapshot allows.

    Before the first snapshot nobody counted: a period that reaches further back would leave out
    every Page. What begins later than asked for has nothing before it to be compared with.
    """
    since = max(period.since, first_day + A_DAY)
    if since == period.since or since > period.until:
        return period
    return Period(period.label, since, period.until, None, None)
