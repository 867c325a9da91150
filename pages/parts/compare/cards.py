"""Cards of Compare: the chart with a line for each Page or tag, and the table of their figures.

The table has one row for each, in the order and with the colour of its line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from fb.installation import Installation
from pages.charts import arrow
from pages.charts.chart_parts import Palette, Spec, palette
from pages.charts.compare_chart import DARK_COLOURS, HEIGHT, LIGHT_COLOURS, compare_chart
from pages.charts.compare_series import (
    MAX_DAYS,
    Series,
    days_to_draw,
    largest_of,
    points_of,
    values_on,
)
from pages.charts.timeline import Note, Point
from pages.parts.compare import compare_text, export
from pages.parts.compare.compare_text import MAX_CHART_NAME, Row, labels_of_all
from pages.records import Comparison
from pages.text.formats import (
    count,
    day,
    listed,
    number,
    per_day,
    plain,
    signed,
    signed_percent,
    signed_points,
)
from pages.text.glossary import meaning
from pages.text.insights_text import (
    SUM_CHANGE_HELP,
    SUM_CHANGES,
    SUM_LABELS,
    sum_help,
    sums_caption,
)
from pages.text.periods import A_DAY
from pages.ui import day_panel, growth_chart, links, url_controls, viewer
from pages.ui.notes import note_text, popover
from storage.figures.filters import Metric
from storage.insights.sums import METRIC_NAMES, SUM_KEYS
from storage.notes.notes import NoteRow

NAME = "compare"  # of the chart
INDEX, NUMBERS = "Index", "Numbers"
_FORMATS: Mapping[str, Callable[[Any], str]] = {
    **dict.fromkeys(("fans", "followers", "views", "engagement"), count),
    **dict.fromkeys(("net", "net_delta", "best", "views_change", "engagement_change"), signed),
    **dict.fromkeys(("growth", "weekly"), signed_percent),
    "growth_delta": signed_points,
    "median_delta": signed_percent,
    "per_day": lambda people: per_day(people, sign=True),
    "ratio": lambda ratio: number(ratio, 2),
}
_SIGNED = (
    *("net", "net_delta", "growth", "growth_delta", "weekly", "per_day", "best"),
    *("views_change", "engagement_change", "median_delta"),
)


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
    """Draw the chart and its remarks; return the figures of the Pages and tags."""
    metric = comparison.view.metric
    rows = compare_text.list_rows(comparison)
    title = f"{metric.capitalize()}, start = 100" if switches.is_index else metric.capitalize()
    switches.heading.header(title, anchor=False, width="content")
    # Up to the requested end: days without a figure are grey.
    days = days_to_draw(comparison.view.period.since, comparison.requested.until)
    lines = [values_on(days, figures) for figures in comparison.list_lines()]
    remarks, series = _series(comparison, rows, lines, is_index=switches.is_index)
    chart = None
    if series:
        colours, notes = palette(st.context.theme.type), _notes(comparison, rows)
        chart = compare_chart(days, series, colours, is_index=switches.is_index, notes=notes)
        alt = compare_text.describe_series(
            series, metric, comparison.view.period, is_index=switches.is_index
        )
        points = [points_of(days, values) for values in lines]
        _render_days(installation, comparison, rows, chart, alt, points)
        if len(days) <= (days[-1] - days[0]).days:
            remarks.append(
                f"Over more than {MAX_DAYS - 2} days the chart has one figure a week: the last "
                "known."
            )
    else:
        st.markdown(f"No {metric} to draw in this period.")
    with switches.export:
        about = (title, listed([row.label for row in rows]))
        export.render(installation, comparison, rows, chart, about)
    if remarks:
        st.caption(plain(" ".join(remarks)))
    return rows


@viewer.fragment
def _render_days(
    installation: Installation,
    comparison: Comparison,
    rows: Sequence[Row],
    chart: Spec,
    alt: str,
    lines: Sequence[Sequence[Point]],
) -> None:
    """Draw the chart, and what happened on the chosen day. ``lines``: the points of each row.

    A fragment: a click on a day draws nothing else anew.
    """
    points, notes = largest_of(lines), _notes(comparison, rows)
    days = (comparison.view.period.since - A_DAY, comparison.requested.until)
    point = day_panel.find_chosen(NAME, points)
    growth_chart.draw(chart, palette(st.context.theme.type), NAME, height=HEIGHT, alt=alt)
    with st.container(horizontal=True, key="days-and-notes"):
        day_panel.render_list(NAME, points, lambda _: "")
        day_panel.render_notes(notes, *days)
    if point is None:
        return
    figures = []
    for row, line in zip(rows, lines, strict=True):
        of_row = next(each for each in line if each.day == point.day)
        figure = day_panel.figure_of(of_row.value, of_row.change, comparison.view.metric)
        figures.append(f"**{plain(row.label)}** · {figure}")
    with st.container(key="day-panel", gap="small"):
        day_panel.render_day(points, point, ["", "  \n".join(figures)], notes)
        tag_ids = tuple(each.tag.id for each in comparison.tags)
        today = installation.now().date()
        of_notes = popover.chart_of(NAME, *days, today, tag_ids=tag_ids)
        day_panel.render_form(installation, of_notes, point.day)


def _notes(comparison: Comparison, rows: Sequence[Row]) -> list[Note]:
    """Operators' notes, those of a Page or tag with its name, and derived notes, oldest first."""
    labels = {(row.page_id or None, row.tag_id): row.label for row in rows}

    def text(note: NoteRow) -> str:
        label = labels.get((note.page_id, note.tag_id))
        return f"{label}: {note.text}" if label else note.text

    own = [Note(note.day, text(note), "own") for note in comparison.notes.own]
    return sorted([*own, *note_text.automatic(comparison.notes)], key=lambda note: note.day)


