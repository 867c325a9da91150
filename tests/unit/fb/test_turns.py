"""Threads that work on units by turns: who is asked when, and how an error ends all of them."""

from __future__ import annotations

import threading

import pytest

from fb.jobs.turns import Turns


def test_a_unit_without_work_is_asked_again_when_another_made_some() -> None:
    asked: list[str] = []
    work = {"a": 0, "b": 2}

    def step(unit: str) -> bool:
        asked.append(unit)
        if not work[unit]:
            return False
        work[unit] -= 1
        if unit == "b" and not work["b"]:
            work["a"] += 1  # it handed something on
        return True

    Turns().work(["a", "b"], step, threads=1, per_unit=1)
    assert asked == ["a", "b", "a", "b", "a", "b", "a"]


@pytest.mark.parametrize("is_slow", [False, True])
def test_the_first_error_ends_every_thread(is_slow: bool) -> None:
    turns, both = Turns(), threading.Barrier(2, timeout=10)
    turns.is_slow = is_slow
    asked: list[str] = []

    def step(unit: str) -> bool:
        asked.append(unit)
        if not is_slow and unit != "c":
            with turns.waiting():
                both.wait()  # both have begun
        if unit == "a":
            raise KeyError
        return False

    with pytest.raises(KeyError):
        turns.work(["a", "b", "c"], step, threads=2, per_unit=1)
    assert turns.is_ending
    # Slow: one at a time, so that no other one had begun. Else b may end before a does.
    assert asked == ["a"] if is_slow else set(asked) >= {"a", "b"}
