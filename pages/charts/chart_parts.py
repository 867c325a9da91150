"""Parts of all charts: colours, axes, tooltips, hover, bands of missing days. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from pages.charts import arrow
from pages.charts.timeline import Point, find_gaps, find_step
from pages.text.formats import span
from pages.text.periods import A_DAY

Spec = dict[str, Any]

# Columns of a chart's frame, in readable words: the chart's toolbar shows the frame as a table.
DAY = "Day (UTC)"
CHANGE, CHANGE_IN_WEEK = "Change on the day", "Change in the week"
SINCE_START = "% since start"

AXIS_INK = "#6F7A8A"  # contrast 4.35 : 1 on light and dark; Streamlit's own is 3.7 : 1 on white
ABBREVIATED_FROM = 100_000  # "2.28M" from here on; below, the figure itself is short enough
YEARS_FROM_DAYS = 200
DAY_TICKS = 9  # at most
TICK_STEPS = (1, 2, 4, 7, 14, 28, 56)  # days; with the last one a forecast fits too
MONTH_TICK_DAYS = 400  # a label a month up to here, every second one up to twice as many
# A line of two pixels, straight from day to day, broken where a day is missing.
LINE = {
    "type": "line",
    "strokeWidth": 2,
    "interpolate": "linear",
    "invalid": "break-paths-show-path-domains",
}
DAY_WIDTH = 24 * 3600 * 1000  # milliseconds
GRID_LINES = 4  # about: d3 takes the nearest round step, which makes four to six


@dataclass(frozen=True)
class Palette:
    """Colours for parts that don't follow the theme. Up and down differ in more than hue."""

    up: str
    down: str
    band: str
    ink: str

    def css_of(self, change: float | None) -> str:
        """The CSS of a change in a table; empty for none, for NA and for 0."""
        if change is None or pd.isna(change) or not change:
            return ""
        return f"color: {self.up if change > 0 else self.down};"


LIGHT = Palette(up="#0F766E", down="#C2410C", band="#F0F3F7", ink="#111827")
DARK = Palette(up="#5CC8B5", down="#FF8F66", band="#171D26", ink="#E6EBF1")


def palette(theme: str | None) -> Palette:
    """The colours for "dark" or "light"; light while the browser has not reported its theme."""
    return DARK if theme == "dark" else LIGHT


def frame_of(points: Sequence[Point], noun: str) -> pa.Table:
    """One row a day: naive midnight, figure, change; null where there is none."""
    return pa.table(
        {
            DAY: arrow.days([point.day for point in points]),
            noun: arrow.whole([point.value for point in points]),
            change_name(points): arrow.whole([point.change for point in points]),
        }
    )


def change_name(points: Sequence[Point]) -> str:
    """The column name of the changes, by day or by week."""
    return CHANGE if find_step(points) == A_DAY else CHANGE_IN_WEEK


