"""Builds the chart of Compare: up to five lines with their names at the ends, as a Vega-Lite dict.

Pure: no Streamlit, no storage. Colours are the theme's, by a Page's place in the comparison, so
they follow light and dark at once; every line has a dash of its own too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pages.charts.chart_parts import (
    AXIS_INK,
    DAY,
    Spec,
    number_format,
    text_of,
    x_axis,
    y_axis,
)
from pages.charts.compare_series import (
    Series,
    columns_of,
    frame_of,
    height_of,
    whole_range,
)
from pages.charts.line_labels import DASHES, colour_of, ends_layer
from pages.charts.note_marks import note_marks
from pages.charts.timeline import Note, Point

HEIGHT = 340
_MARGIN = 0.06  # of the range of the figures, above and below
# As the theme's chart colours, for what does not follow the theme by itself.
LIGHT_COLOURS = ("#1D5FB4", "#C2590A", "#4A1942", "#13A08F", "#8B3FE0")
DARK_COLOURS = ("#7DB2F5", "#E8743B", "#F3DF8A", "#35C2A5", "#9D6BF0")


def compare_chart(
    days: Sequence[date],
    series: Sequence[Series],
    *,
    is_index: bool,
    notes: Sequence[Note] = (),
) -> Spec:
    """The lines of at least one Page over the same days, oldest first, two days or more.

    As an index each is drawn in percent of its base, with a dashed line at 100. Where one has no
    figure its line breaks. The days may be whole weeks apart.
    """
    columns = columns_of([one.label for one in series])
    points = [Point(each, None, None) for each in _every_day(days)]
    low, high = _range(series, is_index)
    axis: Spec = {"format": ",.1~f" if is_index else number_format(*whole_range(series))}
    y = y_axis("", zero=False, **axis)
    y["scale"] = {"domain": [low, high], "nice": False, "zero": False}
    lines = [
        _line(one, column, points, y, is_index) for one, column in zip(series, columns, strict=True)
    ]
    return {
        "data": frame_of(days, series, columns),
        "transform": _transforms(series, columns, is_index),
        "resolve": {"scale": {"color": "shared"}},
        "layer": [
            *([_hundred(y)] if is_index else []),
            *lines,
            _hover(series, columns, points),
            ends_layer(days, series, points, y, is_index, (low, high)),
            *_notes(notes, points),
        ],
    }


def _every_day(days: Sequence[date]) -> list[date]:
    first = days[0]
    return [first + timedelta(days=number) for number in range((days[-1] - first).days + 1)]


def _range(series: Sequence[Series], is_index: bool) -> tuple[float, float]:
    """The axis: all figures and some air; in an index 100 as well. Made here, not by Vega, so that
    it is known how far apart the names at the ends will be."""
    heights = [
        height_of(value, one.base, is_index=is_index)
        for one in series
        for value in one.values
        if value is not None
    ]
    if is_index:
        heights.append(100.0)
    low, high = min(heights), max(heights)
    air = _MARGIN * (high - low) or max(1.0, 0.01 * high)
    return (max(0.0, low - air) if low >= 0 else low - air), high + air


def _transforms(series: Sequence[Series], columns: Sequence[str], is_index: bool) -> list[Spec]:
    """What is drawn, ``y0``…, and what the tooltip says, ``t0``…, by a Page's place."""
    found: list[Spec] = []
    for one, column in zip(series, columns, strict=True):
        value = f"datum['{column}']"
        drawn = f"100 * {value} / {one.base}" if is_index else value
        found.append({"calculate": f"isValid({value}) ? {drawn} : null", "as": f"y{one.place}"})
        words = "format({value}, ',d')"
        if is_index:
            words = f"format(100 * {{value}} / {one.base}, ',.1f') + ' (' + {words} + ')'"
        found.append(text_of(column, words, f"t{one.place}", missing="no figure"))
    return found


def _line(one: Series, column: str, points: Sequence[Point], y: Spec, is_index: bool) -> Spec:
    mark = {
        "type": "line",
        "strokeWidth": 2,
        "interpolate": "linear",
        "strokeDash": DASHES[one.place],
        "invalid": "break-paths-show-path-domains",
    }
    encoding = {"x": x_axis(points), "y": {**y, "field": f"y{one.place}"}}
    return {"mark": mark, "encoding": {**encoding, "color": colour_of(one.place)}}


def _hundred(y: Spec) -> Spec:
    return {
        "mark": {"type": "rule", "color": AXIS_INK, "strokeWidth": 1, "strokeDash": [3, 3]},
        "encoding": {"y": {**{k: v for k, v in y.items() if k != "field"}, "datum": 100}},
    }


def _hover(series: Sequence[Series], columns: Sequence[str], points: Sequence[Point]) -> Spec:
    """A rule on the day nearest to the pointer, with every Page's figure of that day."""
    nearest = {
        "type": "point",
        "nearest": True,
        "on": "pointerover",
        "clear": "pointerout",
        "encodings": ["x"],
    }
    rows: list[Spec] = [
        {"field": DAY, "type": "temporal", "format": "%a %-d %b %Y", "title": DAY},
        *({"field": f"t{one.place}", "type": "nominal", "title": one.label} for one in series),
    ]
    shown = {"condition": {"param": "hover", "empty": False, "value": 1}, "value": 0}
    return {
        "mark": {"type": "rule", "color": AXIS_INK, "strokeWidth": 1},
        "params": [{"name": "hover", "select": nearest}],
        "encoding": {"x": x_axis(points), "opacity": shown, "tooltip": rows},
    }


def _notes(notes: Sequence[Note], points: Sequence[Point]) -> list[Spec]:
    """As on other charts, without the one figure that their tooltips repeat: here are several."""
    found = note_marks(notes, points, "")
    for group in found:
        rows = group["encoding"]["tooltip"]
        group["encoding"]["tooltip"] = [r for r in rows if r["field"] in ("day", "note")]
    return found
