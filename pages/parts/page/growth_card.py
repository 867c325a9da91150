"""Growth card of a Page: the chart of one metric, with unusual days, forecast and notes.

Forecast and unusual days are layers added to the Vega-Lite dicts of `pages.charts.line_charts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import streamlit as st

from fb.installation import Installation
from pages.charts import timeline
from pages.charts.chart_parts import (
    DAY,
    Palette,
    Spec,
    inline,
    lean,
    moment_of,
    palette,
    spread_ticks,
    x_axis,
)
from pages.charts.timeline import Note, Point
from pages.parts.page import outlook_text, page_profile
from pages.records import PageFigures
from pages.text.formats import counted, day, plain, signed
from pages.text.periods import A_DAY
from pages.ui import growth_chart, return_url
from pages.ui.growth_chart import DAILY_CHANGE, SINCE_START, TOTAL
from pages.ui.notes import note_text, popover
from storage.figures.filters import Metric
from storage.figures.unusual import Direction
from storage.metrics import formulas
from storage.metrics.changes import list_daily_changes
from storage.metrics.forecast import Forecast

CHART_HEIGHT = 320
# A year is drawn day by day; a chart has about as many pixels.
MAX_POINTS = 370
_A_WEEK = 7
# The band is smooth: twelve points look like ninety.
MAX_FORECAST_POINTS = 12


@dataclass(frozen=True)
class Switches:
    """The values of the switches, and the container of their row."""

    metric: Metric
    view: str
    wants_forecast: bool
    row: Any


def choose(packed: str | None) -> Switches:
    """Draw the switches. ``packed``: Overview's state, whose metric is the default."""
    row = st.container(horizontal=True, vertical_alignment="center")
    with row:
        st.header("Audience over time", anchor=False, width="content")
        metric = growth_chart.choose_metric("figure", return_url.unpack(packed).get("metric"))
        view = growth_chart.choose_view("chart")
        wants_forecast = view == TOTAL and st.toggle(
            "Forecast", key="forecast", bind="query-params"
        )
    return Switches(metric, view, wants_forecast, row)


def render(
    installation: Installation, figures: PageFigures, switches: Switches, today: date
) -> None:
    """Draw the chart, the notes beside its switches, and its caption."""
    view, metric, period = switches.view, figures.view.metric, figures.view.period
    # Up to the requested end: days without a snapshot are grey.
    by_day = figures.history.of(metric)
    points = timeline.trim(points_of(by_day, period.since, figures.requested.until))
    if not points:
        st.caption(_why_no_chart(figures))
        return
    with switches.row:
        chart = popover.chart_of("page", period, today, page_id=figures.profile.id)
        popover.render(installation, chart)
    drawn = points[-MAX_POINTS:] if view == DAILY_CHANGE else thin(points)
    outlook = figures.outlook if switches.wants_forecast else None
    forecast = None
    if isinstance(outlook, Forecast) and outlook.last_day in {point.day for point in drawn}:
        forecast = outlook
    _draw(figures, view, drawn, forecast)
    sentences = [
        *_averages(figures),
        *_limits(view, points, drawn),
        *_unusual(figures, view, drawn),
    ]
    if forecast is not None:
        sentences.append(outlook_text.forecast(forecast, metric))
    elif isinstance(outlook, Forecast):
        sentences.append(outlook_text.NOT_HERE)
    elif outlook is not None:
        sentences.append(outlook_text.why_no_forecast(outlook, metric))
    if figures.profile.is_new_page_experience:
        sentences.append(page_profile.NEW_EXPERIENCE)
    if sentences:
        st.caption(" ".join(sentences))


def notes_of(figures: PageFigures) -> list[Note]:
    """The notes on the chart, oldest first."""
    return note_text.merge(figures.notes)


