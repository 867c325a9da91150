"""Dates of a file: read as days where the file leaves no doubt, else by the operator's answer.

A file writes its dates in one way, so all cells together tell whether day or month comes first,
whether they are whole months, and whether their times are the ends of Facebook's days.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, NamedTuple

from storage.csv_import.cells import quote

FIRST_DAY = date(2004, 2, 4)  # Facebook began
A_DAY = timedelta(days=1)

# Excel counts days from here: it takes 1900 for a leap year.
_SERIAL_START = date(1899, 12, 30)
_SERIALS = range((FIRST_DAY - _SERIAL_START).days, (date(2100, 1, 1) - _SERIAL_START).days)

_CLOCK = (
    r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?"
    r" ?([AaPp]\.?[Mm]\.?)?(?: ?(Z|[+-][0-9]{2}:?[0-9]{2}|[A-Z]{2,5}))?"
)
_TIME = re.compile(rf"(?:[T ]|, ?){_CLOCK}$")
_TIME_ALONE = re.compile(_CLOCK)
_AT_UTC = {"Z", "+0000", "+00:00", "UTC", "GMT", ""}  # dumps often lose the zone
_IN_CALIFORNIA = {"-0700", "-07:00", "PDT", "-0800", "-08:00", "PST"}
# Facebook's days end at midnight in California, which is 07:00 or 08:00 in UTC.
# https://developers.facebook.com/docs/graph-api/reference/insights
_DAY_ENDS = {7 * 3600, 8 * 3600}

_ISO = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2})")
_DOTS = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4}|[0-9]{2})")
_SLASHES = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})")
_HYPHENS = re.compile(r"([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})")
_NAME = r"([^\W\d_]{3,12})\.?"
_DAY_NAME_YEAR = re.compile(
    rf"([0-9]{{1,2}})\.?(?:er)?(?: |-| de ){_NAME},?(?: |-| de | del )([0-9]{{4}}|[0-9]{{2}})"
)
_NAME_DAY_YEAR = re.compile(rf"{_NAME} ([0-9]{{1,2}}),? ([0-9]{{4}})")
_WEEKDAY = re.compile(
    r"[^\W\d_]+(?:-feira)?\.?,? (?:(?=[^\W_]+\.?,? )|(?=([0-9]+[-/.]){2}[0-9]+$))"
)
_YEAR_MONTH = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})")
_MONTH_YEAR = re.compile(r"([0-9]{1,2})[-/.]([0-9]{4})")
_WEEK_OR_QUARTER = re.compile(r"\b(KW|W|wk|week|woche|semaine|semana|settimana|Q|T) ?-?[0-9]", re.I)
_SERIAL_AND_TIME = re.compile(r"([0-9]{5})([.,][0-9]+)")
_NAME_YEAR = re.compile(rf"{_NAME}(?: |-| de )([0-9]{{4}})")

# In English, German, French, Spanish, Portuguese and Italian, without accents.
_MONTHS = (
    "january januar janner janvier enero janeiro gennaio",
    "february februar fevrier febrero fevereiro febbraio",
    "march marz mars marzo marco",
    "april avril abril aprile",
    "may mai mayo maio maggio",
    "june juni juin junio junho giugno",
    "july juli juillet julio julho luglio",
    "august aout agosto",
    "september septembre septiembre setembro settembre",
    "october oktober octobre octubre outubro ottobre",
    "november novembre noviembre novembro",
    "december dezember decembre diciembre dezembro dicembre",
)

Order = Literal["day", "month", "both", "unknown"]


@dataclass(frozen=True)
class DateForms:
    """What all date cells of a file tell.

    ``order``: which comes first in 03/04/2024; "both" where the file contradicts itself, "unknown"
    where no cell proves it. ``are_dots_ordered``: it holds for 03.04.2024 too, whose day is else
    first. ``are_months``: every cell is a month. ``are_serials``: every cell is
    the number that Excel keeps for a day. ``are_day_ends``: every cell is the end of a Pacific day,
    as Graph writes it. ``have_times``: some cells have another time of day than midnight.
    """

    order: Order | None  # None: no date needs it
    are_dots_ordered: bool
    are_months: bool
    are_serials: bool
    are_day_ends: bool
    have_times: bool


@dataclass(frozen=True)
class DateChoices:
    """The operator's answers where the file can't tell; None: not answered.

    ``month_first`` for 03/04/2024. ``takes_month_end``: a month's figure is that of its last day.
    ``takes_day_before``: an end of a Pacific day stands for the day that ended.
    """

    month_first: bool | None = None
    takes_month_end: bool = False
    takes_day_before: bool | None = None


NO_CHOICES = DateChoices()


class Moment(NamedTuple):
    """A day, and the seconds since its midnight where the cell has a time (else 0)."""

    day: date
    seconds: int


def examine_dates(cells: Collection[str]) -> DateForms:
    """Return what these cells, together, tell about each other."""
    # A line of totals ("Sum") tells nothing of the others.
    texts = {text for cell in cells if any(map(str.isdigit, text := cell.strip()))}
    split = {text: _split_time(text) for text in texts}
    dates = {day for day, _, _ in split.values()}
    times = {(seconds, zone) for _, seconds, zone in split.values()}
    serials = {text for text in dates if _is_serial(text)}
    return DateForms(
        order=_find_order(dates),
        are_dots_ordered=_are_dots_ordered(dates),
        are_months=bool(dates) and all(_split_month(text) for text in dates),
        are_serials=bool(dates) and serials == dates,
        are_day_ends=bool(times)
        and all(
            (seconds in _DAY_ENDS and zone in _AT_UTC) or (seconds == 0 and zone in _IN_CALIFORNIA)
            for seconds, zone in times
        ),
        have_times=any(seconds for seconds, _ in times),
    )


def is_date(cell: str) -> bool:
    """Return whether a cell alone looks like a day or a month."""
    text = _split_time(cell.strip())[0]
    forms = (_ISO, _DOTS, _SLASHES, _HYPHENS, _YEAR_MONTH, _MONTH_YEAR)
    if any(form.fullmatch(text) for form in forms):
        return True
    match = _NAME_DAY_YEAR.fullmatch(text) or _NAME_YEAR.fullmatch(text)
    name = match[1] if match else (m[2] if (m := _DAY_NAME_YEAR.fullmatch(text)) else "")
    return bool(name) and _find_month(name) > 0


def read_dates(
    cells: Collection[str], today: date, choices: DateChoices = NO_CHOICES
) -> dict[str, Moment | str]:
    """Return the day of each cell, or the reason why it has none, in a sentence.

    "31.12.2025" has the day first. "03/04/2025" is read where another of ``cells`` proves which
    comes first, or the operator has said it. A day after ``today`` (UTC) is refused.
    """
    forms = examine_dates(cells)
    if not _are_years_last({_split_time(cell.strip())[0] for cell in cells}, today):
        forms = replace(forms, order="both", are_dots_ordered=True)
    return {cell: _read_date(cell.strip(), forms, choices, today) for cell in cells}


def read_time(cell: str) -> int:
    """Return the seconds since midnight of a cell with a time of day; 0 where it has none."""
    match = _TIME_ALONE.fullmatch(cell.strip())
    return _get_seconds(match) if match else _split_time(cell.strip())[1]


def _find_order(dates: Collection[str]) -> Order | None:
    matches = [m for text in dates if (m := _SLASHES.fullmatch(text) or _HYPHENS.fullmatch(text))]
    if _are_dots_ordered(dates):
        matches += filter(None, map(_DOTS.fullmatch, dates))
    unequal = [m for m in matches if int(m[1]) != int(m[2])]
    if not unequal:
        return None
    is_day_first = any(int(match[1]) > 12 for match in unequal)
    is_month_first = any(int(match[2]) > 12 for match in unequal)
    if is_day_first and is_month_first:
        return "both"
    return "day" if is_day_first else "month" if is_month_first else "unknown"


def _are_dots_ordered(dates: Collection[str]) -> bool:
    """Whether dates such as 04.27.2024 show that points don't have the day first."""
    return any(match and int(match[2]) > 12 for match in map(_DOTS.fullmatch, dates))


