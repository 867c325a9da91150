"""Exported files: cells that a spreadsheet must not run, names, limits, and what is in them."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.export import csv_xlsx
from storage.export.csv_xlsx import (
    Cell,
    Column,
    TooManyRows,
    defuse,
    make_file,
    make_file_name,
    undefuse,
)

COLUMNS = (
    Column("page_id", "text"),
    Column("page_name", "text"),
    Column("date_utc", "day"),
    Column("fans", "number"),
    Column("growth", "percent"),
    Column("fetched_at_utc", "time"),
)
AT = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
ROWS: list[tuple[Cell, ...]] = [
    ("100000000000000001", '=HYPERLINK("http://evil")', date(2026, 1, 31), 0, 1.23456, AT),
    ("2", "Café, “Linde”\nnhof", None, None, None, None),
]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "'=", "''@"])
def test_a_cell_that_would_be_run_is_defused(start: str) -> None:
    assert defuse(start + "1") == "'" + start + "1"


@pytest.mark.parametrize(
    ("text", "defused"),
    [
        ("Foo;=1+1", "Foo;'=1+1"),
        ("a;@SUM(1)", "a;'@SUM(1)"),
        ("x\t=1", "x\t'=1"),
        ('x;"=1', "x;'\"=1"),
        ("two\n-lines", "two\n'-lines"),
        ("Foo;", "Foo;'"),
        ("a, =1;b=2", "a, =1;b=2"),
    ],
)
def test_a_cell_inside_a_cell_is_defused(text: str, defused: str) -> None:
    assert defuse(text) == defused


@pytest.mark.parametrize("text", ["", "Café", "'quoted'", "1=1", "a@b", " =x", '"AT&T"; best'])
def test_any_other_cell_stays(text: str) -> None:
    assert defuse(text) == text
    assert undefuse(text) == text


TEXTS = st.text() | st.text("'\"=+-@;,\t\r\n\\a＝")


@given(TEXTS)
def test_what_was_defused_is_found_back(text: str) -> None:
    assert undefuse(defuse(text)) == text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), min_size=1, max_size=3))
def test_no_separator_begins_a_formula(delimiter: str, rows: list[list[str]]) -> None:
    columns = [Column(name, "text") for name in ("a", "b", "c")]
    written = make_file(columns, rows, "csv").decode("utf-8-sig")
    for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter):
        assert not [cell for cell in row if cell.startswith(tuple("=+-@\t\r＝"))]


def test_a_csv_file() -> None:
    content = make_file(COLUMNS, ROWS, "csv")
    assert content.startswith(b"\xef\xbb\xbfpage_id,page_name,date_utc,")
    first, second = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]
    assert first == [
        "100000000000000001",
        '\'=HYPERLINK("http://evil")',
        "2026-01-31",
        "0",
        "1.2346",
        "2026-11-22 06:05:00",
    ]
    assert second == ["2", "Café, “Linde”\nnhof", "", "", "", ""]


def test_a_packed_csv_file_holds_the_same() -> None:
    with zipfile.ZipFile(io.BytesIO(make_file(COLUMNS, ROWS, "zip", "a.csv"))) as archive:
        assert archive.namelist() == ["a.csv"]
        assert archive.read("a.csv") == make_file(COLUMNS, ROWS, "csv")


def test_an_excel_file() -> None:
    book = openpyxl.load_workbook(io.BytesIO(make_file(COLUMNS, ROWS, "xlsx")))
    header, first, second = book.worksheets[0].iter_rows()
    assert [cell.value for cell in header] == [column.name for column in COLUMNS]
    assert [cell.value for cell in first] == [
        "100000000000000001",
        '\'=HYPERLINK("http://evil")',
        datetime(2026, 1, 31),  # noqa: DTZ001 - a spreadsheet knows no zones
        0,
        1.23456,
        AT.replace(tzinfo=None),
    ]
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in first)
    assert [cell.value for cell in second][2:] == [None] * 4


def test_more_rows_than_excel_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_xlsx, "MAX_XLSX_ROWS", 1)
    with pytest.raises(TooManyRows):
        make_file(COLUMNS, ROWS, "xlsx")
    assert len(make_file(COLUMNS, ROWS, "csv").splitlines()) == 4


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Café Lindenhof", "pagekeeper-Café-Lindenhof.csv"),
        ("../../etc/passwd", "pagekeeper-..-..-etc-passwd.csv"),
        ('a"\r\nb;c\0d\u202e', "pagekeeper-a-b-c-d.csv"),
        ("", "pagekeeper.csv"),
        ("漢字", "pagekeeper-漢字.csv"),
    ],
)
def test_file_names(name: str, made: str) -> None:
    assert make_file_name("pagekeeper", name, ending="csv") == made


@given(st.text())
def test_no_file_name_is_one_that_a_system_minds(name: str) -> None:
    made = make_file_name(name, ending="csv")
    assert not set(made) & set('/\\:*?"<>|\r\n\0')
    assert made.endswith(".csv")
    assert not made.startswith((".", "-"))
    assert len(made) <= 90
    assert made.partition(".")[0].casefold() not in {"con", "nul", "aux", "prn", "com1"}
