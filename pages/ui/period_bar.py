"""Period bar: the period and the comparison of a screen, both kept in the URL.

`pages.app` draws it instead of each screen: a widget bound to the URL inside a screen loses its
value on navigation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st

from pages.text import periods
from pages.text.periods import (
    COMPARISONS,
    CUSTOM,
    DEFAULT_LABEL,
    FIRST_DAY,
    LABELS,
    Period,
    get_custom,
    get_period,
    reaches_back,
)
from pages.ui import url_controls

# URL parameters beside "period". The dates are there only in a custom period.
COMPARISON, SINCE, UNTIL = "comparison", "since", "until"
_LAST = "last-period"


@dataclass(frozen=True)
class Bar:
    """The chosen period, and a container in the same row for controls of the screen."""

    period: Period
    beside: Any


def render(today: date, first_day: date | None) -> Bar:
    """Draw the bar for the UTC day ``today``.

    ``first_day``: the first day with a snapshot of the screen's Pages; None for none.
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
    """Draw two boxes, so that each day is a separate URL parameter.

    At first they have the days of the period before. Streamlit drops invalid values of the URL, and
    `get_custom` fills them in.
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

    The comparison is left out where the snapshots, from ``first_day`` on, don't reach back to it.
    """
    shown = period
    if not reaches_back(period, first_day):
        shown = replace(period, previous_since=None, previous_until=None)
    return " ".join(filter(None, (period.remark, periods.describe(shown))))
