"""What is said of unusual days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pages.charts.timeline import Note
from pages.ui.notes import unusual_text
from pages.ui.notes.unusual_text import describe, sentence, worth_naming

UNTIL = date(2026, 11, 22)


@dataclass(frozen=True)
class Day:
    day: date
    judged_count: int
    rose_count: int = 0
    fell_count: int = 0
    is_platform_wide: bool = False


CLEAN_UP = Day(date(2026, 11, 10), 14, fell_count=9, is_platform_wide=True)
ROSE = Day(date(2026, 11, 12), 14, rose_count=1)
NOISE = Day(date(2026, 11, 13), 10_000, rose_count=12, fell_count=30)


def test_a_clean_up_is_named_with_its_most_likely_cause() -> None:
    assert sentence([CLEAN_UP], UNTIL) == (
        "Unusual: 10 Nov, 9 of 14 Pages fell far more than usual: most likely a clean-up by "
        "Facebook."
    )


def test_a_single_page_has_no_cause() -> None:
    assert describe(ROSE) == "1 of 14 Pages rose far more than usual"
    assert describe(Day(UNTIL, 1, fell_count=1)) == "1 of 1 Page fell far more than usual"


def test_both_directions_of_one_day() -> None:
    both = Day(UNTIL, 140, rose_count=2, fell_count=9)
    assert describe(both) == "9 of 140 Pages fell and 2 rose far more than usual"


def test_what_thousands_always_have_is_not_worth_naming() -> None:
    assert worth_naming([NOISE]) == []
    assert sentence([NOISE], UNTIL) == sentence([], UNTIL) == ""
    assert worth_naming([Day(UNTIL, 0)]) == []


def test_the_widest_days_are_named_in_order_of_time_and_the_rest_is_counted() -> None:
    days = [Day(date(2026, 11, n), 14, rose_count=n) for n in (1, 2, 3)]
    assert worth_naming([*days, CLEAN_UP]) == [CLEAN_UP, *days[::-1]]
    text = sentence([*days, CLEAN_UP], UNTIL)
    assert text.index("2 Nov") < text.index("3 Nov") < text.index("10 Nov")
    assert "1 Nov," not in text
    assert text.endswith(" And 1 day more.")


def test_notes_for_the_chart_oldest_first() -> None:
    assert unusual_text.notes([ROSE, NOISE, CLEAN_UP]) == [
        Note(CLEAN_UP.day, describe(CLEAN_UP), "platform", "Clean-up"),
        Note(ROSE.day, describe(ROSE), "platform", "Unusual rise"),
    ]


def test_of_many_pages_a_tenth_is_no_news() -> None:
    assert worth_naming([Day(UNTIL, 56, rose_count=5, fell_count=1)]) == []
    assert worth_naming([Day(UNTIL, 56, rose_count=9)])
    assert worth_naming([Day(UNTIL, 14, rose_count=1)])


def test_what_is_told_of_one_day() -> None:
    days = [ROSE, NOISE, CLEAN_UP]
    assert unusual_text.of_days(days, ROSE.day, ROSE.day) == f"{describe(ROSE)}."
    ordinary = "No more Pages than usual were out of the ordinary."
    assert unusual_text.of_days(days, NOISE.day, NOISE.day) == ordinary
    both = unusual_text.of_days(days, CLEAN_UP.day, ROSE.day)
    assert both == f"{describe(CLEAN_UP)}. {describe(ROSE)}."
