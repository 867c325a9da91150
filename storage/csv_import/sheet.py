"""Sheet: opens a CSV or XLSX file, finds its header, and yields its rows as text, within limits.

A file whose encoding is not clear is refused. What stands above the header and a line of
descriptions below it are passed over, and named.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from openpyxl import Workbook, load_workbook

from storage.csv_import.cells import UnreadableFile, is_placeholder, read_numbers
from storage.csv_import.dates import is_date
from storage.csv_import.headers import count_meanings

# Lines, empty ones too. Three years of 900 Pages: read in some 5 s, and 400 MB of memory.
MAX_ROWS = 1_000_000
MAX_LINE = 1_000_000  # characters; a file without line breaks must not be read as one line
MAX_COLUMNS = 2_000
MAX_UNPACKED = 500_000_000  # bytes of an XLSX file after decompression
MAX_ABOVE_HEADER = 30  # lines
SAMPLE_ROWS = 20
DELIMITERS = (",", ";", "\t", "|")

# How spreadsheets keep a number as a text: ="123" and '123.
_NUMBER_AS_TEXT = re.compile(r"""="([^"=]*)"|'([0-9][0-9.,:/ T+-]*)""")
_MARKS = ("=", "'")

_TOO_MANY = f"The file has more than {MAX_ROWS:,d} rows. Split it."


class Row(NamedTuple):
    """One row. ``line``: of the file, from 1, where the row begins."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True)
class Sheet:
    """An open file with its header. ``samples``: the first rows below it, at most SAMPLE_ROWS.

    ``passed_over``: the lines that are neither header nor figures, as (line, text). ``names``: of
    the visible sheets of a spreadsheet, the one that is read first.
    """

    file: BinaryIO
    form: CsvForm | None  # None: XLSX
    header: tuple[str, ...]
    title: str  # the text above the header, "" for none
    passed_over: tuple[tuple[int, str], ...]
    first_line: int  # of the first row below the header, and below a line of descriptions
    samples: tuple[Row, ...]
    names: tuple[str, ...] = ()

    def iterate_rows(self) -> Iterator[Row]:
        """Yield the rows below the header. Raises UnreadableFile, also for too many rows."""
        for row in _iterate(self.file, self.form, len(self.header)):
            if row.line > MAX_ROWS:
                raise UnreadableFile(_TOO_MANY)
            if row.line >= self.first_line:
                yield row

    def get_name(self, index: int) -> str:
        """The header of a column on one line; "column 3" where it has none."""
        return " ".join(self.header[index].split()) or f"column {index + 1}"


class CsvForm(NamedTuple):
    """How a CSV file is written."""

    encoding: str
    delimiter: str


def open_sheet(file: BinaryIO) -> Sheet:
    """Find the header of a file, which stays open. Raises UnreadableFile."""
    form = _find_form(file)
    rows = _iterate(file, form)
    first = list(islice(rows, MAX_ABOVE_HEADER + SAMPLE_ROWS))
    header = _find_header(first)
    if header is None:
        raise UnreadableFile("The file is empty; its first line should name the columns.")
    above = [row for row in first if row.line < header.line and _has_text(row)]
    below = [row for row in first if row.line > header.line]
    first_line = header.line + 1
    described = next((row for row in below if _has_text(row)), None)
    if described is not None and not any(map(_is_value, described.cells)):
        above.append(described)
        first_line = described.line + 1
    if len(header.cells) > MAX_COLUMNS:
        raise UnreadableFile(f"The file has more than {MAX_COLUMNS:,d} columns.")
    return Sheet(
        file=file,
        form=form,
        header=tuple(header.cells),
        title=" ".join(_join(row) for row in above if row.line < header.line),
        passed_over=tuple((row.line, _join(row)) for row in above),
        first_line=first_line,
        samples=tuple(r for r in below if r.line >= first_line and _has_text(r))[:SAMPLE_ROWS],
        names=_list_names(file) if form is None else (),
    )


def _find_header(rows: Sequence[Row]) -> Row | None:
    """The row of the first MAX_ABOVE_HEADER that names most columns; the first such; else any."""
    candidates = [row for row in rows[:MAX_ABOVE_HEADER] if _has_text(row)]
    return max(candidates, key=_rate_header, default=None)


def _rate_header(row: Row) -> tuple[int, bool]:
    """A title has one cell, whatever it speaks of."""
    is_title = sum(bool(cell.strip()) for cell in row.cells) < 2
    return 0 if is_title else count_meanings(row.cells), not is_title


def _has_text(row: Row) -> bool:
    return any(cell.strip() for cell in row.cells)


def _join(row: Row) -> str:
    return " ".join(" ".join(cell.split()) for cell in row.cells if cell.strip())


def _is_value(cell: str) -> bool:
    """Whether a cell can belong to a row of figures."""
    text = cell.strip()
    if not text:
        return False
    return is_date(text) or is_placeholder(text) or isinstance(read_numbers([text])[text], int)


def _iterate(
    file: BinaryIO, form: CsvForm | None, columns_count: int | None = None
) -> Iterator[Row]:
    """Yield all rows; of XLSX only the first columns, since one far cell makes a row long."""
    if form is None:
        return _iterate_xlsx(file, columns_count)
    return _iterate_csv(file, form)


# CSV


def _find_form(file: BinaryIO) -> CsvForm | None:
    """How the file is written; None for XLSX. Raises UnreadableFile."""
    file.seek(0)
    start = file.read(400)
    if start.startswith(b"PK\x03\x04"):
        return None
    encoding = find_encoding(start)
    given = _find_given_delimiter(file, encoding)
    forms = [CsvForm(encoding, each) for each in ((given,) if given else DELIMITERS)]
    return max(forms, key=lambda form: _score(file, form))


def _find_given_delimiter(file: BinaryIO, encoding: str) -> str | None:
    """The delimiter of Excel's own first line, "sep=;"."""
    with _open_text(file, encoding) as text:
        first = text.readline(20).strip("\r\n ").lower()
    return first[4:] if first.startswith("sep=") and first[4:] in DELIMITERS else None


