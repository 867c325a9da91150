"""Cells of a CSV file: read as days and as figures where the file leaves no doubt, else quoted.

A file writes its dates in one way and its figures in one way, so all cells together tell whether
day or month comes first, and which mark divides thousands. Dates are also read as ISO. People are
counted in whole numbers, so a mark before three digits marks thousands, unless the file itself uses
the same mark for fractions, or both marks for thousands.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import NamedTuple

MAX_QUOTE = 40  # characters


class UnreadableFile(Exception):
    """The file can't be read at all. The text tells a person why, and what to do."""


def quote(cell: str) -> str:
    """The cell in quotation marks: on one line, at most MAX_QUOTE characters of it."""
    text = "".join(c if c.isprintable() else " " for c in " ".join(cell.split()))
    cut = text if len(text) <= MAX_QUOTE else text[: MAX_QUOTE - 1].rstrip() + "…"
    return f"“{cut}”"


# Dates

FIRST_DAY = date(2004, 2, 4)  # Facebook began

_MIDNIGHT = r"(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?"
_ISO = re.compile(rf"(\d{{4}})([-/.]?)(\d\d)\2(\d\d){_MIDNIGHT}")
_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_DAY_OR_MONTH_FIRST = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})")
_DAY_MONTH = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3,9})\.?[ -](\d{4})")
_MONTH_DAY = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})")
_MONTHS = "january february march april may june july august september october november december"


def read_dates(cells: Collection[str], today: date) -> dict[str, date | str]:
    """The day of each cell, or the reason why it has none, in a sentence.

    "31.12.2025" has the day first. "03/04/2025" is read only where another of ``cells`` proves
    which comes first. A time of day other than midnight is refused, and so is a day after
    ``today`` (UTC).
    """
    order = _find_order(cells)
    return {cell: _read_date(cell.strip(), order, today) for cell in cells}


def _find_order(cells: Collection[str]) -> str:
    """ "day" or "month" comes first; "unknown"; "both" where the file contradicts itself."""
    dates = [match for cell in cells if (match := _DAY_OR_MONTH_FIRST.fullmatch(cell.strip()))]
    is_day_first = any(int(match[1]) > 12 for match in dates)
    is_month_first = any(int(match[3]) > 12 for match in dates)
    if is_day_first and is_month_first:
        return "both"
    return "day" if is_day_first else "month" if is_month_first else "unknown"


def _read_date(text: str, order: str, today: date) -> date | str:
    if not text:
        return "There is no date."
    if text[0] in "=+@":
        return "The date is a formula; formulas are not worked out."
    parts = _split_date(text, order)
    if isinstance(parts, str):
        return parts
    try:
        day = date(*parts)
    except ValueError:
        return f"There is no such day as {quote(text)}."
    if day > today:
        return f"The date is in the future: today is {today.isoformat()} (UTC)."
    if day < FIRST_DAY:
        return f"{day.isoformat()} is before Facebook began."
    return day


def _split_date(text: str, order: str) -> tuple[int, int, int] | str:
    """Year, month and day; or why not."""
    if match := _ISO.fullmatch(text):
        return int(match[1]), int(match[3]), int(match[4])
    if match := _DOTS.fullmatch(text):
        return int(match[3]), int(match[2]), int(match[1])
    if match := _DAY_OR_MONTH_FIRST.fullmatch(text):
        return _apply_order(text, int(match[1]), int(match[3]), int(match[4]), order)
    if match := _DAY_MONTH.fullmatch(text):
        return int(match[3]), _find_month(match[2]), int(match[1])
    if match := _MONTH_DAY.fullmatch(text):
        return int(match[3]), _find_month(match[1]), int(match[2])
    if re.match(r"\d{4}-\d\d-\d\d[T ]", text):
        return "The date has a time of day: give the day alone, as in 2025-12-31."
    return f"{quote(text)} is not a date: write it as 2025-12-31."


def _apply_order(
    text: str, first: int, second: int, year: int, order: str
) -> tuple[int, int, int] | str:
    if order == "both":
        return (
            f"{quote(text)} can't be read safely: some dates of the file have the month first, "
            "others the day. Write them as 2025-12-31."
        )
    if order == "day" or first == second:
        return year, second, first
    if order == "month":
        return year, first, second
    return (
        f"{quote(text)} can be read in two ways, and no date of the file tells which. "
        "Write it as 2025-12-31."
    )


