"""The two cards at the foot of a Page's screen: its daily figures, and what Facebook says of it."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import streamlit as st

from pages import page_words
from pages.formats import UNKNOWN, moment, plain
from pages.periods import A_DAY
from storage import metrics
from storage.series import DayFigure, PageProfile

ROW_HEIGHT = 35
ROWS_SHOWN = 10
LABEL_WIDTH = 110

# What `Snapshot.source` is called.
SOURCES = {"snapshot": "Snapshot"}


def render_daily_figures(series: list[DayFigure], metric: str, since: date, until: date) -> None:
    """Draw the days of a period, newest first."""
    st.header("Daily figures", anchor=False)
    frame = daily_frame(series, metric, since, until)
    if frame.empty:
        st.caption("No figures in this period.")
        return
    config = st.column_config
    st.dataframe(
        frame,
        hide_index=True,
        height=(min(len(frame), ROWS_SHOWN) + 1) * ROW_HEIGHT + 3,
        row_height=ROW_HEIGHT,
        placeholder=UNKNOWN,
        column_config={
            "day": config.DateColumn("Day (UTC)", format="ddd D MMM YYYY"),
            "figure": config.NumberColumn(metric.capitalize(), format="%,d"),
            "change": config.NumberColumn(
                "Change",
                format="%+,d",
                help="Against the last day with a figure: after a gap the change of several days.",
            ),
            "source": config.TextColumn("Source"),
        },
        key="daily-figures",
        alt=f"{metric.capitalize()} day by day, newest first",
    )


def daily_frame(series: list[DayFigure], metric: str, since: date, until: date) -> pd.DataFrame:
    """The days of a period, newest first, from the first snapshot on; a missing one says so.

    Columns: day (naive), figure and change (``Int64``), source (text).
    """
    by_day = {row.day: row for row in series}
    figures = {row.day: row.fans if metric == "fans" else row.followers for row in series}
    changes = {change.day: change.change for change in metrics.list_daily_changes(figures)}
    stored = [row.day for row in series if since <= row.day <= until]
    days: list[date] = []
    if stored:
        # A day that is not over may still get its snapshot.
        newest = until if until - stored[-1] > A_DAY else stored[-1]
        days = [newest - timedelta(days=n) for n in range((newest - stored[0]).days + 1)]
    sources = [
        SOURCES.get(by_day[each].source, by_day[each].source) if each in by_day else "No snapshot"
        for each in days
    ]
    return pd.DataFrame(
        {
            "day": pd.Series(days, dtype="datetime64[s]"),
            "figure": pd.array([figures.get(each) for each in days], dtype="Int64"),
            "change": pd.array([changes.get(each) for each in days], dtype="Int64"),
            "source": pd.Categorical(sources),
        }
    )


def render_profile(profile: PageProfile) -> None:
    """Draw what Facebook says about the Page: text as it is, and links only where they are safe."""
    st.header("What Facebook says about this Page", anchor=False)
    website = page_words.safe_link(profile.website)
    for label, text in page_words.facts(profile):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(label, width=LABEL_WIDTH)
            st.text(text, width="content")
            if label == "Website" and website and not text.isspace():
                st.link_button("Open", website, icon=":material/open_in_new:", type="tertiary")
    version = f" · Graph {plain(profile.graph_version)}" if profile.graph_version else ""
    st.caption(f"As of {moment(profile.described_at)}{version}")