def _series(
    comparison: Comparison,
    rows: Sequence[Row],
    lines: Sequence[Sequence[int | None]],
    *,
    is_index: bool,
) -> tuple[list[str], list[Series]]:
    """Why which of the ``lines`` can't be drawn, and those that can."""
    remarks = compare_text.why_not_indexed(rows, comparison.view.metric) if is_index else []
    series: list[Series] = []
    tags = [each.tag for each in comparison.tags]
    names = labels_of_all(comparison.pages, tags, MAX_CHART_NAME)
    for position, (values, row, name) in enumerate(zip(lines, rows, names, strict=True)):
        is_left_out = is_index and not row.start
        if not is_left_out and any(value is not None for value in values):
            series.append(Series(name, position, values, (row.start or 1) if is_index else 1))
    return remarks, series


def render_figures(comparison: Comparison, rows: Sequence[Row]) -> None:
    """Draw the figures side by side, with a link to each Page, and to Overview of each tag."""
    metric = comparison.view.metric
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header("Figures side by side", anchor=False, width="content")
        targets = [("page", {"id": page.page_id}) for page in comparison.pages]
        targets += [("overview", {"tag": each.tag.name}) for each in comparison.tags]
        for row, (screen, query) in zip(rows, targets, strict=True):
            links.draw(screen, plain(row.label), ":material/arrow_forward:", query_params=query)
    has_previous = any(row.net_delta is not None for row in rows)
    config = _columns(metric)
    names = [name for name in config if has_previous or not name.endswith("_delta")]
    if not comparison.tags:
        names.remove("pages")
    frame = _build_frame(rows, names, comparison.view.period.days_count)
    draw_table(frame, config, "compare-table", "Figures of the compared Pages and tags")
    st.caption(plain(" ".join(_remarks(comparison, rows))))


def _remarks(comparison: Comparison, rows: Sequence[Row]) -> list[str]:
    """Sentences on the dashes in the table, and on how to read its figures."""
    metric, period = comparison.view.metric, comparison.view.period
    remarks = [compare_text.COUNTED_IN_EACH if comparison.tags else compare_text.COUNTED_TWICE]
    remarks += filter(None, (compare_text.which_pages_count(row, metric) for row in rows))
    for page, row in zip(comparison.pages, rows, strict=False):
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