def _find_month(name: str) -> int:
    """The month's number, 1 to 12; 0, which no date has, for another word."""
    numbers = [
        n for n, month in enumerate(_MONTHS.split(), start=1) if month.startswith(name.lower())
    ]
    return numbers[0] if len(numbers) == 1 else 0


# Figures

MAX_FIGURE = 20_000_000_000  # more than there are people

_SPACES = " \u00a0\u2009\u202f"
_NEVER_DECIMAL = f"[{_SPACES}'’]"
_GROUPED = re.compile(rf"\d{{1,3}}(?:({_NEVER_DECIMAL})\d{{3}}(?:\1\d{{3}})*)")
_ONE_MARK = re.compile(r"(\d+)([.,])(\d+)")
_MANY_MARKS = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})+")
_BOTH_MARKS = re.compile(rf"\d{{1,3}}(?:([.,]|{_NEVER_DECIMAL})\d{{3}})(?:\1\d{{3}})*([.,])(\d+)")


def read_numbers(cells: Collection[str]) -> dict[str, int | str]:
    """The figure of each cell, or the reason why it has none, in a sentence.

    ``cells``: all figures of a file that are not plain digits, stripped, none of them empty.
    """
    marks = _Marks(set(), set())
    for cell in cells:
        if match := _MANY_MARKS.fullmatch(cell):
            marks.thousands.add(match[1])
        elif match := _ONE_MARK.fullmatch(cell):
            (marks.thousands if _is_group(match) else marks.decimal).add(match[2])
        elif (match := _BOTH_MARKS.fullmatch(cell)) and match[1] != match[2]:
            marks.decimal.add(match[2])
            marks.thousands.add(match[1])
    return {cell: _read_number(cell, marks) for cell in cells}


class _Marks(NamedTuple):
    """The marks, point or comma, that a file's cells prove."""

    decimal: set[str]
    thousands: set[str]  # proven or possible


def _is_group(match: re.Match[str]) -> bool:
    """Whether the mark of _ONE_MARK can be one of thousands."""
    return len(match[1]) <= 3 and len(match[3]) == 3


def _read_number(cell: str, marks: _Marks) -> int | str:
    if cell.isascii() and cell.isdigit():
        return _bounded(cell)
    if re.fullmatch(rf"[-−]\s*\d[\d.,{_SPACES}]*", cell):
        return f"{quote(cell)} is below zero: no Page has that many."
    if cell[0] in "=+-@":
        return f"{quote(cell)} is a formula; formulas are not worked out."
    if match := _GROUPED.fullmatch(cell):
        return _bounded(cell.replace(match[1], ""))
    if match := _MANY_MARKS.fullmatch(cell):
        return _read_grouped(cell, match[1], marks)
    if match := _ONE_MARK.fullmatch(cell):
        if _is_group(match):
            return _read_grouped(cell, match[2], marks)
        return _without_fraction(cell, match[1], match[3], match[2], marks)
    if (match := _BOTH_MARKS.fullmatch(cell)) and match[1] != match[2]:
        whole = cell.rpartition(match[2])[0].replace(match[1], "")
        return _without_fraction(cell, whole, match[3], match[2], marks)
    return f"{quote(cell)} is not a whole number."


def _read_grouped(cell: str, mark: str, marks: _Marks) -> int | str:
    """A number whose mark stands before three digits."""
    other = "," if mark == "." else "."
    if mark in marks.decimal:
        return f"{quote(cell)} is ambiguous: the file also writes fractions with “{mark}”."
    if other in marks.thousands:
        return f"{quote(cell)} is ambiguous: the file marks thousands in two ways."
    return _bounded(cell.replace(mark, ""))


def _without_fraction(cell: str, whole: str, fraction: str, mark: str, marks: _Marks) -> int | str:
    if fraction.strip("0"):
        return f"{quote(cell)} is not a whole number."
    if mark in marks.thousands:
        return f"{quote(cell)} is ambiguous: the file also marks thousands with “{mark}”."
    return _bounded(whole)


def _bounded(digits: str) -> int | str:
    if len(digits) > 18 or int(digits) > MAX_FIGURE:
        return f"{quote(digits)} is more than there are people."
    return int(digits)
