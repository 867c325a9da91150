"""Compare's chart as data: lines, dashes, gaps, an index of 100, and names that keep apart."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.dataframe_util import convert_arrow_table_to_arrow_bytes

from pages.charts.chart_parts import DAY, LIGHT
from pages.charts.compare_chart import DASHES, compare_chart, keep_apart
from pages.charts.compare_series import (
    MAX_DAYS,
    Series,
    columns_of,
    days_to_draw,
    frame_of,
    largest_of,
    points_of,
    values_on,
)
from pages.charts.timeline import Note, Point
from pages.queries import MAX_DAILY_POINTS
from pages.ui import day_panel

FIRST = date(2026, 11, 1)
HOSTILE = ":material/delete: <b>x</b> www.evil.com"


def days_of(count: int) -> list[date]:
    return [FIRST + timedelta(days=number) for number in range(count)]


def series_of(*lines: list[int | None], labels: list[str] | None = None) -> list[Series]:
    """One line each, its first figure the base."""
    return [
        Series(labels[place] if labels else f"Page {place}", place, values, values[0] or 1)
        for place, values in enumerate(lines)
    ]


def marks_of(spec: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    layers = [inner for layer in spec["layer"] for inner in layer.get("layer", [layer])]
    return [layer for layer in layers if layer["mark"]["type"] == mark]


def ends_of(spec: dict[str, Any]) -> list[tuple[str, float]]:
    rows = [layer["data"]["values"][0] for layer in marks_of(spec, "text")]
    return [(row["text"], row["y"]) for row in rows]


def test_every_line_has_its_own_dash_and_colour() -> None:
    lines: list[list[int | None]] = [[100 + n, 200 + n] for n in range(5)]
    spec = compare_chart(days_of(2), series_of(*lines), LIGHT, is_index=False)
    drawn = marks_of(spec, "line")
    assert [layer["mark"]["strokeDash"] for layer in drawn] == list(DASHES)
    assert len({str(dash) for dash in DASHES}) == 5
    assert [layer["encoding"]["color"]["datum"] for layer in drawn] == list("01234")
    domains = {tuple(layer["encoding"]["color"]["scale"]["domain"]) for layer in drawn}
    assert domains == {tuple("01234")}
    assert all(
        layer["mark"]["invalid"] == "break-paths-show-path-domains"
        for layer in marks_of(spec, "line")
    )


def test_a_page_keeps_its_colour_when_another_is_left_out() -> None:
    (_, second) = series_of([1, 2], [5, 6])
    spec = compare_chart(days_of(2), [second], LIGHT, is_index=True)
    (line,) = marks_of(spec, "line")
    assert line["mark"]["strokeDash"] == DASHES[1]
    assert line["encoding"]["color"]["datum"] == "1"
    assert line["encoding"]["y"]["field"] == "y1"


def test_an_index_divides_by_the_base_and_has_a_line_at_100() -> None:
    spec = compare_chart(days_of(3), series_of([200, 210, 228], [50, 40, 45]), LIGHT, is_index=True)
    hundred = [rule for rule in marks_of(spec, "rule") if "datum" in rule["encoding"].get("y", {})]
    assert [rule["encoding"]["y"]["datum"] for rule in hundred] == [100]
    assert hundred[0]["mark"]["strokeDash"]
    assert [text for text, _ in ends_of(spec)] == ["114.0 Page 0", "90.0 Page 1"]
    calculated = [each["calculate"] for each in spec["transform"] if each["as"] == "y1"]
    assert calculated == ["isValid(datum['Page 1']) ? 100 * datum['Page 1'] / 50 : null"]
    low, high = marks_of(spec, "line")[0]["encoding"]["y"]["scale"]["domain"]
    assert low < 80
    assert high > 114


def test_a_missing_day_is_missing_and_a_figure_beyond_32_bits_is_kept() -> None:
    frame = frame_of(days_of(3), series_of([1, None, 2**31]), ["A"])
    assert frame["A"].to_pylist() == [1, None, 2**31]


def test_a_line_ends_where_its_last_figure_is_and_its_name_stands_beside_the_chart() -> None:
    spec = compare_chart(days_of(4), series_of([100, 110, None, None]), LIGHT, is_index=True)
    (dot,) = marks_of(spec, "point")
    assert [row["day"] for row in dot["data"]["values"]] == ["2026-11-02T00:00:00"]
    (text,) = marks_of(spec, "text")
    assert text["data"]["values"][0]["day"] == "2026-11-04T00:00:00"


def test_names_of_equal_ends_stand_apart() -> None:
    lines: list[list[int | None]] = [[100, 110]] * 5
    spec = compare_chart(days_of(2), series_of(*lines), LIGHT, is_index=True)
    heights = sorted(height for _, height in ends_of(spec))
    low, high = marks_of(spec, "line")[0]["encoding"]["y"]["scale"]["domain"]
    gaps = [b - a for a, b in pairwise(heights)]
    assert min(gaps) == pytest.approx(18 * (high - low) / 290)


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=5),
    st.floats(0.1, 15),
)
def test_names_keep_apart_in_order_and_inside(heights: list[float], gap: float) -> None:
    placed = keep_apart(heights, gap, (0.0, 100.0))
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    for below, above in pairwise(order):
        assert placed[above] - placed[below] >= gap - 1e-9
    assert min(placed) >= -1e-9
    assert max(placed) <= 100 + 1e-9


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5, unique=True))
def test_names_that_are_apart_stay_where_they_are(tens: list[int]) -> None:
    heights = [10.0 * ten for ten in tens]
    assert keep_apart(heights, 5, (0.0, 100.0)) == pytest.approx(heights)


def test_hostile_and_equal_names_make_columns_that_vega_takes() -> None:
    columns = columns_of([HOSTILE, "a.b[c]'d\"\\e", "a b c d e", "", "...", DAY])
    assert len(set(columns)) == len(columns)
    assert all(columns)
    assert DAY not in columns
    assert not set("".join(columns)) & set(".[]'\"\\`")
    spec = compare_chart(days_of(2), series_of([1, 2], labels=[HOSTILE]), LIGHT, is_index=False)
    assert ends_of(spec)[0][0] == f"2 {HOSTILE}"
    rule = next(rule for rule in marks_of(spec, "rule") if "params" in rule)
    assert [row["title"] for row in rule["encoding"]["tooltip"]] == [DAY, HOSTILE]


def test_notes_are_drawn_without_one_pages_figure() -> None:
    notes = [Note(FIRST + timedelta(days=1), "Campaign", "own")]
    spec = compare_chart(days_of(3), series_of([1, 2, 3]), LIGHT, is_index=False, notes=notes)
    (layer,) = [layer for layer in spec["layer"] if "Campaign" in json.dumps(layer, default=str)]
    assert [row["field"] for row in layer["encoding"]["tooltip"]] == [DAY, "note"]
    assert not any("tooltip" in inner.get("encoding", {}) for inner in layer["layer"])


def test_up_to_a_year_every_day_is_drawn() -> None:
    until = date(2026, 11, 22)
    days = days_to_draw(until - timedelta(days=365), until)
    assert len(days) == MAX_DAYS
    assert (days[0], days[-1]) == (until - timedelta(days=366), until)
    assert days_to_draw(until, until) == [until - timedelta(days=1), until]


@given(st.integers(367, 4000))
def test_over_more_than_a_year_weeks_are_drawn(count: int) -> None:
    until = date(2026, 11, 22)
    since = until - timedelta(days=count - 1)
    days = days_to_draw(since, until)
    assert (days[0], days[-1]) == (since - timedelta(days=1), until)
    assert {(b - a).days for a, b in pairwise(days[1:])} == {7}
    assert 1 <= (days[1] - days[0]).days <= 7
    assert days == sorted(set(days))


def test_a_week_has_its_last_known_figure_and_a_week_without_one_is_a_gap() -> None:
    days = [
        FIRST,
        FIRST + timedelta(days=7),
        FIRST + timedelta(days=14),
        FIRST + timedelta(days=21),
    ]
    figures = {FIRST + timedelta(days=n): v for n, v in {0: 1, 3: 2, 5: 3, 7: None, 20: 9}.items()}
    assert values_on(days, figures) == [1, 3, None, 9]


def test_single_days_have_their_own_figure_only() -> None:
    figures = {FIRST: 1, FIRST + timedelta(days=2): 3}
    assert values_on(days_of(4), figures) == [1, None, 3, None]


@pytest.mark.parametrize("is_index", [True, False])
def test_five_pages_of_a_year_are_a_fraction_of_what_a_screen_may_send(is_index: bool) -> None:
    lines: list[list[int | None]] = [[10**6 + n * k for n in range(MAX_DAYS)] for k in range(5)]
    labels = [f"{place} {HOSTILE}" for place in range(5)]
    spec = compare_chart(
        days_of(MAX_DAYS), series_of(*lines, labels=labels), LIGHT, is_index=is_index
    )
    sent = len(convert_arrow_table_to_arrow_bytes(spec.pop("data"))) + len(json.dumps(spec))
    assert sent < 40_000


def test_the_line_at_100_is_on_the_axis_also_where_no_figure_comes_near() -> None:
    spec = compare_chart(days_of(3), [Series("A", 0, [None, 190, 200], 100)], LIGHT, is_index=True)
    low, high = marks_of(spec, "line")[0]["encoding"]["y"]["scale"]["domain"]
    assert low < 100 < 200 < high


def test_days_without_a_figure_of_any_page_are_grey() -> None:
    lines: list[list[int | None]] = [[100, None, 110, None, None], [50, None, None, None, None]]
    band, *_ = compare_chart(days_of(5), series_of(*lines), LIGHT, is_index=False)["layer"]
    texts = [row["text"] for row in band["data"]["values"]]
    assert texts == ["2 Nov 2026", "4 Nov – 5 Nov 2026"]
    assert band["mark"]["color"] == LIGHT.band
    # One day at the end is today before its snapshot.
    young = compare_chart(days_of(3), series_of([100, 110, None]), LIGHT, is_index=False)
    assert young["layer"][0]["mark"]["type"] == "line"


def test_a_tag_has_a_point_a_day_as_long_as_a_page_has() -> None:
    assert MAX_DAILY_POINTS == MAX_DAYS


def test_a_day_is_told_by_the_line_that_changed_most_and_a_gap_by_none() -> None:
    days = days_of(5)
    quiet = points_of(days, [10, 11, None, 13, None])
    assert quiet[3] == Point(days[3], 13, 2), "since the figure before the gap"
    loud = points_of(days, [None, 50, None, 20, None])
    largest = largest_of([quiet, loud])
    assert [point.change for point in largest] == [None, 1, None, -30]
    assert [point.value for point in largest] == [10, 11, None, 20], "a last day without is today"


def test_in_a_comparison_of_weeks_each_day_belongs_to_one() -> None:
    until = FIRST + timedelta(days=500)
    days = days_to_draw(FIRST, until)
    points = largest_of([points_of(days, list(range(len(days))))])
    assert day_panel.days_of(points, points[-1]) == (until - timedelta(days=6), until)
    for drawn in (FIRST, until - timedelta(days=3), until):
        point = day_panel.find_point(points, f"{drawn}")
        assert point is not None
        since, last = day_panel.days_of(points, point)
        assert since <= drawn <= last


def test_a_click_on_a_line_its_end_or_a_note_tells_the_day() -> None:
    notes = [Note(FIRST + timedelta(days=1), "Campaign", "own")]
    spec = compare_chart(days_of(3), series_of([1, 2, 3]), LIGHT, is_index=False, notes=notes)
    rule = next(rule for rule in marks_of(spec, "rule") if "params" in rule)
    assert [each["name"] for each in rule["params"]] == ["hover", "clicked_day"]
    assert "iso" in [each["as"] for each in spec["transform"]]
    (dot,) = marks_of(spec, "point")
    assert [row["iso"] for row in dot["data"]["values"]] == ["2026-11-03"]
