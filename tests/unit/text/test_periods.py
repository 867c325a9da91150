"""Which days a period has and is compared with."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.text.periods import (
    ALL_TIME,
    COMPARISONS,
    CUSTOM,
    FIRST_DAY,
    LABELS,
    LAST_YEAR,
    NOTHING,
    PREVIOUS,
    YESTERDAY,
    FigureDays,
    Period,
    charted,
    clip,
    describe,
    find_figure_days,
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


def d(month: int, day: int, year: int = 2026) -> date:
    return date(year, month, day)


@pytest.mark.parametrize(
    ("label", "today", "since", "until"),
    [
        ("This month", d(11, 14), d(10, 1), d(10, 14)),
        ("This month", d(11, 1), d(10, 1), d(10, 1)),
        # September has no 31st, February none of the last three days.
        ("This month", d(10, 31), d(9, 1), d(9, 30)),
        ("This month", d(3, 30), d(2, 1), d(2, 28)),
        ("This month", d(3, 30, 2028), d(2, 1, 2028), d(2, 29, 2028)),
        # Today the last day of its month: its same days, without the 31st of the month before.
        ("This month", d(11, 30), d(10, 1), d(10, 30)),
        ("This month", d(1, 1, 2027), d(12, 1), d(12, 1)),
        ("Last month", d(11, 14), d(9, 1), d(9, 30)),
        ("Last month", d(12, 1), d(10, 1), d(10, 31)),
        ("Last month", d(3, 31), d(1, 1), d(1, 31)),
        ("Last month", d(1, 1, 2027), d(11, 1), d(11, 30)),
        ("Yesterday", d(11, 14), d(11, 12), d(11, 12)),
        ("Yesterday", d(1, 1, 2027), d(12, 30), d(12, 30)),
        ("This year", d(11, 14), d(1, 1, 2025), d(11, 14, 2025)),
        ("This year", d(1, 1), d(1, 1, 2025), d(1, 1, 2025)),
        ("This year", d(2, 29, 2028), d(1, 1, 2027), d(2, 28, 2027)),
    ],
)
def test_the_previous_days_are_those_of_the_calendar(
    label: str, today: date, since: date, until: date
) -> None:
    assert previous_of(get_period(label, today)) == (since, until)


def test_a_month_whose_end_has_no_figures_is_compared_with_its_same_days() -> None:
    october = clip(
        get_period("Last month", TODAY), FigureDays(date(2020, 1, 1), date(2026, 10, 20))
    )
    assert previous_of(october) == (date(2026, 9, 1), date(2026, 9, 20))


def test_a_year_that_began_today_is_one_day() -> None:
    assert days_of(get_period("This year", d(1, 1))) == (d(1, 1), d(1, 1))
    assert days_of(get_period("This year", TODAY)) == (d(1, 1), TODAY)


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_all_time_is_compared_with_nothing(comparison: str) -> None:
    days = FigureDays(date(2025, 3, 8), TODAY)
    period = clip(get_period(ALL_TIME, TODAY, comparison), days)
    assert days_of(period) == (date(2025, 3, 9), TODAY)
    assert (previous_of(period), period.versus) == ((None, None), None)
    assert describe(period) == (
        "9 Mar 2025 – 22 Nov 2026; compared with nothing. Figures begin on 8 Mar 2025."
    )
    assert days_of(get_period(ALL_TIME, TODAY, comparison)) == (FIRST_DAY, TODAY)


def test_yesterday_is_one_day_and_a_week_in_the_chart() -> None:
    period = get_period(YESTERDAY, TODAY)
    assert days_of(period) == (d(11, 21), d(11, 21))
    assert days_of(charted(period)) == (d(11, 15), d(11, 21))
    assert charted(period).previous is None
    month = get_period("This month", TODAY)
    assert charted(month) is month


@given(
    label=st.sampled_from([label for label in LABELS if label not in (CUSTOM, ALL_TIME)]),
    today=DAYS,
    comparison=st.sampled_from([PREVIOUS, LAST_YEAR]),
)
def test_the_previous_days_never_overlap_the_period(
    label: str, today: date, comparison: str
) -> None:
    period = get_period(label, today, comparison)
    assert period.since <= period.until <= today
    since, until = period.previous or (today, today)
    assert since <= until < period.since


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
    until_10_nov = FigureDays(date(2020, 1, 1), date(2026, 11, 10))
    period = clip(get_period("28 days", TODAY, LAST_YEAR), until_10_nov)
    assert days_of(period) == (date(2026, 10, 26), date(2026, 11, 10))
    assert previous_of(period) == (date(2025, 10, 26), date(2025, 11, 10))
    none = clip(get_period("28 days", TODAY, NOTHING), until_10_nov)
    assert previous_of(none) == (None, None)
    assert none.comparison == NOTHING


def test_figures_must_reach_back_to_the_day_before_the_earlier_days() -> None:
    period = get_period("28 days", TODAY)
    assert reaches_back(period, date(2026, 9, 27))
    assert not reaches_back(period, date(2026, 9, 28))
    assert not reaches_back(period, None)


JAN, AUG, NOV = date(2026, 1, 1), date(2026, 8, 30), date(2026, 11, 12)


@pytest.mark.parametrize(
    ("first_days", "first_day", "is_of_most"),
    [
        ({JAN: 1, AUG: 55}, AUG, True),  # one Page's long history
        ({JAN: 1, AUG: 1}, JAN, False),  # half of them have the first day
        ({JAN: 1, AUG: 1, NOV: 1}, AUG, True),
        ({JAN: 40, NOV: 20}, JAN, False),  # those that join later spoil nothing
        ({JAN: 20, NOV: 40}, NOV, True),
        ({JAN: 1, TODAY: 55}, JAN, False),  # nothing of these can be compared yet
        ({AUG: 1}, AUG, False),
    ],
)
def test_figures_begin_on_the_first_day_that_half_of_the_pages_have(
    first_days: dict[date, int], first_day: date, is_of_most: bool
) -> None:
    expected = FigureDays(first_day, TODAY, is_of_most)
    assert find_figure_days(first_days, TODAY, TODAY) == expected


def test_pages_that_begin_after_the_period_are_not_waited_for() -> None:
    assert find_figure_days({JAN: 1, AUG: 55}, TODAY, AUG) == FigureDays(JAN, TODAY)
    # The end of the period is the last figure: today's are still to come.
    yesterday = TODAY - A_DAY
    days = find_figure_days({JAN: 1, yesterday: 55}, yesterday, TODAY)
    assert days == FigureDays(JAN, yesterday)
    assert find_figure_days({TODAY: 55}, TODAY, TODAY) is None
    assert find_figure_days({}, None, TODAY) is None


def test_the_shown_days_say_where_figures_begin_and_end() -> None:
    year = get_period("12 months", TODAY)
    assert describe(clip(year, FigureDays(AUG, TODAY, is_of_most=True))) == (
        "31 Aug – 22 Nov 2026. Figures of most Pages begin on 30 Aug 2026."
    )
    assert describe(clip(year, FigureDays(AUG, NOV))) == (
        "31 Aug – 12 Nov 2026. Figures begin on 30 Aug 2026. Figures end on 12 Nov 2026."
    )
    whole = clip(year, FigureDays(year.since - A_DAY, TODAY - A_DAY, is_of_most=True))
    assert whole == year
    # Nothing is cut where no figure lies in the period.
    assert clip(get_period("7 days", TODAY), FigureDays(JAN, AUG)).limits == ""
