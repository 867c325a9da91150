"""Sentences and notes about unusual days on Overview. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from pages.charts.timeline import Note
from pages.text.formats import count, counted, day
from storage.metrics.unusual import is_wide, moved_ratio

MAX_NAMED = 3
CAUSE = "most likely a clean-up by Facebook"


class Unusual(Protocol):
    """The fields of `storage.figures.unusual.UnusualDay` that are used here."""

    @property
    def day(self) -> date: ...
    @property
    def judged_count(self) -> int: ...
    @property
    def rose_count(self) -> int: ...
    @property
    def fell_count(self) -> int: ...
    @property
    def is_platform_wide(self) -> bool: ...


def worth_naming(days: Sequence[Unusual]) -> list[Unusual]:
    """The days on which enough Pages were unusual: most Pages first, of equals the newest."""
    wide = [e for e in days if is_wide(e.judged_count, e.rose_count, e.fell_count)]
    return sorted(wide, key=lambda each: (each.is_platform_wide, _share(each), each.day))[::-1]


def describe(unusual: Unusual) -> str:
    """ "9 of 14 Pages fell far more than usual: most likely a clean-up by Facebook"."""
    moves = [(unusual.fell_count, "fell"), (unusual.rose_count, "rose")]
    (number, verb), (fewer, other) = sorted(moves, key=lambda move: -move[0])
    moved = f"{count(number)} of {counted(unusual.judged_count, 'Page')} {verb}"
    if fewer:
        moved += f" and {count(fewer)} {other}"
    cause = f": {CAUSE}" if unusual.is_platform_wide else ""
    return f"{moved} far more than usual{cause}"


def label(unusual: Unusual) -> str:
    """The label on the chart: "Clean-up", "Unusual fall" or "Unusual rise"."""
    if unusual.is_platform_wide:
        return "Clean-up"
    return "Unusual fall" if unusual.fell_count >= unusual.rose_count else "Unusual rise"


def sentence(days: Sequence[Unusual], until: date) -> str:
    """The sentence under the chart, oldest day first; empty for no day worth naming.

    "Unusual: 10 Nov, 9 of 14 Pages fell far more than usual: most likely a clean-up by Facebook."
    With the year only if it is not that of ``until``.
    """
    worth = worth_naming(days)
    if not worth:
        return ""
    named = [
        f"{day(each.day, year=each.day.year != until.year)}, {describe(each)}"
        for each in sorted(worth[:MAX_NAMED], key=lambda each: each.day)
    ]
    more = len(worth) - MAX_NAMED
    rest = f" And {counted(more, 'day')} more." if more > 0 else ""
    return f"Unusual: {'; '.join(named)}.{rest}"


def of_days(days: Sequence[Unusual], since: date, until: date) -> str:
    """The sentence on some days, both ends included: what was unusual, or that nothing was."""
    named = [each for each in worth_naming(days) if since <= each.day <= until]
    if not named:
        return "No more Pages than usual were out of the ordinary."
    return " ".join(f"{describe(each)}." for each in sorted(named, key=lambda each: each.day))


def notes(days: Sequence[Unusual]) -> list[Note]:
    """The days worth naming as notes for the chart, oldest first."""
    worth = worth_naming(days)[:MAX_NAMED]
    return [
        Note(each.day, describe(each), "platform", label(each))
        for each in sorted(worth, key=lambda each: each.day)
    ]


def _share(unusual: Unusual) -> float:
    return moved_ratio(unusual.judged_count, unusual.rose_count + unusual.fell_count)
