"""Texts of outages: why days have no figures. Pure; nothing is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from pages.text.formats import count

# By the cause of `storage.metrics.outages`, or the class name of an error in `fb.graph.errors`.
_WHY: Mapping[str, str] = {
    "not_connected": "not connected yet",
    "ended": "the access had ended",
    "disconnected": "the account was disconnected",
    "frozen": "the account was frozen",
    "no_access": "no account had access",
    "left_out": "no account had access, or it was archived",
    "cut_off": "the refresh was interrupted",
    "not_running": "Pagekeeper was not running",
    "unknown": "the reason is not known",
    "RateLimited": "Facebook's limit was reached",
    "TemporarilyDown": "Facebook was not answering",
    "Unreachable": "Facebook could not be reached",
    "UnreadableAnswer": "Facebook was not answering",
    "RedirectRefused": "Facebook could not be reached",
    "AccessEnded": "the access had ended",
    "PermissionMissing": "a permission was missing",
    "NotFound": "Facebook did not show the Page",
    "PageMoved": "Facebook gave the Page another ID",
    "Blocked": "Facebook had blocked the access",
}
_REFUSED = "Facebook refused"
MAX_REASONS = 3


def why(cause: str) -> str:
    """The reason of an outage, as the end of a sentence."""
    return _WHY.get(cause, _REFUSED)


def reasons(outages: Iterable[tuple[date, date, str]]) -> str:
    """The reasons of several outages, each a first day, a last day and a cause; empty without any.

    "Pagekeeper was not running", or with the days of each, the most first: "Pagekeeper was not
    running on 3, Facebook's limit was reached on 1".
    """
    days: dict[str, int] = {}
    for since, until, cause in outages:
        number = (until - since) // timedelta(days=1) + 1
        days[why(cause)] = days.get(why(cause), 0) + number
    if len(days) < 2:
        return "".join(days)
    most_first = sorted(days.items(), key=lambda each: -each[1])
    shown = [f"{text} on {count(number)}" for text, number in most_first[:MAX_REASONS]]
    rest = sum(number for _, number in most_first[MAX_REASONS:])
    return ", ".join([*shown, *([f"other reasons on {count(rest)}"] if rest else [])])
