"""Chart of Compare: up to five lines with labels at their ends, as a Vega-Lite dict. Pure.

Colours are the theme's, by the position of the Page in the comparison, so they follow light and
dark at once. Every line has a dash pattern too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pages.charts.chart_parts import (
    AXIS_INK,
    DAY,
    ISO,
    LINE,
    Palette,
    Spec,
    gap_bands,
    hover_rule,
    inline,
    iso_of,
    moment_of,
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
    last_of,
    lone_of,
    whole_range,
)
from pages.charts.note_marks import note_marks
from pages.charts.timeline import Note, Point, trim
from pages.text.formats import count, number, tooltip_day

HEIGHT = 340
_MARGIN = 0.06  # of the range of the figures, above and below
# The theme's chart colours, for tables and exports, which don't follow the theme by themselves.
LIGHT_COLOURS = ("#1D5FB4", "#C2590A", "#4A1942", "#13A08F", "#8B3FE0")
DARK_COLOURS = ("#7DB2F5", "#E8743B", "#F3DF8A", "#35C2A5", "#9D6BF0")
PLOT_HEIGHT = 290  # pixels of the lines, without the labels of the x axis
_LABEL_HEIGHT = 18
DASHES = ([1, 0], [7, 3], [2, 2], [8, 3, 2, 3], [4, 2])
_TEXT: Spec = {
    "type": "text",
    "align": "left",
    "baseline": "middle",
    "dx": 9,
    "fontSize": 12,
    "fontWeight": 600,
    # A phone has room for the figure and a word.
    "limit": {"expr": "containerSize()[0] < 560 ? 96 : 230"},
}


def compare_chart(
    days: Sequence[date],
    series: Sequence[Series],
    colours: Palette,
    *,
    is_index: bool,
    notes: Sequence[Note] = (),
) -> Spec:
    """The lines of one Page or more over the same days: oldest first, two days or more.

    As an index each line is in percent of its base, with a dashed rule at 100. A line breaks where
    there is no figure; days on which no Page has one are grey. The days may be weeks apart.
    """
    columns = columns_of([one.label for one in series])
    points = [Point(each, None, None) for each in _every_day(days)]
    low, high = _range(series, is_index)
    axis: Spec = {"format": ",.1~f" if is_index else number_format(*whole_range(series))}
    y = y_axis("", (low, high), zero=False, **axis)
    y["scale"] = {"domain": [low, high], "nice": False, "zero": False}
    lines = [
        _line(one, column, points, y, is_index) for one, column in zip(series, columns, strict=True)
    ]
    return {
        "data": frame_of(days, series, columns),
        "transform": _transforms(series, columns, is_index),
        "resolve": {"scale": {"color": "shared"}},
        "layer": [
            *gap_bands(_days_with(days, series), colours, reach_hours=24),
            *([_hundred(y)] if is_index else []),
            *lines,
            _hover(series, columns, points),
            ends_layer(days, series, points, y, is_index, (low, high)),
            *_notes(notes, points),
        ],
    }


def _days_with(days: Sequence[date], series: Sequence[Series]) -> list[Point]:
    """The days with the largest figure of any Page; None on a day without one."""
    by_day = zip(days, zip(*(one.values for one in series), strict=True), strict=True)
    return trim(
        [
            Point(day, max((value for value in values if value is not None), default=None), None)
            for day, values in by_day
        ]
    )


def _every_day(days: Sequence[date]) -> list[date]:
    first = days[0]
    return [first + timedelta(days=number) for number in range((days[-1] - first).days + 1)]


def _range(series: Sequence[Series], is_index: bool) -> tuple[float, float]:
    """The ends of the y axis: all figures, a margin, and 100 in an index.

    Computed here instead of by Vega, because the labels are placed by it.
    """
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
    """Transforms for the heights, ``y0``…, and the tooltip's texts, ``t0``…, by position."""
    transforms = [iso_of(DAY)]
    for one, column in zip(series, columns, strict=True):
        value = f"datum['{column}']"
        drawn = f"100 * {value} / {one.base}" if is_index else value
        transforms.append(
            {"calculate": f"isValid({value}) ? {drawn} : null", "as": f"y{one.position}"}
        )
        words = "format({value}, ',d')"
        if is_index:
            words = f"format(100 * {{value}} / {one.base}, ',.1f') + ' (' + {words} + ')'"
        transforms.append(text_of(column, words, f"t{one.position}", missing="'no figure'"))
    return transforms


def _line(one: Series, column: str, points: Sequence[Point], y: Spec, is_index: bool) -> Spec:
    encoding = {"x": x_axis(points), "y": {**y, "field": f"y{one.position}"}}
    return {
        "mark": {**LINE, "strokeDash": DASHES[one.position]},
        "encoding": {**encoding, "color": colour_of(one.position)},
    }


