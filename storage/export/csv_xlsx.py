"""CSV and XLSX writer: writes an iterator of rows to a file, one row in memory at a time.

Text that a spreadsheet would run as a formula is defused in both formats: an XLSX file keeps it as
text, but people often save it as CSV. Ids are text, since they exceed the numbers of a spreadsheet.
An unknown value is an empty cell.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Literal

import xlsxwriter

# Excel's limit without the header row.
# https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
MAX_XLSX_ROWS = 1_048_575
MAX_XLSX_CELL = 32_767  # characters
# A CSV file with this many rows is zipped, to a tenth of its size.
MIN_ZIP_ROWS = 300_000
MAX_FILE_NAME = 80  # characters, without the ending

Format = Literal["csv", "zip", "xlsx"]
Kind = Literal["text", "number", "percent", "day", "time"]
Cell = str | int | float | date | datetime | None
Rows = Iterable[Sequence[Cell]]

_WIDTHS: dict[Kind, int] = {"text": 22, "number": 13, "percent": 13, "day": 12, "time": 20}
_NUMBER_FORMATS: dict[Kind, str] = {
    "text": "@",
    "number": "#,##0",
    "percent": "0.00",
    "day": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm:ss",
}
# Excel, LibreOffice and Google Sheets take these for the start of a formula, full-width forms too.
# https://owasp.org/www-community/attacks/CSV_Injection
_STARTS = "=+\\-@\t\r\n＝＋－＠"
# A cell begins at the start of the text, and behind what divides cells in any locale: Excel reads a
# file by semicolons in German and many other settings. Quotes then no longer hold a cell together,
# and one behind the last divider would open a cell that begins with the end of the line.
_DIVIDED = r"(?<=[;\t\r\n])"
_RUN, _END = f"(?=[\"']*[{_STARTS}])", r"""(?=["']*\Z)"""
_DANGEROUS = re.compile(rf"(?:\A|{_DIVIDED}){_RUN}|{_DIVIDED}{_END}")
_DEFUSED = re.compile(rf"(?:\A|{_DIVIDED})'{_RUN}|{_DIVIDED}'{_END}")
_NOT_IN_A_FILE_NAME = re.compile(r"[^\w.]+")
# Names that Windows keeps for devices, whatever follows the dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """A column. ``name`` is its header, with time zone or metric in brackets."""

    name: str
    kind: Kind


class TooManyRows(Exception):
    """More rows than an Excel sheet holds; a CSV file has no such limit."""


def defuse(text: str) -> str:
    """Return the text, with an apostrophe wherever a spreadsheet would begin to run a formula.

    Text that already looks defused gets another one, so `undefuse` always restores the text.
    """
    return _DANGEROUS.sub("'", text)


def undefuse(cell: str) -> str:
    """Return the text as it was before `defuse`."""
    return _DEFUSED.sub("", cell)


def make_file_name(*parts: str, ending: str) -> str:
    """ "pagekeeper-Cafe-Lindenhof-2026-11-22.csv": letters, digits, dots, dashes of any script.

    ``ending`` without its dot. Names come from Facebook: no slash, no quote, no control and no
    direction mark of theirs is left.
    """
    joined = unicodedata.normalize("NFC", "-".join(parts))
    stem = _NOT_IN_A_FILE_NAME.sub("-", joined).strip("-.")[:MAX_FILE_NAME].strip("-.")
    if not stem or _DEVICES.match(stem):
        stem = f"pagekeeper-{stem}".rstrip("-")
    return f"{stem}.{ending}"


def choose_csv_format(rows_count: int) -> Format:
    """Return "zip" for a CSV file of MIN_ZIP_ROWS or more, else "csv"."""
    return "zip" if rows_count >= MIN_ZIP_ROWS else "csv"


def make_file(
    columns: Sequence[Column], rows: Rows, format: Format, name: str = "pagekeeper.csv"
) -> bytes:
    """Return the rows as a file. ``name``: of the CSV file inside a ZIP file.

    CSV is UTF-8 with a byte order mark (for Excel), comma, CRLF, ISO days and times. Zipped, it is
    never in memory as a whole. XLSX has one sheet. Raises TooManyRows for an XLSX of
    more than MAX_XLSX_ROWS.
    """
    if format == "xlsx":
        return _make_xlsx(columns, rows)
    out = io.BytesIO()
    if format == "csv":
        _write_csv(out, columns, rows)
        return out.getvalue()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        _write_csv(member, columns, rows)
    return out.getvalue()


def _write_csv(out: IO[bytes], columns: Sequence[Column], rows: Rows) -> None:
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text)
    writer.writerow([column.name for column in columns])
    writer.writerows(map(_as_text, row) for row in rows)
    text.flush()
    text.detach()


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return defuse(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, float):
        return f"{cell:.4f}"
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _make_xlsx(columns: Sequence[Column], rows: Rows) -> bytes:
    with tempfile.TemporaryDirectory(prefix="pagekeeper-") as folder:
        path = Path(folder) / "export.xlsx"
        options = {
            "constant_memory": True,  # rows go to a file as they come
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": folder,
        }
        book = xlsxwriter.Workbook(str(path), options)
        try:
            _write_sheet(book, columns, rows)
        finally:
            book.close()
        return path.read_bytes()


def _write_sheet(book: xlsxwriter.Workbook, columns: Sequence[Column], rows: Rows) -> None:
    sheet = book.add_worksheet("Pagekeeper")
    bold = book.add_format({"bold": True})
    formats = {
        kind: book.add_format({"num_format": number_format})
        for kind, number_format in _NUMBER_FORMATS.items()
    }
    sheet.freeze_panes(1, 0)
    for index, column in enumerate(columns):
        sheet.set_column(index, index, _WIDTHS[column.kind])
        sheet.write_string(0, index, column.name, bold)
    for line, row in enumerate(rows, start=1):
        if line > MAX_XLSX_ROWS:
            raise TooManyRows
        for index, (column, cell) in enumerate(zip(columns, row, strict=True)):
            style = formats[column.kind]
            if cell is None:
                continue
            if isinstance(cell, str):
                sheet.write_string(line, index, defuse(cell)[:MAX_XLSX_CELL], style)
            elif isinstance(cell, datetime):
                sheet.write_datetime(line, index, cell.replace(tzinfo=None), style)
            elif isinstance(cell, date):
                sheet.write_datetime(line, index, cell, style)
            else:
                sheet.write_number(line, index, cell, style)