def _draw(figures: PageFigures, view: str, points: list[Point], forecast: Forecast | None) -> None:
    metric = figures.view.metric
    noun, whose = metric.capitalize(), plain(figures.profile.name)
    notes = [] if popover.is_hidden() else notes_of(figures)
    if view == SINCE_START:
        growth_chart.render(points, noun, view, whose, height=CHART_HEIGHT, notes=notes)
        return
    if all(point.value is None for point in points):  # possible where only the last days are drawn
        st.caption(f"No {metric} in the last days of this period.")
        return
    colours = palette(st.context.theme.type)
    spec, _ = growth_chart.build(points, noun, view, colours, notes)
    spec = add_unusual(spec, points, figures.marks, colours, by_change=view == DAILY_CHANGE)
    takeaway = growth_chart.describe(points, noun, view, whose)
    if forecast is not None:
        spec = add_forecast(spec, points, forecast)
        takeaway += f" {outlook_text.forecast(forecast, metric)}"
    st.vega_lite_chart(lean(spec), height=CHART_HEIGHT, alt=takeaway)


def _averages(figures: PageFigures) -> list[str]:
    period = figures.view.period
    by_day = figures.history.of(figures.view.metric)
    ends = formulas.ends_of_period(by_day, period.since, period.until)
    per_day = formulas.growth_per_day(*ends, period.days_count)
    if per_day is None:
        return []
    number = f"{per_day:+,.1f}" if round(per_day, 1) else "0"
    return [f"{number} a day on average over {counted(period.days_count, 'day')}."]


def _limits(view: str, points: list[Point], drawn: list[Point]) -> list[str]:
    """Sentences on missing days, and on days of a long period that are not drawn."""
    sentences = []
    missing = timeline.count_missing(points)
    if missing:
        verb = "has" if missing == 1 else "have"
        sentences.append(
            f"{counted(missing, 'day')} {verb} no snapshot (grey): the dashboard was not running, "
            "or Facebook refused. They can't be fetched later."
        )
    if len(drawn) < len(points):
        sentences.append(
            f"The last {len(drawn)} days of the period."
            if view == DAILY_CHANGE
            else "So many days are drawn week by week, each with its last figure."
        )
    return sentences


def _unusual(figures: PageFigures, view: str, drawn: list[Point]) -> list[str]:
    count = 0 if view == SINCE_START else len(figures.marks.keys() & {p.day for p in drawn})
    if not count:
        return []
    return [
        f"{counted(count, 'unusual day')} (triangle): a change beyond what is usual for this Page."
    ]


def _why_no_chart(figures: PageFigures) -> str:
    profile, metric = figures.profile, figures.view.metric
    since, until = figures.view.period.since, figures.requested.until
    if profile.last_day is None:
        return "The first figures come with the next refresh."
    if any(since - A_DAY <= each <= until for each in figures.history.of(metric)):
        return f"Facebook gives no count of {metric} for this Page in this period."
    first, last = day(since, year=since.year != until.year), day(until)
    if profile.first_day is not None and profile.first_day > until:
        oldest = day(profile.first_day)
        return f"No figures between {first} and {last}: the first snapshot is of {oldest}."
    newest = day(profile.last_day, year=profile.last_day.year != until.year)
    return f"No snapshot between {first} and {last}; the newest is of {newest}."


def points_of(by_day: Mapping[date, int | None], since: date, until: date) -> list[Point]:
    """One point for every day from the day before ``since`` to ``until``."""
    changes = {change.day: change.change for change in list_daily_changes(by_day)}
    days = ((until - since).days + 2) if until >= since else 0
    first = since - A_DAY
    return [
        Point(each, by_day.get(each), changes.get(each) if each >= since else None)
        for each in (first + timedelta(days=number) for number in range(days))
    ]


