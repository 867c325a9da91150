"""Sentences about Facebook's daily metrics (views and engagement), as Markdown. Pure.

These days end at midnight Pacific time. Every chart says so, because all other days of the
dashboard are days in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pages.text.formats import at_about, count, counted, day, moment, number, plain, span
from pages.text.glossary import meaning

DAYS = (
    "Days as Facebook counts them: they end at midnight Pacific time (07:00 or 08:00 UTC), so they "
    "are not the days of fans and followers."
)
NOT_FETCHED = (
    "Not fetched yet. Views and engagement follow after the day's fans and followers, the newest "
    "days first."
)

# Facebook's daily figures that are added up, by `storage.insights.sums.SumKey`.
SumKey = Literal["views", "engagement"]
SUM_LABELS: Mapping[SumKey, str] = {
    "views": "Views (28 days)",
    "engagement": "Engagement (28 days)",
}
SUM_CHANGES: Mapping[SumKey, str] = {"views": "Views, change", "engagement": "Engagement, change"}
SUM_HELP = (
    "Of Facebook's newest 28 days up to the end of the period. A dash: no figure from Facebook for "
    "one of these days."
)
NO_SUM = "No sum of 28 days: no figure from Facebook for one of these days."
SUM_CHANGE_HELP = "More or less than in the 28 days before these."

# Why no account can fetch insights, by `storage.accounts.page_tokens.InsightAccess`.
NO_ACCESS: Mapping[str, str] = {
    "no_permission": (
        "Facebook gives views and engagement only with the permission `read_insights`, and no "
        "account that gives access to this Page has granted it. Renew the connection and leave it "
        "ticked; fans and followers don't need it."
    ),
    "no_task": (
        "Nobody who is connected here may see this Page's insights: the role on the Page lacks "
        "them. Ask one of its admins for the task Insights (`ANALYZE`), then renew the connection."
    ),
    "no_access": "No working connection gives access to this Page, so Facebook can't be asked.",
}

# The newest answer for a Page, by `storage.models.InsightState.state`; "{by}" is code and trace.
STATES: Mapping[str, str] = {
    "empty": ("Facebook was asked and has no figures for this Page. It is asked again every day."),
    "too_few_likes": (
        "Facebook gives views and engagement only for Pages with at least 100 likes. It is asked "
        "again every day."
    ),
    "no_permission": (
        "Facebook refused with {by}: a permission or a role is missing, although it was granted "
        "here. Renewing the connection mends it in most cases."
    ),
    "access_ended": (
        "Facebook no longer accepts the access to this Page ({by}). Connections says which account "
        "to renew."
    ),
    "not_answering": "Facebook did not answer for this Page ({by}). It is asked again every day.",
    "limited": "Facebook asked to slow down ({by}). The rest follows as soon as it allows it.",
    "refused": "Facebook refused with {by}. It is asked again every day.",
}


@dataclass(frozen=True)
class Answer:
    """Facebook's newest answer for a Page; fields as in `storage.models.InsightState`."""

    state: str
    code: int | None
    trace_id: str | None
    asked_at: datetime


def why_nothing(access: str, answer: Answer | None, limited_until: datetime | None) -> str:
    """Why this Page has no figures. The progress of a fetch is shown elsewhere."""
    if answer is None or answer.state == "ok":
        return NO_ACCESS.get(access, NOT_FETCHED)
    return NO_ACCESS.get(access) or trouble(answer, limited_until) or NOT_FETCHED


def trouble(answer: Answer, limited_until: datetime | None) -> str | None:
    """The error of the newest answer, as a sentence; None when it was no error."""
    if answer.state == "limited" and limited_until is not None:
        until = at_about(limited_until, answer.asked_at)
        return (
            f"Facebook asked to slow down ({_by(answer)}); it allows the rest from about {until}."
        )
    sentence = STATES.get(answer.state)
    return None if sentence is None else sentence.format(by=_by(answer))