def x_axis(points: Sequence[Point], field: str = DAY) -> Spec:
    """The x axis: evenly spaced days, or months from YEARS_FROM_DAYS on."""
    first, last = points[0].day, points[-1].day
    days = (last - first).days
    ticks: Spec = {"tickCount": {"interval": "month", "step": -(-days // MONTH_TICK_DAYS)}}
    if days < YEARS_FROM_DAYS:
        ticks = {"values": [_as_tick(each) for each in even_days(first, last)]}
    return {
        "field": field,
        "type": "temporal",
        "title": None,
        "axis": {
            "format": "%b %Y" if days >= YEARS_FROM_DAYS else "%-d %b",
            "grid": False,
            **ticks,
            "labelFlush": True,
            "labelOverlap": "parity",  # every second one: what is left is even too
            "labelColor": AXIS_INK,
        },
    }


def even_days(first: date, last: date) -> list[date]:
    """At most DAY_TICKS evenly spaced days up to ``last``, oldest first, if possible whole weeks.

    Vega's own ticks start again each month: 29 and 31 Jan, 1 and 3 Feb.
    """
    days = (last - first).days
    step = next(step for step in TICK_STEPS if days // step < DAY_TICKS)
    return [last - timedelta(days=age) for age in range(0, days + 1, step)][::-1]


def spread_ticks(spec: Any, first: date, last: date) -> Any:
    """The spec with new ticks on its x axes, from ``first`` to ``last``."""
    if isinstance(spec, list):
        return [spread_ticks(each, first, last) for each in spec]
    if not isinstance(spec, dict):
        return spec
    if spec.get("type") == "temporal" and "values" in spec.get("axis", {}):
        ticks = [_as_tick(each) for each in even_days(first, last)]
        return {**spec, "axis": {**spec["axis"], "values": ticks}}
    return {name: spread_ticks(each, first, last) for name, each in spec.items()}


def lean(spec: Spec) -> Spec:
    """The same chart in a third of the bytes: layers share axes, so only the first defines them.

    Scales are kept in all layers, and everything outside of "layer" is unchanged.
    """
    defined: set[str] = set()

    def strip(node: Any) -> Any:
        if isinstance(node, list):
            return [strip(each) for each in node]
        if not isinstance(node, dict):
            return node
        kept = {name: strip(each) for name, each in node.items() if name != "encoding"}
        if "encoding" in node:
            kept["encoding"] = {name: leave(name, each) for name, each in node["encoding"].items()}
        return kept

    def leave(channel: str, each: Any) -> Any:
        if channel not in ("x", "y") or "axis" not in each:
            return each
        if channel in defined:
            return {name: value for name, value in each.items() if name != "axis"}
        defined.add(channel)
        return each

    return {**spec, "layer": strip(spec["layer"])}


def _as_tick(day: date) -> Spec:
    return {"year": day.year, "month": day.month, "date": day.day}


def y_axis(field: str, *, zero: bool, **axis: Any) -> Spec:
    """The y axis: light grid lines, and no title, since the card's heading names the figure."""
    return {
        "field": field,
        "type": "quantitative",
        "title": None,
        "scale": {"zero": zero, "nice": True, "padding": 8},
        "axis": {
            "grid": True,
            "tickCount": GRID_LINES,
            "ticks": False,
            "domain": False,
            "labelColor": AXIS_INK,
            **axis,
        },
    }


def number_format(low: int, high: int) -> str:
    """A d3 format for an axis from ``low`` to ``high`` that makes no two labels equal."""
    if high < ABBREVIATED_FROM:
        return ",d"
    step = max(1.0, (high - low) / (2 * GRID_LINES))
    digits = math.floor(math.log10(high)) - math.floor(math.log10(step)) + 1
    return f",.{max(3, digits)}~s" if digits <= 5 else ",d"


def tooltip(noun: str, *more: Spec, change: str = CHANGE) -> list[Spec]:
    """The rows of a tooltip: day, figure, ``more``, change. `texts` makes their texts."""
    return [
        {"field": DAY, "type": "temporal", "format": "%a %-d %b %Y", "title": DAY},
        {"field": "figure_text", "type": "nominal", "title": noun},
        *more,
        {"field": "change_text", "type": "nominal", "title": change},
    ]


def texts(noun: str, change: str = CHANGE) -> list[Spec]:
    """Transforms that make the tooltip's texts in the browser: half the bytes of sending them."""
    return [
        text_of(noun, "format({value}, ',d')", "figure_text", missing="no snapshot"),
        text_of(change, "format({value}, '+,d')", "change_text", missing="–"),
    ]


def text_of(field: str, expression: str, name: str, *, missing: str) -> Spec:
    """One transform for a text; ``{value}`` in ``expression`` is replaced by the field."""
    value = f"datum['{field}']"
    written = expression.replace("{value}", value)
    return {"calculate": f"isValid({value}) ? {written} : '{missing}'", "as": name}


def bars(
    points: Sequence[Point], y: Spec, rows: list[Spec], field: str = DAY, **encoding: Spec
) -> Spec:
    """Bars from zero around the time in ``field`` of each point, with the tooltip ``rows``."""
    # With few bars wide ones look too loud: half as wide up to eight.
    half = find_step(points) // A_DAY * DAY_WIDTH * (0.18 if len(points) <= 8 else 0.36)
    return {
        "transform": [
            {"calculate": f"datum['{field}'] - {half:.0f}", "as": "bar_since"},
            {"calculate": f"datum['{field}'] - 0 + {half:.0f}", "as": "bar_until"},
        ],
        "mark": {"type": "rect"},
        "encoding": {
            "x": x_axis(points, "bar_since"),
            "x2": {"field": "bar_until"},
            "y": y,
            "y2": {"datum": 0},
            **encoding,
            "tooltip": rows,
        },
    }


def hover_rule(x: Spec, rows: list[Spec], name: str = "hover") -> Spec:
    """A rule on the day nearest to the pointer, with the tooltip ``rows``.

    ``name`` is the parameter that it sets, for `hover_dot`.
    """
    nearest = {
        "type": "point",
        "nearest": True,
        "on": "pointerover",
        "clear": "pointerout",
        "encodings": ["x"],
    }
    return {
        "mark": {"type": "rule", "color": AXIS_INK, "strokeWidth": 1},
        "params": [{"name": name, "select": nearest}],
        "encoding": {"x": x, "opacity": _while_hovered(name), "tooltip": rows},
    }


def hover_dot(x: Spec, y: Spec, name: str = "hover") -> Spec:
    """A dot on the figure of the day of `hover_rule`."""
    return {
        "mark": {"type": "point", "filled": True, "size": 60, "invalid": "filter"},
        "encoding": {"x": x, "y": y, "opacity": _while_hovered(name)},
    }


def _while_hovered(name: str) -> Spec:
    return {"condition": {"param": name, "empty": False, "value": 1}, "value": 0}


def gap_bands(points: Sequence[Point], colours: Palette, *, reach_hours: int) -> list[Spec]:
    """One layer with a grey band for each gap, or no layer without gaps.

    ``reach_hours``: how far a band goes beyond the gap: 24 in a line chart, up to the days with a
    figure; 12 between bars.
    """
    gaps = find_gaps(points)
    if not gaps:
        return []
    reach = timedelta(hours=reach_hours)
    last = _midnight(points[-1].day) + timedelta(hours=0 if reach_hours == 24 else 12)
    rows = [
        {
            "since": (_midnight(gap.since) - reach).isoformat(),
            "until": min(last, _midnight(gap.until) + reach).isoformat(),
            "text": span(gap.since, gap.until),
        }
        for gap in gaps
    ]
    return [
        {
            "data": inline(rows, "since", "until"),
            "mark": {"type": "rect", "color": colours.band},
            "encoding": {
                "x": x_axis(points, "since"),
                "x2": {"field": "until"},
                "tooltip": {"field": "text", "type": "nominal", "title": "No snapshot"},
            },
        }
    ]


def inline(rows: list[Spec], *times: str) -> Spec:
    """The ``data`` of a layer with its own rows; ``times`` are columns of local ISO times."""
    return {"values": rows, "format": {"parse": dict.fromkeys(times, "date:'%Y-%m-%dT%H:%M:%S'")}}


def moment_of(day: date) -> str:
    """A day as an ISO time for `inline`."""
    return _midnight(day).isoformat()


def _midnight(day: date) -> datetime:
    # Naive on purpose: so every browser shows the same day, whatever its time zone.
    return datetime.combine(day, time())
