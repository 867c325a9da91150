"""Which days are beyond a Page's own noise, and which days are Facebook's doing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from storage.metrics.unusual import (
    FELL,
    MIN_CHANGES,
    NOT_JUDGED,
    ROSE,
    TRAILING_DAYS,
    USUAL,
    find_unusual,
    is_platform_wide,
)

NAN = float("nan")
# Median 10, every other day 2 away from it: MAD 2, so 3.5 is reached 10.4 people away.
NOISY = [8.0, 12.0] * 14
CHANGE = st.integers(-1_000, 1_000).map(float) | st.just(NAN)
ROW = st.lists(CHANGE, min_size=2, max_size=40)


def judge(before: list[float], change: float, figure: float = 1_000) -> int:
    return int(find_unusual(np.array([[*before, change]]), np.array([figure]))[0])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (10.0, USUAL),
        (20.0, USUAL),
        (21.0, ROSE),
        (500.0, ROSE),
        (-0.0, USUAL),
        (-6.0, FELL),
        (-4.0, USUAL),  # far from the usual, but fewer than five people
        (0.0, USUAL),
        (NAN, NOT_JUDGED),
    ],
)
def test_a_day_is_judged_by_the_days_before(change: float, expected: int) -> None:
    assert judge(NOISY, change) == expected


def test_the_change_is_at_least_a_thousandth_of_the_figure() -> None:
    assert judge(NOISY, 99.0, figure=100_000) == USUAL
    assert judge(NOISY, 100.0, figure=100_000) == ROSE
    assert judge(NOISY, -99.0, figure=100_000) == USUAL
    assert judge(NOISY, -100.0, figure=100_000) == FELL


def test_a_page_that_gains_less_than_usual_did_not_fall() -> None:
    assert judge([98.0, 102.0] * 14, 20.0) == USUAL
    assert judge([-98.0, -102.0] * 14, -20.0) == USUAL


def test_fourteen_days_are_needed() -> None:
    assert judge(NOISY[: MIN_CHANGES - 1], 500.0) == NOT_JUDGED
    assert judge(NOISY[:MIN_CHANGES], 500.0) == ROSE
    assert judge([NAN] * 20 + NOISY[: MIN_CHANGES - 1], 500.0) == NOT_JUDGED


def test_days_longer_ago_don_t_count() -> None:
    wild = [1_000.0, -1_000.0] * 20
    assert judge(wild + NOISY, 50.0) == ROSE
    assert judge(wild + NOISY[2:], 50.0) == judge(wild[-2:] + NOISY[2:], 50.0)
    assert len(NOISY) == TRAILING_DAYS


def test_one_wild_day_does_not_hide_the_next() -> None:
    assert judge([*NOISY[:-1], 100_000.0], 50.0) == ROSE


def test_a_page_that_hardly_moves() -> None:
    # More than half of the days are the same: the MAD is 0, and the mean distance stands in.
    sleepy = [0.0] * 20 + [20.0, -20.0] * 4
    assert judge(sleepy, 5.0) == USUAL
    assert judge(sleepy, 30.0) == ROSE
    assert judge(sleepy, -30.0) == FELL
    # It never moved: whatever it does is new, from five people on.
    assert judge([0.0] * 28, 0.0) == USUAL
    assert judge([0.0] * 28, 4.0) == USUAL
    assert judge([0.0] * 28, 5.0) == ROSE
    # It gained the same every day, to the person: that is what is usual.
    assert judge([7.0] * 28, 7.0) == USUAL


def test_a_figure_that_falls_to_nothing_and_returns() -> None:
    assert judge(NOISY, -12_000.0, figure=0) == FELL
    assert judge([*NOISY, -12_000.0], 12_000.0, figure=12_000) == ROSE
    assert judge([*NOISY, -12_000.0, 12_000.0], 10.0, figure=12_010) == USUAL


def test_nothing_to_judge() -> None:
    assert find_unusual(np.empty((0, 29)), np.empty(0)).tolist() == []
    assert find_unusual(np.array([[5.0]]), np.array([100.0])).tolist() == [NOT_JUDGED]
    assert find_unusual(np.full((3, 29), NAN), np.full(3, NAN)).tolist() == [NOT_JUDGED] * 3


@given(st.lists(ROW, min_size=1, max_size=6), st.data())
def test_each_page_is_judged_by_itself(rows: list[list[float]], data: st.DataObject) -> None:
    length = max(map(len, rows))
    table = np.array([[NAN] * (length - len(row)) + row for row in rows])
    figures = np.array(
        data.draw(st.lists(st.floats(0, 1e7), min_size=len(rows), max_size=len(rows)))
    )
    together = find_unusual(table, figures)
    alone = [find_unusual(table[i : i + 1], figures[i : i + 1])[0] for i in range(len(rows))]
    assert together.tolist() == alone


@given(ROW, st.floats(0, 1e6))
def test_a_gap_in_front_changes_nothing(row: list[float], figure: float) -> None:
    padded = [NAN] * 5 + row
    assert judge(row[:-1], row[-1], figure) == judge(padded[:-1], row[-1], figure)


@given(ROW, st.floats(0, 1e6))
def test_the_mirror_image_falls_where_it_rose(row: list[float], figure: float) -> None:
    turned = {ROSE: FELL, FELL: ROSE}
    mark = judge(row[:-1], row[-1], figure)
    assert judge([-x for x in row[:-1]], -row[-1], figure) == turned.get(mark, mark)


@given(
    st.lists(st.integers(-500, 500).map(float), min_size=14, max_size=28), st.integers(-900, 900)
)
def test_the_rule_word_for_word(before: list[float], change: int) -> None:
    middle = float(np.median(before))
    mad = float(np.median(np.abs(np.array(before) - middle)))
    if mad:
        z = 0.6745 * (change - middle) / mad
        is_flagged = abs(z) >= 3.5 and abs(change) >= 5 and z * change > 0
        if abs(abs(z) - 3.5) > 1e-9:
            assert (judge(before, float(change)) in (ROSE, FELL)) == is_flagged


def _pages(count: int) -> NDArray[Any]:
    return np.array([[*NOISY, -50.0]] * count)


@pytest.mark.parametrize(
    ("judged", "fell", "expected"),
    [(14, 9, True), (5, 5, True), (4, 4, False), (16, 5, True), (17, 5, False), (0, 0, False)],
)
def test_platform_wide(judged: int, fell: int, expected: bool) -> None:
    assert is_platform_wide(judged, fell) is expected
    marks = find_unusual(_pages(fell), np.full(fell, 1_000.0)) if fell else np.array([])
    assert int((marks == FELL).sum()) == fell
