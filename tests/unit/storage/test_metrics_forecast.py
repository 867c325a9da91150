"""Where a figure is going, when it gets there, and the round figures on the way."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.metrics.changes import find_worst_day, list_daily_changes
from storage.metrics.forecast import (
    MAX_HORIZON_DAYS,
    MIN_FIGURES,
    PACE_DAYS,
    SLOPE_DAYS,
    WINDOW_DAYS,
    Forecast,
    Refusal,
    find_arrival,
    find_forecast,
)
from storage.metrics.milestones import list_milestones_reached, next_milestone
from tests.bench.forecast import make_table, measure

FIRST = date(2026, 11, 1)
FIGURES = st.dictionaries(
    st.integers(0, 120).map(lambda n: FIRST + timedelta(days=n)),
    st.none() | st.integers(0, 10**7),
    max_size=70,
)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def days(*figures: int | None) -> dict[date, int | None]:
    return {day(number): figure for number, figure in enumerate(figures)}


def test_a_straight_line_goes_on() -> None:
    found = find_forecast(days(*range(1_000, 1_300, 10)), day(29))
    assert isinstance(found, Forecast)
    assert (found.last_day, found.last_figure, found.slope) == (day(29), 1_290, 10.0)
    # 30 figures are 29 days of history: no further ahead than that.
    assert len(found.days) == 29
    assert [(each.low, each.middle, each.high) for each in found.days[:2]] == [
        (1_300, 1_300, 1_300),
        (1_310, 1_310, 1_310),
    ]
    assert found.days[-1].day == day(58)


def test_a_horizon_has_an_end() -> None:
    found = find_forecast(days(*range(1_000, 1_200)), day(199))
    assert isinstance(found, Forecast)
    assert len(found.days) == MAX_HORIZON_DAYS
    assert found.slope_days == SLOPE_DAYS


@pytest.mark.parametrize(
    ("figures", "today", "expected"),
    [
        ({}, 0, Refusal("none")),
        (days(*[None] * 30), 29, Refusal("none")),
        ({day(5): 100}, 4, Refusal("none")),  # of a day to come
        (
            days(*range(1_000, 1_000 + MIN_FIGURES - 1)),
            12,
            Refusal("few", MIN_FIGURES - 1, day(12)),
        ),
        (days(*range(1_000, 1_030)), 37, Refusal("old", 30, day(29))),
        # Everybody is gone, or Facebook erred: nobody knows which.
        (days(*range(1_000, 1_030), 0), 30, Refusal("nobody", 31, day(30))),
        # Long ago there were more.
        ({day(-90 + n): 1_000 + n for n in range(20)} | days(1_200), 0, Refusal("few", 1, day(0))),
    ],
)
def test_too_little_to_go_by(
    figures: dict[date, int | None], today: int, expected: Refusal
) -> None:
    assert find_forecast(figures, day(today)) == expected


def test_fourteen_figures_are_enough() -> None:
    found = find_forecast(days(*range(1_000, 1_000 + MIN_FIGURES)), day(20))
    assert isinstance(found, Forecast)
    assert found.slope_days == MIN_FIGURES - 1


def test_neither_a_clean_up_nor_a_day_at_nothing_bends_the_slope() -> None:
    line = list(range(10_000, 10_400, 10))
    cleaned = days(*line[:20], *(figure - 3_000 for figure in line[20:]))
    found = find_forecast(cleaned, day(39))
    assert isinstance(found, Forecast)
    assert found.slope == pytest.approx(10, abs=3_000 / 20)
    gone = days(*line)
    gone[day(20)] = 0
    found = find_forecast(gone, day(39))
    assert isinstance(found, Forecast)
    assert found.slope == pytest.approx(10)
    assert found.days[0].low == found.days[0].high == 10_400


def test_a_gap_is_no_zero_and_bends_nothing() -> None:
    whole = days(*range(1_000, 1_400, 10))
    gappy = {when: figure for when, figure in whole.items() if when.day % 3}
    full, part = find_forecast(whole, day(39)), find_forecast(gappy, day(39))
    assert isinstance(full, Forecast)
    assert isinstance(part, Forecast)
    assert part.slope == full.slope
    assert part.days == full.days
    with_none = whole | {when: None for when in whole if when not in gappy}
    assert find_forecast(with_none, day(39)) == part


def test_a_shrinking_page_has_no_fewer_than_no_fans() -> None:
    found = find_forecast(days(*range(500, 100, -10)), day(39))
    assert isinstance(found, Forecast)
    assert found.slope == -10
    assert found.days[-1].low == found.days[-1].middle == 0


def test_the_band_holds_as_often_as_the_documentation_says() -> None:
    document = (Path(__file__).parents[3] / "docs" / "figures.md").read_text(encoding="utf8")
    assert "\n".join(make_table()) in document
    # The label says "in 8 of 10 cases".
    for name in ("random walk", "random walk with a drift"):
        held, _ = measure(name)
        assert 0.8 <= held <= 0.9


@pytest.mark.parametrize("sign", [1, -1])
def test_no_forecast_where_the_last_two_weeks_run_against_the_slope(sign: int) -> None:
    """A Page that gains for weeks and then loses, and the other way round."""
    figures = [20_000 + sign * (50 * min(n, 42) - 20 * max(0, n - 42)) for n in range(57)]
    assert find_forecast(days(*figures), day(56)) == Refusal("turned", 57, day(56), 14, sign * -280)
    # A day earlier as the last but one, since the figure of 14 days ago is missing.
    gappy = days(*figures) | {day(42): None}
    found = find_forecast(gappy, day(56))
    assert found == Refusal("turned", 56, day(56), 15, sign * (-280 + 50))


def test_no_forecast_where_the_figure_would_leave_the_band_at_its_recent_pace() -> None:
    figures = [20_000 + 10 * n + 500 * max(0, n - 54) for n in range(57)]
    assert find_forecast(days(*figures), day(56)) == Refusal("uneven", 57, day(56), 14, 1_140)


def test_no_forecast_whose_band_would_be_wider_than_the_figure() -> None:
    rises = [20_000 + 400 * n for n in range(29)]
    figures = [*rises, *(rises[-1] - 33 * n for n in range(1, 29))]
    assert find_forecast(days(*figures), day(56)) == Refusal("wide", 57, day(56), 14, -14 * 33)


def test_a_page_that_falls_for_four_weeks_after_a_burst_is_promised_no_growth() -> None:
    rises = [90_000 + 30 * n + 500 * min(8, max(0, n - 15)) for n in range(29)]
    figures = [*rises, *(rises[-1] - 33 * n for n in range(1, 29))]
    found = find_forecast(days(*figures), day(56))
    assert isinstance(found, Forecast)
    assert found.slope == -33
    last = found.days[-1]
    assert last.low <= last.middle == found.last_figure - 33 * len(found.days)
    assert find_arrival(found, found.last_figure + 33).latest is None


def test_the_band_lies_around_its_middle_whatever_the_days_were() -> None:
    """One clean-up turns the slope down, although nearly every day was above it."""
    found = find_forecast(days(*(90_000 + 10 * n - 5_000 * (n >= 7) for n in range(14))), day(13))
    assert isinstance(found, Forecast)
    assert found.slope < 0
    assert all(each.low == each.middle < each.high for each in found.days)


def test_noise_of_several_days_is_more_than_that_of_one() -> None:
    """±8 in four days is the noise of ±4 a day: it grows with the square root of the days."""
    every_fourth = {day(4 * n): 1_000 + 8 * (n % 2) for n in range(14)}
    found = find_forecast(every_fourth, day(52))
    assert isinstance(found, Forecast)
    assert found.slope == 0
    first = found.days[0]
    assert (first.low, first.middle, first.high) == (1_004, 1_008, 1_012)


@given(FIGURES, st.integers(0, 130))
def test_a_forecast_for_any_figures(figures: dict[date, int | None], today: int) -> None:
    found = find_forecast(figures, day(today))
    if isinstance(found, Refusal):
        return
    assert found.last_day <= day(today)
    changes = [each for each in list_daily_changes(figures) if each.day <= found.last_day]
    first = [each for each in changes if (found.last_day - each.day).days >= PACE_DAYS][-1:]
    if first and (found.last_day - first[0].day).days <= WINDOW_DAYS:
        change = found.last_figure - first[0].figure
        assert change * found.slope >= 0
        at_pace = change / (found.last_day - first[0].day).days * len(found.days)
        assert found.days[-1].low <= max(round(found.last_figure + at_pace), 0)
        assert max(round(found.last_figure + at_pace), 0) <= found.days[-1].high
    assert 1 <= len(found.days) <= MAX_HORIZON_DAYS
    assert [each.day for each in found.days] == [
        found.last_day + timedelta(days=n) for n in range(1, len(found.days) + 1)
    ]
    assert found.days[-1].high - found.days[-1].low <= found.last_figure
    for each in found.days:
        assert 0 <= each.low <= each.middle <= each.high
    arrival = find_arrival(found, next_milestone(found.last_figure))
    if arrival.latest is not None:
        assert arrival.earliest is not None
        assert arrival.earliest <= arrival.latest


def test_arrival_is_a_range_of_days() -> None:
    figures = days(*(1_000 + 10 * n + (8 if n % 2 else -8) for n in range(40)))
    found = find_forecast(figures, day(39))
    assert isinstance(found, Forecast)
    arrival = find_arrival(found, 1_500)
    assert arrival.earliest is not None
    assert arrival.latest is not None
    assert arrival.earliest < day(50) < arrival.latest
    assert found.days[(arrival.earliest - day(40)).days].high >= 1_500
    assert found.days[(arrival.latest - day(40)).days].low >= 1_500
    far = find_arrival(found, 1_000_000)
    assert (far.earliest, far.latest) == (None, None)


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (0, 100),
        (260, 300),
        (8_538, 9_000),
        (95_000, 100_000),
        (2_290_456, 2_500_000),
        (10**12, 1_500_000_000_000),
    ],
)
def test_next_milestone(figure: int, expected: int) -> None:
    assert next_milestone(figure) == expected


@given(st.integers(0, 10**12))
def test_the_next_milestone_is_above_and_near(figure: int) -> None:
    coming = next_milestone(figure)
    assert figure < coming <= max(100, figure * 3 // 2 + 1)


def test_milestones_reached() -> None:
    figures = days(960, 990, 1_010, 980, 1_005, None, 2_100)
    assert [(m.figure, m.day, m.days_count) for m in list_milestones_reached(figures)] == [
        (1_000, day(2), 1),  # once, although it fell below again
        (1_500, day(6), 2),  # booked after a missed day
        (2_000, day(6), 2),
    ]


def test_what_was_there_from_the_start_was_not_reached_here() -> None:
    assert list_milestones_reached(days(12_000, 0, 12_000, 12_100)) == []
    assert list_milestones_reached(days(12_000)) == []
    assert list_milestones_reached({}) == []
    assert [m.figure for m in list_milestones_reached(days(0, 100))] == [100]


@given(FIGURES)
def test_each_milestone_is_reached_once_upwards(figures: dict[date, int | None]) -> None:
    reached = list_milestones_reached(figures)
    assert [m.figure for m in reached] == sorted({m.figure for m in reached})
    assert [m.day for m in reached] == sorted(m.day for m in reached)
    for milestone in reached:
        figure = figures[milestone.day]
        assert figure is not None
        assert figure >= milestone.figure
        before = [f for when, f in figures.items() if f is not None and when < milestone.day]
        assert before
        assert max(before) < milestone.figure


def test_worst_day_is_one_day_with_a_loss() -> None:
    changes = list_daily_changes({day(0): 100, day(1): 97, day(2): 94, day(5): 20, day(6): 30})
    worst = find_worst_day(changes)
    assert worst is not None
    assert (worst.day, worst.change) == (day(2), -3)
    assert find_worst_day(list_daily_changes(days(100, 100, 110))) is None
    assert find_worst_day([]) is None
