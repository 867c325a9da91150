"""Charts of posts: how one post grew, and when posts did well. Pure.

Readings are drawn where they were made. The Page's usual views are a bar at each fixed age, since
nothing is known between two ages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from pages.charts import arrow
from pages.charts.chart_parts import (
    AXIS_INK,
    DARK,
    LINE,
    Palette,
    Spec,
    number_format,
    y_axis,
)
from pages.text.formats import WEEKDAYS, count, counted, number
from pages.text.posts_text import hours, rounded, times

CURVE_HEIGHT = 300
STRIP_HEIGHT, GRID_HEIGHT = 96, 330
AGE, VIEWS = "Age in days", "Views"
TICKS = (1, 3, 7, 28, 90)
# Times usual below which a cell has each colour; the last is that of all above.
BOUNDS = (0.67, 0.9, 1.1, 1.5)
LIGHT_COLOURS = ("#F2C4A1", "#FAE3D3", "#EDF0F4", "#CBE8E3", "#8FCFC6")
DARK_COLOURS = ("#5A3422", "#3B2A23", "#232C37", "#1F4641", "#24635B")


@dataclass(frozen=True)
class GrowthPoint:
    """The views of a post at an age in days; ``label`` is the age in words, for the tooltip."""

    age_days: float
    views: int
    label: str


@dataclass(frozen=True)
class UsualBar:
    """The Page's usual views at an age: quartiles and median of ``posts_count`` earlier posts."""

    age_days: int
    lower: float
    median: float
    upper: float
    posts_count: int


@dataclass(frozen=True)
class Cell:
    """Posts of a weekday, a block of hours or both; ``times_usual`` None where they are too few."""

    weekday: int | None
    block: int | None
    posts_count: int
    times_usual: float | None


def growth_chart(points: Sequence[GrowthPoint], bars: Sequence[UsualBar], colours: Palette) -> Spec:
    """The views of a post by age, and what is usual for its Page. One or more points.

    The axis of ages is one of square roots: the first days, in which most happens, take more room.
    """
    oldest = max([each.age_days for each in points] + [each.age_days for each in bars])
    end = next((tick for tick in TICKS[2:] if oldest <= tick * 1.15), oldest)
    x: Spec = {
        "field": AGE,
        "type": "quantitative",
        "title": None,
        "scale": {"type": "sqrt", "domain": [0, max(end, oldest) * 1.04], "nice": False},
        "axis": {
            "values": [tick for tick in TICKS if tick <= max(end, oldest)],
            "labelExpr": "datum.value == 1 ? '1 day' : datum.value + ' days'",
            "grid": False,
            "labelFlush": False,
            "labelOverlap": "greedy",
            "labelColor": AXIS_INK,
        },
    }
    figures = [each.views for each in points] + [round(each.upper) for each in bars]
    y = y_axis(
        VIEWS,
        figures,
        zero=True,
        tickMinStep=1,
        format=number_format(0, max(figures)),
    )
    tooltip = [
        {"field": "label", "type": "nominal", "title": "Age"},
        {"field": "views_text", "type": "nominal", "title": VIEWS},
    ]
    data = pa.table(
        {
            AGE: pa.array([each.age_days for each in points], pa.float64()),
            VIEWS: arrow.whole([each.views for each in points]),
            "label": [each.label for each in points],
            "views_text": [count(each.views) for each in points],
        }
    )
    # From 0 itself on: below it there is nothing.
    y["scale"] = {"domain": [0, max(1.05 * max(figures), 4)], "nice": True}
    encoding = {"x": x, "y": y}
    return {
        "data": data,
        "layer": [
            *_usual_layers(bars, x, y, colours),
            {"mark": {**LINE, "tooltip": None}, "encoding": encoding},
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {**encoding, "tooltip": tooltip},
            },
        ],
    }


def _usual_layers(bars: Sequence[UsualBar], x: Spec, y: Spec, colours: Palette) -> list[Spec]:
    if not bars:
        return []
    rows = [
        {
            AGE: each.age_days,
            "lower": each.lower,
            "upper": each.upper,
            "median": each.median,
            "age_text": counted(each.age_days, "day"),
            "usual_text": rounded(each.median),
            "range_text": f"{rounded(each.lower)} – {rounded(each.upper)}",
            "posts_text": counted(each.posts_count, "earlier post"),
        }
        for each in bars
    ]
    tooltip = [
        {"field": name, "type": "nominal", "title": title}
        for name, title in (
            ("age_text", "Age"),
            ("usual_text", "Usual"),
            ("range_text", "Middle half"),
            ("posts_text", "Of"),
        )
    ]
    bar = {"type": "rule", "strokeWidth": 18, "color": AXIS_INK, "opacity": 0.25}
    tick = {"type": "tick", "orient": "horizontal", "size": 18, "thickness": 2, "color": AXIS_INK}
    return [
        {
            "data": {"values": rows},
            "encoding": {"x": x, "tooltip": tooltip},
            "layer": [
                {
                    "mark": bar,
                    "encoding": {"y": {**y, "field": "lower"}, "y2": {"field": "upper"}},
                },
                {"mark": tick, "encoding": {"y": {**y, "field": "median"}}},
            ],
        }
    ]


