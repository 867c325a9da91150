"""The ends of the lines: a dot, the figure and the name, kept apart so that none lies over another.

Pure: no Streamlit, no storage.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pages.charts.chart_parts import Spec, inline, moment_of, x_axis
from pages.charts.compare_series import Series, height_of, last_of, lone_of
from pages.charts.timeline import Point
from pages.text.formats import count

PLOT_HEIGHT = 290  # pixels left for the lines, above the days along the bottom
_LABEL_HEIGHT = 18
DASHES = ([1, 0], [7, 3], [2, 2], [8, 3, 2, 3], [4, 2])


def keep_apart(heights: Sequence[float], gap: float, domain: tuple[float, float]) -> list[float]:
    """Heights at least ``gap`` apart and inside the domain, each as near to its own as can be.

    In the order given; of equal ones the first stands lower. Where the domain has no room for all
    they go beyond its upper end.
    """
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    # Without the gaps below each, "at least a gap apart" is "not falling": pool what falls.
    pools: list[tuple[float, int]] = []
    for place, index in enumerate(order):
        mean, size = heights[index] - place * gap, 1
        while pools and pools[-1][0] > mean:
            before, count = pools.pop()
            mean = (before * count + mean * size) / (count + size)
            size += count
        pools.append((mean, size))
    low, high = domain[0], domain[1] - (len(heights) - 1) * gap
    levels = [max(low, min(mean, high)) for mean, size in pools for _ in range(size)]
    placed = dict(zip(order, levels, strict=True))
    rank = {index: place for place, index in enumerate(order)}
    return [placed[index] + rank[index] * gap for index in range(len(heights))]


def colour_of(place: int) -> Spec:
    """The theme's colour of a place: a scale over all places, so that it takes them in order."""
    places = [str(each) for each in range(len(DASHES))]
    return {"datum": str(place), "type": "nominal", "scale": {"domain": places}, "legend": None}


def ends_layer(
    days: Sequence[date],
    series: Sequence[Series],
    points: Sequence[Point],
    y: Spec,
    is_index: bool,
    domain: tuple[float, float],
) -> Spec:
    """A dot where each line ends, its figure and name beside the chart; dots for lone days too."""
    lasts = [last_of(one) for one in series]
    heights = [
        height_of(value, one.base, is_index=is_index)
        for one, (_, value) in zip(series, lasts, strict=True)
    ]
    gap = _LABEL_HEIGHT * (domain[1] - domain[0]) / PLOT_HEIGHT
    placed = keep_apart(heights, gap, domain)
    layers: list[Spec] = []
    for one, (index, value), height, at in zip(series, lasts, heights, placed, strict=True):
        figure = f"{height:,.1f}" if is_index else count(value)
        dots = [(index, value), *((i, v) for i, v in lone_of(one) if i != index)]
        rows: list[Spec] = [
            {"day": moment_of(days[i]), "y": height_of(v, one.base, is_index=is_index)}
            for i, v in dots
        ]
        text = {"day": moment_of(days[-1]), "y": at, "text": f"{figure} {one.label}"}
        layers += [
            _mark(
                rows, {"type": "point", "filled": True, "size": 40, "opacity": 1}, one, points, y
            ),
            _mark([text], _TEXT, one, points, y),
        ]
    return {"layer": layers}


_TEXT: Spec = {
    "type": "text",
    "align": "left",
    "baseline": "middle",
    "dx": 9,
    "fontSize": 12,
    "fontWeight": 600,
    # A phone has room for the figure and a word.
    "limit": {"expr": "containerSize()[0] < 560 ? 96 : 230"},
}


def _mark(rows: list[Spec], mark: Spec, one: Series, points: Sequence[Point], y: Spec) -> Spec:
    encoding: Spec = {
        "x": x_axis(points, "day"),
        "y": {**y, "field": "y"},
        "color": colour_of(one.place),
    }
    if mark["type"] == "text":
        encoding["text"] = {"field": "text", "type": "nominal"}
    return {"data": inline(rows, "day"), "mark": mark, "encoding": encoding}
