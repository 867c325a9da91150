"""What a Page's charts are made of: the forecast's band, unusual days, the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pages.charts import chart_parts, line_charts
from pages.charts.chart_parts import CHANGE, DARK, DAY, LIGHT
from pages.parts.page import calendar, growth_card
from pages.parts.page.growth_card import points_of
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
    ends = (POINTS[0].day, forecast().days[-1].day)
    assert with_band["layer"][:-1] == chart_parts.spread_ticks(spec["layer"], *ends)
    last_tick = with_band["layer"][0]["encoding"]["x"]["axis"]["values"][-1]
    assert date(last_tick["year"], last_tick["month"], last_tick["date"]) == ends[1]
    rows = with_band["layer"][-1]["data"]["values"]
    assert rows[0]["day"].startswith("2026-11-22")
    assert (rows[0]["low"], rows[0]["high"]) == (1_000, 1_000)
    assert rows[-1]["day"].startswith("2027-02-20")
    assert rows[-1]["middle"] == 1_270
    assert len(rows) <= growth_card.MAX_FORECAST_POINTS + 1


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


def test_the_colours_are_alike_on_both_sides_and_no_single_day_decides() -> None:
    days = changes(*[2, -3] * 20, 5_000)
    assert calendar.bound_of(days) == 3
    scale = calendar.heat_chart(days, DARK)["encoding"]["color"]["scale"]
    assert scale["domain"] == [-3, -1.5, 0, 1.5, 3]
    assert scale["range"] == list(calendar.DARK_RANGE)
    assert calendar.bound_of(changes(0, 0)) == 1


@pytest.mark.parametrize(("sizes", "said"), [((1, -2, 0), "up on 1 day, down on 1 day; from -2")])
def test_the_calendar_in_words(sizes: tuple[int, ...], said: str) -> None:
    text = calendar.describe(changes(*sizes), "Fans", TODAY - timedelta(days=3), TODAY)
    assert text.startswith("Calendar of the daily change of fans, 19 Nov 2026 to 22 Nov 2026")
    assert said in text
