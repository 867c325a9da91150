"""Which days a period has, and which days it is compared with: pure, without Streamlit.

Days are days in UTC, both ends included. Labels and comparisons are what the URL carries, so once
published they are not renamed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

A_DAY = timedelta(days=1)
# Facebook's first day, when it had no Pages yet: nobody can have asked for anything earlier.
FIRST_DAY = date(2004, 2, 4)

DAYS_OF_LABEL = {"7 days": 7, "28 days": 28, "90 days": 90}
A_YEAR, THIS_MONTH, LAST_MONTH, CUSTOM = "12 months", "This month", "Last month", "Custom"
# In the order in which they are offered.
LABELS = (*DAYS_OF_LABEL, A_YEAR, THIS_MONTH, LAST_MONTH, CUSTOM)
DEFAULT_LABEL = "28 days"
LONGER_LABEL = "90 days"  # what is offered where a period has no figures

PREVIOUS, LAST_YEAR, NOTHING = "vs previous period", "vs same period last year", "No comparison"
COMPARISONS = (PREVIOUS, LAST_YEAR, NOTHING)


@dataclass(frozen=True)
class Period:
    """Days to look at, and days to compare them with.

    ``previous_since`` and ``previous_until`` are None together when nothing is compared.
    ``comparison`` is one of COMPARISONS: which days were asked for. ``remark`` is a sentence on
    what was wrong with the days asked for, and what is shown instead.
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
        """How many days from `since` to `until`, both included; 1 or more."""
        return (self.until - self.since).days + 1

    @property
    def previous_days_count(self) -> int | None:
        """The same of the days it is compared with: a February may have 28 or 29."""
        if self.previous_since is None or self.previous_until is None:
            return None
        return (self.previous_until - self.previous_since).days + 1

    @property
    def versus(self) -> str | None:
        """ "vs previous" or "vs last year", for a tile; None where no comparison is wanted."""
        return {PREVIOUS: "vs previous", LAST_YEAR: "vs last year"}.get(self.comparison)


def get_period(label: str, today: date, comparison: str = PREVIOUS) -> Period:
    """The period of a label as it stands on the UTC day ``today``.

    "12 months" ends today and begins the day after the same day of last year; "This month" ends
    today. Raises KeyError for a label that is not in LABELS, or that has no days of its own.
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
    """The period between two days that an operator chose; one or both may be missing.

    Days the wrong way round are swapped, days beyond today or before FIRST_DAY are cut off, and a
    missing one is filled in; `Period.remark` says so.
    """
    remark = None
    if since is None and until is None:
        remark = "Choose the first and the last day; until then these are the last 28 days."
    if since is not None and until is not None and since > until:
        since, until = until, since
        remark = "The days were the wrong way round, so they are swapped."
    asked = (since, until)
    since, until = (each and min(max(each, FIRST_DAY), today) for each in asked)
    if (since, until) != asked:
        remark = "Days to come have no figures yet, so the period ends today."
        if any(each is not None and each < FIRST_DAY for each in asked):
            remark = "There was no Facebook before 4 Feb 2004, so the period begins there."
    until = until or today
    since = since or max(until - 27 * A_DAY, FIRST_DAY)
    return compared(Period(CUSTOM, since, until, None, None, comparison, remark))


def compared(period: Period) -> Period:
    """The same days, against those that its comparison asks for.

    "vs previous period": as many days right before them, for months too. "vs same period last
    year": the same dates, where 29 Feb counts as 28 Feb.
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
    """The part of the period for which there are snapshots, from the first to the last.

    Before the first nobody counted, and after the last nobody has refreshed: a period that reaches
    beyond either would leave out every Page. Today's snapshot may still be to come, so an end of
    yesterday is no reason. What begins later than asked for has nothing before it to be compared
    with. A period without any snapshot stays as it is.
    """
    since = max(period.since, first_day + A_DAY)
    until = period.until if last_day >= period.until - A_DAY else last_day
    if since > until:
        return period
    clipped = replace(period, since=since, until=until, previous_since=None, previous_until=None)
    return compared(clipped) if since == period.since else clipped


def reaches_back(period: Period, first_day: date | None) -> bool:
    """Whether there can be figures to compare with: a snapshot from before the earlier days."""
    return (
        period.previous_since is not None
        and first_day is not None
        and first_day < period.previous_since
    )
