"""Dresses a chart for where Streamlit's theme does not exist, a picture or a report: pure.

Inside the dashboard Streamlit adds these colours itself; see `.streamlit/config.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pages.charts.chart_parts import AXIS_INK, LIGHT, Palette, Spec
from pages.charts.compare_chart import DARK_COLOURS, LIGHT_COLOURS
from pages.text.formats import cut

# The renderer brings Liberation Sans along; whoever opens an SVG has one of the others.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
WIDTH, HEIGHT = 900, 340
_LONGEST_TITLE, _LONGEST_LINE = 90, 140


@dataclass(frozen=True)
class Scheme:
    """What a palette leaves to the theme."""

    ground: str
    grid: str
    series: tuple[str, ...]


_LIGHT = Scheme("#FFFFFF", "#E8EDF3", LIGHT_COLOURS)
_DARK = Scheme("#0D1117", "#232C37", DARK_COLOURS)


def scheme_of(palette: Palette) -> Scheme:
    """The colours that go with a palette."""
    return _LIGHT if palette == LIGHT else _DARK


def themed(chart: Spec, palette: Palette) -> Spec:
    """The chart with size, font and colours of its own; the chart itself stays as it is."""
    scheme = scheme_of(palette)
    colour = scheme.series[0]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT,
        "background": scheme.ground,
        "padding": 18,
        **chart,
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "mark": {"color": colour},
            "line": {"color": colour},
            "point": {"color": colour, "fill": colour},
            "range": {"category": list(scheme.series)},
            "axis": {
                "labelColor": AXIS_INK,
                "labelFontSize": 12,
                "gridColor": scheme.grid,
                "domainColor": scheme.grid,
                "tickColor": scheme.grid,
            },
            "title": {
                "color": palette.ink,
                "subtitleColor": AXIS_INK,
                "fontSize": 18,
                "subtitleFontSize": 12,
                "subtitlePadding": 6,
                "anchor": "start",
                "frame": "bounds",
                "offset": 18,
            },
        },
    }


def titled(chart: Spec, title: str, *lines: str) -> Spec:
    """The chart under a title and lines of small print: alone it must say whose figures it has."""
    subtitle = [cut(line, _LONGEST_LINE) for line in lines if line]
    return {**chart, "title": {"text": cut(title, _LONGEST_TITLE), "subtitle": subtitle}}
