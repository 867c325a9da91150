"""The last week in three sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pages.parts.overview.digest import query_of
from pages.records import Week
from pages.text.periods import get_period, last_week
from pages.ui.week_text import title, to_text, write, write_of_page
from storage.figures.totals import Comparable, Mover, Movers
from storage.figures.unusual import UnusualDay
from tests.unit.parts.test_unusual_text import CLEAN_UP, NOISE

TODAY = date(2026, 11, 22)
BEST, WORST = Mover("1", "Optik Hansen", 9000, 3292, 36.6), Mover("2", "Café", 9000, -1017, -11.3)
WEEK = Week(
    period=get_period("7 days", TODAY),
    metric="fans",
    pages_count=140,
    total=2_290_456,
    compared=Comparable(140, 2_281_579, 2_290_456, 0, 0, 0, 0),
    movers=Movers((BEST,), (WORST,)),
    attention_count=3,
    unusual=(UnusualDay(NOISE.day, 10_000, 12, 30), UnusualDay(CLEAN_UP.day, 14, 0, 9)),
)


def lines(week: Week) -> list[str]:
    return to_text(write(week)).split("\n")


def test_a_week_in_three_sentences() -> None:
    assert lines(WEEK) == [
        "140 Pages have 2,290,456 fans: 8,877 more between 16 and 22 Nov 2026.",
        "Optik Hansen (+3,292) gained most, Café (−1,017) lost most.",
        "3 Pages need attention; 10 Nov was unusual: 9 of 14 Pages fell far more than usual: "
        "most likely a clean-up by Facebook.",
    ]


def test_whoever_cannot_be_compared_is_left_out_and_that_is_said() -> None:
    compared = Comparable(138, 2_281_579, 2_281_000, 1, 1, 0, 0)
    assert lines(replace(WEEK, compared=compared))[0] == (
        "140 Pages have 2,290,456 fans: 579 fewer between 16 and 22 Nov 2026, of the 138 with "
        "figures at the start and the end."
    )


@pytest.mark.parametrize(
    ("changes", "place", "sentence"),
    [
        (
            {"compared": replace(WEEK.compared, start=WEEK.compared.end)},
            0,
            "140 Pages have 2,290,456 fans, neither more nor fewer between 16 and 22 Nov 2026.",
        ),
        ({"movers": Movers((), ())}, 1, "No Page gained and none lost."),
        ({"movers": Movers((BEST,), ())}, 1, "Optik Hansen (+3,292) gained most; no Page lost."),
        ({"movers": Movers((), (WORST,))}, 1, "Café (−1,017) lost most; no Page gained."),
        ({"unusual": (NOISE,)}, 2, "3 Pages need attention, and no day was out of the ordinary."),
        (
            {"unusual": (), "attention_count": 0},
            2,
            "Every Page is connected and up to date, and no day was out of the ordinary.",
        ),
        (
            {"unusual": (), "attention_count": 1},
            2,
            "1 Page needs attention, and no day was out of the ordinary.",
        ),
    ],
)
def test_what_is_missing_has_another_honest_sentence(
    changes: dict[str, Any], place: int, sentence: str
) -> None:
    assert lines(replace(WEEK, **changes))[place] == sentence


def test_one_page_with_one_follower() -> None:
    one = Comparable(1, 2, 1, 0, 0, 0, 0)
    week = replace(WEEK, metric="followers", pages_count=1, total=1, compared=one)
    assert lines(week)[0] == "1 Page has 1 follower: 1 fewer between 16 and 22 Nov 2026."


def test_the_week_ends_with_the_last_figures_where_these_are_older() -> None:
    def days(last: date, first: date = date(2026, 1, 1)) -> tuple[date, date]:
        period = last_week(TODAY, {first: 1}, last)
        assert period is not None
        return period.since, period.until

    assert days(TODAY) == days(date(2026, 11, 21)) == (date(2026, 11, 16), TODAY)
    assert days(date(2026, 10, 7)) == (date(2026, 10, 1), date(2026, 10, 7))
    assert days(TODAY, first=date(2026, 11, 18)) == (date(2026, 11, 19), TODAY)


def test_there_is_no_week_without_two_days_of_figures() -> None:
    assert last_week(TODAY, {}, None) is None
    assert last_week(TODAY, {TODAY: 3}, TODAY) is None


def test_the_week_is_called_by_its_days() -> None:
    assert title(WEEK) == "The week of 16 – 22 Nov 2026"
    over_new_year = get_period("7 days", date(2027, 1, 3))
    assert title(replace(WEEK, period=over_new_year)) == "The week of 28 Dec 2026 – 3 Jan 2027"


def test_links_of_the_week_lead_to_its_days() -> None:
    assert query_of(WEEK) == {"period": "7 days"}
    period = last_week(TODAY, {date(2026, 1, 1): 1}, date(2026, 10, 7))
    assert period is not None
    assert query_of(replace(WEEK, period=period)) == {
        "period": "Custom",
        "since": "2026-10-01",
        "until": "2026-10-07",
    }


def test_the_week_of_one_page_speaks_of_it_alone() -> None:
    week = replace(WEEK, pages_count=1, compared=Comparable(1, 90, 102, 0, 0, 0, 0), total=102)
    quiet = replace(week, unusual=())
    total = "The Page has 102 fans: 12 more between 16 and 22 Nov 2026."
    assert write_of_page(quiet, "", is_archived=False) == (
        total,
        "It is connected and up to date, and no day was out of the ordinary.",
    )
    assert write_of_page(quiet, "", is_archived=True)[1] == (
        "It is archived, and no day was out of the ordinary."
    )
    assert write_of_page(quiet, "Facebook gives no count.", is_archived=False)[1] == (
        "The Page needs attention. Facebook gives no count. No day was out of the ordinary."
    )
    fell = replace(week, unusual=(UnusualDay(date(2026, 11, 10), 1, 0, 1),))
    assert write_of_page(fell, "", is_archived=False)[1] == (
        "It is connected and up to date; 10 Nov was unusual: the Page fell far more than usual."
    )
    rose = replace(week, unusual=(UnusualDay(date(2026, 11, 10), 1, 1, 0),))
    assert write_of_page(rose, "Facebook gives no count.", is_archived=False)[1].endswith(
        "count. 10 Nov was unusual: the Page rose far more than usual."
    )
