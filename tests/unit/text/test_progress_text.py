"""The time left is said when the pace says something, and rounded as people speak."""

from __future__ import annotations

import pytest

from pages.text.progress_text import time_left, with_time_left


@pytest.mark.parametrize(
    ("done", "total", "steps", "seconds", "said"),
    [
        (40, 90, 40, 9.6, "about 10 s left"),
        (40, 90, 20, 8.4, "about 20 s left"),
        (89, 90, 89, 20.0, "a few seconds left"),
        (10, 6_000, 10, 5.0, "about 50 min left"),
        (10, 60_000, 10, 5.0, "about 8 h left"),
        (1, 70, 2, 2.0, "about 1 min left"),
        (57, 114, 57, 57.0, "about 55 s left"),
    ],
)
def test_at_the_pace_so_far(done: int, total: int, steps: int, seconds: float, said: str) -> None:
    assert time_left(done, total, steps=steps, seconds=seconds) == said


@pytest.mark.parametrize(
    ("done", "steps", "seconds"),
    [(0, 0, 30.0), (1, 1, 30.0), (40, 40, 1.9), (40, -3, 30.0), (90, 90, 30.0)],
    ids=["nothing done", "one step", "a moment", "another run", "over"],
)
def test_nothing_is_said_that_is_not_known(done: int, steps: int, seconds: float) -> None:
    left = time_left(done, 90, steps=steps, seconds=seconds)
    assert left == ""
    assert with_time_left("40 of 90 days", left) == "40 of 90 days"


def test_it_follows_the_count() -> None:
    assert with_time_left("40 of 90 days", "about 10 s left") == "40 of 90 days, about 10 s left"
