"""The two cards of Compare: the Pages' lines over the period, and their figures in a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from pages.charts.chart_parts import Spec, palette
from pages.charts.compare_chart import (
    DARK_COLOURS,
    HEIGHT,
    LIGHT_COLOURS,
    compare_chart,
)
from pages.charts.compare_series import MOST_DAYS, Series, days_to_draw, values_on
from pages.charts.timeline import Note
from pages.parts.compare import compare_text as compare_words
from pages.parts.compare import export as compare_export
from pages.parts.compare import notes as compare_notes
from pages.parts.compare import queries as compare_lookups
from pages.parts.compare import table as compare_table
from pages.parts.compare.compare_text import LONGEST_CHART_NAME, Row, labels_of
from pages.text.formats import day, listed, plain
from pages.text.periods import A_DAY, Period
from pages.ui import screens, url_controls
from pages.ui.export import menu
from storage.comparing import ComparedPage, Figures
from storage.filtering import Metric

METRICS: dict[str, Metric] = {"Fans": "fans", "Followers": "followers"}
INDEX, NUMBERS = "Index", "Numbers"
ByPage = dict[str, dict[Metric, Figures]]


def render(version: str, pages: Sequence[ComparedPage], period: Period, asked: Period) -> None:
    """Draw both cards. ``period`` is the part of the one ``asked`` for that has snapshots."""
    with st.container(border=True, key="compare-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            heading = st.empty()
            metric = METRICS[url_controls.choose("Figure", list(METRICS), key="figure")]
            is_index = url_controls.choose("Scale", (INDEX, NUMBERS), key="scale") == INDEX
            title = f"{metric.capitalize()}, start = 100" if is_index else f"{metric.capitalize()}"
            heading.header(title, anchor=False, width="content")
            export_place = st.container(width="content")
        ids = tuple(page.page_id for page in pages)
        found = compare_lookups.find_series(version, ids, period)
        rows = [
            compare_words.row_of(page, label, found[page.page_id], metric, period)
            for page, label in zip(pages, labels_of(pages), strict=True)
        ]
        labels = {row.page_id: row.label for row in rows}
        notes = compare_notes.find_notes(
            version, labels, since=period.since - A_DAY, until=period.until
        )
        remarks, chart = _chart(pages, rows, found, metric, period, notes, is_index=is_index)
        with export_place:
            about = (title, listed([row.label for row in rows]))
            table = (
                compare_export.columns(metric),
                compare_export.list_rows(pages, rows, period),
            )
            menu.render_compare(version, period, metric, ids, chart, about, table)
        if period.since > asked.since:
            remarks.append(f"Figures begin on {day(period.since - A_DAY)}.")
        if period.until < asked.until:
            remarks.append(f"Figures end on {day(period.until)}.")
        if remarks:
            st.caption(plain(" ".join(remarks)))
    with st.container(border=True, key="compare-figures"):
        _figures(pages, rows, found, metric, period)


def _chart(
    pages: Sequence[ComparedPage],
    rows: Sequence[Row],
    found: ByPage,
    metric: Metric,
    period: Period,
    notes: Sequence[Note],
    *,
    is_index: bool,
) -> tuple[list[str], Spec | None]:
    """Draw the lines; return what is to be said below them, and the chart if there is one."""
    days = days_to_draw(period.since, period.until)
    remarks: list[str] = []
    series: list[Series] = []
    names = labels_of(pages, LONGEST_CHART_NAME)
    for place, (page, row, name) in enumerate(zip(pages, rows, names, strict=True)):
        values = values_on(days, found[page.page_id][metric])
        why = compare_words.why_not_indexed(row.label, row.start, metric) if is_index else None
        if why is not None:
            remarks.append(why)
        elif any(value is not None for value in values):
            series.append(Series(name, place, values, (row.start or 1) if is_index else 1))
    if not series:
        st.markdown(f"No {metric} to draw in this period.")
        return remarks, None
    chart = compare_chart(days, series, is_index=is_index, notes=notes)
    st.vega_lite_chart(
        chart,
        height=HEIGHT,
        alt=compare_words.describe_series(series, metric, period, is_index=is_index),
    )
    if len(days) < _days_between(days[0], days[-1]):
        remarks.append(
            f"Over more than {MOST_DAYS - 2} days the chart has one figure a week: the last known."
        )
    return remarks, chart


def _days_between(first: date, last: date) -> int:
    return (last - first) // A_DAY + 1


def _figures(
    pages: Sequence[ComparedPage],
    rows: Sequence[Row],
    found: ByPage,
    metric: Metric,
    period: Period,
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header("Figures side by side", anchor=False, width="content")
        for row in rows:
            st.page_link(
                screens.link_to("page"),
                label=plain(row.label),
                icon=":material/arrow_forward:",
                query_params={"id": row.page_id},
            )
    has_previous = any(row.net_delta is not None for row in rows)
    theme = st.context.theme.type
    colours = DARK_COLOURS if theme == "dark" else LIGHT_COLOURS
    frame = compare_table.build_frame(rows, period.days_count, has_previous=has_previous)
    st.dataframe(
        compare_table.paint(frame, palette(theme), colours),
        height="content",
        row_height=40,
        hide_index=True,
        placeholder="–",
        column_config=compare_table.columns(metric),
        key="compare-table",
        alt="Figures of the compared Pages",
    )
    st.caption(plain(" ".join(_remarks(pages, rows, found, metric, period))))


def _remarks(
    pages: Sequence[ComparedPage],
    rows: Sequence[Row],
    found: ByPage,
    metric: Metric,
    period: Period,
) -> list[str]:
    """Why there are dashes, and how the figures are to be read."""
    remarks = [compare_words.COUNTED_TWICE]
    for page, row in zip(pages, rows, strict=True):
        figures = found[page.page_id][metric]
        why = compare_words.why_not_comparable(page, row.label, figures, metric, period)
        if why is not None:
            remarks.append(why)
    small = compare_words.why_no_percentage(rows, metric)
    if small is not None:
        remarks.append(small)
    before = [row.label for row in rows if row.net is not None and row.net_delta is None]
    if before and period.previous_since is not None:
        remarks.append(compare_words.no_earlier_figures(before, len(rows)))
    return remarks
