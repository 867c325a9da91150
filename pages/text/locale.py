"""Locale of a reader: how numbers and days are written, and in which zone clock times are. Pure.

Words stay English: of a locale only the signs in numbers and the order of day, month and year are
used. The formats read the locale of the present run from a context variable, as `decimal` reads its
context. A parameter would go through some 250 calls, and through every function between a screen
and its sentences, only to have the same value everywhere in a run; the one that was forgotten would
show a second way of writing beside the first. Without a reader (command line, logs, tests) it is
`BRITISH`: British order, UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import babel

MINUS = "\N{MINUS SIGN}"
DayOrder = Literal["dmy", "mdy", "ymd"]

# Language, script and region; what follows ("-u-nu-arab", "@posix", ".UTF-8") is not used.
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_MAX_NAME_LENGTH = 60


@dataclass(frozen=True)
class Locale:
    """How one reader writes. ``grouping``: digits of the last group, and of those before it."""

    decimal: str = "."
    group: str = ","
    grouping: tuple[int, int] = (3, 3)
    day_order: DayOrder = "dmy"
    zone: tzinfo = UTC


BRITISH = Locale()
_current: ContextVar[Locale] = ContextVar("locale", default=BRITISH)


def get_locale() -> Locale:
    """The reader of this run."""
    return _current.get()


def set_locale(locale: Locale) -> None:
    """Write for this reader until the end of the thread."""
    _current.set(locale)


@contextmanager
def use_locale(locale: Locale) -> Iterator[None]:
    """Write for this reader inside of the block."""
    token = _current.set(locale)
    try:
        yield
    finally:
        _current.reset(token)


@lru_cache(256)
def read_locale(name: str | None, zone: str | None) -> Locale:
    """The locale of a browser, which may send any text: what is not known is that of `BRITISH`.

    ``name``: as "de-DE"; ``zone``: an IANA name, as "Europe/Berlin".
    """
    zone_info = _find_zone(zone or "")
    babel_locale = _find_babel(name or "")
    if babel_locale is None:
        return Locale(zone=zone_info)
    # The screens' digits are Western ones; so are the signs that go with them.
    signs = babel_locale.number_symbols["latn"]
    grouping = babel_locale.decimal_formats[None].grouping
    return Locale(
        decimal=signs["decimal"],
        group=signs["group"],
        grouping=(grouping[0], grouping[1]),
        day_order=_read_order(babel_locale.date_formats["medium"].pattern),
        zone=zone_info,
    )


def _find_babel(name: str) -> babel.Locale | None:
    """Babel's locale of the tag, else of its language; None for neither."""
    tag = _TAG.match(name[:_MAX_NAME_LENGTH])
    parts = re.split("[-_]", tag.group()) if tag else []
    for text in dict.fromkeys(("_".join(parts), "_".join(parts[:1]))):
        try:
            babel_locale = babel.Locale.parse(text)
        except (ValueError, TypeError, babel.UnknownLocaleError):
            continue
        if "latn" in babel_locale.number_symbols:
            return babel_locale
    return None


def _read_order(pattern: str) -> DayOrder:
    """The order in a pattern such as "dd.MM.y" or "y 'ж'. dd MMM"; text in quotes is no part."""
    letters = re.sub("'[^']*'", "", pattern)
    day, month, year = (letters.find(letter) for letter in "dMy")
    if year < day and year < month:
        return "ymd"
    return "mdy" if month < day else "dmy"


def _find_zone(name: str) -> tzinfo:
    """The zone with this name; UTC for any other text."""
    if not re.fullmatch(r"[A-Za-z0-9_+/-]{1,60}", name):
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder, a path outside, not known
        return UTC
