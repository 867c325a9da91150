"""Period bar: the period and the comparison of a screen, both kept in the URL.

`pages.app` draws it instead of each screen: a widget bound to the URL inside a screen loses its
value on navigation.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st

from pages.text import periods
from pages.text.glossary import meaning
from pages.text.periods import (
    ALL_TIME,
    COMPARISONS,
    CUSTOM,
    DEFAULT_LABEL,
    FIRST_DAY,
    LABELS,
    MORE,
    SEGMENTS,
    FigureDays,
    Period,
    get_custom,
    get_period,
    reaches_back,
)
from pages.ui import url_controls

# URL parameters beside "period". The dates are there only in a custom period.
COMPARISON, SINCE, UNTIL = "comparison", "since", "until"
_LAST = "last-period"
# All periods are options of one control, since a control's URL parameter takes its options only.
# Those of the menu are not displayed as segments, and segments are narrow enough for a phone.
_STYLE = f"""<style>
.st-key-period [role="radio"]:nth-of-type(n + {len(SEGMENTS) + 1}) {{ display: none; }}
.st-key-period [role="radio"]:nth-of-type({len(SEGMENTS)}) {{ margin-right: 0; }}
.st-key-period button {{ min-height: 2.5rem; }}
.st-key-more .stMenuButton button {{ border-left: 0; }}
.st-key-period-choice .stMenuButton button {{ border-radius: 0 0.5rem 0.5rem 0; }}
.st-key-more-chosen .stMenuButton button {{
  border-color: #2F76D2; background: color-mix(in srgb, #2F76D2 12%, transparent); }}
@media (max-width: 640px) {{
  .st-key-period button, .st-key-period-choice .stMenuButton button {{ padding: 0 0.3rem; }}
  .st-key-period p, .st-key-period-choice .stMenuButton p {{ font-size: 0.8rem; }}
}}
</style>"""


@dataclass(frozen=True)
class Bar:
    """The chosen period, and containers: for controls in the same row, and for the days below."""

    period: Period
    beside: Any
    days: Any


def render(today: date) -> Bar:
    """Draw the bar for the UTC day ``today``; the screen completes it with `show_days`."""
    # The days have a row of their own: beside the controls they would wrap with a scroll bar's
    # width, and everything below would jump.
    with st.container(gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", key="period-bar"):
            label = _choose_label()
            since, until = _choose_days(today) if label == CUSTOM else (None, None)
            comparison = st.selectbox(
                "Compared with",
                COMPARISONS,
                label_visibility="collapsed",
                width=225,
                disabled=label == ALL_TIME,
                key=COMPARISON,
                bind="query-params",
            )
            beside = st.container(width="content")
            if label == CUSTOM:
                period = get_custom(since, until, today, comparison)
            else:
                period = get_period(label, today, comparison)
                st.session_state[_LAST] = label
        days = st.container(key="period-days")
    return Bar(period, beside, days)


def follow_link() -> None:
    """Take the period of the link that led to this screen. Call it before `render`.

    Otherwise a bound widget that is drawn already keeps its value, whatever the URL says.
    """
    label = st.query_params.get("period")
    if "period" in st.session_state and label in LABELS:
        st.session_state["period"] = label
    for name in (SINCE, UNTIL):
        with suppress(ValueError):
            if name in st.session_state and name in st.query_params:
                st.session_state[name] = date.fromisoformat(st.query_params[name])


def show_days(bar: Bar, period: Period, figure_days: FigureDays | None) -> None:
    """Draw the days of the shown ``period``, which may be a part of the bar's."""
    first_day = None if figure_days is None else figure_days.first_day
    bar.days.caption(describe(period, first_day), help=meaning("day"))


def _choose_label() -> str:
    """Draw the segments and, as the last one, a menu of the other periods."""
    st.html(" ".join(_STYLE.split()))
    with st.container(horizontal=True, gap=None, width="content", key="period-choice"):
        label = url_controls.choose("Period", LABELS, key="period", default=DEFAULT_LABEL)
        is_of_menu = label in MORE
        with st.container(width="content", key="more-chosen" if is_of_menu else "more"):
            chosen = st.menu_button(
                label if is_of_menu else "More", MORE, key="more-periods", wrap=False
            )
    if chosen is not None and chosen != label:
        url_controls.change(period=chosen)
    return label


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
    """ "26 Oct – 22 Nov 2026; compared with 28 Sep – 25 Oct 2026".

    The comparison is left out where the snapshots, from ``first_day`` on, don't reach back to it.
    """
    shown = period
    if not reaches_back(period, first_day):
        shown = replace(period, previous_since=None, previous_until=None)
    return " ".join(filter(None, (period.remark, periods.describe(shown))))
