"""CSV reader: turns a file of past figures into rows, each read or refused with its reason.

Dates and figures are read after all rows: only the whole file shows whether "03/04" begins with the
day, and whether "1.234" is above a thousand.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, NamedTuple

from storage.csv_import.dates import read_dates
from storage.csv_import.header import MAX_HEADER, Columns, find_columns, find_encoding
from storage.csv_import.numbers import read_numbers
from storage.csv_import.refusals import UnreadableFile

# Three years of 900 Pages: read in some 5 s, and 400 MB of memory (measured).
MAX_ROWS = 1_000_000


class PageCells(NamedTuple):
    """How a row names its Page: by id where it has one (stripped), else by name (as written)."""

    id: str
    name: str


class FileRow(NamedTuple):
    """One readable row. ``line`` counts from 1, the header included; an empty cell is None."""

    line: int
    page: PageCells
    day: date
    fans: int | None
    followers: int | None


@dataclass(frozen=True)
class PastFigures:
    """A file: its readable rows in their order, and the others as (line, reason), in order.

    ``zone``: what the header gives for the dates, None for nothing: they are taken as UTC days.
    """

    rows: list[FileRow]
    refused: list[tuple[int, str]]
    zone: str | None


_Figure = int | str | None  # plain digits are a number already, an empty cell is None


class _Cells(NamedTuple):
    """A row as it stands in the file."""

    line: int
    page: PageCells
    day: str
    fans: _Figure
    followers: _Figure


def read_file(file: BinaryIO, today: date) -> PastFigures:
    """Read a whole file; days after ``today`` (UTC) are refused. Leaves the file open.

    Raises UnreadableFile when it is no file of past figures at all, or has more than MAX_ROWS.
    """
    file.seek(0)
    encoding = find_encoding(file.read(400))
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    refused: list[tuple[int, str]] = []
    try:
        header, line = text.readline(MAX_HEADER), 1
        if header.strip().lower() in ("sep=,", "sep=;", "sep=\t"):  # Excel's own first line
            header, line = text.readline(MAX_HEADER), 2
        columns = find_columns(header)
        cells = list(_iterate_cells(text, line, columns, refused))
    except UnicodeError as error:
        raise UnreadableFile(
            "The file is neither UTF-8 nor UTF-16. Save it as “CSV UTF-8” and try again."
        ) from error
    finally:
        with suppress(ValueError):
            text.detach()
    rows = _read_cells(cells, today, refused)
    return PastFigures(rows, sorted(refused), columns.zone)


def _iterate_cells(
    text: io.TextIOWrapper, header_line: int, columns: Columns, refused: list[tuple[int, str]]
) -> Iterator[_Cells]:
    """Yield the rows below the header; those that are too short or empty go to ``refused``."""
    reader = csv.reader(text, delimiter=columns.delimiter)
    # Pages and days repeat: each is kept in memory once.
    pages: dict[PageCells, PageCells] = {}
    days: dict[str, str] = {}
    last_line, count = header_line, 0
    try:
        for row in reader:
            line, last_line = last_line + 1, header_line + reader.line_num
            cells = _pick(row, columns)
            if isinstance(cells, str):
                refused.append((line, cells))
                continue
            count += 1
            if count > MAX_ROWS:
                raise UnreadableFile(f"The file has more than {MAX_ROWS:,d} rows. Split it.")
            page, day, fans, followers = cells
            page, day = pages.setdefault(page, page), days.setdefault(day, day)
            yield _Cells(line, page, day, fans, followers)
    except csv.Error as error:
        raise UnreadableFile(
            f"The file can't be read from line {last_line + 1:,d} on: a cell is longer than any "
            "name. Most likely a quotation mark is not closed."
        ) from error


def _pick(row: Sequence[str], columns: Columns) -> tuple[PageCells, str, _Figure, _Figure] | str:
    """Page, day, fans and followers of a row; or why it has none."""
    if not any(cell.strip() for cell in row):
        return "The row is empty."
    try:
        day, page_id = columns.get(row, "date"), columns.get(row, "page_id").strip()
        name = "" if page_id else columns.get(row, "page_name")
        fans, followers = (columns.get(row, name).strip() for name in ("fans", "followers"))
    except IndexError:
        return "Cells are missing."
    if not (page_id or name.strip() or day.strip() or fans or followers):
        return "The row is empty."
    return PageCells(page_id, name), day, _as_figure(fans), _as_figure(followers)


def _as_figure(cell: str) -> _Figure:
    if cell.isdigit() and cell.isascii() and len(cell) <= 10:
        return int(cell)
    return cell or None


def _read_cells(
    cells: Sequence[_Cells], today: date, refused: list[tuple[int, str]]
) -> list[FileRow]:
    dates = read_dates({row.day for row in cells}, today)
    figures = (figure for row in cells for figure in (row.fans, row.followers))
    numbers = read_numbers({figure for figure in figures if isinstance(figure, str)})
    rows: list[FileRow] = []
    for line, page, day_cell, fans_cell, followers_cell in cells:
        day = dates[day_cell]
        fans = numbers[fans_cell] if isinstance(fans_cell, str) else fans_cell
        followers = numbers[followers_cell] if isinstance(followers_cell, str) else followers_cell
        if isinstance(day, str):
            refused.append((line, day))
        elif isinstance(fans, str):
            refused.append((line, fans))
        elif isinstance(followers, str):
            refused.append((line, followers))
        elif fans is None and followers is None:
            refused.append((line, "There is neither a fan count nor a followers count."))
        else:
            rows.append(FileRow(line, page, day, fans, followers))
    return rows
