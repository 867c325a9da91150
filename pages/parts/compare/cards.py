"""Cards of Compare: the chart with a line for each Page, and the table of their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from fb.installation import Installation
from pages.charts.chart_parts import Spec, palette
from pages.charts.compare_chart import DARK_COLOURS, HEIGHT, LIGHT_COLOURS, compare_chart
from pages.charts.compare_series import MAX_DAYS, Series, days_to_draw, values_on
from pages.charts.timeline import Note
from pages.parts.compare import compare_text, export, table
from pages.parts.compare.compare_text import MAX_CHART_NAME, Row, labels_of
from pages.records import Comparison
from pages.text.formats import day, listed, plain
from pages.text.periods import A_DAY
from pages.ui import growth_chart, links, url_controls
from pages.ui.notes import note_text
from storage.figures.filters import Metric
from storage.notes.notes import NoteRow

INDEX, NUMBERS = "Index", "Numbers"


@dataclass(frozen=True)
class Switches:
    """The values of the switches, and the containers beside them."""

    metric: Metric
    is_index: bool
    heading: Any
    export: Any


def choose() -> Switches:
    """Draw the top row of the chart's card: heading, switches, and a container for Export."""
    with st.container(horizontal=True, vertical_alignment="center"):
        heading = st.empty()
        metric = growth_chart.choose_metric("figure")
        is_index = url_controls.choose("Scale", (INDEX, NUMBERS), key="scale") == INDEX
        return Switches(metric, is_index, heading, st.container(width="content"))


def render_chart(
    installation: Installation, comparison: Comparison, switches: Switches
) -> list[Row]:
    """Draw the chart and its remarks; return the Pages' figures."""
    period, metric = comparison.view.period, comparison.view.metric
    rows = [
        compare_text.row_of(page, label, comparison.figures[page.page_id], metric, period)
        for page, label in zip(comparison.pages, labels_of(comparison.pages), strict=True)
    ]
    title = f"{metric.capitalize()}, start = 100" if switches.is_index else metric.capitalize()
    switches.heading.header(title, anchor=False, width="content")
    remarks, chart = _chart(comparison, rows, is_index=switches.is_index)
    with switches.export:
        about = (title, listed([row.label for row in rows]))
        export.render(installation, comparison, rows, chart, about)
    if period.since > comparison.requested.since:
        remarks.append(f"Figures begin on {day(period.since - A_DAY)}.")
    if period.until < comparison.requested.until:
        remarks.append(f"Figures end on {day(period.until)}.")
    if remarks:
        st.caption(plain(" ".join(remarks)))
    return rows


def _notes(comparison: Comparison, rows: Sequence[Row]) -> list[Note]:
    """Operators' notes, those of one Page with its name, and derived notes, oldest first."""
    labels = {row.page_id: row.label for row in rows}

    def text(note: NoteRow) -> str:
        label = labels.get(note.page_id or "")
        return f"{label}: {note.text}" if label else note.text

    own = [Note(note.day, text(note), "own") for note in comparison.notes.own]
    return sorted([*own, *note_text.automatic(comparison.notes)], key=lambda note: note.day)


def _chart(
    comparison: Comparison, rows: Sequence[Row], *, is_index: bool
) -> tuple[list[str], Spec | None]:
    """Draw the chart; return its remarks, and the chart or None."""
    pages, metric, period = comparison.pages, comparison.view.metric, comparison.view.period
    days = days_to_draw(period.since, period.until)
    remarks: list[str] = []
    series: list[Series] = []
    names = labels_of(pages, MAX_CHART_NAME)
    for position, (page, row, name) in enumerate(zip(pages, rows, names, strict=True)):
        values = values_on(days, comparison.figures[page.page_id][metric])
        why = compare_text.why_not_indexed(row.label, row.start, metric) if is_index else None
        if why is not None:
            remarks.append(why)
        elif any(value is not None for value in values):
            series.append(Series(name, position, values, (row.start or 1) if is_index else 1))
    if not series:
        st.markdown(f"No {metric} to draw in this period.")
        return remarks, None
    chart = compare_chart(days, series, is_index=is_index, notes=_notes(comparison, rows))
    st.vega_lite_chart(
        chart,
        height=HEIGHT,
        alt=compare_text.describe_series(series, metric, period, is_index=is_index),
    )
    if len(days) < _days_between(days[0], days[-1]):
        remarks.append(
            f"Over more than {MAX_DAYS - 2} days the chart has one figure a week: the last known."
        )
    return remarks, chart


def _days_between(first: date, last: date) -> int:
    return (last - first) // A_DAY + 1


def render_figures(comparison: Comparison, rows: Sequence[Row]) -> None:
    """Draw the Pages' figures side by side, with a link to each."""
    metric = comparison.view.metric
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header("Figures side by side", anchor=False, width="content")
        for row in rows:
            st.page_link(
                links.link_to("page"),
                label=plain(row.label),
                icon=":material/arrow_forward:",
                query_params={"id": row.page_id},
            )
    has_previous = any(row.net_delta is not None for row in rows)
    theme = st.context.theme.type
    colours = DARK_COLOURS if theme == "dark" else LIGHT_COLOURS
    frame = table.build_frame(rows, comparison.view.period.days_count, has_previous=has_previous)
    st.dataframe(
        table.paint(frame, palette(theme), colours),
        height="content",
        row_height=40,
        hide_index=True,
        placeholder="–",
        column_config=table.columns(metric),
        key="compare-table",
        alt="Figures of the compared Pages",
    )
    st.caption(plain(" ".join(_remarks(comparison, rows))))


def _remarks(comparison: Comparison, rows: Sequence[Row]) -> list[str]:
    """Sentences on the dashes in the table, and on how to read its figures."""
    metric, period = comparison.view.metric, comparison.view.period
    remarks = [compare_text.COUNTED_TWICE]
    for page, row in zip(comparison.pages, rows, strict=True):
        figures = comparison.figures[page.page_id][metric]
        why = compare_text.why_not_comparable(page, row.label, figures, metric, period)
        if why is not None:
            remarks.append(why)
    small = compare_text.why_no_percentage(rows, metric)
    if small is not None:
        remarks.append(small)
    before = [row.label for row in rows if row.net is not None and row.net_delta is None]
    if before and period.previous_since is not None:
        remarks.append(compare_text.no_earlier_figures(before, len(rows)))
    return remarks
