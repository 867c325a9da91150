"""Formulas of posts, by hand and against slower ones."""

from __future__ import annotations

import math
from datetime import timedelta
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.metrics import posts as metrics

DAY = 86_400


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(-5, 400), st.integers(0, 50)),
        min_size=1,
        max_size=80,
    )
)
def test_what_was_usual_is_the_median_of_the_half_year_before(
    posts: list[tuple[int, int, int]],
) -> None:
    groups, days, values = (np.array(each, np.int64) for each in zip(*posts, strict=True))
    medians, counts = metrics.earlier_medians(groups, days * DAY, values, groups, days * DAY)
    for (group, number, _), found, count in zip(posts, medians, counts, strict=True):
        before = [v for g, n, v in posts if g == group and number - 180 <= n < number]
        assert count == len(before)
        if len(before) < metrics.MIN_USUAL_POSTS:
            assert math.isnan(found)
        else:
            assert found == median(before)


def test_many_medians_are_found_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_ROWS_AT_ONCE", 3)
    groups, seconds = np.zeros(20, np.int64), np.arange(20, dtype=np.int64)
    medians, _ = metrics.earlier_medians(groups, seconds, seconds, groups, seconds)
    assert medians[8:].tolist() == [(number - 1) / 2 for number in range(8, 20)]


def test_a_sum_of_parts_is_unknown_when_one_is() -> None:
    assert metrics.interactions(1, 0, 2) == 3
    assert metrics.interactions(1, None, 2) is None
    assert metrics.engagements(3, 4) == 7
    assert metrics.engagements(None, 4) is None
    assert metrics.engagements(3, None) is None


def test_rates_are_pooled_and_need_their_minimum() -> None:
    assert metrics.engagement_rate_percent(5, 100) == 5.0
    assert metrics.engagement_rate_percent(150, 100) == 150.0
    assert metrics.engagement_rate_percent(5, 99) is None
    assert metrics.engagement_rate_percent(None, 100) is None
    assert metrics.pooled_rate_percent([(10, 50), (0, 150), (None, 900), (9, None)]) == 5.0
    assert metrics.pooled_rate_percent([]) is None
    assert metrics.interaction_rate_percent(5, 200) == 2.5
    assert metrics.interaction_rate_percent(9, 99) is None
    assert metrics.interaction_rate_percent(1, None) is None
    assert metrics.interaction_rate_percent(None, 100) is None


def test_times_usual_needs_views_that_are_worth_it() -> None:
    assert metrics.times_usual(48, 20.0) == 2.4
    assert metrics.times_usual(48, 19.5) is None
    assert metrics.times_usual(None, 20.0) is None
    assert metrics.times_usual(48, None) is None


def test_paid_share_is_of_one_answer() -> None:
    assert metrics.paid_share_percent(1, 3) == 25.0
    assert metrics.paid_share_percent(0, 3) == 0.0
    assert metrics.paid_share_percent(0, 0) is None
    assert metrics.paid_share_percent(None, 3) is None


def test_medians_and_quartiles_need_their_minimum() -> None:
    assert metrics.median_of([1, None, 2, 3, 4]) is None
    assert metrics.median_of([1, None, 2, 3, 4, 10]) == 3
    assert metrics.quartiles_of(range(7)) is None
    assert metrics.quartiles_of([8, 1, 2, 3, 4, 5, 6, 7]) == (2.75, 4.5, 6.25)


def test_posts_per_week_are_of_whole_days() -> None:
    assert metrics.posts_per_week(12, 28) == 3.0
    with pytest.raises(ValueError, match="at least one day"):
        metrics.posts_per_week(1, 0)


def test_margins_of_checkpoints_do_not_overlap() -> None:
    ages = [timedelta(days=age) for age in metrics.CHECKPOINTS]
    ends = [timedelta(days=age) + margin for age, margin in metrics.CHECKPOINTS.items()]
    assert all(end <= following for end, following in zip(ends, ages[1:], strict=False))
