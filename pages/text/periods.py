"""Periods: the days of each label, and the days that they are compared with. Pure.

Days are days in UTC, both ends included. Labels and comparisons are values of URL parameters: a
published one is never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from pages.text.formats import span

A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
# Facebook's first day: there are no earlier figures.
FIRST_DAY = date(2004, 2, 4)

DAYS_OF_LABEL = {"7 days": 7, "28 days": 28, "90 days": 90}
A_YEAR, THIS_MONTH, LAST_MONTH, CUSTOM = "12 months", "This month", "Last month", "Custom"
# In the order of the period bar.
LABELS = (*DAYS_OF_LABEL, A_YEAR, THIS_MONTH, LAST_MONTH, CUSTOM)
DEFAULT_LABEL = "28 days"
LONGER_LABEL = "90 days"  # offered where a period has no figures

PREVIOUS, LAST_YEAR, NOTHING = "vs previous period", "vs same period last year", "No comparison"
COMPARISONS = (PREVIOUS, LAST_YEAR, NOTHING)


@dataclass(frozen=True)
class Period:
    """The days of a screen, and the days that they are compared with.

    ``previous_since`` and ``previous_until`` are both None when nothing is compared.
    ``comparison`` is the operator's choice, one of COMPARISONS. ``remark`` is a sentence on days
    that had to be corrected; None when there were none.
    """

    label: str
    since: date
    until: date
    previous_since: date | None
    previous_until: date | None
    comparison: str = PREVIOUS
    remark: str | None = None

    @property
    def days_count(self) -> int:
        """The number of days, both ends included; 1 or more."""
        return (self.until - self.since).days + 1

    @property
    def previous(self) -> tuple[date, date] | None:
        """The days compared with, both ends included; None for no comparison."""
        if self.previous_since is None or self.previous_until is None:
            return None
        return self.previous_since, self.previous_until

    @property
    def previous_days_count(self) -> int | None:
        """The number of days compared with; it can differ by a leap day. None for no comparison."""
        return self.previous and (self.previous[1] - self.previous[0]).days + 1

    @property
    def versus(self) -> str | None:
        """ "vs previous" or "vs last year", for a tile; None for "No comparison"."""
        return {PREVIOUS: "vs previous", LAST_YEAR: "vs last year"}.get(self.comparison)


def get_period(label: str, today: date, comparison: str = PREVIOUS) -> Period:
    """The period of a label on the UTC day ``today``.

    "12 months" ends today and begins the day after the same day of last year; "This month" ends
    today. Raises KeyError for "Custom" and for labels that are not in LABELS.
    """
    if label == A_YEAR:
        since, until = year_before(today) + A_DAY, today
    elif label == THIS_MONTH:
        since, until = today.replace(day=1), today
    elif label == LAST_MONTH:
        until = today.replace(day=1) - A_DAY
        since = until.replace(day=1)
    else:
        since, until = today - (DAYS_OF_LABEL[label] - 1) * A_DAY, today
    return compared(Period(label, since, until, None, None, comparison))


def get_custom(
    since: date | None, until: date | None, today: date, comparison: str = PREVIOUS
) -> Period:
    """The period between two days of the operator's choice; one or both may be missing.

    Days in the wrong order are swapped, days after today or before FIRST_DAY are cut off, and a
    missing day is filled in. `Period.remark` reports the correction.
    """
    remark = None
    if since is None and until is None:
        remark = "Choose the first and the last day; until then these are the last 28 days."
    if since is not None and until is not None and since > until:
        since, until = until, since
        remark = "The days were the wrong way round, so they are swapped."
    requested = (since, until)
    since, until = (each and min(max(each, FIRST_DAY), today) for each in requested)
    if (since, until) != requested:
        remark = "Days to come have no figures yet, so the period ends today."
        if any(each is not None and each < FIRST_DAY for each in requested):
            remark = "There was no Facebook before 4 Feb 2004, so the period begins there."
    until = until or today
    since = since or max(until - 27 * A_DAY, FIRST_DAY)
    return compared(Period(CUSTOM, since, until, None, None, comparison, remark))


def compared(period: Period) -> Period:
    """The period with the previous days of its ``comparison``.

    "vs previous period": as many days right before, for months too. "vs same period last year":
    the same dates, with 28 Feb for 29 Feb.
    """
    since = until = None
    if period.comparison == LAST_YEAR:
        since, until = year_before(period.since), year_before(period.until)
    elif period.comparison == PREVIOUS:
        since, until = period.since - period.days_count * A_DAY, period.since - A_DAY
    return replace(period, previous_since=since, previous_until=until)


def year_before(day: date) -> date:
    """The same day of the year before; 28 Feb for 29 Feb. Raises ValueError in the year 1."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def clip(period: Period, first_day: date, last_day: date) -> Period:
    """The part of the period that has snapshots, between the first and the last day with one.

    Only Pages with a figure on both ends are compared, so a period that reaches beyond the
    snapshots would leave out all of them. A last snapshot of yesterday is enough, since today's may
    be still to come. A period whose begin is cut has no comparison. A period without snapshots is
    returned unchanged.
    """
    since = max(period.since, first_day + A_DAY)
    until = period.until if last_day >= period.until - A_DAY else last_day
    if since > until:
        return period
    clipped = replace(period, since=since, until=until, previous_since=None, previous_until=None)
    return compared(clipped) if since == period.since else clipped


def last_week(today: date, first_day: date, last_day: date) -> Period:
    """The seven days up to today, or up to the last snapshot where that is older than yesterday."""
    is_fresh = last_day >= today - A_DAY
    return clip(get_period("7 days", today if is_fresh else last_day), first_day, last_day)


def reaches_back(period: Period, first_day: date | None) -> bool:
    """Whether the previous days can have figures: ``first_day`` lies before them."""
    return bool(period.previous and first_day and first_day < period.previous[0])


def describe(period: Period) -> str:
    """ "26 Oct – 22 Nov 2026, days in UTC; compared with 28 Sep – 25 Oct 2026"."""
    text = f"{span(period.since, period.until)}, days in UTC"
    return f"{text}; compared with {span(*period.previous)}" if period.previous else text