def _by(answer: Answer) -> str:
    code = f"code {answer.code}" if answer.code is not None else "no code"
    return f"{code} (trace {plain(answer.trace_id)})" if answer.trace_id else code


def stale(access: str, answer: Answer | None, limited_until: datetime | None) -> str | None:
    """Why no newer figures arrive, shown below those that are stored; None when they do."""
    sentence = NO_ACCESS.get(access)
    if sentence is None and answer is not None:
        sentence = trouble(answer, limited_until)
    return None if sentence is None else f"{sentence} What was fetched before stays."


def progress(done: int, total: int) -> str:
    """ "Fetching from Facebook, newest days first… 24%"; without a total no percentage."""
    share = f" {min(99, 100 * done // total)}%" if total > 0 else ""
    return f"Fetching from Facebook, newest days first…{share}"


def source(fetched_at: datetime) -> str:
    """Where the newest figure of a chart comes from."""
    return f"Source: Facebook Insights, fetched {moment(fetched_at)}."


def summary(
    values: Sequence[tuple[date, int]], unit: str, kind: str, since: date, until: date
) -> str:
    """The chart in one sentence: a sum where days can be added, else the average or both ends.

    ``values``: day and figure, oldest first. ``kind`` as in `storage.models.InsightMetric`.
    """
    if not values:
        return f"Facebook gave no figures for {span(since, until)}."
    between = span(values[0][0], values[-1][0])
    if kind == "level":
        first, last = values[0][1], values[-1][1]
        if len(values) == 1:
            return f"{count(last)} {unit} on {day(values[-1][0])}."
        return f"From {count(first)} to {count(last)} {unit}, {between}."
    total = sum(value for _, value in values)
    average = _average(total / len(values))
    if kind == "count":
        return (
            f"{count(total)} {unit} on {counted(len(values), 'day')} ({between}), on average "
            f"{average} a day."
        )
    return (
        f"On average {average} {unit} a day on {counted(len(values), 'day')} ({between}). A person "
        "counts once a day, so the days are not added up."
    )


def sum_help(key: SumKey, name: str, until: date) -> str:
    """What a sum of 28 days is; ``name`` is Facebook's, of the daily figure."""
    return (
        f"{meaning(key)} Facebook's `{name}`, added up over the 28 days to {day(until)}, whatever "
        "period is shown. Only of Pages with a figure from Facebook for each of these days. They "
        "end at midnight Pacific time."
    )


def sums_caption(until: date) -> str:
    """The sentence on the sums of 28 days in a table, and on the dashes among them."""
    return (
        f"Views and engagement are those of the 28 days to {day(until)} (days end at midnight "
        "Pacific time), whatever period is shown, their change that against the 28 days before. A "
        "dash: no figure from Facebook for one of these days."
    )


def _average(value: float) -> str:
    """One decimal below 100, none from there on."""
    return number(value, 0 if value >= 100 or value == round(value) else 1)


def retired(on: date | None, replaced_by: str | None) -> str:
    """The sentence for a metric that Facebook has retired."""
    since = f" on {day(on)}" if on is not None else ""
    instead = f" In its place: {plain(replaced_by)}." if replaced_by else ""
    return f"Facebook retired this metric{since}. What was fetched before stays.{instead}"


def missing(days_count: int) -> str | None:
    """The sentence on days without a figure; None for no such day."""
    if not days_count:
        return None
    verb = "has" if days_count == 1 else "have"
    return f"{counted(days_count, 'day')} {verb} no figure from Facebook."


NO_UNFOLLOWS = "Facebook does not say how many stopped following, so followers lost are not known."


def status(state: str, retired_on: date | None, probed_at: datetime | None) -> str:
    """The status of a metric in the ledger, as the text of a cell."""
    if state == "retired":
        return f"Retired {day(retired_on)}" if retired_on is not None else "Retired"
    if state == "unconfirmed":
        return "Unconfirmed" if probed_at is None else "Unconfirmed, refused"
    return "Live"