def describe_growth(points: Sequence[GrowthPoint], bars: Sequence[UsualBar]) -> str:
    """The curve in words, for screen readers."""
    readings = "; ".join(f"{count(each.views)} at {each.label}" for each in points)
    usual = "; ".join(f"{rounded(each.median)} at {counted(each.age_days, 'day')}" for each in bars)
    return f"Views of the post: {readings}." + (f" Usual for the Page: {usual}." if usual else "")


def when_chart(cells: Sequence[Cell], zone: str, colours: Palette) -> Spec:
    """A strip of weekdays or of blocks of hours, or the grid of both; ``zone`` is that of hours.

    A cell says its median times usual and its number of posts; without enough of them the number
    alone.
    """
    has_blocks = any(each.block is not None for each in cells)
    has_days = any(each.weekday is not None for each in cells)
    rows = [
        {
            "day": "" if each.weekday is None else WEEKDAYS[each.weekday],
            "hours": "" if each.block is None else hours(each.block),
            "value": each.times_usual,
            "text": "" if each.times_usual is None else times(each.times_usual),
            "posts": number(each.posts_count) if each.posts_count else "",
            "tip": _tip(each),
        }
        for each in cells
    ]
    across, sort = ("hours", [hours(n) for n in range(8)]) if has_blocks else ("day", WEEKDAYS)
    is_grid = has_blocks and has_days
    axis = {"ticks": False, "domain": False, "labelColor": AXIS_INK, "labelAngle": 0}
    title = f"Hour of publishing, {zone}" if has_blocks else f"Day of publishing, {zone}"
    encoding: Spec = {
        "x": {
            "field": across,
            "type": "nominal",
            "sort": list(sort),
            "scale": {"domain": list(sort), "paddingInner": 0.06, "paddingOuter": 0.03},
            "title": title,
            "axis": {
                **axis,
                "titleColor": AXIS_INK,
                "titleFontWeight": "normal",
                "titleFontSize": 12,
                "titlePadding": 4,
            },
        },
        "tooltip": {"field": "tip", "type": "nominal", "title": "Posts"},
    }
    if is_grid:
        encoding["y"] = {
            "field": "day",
            "type": "nominal",
            "sort": list(WEEKDAYS),
            "scale": {"domain": list(WEEKDAYS), "paddingInner": 0.08, "paddingOuter": 0.04},
            "title": None,
            "axis": axis,
        }
    colour_range = DARK_COLOURS if colours == DARK else LIGHT_COLOURS
    colour = {
        "condition": {"test": "!isValid(datum.value)", "value": "transparent"},
        "field": "value",
        "type": "quantitative",
        "scale": {"type": "threshold", "domain": list(BOUNDS), "range": list(colour_range)},
        "legend": None,
    }
    figure = {"type": "text", "color": colours.ink, "dy": -6, "fontSize": 12, "fontWeight": 600}
    posts = {"type": "text", "color": colours.ink, "dy": 9, "fontSize": 10}
    return {
        "data": {"values": rows},
        "encoding": encoding,
        "layer": [
            {
                "mark": {
                    "type": "rect",
                    "stroke": AXIS_INK,
                    "strokeOpacity": 0.25,
                    "cornerRadius": 3,
                    "invalid": None,  # cells with too few posts are drawn, too
                },
                "encoding": {"color": colour},
            },
            {"mark": figure, "encoding": {"text": {"field": "text"}}},
            {"mark": posts, "encoding": {"text": {"field": "posts"}}},
        ],
    }


def name_cell(cell: Cell) -> str:
    """ "Tue 9–12", "Tue" or "9–12"."""
    names = [] if cell.weekday is None else [WEEKDAYS[cell.weekday]]
    return " ".join([*names, *([] if cell.block is None else [hours(cell.block)])])


def describe_when(cells: Sequence[Cell], zone: str) -> str:
    """The cells with enough posts in words, best first, for screen readers."""
    told = [each for each in cells if each.times_usual is not None]
    told.sort(key=lambda each: -(each.times_usual or 0))
    parts = [f"{name_cell(each)} {_tip(each)}" for each in told]
    if not parts:
        return f"When posts did well, {zone}: nowhere enough posts."
    return f"When posts did well, {zone}: {'; '.join(parts)}."


def _tip(cell: Cell) -> str:
    posts = counted(cell.posts_count, "post")
    if cell.times_usual is None:
        return f"{posts}, too few to compare" if cell.posts_count else posts
    return f"{times(cell.times_usual)} usual, {posts}"
