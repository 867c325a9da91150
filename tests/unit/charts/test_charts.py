"""The charts as data: what is drawn, where it breaks, and what it says to who can't see it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest

from pages.charts import line_charts
from pages.charts.chart_parts import (
    AXIS_INK,
    BEFORE,
    CHANGE,
    DARK,
    DAY,
    LIGHT,
    SINCE_START,
    Palette,
    even_days,
    lean,
    number_format,
    on_screen,
)
from pages.charts.timeline import (
    Before,
    Gap,
    Point,
    count_missing,
    describe,
    describe_changes,
    extend,
    find_gaps,
    trim,
)
from pages.ui import growth_chart

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


def test_a_chart_runs_to_the_end_of_the_period_with_a_gap() -> None:
    points = points_of(5, 6)
    until = points[-1].day + timedelta(days=90)
    longer = extend(points, until)
    assert longer[-1] == Point(until, None, None)
    assert find_gaps(longer) == [Gap(points[-1].day + timedelta(days=1), until)]
    assert count_missing(longer) == 90
    # Today before its snapshot is no gap.
    assert extend(points, points[-1].day + timedelta(days=1)) == points
    assert extend([], until) == []


def test_a_chart_of_weeks_ends_with_its_gap_on_any_day() -> None:
    first = points_of(5)[0].day
    weeks = [Point(first + timedelta(days=7 * n), 5 + n, 1) for n in range(3)]
    longer = extend([*weeks, Point(first + timedelta(days=21), None, None)], first + timedelta(30))
    assert find_gaps(longer) == [Gap(first + timedelta(days=15), first + timedelta(days=30))]


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
    assert line["encoding"]["y"]["scale"]["domain"] == [10, 12]


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
    assert row == {"y": 2277713, "text": "2,277,713"}
    assert text["encoding"]["x"] == {"value": "width"}, "right of the plot, where no note reaches"
    assert text["mark"]["align"] == "left"
    assert text["mark"]["color"] == LIGHT.ink


def test_lone_days_get_a_dot_and_no_text() -> None:
    spec = line_charts.total_chart(points_of(1, 2, None, 4, None, 6, 7), "Fans", LIGHT)
    (dots,) = [each for each in layers_of(spec, "point") if "data" in each]
    assert [row["y"] for row in dots["data"]["values"]] == [4, 7]


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
    assert "weakest −1 on 3 Nov 2026" in text
    assert describe_changes([], "Fans", "x").startswith("No daily changes")


def before_of(*values: int | None, apart: int = 30) -> Before:
    """The points of 30 days before, from 2 October on."""
    earlier = [
        Point(each.day - timedelta(days=apart), each.value, each.change)
        for each in points_of(*values)
    ]
    return Before(earlier[1].day, earlier[-1].day, timedelta(days=apart), tuple(earlier))


BuildWithBefore = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("build", "drawn", "text"),
    [
        (line_charts.total_chart, [500, None, 520, 500, None], ",d"),
        (line_charts.share_chart, [0.0, None, 4.0, 0.0, None], "+.2f"),
        (line_charts.change_chart, [None, None, 20, -20, None], "+,d"),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_the_period_before_is_drawn_day_by_day(
    build: BuildWithBefore, drawn: list[float | None], text: str
) -> None:
    points = points_of(1000, 1010, None, 1030, 1040)
    spec = build(points, "Fans", DARK, (), before_of(500, None, 520, 500))
    assert spec["data"][BEFORE].to_pylist() == drawn
    lines = [
        layer for layer in layers_of(spec, "line") if layer["encoding"]["y"]["field"] == BEFORE
    ]
    legend = lines[-1]["encoding"]["color"]
    assert legend["datum"] == "Period before: 3 Oct – 5 Oct 2026"
    # Its figure and its own day, 30 days before the day of the row.
    (written,) = [each for each in spec["transform"] if each["as"] == "before_text"]
    assert text in written["calculate"]
    assert f"- {30 * 24 * 3600 * 1000} +" in written["calculate"]
    assert '"field": "before_text"' in json.dumps(spec["layer"])


@every_chart
def test_a_period_before_without_figures_changes_nothing(build: BuildWithBefore) -> None:
    points = points_of(1000, 1010, 1030)
    plain = build(points, "Fans", LIGHT)
    elsewhere = replace(before_of(1, 2, 3), apart=timedelta(days=400))
    for before in (None, before_of(None, None, None), elsewhere):
        spec = build(points, "Fans", LIGHT, (), before)
        assert {**spec, "data": None} == {**plain, "data": None}
        assert spec["data"].column_names == plain["data"].column_names


def test_no_percentage_of_a_period_before_that_began_with_nothing() -> None:
    spec = line_charts.share_chart(points_of(10, 20), "Fans", LIGHT, (), before_of(0, 5))
    assert BEFORE not in spec["data"].column_names
    assert "before_text" not in json.dumps(spec["layer"])


def test_the_axis_has_room_for_the_period_before() -> None:
    points = points_of(150_000, 150_010)
    axis = line_charts.total_chart(points, "Fans", LIGHT, (), before_of(900, 950))["layer"][0]
    assert axis["encoding"]["y"]["axis"]["format"] == number_format(900, 150_010)


def test_the_description_names_the_period_before() -> None:
    points, before = points_of(1000, 1010, 1030), before_of(500, 510, 505)
    said = growth_chart.describe(points, "Fans", growth_chart.TOTAL, "3 Pages", before)
    assert said.endswith(
        "The period before, in grey: "
        "Fans of 3 Pages rose from 500 to 505 between 2 Oct and 4 Oct 2026."
    )


@pytest.mark.parametrize(("colours", "ground"), [(LIGHT, "#FFFFFF"), (DARK, "#0D1117")])
def test_axes_and_notes_can_be_read_on_the_ground(colours: Palette, ground: str) -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * each for w, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for behind in (ground, colours.band):
        dark, light = sorted((luminance(colours.axis), luminance(behind)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5
    spec = line_charts.total_chart(points_of(1, 2), "Fans", colours)
    layers = on_screen(spec, colours)["layer"]
    assert layers[0]["encoding"]["x"]["axis"]["labelColor"] == colours.axis
    assert AXIS_INK not in str(layers)
