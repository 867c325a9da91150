"""Which days a period has and is compared with."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.text.periods import (
    COMPARISONS,
    CUSTOM,
    FIRST_DAY,
    LAST_YEAR,
    NOTHING,
    PREVIOUS,
    Period,
    clip,
    get_custom,
    get_period,
    reaches_back,
    year_before,
)

DAYS = st.dates(date(2004, 2, 4), date(2100, 1, 1))
TODAY = date(2026, 11, 22)
A_DAY = timedelta(days=1)


def custom(since: date | None, until: date | None, comparison: str = PREVIOUS) -> Period:
    return get_custom(since, until, TODAY, comparison)


def days_of(period: Period) -> tuple[date, date]:
    return period.since, period.until


def previous_of(period: Period) -> tuple[date | None, date | None]:
    return period.previous_since, period.previous_until


@pytest.mark.parametrize(("label", "days"), [("7 days", 7), ("28 days", 28), ("90 days", 90)])
@given(today=DAYS)
def test_a_label_says_how_many_days(label: str, days: int, today: date) -> None:
    period = get_period(label, today)
    assert period.until == today
    assert period.days_count == days
    assert period.previous_since is not None
    assert period.previous_until == period.since - timedelta(days=1)
    assert (period.previous_until - period.previous_since).days + 1 == days


def test_an_unknown_label_is_refused() -> None:
    for label in ("29 days", CUSTOM, ""):
        with pytest.raises(KeyError):
            get_period(label, TODAY)


@pytest.mark.parametrize(
    ("label", "today", "since", "until"),
    [
        ("12 months", TODAY, date(2025, 11, 23), TODAY),
        ("12 months", date(2028, 2, 29), date(2027, 3, 1), date(2028, 2, 29)),
        ("This month", TODAY, date(2026, 11, 1), TODAY),
        ("This month", date(2026, 11, 1), date(2026, 11, 1), date(2026, 11, 1)),
        ("Last month", TODAY, date(2026, 10, 1), date(2026, 10, 31)),
        ("Last month", date(2028, 3, 31), date(2028, 2, 1), date(2028, 2, 29)),
        ("Last month", date(2027, 1, 1), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_months(label: str, today: date, since: date, until: date) -> None:
    assert days_of(get_period(label, today)) == (since, until)


def test_a_month_is_compared_with_as_many_days_before() -> None:
    assert previous_of(get_period("Last month", TODAY)) == (date(2026, 8, 31), date(2026, 9, 30))
    assert previous_of(get_period("This month", TODAY)) == (date(2026, 10, 10), date(2026, 10, 31))


def test_the_same_period_of_last_year() -> None:
    period = get_period("28 days", TODAY, LAST_YEAR)
    assert previous_of(period) == (date(2025, 10, 26), date(2025, 11, 22))
    assert period.versus == "vs last year"
    leap = get_period("Last month", date(2028, 3, 5), LAST_YEAR)
    assert previous_of(leap) == (date(2027, 2, 1), date(2027, 2, 28))
    assert (leap.days_count, leap.previous_days_count) == (29, 28)


@given(day=DAYS)
def test_a_year_before_is_the_same_date_but_for_29_february(day: date) -> None:
    before = year_before(day)
    assert before.year == day.year - 1
    assert before.month == day.month
    assert before.day == (28 if (day.month, day.day) == (2, 29) else day.day)


def test_no_comparison() -> None:
    period = get_period("28 days", TODAY, NOTHING)
    assert previous_of(period) == (None, None)
    assert (period.versus, period.previous_days_count) == (None, None)
    assert not reaches_back(period, FIRST_DAY)


def test_a_custom_period() -> None:
    period = custom(date(2026, 8, 1), date(2026, 8, 7))
    assert days_of(period) == (date(2026, 8, 1), date(2026, 8, 7))
    assert previous_of(period) == (date(2026, 7, 25), date(2026, 7, 31))
    assert (period.label, period.remark) == ("Custom", None)


def test_days_the_wrong_way_round_are_swapped_and_that_is_said() -> None:
    period = custom(date(2026, 8, 7), date(2026, 8, 1))
    assert days_of(period) == (date(2026, 8, 1), date(2026, 8, 7))
    assert period.remark == "The days were the wrong way round, so they are swapped."


def test_missing_days_are_filled_in() -> None:
    assert days_of(custom(None, None)) == (date(2026, 10, 26), TODAY)
    assert "Choose the first and the last day" in (custom(None, None).remark or "")
    assert days_of(custom(date(2026, 11, 1), None)) == (date(2026, 11, 1), TODAY)
    assert days_of(custom(None, date(2026, 8, 28))) == (date(2026, 8, 1), date(2026, 8, 28))


def test_days_to_come_and_absurd_years_are_cut_off_and_that_is_said() -> None:
    period = custom(date(2026, 11, 1), date(9999, 12, 31))
    assert days_of(period) == (date(2026, 11, 1), TODAY)
    assert "no figures yet" in (period.remark or "")
    assert days_of(custom(date(2027, 1, 1), date(2027, 2, 1))) == (TODAY, TODAY)
    assert days_of(custom(date(2027, 1, 1), None)) == (TODAY, TODAY)
    period = custom(date.min, date(2026, 11, 1))
    assert days_of(period) == (FIRST_DAY, date(2026, 11, 1))
    assert "There was no Facebook before" in (period.remark or "")
    assert days_of(custom(None, date.min)) == (FIRST_DAY, FIRST_DAY)


@given(
    since=st.none() | st.dates(),
    until=st.none() | st.dates(),
    comparison=st.sampled_from(COMPARISONS),
)
def test_whatever_is_asked_for_becomes_a_period_up_to_today(
    since: date | None, until: date | None, comparison: str
) -> None:
    period = get_custom(since, until, TODAY, comparison)
    assert FIRST_DAY <= period.since <= period.until <= TODAY
    assert (period.previous_since is None) == (period.previous_until is None)
    assert (period.previous_since is None) == (comparison == NOTHING)
    if period.previous_until is not None:
        assert period.previous_until < period.since or comparison == LAST_YEAR


def test_what_is_cut_at_its_end_is_compared_with_days_as_it_was_asked() -> None:
    period = clip(get_period("28 days", TODAY, LAST_YEAR), date(2020, 1, 1), date(2026, 11, 10))
    assert days_of(period) == (date(2026, 10, 26), date(2026, 11, 10))
    assert previous_of(period) == (date(2025, 10, 26), date(2025, 11, 10))
    none = clip(get_period("28 days", TODAY, NOTHING), date(2020, 1, 1), date(2026, 11, 10))
    assert previous_of(none) == (None, None)
    assert none.comparison == NOTHING


def test_figures_must_reach_back_to_the_day_before_the_earlier_days() -> None:
    period = get_period("28 days", TODAY)
    assert reaches_back(period, date(2026, 9, 27))
    assert not reaches_back(period, date(2026, 9, 28))
    assert not reaches_back(period, None)
