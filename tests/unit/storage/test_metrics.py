"""Every formula with worked examples, its edge cases, and what must hold for any figures."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.metrics.changes import find_best_day, list_daily_changes
from storage.metrics.formulas import (
    average_weekly_growth_percent,
    delta,
    ends_of_period,
    growth_per_day,
    growth_percent,
)

FIRST = date(2026, 11, 1)
PEOPLE = st.integers(0, 10**10)
SERIES = st.dictionaries(
    st.integers(0, 60).map(lambda n: FIRST + timedelta(days=n)), st.none() | PEOPLE
)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (500, 510, 2.0),
        (100, 100, 0.0),
        (200, 0, -100.0),
        (99, 198, None),  # below the smallest base
        (0, 50, None),
        (0, 0, None),
        (None, 500, None),
        (500, None, None),
    ],
)
def test_growth_percent(start: int | None, end: int | None, expected: float | None) -> None:
    assert growth_percent(start, end) == expected


@pytest.mark.parametrize(
    ("start", "end", "days", "expected"),
    [
        (500, 2000, 14, 100.0),  # doubled twice in two weeks; not 300 %
        (500, 1000, 7, 100.0),
        (1000, 1210, 14, 10.0),
        (1000, 1000, 28, 0.0),
        (400, 100, 14, -50.0),
        (100, 0, 28, -100.0),
        (99, 200, 7, None),
        (0, 200, 7, None),
        (None, 200, 7, None),
        (200, None, 7, None),
    ],
)
def test_average_weekly_growth_percent(
    start: int | None, end: int | None, days: int, expected: float | None
) -> None:
    found = average_weekly_growth_percent(start, end, days)
    assert found == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("days", [0, -7])
def test_a_period_without_days_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        average_weekly_growth_percent(500, 510, days)
    with pytest.raises(ValueError, match="at least one day"):
        growth_per_day(500, 510, days)


@given(start=st.integers(100, 10**9), end=PEOPLE, weeks=st.integers(1, 52))
def test_weekly_growth_compounds_to_the_whole(start: int, end: int, weeks: int) -> None:
    weekly = average_weekly_growth_percent(start, end, 7 * weeks)
    assert weekly is not None
    # Absolute, since a fall to almost nothing leaves few digits of "minus almost 100 %".
    assert start * (1 + weekly / 100) ** weeks == pytest.approx(end, rel=1e-6, abs=1e-6 * start)


@pytest.mark.parametrize(
    ("current", "previous", "difference"),
    [
        (150, 100, 50),
        (50, -100, 150),
        (-100, -50, -50),
        (0, 0, 0),
        (None, 5, None),
        (5, None, None),
    ],
)
def test_deltas(current: int | None, previous: int | None, difference: int | None) -> None:
    assert delta(current, previous) == difference


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({-1: 10, 6: 20}, (10, 20)),
        ({-2: 9, 5: 19}, (9, 19)),  # each may be a day older
        ({-2: 9, -1: 10, 5: 19, 6: 20}, (10, 20)),
        ({-1: None, -2: 9, 6: None, 5: 19}, (9, 19)),
        ({-3: 9, 4: 19}, (None, None)),
        ({0: 10, 7: 20}, (None, None)),
        ({-1: 0, 6: 0}, (0, 0)),
        ({}, (None, None)),
    ],
)
def test_ends_of_a_period(
    figures: dict[int, int | None], expected: tuple[int | None, int | None]
) -> None:
    by_day = {day(number): figure for number, figure in figures.items()}
    assert ends_of_period(by_day, day(0), day(6)) == expected


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({-1: 10, 0: 12}, (10, 12)),
        ({-2: 9, 0: 12}, (9, 12)),
        ({-2: 9, -1: 10}, (10, None)),  # 10 to 10 would be a change of 0 that nobody measured
    ],
)
def test_a_single_day_does_not_end_with_its_start(
    figures: dict[int, int], expected: tuple[int | None, int | None]
) -> None:
    by_day = {day(number): figure for number, figure in figures.items()}
    assert ends_of_period(by_day, day(0), day(0)) == expected


def test_changes_are_booked_on_the_day_the_page_is_seen_again() -> None:
    changes = list_daily_changes({day(5): 107, day(0): 100, day(1): 101, day(3): None})
    assert [(c.day, c.figure, c.change, c.days_count) for c in changes] == [
        (day(0), 100, None, None),
        (day(1), 101, 1, 1),
        (day(5), 107, 6, 4),
    ]


@given(SERIES)
def test_changes_add_up_and_a_gap_changes_no_neighbour(
    figures: dict[date, int | None],
) -> None:
    changes = list_daily_changes(figures)
    assert [c.day for c in changes] == sorted(d for d, f in figures.items() if f is not None)
    if changes:
        assert sum(c.change or 0 for c in changes) == changes[-1].figure - changes[0].figure
    assert all(c.figure == figures[c.day] for c in changes)


def test_best_day_is_one_day_with_a_gain() -> None:
    changes = list_daily_changes({day(0): 100, day(1): 103, day(2): 106, day(5): 200})
    best = find_best_day(changes)
    assert best is not None
    assert (best.day, best.change) == (day(2), 3)
    assert find_best_day(list_daily_changes({day(0): 100, day(1): 100, day(2): 90})) is None
    assert find_best_day([]) is None
