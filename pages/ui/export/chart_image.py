"""Chart images: PNG and SVG with explicit colours, rendered locally without a browser.

In the dashboard Streamlit adds the theme's colours; see `.streamlit/config.toml`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import vl_convert

from pages.charts.chart_parts import LIGHT, Palette, Spec, localized, on_screen
from pages.charts.compare_chart import DARK_COLOURS, LIGHT_COLOURS
from pages.text.formats import cut

SCALE = 2  # pixels per point: sharp on any screen and in print
# The renderer has Liberation Sans; the other fonts are for readers of an SVG.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
WIDTH, HEIGHT = 900, 340
_MAX_TITLE, _MAX_LINE = 90, 140


@dataclass(frozen=True)
class Scheme:
    """The colours that the theme adds in the dashboard."""

    ground: str
    grid: str
    series: tuple[str, ...]


_LIGHT = Scheme("#FFFFFF", "#E8EDF3", LIGHT_COLOURS)
_DARK = Scheme("#0D1117", "#232C37", DARK_COLOURS)


def scheme_of(palette: Palette) -> Scheme:
    """The colours that go with a palette."""
    return _LIGHT if palette == LIGHT else _DARK


def themed(chart: Spec, palette: Palette) -> Spec:
    """A copy of the chart with size, font, colours, and numbers as the reader writes them."""
    scheme = scheme_of(palette)
    colour = scheme.series[0]
    finished = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT,
        "background": scheme.ground,
        **on_screen(chart, palette),
        "padding": 18,
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "mark": {"color": colour},
            "line": {"color": colour},
            "point": {"color": colour, "fill": colour},
            "range": {"category": list(scheme.series)},
            "axis": {
                "labelColor": palette.axis,
                "labelFontSize": 12,
                "gridColor": scheme.grid,
                "domainColor": scheme.grid,
                "tickColor": scheme.grid,
            },
            "title": {
                "color": palette.ink,
                "subtitleColor": palette.axis,
                "fontSize": 18,
                "subtitleFontSize": 12,
                "subtitlePadding": 6,
                "anchor": "start",
                "frame": "bounds",
                "offset": 18,
            },
        },
    }
    return localized(finished)


def titled(chart: Spec, title: str, *lines: str) -> Spec:
    """The chart with a title and a subtitle; empty lines are left out."""
    subtitle = [cut(line, _MAX_LINE) for line in lines if line]
    return {**chart, "title": {"text": cut(title, _MAX_TITLE), "subtitle": subtitle}}


def marked(chart: Spec, mark: str) -> Spec:
    """The chart with a first line under its title, where no label of the chart can stand."""
    title = chart.get("title")
    if not title:
        return {**chart, "title": mark}
    parts: Spec = {"text": title} if isinstance(title, str) else title
    return {**chart, "title": {**parts, "subtitle": [mark, *parts.get("subtitle", ())]}}


def to_png(chart: Spec, palette: Palette) -> bytes:
    """The chart as a PNG in the colours of a scheme."""
    # No URL is allowed: the chart contains all its data.
    return bytes(
        vl_convert.vegalite_to_png(
            _plain(themed(chart, palette)), scale=SCALE, allowed_base_urls=[]
        )
    )


def to_svg(chart: Spec, palette: Palette) -> str:
    """The chart as an SVG in the colours of a scheme."""
    return str(vl_convert.vegalite_to_svg(_plain(themed(chart, palette)), allowed_base_urls=[]))


def _plain(chart: Spec) -> str:
    """The chart as JSON, its frame as rows; days stay naive, so that no time zone shifts them."""
    frame = chart["data"]
    if isinstance(frame, pa.Table):
        days = [field.name for field in frame.schema if pa.types.is_timestamp(field.type)]
        parse = dict.fromkeys(days, "date:'%Y-%m-%dT%H:%M:%S'")
        chart = {**chart, "data": {"values": frame.to_pylist(), "format": {"parse": parse}}}
    return json.dumps(chart, default=datetime.isoformat)
