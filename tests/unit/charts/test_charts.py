"""The charts as data: what is drawn, where it breaks, and what it says to who can't see it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest

from pages.charts import line_charts
from pages.charts.chart_parts import (
    CHANGE,
    DARK,
    DAY,
    LIGHT,
    SINCE_START,
    Palette,
    even_days,
    lean,
    number_format,
)
from pages.charts.timeline import (
    Gap,
    Point,
    describe,
    describe_changes,
    find_gaps,
    trim,
)

FIRST = date(2026, 11, 1)
Build = Callable[[Sequence[Point], str, Palette], dict[str, Any]]
every_chart = pytest.mark.parametrize(
    "build",
    [line_charts.total_chart, line_charts.share_chart, line_charts.change_chart],
    ids=lambda f: f.__name__,
)


def points_of(*values: int | None) -> list[Point]:
    """One point a day from 1 November on; the change is against the last known figure."""
    points: list[Point] = []
    last: int | None = None
    for number, value in enumerate(values):
        change = None if value is None or last is None else value - last
        points.append(Point(FIRST + timedelta(days=number), value, change))
        last = last if value is None else value
    return points


def layers_of(spec: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    """The layers with this mark, nested ones included."""
    found = []
    for layer in spec["layer"]:
        if "layer" in layer:
            found += [{**layer, **inner} for inner in layer["layer"]]
        else:
            found.append(layer)
    return [layer for layer in found if layer["mark"]["type"] == mark]


def test_what_lies_before_the_first_figure_is_no_gap() -> None:
    assert trim(points_of(None, None, 5, 6))[0].value == 5
    assert trim(points_of(None, None)) == []


def test_one_missing_day_at_the_end_is_today_and_two_are_a_gap() -> None:
    assert [point.value for point in trim(points_of(5, 6, None))] == [5, 6]
    assert [point.value for point in trim(points_of(5, 6, None, None))] == [5, 6, None, None]


def test_gaps_are_runs_of_days() -> None:
    gaps = find_gaps(points_of(1, None, None, 4, None, 6))
    day = [FIRST + timedelta(days=number) for number in range(6)]
    assert gaps == [Gap(day[1], day[2]), Gap(day[4], day[4])]


def test_the_frame_has_a_row_for_every_day_and_no_zone() -> None:
    spec = line_charts.total_chart(points_of(10, None, 12), "Fans", LIGHT)
    frame = spec["data"]
    assert frame.column_names == [DAY, "Fans", CHANGE]
    assert frame[DAY].type == pa.timestamp("s")
    assert [str(at) for at in frame[DAY].to_pylist()] == [
        f"2026-11-0{day} 00:00:00" for day in (1, 2, 3)
    ]
    assert frame["Fans"].to_pylist() == [10, None, 12]
    assert frame[CHANGE].to_pylist()[2] == 2


def test_the_line_breaks_at_gaps_and_follows_the_theme() -> None:
    (line,) = layers_of(line_charts.total_chart(points_of(10, None, 12), "Fans", LIGHT), "line")
    assert line["mark"]["invalid"] == "break-paths-show-path-domains"
    assert line["mark"]["interpolate"] == "linear"
    assert "color" not in line["mark"]
    assert line["encoding"]["y"]["scale"]["zero"] is False


def test_a_band_reaches_from_the_last_day_before_to_the_first_day_after() -> None:
    spec = line_charts.total_chart(points_of(10, None, None, 12), "Fans", DARK)
    (band,) = layers_of(spec, "rect")
    (row,) = band["data"]["values"]
    assert (row["since"], row["until"]) == ("2026-11-01T00:00:00", "2026-11-04T00:00:00")
    assert row["text"] == "2 Nov – 3 Nov 2026"
    assert band["mark"]["color"] == DARK.band


def test_between_bars_a_band_covers_the_missing_days_only() -> None:
    band, _bars = layers_of(
        line_charts.change_chart(points_of(10, None, 12), "Fans", LIGHT), "rect"
    )
    (row,) = band["data"]["values"]
    assert (row["since"], row["until"]) == ("2026-11-01T12:00:00", "2026-11-02T12:00:00")


def test_the_end_of_the_line_says_the_exact_figure() -> None:
    spec = line_charts.total_chart(points_of(2277000, 2277713), "Fans", LIGHT)
    (text,) = layers_of(spec, "text")
    (row,) = text["data"]["values"]
    assert row["text"] == "2,277,713"
    assert row["day"] == "2026-11-02T00:00:00"
    assert text["mark"]["color"] == LIGHT.ink


def test_lone_days_get_a_dot_and_no_text() -> None:
    spec = line_charts.total_chart(points_of(1, 2, None, 4, None, 6, 7), "Fans", LIGHT)
    (text,) = layers_of(spec, "text")
    assert [row["text"] for row in text["data"]["values"]] == ["", "7"]


def test_percent_since_start_begins_at_nothing() -> None:
    spec = line_charts.share_chart(points_of(200, None, 210), "Fans", LIGHT)
    assert spec["data"][SINCE_START].to_pylist() == [0, None, 5]
    (text,) = layers_of(spec, "text")
    assert text["data"]["values"][-1]["text"] == "+5.00%"
    assert text["data"]["values"][-1]["y"] == 5


def test_bars_fall_and_rise_from_zero_in_two_colours() -> None:
    (bars,) = layers_of(line_charts.change_chart(points_of(10, 5, 7), "Fans", DARK), "rect")
    colour = bars["encoding"]["color"]
    assert (colour["value"], colour["condition"]["value"]) == (DARK.up, DARK.down)
    assert colour["condition"]["test"] == f"datum['{CHANGE}'] < 0"
    assert bars["encoding"]["y2"] == {"datum": 0}


@every_chart
def test_a_spec_is_plain_data_that_stays_small(build: Build) -> None:
    spec = build(points_of(*range(1_000_000, 1_000_091)), "Fans", LIGHT)
    spec.pop("data")
    assert len(json.dumps(spec)) < 6_000


@every_chart
def test_one_day_alone_can_be_drawn(build: Build) -> None:
    assert build(points_of(7), "Fans", LIGHT)["layer"]


@pytest.mark.parametrize("days", [1, 7, 8, 14, 28, 45, 90, 150, 199])
def test_the_days_of_an_axis_stand_as_far_apart(days: int) -> None:
    last = date(2026, 11, 22)
    named = even_days(last - timedelta(days=days), last)
    assert named[-1] == last
    assert 2 <= len(named) <= 9
    assert len({later - earlier for earlier, later in pairwise(named)}) == 1


def test_a_lean_chart_says_each_axis_once_and_has_every_layer() -> None:
    spec = line_charts.total_chart(points_of(*range(30)), "Fans", LIGHT)
    slim = lean(spec)
    assert len(slim["layer"]) == len(spec["layer"])
    text = json.dumps(slim["layer"])
    assert text.count('"axis"') == 2
    assert json.dumps(spec["layer"]).count('"axis"') > 2
    assert slim["layer"][0]["encoding"] == spec["layer"][0]["encoding"]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 0, ",d"),
        (8_300, 8_500, ",d"),
        (2_230_000, 2_280_000, ",.4~s"),
        (1_000_000, 9_000_000, ",.3~s"),
        (2_231_700, 2_231_800, ",d"),
    ],
)
def test_no_two_labels_of_an_axis_read_the_same(low: int, high: int, expected: str) -> None:
    assert number_format(low, high) == expected


def test_the_takeaway_in_a_sentence() -> None:
    text = describe(points_of(2231797, None, 2277713), "Fans", "138 Pages")
    assert text == (
        "Fans of 138 Pages rose from 2,231,797 to 2,277,713 between 1 Nov and 3 Nov 2026."
    )
    assert " fell from 5 to 4 " in describe(points_of(5, 4), "Fans", "x")
    assert " stayed at 5 " in describe(points_of(5, 6, 5), "Fans", "x")
    assert describe(points_of(5), "Fans", "x") == "Fans of x: 5 on 1 Nov 2026."
    assert describe([], "Fans", "x") == "No fans of x in this period."


def test_the_takeaway_of_the_bars() -> None:
    text = describe_changes(points_of(10, 12, 11, 11, 20), "Fans", "x")
    assert "rose on 2 and fell on 1 of 4 days" in text
    assert "best day +9 on 5 Nov 2026" in text
    assert "weakest -1 on 3 Nov 2026" in text
    assert describe_changes([], "Fans", "x").startswith("No daily changes")
