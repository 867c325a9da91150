"""Draws the period bar. The frame does, not a screen: a bound widget in a screen loses value and
address at the next click in the navigation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from pages.text.formats import span
from pages.text.periods import (
    COMPARISONS,
    CUSTOM,
    DEFAULT_LABEL,
    FIRST_DAY,
    LABELS,
    Period,
    clip,
    get_custom,
    get_period,
    reaches_back,
)
from pages.ui import url_controls

__all__ = ["Bar", "clip", "describe", "render"]

# What the address carries, apart from "period". The dates stand there only in a custom period.
COMPARISON, SINCE, UNTIL = "comparison", "since", "until"
_LAST = "last-period"


@dataclass(frozen=True)
class Bar:
    """The period that is chosen, and the place in the same row where a screen may add its own."""

    period: Period
    beside: Any


def render(today: date, first_day: date | None) -> Bar:
    """Draw the bar as it stands on the UTC day ``today``.

    ``first_day``: the first day with a snapshot of what the screen shows; None: none.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="period-bar"):
        label = url_controls.choose("Period", LABELS, key="period", default=DEFAULT_LABEL)
        since, until = _choose_days(today) if label == CUSTOM else (None, None)
        comparison = st.selectbox(
            "Compared with",
            COMPARISONS,
            label_visibility="collapsed",
            width=225,
            key=COMPARISON,
            bind="query-params",
        )
        beside = st.container(width="content")
        if label == CUSTOM:
            period = get_custom(since, until, today, comparison)
        else:
            period = get_period(label, today, comparison)
            st.session_state[_LAST] = label
        st.caption(describe(period, first_day), width="content")
    return Bar(period, beside)


def _choose_days(today: date) -> tuple[date | None, date | None]:
    """Two boxes, so that each day is a word of its own in the address.

    Whoever comes from another period begins with its days. What the address says and no box can
    hold (no date, a day to come) is dropped by Streamlit, and `get_custom` says what is shown.
    """
    if not {SINCE, UNTIL} & {*map(str, st.query_params), *map(str, st.session_state)}:
        last = st.session_state.get(_LAST, DEFAULT_LABEL)
        shown = get_period(last, today)
        st.session_state[SINCE], st.session_state[UNTIL] = shown.since, shown.until
    since, until = (
        st.date_input(
            label,
            value=None,
            min_value=FIRST_DAY,
            max_value=today,
            format="YYYY-MM-DD",
            label_visibility="collapsed",
            width=165,
            key=name,
            bind="query-params",
        )
        for label, name in (("First day", SINCE), ("Last day", UNTIL))
    )
    return since, until


def describe(period: Period, first_day: date | None) -> str:
    """ "26 Oct – 22 Nov 2026, days in UTC; compared with 28 Sep – 25 Oct 2026".

    The second half only where the snapshots, from ``first_day`` on, reach back to before it.
    """
    text = f"{span(period.since, period.until)}, days in UTC"
    if period.remark:
        text = f"{period.remark} {text}"
    if period.previous_since is None or period.previous_until is None:
        return text
    if not reaches_back(period, first_day):
        return text
    return f"{text}; compared with {span(period.previous_since, period.previous_until)}"