def _are_years_last(dates: Collection[str], today: date) -> bool:
    """Whether all years of two digits are possible: 24/04/27 may begin with its year."""
    matches = (_SLASHES.fullmatch(text) or _DOTS.fullmatch(text) for text in dates)
    years = (_get_year(match[3]) for match in matches if match and len(match[3]) == 2)
    return all(FIRST_DAY.year <= year <= today.year for year in years)


def _read_date(text: str, forms: DateForms, choices: DateChoices, today: date) -> Moment | str:
    if not text:
        return "There is no date."
    if text[0] in "=+@":
        return "The date is a formula; formulas are not worked out."
    written, seconds, _ = _split_time(text)
    parts = _split_date(written, forms, choices)
    if isinstance(parts, str):
        return parts
    try:
        day = date(*parts)
    except ValueError:
        return f"There is no such day as {quote(text)}."
    if forms.are_day_ends and choices.takes_day_before:
        day -= A_DAY
    if day > today:
        return f"The date is in the future: today is {today.isoformat()} (UTC)."
    if day < FIRST_DAY:
        return f"{day.isoformat()} is before Facebook began."
    return Moment(day, seconds)


def _split_date(text: str, forms: DateForms, choices: DateChoices) -> tuple[int, int, int] | str:
    """Return year, month and day; or why not."""
    if match := _ISO.fullmatch(text):
        year, month, day = (match[n] for n in ((1, 3, 4) if match[1] else (5, 6, 7)))
        return int(year), int(month), int(day)
    if (match := _DOTS.fullmatch(text)) and not forms.are_dots_ordered:
        return _get_year(match[3]), int(match[2]), int(match[1])
    if match := match or _SLASHES.fullmatch(text) or _HYPHENS.fullmatch(text):
        return _apply_order(text, int(match[1]), int(match[2]), _get_year(match[3]), forms, choices)
    if match := _DAY_NAME_YEAR.fullmatch(text):
        return _get_year(match[3]), _find_month(match[2]), int(match[1])
    if match := _NAME_DAY_YEAR.fullmatch(text):
        return int(match[3]), _find_month(match[1]), int(match[2])
    if month_and_year := _split_month(text):
        year_number, month_number = month_and_year
        if not (forms.are_months and choices.takes_month_end) or not 1 <= month_number <= 12:
            return f"{quote(text)} is a month, and a figure needs a day, as in 2025-12-31."
        return year_number, month_number, calendar.monthrange(year_number, month_number)[1]
    if forms.are_serials and _is_serial(text):
        day = _SERIAL_START + int(text) * A_DAY
        return day.year, day.month, day.day
    if _WEEK_OR_QUARTER.search(text):
        return f"{quote(text)} is no single day, and a figure needs one, as in 2025-12-31."
    return f"{quote(text)} is not a date: write it as 2025-12-31."


