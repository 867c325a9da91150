"""Daily table of a Page: figure, change and source of each day, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa
import streamlit as st

from pages.charts import arrow
from pages.records import PageFigures
from pages.text.formats import UNKNOWN, cell_day, count, counted, cut, day, signed, zones_of
from pages.text.glossary import meaning
from pages.text.periods import A_DAY
from storage.figures.filters import Metric
from storage.figures.series import DayFigure
from storage.figures.snapshots import FROM_FACEBOOK
from storage.figures.unusual import Direction
from storage.metrics.changes import list_daily_changes

ROW_HEIGHT = 35
ROWS_SHOWN = 10
MAX_ROWS = 31  # rows sent; the export has all
MAX_FILE_NAME = 40
SOURCES = ["source", "fetched", "version"]  # columns that nobody needs daily

MARKS: Mapping[Direction, str] = {"rose": "Rose", "fell": "Fell"}


def render(figures: PageFigures) -> None:
    """Draw the days of the period, newest first; where each figure is from behind a switch."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Daily figures", anchor=False, width="content")
        has_sources = st.toggle("Show where each figure is from", key="daily-sources")
    metric = figures.view.metric
    table = daily_table(
        figures.days,
        metric,
        figures.view.period.since - A_DAY,
        figures.requested.until,
        figures.imports,
        figures.marks,
    )
    if not len(table):
        st.caption("No figures in this period.")
        return
    if len(table) > MAX_ROWS:
        st.caption(
            f"The newest {MAX_ROWS} of {counted(len(table), 'day')}. Choose a period that ends "
            "earlier to see the others."
        )
        table = table.slice(0, MAX_ROWS)
    if not any(table.column("mark").to_pylist()):
        table = table.drop_columns("mark")
    if not has_sources:
        table = table.drop_columns(SOURCES)
    config = st.column_config
    zone = zones_of(row.fetched_at for row in figures.days)
    st.dataframe(
        arrow.styled(table, "days", {"figure": count, "change": signed}),
        hide_index=True,
        height=(min(len(table), ROWS_SHOWN) + 1) * ROW_HEIGHT + 3,
        row_height=ROW_HEIGHT,
        placeholder=UNKNOWN,
        column_config={
            "day": config.DateColumn(
                "Day", format=cell_day(weekday=True), width=122, help=meaning("day")
            ),
            "figure": config.NumberColumn(metric.capitalize(), width=80),
            "change": config.NumberColumn(
                "Change",
                width=70,
                help=meaning("change"),
            ),
            "mark": config.TextColumn(
                "Unusual",
                width=72,
                help=meaning("unusual"),
            ),
            "source": config.TextColumn("Source", width=90),
            "fetched": config.DatetimeColumn(
                f"Fetched at ({zone})", format=cell_day(clock=True), width=132
            ),
            "version": config.TextColumn("Graph", width=60, help="Version of Facebook's Graph API"),
        },
        key="daily-figures",
        alt=f"{metric.capitalize()} day by day, newest first",
    )


def daily_table(
    series: Sequence[DayFigure],
    metric: Metric,
    since: date,
    until: date,
    imports: Mapping[str, tuple[str, date]],
    marks: Mapping[date, Direction],
) -> pa.Table:
    """One row a day, newest first, back to the first snapshot of the period; also for missing days.

    Columns: day (naive), figure and change (whole), mark ("" where usual), source (text),
    fetched (naive, in the viewer's zone) and version. ``series`` may begin before ``since``, for
    the first change.
    """
    by_day = {row.day: row for row in series}
    figures = {row.day: row.fans if metric == "fans" else row.followers for row in series}
    changes = {change.day: change.change for change in list_daily_changes(figures)}
    stored = [row.day for row in series if since <= row.day <= until]
    days: list[date] = []
    if stored:
        # A single last day without a snapshot is today, which may still get one.
        newest = until if until - stored[-1] > A_DAY else stored[-1]
        days = [newest - timedelta(days=n) for n in range((newest - stored[0]).days + 1)]
    rows = [by_day.get(each) for each in days]
    return pa.table(
        {
            "day": arrow.days(days),
            "figure": arrow.whole([figures.get(each) for each in days]),
            "change": arrow.whole([changes.get(each) for each in days]),
            "mark": arrow.words([MARKS[marks[d]] if d in marks else "" for d in days]),
            "source": arrow.words([source_of(row, metric, imports) for row in rows]),
            "fetched": arrow.moments([row.fetched_at if row else None for row in rows]),
            "version": arrow.words([row.graph_version if row else None for row in rows]),
        }
    )


def source_of(
    row: DayFigure | None, metric: Metric, imports: Mapping[str, tuple[str, date]]
) -> str:
    """The source of a day's figure as text. ``imports``: file name and day, by source."""
    if row is None:
        return "No figures"
    own = row.fans_source if metric == "fans" else row.followers_source
    source = own or row.source  # a missing figure has the source of the snapshot
    if source == FROM_FACEBOOK:
        return "Facebook"
    if source in imports:
        name, imported_on = imports[source]
        return f"Import of {cut(name, MAX_FILE_NAME)}, {day(imported_on)}"
    return "Import" if source.startswith("import:") else source
