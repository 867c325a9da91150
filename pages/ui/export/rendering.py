"""Turns charts into pictures, on this computer: nothing is fetched, and no browser is needed."""

from __future__ import annotations

import json
from datetime import datetime

import pyarrow as pa
import vl_convert

from pages.charts.chart_parts import Palette, Spec
from pages.ui.export.export_theme import themed

SCALE = 2  # pixels per point: sharp on any screen and in print


def to_png(chart: Spec, palette: Palette) -> bytes:
    """The chart as a PNG in the colours of a scheme."""
    # No address is allowed: all figures stand in the chart.
    return bytes(
        vl_convert.vegalite_to_png(
            _plain(themed(chart, palette)), scale=SCALE, allowed_base_urls=[]
        )
    )


def to_svg(chart: Spec, palette: Palette) -> str:
    """The chart as an SVG in the colours of a scheme."""
    return str(vl_convert.vegalite_to_svg(_plain(themed(chart, palette)), allowed_base_urls=[]))


def _plain(chart: Spec) -> str:
    """The chart as JSON, its frame as rows. Days are naive: drawn as written in every zone."""
    frame = chart["data"]
    if isinstance(frame, pa.Table):
        days = [field.name for field in frame.schema if pa.types.is_timestamp(field.type)]
        parse = dict.fromkeys(days, "date:'%Y-%m-%dT%H:%M:%S'")
        chart = {**chart, "data": {"values": frame.to_pylist(), "format": {"parse": parse}}}
    return json.dumps(chart, default=datetime.isoformat)
