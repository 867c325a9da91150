"""Draws the period bar. The frame does, not a screen: a bound widget in a screen loses value and
address at the next click in the navigation.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import streamlit as st

from pages import switches
from pages.formats import span
from pages.periods import (
    A_DAY,
    DEFAULT_LABEL,
    LABELS,
    Period,
    compared_with_previous,
    get_period,
)


def render(today: date, find_first_day: Callable[[Period], date | None]) -> Period:
    """Draw the bar and return the period it is switched to, which ends on the UTC day ``today``.

    ``find_first_day``: the first day with a snapshot of what the screen shows; None: none.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="period-bar"):
        label = switches.choose("Period", LABELS, key="period", default=DEFAULT_LABEL)
        period = get_period(label, today)
        st.caption(describe(period, find_first_day(period)), width="content")
    return period


def describe(period: Period, first_day: date | None) -> str:
    """ "26 Oct – 22 Nov 2026, days in UTC; compared with 28 Sep – 25 Oct 2026".

    The second half only where the snapshots, from ``first_day`` on, reach back to before it.
    """
    text = f"{span(period.since, period.until)}, days in UTC"
    if period.previous_since is None or period.previous_until is None:
        return text
    if first_day is None or first_day >= period.previous_since:
        return text
    return f"{text}; compared with {span(period.previous_since, period.previous_until)}"


def clip(period: Period, first_day: date, last_day: date) -> Period:
    """The part of the period for which there are snapshots, from the first to the last.

    Before the first nobody counted, and after the last nobody has refreshed: a period that reaches
    beyond either would leave out every Page. Today's snapshot may still be to come, so an end of
    yesterday is no reason. What begins later than asked for has nothing before it to be compared
    with. A period without any snapshot stays as it is.
    """
    since = max(period.since, first_day + A_DAY)
    until = period.until if last_day >= period.until - A_DAY else last_day
    if since > until:
        return period
    if since == period.since:
        return compared_with_previous(period.label, since, until)
    return Period(period.label, since, until, None, None)
