"""Parts of all charts: colours, axes, tooltips, hover, bands of missing days. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from pages.charts import arrow
from pages.charts.timeline import Before, Note, Point, find_gaps, find_step
from pages.text.formats import axis_day, axis_month, span, tooltip_day
from pages.text.locale import MINUS, get_locale
from pages.text.periods import A_DAY

Spec = dict[str, Any]

# Columns of a chart's frame, in readable words: the chart's toolbar shows the frame as a table.
DAY = "Day"
CHANGE, CHANGE_IN_WEEK = "Change on the day", "Change in the week"
SINCE_START = "% since start"
BEFORE = "Period before"
ISO = "iso"  # the field of the day as "2026-11-10", the same in every time zone
CLICKED = "clicked_day"  # the parameter with the day that was clicked

# The ink of axes and notes. `on_screen` replaces it by the palette's, also in exports: no single
# colour has a contrast of 4.5 : 1 on both grounds (this one 4.35, Streamlit's own 3.7 on white).
AXIS_INK = "#6F7A8A"
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
_HOVER = "hover"  # the parameter with the day nearest to the pointer
_WHILE_HOVERED: Spec = {"condition": {"param": _HOVER, "empty": False, "value": 1}, "value": 0}


@dataclass(frozen=True)
class Palette:
    """Colours for parts that don't follow the theme. Up and down differ in more than hue.

    ``axis`` replaces AXIS_INK: 4.5 : 1 or more on the ground and on ``band``.
    """

    up: str
    down: str
    band: str
    ink: str
    axis: str

    def css_of(self, change: float | None) -> str:
        """The CSS of a change in a table; empty for none, for NA and for 0."""
        if change is None or pd.isna(change) or not change:
            return ""
        return f"color: {self.up if change > 0 else self.down};"


LIGHT = Palette(up="#0F766E", down="#C2410C", band="#F0F3F7", ink="#111827", axis="#5D6978")
DARK = Palette(up="#5CC8B5", down="#FF8F66", band="#171D26", ink="#E6EBF1", axis="#98A4B3")


def palette(theme: str | None) -> Palette:
    """The colours for "dark" or "light"; light while the browser has not reported its theme."""
    return DARK if theme == "dark" else LIGHT


def localized(chart: Spec) -> Spec:
    """The chart with its numbers as the reader writes them: in axes, tooltips and texts.

    Days need nothing here: their formats are those of `pages.text.formats`, and words are English.
    """
    locale = get_locale()
    last, others = locale.grouping
    if (locale.decimal, locale.group, last, others) == (".", ",", 3, 3):
        return chart  # as Vega writes them by itself
    number = {
        "decimal": locale.decimal,
        "thousands": locale.group,
        # d3 begins again with the first where a number has more groups.
        "grouping": [last, *([others] * 6)],
        "currency": ["", ""],
        "minus": MINUS,
    }
    config = {**chart.get("config", {}), "locale": {"number": number}}
    return {**chart, "config": config}


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
    """The x axis: evenly spaced days, or months from YEARS_FROM_DAYS on.

    The days are stated, since Streamlit adds the figures after the first drawing: without them Vega
    warns of an infinite extent.
    """
    first, last = points[0].day, points[-1].day
    days = (last - first).days
    ticks: Spec = {"tickCount": {"interval": "month", "step": -(-days // MONTH_TICK_DAYS)}}
    if days < YEARS_FROM_DAYS:
        ticks = {"values": [_as_tick(each) for each in even_days(first, last)]}
    return {
        "field": field,
        "type": "temporal",
        "title": None,
        "scale": {"domain": time_domain(_midnight(first), _midnight(last))},
        "axis": {
            "format": axis_month() if days >= YEARS_FROM_DAYS else axis_day(),
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
    """The spec with new days on its x axes, from ``first`` to ``last``.

    So many days are near to each other on a phone: a label that would reach below those of the y
    axis is left out.
    """
    ends = (Point(first, None, None), Point(last, None, None))
    if isinstance(spec, list):
        return [spread_ticks(each, first, last) for each in spec]
    if not isinstance(spec, dict):
        return spec
    if spec.get("type") == "temporal" and "domain" in spec.get("scale", {}):
        x = x_axis(ends)
        spread = {"scale": x["scale"], "axis": {**x["axis"], "labelBound": 4}}
        return {**spec, **{name: each for name, each in spread.items() if name in spec}}
    return {name: spread_ticks(each, first, last) for name, each in spec.items()}


def stretch(spec: Any, kind: str, domain: Any) -> Any:
    """The spec with another domain on all axes of a ``kind``, "temporal" or "quantitative"."""
    if isinstance(spec, list):
        return [stretch(each, kind, domain) for each in spec]
    if not isinstance(spec, dict):
        return spec
    if spec.get("type") == kind and "domain" in spec.get("scale", {}):
        return {**spec, "scale": {**spec["scale"], "domain": domain}}
    return {name: stretch(each, kind, domain) for name, each in spec.items()}


def reach_around(spec: Spec, points: Sequence[Point]) -> Spec:
    """The chart with half a step more at both ends, where bars and their gaps reach to."""
    half = find_step(points) / 2
    first, last = _midnight(points[0].day) - half, _midnight(points[-1].day) + half
    return {**spec, "layer": stretch(spec["layer"], "temporal", time_domain(first, last))}


def on_screen(spec: Spec, colours: Palette) -> Spec:
    """The chart in the reader's locale and the palette's inks, without Streamlit's margin below."""

    def ink(node: Any) -> Any:
        if isinstance(node, list):
            return [ink(each) for each in node]
        if isinstance(node, dict):
            return {name: ink(each) for name, each in node.items()}
        return colours.axis if node == AXIS_INK else node

    drawn = {name: each if name == "data" else ink(each) for name, each in spec.items()}
    return localized({**drawn, "padding": {"bottom": 0}})


