"""Formulas of the Page in the middle, of two figures of one Page, and of a goal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.metrics.formulas import fan_follower_ratio, index, median
from storage.metrics.goals import goal_pace

PEOPLE = st.integers(0, 10**10)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([None, None], None),
        ([3], 3.0),
        ([1, None, 3], 2.0),
        ([-5.0, 100.0, 0.0], 0.0),
    ],
)
def test_median(values: list[float | None], expected: float | None) -> None:
    assert median(values) == expected


@pytest.mark.parametrize(
    ("figure", "base", "expected"),
    [(550, 500, 110.0), (0, 500, 0.0), (500, 0, None), (None, 500, None), (500, None, None)],
)
def test_index(figure: int | None, base: int | None, expected: float | None) -> None:
    found = index(figure, base)
    assert found == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("fans", "followers", "expected"),
    [(80, 100, 0.8), (0, 100, 0.0), (100, 0, None), (None, 100, None), (100, None, None)],
)
def test_fan_follower_ratio(
    fans: int | None, followers: int | None, expected: float | None
) -> None:
    assert fan_follower_ratio(fans, followers) == expected


def test_a_goal_needs_so_many_a_day() -> None:
    pace = goal_pace(target=100_000, figure=95_200, days_left=40, actual_per_day=95.0)
    assert pace is not None
    assert pace.needed_per_day == 120.0
    assert pace.ratio == pytest.approx(95 / 120)
    assert not pace.is_on_track
    ahead = goal_pace(target=100_000, figure=95_200, days_left=40, actual_per_day=120.0)
    assert ahead is not None
    assert ahead.is_on_track


@pytest.mark.parametrize(
    ("figure", "days_left", "actual", "needed", "is_on_track"),
    [
        (100_000, 10, -5.0, 0.0, True),  # reached, whatever comes
        (100_000, -3, None, 0.0, True),
        (99_999, 0, 500.0, None, False),  # due today
        (99_999, -1, 500.0, None, False),
        (99_990, 10, None, 1.0, False),  # the pace is not known: nobody can say
        (99_990, 10, 0.0, 1.0, False),
        (99_990, 10, -4.0, 1.0, False),
        (0, 10, 0.0, 10_000.0, False),
    ],
)
def test_goals_at_the_edges(
    figure: int, days_left: int, actual: float | None, needed: float | None, is_on_track: bool
) -> None:
    pace = goal_pace(target=100_000, figure=figure, days_left=days_left, actual_per_day=actual)
    assert pace is not None
    assert (pace.needed_per_day, pace.is_on_track) == (needed, is_on_track)


def test_no_pace_without_a_figure() -> None:
    assert goal_pace(target=100, figure=None, days_left=3, actual_per_day=1.0) is None


@given(figure=PEOPLE, more=st.integers(1, 10**9), days=st.integers(1, 5_000))
def test_who_gains_what_is_needed_arrives_on_the_day(figure: int, more: int, days: int) -> None:
    pace = goal_pace(
        target=figure + more, figure=figure, days_left=days, actual_per_day=more / days
    )
    assert pace is not None
    assert pace.needed_per_day is not None
    assert pace.needed_per_day * days == pytest.approx(more)
    assert pace.is_on_track
