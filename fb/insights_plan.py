"""Which days of insights to ask for next: the newest first, so that a screen fills soon. Pure.

Every metric of a Page has a span: the days that were asked for, without holes. A span grows at both
ends by requests of at most 90 days, and is stored with what they brought, so whoever goes on after
a restart goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from fb.graph.insights import MOST_DAYS

# Meta keeps two years; two days less, since nobody says in which zone they are counted.
KEPT_DAYS = 728
# Facebook goes on counting for days that are over: the newest ones are asked for again.
REVISED_DAYS = 3
A_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Days:
    """Pacific days, both ends included."""

    since: date
    until: date


def next_days(
    span: Days | None, newest: date, *, is_fresh: bool, most_days: int = MOST_DAYS
) -> Days | None:
    """Return the days to ask for next, None when nothing is lacking.

    ``is_fresh``: the newest days were asked for in this run. Windows overlap by a day, so that no
    difference of opinion on where a window ends can make a hole.
    """
    oldest = newest - (KEPT_DAYS - 1) * A_DAY
    length = (most_days - 1) * A_DAY
    if not is_fresh:
        if span is None or span.until < oldest:
            return Days(newest - length, newest)
        since = min(span.until, newest) - (REVISED_DAYS - 1) * A_DAY
        return Days(since, min(since + length, newest))
    if span is not None and span.since > oldest:
        return Days(max(oldest, span.since - length), span.since)
    return None


def grown(span: Days | None, asked: Days, last_day: date | None, newest: date) -> Days:
    """Return the span after ``asked`` was answered; ``last_day``: of the figures that came.

    Facebook may be days late: days at the new end that brought nothing are asked for again.
    """
    if span is None or span.until < asked.since - A_DAY:
        return Days(asked.since, last_day or asked.since)
    if asked.until < newest and asked.until > span.until:
        return Days(span.since, asked.until)  # more is to come: this is not its end
    return Days(min(span.since, asked.since), max(span.until, last_day or span.until))


def count_steps(spans: Mapping[str, Days], names: Collection[str], newest: date) -> int:
    """How many requests one Page will take until nothing is lacking."""
    steps = 0
    for span in {spans.get(name) for name in names}:
        is_fresh = False
        while (asked := next_days(span, newest, is_fresh=is_fresh)) is not None:
            is_fresh = is_fresh or asked.until >= newest
            span = grown(span, asked, asked.until, newest)
            steps += 1
    return steps
