"""What a Page's charts are made of: the forecast's band, unusual days, the calendar."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from typing import Any

import pytest

from pages.charts import line_charts
from pages.charts.chart_parts import CHANGE, DARK, DAY, LIGHT
from pages.parts.page import calendar, growth_card
from pages.parts.page.growth_card import points_of
from pages.text.locale import read_locale, use_locale
from pages.ui.export.chart_image import to_svg
from storage.metrics.changes import DailyChange, list_daily_changes
from storage.metrics.forecast import Forecast, find_forecast

TODAY = date(2026, 11, 22)  # a Sunday
FIGURES: dict[date, int | None] = {
    TODAY - timedelta(days=age): 1_000 - 3 * age for age in range(100)
}
POINTS = points_of(FIGURES, TODAY - timedelta(days=27), TODAY)


def forecast() -> Forecast:
    found = find_forecast(FIGURES, TODAY)
    assert isinstance(found, Forecast)
    return found


def test_the_band_begins_at_the_last_figure_and_ends_with_the_forecast() -> None:
    spec = line_charts.total_chart(POINTS, "Fans", LIGHT)
    with_band = growth_card.add_forecast(spec, POINTS, forecast())
    last_tick = with_band["layer"][0]["encoding"]["x"]["axis"]["values"][-1]
    last_day = date(last_tick["year"], last_tick["month"], last_tick["date"])
    assert last_day == forecast().days[-1].day
    *_, band, end = with_band["layer"]
    rows = band["data"]["values"]
    assert rows[0]["day"].startswith("2026-11-22")
    assert (rows[0]["low"], rows[0]["high"]) == (1_000, 1_000)
    assert rows[-1]["day"].startswith("2027-02-20")
    assert rows[-1]["middle"] == 1_270
    assert len(rows) <= growth_card.MAX_FORECAST_POINTS + 1
    domain = end["encoding"]["y"]["scale"]["domain"]
    assert domain == [POINTS[0].value, max(row["high"] for row in rows)], (
        "the axis has room for the band"
    )
    texts = [each["data"]["values"][0]["text"] for each in with_band["layer"] if is_end(each)]
    assert texts == ["~1,270"], "one figure at the right, the forecast's"


def is_end(layer: dict[str, Any]) -> bool:
    return layer.get("name") == line_charts.END_LABEL


def test_unusual_days_stand_on_the_line_or_on_their_bar() -> None:
    marks = {TODAY: "fell", TODAY - timedelta(days=90): "rose"}
    for by_change, height in ((False, 1_000), (True, 3)):
        spec = growth_card.add_unusual(
            {"layer": []},
            POINTS,
            marks,  # type: ignore[arg-type]  # of the two words a mark may be
            LIGHT,
            by_change=by_change,
        )
        (row,) = spec["layer"][0]["data"]["values"]  # the other day is not drawn
        assert row["height"] == height
        assert (row["mark"], row["said"]) == ("fell", "+3")
    untouched = {"layer": [1]}
    assert growth_card.add_unusual(untouched, POINTS, {}, LIGHT, by_change=True) is untouched


def changes(*sizes: int) -> list[DailyChange]:
    figures: dict[date, int | None] = {TODAY - timedelta(days=len(sizes)): 10_000}
    for number, size in enumerate(sizes):
        when = TODAY - timedelta(days=len(sizes) - number - 1)
        figures[when] = (figures[when - timedelta(days=1)] or 0) + size
    return list_daily_changes(figures)[1:]


def test_the_calendar_begins_on_a_monday_a_year_ago() -> None:
    first = calendar.first_day_of(TODAY)
    assert first.weekday() == 0
    assert (TODAY - first).days == 53 * 7 - 1
    assert calendar.first_day_of(TODAY + timedelta(days=1)) == first + timedelta(days=7)


def test_the_calendar_sends_days_and_changes_and_nothing_for_gaps() -> None:
    known = changes(1, -2, 3)
    frame = calendar.heat_chart([known[0], known[2]], LIGHT)["data"]
    assert [when.date() for when in frame[DAY].to_pylist()] == [known[0].day, known[2].day]
    assert frame[CHANGE].to_pylist() == [1, 3]
    assert [str(each) for each in frame.schema.types] == ["timestamp[s]", "int32", "int8"]


def test_the_colours_tell_days_of_different_size_apart_and_say_where_they_end() -> None:
    sizes = [1] * 40 + [-3] * 30 + [12] * 20 + [-150] * 8 + [1_234] + [-56_789]
    days = changes(*sizes)
    assert calendar.steps_of(days) == [3, 12, 150, 57_000]
    colour = calendar.heat_chart(days, DARK)["encoding"]["color"]
    bounds = colour["scale"]["domain"]
    assert len(colour["scale"]["range"]) == len(bounds) + 1

    def colour_of(change: int) -> str:
        return str(colour["scale"]["range"][bisect_right(bounds, change)])

    assert len({colour_of(each) for each in (0, 1, 3, 12, 150, 57_000, -1, -3)}) == 8
    assert colour_of(0) == calendar.DARK_RANGE[5]
    assert "+57,000 or more" in colour["legend"]["labelExpr"]
    alike = calendar.heat_chart(changes(0, 0), DARK)["encoding"]["color"]["scale"]
    assert (alike["domain"], len(alike["range"])) == ([-0.5, 0.5], 3)


def test_swiss_numbers_do_not_break_the_calendars_legend() -> None:
    days = changes(*[1] * 40, *[56_789] * 10)
    with use_locale(read_locale("de-CH", None)):
        svg = to_svg(calendar.heat_chart(days, LIGHT), LIGHT)
    assert "+57'000 or more" in svg


@pytest.mark.parametrize(("sizes", "said"), [((1, -2, 0), "up on 1 day, down on 1 day; from −2")])
def test_the_calendar_in_words(sizes: tuple[int, ...], said: str) -> None:
    text = calendar.describe(changes(*sizes), "Fans", TODAY - timedelta(days=3), TODAY)
    assert text.startswith("Calendar of the daily change of fans, 19 Nov 2026 to 22 Nov 2026")
    assert said in text


def test_days_with_posts_are_dots_on_the_time_axis_also_below_a_forecast() -> None:
    spec = line_charts.total_chart(POINTS, "Fans", LIGHT)
    days = {TODAY: 2, TODAY - timedelta(days=3): 1, TODAY - timedelta(days=90): 1}
    with_dots = growth_card.add_posts(spec, POINTS, days)
    dots = with_dots["layer"][-1]
    assert [row["posts"] for row in dots["data"]["values"]] == ["1", "2"]
    assert dots["encoding"]["y"] == {"value": "height"}, "no part of the axis of fans"
    later = growth_card.add_forecast(with_dots, POINTS, forecast())
    (moved,) = [layer for layer in later["layer"] if "Posts on this day" in str(layer)]
    band = later["layer"][-2]["layer"][0]
    assert moved["encoding"]["x"]["scale"] == band["encoding"]["x"]["scale"]
    assert "Posts on this day" in str(moved["encoding"]["tooltip"])
    assert to_svg(with_dots, LIGHT).count("<path") > to_svg(spec, LIGHT).count("<path")
    assert growth_card.add_posts(spec, POINTS, {}) is spec
