"""Chart of one of Facebook's daily metrics. Pure.

Its days are Pacific and its columns say so, so that they are not mistaken for days of snapshots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa

from pages.charts import arrow
from pages.charts.chart_parts import (
    AXIS_INK,
    ISO,
    LINE,
    Palette,
    Spec,
    bars,
    hover_dot,
    hover_rule,
    inline,
    iso_of,
    moment_of,
    number_format,
    reach_around,
    text_of,
    x_axis,
    y_axis,
)
from pages.charts.timeline import Point
from pages.text.formats import tooltip_day
from pages.text.periods import A_DAY

DAY = "Day (Pacific)"
RETIRED = "Retired by Facebook"


def points_of(values: Mapping[date, int], since: date, until: date) -> list[Point]:
    """One point for every day of a period, both ends included; without a figure None, never 0.

    The change is the one on the day before.
    """
    points = []
    for day in (since + timedelta(days=number) for number in range((until - since).days + 1)):
        value, before = values.get(day), values.get(day - A_DAY)
        change = None if value is None or before is None else value - before
        points.append(Point(day, value, change))
    return points


def insight_chart(
    points: Sequence[Point], label: str, kind: str, retired_on: date | None, colours: Palette
) -> Spec:
    """A line for the kind "level", bars for all others. At least one point has a value.

    ``label`` names the figure; a day without one is a gap. ``retired_on`` is marked by a rule if it
    is among the days.
    """
    values = [point.value for point in points if point.value is not None]
    y = y_axis(
        label,
        values,
        zero=kind != "level",
        tickMinStep=1,
        format=number_format(min(values), max(values)),
    )
    tooltip: list[Spec] = [
        {
            "field": DAY,
            "type": "temporal",
            "format": tooltip_day(),
            "title": DAY,
        },
        {"field": "figure_text", "type": "nominal", "title": label},
    ]
    x = x_axis(points, DAY)
    rule = hover_rule(x, tooltip)
    if kind == "level":
        drawn = [{"mark": LINE, "encoding": {"x": x, "y": y}}, rule, hover_dot(x, y)]
    else:
        drawn = [bars(points, y, tooltip, DAY), rule]
    figures = arrow.whole([point.value for point in points])
    spec: Spec = {
        "data": pa.table({DAY: arrow.days([point.day for point in points]), label: figures}),
        "transform": [
            text_of(label, "format({value}, ',d')", "figure_text", missing="'no figure'"),
            iso_of(DAY),
        ],
        "layer": [
            *drawn,
            *_mark(points, retired_on, colours),
        ],
    }
    return spec if kind == "level" else reach_around(spec, points)


def _mark(points: Sequence[Point], on: date | None, colours: Palette) -> list[Spec]:
    """A dashed rule with a label on the day when the metric was retired."""
    if on is None or not points[0].day <= on <= points[-1].day:
        return []
    is_late = (on - points[0].day) * 2 > points[-1].day - points[0].day
    text = {
        "type": "text",
        "text": RETIRED,
        "align": "right" if is_late else "left",
        "dx": -5 if is_late else 5,
        "baseline": "top",
        "color": colours.ink,
    }
    rule = {"type": "rule", "strokeDash": [4, 3], "color": AXIS_INK, "strokeWidth": 1}
    return [
        {
            "data": inline([{"day": moment_of(on), ISO: f"{on}"}], "day"),
            "encoding": {"x": x_axis(points, "day")},
            "layer": [{"mark": rule}, {"mark": text, "encoding": {"y": {"value": 0}}}],
        }
    ]
