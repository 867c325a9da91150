"""Line and bar charts of one metric: pure functions from points to Vega-Lite dicts.

Plain dicts cost a fifth of Altair's objects per rerun. A line, bar or dot without a colour takes
the first chart colour of the theme and follows light and dark at once; text, rules and bands do
not, so their colours come from a `Palette`. Days are naive, so that every browser shows them
unchanged.

Every builder takes the points from `timeline.trim`, at least one, and the ``noun`` of the figure
("Fans"). The spec's ``data`` is a frame (see `chart_parts.frame_of`). ``notes`` are drawn over the
figures (see `note_marks`); notes of other days are left out. ``before`` is the period before, a
grey line behind the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from pages.charts import arrow
from pages.charts.chart_parts import (
    AXIS_INK,
    BEFORE,
    DAY,
    ISO,
    LINE,
    SINCE_START,
    Palette,
    Spec,
    bars,
    before_lines,
    before_text,
    change_name,
    frame_of,
    gap_bands,
    hover_dot,
    hover_rule,
    inline,
    moment_of,
    number_format,
    reach_around,
    text_of,
    texts,
    tooltip,
    x_axis,
    y_axis,
)
from pages.charts.note_marks import note_marks
from pages.charts.timeline import Before, Note, Point, lone_days
from pages.text.formats import count, signed_percent

END_LABEL = "end_label"  # the name of its layer


def total_chart(
    points: Sequence[Point],
    noun: str,
    colours: Palette,
    notes: Sequence[Note] = (),
    before: Before | None = None,
) -> Spec:
    """The figures as a line, missing days as bands, the exact figure at the end."""
    change = change_name(points)
    before, earlier = _find_before(points, before, lambda point: point.value)
    values = [point.value for point in points if point.value is not None]
    values += [value for value in earlier if value is not None]
    y = y_axis(noun, values, zero=False, format=number_format(min(values), max(values)))
    spec: Spec = {
        "data": frame_of(points, noun),
        "transform": texts(noun, change, notes),
        "layer": [
            *gap_bands(points, colours, reach_hours=24),
            *_line(points, y, tooltip(noun, change=change, before=before)),
            *_marks(points, y, colours, float, count),
            *note_marks(notes, points, noun),
        ],
    }
    return _with_before(
        spec, points, before, arrow.whole(earlier), y, "format({value}, ',d')", colours
    )


def share_chart(
    points: Sequence[Point],
    noun: str,
    colours: Palette,
    notes: Sequence[Note] = (),
    before: Before | None = None,
) -> Spec:
    """The same line in percent since the first figure, which must not be 0.

    The period before is drawn in percent since its own first figure, unless that is 0.
    """
    change = change_name(points)
    start = next(point.value for point in points if point.value is not None)

    def share(value: int, start: int = start) -> float:
        return round(100 * (value / start - 1), 4)

    before, earlier = _find_before(points, before, lambda point: point.value)
    first = next((value for value in earlier if value is not None), None)
    before = before if first else None
    earlier_shares = [
        share(value, first) if first and value is not None else None for value in earlier
    ]
    shares = [None if point.value is None else share(point.value) for point in points]
    frame = frame_of(points, noun).append_column(SINCE_START, [shares])
    y = y_axis(
        SINCE_START,
        [*shares, *(earlier_shares if before else [])],
        zero=True,
        labelExpr="datum.value == 0 ? '0%' : format(datum.value, '+.3~f') + '%'",
    )
    row = {"field": "share_text", "type": "nominal", "title": SINCE_START}
    percent = text_of(SINCE_START, "format({value}, '+.2f') + '%'", "share_text", missing="'–'")
    spec: Spec = {
        "data": frame,
        "transform": [*texts(noun, change, notes), percent],
        "layer": [
            *gap_bands(points, colours, reach_hours=24),
            *_line(points, y, tooltip(noun, row, change=change, before=before)),
            *_marks(points, y, colours, share, lambda value: signed_percent(share(value))),
            *note_marks(notes, points, noun),
        ],
    }
    text = "format({value}, '+.2f') + '%'"
    return _with_before(spec, points, before, pa.array(earlier_shares), y, text, colours)


def change_chart(
    points: Sequence[Point],
    noun: str,
    colours: Palette,
    notes: Sequence[Note] = (),
    before: Before | None = None,
) -> Spec:
    """The change of each day, or week, as bars from zero: colour and direction say the same."""
    change = change_name(points)
    before, earlier = _find_before(points, before, lambda point: point.change)
    y = y_axis(
        change,
        [*(point.change for point in points), *earlier],
        zero=True,
        tickMinStep=1,
        labelExpr="datum.value == 0 ? '0' : format(datum.value, '+,d')",
    )
    rows = tooltip(noun, change=change, before=before)
    falls = {"test": f"datum['{change}'] < 0", "value": colours.down}
    spec: Spec = {
        "data": frame_of(points, noun),
        "transform": texts(noun, change, notes),
        "layer": [
            *gap_bands(points, colours, reach_hours=12),
            bars(points, y, rows, color={"condition": falls, "value": colours.up}),
            {
                "mark": {
                    **{"type": "rule", "color": AXIS_INK, "strokeWidth": 1, "opacity": 0.7},
                    "aria": False,  # a line without data would be a picture without a name
                },
                "encoding": {"y": {"datum": 0}},
            },
            hover_rule(x_axis(points), rows),
            *note_marks(notes, points, noun),
        ],
    }
    text = "format({value}, '+,d')"
    figures = arrow.whole(earlier)
    spec = _with_before(spec, points, before, figures, y, text, colours, over_bars=True)
    return reach_around(spec, points)


def _find_before(
    points: Sequence[Point], before: Before | None, figure_of: Callable[[Point], int | None]
) -> tuple[Before | None, list[int | None]]:
    """The period before and its figures, one for each point; None where it has no figure."""
    if before is None:
        return None, []
    figures = [None if each is None else figure_of(each) for each in before.beside(points)]
    return (None, []) if all(figure is None for figure in figures) else (before, figures)


def _with_before(
    spec: Spec,
    points: Sequence[Point],
    before: Before | None,
    figures: pa.Array,
    y: Spec,
    expression: str,
    colours: Palette,
    *,
    over_bars: bool = False,
) -> Spec:
    """The chart with the ``figures`` of the period before; without that period unchanged.

    ``expression`` makes the tooltip's text of a figure.
    """
    if before is None:
        return spec
    layers: list[Spec] = spec["layer"]
    lines = before_lines(points, before, y, colours, over_bars=over_bars)
    # In front of bands and bars, which would hide it, and behind the line.
    at = next(n for n, layer in enumerate(layers) if layer["mark"]["type"] != "rect")
    return {
        **spec,
        "data": spec["data"].append_column(BEFORE, [figures]),
        "transform": [*spec["transform"], before_text(before, expression)],
        "layer": [*layers[:at], *lines, *layers[at:]],
    }


def _line(points: Sequence[Point], y: Spec, rows: list[Spec]) -> list[Spec]:
    """The line, and a rule and a dot on the day nearest to the pointer, with the tooltip."""
    x = x_axis(points)
    rule = hover_rule(x, rows)
    return [{"mark": LINE, "encoding": {"x": x, "y": y}}, rule, hover_dot(x, y)]


def _marks(
    points: Sequence[Point],
    y: Spec,
    colours: Palette,
    height: Callable[[int], float],
    label: Callable[[int], str],
) -> list[Spec]:
    """A dot on the last day and on days alone between two gaps, and the last figure.

    The figure stands at the right of the plot, where no line, rule or note reaches.
    """
    last = next(point for point in reversed(points) if point.value is not None)
    dots = [point for point in lone_days(points) if point.day != last.day]
    rows: list[Spec] = [
        {DAY: moment_of(point.day), ISO: f"{point.day}", "y": height(point.value)}
        for point in (*dots, last)
        if point.value is not None
    ]
    dot = {
        "data": inline(rows, DAY),
        "mark": {"type": "point", "filled": True, "size": 45, "opacity": 1},
        "encoding": {"x": x_axis(points), "y": {**y, "field": "y"}},
    }
    return [dot, end_label(height(last.value or 0), label(last.value or 0), y, colours.ink)]


def end_label(height: float, text: str, y: Spec, colour: str) -> Spec:
    """A text in the margin at the right of the plot, which Vega keeps free for it."""
    return {
        "name": END_LABEL,
        "data": inline([{"y": height, "text": text}]),
        "mark": {
            "type": "text",
            "align": "left",
            "baseline": "middle",
            "dx": 9,
            "fontWeight": 600,
            "fontSize": 13,
            "color": colour,
        },
        "encoding": {
            "x": {"value": "width"},
            "y": {**y, "field": "y"},
            "text": {"field": "text", "type": "nominal"},
        },
    }
