"""Cells of a file: read as figures where the whole file leaves no doubt, else quoted.

A file writes its figures in one way, so all cells together tell which mark divides thousands.
People are counted in whole numbers, so a mark before three digits marks thousands, unless the file
itself uses the same mark for fractions, or both marks for thousands.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

MAX_QUOTE = 40  # characters


class UnreadableFile(Exception):
    """The file can't be read at all. The text tells a person why, and what to do."""


def quote(cell: str) -> str:
    """The cell in quotation marks: on one line, at most MAX_QUOTE characters of it."""
    text = "".join(c if c.isprintable() else " " for c in " ".join(cell.split()))
    cut = text if len(text) <= MAX_QUOTE else text[: MAX_QUOTE - 1].rstrip() + "…"
    return f"“{cut}”"


# Figures

MAX_FIGURE = 20_000_000_000  # more than there are people

# What tools and people write where a figure is not known, folded.
_PLACEHOLDERS = frozenset(
    (
        *("‐", "‑", "‒", "−", "―", ".", "..", "...", "…"),
        *("-", "–", "—", "--", "---", "?", "n/a", "na", "#n/a", "n.a.", "n/d", "n.d.", "nd", "s/o"),
        *("null", "(null)", "none", "nil", "nan", "undefined", "unknown", "k.a.", "n.v."),
        *("not available", "not applicable", "no data", "keine angabe"),
        *("#value!", "#ref!", "#div/0!", "#error!"),
    )
)

_SPACES = " \u00a0\u2009\u202f"
_NEVER_DECIMAL = f"[{_SPACES}'’]"
_GROUPED = re.compile(rf"\d{{1,3}}(?:({_NEVER_DECIMAL})\d{{3}}(?:\1\d{{3}})*)")
_ONE_MARK = re.compile(r"(\d+)([.,])(\d+)")
# India's way: three digits, and pairs before them.
_LAKHS = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}", re.ASCII)
_MANY_MARKS = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})+")
_BOTH_MARKS = re.compile(rf"\d{{1,3}}(?:([.,]|{_NEVER_DECIMAL})\d{{3}})(?:\1\d{{3}})*([.,])(\d+)")
# "12k", "1.2M", "ca. 12000".
_ROUNDED = re.compile(
    r"(?:ca\.?|circa|approx\.?|about|env\.?|[~≈<>]) ?[\d.,]+ ?\w{0,3}|"
    r"[\d.,]+ ?(?:k|m|mio|tsd|mil|mn)\.?",
    re.IGNORECASE,
)


def is_placeholder(cell: str) -> bool:
    """Return whether a cell says that a figure is not known. An empty cell is none."""
    return cell.casefold() in _PLACEHOLDERS


def read_numbers(cells: Collection[str]) -> dict[str, int | str]:
    """The figure of each cell, or the reason why it has none, in a sentence.

    ``cells``: all figures of a file that are not plain digits, stripped, none of them empty.
    """
    marks = _Marks(set(), set())
    for cell in cells:
        if _LAKHS.fullmatch(cell):
            marks.thousands.add(",")
        elif match := _MANY_MARKS.fullmatch(cell):
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
    return len(match[1]) <= 3 and len(match[3]) == 3 and match[1][0] != "0"


def _read_number(cell: str, marks: _Marks) -> int | str:
    if cell.isascii() and cell.isdigit():
        return _bounded(cell)
    if re.fullmatch(rf"[-−]\s*\d[\d.,{_SPACES}]*", cell):
        return f"{quote(cell)} is below zero: no Page has that many."
    if re.fullmatch(rf"\+\s*\d[\d.,{_SPACES}]*", cell):
        return f"{quote(cell)} is written as a change, and a total is needed."
    if _ROUNDED.fullmatch(cell):
        return f"{quote(cell)} is rounded, and the exact figure is needed."
    if cell[0] in "=+-@":
        return f"{quote(cell)} is a formula; formulas are not worked out."
    if match := _GROUPED.fullmatch(cell):
        return _bounded(cell.replace(match[1], ""))
    if _LAKHS.fullmatch(cell):
        return _read_grouped(cell, ",", marks)
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
