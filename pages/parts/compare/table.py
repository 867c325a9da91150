"""Table of Compare: one row a Page, in the order and with the colour of its line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from pages.charts.chart_parts import Palette
from pages.parts.compare.compare_text import Row
from pages.text.formats import day

_SIGNED = ("net", "net_delta", "growth", "growth_delta", "weekly", "per_day", "best")


def build_frame(rows: Sequence[Row], days_count: int, *, has_previous: bool) -> pd.DataFrame:
    """One row a Page. Counts are ``Int64``, rates ``Float64`` in percent or percentage points.

    Without a previous period the two columns of deltas are left out.
    """
    counts: dict[str, list[int | None]] = {
        "fans": [row.fans for row in rows],
        "followers": [row.followers for row in rows],
        "net": [row.net for row in rows],
        "net_delta": [row.net_delta for row in rows],
        "best": [row.best_change for row in rows],
    }
    rates: dict[str, list[float | None]] = {
        "growth": [_rounded(row.growth_percent) for row in rows],
        "growth_delta": [_rounded(row.growth_delta) for row in rows],
        "weekly": [_rounded(row.weekly_percent) for row in rows],
        "per_day": [_rounded(row.per_day, 1) for row in rows],
        "ratio": [_rounded(row.fan_follower_ratio) for row in rows],
    }
    columns: dict[str, Any] = {"name": [row.label for row in rows]}
    columns |= {name: pd.array(values, dtype="Int64") for name, values in counts.items()}
    columns |= {name: pd.array(values, dtype="Float64") for name, values in rates.items()}
    columns["best_day"] = [day(row.best_day) if row.best_day else None for row in rows]
    columns["days"] = [f"{row.days_with:,d} of {days_count:,d}" for row in rows]
    return pd.DataFrame({name: columns[name] for name in _order(has_previous)})


def _order(has_previous: bool) -> list[str]:
    before = ["net_delta"] if has_previous else []
    rate_before = ["growth_delta"] if has_previous else []
    return [
        *("name", "fans", "followers", "net"),
        *before,
        "growth",
        *rate_before,
        *("weekly", "per_day", "best", "best_day", "ratio", "days"),
    ]


def paint(frame: pd.DataFrame, colours: Palette, series_colours: Sequence[str]) -> Styler:
    """The frame with names in the colours of the lines, and changes in those of up and down."""

    def paint_column(column: pd.Series[Any]) -> list[str]:
        if column.name == "name":
            return [
                f"color: {colour}; font-weight: 600"
                for _, colour in zip(column, series_colours, strict=False)
            ]
        if column.name not in _SIGNED:
            return [""] * len(column)
        return [
            "" if pd.isna(value) or not value else f"color: {_colour(value, colours)}"
            for value in column
        ]

    # A fixed id: with a random one every rerun sends the whole table again.
    return Styler(frame, uuid="compare").apply(paint_column, axis=0)


def _colour(value: float, colours: Palette) -> str:
    return colours.up if value > 0 else colours.down


def columns(noun: str) -> dict[str, Any]:
    """The column config of Streamlit; ``noun`` is the figure of net, growth and best day."""
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "name": text("Page", width=200),
        "fans": number("Fans", width=80, format="%,d", help="At the end of the period."),
        "followers": number("Followers", width=84, format="%,d", help="At the end of the period."),
        "net": number(
            f"New {noun}", width=104, format="%+,d", help=f"Change of {noun} in the period."
        ),
        "net_delta": number(
            "vs previous",
            width=84,
            format="%+,d",
            help=f"New {noun} more or less than in the previous period.",
        ),
        "growth": number(
            "Growth",
            width=78,
            format="%+.2f%%",
            help=f"Net new {noun} by the {noun} at the start.",
        ),
        "growth_delta": number(
            "vs previous",
            width=88,
            format="%+.2f pp",
            help="Growth more or less than in the previous period, in percentage points.",
        ),
        "weekly": number(
            "A week",
            width=76,
            format="%+.2f%%",
            help="Average weekly growth: the same rate every week that leads from start to end.",
        ),
        "per_day": number(
            "A day", width=70, format="%+,.1f", help=f"Net new {noun} by the days of the period."
        ),
        "best": number(
            "Best day", width=76, format="%+,d", help="The largest gain between two days."
        ),
        "best_day": text("on", width=100),
        "ratio": number("Fan ratio", width=80, format="%.2f", help="Fans divided by followers."),
        "days": text(
            "Days", width=84, help="Days of the period that have a snapshot.", alignment="right"
        ),
    }


def _rounded(figure: float | None, digits: int = 2) -> float | None:
    return None if figure is None else round(figure, digits)
