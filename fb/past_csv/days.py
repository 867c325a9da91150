"""Reads the dates of a file of past figures: ISO first, others only where they have one reading.

Pure. A file writes its dates one way, so all of them together say which way that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from fb.past_csv.texts import shown

FIRST_DAY = date(2004, 2, 4)  # Facebook began

_MIDNIGHT = r"(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?"
_ISO = re.compile(rf"(\d{{4}})([-/.]?)(\d\d)\2(\d\d){_MIDNIGHT}")
_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_TWO_WAYS = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})")
_DAY_MONTH = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3,9})\.?[ -](\d{4})")
_MONTH_DAY = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)

Reading = date | str


def read_days(texts: Sequence[str], today: date) -> list[Reading]:
    """For each text its day, or the reason why it has none, in a sentence.

    "31.12.2025" is day first. "03/04/2025" is read only where another date of ``texts`` proves
    which of the two comes first. A time of day other than midnight is refused, and so is a day
    after ``today``.
    """
    order = _find_order(texts)
    return [_read(text.strip(), order, today) for text in texts]


def _find_order(texts: Iterable[str]) -> str:
    """ "day" or "month" comes first; "unknown"; "both" where the file contradicts itself."""
    firsts, seconds = False, False
    for text in texts:
        found = _TWO_WAYS.fullmatch(text.strip())
        if found:
            firsts |= int(found[1]) > 12
            seconds |= int(found[3]) > 12
    if firsts and seconds:
        return "both"
    return "day" if firsts else "month" if seconds else "unknown"


def _read(text: str, order: str, today: date) -> Reading:
    if not text:
        return "There is no date."
    if text[0] in "=+@":
        return "The date is a formula; formulas are not worked out."
    parts = _parts(text, order)
    if isinstance(parts, str):
        return parts
    try:
        day = date(*parts)
    except ValueError:
        return f"There is no such day as {shown(text)}."
    if day > today:
        return f"The date is in the future: today is {today.isoformat()} (UTC)."
    if day < FIRST_DAY:
        return f"{day.isoformat()} is before Facebook began."
    return day


def _parts(text: str, order: str) -> tuple[int, int, int] | str:
    """Year, month, day; or why not."""
    if found := _ISO.fullmatch(text):
        return int(found[1]), int(found[3]), int(found[4])
    if found := _DOTS.fullmatch(text):
        return int(found[3]), int(found[2]), int(found[1])
    if found := _TWO_WAYS.fullmatch(text):
        return _two_ways(text, int(found[1]), int(found[3]), int(found[4]), order)
    if found := _DAY_MONTH.fullmatch(text):
        return int(found[3]), _month(found[2]), int(found[1])
    if found := _MONTH_DAY.fullmatch(text):
        return int(found[3]), _month(found[1]), int(found[2])
    if re.match(r"\d{4}-\d\d-\d\d[T ]", text):
        return "The date has a time of day: give the day alone, as in 2025-12-31."
    return f"{shown(text)} is not a date: write it as 2025-12-31."


def _two_ways(
    text: str, first: int, second: int, year: int, order: str
) -> tuple[int, int, int] | str:
    if order == "day":
        return year, second, first
    if order == "month":
        return year, first, second
    if order == "both":
        return (
            f"{shown(text)} can't be read safely: some dates of the file have the month first, "
            "others the day. Write them as 2025-12-31."
        )
    if first == second:
        return year, second, first
    return (
        f"{shown(text)} can be read in two ways, and no date of the file tells which. "
        "Write it as 2025-12-31."
    )


def _month(name: str) -> int:
    """The month's number; 0, which no date has, for another word."""
    found = [n for n, month in enumerate(_MONTHS, start=1) if month.startswith(name.lower())]
    return found[0] if len(found) == 1 else 0