def _hundred(y: Spec) -> Spec:
    rule = {"type": "rule", "color": AXIS_INK, "strokeWidth": 1, "strokeDash": [3, 3]}
    return {
        "mark": {**rule, "aria": False},  # a line without data would be a picture without a name
        "encoding": {"y": {**{k: v for k, v in y.items() if k != "field"}, "datum": 100}},
    }


def _hover(series: Sequence[Series], columns: Sequence[str], points: Sequence[Point]) -> Spec:
    """A rule on the day nearest to the pointer, with every Page's figure of that day."""
    rows: list[Spec] = [
        {
            "field": DAY,
            "type": "temporal",
            "format": tooltip_day(),
            "title": DAY,
        },
        *({"field": f"t{one.position}", "type": "nominal", "title": one.label} for one in series),
    ]
    return hover_rule(x_axis(points), rows)


def _notes(notes: Sequence[Note], points: Sequence[Point]) -> list[Spec]:
    """The notes as on other charts; their tooltips leave out the figure, since here are several."""
    layers = note_marks(notes, points, "")
    for group in layers:
        rows = group["encoding"]["tooltip"]
        group["encoding"]["tooltip"] = [r for r in rows if r["field"] in (DAY, "note")]
    return layers


def keep_apart(heights: Sequence[float], gap: float, domain: tuple[float, float]) -> list[float]:
    """Heights of labels at least ``gap`` apart within ``domain``, as near to ``heights`` as can be.

    Same order as ``heights``; of equal ones the first is lower. Where the domain is too small for
    all of them, the upper ones lie beyond it.
    """
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    # Less the gaps below each, the heights only have to be non-decreasing: isotonic regression by
    # pooling adjacent violators.
    pools: list[tuple[float, int]] = []
    for rank, index in enumerate(order):
        mean, size = heights[index] - rank * gap, 1
        while pools and pools[-1][0] > mean:
            before, count = pools.pop()
            mean = (before * count + mean * size) / (count + size)
            size += count
        pools.append((mean, size))
    low, high = domain[0], domain[1] - (len(heights) - 1) * gap
    levels = [max(low, min(mean, high)) for mean, size in pools for _ in range(size)]
    placed = dict(zip(order, levels, strict=True))
    ranks = {index: rank for rank, index in enumerate(order)}
    return [placed[index] + ranks[index] * gap for index in range(len(heights))]


def colour_of(position: int) -> Spec:
    """The theme's colour of a position. The scale has all positions, so the colours keep order."""
    domain = [str(each) for each in range(len(DASHES))]
    return {"datum": str(position), "type": "nominal", "scale": {"domain": domain}, "legend": None}


def ends_layer(
    days: Sequence[date],
    series: Sequence[Series],
    points: Sequence[Point],
    y: Spec,
    is_index: bool,
    domain: tuple[float, float],
) -> Spec:
    """The end of each line: a dot, and figure and name beside it. Lone days get a dot too."""
    lasts = [last_of(one) for one in series]
    heights = [
        height_of(value, one.base, is_index=is_index)
        for one, (_, value) in zip(series, lasts, strict=True)
    ]
    gap = _LABEL_HEIGHT * (domain[1] - domain[0]) / PLOT_HEIGHT
    placed = keep_apart(heights, gap, domain)
    layers: list[Spec] = []
    for one, (index, value), height, at in zip(series, lasts, heights, placed, strict=True):
        figure = number(height, 1) if is_index else count(value)
        dots = [(index, value), *((i, v) for i, v in lone_of(one) if i != index)]
        rows: list[Spec] = [
            {
                "day": moment_of(days[i]),
                ISO: f"{days[i]}",
                "y": height_of(v, one.base, is_index=is_index),
            }
            for i, v in dots
        ]
        text = {"day": moment_of(days[-1]), "y": at, "text": f"{figure} {one.label}"}
        layers += [
            _mark(
                rows, {"type": "point", "filled": True, "size": 40, "opacity": 1}, one, points, y
            ),
            _mark([text], _TEXT, one, points, y),
        ]
    return {"layer": layers}


def _mark(rows: list[Spec], mark: Spec, one: Series, points: Sequence[Point], y: Spec) -> Spec:
    encoding: Spec = {
        "x": x_axis(points, "day"),
        "y": {**y, "field": "y"},
        "color": colour_of(one.position),
    }
    if mark["type"] == "text":
        encoding["text"] = {"field": "text", "type": "nominal"}
    return {"data": inline(rows, "day"), "mark": mark, "encoding": encoding}
