"""Messages: writes due warnings as sentences for people who are not looking at the dashboard.

Names come from Facebook. In sentences they are one line without anything that a mail program or
Slack would turn into a link; each channel escapes the whole text once more in its own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from storage.warnings.due import AccountKind, Due
from storage.warnings.topics import UnusualNames

MAX_NAME = 60
_WORD_JOINER = "\u2060"  # invisible, and no program sees an address across it
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)))
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class Item:
    """One warning in words. ``name`` is the account's or the Page's as Facebook has it."""

    key: str
    kind: str
    name: str
    at: datetime
    sentence: str


@dataclass(frozen=True)
class Message:
    """What is sent at once: a subject, and a sentence for each warning. A test has no warning.

    ``link``: where the operator goes on.
    """

    subject: str
    items: tuple[Item, ...]
    link: str
    is_sandbox: bool
    sent_at: datetime

    @property
    def is_test(self) -> bool:
        return not self.items

    @property
    def sentences(self) -> tuple[str, ...]:
        """The warnings in words, each a line."""
        sandbox = ("From the sandbox: none of this is real.",) if self.is_sandbox else ()
        if self.is_test:
            return (*sandbox, "This is a test. Warnings of your Facebook Pages will come this way.")
        return (*sandbox, *(item.sentence for item in self.items))


def write(due: Sequence[Due], origin: str, now: datetime, *, is_sandbox: bool) -> Message:
    """Write warnings as one message; without any it is a test. ``origin``: the dashboard's."""
    items = tuple(
        Item(each.key, each.kind, one_line(each.name), each.at, _sentence(each, now))
        for each in due
    )
    subject = f"{len(due)} warnings" if due else "test message"
    if len(due) == 1:
        subject = _subject(due[0], now)
    prefix = "Pagekeeper (sandbox): " if is_sandbox else "Pagekeeper: "
    return Message(prefix + subject, items, _link(due, origin), is_sandbox, now)


def _link(due: Sequence[Due], origin: str) -> str:
    if not due:
        return f"{origin}/setup"
    is_of_account = any(each.kind in get_args(AccountKind) for each in due)
    return f"{origin}/connections" if is_of_account else f"{origin}/"


def one_line(text: str) -> str:
    """The text on one line, without controls and what changes the direction of reading."""
    return " ".join(text.translate(_TURNS).split()).translate(_CONTROLS)


def quiet(name: str) -> str:
    """A name for a sentence: one line, cut, and with nothing that looks like an address."""
    name = one_line(name)
    return _unlinked(name if len(name) <= MAX_NAME else name[: MAX_NAME - 1].rstrip() + "…")


def _unlinked(text: str) -> str:
    for sign in ":@./":
        text = text.replace(sign, sign + _WORD_JOINER)
    return text


def write_day(at: datetime) -> str:
    """ "6 December 2026", in UTC."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def _subject(due: Due, now: datetime) -> str:
    name = quiet(due.name)
    match due.kind:
        case "access_ends":
            return f"{name}'s access runs out {_left(due.at, now)}"
        case "data_access_ends":
            return f"{name} has to confirm {_left(due.at, now)}"
        case "access_ran_out":
            return f"{name}'s access ran out"
        case "access_ended":
            return f"{name}'s access has ended"
        case "no_snapshot":
            return f"no figures of {write_day(due.at)}"
        case "unusual_day":
            return f"{write_day(due.at)} was an unusual day"
        case "goal_missed":
            return f"{name} has missed its goal"
        case "week":
            return f"the week up to {write_day(due.at)}"


def _sentence(due: Due, now: datetime) -> str:
    name, on, left = quiet(due.name), write_day(due.at), _left(due.at, now)
    match due.kind:
        case "access_ends":
            return (
                f"{name}'s access runs out on {on}, {left}. Renew it on Connections, signed in to "
                f"Facebook as {name}."
            )
        case "data_access_ends":
            return (
                f"Facebook asks {name} to confirm every 90 days. On {on}, {left}, figures stop "
                f"until that is done: renew on Connections, signed in to Facebook as {name}."
            )
        case "access_ran_out":
            return (
                f"{name}'s access ran out on {on}. Figures go on for a while; new Pages and "
                "permissions can't be read until it is renewed on Connections."
            )
        case "access_ended":
            return (
                f"{name}'s access ended on {on}, and no figures are read through it any more. "
                "Connections says why, and what to do."
            )
        case "no_snapshot":
            return (
                f"No figures of {on} were taken. The day stays empty for good, since Facebook "
                "gives no past figures: Activity says what failed."
            )
        case "unusual_day":
            return _unusual(due.facts["names"], on)
        case "goal_missed":
            reached, target, metric = (due.facts[key] for key in ("reached", "target", "metric"))
            return f"{name} had {reached:,} of {target:,} {metric} on {on}: the goal was missed."
        case "week":
            return " ".join(map(_unlinked, map(one_line, due.facts["lines"])))


def _unusual(names: UnusualNames, on: str) -> str:
    shown = [quiet(name) for name in names.page_names]
    more = names.pages_count - len(shown)
    listed = ", ".join(shown) + (f" and {more:,} more" if more else "")
    pages = "1 Page" if names.pages_count == 1 else f"{names.pages_count:,} Pages"
    text = f"{on} was unusual: {pages} rose or fell far more than usual ({listed})."
    if names.tag_names:
        tags = ", ".join(f"“{quiet(name)}”" for name in names.tag_names)
        text += f" That is many of the Pages with the tag {tags}."
    return text


def _left(at: datetime, now: datetime) -> str:
    days = -(-(at - now) // timedelta(days=1))
    return f"in {days} days" if days > 1 else "within a day"
