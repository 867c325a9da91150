"""What is said of unusual days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pages.charts.timeline import Note
from pages.parts.overview import unusual_text
from pages.parts.overview.unusual_text import describe, sentence, worth_naming

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
        "Unusual: 10 Nov, 9 of 14 Pages fell beyond their own noise: most likely a clean-up by "
        "Facebook."
    )


def test_a_single_page_has_noise_of_its_own_and_no_cause() -> None:
    assert describe(ROSE) == "1 of 14 Pages rose beyond its own noise"
    assert describe(Day(UNTIL, 1, fell_count=1)) == "1 of 1 Page fell beyond its own noise"


def test_both_directions_of_one_day() -> None:
    both = Day(UNTIL, 140, rose_count=2, fell_count=9)
    assert describe(both) == "9 of 140 Pages fell and 2 rose beyond their own noise"


def test_what_thousands_always_have_is_not_worth_naming() -> None:
    assert worth_naming([NOISE]) == []
    assert sentence([NOISE], UNTIL) == sentence([], UNTIL) == ""
    assert worth_naming([Day(UNTIL, 0)]) == []


def test_the_widest_days_come_first_and_the_rest_is_counted() -> None:
    days = [Day(date(2026, 11, n), 14, rose_count=n) for n in (1, 2, 3)]
    assert worth_naming([*days, CLEAN_UP]) == [CLEAN_UP, *days[::-1]]
    text = sentence([*days, CLEAN_UP], UNTIL)
    assert text.index("10 Nov") < text.index("3 Nov") < text.index("2 Nov")
    assert "1 Nov," not in text
    assert text.endswith(" And 1 day more.")


def test_notes_for_the_chart_oldest_first() -> None:
    assert unusual_text.notes([ROSE, NOISE, CLEAN_UP]) == [
        Note(CLEAN_UP.day, describe(CLEAN_UP), "platform"),
        Note(ROSE.day, describe(ROSE), "platform"),
    ]


def test_of_many_pages_a_tenth_is_no_news() -> None:
    assert worth_naming([Day(UNTIL, 56, rose_count=5, fell_count=1)]) == []
    assert worth_naming([Day(UNTIL, 56, rose_count=9)])
    assert worth_naming([Day(UNTIL, 14, rose_count=1)])