def _score(file: BinaryIO, form: CsvForm) -> tuple[int, int]:
    """How many columns a form finds: known ones first, then any."""
    try:
        rows = list(islice(_iterate_csv(file, form), MAX_ABOVE_HEADER))
    except UnreadableFile:
        return 0, 0
    known = max((count_meanings(row.cells) for row in rows), default=0)
    return known, max((len(row.cells) for row in rows), default=0)


@contextmanager
def _open_text(file: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    """The file from its beginning; it stays open. Raises UnreadableFile for another encoding."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield text
    except UnicodeError as error:
        raise UnreadableFile(
            "The file is neither UTF-8 nor UTF-16. Save it as “CSV UTF-8” and try again."
        ) from error
    finally:
        with suppress(ValueError):
            text.detach()


def _iterate_csv(file: BinaryIO, form: CsvForm) -> Iterator[Row]:
    line = 1
    with _open_text(file, form.encoding) as text:
        reader = csv.reader(_iterate_lines(text), delimiter=form.delimiter, skipinitialspace=True)
        try:
            for cells in reader:
                if len(cells) == 1 and form.delimiter in cells[0]:
                    cells = _unwrap(cells[0], form.delimiter)
                if line > 1 or not cells or not cells[0].lower().startswith("sep="):
                    yield Row(line, [c if c[:1] not in _MARKS else _drop_mark(c) for c in cells])
                line = reader.line_num + 1
        except csv.Error as error:
            raise UnreadableFile(
                f"The file can't be read from line {line:,d} on: a cell is longer than any "
                "name. Most likely a quotation mark is not closed."
            ) from error


def _unwrap(cell: str, delimiter: str) -> list[str]:
    """The cells of a row in one quoted cell: so a file of another country's delimiter is saved."""
    try:
        return next(csv.reader([cell], delimiter=delimiter))
    except csv.Error:
        return [cell]


def _drop_mark(cell: str) -> str:
    """The text of a cell that a spreadsheet keeps as a text."""
    match = _NUMBER_AS_TEXT.fullmatch(cell)
    return cell if match is None else match[1] or match[2] or ""


def _iterate_lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise UnreadableFile("A line of the file is longer than any table. It is no CSV file.")
        yield line


def find_encoding(start: bytes) -> str:
    """The encoding of a file that begins with these bytes. Raises UnreadableFile."""
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            "This is a spreadsheet of an old format, or one with a password. Open it in its "
            "program and save it as XLSX without a password, or as “CSV UTF-8”."
        )
    if start.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"<", b"{", b"[{")):
        raise UnreadableFile(
            "This is no table but HTML or JSON. Save it as a table, as XLSX or “CSV UTF-8”."
        )
    sample = start[:200]
    if len(sample) >= 4 and not any(sample[0:4:2]) and all(sample[1:4:2]):
        return "utf-16-be"
    if len(sample) >= 4 and not any(sample[1:4:2]) and all(sample[0:4:2]):
        return "utf-16-le"
    if b"\0" in sample:
        raise UnreadableFile("This is not a text file. Save the figures as “CSV UTF-8”.")
    return "utf-8-sig"


