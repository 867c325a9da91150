"""Turns charts into pictures, on this computer: nothing is fetched, and no browser is needed."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import vl_convert

from pages.chart_parts import Palette, Spec
from pages.reporting.themed import themed

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
    if isinstance(frame, pd.DataFrame):
        days = [name for name in frame if pd.api.types.is_datetime64_any_dtype(frame[name])]
        parse = dict.fromkeys(days, "date:'%Y-%m-%dT%H:%M:%S'")
        chart = {**chart, "data": {"values": _rows(frame, days), "format": {"parse": parse}}}
    return json.dumps(chart)


def _rows(frame: pd.DataFrame, days: list[Any]) -> list[dict[str, Any]]:
    columns = {
        str(name): [
            None if pd.isna(value) else value.isoformat() if name in days else _number(value)
            for value in frame[name].tolist()
        ]
        for name in frame
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _number(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
