"""Reads the figures of a file of past figures: whole numbers, with thousands marked or not.

Pure. People are counted in whole numbers, so a mark before three digits is one of thousands,
unless the file itself uses the same mark for fractions or both marks for thousands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fb.past_csv.texts import shown

# More than there are people.
LARGEST = 20_000_000_000

Reading = int | str

_SPACES = " \u00a0\u2009\u202f"
_NEVER_DECIMAL = f"[{_SPACES}'’]"
_GROUPED = re.compile(rf"\d{{1,3}}(?:({_NEVER_DECIMAL})\d{{3}}(?:\1\d{{3}})*)")
_ONE_MARK = re.compile(r"(\d+)([.,])(\d+)")
_MANY_MARKS = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})+")
_BOTH_MARKS = re.compile(rf"\d{{1,3}}(?:([.,]|{_NEVER_DECIMAL})\d{{3}})(?:\1\d{{3}})*([.,])(\d+)")


def read_counts(texts: Sequence[str]) -> list[Reading]:
    """For each text its figure, or the reason why it has none, in a sentence.

    ``texts`` are all cells of a file that are not plain digits.
    """
    cells = [text.strip() for text in texts]
    marks = _Marks(cells)
    return [_read(cell, marks) for cell in cells]


class _Marks:
    """What a file's cells prove about its point and its comma."""

    def __init__(self, cells: Iterable[str]) -> None:
        self.decimal: set[str] = set()
        self.thousands: set[str] = set()  # proven or possible
        for cell in cells:
            self._look_at(cell)

    def _look_at(self, cell: str) -> None:
        if found := _MANY_MARKS.fullmatch(cell):
            self.thousands.add(found[1])
        elif found := _ONE_MARK.fullmatch(cell):
            is_group = len(found[1]) <= 3 and len(found[3]) == 3
            (self.thousands if is_group else self.decimal).add(found[2])
        elif (found := _BOTH_MARKS.fullmatch(cell)) and found[1] != found[2]:
            self.decimal.add(found[2])
            self.thousands.add(found[1])


def _read(cell: str, marks: _Marks) -> Reading:
    if cell.isascii() and cell.isdigit():
        return _bounded(cell)
    if re.fullmatch(rf"[-−]\s*\d[\d.,{_SPACES}]*", cell):
        return f"{shown(cell)} is below zero: no Page has that many."
    if cell[0] in "=+-@":
        return f"{shown(cell)} is a formula; formulas are not worked out."
    if found := _GROUPED.fullmatch(cell):
        return _bounded(cell.replace(found[1], ""))
    if found := _MANY_MARKS.fullmatch(cell):
        return _grouped(cell, found[1], marks)
    if found := _ONE_MARK.fullmatch(cell):
        if len(found[1]) <= 3 and len(found[3]) == 3:
            return _grouped(cell, found[2], marks)
        return _without_fraction(cell, found[1], found[3], found[2], marks)
    if (found := _BOTH_MARKS.fullmatch(cell)) and found[1] != found[2]:
        whole = cell.rpartition(found[2])[0].replace(found[1], "")
        return _without_fraction(cell, whole, found[3], found[2], marks)
    return f"{shown(cell)} is not a whole number."


def _grouped(cell: str, mark: str, marks: _Marks) -> Reading:
    """A number whose mark stands before three digits."""
    other = "," if mark == "." else "."
    if mark in marks.decimal:
        return f"{shown(cell)} is ambiguous: the file also writes fractions with “{mark}”."
    if other in marks.thousands:
        return f"{shown(cell)} is ambiguous: the file marks thousands in two ways."
    return _bounded(cell.replace(mark, ""))


def _without_fraction(cell: str, whole: str, fraction: str, mark: str, marks: _Marks) -> Reading:
    if fraction.strip("0"):
        return f"{shown(cell)} is not a whole number."
    if mark in marks.thousands:
        return f"{shown(cell)} is ambiguous: the file also marks thousands with “{mark}”."
    return _bounded(whole)


def _bounded(digits: str) -> Reading:
    if len(digits) > 18 or int(digits) > LARGEST:
        return f"{shown(digits)} is more than there are people."
    return int(digits)