# XLSX


def _iterate_xlsx(file: BinaryIO, columns_count: int | None) -> Iterator[Row]:
    """Yield the rows of the first sheet: days as 2025-12-31, formulas as their results."""
    with _open_book(file) as book:
        sheet = _find_first_sheet(book)
        rows: Iterable[tuple[Any, ...]] = sheet.iter_rows(
            max_row=MAX_ROWS + 1, max_col=columns_count, values_only=True
        )
        for line, values in enumerate(rows, start=1):
            yield Row(line, [_as_text(value) for value in values])


def _list_names(file: BinaryIO) -> tuple[str, ...]:
    with _open_book(file) as book:
        first = _find_first_sheet(book).title
        visible = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    return first, *(name for name in visible if name != first)


@contextmanager
def _open_book(file: BinaryIO) -> Iterator[Workbook]:
    """The spreadsheet; its file stays open. Raises UnreadableFile."""
    _check_archive(file)
    try:
        yield load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except UnreadableFile:
        raise
    except Exception as error:  # openpyxl has no error of its own for broken files
        raise UnreadableFile(
            "The spreadsheet can't be read. Open it in its program and save it as “CSV UTF-8”."
        ) from error


def _find_first_sheet(book: Workbook) -> Any:
    """The first sheet that a person sees and that is not empty."""
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        rows = islice(sheet.iter_rows(values_only=True), MAX_ABOVE_HEADER)
        if sheet.sheet_state == "visible" and any(any(row) for row in rows):
            return sheet
    raise UnreadableFile("The spreadsheet has no sheet with figures; hidden ones are not read.")


def _check_archive(file: BinaryIO) -> None:
    """Refuse other archives, and spreadsheets that unpack to more than MAX_UNPACKED."""
    try:
        with zipfile.ZipFile(file) as archive:
            # Python's zipfile reads no more of a member than its stated size.
            size = sum(member.file_size for member in archive.infolist())
            is_xlsx = "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        size, is_xlsx = 0, False
    file.seek(0)
    if not is_xlsx:
        raise UnreadableFile(
            "This is an archive or another kind of spreadsheet. Open it in its program and save it "
            "as XLSX or as “CSV UTF-8”."
        )
    if size > MAX_UNPACKED:
        raise UnreadableFile(
            f"The spreadsheet unpacks to more than {MAX_UNPACKED // 1_000_000:,d} MB. Save its "
            "first sheet as “CSV UTF-8”."
        )


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return str(value.date() if value.time() == time() else value.replace(microsecond=0))
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
