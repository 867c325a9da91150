"""Charts of posts: how one grew beside what is usual, and when posts did well."""

from __future__ import annotations

from typing import Any

import pytest

from pages.charts.chart_parts import DARK, LIGHT
from pages.charts.post_charts import (
    BOUNDS,
    Cell,
    GrowthPoint,
    UsualBar,
    describe_growth,
    describe_when,
    growth_chart,
    when_chart,
)

POINTS = [
    GrowthPoint(1.1, 300, "1 day"),
    GrowthPoint(3.2, 610, "3 days"),
    GrowthPoint(7.0, 800, "7 days"),
]
BARS = [UsualBar(1, 150, 200, 280, 9), UsualBar(7, 450, 500.5, 900, 12)]


def domain(chart: dict[str, Any], axis: str) -> list[float]:
    found: list[float] = chart["layer"][-1]["encoding"][axis]["scale"]["domain"]
    return found


def test_readings_stand_where_they_were_made() -> None:
    chart = growth_chart(POINTS, BARS, LIGHT)
    assert chart["data"].column("Age in days").to_pylist() == [1.1, 3.2, 7.0]
    assert chart["data"].column("Views").to_pylist() == [300, 610, 800]
    bars, line, dots = chart["layer"]
    assert [row["lower"] for row in bars["data"]["values"]] == [150, 450]
    assert bars["data"]["values"][1]["range_text"] == "450 – 900"
    assert (line["mark"]["type"], dots["mark"]["type"]) == ("line", "point")
    assert line["mark"]["interpolate"] == "linear"


def test_axes_hold_everything_and_begin_at_nothing() -> None:
    low, high = domain(growth_chart(POINTS, BARS, LIGHT), "y")
    assert low == 0
    assert high >= 900, "the highest usual bar, too"
    for oldest in (0.3, 7.0, 8.9, 28.5, 70.0, 100.0):
        chart = growth_chart([GrowthPoint(oldest, 5, "x")], [], LIGHT)
        first, last = domain(chart, "x")
        assert first == 0
        assert last >= oldest
    assert domain(growth_chart([GrowthPoint(0.3, 5, "x")], [], LIGHT), "x")[1] < 8
    assert domain(growth_chart([GrowthPoint(0.3, 0, "x")], [], LIGHT), "y") == [0, 4]


def test_without_anything_usual_there_is_no_bar() -> None:
    assert len(growth_chart(POINTS, [], DARK)["layer"]) == 2


def test_the_curve_in_words() -> None:
    text = describe_growth(POINTS, BARS)
    assert "300 at 1 day; 610 at 3 days; 800 at 7 days" in text
    assert "Usual for the Page: 200 at 1 day" in text
    assert "Usual" not in describe_growth(POINTS, [])


STRIP = [Cell(day, None, 7 if day == 1 else day, 1.34 if day == 1 else None) for day in range(7)]
GRID = [Cell(day, block, 5, 0.5) for day in range(7) for block in range(8)]


def test_a_cell_says_its_number_of_posts_and_nothing_below_the_minimum() -> None:
    rows = {row["day"]: row for row in when_chart(STRIP, "Europe/Berlin", LIGHT)["data"]["values"]}
    assert (rows["Tue"]["text"], rows["Tue"]["posts"]) == ("1.3×", "7")
    assert rows["Tue"]["tip"] == "1.3× usual, 7 posts"
    assert (rows["Thu"]["text"], rows["Thu"]["value"], rows["Thu"]["posts"]) == ("", None, "3")
    assert rows["Thu"]["tip"] == "3 posts, too few to compare"
    assert rows["Mon"]["posts"] == ""


@pytest.mark.parametrize(
    ("cells", "axes", "title"),
    [
        (STRIP, {"x"}, "Day of publishing, UTC"),
        ([Cell(None, 0, 5, 1.0)], {"x"}, "Hour of publishing, UTC"),
        (GRID, {"x", "y"}, "Hour of publishing, UTC"),
    ],
)
def test_strips_and_grid_name_the_zone(cells: list[Cell], axes: set[str], title: str) -> None:
    encoding = when_chart(cells, "UTC", LIGHT)["encoding"]
    assert {"x", "y"} & set(encoding) == axes
    assert encoding["x"]["title"] == title


def test_colours_are_those_of_the_scheme() -> None:
    ranges = []
    for colours in (LIGHT, DARK):
        scale = when_chart(GRID, "UTC", colours)["layer"][0]["encoding"]["color"]["scale"]
        assert scale["domain"] == list(BOUNDS)
        assert len(scale["range"]) == len(BOUNDS) + 1
        ranges.append(scale["range"])
    assert not set(ranges[0]) & set(ranges[1])


def test_cells_in_words_best_first() -> None:
    cells = [Cell(0, 3, 6, 0.8), Cell(3, 6, 12, 1.6), Cell(5, 1, 2, None)]
    text = describe_when(cells, "UTC")
    assert text.index("Thu 18–21 1.6× usual, 12 posts") < text.index("Mon 9–12 0.8×")
    assert "Sat" not in text
    assert "nowhere enough posts" in describe_when(cells[2:], "UTC")
