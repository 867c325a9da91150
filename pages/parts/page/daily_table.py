"""A Page's card "Daily figures": each day's figure, its change, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pyarrow as pa
import streamlit as st

from pages.charts import arrow
from pages.text.formats import UNKNOWN, counted, cut, day, signed
from pages.text.periods import A_DAY
from pages.ui.prepared import prepare
from storage import metrics
from storage.filtering import Metric
from storage.series import DayFigure
from storage.unusual import Mark

ROW_HEIGHT = 35
ROWS_SHOWN = 10
MOST_ROWS = 31  # what is sent: a longer list is for the export
LONGEST_FILE = 40
_WORDS = ("mark", "source", "version")

MARKS: Mapping[Mark, str] = {"rose": "Rose", "fell": "Fell"}


def render(
    series: list[DayFigure],
    metric: Metric,
    since: date,
    until: date,
    imports: Mapping[str, tuple[str, date]],
    marks: Mapping[date, Mark],
) -> None:
    """Draw the days of a period, newest first."""
    st.header("Daily figures", anchor=False)
    table = daily_table(series, metric, since, until, imports, marks)
    if not len(table):
        st.caption("No figures in this period.")
        return
    if len(table) > MOST_ROWS:
        st.caption(
            f"The newest {MOST_ROWS} of {counted(len(table), 'day')}. Choose a period that ends "
            "earlier to see the others."
        )
        table = table.slice(0, MOST_ROWS)
    if not any(table.column("mark").to_pylist()):
        table = table.drop_columns("mark")
    config = st.column_config
    changes = [signed(each) for each in table.column("change").to_pylist()]
    texts = {name: table.column(name) for name in table.column_names if name in _WORDS}
    st.dataframe(
        # Texts only where a format would write "+0": they are as many bytes again.
        prepare(table, {**texts, "change": pa.array(changes)}, {}, name="days")
        if "0" in changes
        else table,
        hide_index=True,
        height=(min(len(table), ROWS_SHOWN) + 1) * ROW_HEIGHT + 3,
        row_height=ROW_HEIGHT,
        placeholder=UNKNOWN,
        column_config={
            "day": config.DateColumn("Day (UTC)", format="ddd D MMM YYYY", width=122),
            "figure": config.NumberColumn(metric.capitalize(), format="%,d", width=80),
            "change": config.NumberColumn(
                "Change",
                format=None if "0" in changes else "%+,d",
                width=70,
                help="Against the last day with a figure: after a gap the change of several days.",
            ),
            "mark": config.TextColumn(
                "Unusual",
                width=72,
                help="A change beyond this Page's own noise of the 28 days before.",
            ),
            "source": config.TextColumn("Source", width=90),
            "fetched": config.DatetimeColumn(
                "Fetched at (UTC)", format="D MMM YYYY, HH:mm", width=132
            ),
            "version": config.TextColumn("Graph", width=60, help="Version of Facebook's Graph API"),
        },
        key="daily-figures",
        alt=f"{metric.capitalize()} day by day, newest first",
    )


def daily_table(
    series: list[DayFigure],
    metric: Metric,
    since: date,
    until: date,
    imports: Mapping[str, tuple[str, date]],
    marks: Mapping[date, Mark],
) -> pa.Table:
    """The days of a period, newest first, from the first snapshot on; a missing one says so.

    Columns: day (naive), figure and change (whole), mark ("" where usual), source (text),
    fetched (naive UTC) and version. ``series`` may begin before ``since``: there the first change
    is counted from.
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
    rows = [by_day.get(each) for each in days]
    return pa.table(
        {
            "day": arrow.days(days),
            "figure": arrow.whole([figures.get(each) for each in days]),
            "change": arrow.whole([changes.get(each) for each in days]),
            "mark": arrow.words([MARKS[marks[d]] if d in marks else "" for d in days]),
            "source": arrow.words([source_of(row, imports) for row in rows]),
            "fetched": arrow.moments([row.fetched_at if row else None for row in rows]),
            "version": arrow.words([row.graph_version if row else None for row in rows]),
        }
    )


def source_of(row: DayFigure | None, imports: Mapping[str, tuple[str, date]]) -> str:
    """Where a day's figure comes from, in words. ``imports``: file name and day, by source."""
    if row is None:
        return "No snapshot"
    if row.source == "snapshot":
        return "Snapshot"
    if row.source in imports:
        name, imported_on = imports[row.source]
        return f"Import of {cut(name, LONGEST_FILE)}, {day(imported_on)}"
    return "Import" if row.source.startswith("import:") else row.source
