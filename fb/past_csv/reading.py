"""Reads a CSV file of past figures into columns of numbers: pure, in one pass, a row at a time.

A million rows take some 30 MB here: a row is five numbers, and texts that repeat are kept once.
"""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from fb.past_csv.counts import read_counts
from fb.past_csv.days import read_days
from fb.past_csv.header import LONGEST_HEADER, Columns, Unreadable, find_columns, find_encoding

NO_FIGURE = -1
_REFUSED = -2
MOST_ROWS = 5_000_000


@dataclass(frozen=True)
class PageText:
    """How a row names its Page, as it stands there: by id where it has one, else by name."""

    id: str
    name: str


@dataclass
class PastFigures:
    """The readable rows of a file, column by column, in the order of the file.

    ``pages`` are places in ``page_texts``, ``days`` are ordinals, ``lines`` count from 1, a figure
    is NO_FIGURE where its cell is empty. ``refused`` are the others, as (line, reason), in order.
    """

    page_texts: list[PageText]
    lines: array[int]
    pages: array[int]
    days: array[int]
    fans: array[int]
    followers: array[int]
    refused: list[tuple[int, str]]
    zone: str | None = None


def read_file(file: BinaryIO, today: date) -> PastFigures:
    """Read a whole file; days after ``today`` are refused. Leaves the file open.

    Raises Unreadable when it is no file of past figures at all.
    """
    with _open_text(file) as text:
        header = text.readline(LONGEST_HEADER)
        line = 1
        if header.strip().lower() in ("sep=,", "sep=;", "sep=\t"):  # Excel's own first line
            header, line = text.readline(LONGEST_HEADER), 2
        columns = find_columns(header)
        reading = _Reading(columns)
        reading.read(text, line)
    return reading.finish(today)


@contextmanager
def _open_text(file: BinaryIO) -> Iterator[io.TextIOWrapper]:
    file.seek(0)
    encoding = find_encoding(file.read(400))
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield text
    except UnicodeError as error:
        raise Unreadable(
            "The file is neither UTF-8 nor UTF-16. Save it as “CSV UTF-8” and try again."
        ) from error
    finally:
        with suppress(ValueError):
            text.detach()


class _Reading:
    """What has been read so far; texts are judged at the end, when all of them are known."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.page_places: dict[tuple[str, str], int] = {}
        self.day_places: dict[str, int] = {}
        self.count_places: dict[str, int] = {}  # cells that are not plain digits
        self.lines, self.pages, self.days = array("l"), array("l"), array("l")
        self.fans, self.followers = array("q"), array("q")
        self.refused: list[tuple[int, str]] = []

    def read(self, text: io.TextIOWrapper, line: int) -> None:
        """Read what follows the header, which ends at ``line``."""
        rows = csv.reader(text, delimiter=self.columns.delimiter)
        at, last = line, line
        try:
            for row in rows:
                at, last = last + 1, line + rows.line_num
                self._add(at, row)
        except csv.Error as error:
            raise Unreadable(
                f"The file can't be read from line {last + 1:,d} on: a cell is longer than any "
                "name. Most likely a quotation mark is not closed."
            ) from error

    def _add(self, line: int, row: list[str]) -> None:
        c = self.columns
        try:
            day = row[c.date]
            page_id = row[c.page_id] if c.page_id is not None else ""
            name = row[c.page_name] if c.page_name is not None and not page_id.strip() else ""
            fans = row[c.fans] if c.fans is not None else ""
            followers = row[c.followers] if c.followers is not None else ""
        except IndexError:
            is_blank = not any(cell.strip() for cell in row)
            self.refused.append((line, "The row is empty." if is_blank else "Cells are missing."))
            return
        if not (
            page_id.strip() or name.strip() or day.strip() or fans.strip() or followers.strip()
        ):
            self.refused.append((line, "The row is empty."))
            return
        if len(self.lines) >= MOST_ROWS:
            raise Unreadable(f"The file has more than {MOST_ROWS:,d} rows. Split it.")
        key = (page_id.strip(), name)
        self.lines.append(line)
        self.pages.append(self.page_places.setdefault(key, len(self.page_places)))
        self.days.append(self.day_places.setdefault(day, len(self.day_places)))
        self.fans.append(self._figure(fans))
        self.followers.append(self._figure(followers))

    def _figure(self, cell: str) -> int:
        """The figure, NO_FIGURE, or below that the place of a text that is judged later."""
        if cell.isdigit() and cell.isascii() and len(cell) <= 10:
            return int(cell)
        cell = cell.strip()
        if not cell:
            return NO_FIGURE
        return _REFUSED - self.count_places.setdefault(cell, len(self.count_places))

    def finish(self, today: date) -> PastFigures:
        """Judge what was read."""
        days = read_days(list(self.day_places), today)
        counts = read_counts(list(self.count_places))
        pages = [PageText(*key) for key in self.page_places]
        result = PastFigures(
            pages, array("l"), array("l"), array("l"), array("q"), array("q"), self.refused
        )
        result.zone = self.columns.zone
        for line, page, day_place, fans, followers in zip(
            self.lines, self.pages, self.days, self.fans, self.followers, strict=True
        ):
            day = days[day_place]
            read_fans = fans if fans >= NO_FIGURE else counts[_REFUSED - fans]
            read_followers = followers if followers >= NO_FIGURE else counts[_REFUSED - followers]
            if isinstance(day, str):
                self.refused.append((line, day))
            elif isinstance(read_fans, str):
                self.refused.append((line, read_fans))
            elif isinstance(read_followers, str):
                self.refused.append((line, read_followers))
            elif read_fans == NO_FIGURE and read_followers == NO_FIGURE:
                self.refused.append((line, "There is neither a fan count nor a followers count."))
            else:
                result.lines.append(line)
                result.pages.append(page)
                result.days.append(day.toordinal())
                result.fans.append(read_fans)
                result.followers.append(read_followers)
        self.refused.sort()
        return result
