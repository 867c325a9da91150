"""Cards of Compare: the chart with a line for each Page, and the table of their figures.

The table has one row a Page, in the order and with the colour of its line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from fb.installation import Installation
from pages.charts.chart_parts import Palette, Spec, palette
from pages.charts.compare_chart import DARK_COLOURS, HEIGHT, LIGHT_COLOURS, compare_chart
from pages.charts.compare_series import MAX_DAYS, Series, days_to_draw, values_on
from pages.charts.timeline import Note
from pages.parts.compare import compare_text, export
from pages.parts.compare.compare_text import MAX_CHART_NAME, Row, labels_of
from pages.records import Comparison
from pages.text.formats import day, listed, plain
from pages.text.periods import A_DAY
from pages.ui import growth_chart, links, url_controls
from pages.ui.notes import note_text
from storage.figures.filters import Metric
from storage.notes.notes import NoteRow

INDEX, NUMBERS = "Index", "Numbers"
_SIGNED = ("net", "net_delta", "growth", "growth_delta", "weekly", "per_day", "best")


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
    if len(days) <= (days[-1] - days[0]).days:
        remarks.append(
            f"Over more than {MAX_DAYS - 2} days the chart has one figure a week: the last known."
        )
    return remarks, chart


def render_figures(comparison: Comparison, rows: Sequence[Row]) -> None:
    """Draw the Pages' figures side by side, with a link to each."""
    metric = comparison.view.metric
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header("Figures side by side", anchor=False, width="content")
        for row in rows:
            links.draw(
                "page",
                plain(row.label),
                ":material/arrow_forward:",
                query_params={"id": row.page_id},
            )
    has_previous = any(row.net_delta is not None for row in rows)
    theme = st.context.theme.type
    colours = DARK_COLOURS if theme == "dark" else LIGHT_COLOURS
    config = _columns(metric)
    names = [name for name in config if has_previous or not name.endswith("_delta")]
    frame = _build_frame(rows, names, comparison.view.period.days_count)
    st.dataframe(
        _paint(frame, palette(theme), colours),
        height="content",
        row_height=40,
        hide_index=True,
        placeholder="–",
        column_config=config,
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


def _build_frame(rows: Sequence[Row], names: Sequence[str], days_count: int) -> pd.DataFrame:
    """One row a Page. Counts are ``Int64``, rates ``Float64`` in percent or percentage points."""
    counts: dict[str, list[int | None]] = {
        "fans": [row.fans for row in rows],
        "followers": [row.followers for row in rows],
        "net": [row.net for row in rows],
        "net_delta": [row.net_delta for row in rows],
        "best": [row.best_change for row in rows],
    }
    rates: dict[str, list[float | None]] = {
        "growth": [_rounded(row.growth_percent) for row in rows],
        "growth_delta": [_rounded(row.growth_delta) for row in rows],
        "weekly": [_rounded(row.weekly_percent) for row in rows],
        "per_day": [_rounded(row.per_day, 1) for row in rows],
        "ratio": [_rounded(row.fan_follower_ratio) for row in rows],
    }
    columns: dict[str, Any] = {"name": [row.label for row in rows]}
    columns |= {name: pd.array(values, dtype="Int64") for name, values in counts.items()}
    columns |= {name: pd.array(values, dtype="Float64") for name, values in rates.items()}
    columns["best_day"] = [day(row.best_day) if row.best_day else None for row in rows]
    columns["days"] = [f"{row.days_with:,d} of {days_count:,d}" for row in rows]
    return pd.DataFrame({name: columns[name] for name in names})


def _paint(frame: pd.DataFrame, colours: Palette, series_colours: Sequence[str]) -> Styler:
    """The frame with names in the colours of the lines, and changes in those of up and down."""

    def paint_column(column: pd.Series[Any]) -> list[str]:
        if column.name == "name":
            return [
                f"color: {colour}; font-weight: 600"
                for _, colour in zip(column, series_colours, strict=False)
            ]
        if column.name not in _SIGNED:
            return [""] * len(column)
        return [colours.css_of(change) for change in column]

    # A fixed id: with a random one every rerun sends the whole table again.
    return Styler(frame, uuid="compare").apply(paint_column, axis=0)


def _columns(noun: str) -> dict[str, Any]:
    """The column config, in order; ``noun`` is the figure of net, growth and best day."""
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "name": text("Page", width=200),
        "fans": number("Fans", width=80, format="%,d", help="At the end of the period."),
        "followers": number("Followers", width=84, format="%,d", help="At the end of the period."),
        "net": number(
            f"New {noun}", width=104, format="%+,d", help=f"Change of {noun} in the period."
        ),
        "net_delta": number(
            "vs previous",
            width=84,
            format="%+,d",
            help=f"New {noun} more or less than in the previous period.",
        ),
        "growth": number(
            "Growth",
            width=78,
            format="%+.2f%%",
            help=f"Net new {noun} by the {noun} at the start.",
        ),
        "growth_delta": number(
            "vs previous",
            width=88,
            format="%+.2f pp",
            help="Growth more or less than in the previous period, in percentage points.",
        ),
        "weekly": number(
            "A week",
            width=76,
            format="%+.2f%%",
            help="Average weekly growth: the same rate every week that leads from start to end.",
        ),
        "per_day": number(
            "A day", width=70, format="%+,.1f", help=f"Net new {noun} by the days of the period."
        ),
        "best": number(
            "Best day", width=76, format="%+,d", help="The largest gain between two days."
        ),
        "best_day": text("on", width=100),
        "ratio": number("Fan ratio", width=80, format="%.2f", help="Fans divided by followers."),
        "days": text(
            "Days", width=84, help="Days of the period that have a snapshot.", alignment="right"
        ),
    }


def _rounded(figure: float | None, digits: int = 2) -> float | None:
    return None if figure is None else round(figure, digits)
