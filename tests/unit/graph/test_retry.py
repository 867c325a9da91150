"""Waiting grows, is spread evenly, and ends with the patience."""

from __future__ import annotations

import pytest

from fb.graph.retry import MAX_RETRIES, Retries, full_jitter_seconds
from tests.unit.graph.scripted_graph import FakeTime


def retries(time: FakeTime, patience_seconds: float, random: float = 1.0) -> Retries:
    return Retries(
        patience_seconds, sleep=time.sleep, monotonic=time.monotonic, random=lambda: random
    )


@pytest.mark.parametrize(
    ("number", "longest"), [(0, 0.5), (1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 8.0), (90, 8.0)]
)
def test_the_wait_is_spread_from_nothing_to_a_growing_bound(number: int, longest: float) -> None:
    assert full_jitter_seconds(number, lambda: 1.0) == longest
    assert full_jitter_seconds(number, lambda: 0.5) == longest / 2
    assert full_jitter_seconds(number, lambda: 0.0) == 0.0


def test_waiting_ends_before_the_patience_does() -> None:
    time = FakeTime()
    allowance = retries(time, 20.0)
    while allowance.wait():
        pass
    assert time.slept == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert time.seconds <= 20.0
    assert not allowance.wait()


def test_patience_counts_from_the_first_failure() -> None:
    time = FakeTime(seconds=30.0)  # the first attempt ran into its timeout
    allowance = retries(time, 20.0)
    assert allowance.remaining_seconds() is None
    assert allowance.wait()
    assert allowance.remaining_seconds() == pytest.approx(19.5)
    time.seconds += 40.0
    assert allowance.remaining_seconds() == 0.0
    assert not allowance.wait()


def test_no_patience_is_no_retry() -> None:
    time = FakeTime()
    assert not retries(time, 0.0).wait()
    assert not retries(time, 0.0, random=0.0).wait()
    assert time.slept == []


def test_a_clock_that_stands_still_does_not_hold_us_forever() -> None:
    allowance = retries(FakeTime(), 20.0, random=0.0)
    assert [allowance.wait() for _ in range(MAX_RETRIES + 1)] == [True] * MAX_RETRIES + [False]
