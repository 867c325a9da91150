"""CSV reader: finds a file's columns, and turns it into rows, each read or refused with its reason.

A file whose encoding, delimiter or columns are not clear is refused: nothing is guessed. Dates and
figures are read after all rows: only the whole file shows whether "03/04" begins with the day, and
whether "1.234" is above a thousand.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, NamedTuple

from storage.csv_import.cells import UnreadableFile, quote, read_dates, read_numbers

# Three years of 900 Pages: read in some 5 s, and 400 MB of memory (measured).
MAX_ROWS = 1_000_000
DELIMITERS = (",", ";", "\t")
# More than any spreadsheet shows. A file without line breaks must not be read whole as its header.
MAX_HEADER = 20_000  # characters

# Names of the columns, in our own exports and elsewhere; compared without case and punctuation.
NAMES = {
    "page_id": ("pageid", "id", "facebookid", "facebookpageid", "fbpageid", "seitenid"),
    "page_name": ("pagename", "name", "page", "facebookpage", "seitenname", "seite"),
    "date": ("date", "day", "datum", "tag"),
    "fans": ("fans", "fancount", "pagefans", "likes", "pagelikes", "lifetimetotallikes"),
    "followers": ("followers", "follower", "followerscount", "pagefollowers", "abonnenten"),
}
_UTC = frozenset({"utc", "gmt", "z", "utc0"})


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


@dataclass(frozen=True)
class Columns:
    """The columns of a file. ``index_of``: from 0, by the names of NAMES; others are left out."""

    index_of: Mapping[str, int]
    zone: str | None  # the zone that the header gives for the dates: "UTC", or None for none
    delimiter: str

    def get(self, row: Sequence[str], name: str) -> str:
        """A cell of a row, "" without such a column. IndexError when the row is too short."""
        index = self.index_of.get(name)
        return "" if index is None else row[index]


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


# The header


def find_encoding(start: bytes) -> str:
    """The encoding of a file that begins with these bytes. Raises UnreadableFile."""
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableFile(
            "This is a spreadsheet or an archive, not a CSV file. Open it in its program and save "
            "it as “CSV UTF-8”."
        )
    if start.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = start[:200]
    if len(sample) >= 4 and not any(sample[0:4:2]) and all(sample[1:4:2]):
        return "utf-16-be"
    if len(sample) >= 4 and not any(sample[1:4:2]) and all(sample[0:4:2]):
        return "utf-16-le"
    if b"\0" in sample:
        raise UnreadableFile("This is not a text file. Save the figures as “CSV UTF-8”.")
    return "utf-8-sig"


def find_columns(line: str) -> Columns:
    """The columns of a header line, with the delimiter that finds most. Raises UnreadableFile."""
    line = line.rstrip("\r\n")
    if not line.strip():
        raise UnreadableFile("The first line is empty; it should name the columns.")
    delimiter = max(DELIMITERS, key=lambda each: len(_find_meanings(_split_line(line, each))))
    cells = _split_line(line, delimiter)
    meanings = _find_meanings(cells)
    _check_columns(cells, meanings)
    index_of = {meaning: index for index, meaning in meanings.items()}
    return Columns(index_of, _get_zone(cells[index_of["date"]]), delimiter)


def _split_line(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        raise UnreadableFile("The first line can't be read; it should name the columns.") from error


def _find_meanings(cells: Sequence[str]) -> dict[int, str]:
    """The meaning of each column that has one, by its index."""
    meaning_of = {name: meaning for meaning, names in NAMES.items() for name in names}
    bare = [re.sub(r"\(.*\)|[\W_]", "", cell.casefold()) for cell in cells]
    return {index: meaning_of[name] for index, name in enumerate(bare) if name in meaning_of}


def _check_columns(cells: Sequence[str], meanings: dict[int, str]) -> None:
    for meaning in NAMES:
        same = [cells[index] for index, each in meanings.items() if each == meaning]
        if len(same) > 1:
            raise UnreadableFile(
                f"Two columns could be “{meaning}”: {quote(same[0])} and {quote(same[1])}. "
                "Rename or remove one."
            )
    present = set(meanings.values())
    missing = [
        text
        for text, names in (
            ("“page_id” or “page_name”", {"page_id", "page_name"}),
            ("“date”", {"date"}),
            ("“fans” or “followers”", {"fans", "followers"}),
        )
        if not present & names
    ]
    if missing:
        raise UnreadableFile(
            f"No column is called {', and none '.join(missing)}. The first line should name the "
            "columns, as in: page_id,date,fans,followers"
        )


def _get_zone(cell: str) -> str | None:
    """The zone in brackets. Days of another zone than UTC are not the days of snapshots."""
    zone = re.search(r"\(([^)]*)\)", cell)
    if zone is None or not zone[1].strip():
        return None
    if re.sub(r"[\W_]", "", zone[1].casefold()) in _UTC:
        return "UTC"
    raise UnreadableFile(
        f"The dates are in {quote(zone[1])}, and Pagekeeper keeps days in UTC. If the days may be "
        "taken as they are written, call the column “date”."
    )
