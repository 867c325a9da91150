"""Formulas of many Pages together, of two figures of one Page, and of a goal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.metrics import (
    churn_percent,
    delta_percent,
    engagement_rate_by_days_percent,
    engagement_rate_by_followers_percent,
    engagement_rate_by_views_percent,
    fan_follower_ratio,
    goal_pace,
    growth_percent,
    index,
    median,
    net,
    portfolio_growth_percent,
    retention_percent,
    share_percents,
    unexplained_change,
)

PEOPLE = st.integers(0, 10**10)
ENDS = st.lists(st.tuples(st.none() | PEOPLE, st.none() | PEOPLE), max_size=20)


@pytest.mark.parametrize(
    ("current", "previous", "expected"),
    [
        (150, 100, 50.0),
        (50, -100, 150.0),
        (-150, -100, -50.0),
        (0, 100, -100.0),
        (100, 0, None),  # neither 0 % nor 100 %
        (0, 0, None),
        (None, 100, None),
        (100, None, None),
    ],
)
def test_delta_percent(current: int | None, previous: int | None, expected: float | None) -> None:
    assert delta_percent(current, previous) == expected


@given(current=st.integers(-(10**9), 10**9), previous=st.integers(-(10**9), 10**9))
def test_delta_percent_has_the_sign_of_the_delta(current: int, previous: int) -> None:
    percent = delta_percent(current, previous)
    if percent is not None:
        assert (percent > 0) == (current > previous)
        assert (percent < 0) == (current < previous)


def test_portfolio_growth_weighs_pages_by_size() -> None:
    # A Page of 1,000,000 with +1 % and one of 1,000 with +100 %: not 50.5 % but 1.1 %.
    ends = [(1_000_000, 1_010_000), (1_000, 2_000)]
    assert portfolio_growth_percent(ends) == pytest.approx(100 * 11_000 / 1_001_000)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ([], None),
        ([(None, 500), (500, None)], None),
        ([(500, 510), (None, 9_000)], 2.0),  # who joined later does not count
        ([(40, 50), (40, 50)], None),  # together below the smallest base
        ([(60, 70), (60, 62)], 10.0),
        ([(0, 0)], None),
        ([(200, 0)], -100.0),
    ],
)
def test_portfolio_growth(ends: list[tuple[int | None, int | None]], expected: float) -> None:
    assert portfolio_growth_percent(ends) == expected


@given(ENDS, PEOPLE)
def test_a_page_that_joins_does_not_move_the_growth_of_all(
    ends: list[tuple[int | None, int | None]], joined: int
) -> None:
    assert portfolio_growth_percent([*ends, (None, joined)]) == portfolio_growth_percent(ends)


@given(ENDS)
def test_portfolio_growth_is_all_net_by_all_starts(
    ends: list[tuple[int | None, int | None]],
) -> None:
    both = [(start, end) for start, end in ends if start is not None and end is not None]
    start, gained = sum(s for s, _ in both), sum(net(s, e) or 0 for s, e in both)
    assert portfolio_growth_percent(ends) == growth_percent(start, start + gained)


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
    ("nets", "expected"),
    [
        ([30, 10, 0], [75.0, 25.0, 0.0]),
        ([-30, -10], [75.0, 25.0]),
        ([30, None, 10], [75.0, None, 25.0]),
        ([10, -9], None),
        ([0, 0], None),
        ([None], None),
        ([], None),
    ],
)
def test_shares(nets: list[int | None], expected: list[float | None] | None) -> None:
    assert share_percents(nets) == expected


@given(st.lists(st.none() | st.integers(0, 10**9), min_size=1), st.sampled_from([1, -1]))
def test_shares_add_up(sizes: list[int | None], sign: int) -> None:
    nets = [None if size is None else sign * size for size in sizes]
    shares = share_percents(nets)
    if any(nets):
        assert shares is not None
        assert sum(share for share in shares if share is not None) == pytest.approx(100)
        assert [share is None for share in shares] == [each is None for each in nets]
    else:
        assert shares is None


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


@pytest.mark.parametrize(
    ("change", "gained", "lost", "expected"),
    [
        (10, 30, 20, 0),
        (-500, 30, 20, -510),  # a clean-up that nobody counted as lost
        (None, 30, 20, None),
        (10, None, 20, None),
        (10, 30, None, None),
    ],
)
def test_unexplained_change(
    change: int | None, gained: int | None, lost: int | None, expected: int | None
) -> None:
    assert unexplained_change(change, gained, lost) == expected


def test_churn_and_retention() -> None:
    assert churn_percent(20, 1_000) == 2.0
    assert churn_percent(0, 1_000) == 0.0
    assert churn_percent(20, 99) is None  # below the smallest base
    assert churn_percent(20, 0) is None
    assert churn_percent(None, 1_000) is None
    assert churn_percent(20, None) is None
    assert retention_percent(40, 10) == 75.0
    assert retention_percent(10, 40) == -300.0
    assert retention_percent(0, 5) is None
    assert retention_percent(None, 5) is None
    assert retention_percent(5, None) is None


def test_three_engagement_rates() -> None:
    assert engagement_rate_by_views_percent(50, 1_000) == 5.0
    assert engagement_rate_by_views_percent(0, 1_000) == 0.0
    assert engagement_rate_by_views_percent(50, 0) is None
    assert engagement_rate_by_views_percent(None, 10) is None
    assert engagement_rate_by_views_percent(50, None) is None
    assert engagement_rate_by_followers_percent(60, 10_000, 10) == pytest.approx(0.06)
    assert engagement_rate_by_followers_percent(60, 10_000, 0) is None
    assert engagement_rate_by_followers_percent(60, 0, 10) is None
    assert engagement_rate_by_followers_percent(None, 10_000, 10) is None
    assert engagement_rate_by_days_percent([(10, 1_000), (30, 1_000)]) == pytest.approx(2.0)
    # A day without a figure is no day of 0.
    assert engagement_rate_by_days_percent([(10, 1_000), (None, 1_000), (5, 0)]) == 1.0
    assert engagement_rate_by_days_percent([(None, 1_000)]) is None
    assert engagement_rate_by_days_percent([]) is None


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
