"""Formats of numbers, days and names, the same on every screen and in every browser.

Nothing depends on the locale of server or browser: 1.234 in a table and 1,234 in a sentence on the
same screen would look like two figures.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# An unknown value. The reason is shown beside it.
UNKNOWN = "–"

_WORD_JOINER = "\u2060"  # invisible; Streamlit then sees no ":material/…:", "www." link or "@"
# Characters that turn the direction of all text after them, also outside of the name. Names in
# Hebrew or Arabic are shown correctly without them.
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-!<>~$|&])")


def one_line(text: str) -> str:
    """The text on one line, without characters that change the direction of reading."""
    return " ".join(text.translate(_TURNS).split())


def plain(text: str) -> str:
    """The text escaped for Streamlit's Markdown, in labels and elsewhere.

    A backslash alone stops neither ``:material/delete:`` nor ``www.`` links, hence the word
    joiners. Line breaks become spaces: a label is one line.
    """
    text = _MARKDOWN.sub(r"\\\1", one_line(text))
    return (
        text.replace(":", ":" + _WORD_JOINER)
        .replace("www.", "www" + _WORD_JOINER + ".")
        .replace("@", "@" + _WORD_JOINER)
    )


def plain_badge(text: str) -> str:
    """The text escaped for ``st.badge``, which escapes square brackets itself."""
    return plain(text).replace("\\[", "[").replace("\\]", "]")


def plain_cell(text: str) -> str:
    """The text escaped for a cell of a ``ButtonColumn``: icons are read there, Markdown is not."""
    return one_line(text).replace(":", ":" + _WORD_JOINER)


def cut(text: str, length: int) -> str:
    """The text, or its beginning with "…", in at most ``length`` characters."""
    text = one_line(text)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def count(number: int | None) -> str:
    """2290456 → "2,290,456"; None → the dash."""
    return UNKNOWN if number is None else f"{number:,d}"


def signed(number: int | None) -> str:
    """8877 → "+8,877"; 0 → "0"; None → the dash."""
    if number is None:
        return UNKNOWN
    return f"{number:+,d}" if number else "0"


def signed_percent(percent: float | None, digits: int = 2) -> str:
    """2.06 → "+2.06%"; 0 after rounding → "0.00%"; None → the dash."""
    if percent is None:
        return UNKNOWN
    rounded = round(percent, digits)
    return f"{rounded:+,.{digits}f}%" if rounded else f"{0:.{digits}f}%"


def counted(number: int, noun: str) -> str:
    """1, "Page" → "1 Page"; 140, "Page" → "140 Pages"."""
    return f"{number:,d} {noun}{'' if number == 1 else 's'}"


def day(value: date, *, year: bool = True) -> str:
    """ "22 Nov 2026", or "22 Nov" without the year."""
    short = f"{value.day} {MONTHS[value.month - 1]}"
    return f"{short} {value.year}" if year else short


def weekday(value: date, *, year: bool = True) -> str:
    """ "Sat 7 Nov 2026", or "Sat 7 Nov" without the year."""
    return f"{WEEKDAYS[value.weekday()]} {day(value, year=year)}"


def span(since: date, until: date) -> str:
    """ "26 Oct – 22 Nov 2026", both ends included; the year stands twice only where it differs."""
    if since == until:
        return day(until)
    return f"{day(since, year=since.year != until.year)} – {day(until)}"


def clock(at: datetime) -> str:
    """ "06:05 UTC" of an aware UTC time."""
    return f"{at:%H:%M} UTC"


def moment(at: datetime) -> str:
    """ "22 Nov 2026, 06:05 UTC" of an aware UTC time."""
    return f"{day(at.date())}, {clock(at)}"


def when(at: datetime, now: datetime) -> str:
    """ "today 06:05 UTC", "yesterday 06:05 UTC", "20 Nov, 06:05 UTC" (other years are named)."""
    if at.date() == now.date():
        return f"today {clock(at)}"
    if at.date() == now.date() - timedelta(days=1):
        return f"yesterday {clock(at)}"
    return f"{day(at.date(), year=at.year != now.year)}, {clock(at)}"


def at_about(at: datetime, now: datetime) -> str:
    """ "14:05 UTC" where it is today, "20 Nov 2026, 14:05 UTC" on any other day."""
    return clock(at) if at.date() == now.date() else moment(at)


def listed(items: list[str]) -> str:
    """["a"] → "a"; ["a", "b", "c"] → "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
