"""A Page's card "Daily change in 12 months": the calendar heat map."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import streamlit as st

from pages.charts.chart_parts import palette
from pages.parts.page import calendar_heatmap
from pages.text.formats import counted
from storage import metrics
from storage.filtering import Metric

HEIGHT = 250


def render(by_day: Mapping[date, int | None], metric: Metric, until: date) -> None:
    """Draw the calendar of the weeks up to that of ``until``, whatever the period is."""
    st.header("Daily change, 12 months", anchor=False)
    since = calendar_heatmap.first_day_of(until)
    changes = [
        each
        for each in metrics.list_daily_changes(by_day)
        if since <= each.day <= until and each.change is not None
    ]
    if not changes:
        st.caption(f"No daily changes of {metric} in the last 12 months yet.")
        return
    st.vega_lite_chart(
        calendar_heatmap.heat_chart(changes, palette(st.context.theme.type)),
        height=HEIGHT,
        alt=calendar_heatmap.describe(changes, metric.capitalize(), since, until),
        key="calendar",
    )
    several = sum(1 for each in changes if (each.days_count or 1) > 1)
    text = "A square is a day; empty ones have no figure."
    if several:
        text += f" Grey: {counted(several, 'change')} of several days, seen after a gap."
    st.caption(text)
