"""Line and bar charts of one metric: pure functions from points to Vega-Lite dicts.

Plain dicts cost a fifth of Altair's objects per rerun. A line, bar or dot without a colour takes
the first chart colour of the theme and follows light and dark at once; text, rules and bands do
not, so their colours come from a `Palette`. Days are naive, so that every browser shows them
unchanged.

Every builder takes the points from `timeline.trim`, at least one, and the ``noun`` of the figure
("Fans"). The spec's ``data`` is a frame (see `chart_parts.frame_of`). ``notes`` are drawn over the
figures (see `note_marks`); notes of other days are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pages.charts.chart_parts import (
    AXIS_INK,
    LINE,
    SINCE_START,
    Palette,
    Spec,
    bars,
    change_name,
    frame_of,
    gap_bands,
    hover_dot,
    hover_rule,
    inline,
    moment_of,
    number_format,
    text_of,
    texts,
    tooltip,
    x_axis,
    y_axis,
)
from pages.charts.note_marks import note_marks
from pages.charts.timeline import Note, Point, lone_days
from pages.text.formats import count, signed_percent


def total_chart(
    points: Sequence[Point], noun: str, colours: Palette, notes: Sequence[Note] = ()
) -> Spec:
    """The figures as a line, missing days as bands, the exact figure at the end."""
    change = change_name(points)
    values = [point.value for point in points if point.value is not None]
    y = y_axis(noun, zero=False, format=number_format(min(values), max(values)))
    return {
        "data": frame_of(points, noun),
        "transform": texts(noun, change),
        "layer": [
            *gap_bands(points, colours, reach_hours=24),
            *_line(points, y, tooltip(noun, change=change)),
            _marks(points, y, colours, float, count),
            *note_marks(notes, points, noun),
        ],
    }


def share_chart(
    points: Sequence[Point], noun: str, colours: Palette, notes: Sequence[Note] = ()
) -> Spec:
    """The same line in percent since the first figure, which must not be 0."""
    change = change_name(points)
    start = next(point.value for point in points if point.value is not None)

    def share(value: int) -> float:
        return round(100 * (value / start - 1), 4)

    shares = [None if point.value is None else share(point.value) for point in points]
    frame = frame_of(points, noun).append_column(SINCE_START, [shares])
    y = y_axis(
        SINCE_START,
        zero=True,
        labelExpr="datum.value == 0 ? '0%' : format(datum.value, '+.3~f') + '%'",
    )
    row = {"field": "share_text", "type": "nominal", "title": SINCE_START}
    percent = text_of(SINCE_START, "format({value}, '+.2f') + '%'", "share_text", missing="–")
    return {
        "data": frame,
        "transform": [*texts(noun, change), percent],
        "layer": [
            *gap_bands(points, colours, reach_hours=24),
            *_line(points, y, tooltip(noun, row, change=change)),
            _marks(points, y, colours, share, lambda value: signed_percent(share(value))),
            *note_marks(notes, points, noun),
        ],
    }


def change_chart(
    points: Sequence[Point], noun: str, colours: Palette, notes: Sequence[Note] = ()
) -> Spec:
    """The change of each day, or week, as bars from zero: colour and direction say the same."""
    change = change_name(points)
    y = y_axis(
        change,
        zero=True,
        tickMinStep=1,
        labelExpr="datum.value == 0 ? '0' : format(datum.value, '+,d')",
    )
    falls = {"test": f"datum['{change}'] < 0", "value": colours.down}
    return {
        "data": frame_of(points, noun),
        "transform": texts(noun, change),
        "layer": [
            *gap_bands(points, colours, reach_hours=12),
            bars(
                points,
                y,
                tooltip(noun, change=change),
                color={"condition": falls, "value": colours.up},
            ),
            {
                "mark": {"type": "rule", "color": AXIS_INK, "strokeWidth": 1, "opacity": 0.7},
                "encoding": {"y": {"datum": 0}},
            },
            *note_marks(notes, points, noun),
        ],
    }


def _line(points: Sequence[Point], y: Spec, rows: list[Spec]) -> list[Spec]:
    """The line, and a rule and a dot on the day nearest to the pointer, with the tooltip."""
    x = x_axis(points)
    return [{"mark": LINE, "encoding": {"x": x, "y": y}}, hover_rule(x, rows), hover_dot(x, y)]


def _marks(
    points: Sequence[Point],
    y: Spec,
    colours: Palette,
    height: Callable[[int], float],
    label: Callable[[int], str],
) -> Spec:
    """A dot with its figure on the last day, and dots on days alone between two gaps."""
    figures = [(point.day, point.value) for point in points if point.value is not None]
    last_day, last = figures[-1]
    # A line that comes from above would run through a label above its end.
    falling = len(figures) > 1 and figures[-2][1] > last
    rows = [
        {"day": moment_of(point.day), "y": height(point.value), "text": ""}
        for point in lone_days(points)
        if point.value is not None and point.day != last_day
    ]
    rows.append({"day": moment_of(last_day), "y": height(last), "text": label(last)})
    text = {
        "type": "text",
        "align": "right",
        "baseline": "top" if falling else "bottom",
        "dx": 5,
        "dy": 10 if falling else -10,
        "fontWeight": 600,
        "fontSize": 13,
        "color": colours.ink,
    }
    return {
        "data": inline(rows, "day"),
        "encoding": {"x": x_axis(points, "day"), "y": {**y, "field": "y"}},
        "layer": [
            {"mark": {"type": "point", "filled": True, "size": 45, "opacity": 1}},
            {"mark": text, "encoding": {"text": {"field": "text", "type": "nominal"}}},
        ],
    }
