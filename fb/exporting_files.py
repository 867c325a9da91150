"""Writes rows as CSV and XLSX, as they come: a row is forgotten as soon as it is written.

Text that a spreadsheet would run is defused in both (see `fb.exporting_cells`): an XLSX keeps it as
text, but is often saved as CSV by its reader. Ids are text everywhere, since they exceed what a
spreadsheet's numbers hold. Unknown is an empty cell.
"""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import xlsxwriter

from fb.exporting_cells import defuse

# Excel's own limit, one of them the header.
# https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
MOST_XLSX_ROWS = 1_048_575
# A larger CSV file travels packed, which makes a tenth of it.
PACKED_FROM_ROWS = 300_000

Kind = Literal["text", "number", "percent", "day", "time"]
Cell = str | int | float | date | datetime | None
_WIDTHS: dict[Kind, int] = {"text": 22, "number": 13, "percent": 13, "day": 12, "time": 20}


@dataclass(frozen=True)
class Column:
    """A column: what its header says, zone and metric in brackets, and what its cells are."""

    name: str
    kind: Kind


class TooManyRows(Exception):
    """More rows than an Excel sheet holds; a CSV file has no such limit."""


def make_csv(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV file: UTF-8 with the mark by which Excel knows it, comma, CRLF, ISO days and times."""
    out = io.BytesIO()
    _write_csv(out, columns, rows)
    return out.getvalue()


def make_packed_csv(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], name: str) -> bytes:
    """The same file, called ``name``, in a ZIP archive: never whole in memory unpacked."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        _write_csv(member, columns, rows)
    return out.getvalue()


def make_xlsx(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> bytes:
    """An Excel workbook of one sheet. Raises TooManyRows above MOST_XLSX_ROWS."""
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


def text_of(cell: Cell) -> str:
    """A cell as a CSV file holds it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return defuse(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, float):
        return f"{cell:.4f}"
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _write_csv(
    out: io.BytesIO | object, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]
) -> None:
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=False)  # type: ignore[type-var]  # an archive's member is a binary file, too
    writer = csv.writer(text)
    writer.writerow([column.name for column in columns])
    writer.writerows(map(text_of, row) for row in rows)
    text.flush()
    text.detach()


def _write_sheet(
    book: xlsxwriter.Workbook, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]
) -> None:
    sheet = book.add_worksheet("Pagekeeper")
    bold = book.add_format({"bold": True})
    formats = {
        "text": book.add_format({"num_format": "@"}),
        "number": book.add_format({"num_format": "#,##0"}),
        "percent": book.add_format({"num_format": "0.00"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, _WIDTHS[column.kind])
        sheet.write_string(0, place, column.name, bold)
    for line, row in enumerate(rows, start=1):
        if line > MOST_XLSX_ROWS:
            raise TooManyRows
        for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
            style = formats[column.kind]
            if cell is None:
                continue
            if isinstance(cell, str):
                # A cell of Excel holds 32,767 characters; no name comes near.
                sheet.write_string(line, place, defuse(cell)[:32_767], style)
            elif isinstance(cell, datetime):
                sheet.write_datetime(line, place, cell.replace(tzinfo=None), style)
            elif isinstance(cell, date):
                sheet.write_datetime(line, place, cell, style)
            else:
                sheet.write_number(line, place, cell, style)
