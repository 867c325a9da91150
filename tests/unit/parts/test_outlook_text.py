"""What is said of forecasts, milestones and goals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pages.parts.page import outlook_text
from storage.metrics.changes import list_daily_changes
from storage.metrics.forecast import Forecast, ForecastDay, Refusal
from storage.metrics.goals import goal_pace
from storage.metrics.milestones import Milestone
from storage.notes.goals import GoalRow

TODAY = date(2026, 11, 22)
GOAL = GoalRow(100_000, date(2026, 12, 31))


def outlook(*days: tuple[int, int, int]) -> Forecast:
    ahead = [
        ForecastDay(TODAY + timedelta(days=n), *three) for n, three in enumerate(days, start=1)
    ]
    return Forecast(TODAY, 100, 1.0, 28, tuple(ahead))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (120, "23 Nov – 25 Nov 2026"),
        (104, "about 23 Nov 2026"),
        (150, "not before 25 Nov 2026"),
        (151, "not within 3 days"),
    ],
)
def test_a_milestone_is_reached_within_a_range(target: int, expected: str) -> None:
    found = outlook((104, 110, 120), (110, 120, 130), (120, 130, 150))
    assert outlook_text.arrival_in_short(found, target) == expected


@pytest.mark.parametrize(
    ("refusal", "short", "sentence"),
    [
        (Refusal("none"), "needs 14 days with figures", "this Page has 0 in the last 8 weeks"),
        (Refusal("few", 9, TODAY), "needs 14 days with figures", "this Page has 9"),
        (Refusal("old", 50, TODAY), "figures are too old", "newest figure is of 22 Nov 2026"),
        (Refusal("nobody", 50, TODAY), "the figure is 0", "the newest figure is 0 fans"),
        (
            Refusal("turned", 57, TODAY, 14, -462),
            "the pace has just changed",
            "in the last 14 days this Page lost 462 fans, but its longer trend rises.",
        ),
        (
            Refusal("turned", 57, TODAY, 15, 1),
            "the pace has just changed",
            "in the last 15 days this Page gained 1 fan, but its longer trend falls.",
        ),
        (
            Refusal("uneven", 57, TODAY, 14, 4_600),
            "the pace has just changed",
            "in the last 14 days this Page gained 4,600 fans, which is far from its longer trend.",
        ),
        (
            Refusal("uneven", 57, TODAY, 14, 0),
            "the pace has just changed",
            "in the last 14 days this Page neither gained nor lost fans, which is far from",
        ),
        (
            Refusal("wide", 57, TODAY, 14, -462),
            "the pace changes too much",
            "changed so much that the range of what may follow is larger than its number of fans.",
        ),
    ],
)
def test_no_forecast_has_a_reason(refusal: Refusal, short: str, sentence: str) -> None:
    assert outlook_text.arrival_in_short(refusal, 100) == short
    assert sentence in outlook_text.why_no_forecast(refusal, "fans")


@pytest.mark.parametrize("slope", [0.0, -2.5])
def test_a_page_that_does_not_grow_is_given_no_day_of_a_milestone(slope: float) -> None:
    found = replace(outlook((104, 110, 120), (110, 120, 130)), slope=slope)
    assert outlook_text.arrival_in_short(found, 120) == "not at the present pace"


def test_a_forecast_is_a_range() -> None:
    said = outlook_text.forecast(outlook((1_104, 1_110, 1_120)), "fans")
    assert "most likely 1,110 fans on 23 Nov 2026" in said
    assert "in 8 of 10 cases from 1,104 to 1,120, going by the last 28 days." in said


def test_a_milestone_seen_after_a_gap_says_so() -> None:
    assert outlook_text.milestone(Milestone(1_000, TODAY, 1)) == "on 22 Nov 2026"
    late = outlook_text.milestone(Milestone(1_000, TODAY, 4))
    assert late == "seen on 22 Nov 2026, after 3 days without"


@pytest.mark.parametrize(
    ("target", "due_day", "problem"),
    [
        (100_000, date(2026, 12, 31), None),
        (95_001, TODAY + timedelta(days=1), None),
        (95_000, date(2026, 12, 31), "The Page has 95,000 already"),
        (5, date(2026, 12, 31), "choose a higher number"),
        (0, date(2026, 12, 31), "Choose a number from 1"),
        (10**12, date(2026, 12, 31), "Choose a number from 1"),
        (100_000, TODAY, "Choose a day after today, 22 Nov 2026"),
        (100_000, date(2020, 1, 1), "Choose a day after today"),
        (100_000, date(2099, 1, 1), "within 20 years"),
        (None, date(2026, 12, 31), "Fill in both"),
        (100_000, None, "Fill in both"),
    ],
)
def test_a_goal_that_makes_no_sense_is_refused_in_words(
    target: int | None, due_day: date | None, problem: str | None
) -> None:
    said = outlook_text.why_not(target, due_day, 95_000, TODAY)
    assert (said is None) == (problem is None)
    if problem and said:
        assert problem in said
        assert said.endswith("Nothing was saved.")


@pytest.mark.parametrize(
    ("figure", "days_left", "actual", "said", "state"),
    [
        (95_200, 40, 95.0, "needs 120 a day, gains 95 a day.", "Behind"),
        (95_200, 40, 130.0, "needs 120 a day, gains 130 a day.", "On track"),
        (99_900, 40, -3.25, "needs 2.5 a day, loses 3.3 a day.", "Behind"),
        (99_900, 40, 0.0, "needs 2.5 a day, gains 0 a day.", "Behind"),
        (99_900, 40, None, "how many it gains a day is not known yet.", "Too early to tell"),
        (100_000, 40, 1.0, "100,000 by 31 Dec 2026: reached.", "Reached"),
        (99_999, 0, 1.0, "the day has come, and it was not reached.", "Missed"),
    ],
)
def test_a_goal_in_a_sentence(
    figure: int, days_left: int, actual: float | None, said: str, state: str
) -> None:
    pace = goal_pace(target=100_000, figure=figure, days_left=days_left, actual_per_day=actual)
    assert pace is not None
    assert outlook_text.goal(GOAL, pace).endswith(said)
    assert outlook_text.goal_state(pace)[0] == state


def test_a_goal_without_a_figure_says_so() -> None:
    assert "gives no count" in outlook_text.goal(GOAL, None)


def test_the_pace_is_of_four_weeks_or_what_there_is() -> None:
    figures: dict[date, int | None] = {
        TODAY - timedelta(days=age): 1_000 - 10 * age for age in range(28)
    }
    figures[TODAY - timedelta(days=28)] = 0  # 720 below the line
    figures[TODAY - timedelta(days=90)] = 5_000
    pace = outlook_text.pace_per_day(list_daily_changes(figures))
    assert pace == pytest.approx(1_000 / 28)
    two: dict[date, int | None] = {TODAY: 110, TODAY - timedelta(days=5): 100}
    assert outlook_text.pace_per_day(list_daily_changes(two)) == 2.0
    apart: dict[date, int | None] = {TODAY: 110, TODAY - timedelta(days=50): 100}
    assert outlook_text.pace_per_day(list_daily_changes(apart)) is None
    assert outlook_text.pace_per_day([]) is None