def render_sums(comparison: Comparison, rows: Sequence[Row]) -> None:
    """Draw views and engagement side by side, where a Page has them: a table of its own days."""
    sums, totals = comparison.sums, comparison.list_totals()
    if sums is None or not any(totals):
        return
    st.header("Views and engagement", anchor=False)
    figure, text = st.column_config.NumberColumn, st.column_config.TextColumn
    pages_counts = [len(page_ids) for page_ids in comparison.list_page_ids()]
    frame = pd.DataFrame({"name": [row.label for row in rows]})
    config: dict[str, Any] = {"name": text("Page or tag", width=180)}
    for key in SUM_KEYS:
        of_rows = [each.get(key) for each in totals]
        if not any(of_rows):
            continue
        change = f"{key}_change"
        figures = [(None, None) if each is None else (each.now, each.change) for each in of_rows]
        frame[key] = pd.array([now for now, _ in figures], dtype="Int64")
        frame[change] = pd.array([moved for _, moved in figures], dtype="Int64")
        config[key] = figure(
            SUM_LABELS[key], width=150, help=sum_help(key, METRIC_NAMES[key], sums.until)
        )
        config[change] = figure(SUM_CHANGES[key], width=150, help=SUM_CHANGE_HELP)
        if comparison.tags:
            frame[f"{key}_pages"] = [
                f"{count(each.pages if each else 0)} of {count(pages_count)}"
                for each, pages_count in zip(of_rows, pages_counts, strict=True)
            ]
            config[f"{key}_pages"] = text(f"Pages with {key}", width=150, alignment="right")
    alt = "Views and engagement of the compared Pages and tags over 28 days"
    draw_table(frame, config, "compare-sums", alt)
    st.caption(sums_caption(sums.until))


def draw_table(frame: pd.DataFrame, config: dict[str, Any], key: str, alt: str) -> None:
    """Draw a table whose names have the colours of the lines."""
    theme = st.context.theme.type
    colours = DARK_COLOURS if theme == "dark" else LIGHT_COLOURS
    st.dataframe(
        _paint(frame, palette(theme), colours),
        height="content",
        row_height=40,
        hide_index=True,
        placeholder="–",
        column_config=config,
        key=key,
        alt=alt,
    )


def _build_frame(rows: Sequence[Row], names: Sequence[str], days_count: int) -> pd.DataFrame:
    """One row a Page or tag. Counts are ``Int64``, rates ``Float64`` in percent or points."""
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
    columns["pages"] = [
        None if row.counted is None else f"{count(row.counted)} of {count(row.pages_count)}"
        for row in rows
    ]
    columns["days"] = [f"{count(row.days_with)} of {count(days_count)}" for row in rows]
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

    formats = {name: each for name, each in _FORMATS.items() if name in frame}
    return arrow.styled(frame, "compare", formats).apply(paint_column, axis=0)


def _columns(noun: str) -> dict[str, Any]:
    """The column config, in order; ``noun`` is the figure of net, growth and best day."""
    figure, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "name": text("Page or tag", width=180),
        "pages": text(
            "Pages counted",
            width=100,
            help="Of a tag: its Pages with figures at the start and the end of the period.",
            alignment="right",
        ),
        "fans": figure("Fans", width=80, help=meaning("fans")),
        "followers": figure("Followers", width=84, help=meaning("followers")),
        "net": figure(f"New {noun}", width=104, help=meaning("net", noun)),
        "net_delta": figure(
            "New vs previous",
            width=108,
            help=meaning("difference"),
        ),
        "growth": figure(
            "Growth",
            width=78,
            help=meaning("growth", noun),
        ),
        "growth_delta": figure(
            "Growth vs previous",
            width=124,
            help=f"{meaning('difference')} In percentage points (pp).",
        ),
        "weekly": figure(
            "Weekly growth",
            width=104,
            help=meaning("weekly"),
        ),
        "per_day": figure(
            f"New {noun} a day",
            width=104 if noun == "fans" else 134,
            help=meaning("per_day", noun),
        ),
        "best": figure("Best day", width=76, help=meaning("best_day")),
        "best_day": text("Best day on", width=104),
        "ratio": figure("Fans per follower", width=120, help=meaning("ratio")),
        "days": text("Days", width=84, help=meaning("days_with"), alignment="right"),
    }


def _rounded(figure: float | None, digits: int = 2) -> float | None:
    return None if figure is None else round(figure, digits)
