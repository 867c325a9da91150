"""Which days a period has and is compared with."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.periods import DEFAULT_LABEL, LABELS, Period, get_period

DAYS = st.dates(date(2004, 2, 4), date(2100, 1, 1))


def test_28_days_end_today_and_follow_the_28_before() -> None:
    assert get_period("28 days", date(2026, 11, 22)) == Period(
        label="28 days",
        since=date(2026, 10, 26),
        until=date(2026, 11, 22),
        previous_since=date(2026, 9, 28),
        previous_until=date(2026, 10, 25),
    )


def test_labels_in_the_order_in_which_they_are_offered() -> None:
    assert LABELS == ("7 days", "28 days", "90 days")
    assert DEFAULT_LABEL in LABELS


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
    with pytest.raises(KeyError):
        get_period("29 days", date(2026, 11, 22))
