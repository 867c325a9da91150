"""Layers on a Page's chart: the forecast as a band with a middle line, and unusual days. Pure.

They are added to the Vega-Lite dicts of `pages.charts.line_charts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pages.charts.chart_parts import DAY, Palette, Spec, inline, moment_of, spread_ticks, x_axis
from pages.charts.timeline import Point
from pages.text.formats import signed
from storage.figures.unusual import Direction
from storage.metrics import Forecast

# The band is smooth: twelve points look like ninety.
MAX_DAYS = 12


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
    step = -(-len(forecast.days) // MAX_DAYS)
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
