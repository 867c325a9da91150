"""Dates of a CSV file: read as ISO, or in another way where the file leaves no doubt.

A file writes its dates in one way, so all of them together tell whether day or month comes first.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date

from storage.csv_import.refusals import quote

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
    return {cell: _read(cell.strip(), order, today) for cell in cells}


def _find_order(cells: Collection[str]) -> str:
    """ "day" or "month" comes first; "unknown"; "both" where the file contradicts itself."""
    dates = [match for cell in cells if (match := _DAY_OR_MONTH_FIRST.fullmatch(cell.strip()))]
    is_day_first = any(int(match[1]) > 12 for match in dates)
    is_month_first = any(int(match[3]) > 12 for match in dates)
    if is_day_first and is_month_first:
        return "both"
    return "day" if is_day_first else "month" if is_month_first else "unknown"


def _read(text: str, order: str, today: date) -> date | str:
    if not text:
        return "There is no date."
    if text[0] in "=+@":
        return "The date is a formula; formulas are not worked out."
    parts = _split(text, order)
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


def _split(text: str, order: str) -> tuple[int, int, int] | str:
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