def lean(spec: Spec) -> Spec:
    """The same chart in a third of the bytes: layers share axes, so only the first defines them.

    Axes and scales of x and y are meant; everything outside of "layer" is unchanged.
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
            return {name: value for name, value in each.items() if name not in ("axis", "scale")}
        defined.add(channel)
        return each

    return {**spec, "layer": strip(spec["layer"])}


def _as_tick(day: date) -> Spec:
    return {"year": day.year, "month": day.month, "date": day.day}


def time_domain(first: datetime, last: datetime) -> Spec:
    """A scale's domain in local time. As Vega's expression, since days as objects break x2."""
    ends = (f"datetime({at.year},{at.month - 1},{at.day},{at.hour})" for at in (first, last))
    return {"signal": f"[{','.join(ends)}]"}


def y_axis(field: str, figures: Iterable[float | None], *, zero: bool, **axis: Any) -> Spec:
    """The y axis: light grid lines, and no title, since the card's heading names the figure.

    It has room for all ``figures``, of which one or more is known.
    """
    return {
        "field": field,
        "type": "quantitative",
        "title": None,
        "scale": {"domain": list(range_of(figures, zero=zero)), "nice": True, "padding": 8},
        "axis": {
            "grid": True,
            "tickCount": GRID_LINES,
            "ticks": False,
            "domain": False,
            "labelColor": AXIS_INK,
            **axis,
        },
    }


def range_of(figures: Iterable[float | None], *, zero: bool) -> tuple[float, float]:
    """The smallest and the largest known figure, never equal; with 0 if ``zero``."""
    heights = [each for each in figures if each is not None] + ([0] if zero else [])
    low, high = min(heights), max(heights)
    # With fewer than a person for each grid line two labels would be equal.
    return (low, high) if low < high else (low if zero else low - 2, high + GRID_LINES)


def number_format(low: int, high: int) -> str:
    """A d3 format for an axis from ``low`` to ``high`` that makes no two labels equal."""
    if high < ABBREVIATED_FROM:
        return ",d"
    step = max(1.0, (high - low) / (2 * GRID_LINES))
    digits = math.floor(math.log10(high)) - math.floor(math.log10(step)) + 1
    return f",.{max(3, digits)}~s" if digits <= 5 else ",d"


def tooltip(
    noun: str, *more: Spec, change: str = CHANGE, before: Before | None = None
) -> list[Spec]:
    """The rows of a tooltip: day, figure, ``more``, change, and the period ``before``.

    `texts` and `before_text` make their texts.
    """
    earlier = {"field": "before_text", "type": "nominal", "title": BEFORE}
    return [
        {
            "field": DAY,
            "type": "temporal",
            "format": tooltip_day(),
            "title": DAY,
        },
        {"field": "figure_text", "type": "nominal", "title": noun},
        *more,
        {"field": "change_text", "type": "nominal", "title": change},
        *([earlier] if before is not None else []),
    ]


def texts(noun: str, change: str = CHANGE, notes: Sequence[Note] = ()) -> list[Spec]:
    """Transforms that make the tooltip's texts in the browser: half the bytes of sending them.

    A day without a figure says why, where ``notes`` have an outage of it.
    """
    day, missing = f"datum['{ISO}']", "'no figures'"
    for note in notes:
        if note.why:
            text = json.dumps(f"no figures: {note.why}")
            missing = f"{day} >= '{note.day}' && {day} <= '{note.until}' ? {text} : {missing}"
    return [
        iso_of(DAY),
        text_of(noun, "format({value}, ',d')", "figure_text", missing=missing),
        text_of(change, "format({value}, '+,d')", "change_text", missing="'–'"),
    ]


def iso_of(field: str) -> Spec:
    """The transform for the field ISO, by which a click tells its day."""
    return {"calculate": f"timeFormat(datum['{field}'], '%Y-%m-%d')", "as": ISO}


def text_of(field: str, expression: str, name: str, *, missing: str) -> Spec:
    """One transform for a text; ``{value}`` in ``expression`` is replaced by the field.

    ``missing`` is the expression where the field has no value.
    """
    value = f"datum['{field}']"
    written = expression.replace("{value}", value)
    return {"calculate": f"isValid({value}) ? {written} : {missing}", "as": name}


def before_text(before: Before, expression: str) -> Spec:
    """The transform for the tooltip's text: "2,231,797 on 25 Oct 2026".

    ``expression`` is that of the figure, as for `text_of`.
    """
    apart = before.apart // timedelta(milliseconds=1)
    # At noon the day is right also where the browser's clock was changed in between.
    noon = f"toDate(datum['{DAY}'] - {apart} + {DAY_WIDTH // 2})"
    day = f"timeFormat({noon}, '{axis_day(year=True)}')"
    return text_of(BEFORE, f"{expression} + ' on ' + {day}", "before_text", missing="'–'")


def before_lines(
    points: Sequence[Point], before: Before, y: Spec, colours: Palette, *, over_bars: bool
) -> list[Spec]:
    """The layers of the period before: a thin grey line, with a legend of its days below the chart.

    Above the chart are the labels of notes, and at its end is the last figure. ``over_bars``: with
    an edge in the colour of the ground, since grey can't be seen on the colours of the bars.
    """
    dashes = [3, 2]
    legend = {
        "orient": "bottom",
        "title": None,
        "symbolType": "stroke",
        "symbolSize": 300,
        "symbolStrokeWidth": 1.5,
        "symbolDash": dashes,
        "labelColor": AXIS_INK,
        "labelLimit": 0,
        "offset": 4,
    }
    colour = {
        "datum": f"Period before: {span(before.since, before.until)}",
        "type": "nominal",
        "scale": {"range": [AXIS_INK]},
        "legend": legend,
    }
    encoding = {"x": x_axis(points), "y": {**y, "field": BEFORE}}
    edge = {"mark": {**LINE, "strokeWidth": 4, "stroke": colours.band}, "encoding": encoding}
    line = {
        "mark": {**LINE, "strokeWidth": 1.5, "strokeDash": dashes},
        "encoding": {**encoding, "color": colour},
    }
    return [edge, line] if over_bars else [line]


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


def hover_rule(x: Spec, rows: list[Spec]) -> Spec:
    """A rule on the day nearest to the pointer, with the tooltip ``rows``.

    A click sets the parameter CLICKED to the day, which keeps its rule. A click on any mark whose
    rows have the field ISO counts, so notes and dots have it too.
    """
    nearest = {
        "type": "point",
        "nearest": True,
        "on": "pointerover",
        "clear": "pointerout",
        "encodings": ["x"],
    }
    click = {"type": "point", "fields": [ISO], "on": "click", "toggle": False}
    is_clicked = {**_WHILE_HOVERED["condition"], "param": CLICKED}
    opacity = {**_WHILE_HOVERED, "condition": [_WHILE_HOVERED["condition"], is_clicked]}
    return {
        "mark": {"type": "rule", "color": AXIS_INK, "strokeWidth": 1},
        "params": [{"name": _HOVER, "select": nearest}, {"name": CLICKED, "select": click}],
        "encoding": {"x": x, "opacity": opacity, "tooltip": rows},
    }


def mark_day(spec: Spec, day: str | None) -> Spec:
    """The chart with the rule of an ISO day, as if it had been clicked; without one unchanged."""
    if day is None:
        return spec

    def mark(layer: Spec) -> Spec:
        params = [
            {**each, "value": [{ISO: day}]} if each["name"] == CLICKED else each
            for each in layer["params"]
        ]
        return {**layer, "params": params}

    layers = [mark(each) if "params" in each else each for each in spec["layer"]]
    return {**spec, "layer": layers}


def hover_dot(x: Spec, y: Spec) -> Spec:
    """A dot on the figure of the day of `hover_rule`."""
    return {
        "mark": {"type": "point", "filled": True, "size": 60, "invalid": "filter"},
        "encoding": {"x": x, "y": y, "opacity": _WHILE_HOVERED},
    }


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
                "tooltip": {"field": "text", "type": "nominal", "title": "No figures"},
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