def thin(points: Sequence[Point]) -> list[Point]:
    """The points, or, of more than MAX_POINTS, one for each week.

    Its value is the last figure of the week, on the day of that figure; a week without figures is a
    gap on its last day. Weeks are counted back from the last day. They have no change. From seven
    years on a point stands for two weeks, and so on.
    """
    if len(points) <= MAX_POINTS:
        return list(points)
    step = _A_WEEK * -(-len(points) // (_A_WEEK * MAX_POINTS))
    kept: list[Point] = []
    for end in range(len(points), 0, -step):
        week = points[max(0, end - step) : end]
        last = next((each for each in reversed(week) if each.value is not None), week[-1])
        kept.append(Point(last.day, last.value, None))
    return kept[::-1]


def add_forecast(spec: Spec, points: Sequence[Point], forecast: Forecast) -> Spec:
    """The chart of totals with the forecast after its last figure."""
    rows = _rows(forecast)
    x = x_axis(points, "day")
    band = {"field": "low", "type": "quantitative", "title": None}
    middle = {**band, "field": "middle"}
    row = {"type": "nominal"}
    tooltip = [
        {"field": "day", "type": "temporal", "format": "%a %-d %b %Y", "title": "Forecast for"},
        {**row, "field": "middle_text", "title": "Most likely"},
        {**row, "field": "range_text", "title": "In 8 of 10 cases"},
    ]
    layer = {
        "data": inline(rows, "day"),
        "transform": [
            {"calculate": "format(datum.middle, ',d')", "as": "middle_text"},
            {
                "calculate": "format(datum.low, ',d') + ' – ' + format(datum.high, ',d')",
                "as": "range_text",
            },
        ],
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.16, "line": False},
                "encoding": {"x": x, "y": band, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "strokeWidth": 2, "strokeDash": [5, 4]},
                "encoding": {"x": x, "y": middle},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 12, "opacity": 0.001},
                "encoding": {"x": x, "tooltip": tooltip},
            },
        ],
    }
    layers = [*spec["layer"], layer]
    return {**spec, "layer": spread_ticks(layers, points[0].day, forecast.days[-1].day)}


def _rows(forecast: Forecast) -> list[Spec]:
    step = -(-len(forecast.days) // MAX_FORECAST_POINTS)
    # Counted from the last day, so that the end of the forecast is exact.
    days = forecast.days[::-1][::step][::-1]
    last = forecast.last_figure
    begin: Spec = {"day": moment_of(forecast.last_day), "low": last, "middle": last, "high": last}
    rows = [
        {"day": moment_of(each.day), "low": each.low, "middle": each.middle, "high": each.high}
        for each in days
    ]
    return [begin, *rows]


def add_unusual(
    spec: Spec,
    points: Sequence[Point],
    marks: Mapping[date, Direction],
    colours: Palette,
    *,
    by_change: bool,
) -> Spec:
    """The chart with a triangle on each unusual day: up for a rise, down for a fall.

    ``by_change``: the chart is of daily changes, else of totals. Days outside of ``points`` are
    left out.
    """
    rows = []
    for each in points:
        mark, height = marks.get(each.day), each.change if by_change else each.value
        if mark is not None and height is not None:
            text = signed(each.change)
            rows.append({"day": moment_of(each.day), "height": height, "mark": mark, "said": text})
    if not rows:
        return spec
    fell = {"test": "datum.mark == 'fell'", "value": colours.down}
    turned = {"test": "datum.mark == 'fell'", "value": "triangle-down"}
    layer = {
        "data": inline(rows, "day"),
        "mark": {"type": "point", "filled": True, "size": 75, "opacity": 1},
        "encoding": {
            "x": x_axis(points, "day"),
            "y": {"field": "height", "type": "quantitative", "title": None},
            "color": {"condition": fell, "value": colours.up},
            "shape": {"condition": turned, "value": "triangle-up"},
            "tooltip": [
                {"field": "day", "type": "temporal", "format": "%a %-d %b %Y", "title": DAY},
                {"field": "said", "type": "nominal", "title": "Beyond this Page's own noise"},
            ],
        },
    }
    return {**spec, "layer": [*spec["layer"], layer]}