def _apply_order(
    text: str, first: int, second: int, year: int, forms: DateForms, choices: DateChoices
) -> tuple[int, int, int] | str:
    if forms.order == "both":
        return (
            f"{quote(text)} can't be read safely: the dates of the file contradict each other on "
            "where day, month and year stand. Write them as 2025-12-31."
        )
    if first == second or forms.order == "day":
        return year, second, first
    if forms.order == "month":
        return year, first, second
    if choices.month_first is None:
        return (
            f"{quote(text)} can be read in two ways, and no date of the file tells which. "
            "Write it as 2025-12-31."
        )
    return (year, first, second) if choices.month_first else (year, second, first)


def _get_year(digits: str) -> int:
    """Two digits are years of this century: Facebook has no older figures."""
    return int(digits) + (2000 if len(digits) == 2 else 0)


def _split_month(text: str) -> tuple[int, int] | None:
    """Return year and month of "2024-01", "01/2024" or "Jan 2024"; None for anything else."""
    if match := _YEAR_MONTH.fullmatch(text):
        return int(match[1]), int(match[2])
    if match := _MONTH_YEAR.fullmatch(text):
        return int(match[2]), int(match[1])
    if match := _NAME_YEAR.fullmatch(text):
        return int(match[2]), _find_month(match[1])
    return None


def _find_month(name: str) -> int:
    """The month's number, 1 to 12; 0, which no date has, for another word."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    numbers = [
        number
        for number, names in enumerate(_MONTHS, start=1)
        if any(month.startswith(bare) for month in names.split())
    ]
    return numbers[0] if len(numbers) == 1 else 0


def _drop_weekday(text: str) -> str:
    """Return "Apr 27, 2024" for "Sat, Apr 27, 2024", and "27.04.2024" for "Sa, 27.04.2024"."""
    match = _WEEKDAY.match(text)
    if match is None or _WEEK_OR_QUARTER.match(text):
        return text
    is_month = match[1] is None and _find_month(match[0].strip(" .,"))
    return text if is_month else text[match.end() :]


def _is_serial(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) == 5 and int(text) in _SERIALS


def _split_time(text: str) -> tuple[str, int, str]:
    """Return the date, the seconds since midnight, and the zone as written ("" without one)."""
    match = _TIME.search(text)
    if match is None:
        if serial := _SERIAL_AND_TIME.fullmatch(text):
            return serial[1], int(float(serial[2].replace(",", ".")) * 86_400), ""
        return _drop_weekday(text), 0, ""
    return _drop_weekday(text[: match.start()]), _get_seconds(match), match[5] or ""


def _get_seconds(match: re.Match[str]) -> int:
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        hour = hour % 12 + (12 if match[4][0] in "Pp" else 0)
    return hour * 3600 + minute * 60 + second
