"""Periods: the days of each label, and the days that they are compared with. Pure.

Days are days in UTC, both ends included. Labels and comparisons are values of URL parameters: a
published one is never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pages.text.formats import day, span

A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
# Facebook's first day: there are no earlier figures.
FIRST_DAY = date(2004, 2, 4)

DAYS_OF_LABEL = {"7 days": 7, "28 days": 28, "90 days": 90}
A_YEAR, THIS_MONTH, LAST_MONTH, CUSTOM = "12 months", "This month", "Last month", "Custom"
YESTERDAY, THIS_YEAR, ALL_TIME = "Yesterday", "This year", "All time"
# The segments of the period bar, and the choices of its menu.
SEGMENTS = (*DAYS_OF_LABEL, A_YEAR, THIS_MONTH)
MORE = (YESTERDAY, LAST_MONTH, THIS_YEAR, ALL_TIME, CUSTOM)
LABELS = (*SEGMENTS, *MORE)
DEFAULT_LABEL = "28 days"
LONGER_LABEL = "90 days"  # offered where a period has no figures

PREVIOUS, LAST_YEAR, NOTHING = "vs previous period", "vs same period last year", "No comparison"
COMPARISONS = (PREVIOUS, LAST_YEAR, NOTHING)


@dataclass(frozen=True)
class Period:
    """The days of a screen, and the days that they are compared with.

    ``previous_since`` and ``previous_until`` are both None when nothing is compared.
    ``comparison`` is the operator's choice, one of COMPARISONS. ``remark`` is a sentence on days
    that had to be corrected; None when there were none. ``limits`` are sentences on figures that
    begin or end inside the requested days; empty when they don't.
    """

    label: str
    since: date
    until: date
    previous_since: date | None
    previous_until: date | None
    comparison: str = PREVIOUS
    remark: str | None = None
    limits: str = ""

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

    "12 months" begins the day after the same day of last year. All but "Yesterday" and "Last month"
    end today. "All time" begins with Facebook, which `clip` turns into the first day with figures,
    and has no comparison. Raises KeyError for "Custom" and for labels that are not in LABELS.
    """
    if label == ALL_TIME:
        since, until, comparison = FIRST_DAY, today, NOTHING
    elif label == YESTERDAY:
        since = until = today - A_DAY
    elif label == THIS_YEAR:
        since, until = today.replace(month=1, day=1), today
    elif label == A_YEAR:
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

    "vs previous period": as many days right before; for a month the calendar month before, and for
    one that is not over its same days, as far as it has them (30 Sep for 31 Oct); for this year the
    same days of last year. "vs same period last year": the same dates, with 28 Feb for 29 Feb.
    """
    since = until = None
    is_previous, label = period.comparison == PREVIOUS, period.label
    if period.comparison == LAST_YEAR or (is_previous and label == THIS_YEAR):
        since, until = year_before(period.since), year_before(period.until)
    elif is_previous and label in (THIS_MONTH, LAST_MONTH):
        last = period.since.replace(day=1) - A_DAY
        since = last.replace(day=1)
        is_whole = label == LAST_MONTH and (period.until + A_DAY).day == 1
        until = last if is_whole else min(last, since + (period.until - period.since))
    elif is_previous:
        since, until = period.since - period.days_count * A_DAY, period.since - A_DAY
    return replace(period, previous_since=since, previous_until=until)


def charted(period: Period) -> Period:
    """The days of the period's chart: those of the period, or the week up to "Yesterday".

    One day is no line. The day before it is a part of that week, so nothing is compared.
    """
    if period.label != YESTERDAY:
        return period
    since = period.until - 6 * A_DAY
    return compared(replace(period, since=since, comparison=NOTHING))


def week_of_yesterday(period: Period) -> str:
    """The sentence on a chart that draws more days than the period has; empty for other charts."""
    if charted(period) == period:
        return ""
    return f"The chart draws the week up to {day(period.until)}; tiles and tables are of that day."


def year_before(day: date) -> date:
    """The same day of the year before; 28 Feb for 29 Feb. Raises ValueError in the year 1."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


@dataclass(frozen=True)
class FigureDays:
    """The days on which some Pages have figures.

    ``first_day`` is the first day that at least half of them have; ``is_of_most``: some have
    earlier ones. ``last_day`` is the newest day, up to the end of a period, of any of them.
    """

    first_day: date
    last_day: date
    is_of_most: bool = False


def find_figure_days(
    first_days: Mapping[date, int], last_day: date | None, until: date
) -> FigureDays | None:
    """The days with figures of some Pages, for a period up to ``until``; None without a change.

    ``first_days``: how many Pages have their first figure on a day. A Page without any figure is
    not waited for, and one that begins at the end has no change before it: neither is counted.
    """
    if last_day is None:
        return None
    end = min(until, last_day)
    begun = {day: count for day, count in sorted(first_days.items()) if day < end}
    pages_count = 0
    for first_day, count in begun.items():
        pages_count += count
        if 2 * pages_count >= sum(begun.values()):
            return FigureDays(first_day, last_day, is_of_most=first_day > min(begun))
    return None


def clip(period: Period, days: FigureDays | None) -> Period:
    """The part of the period that has figures, with a sentence on what is cut off.

    Only Pages with a figure on both ends are compared, so a period that reaches beyond the figures
    of most Pages would leave out all of these. A last figure of yesterday is enough, since today's
    may be still to come. A period whose begin is cut has no comparison. A period without figures is
    returned unchanged.
    """
    if days is None:
        return period
    since = max(period.since, days.first_day + A_DAY)
    until = period.until if days.last_day >= period.until - A_DAY else days.last_day
    if since > until:
        return period
    limits = []
    if since > period.since:
        whose = " of most Pages" if days.is_of_most else ""
        limits.append(f"Figures{whose} begin on {day(days.first_day)}.")
    if until < period.until:
        limits.append(f"Figures end on {day(until)}.")
    clipped = replace(
        period,
        since=since,
        until=until,
        previous_since=None,
        previous_until=None,
        limits=" ".join(limits),
    )
    return compared(clipped) if since == period.since else clipped


def last_week(today: date, first_days: Mapping[date, int], last_day: date | None) -> Period | None:
    """The seven days up to today, or up to the last figure where that is older than yesterday.

    Cut to the days with figures; None without two days with any. An older week is "Custom".
    """
    if last_day is None:
        return None
    period = get_period("7 days", today)
    if last_day < today - A_DAY:
        period = get_custom(last_day - 6 * A_DAY, last_day, today)
    days = find_figure_days(first_days, last_day, period.until)
    return None if days is None else clip(period, days)


def reaches_back(period: Period, first_day: date | None) -> bool:
    """Whether the previous days can have figures: ``first_day`` lies before them."""
    return bool(period.previous and first_day and first_day < period.previous[0])


def describe(period: Period) -> str:
    """ "26 Oct – 22 Nov 2026; compared with 28 Sep – 25 Oct 2026".

    With a sentence where figures begin or end inside the requested days.
    """
    text = span(period.since, period.until)
    if period.label == ALL_TIME:
        text += "; compared with nothing"
    elif period.previous:
        text += f"; compared with {span(*period.previous)}"
    return f"{text}. {period.limits}" if period.limits else text
