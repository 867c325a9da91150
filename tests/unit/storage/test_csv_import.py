"""Files of past figures: what is read, and each thing that is refused, with its line and reason."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.csv_import import reader
from storage.csv_import.cells import UnreadableFile, read_dates, read_numbers
from storage.csv_import.plan import ConflictingRow, PageDay, Stored, compare, match_pages
from storage.csv_import.reader import FileRow, PastFigures, find_columns, read_file

TODAY = date(2026, 11, 22)
NAMES = {"1": "Café Lindenhof", "2": "Twin", "3": "Twin", "4": "=SUM(A1)", "5": "'=odd", "6": "-"}
HEADER = "page_id,date,fans,followers\n"

Row = tuple[str, date, int | None, int | None]


def read(text: str | bytes, encoding: str = "utf-8") -> PastFigures:
    """A file with this text."""
    return read_file(io.BytesIO(text if isinstance(text, bytes) else text.encode(encoding)), TODAY)


def rows_of(rows: Mapping[PageDay, FileRow]) -> list[Row]:
    """Rows as a person writes them, in order of Page and day."""
    return sorted((page_id, day, row.fans, row.followers) for (page_id, day), row in rows.items())


def matched(text: str | bytes, encoding: str = "utf-8") -> tuple[list[Row], list[tuple[int, str]]]:
    """The rows of a file, and the refused ones as (line, reason)."""
    rows, refused = match_pages(read(text, encoding), NAMES)
    return rows_of(rows), refused


def found_in(text: str | bytes, encoding: str = "utf-8") -> list[Row]:
    """The rows of a file in which nothing is refused."""
    rows, refused = matched(text, encoding)
    assert refused == []
    return rows


def refused_in(text: str) -> list[tuple[int, str]]:
    """The refused rows of a file, as (line, reason)."""
    return matched(text)[1]


ONE = [("1", date(2026, 1, 31), 1234, 567)]


@pytest.mark.parametrize(
    "text",
    [
        "page_id,date,fans,followers\n1,2026-01-31,1234,567\n",
        "page_id,page_name,date (UTC),fans,followers,net_new,gained\n1,x,2026-01-31,1234,567,3,\n",
        "Page ID;Datum;Fans;Follower\r\n1;31.01.2026;1.234;567\r\n",
        "ID\tDay\tPage likes\tFollowers count\n1\t20260131\t1 234\t567\n",
        'Page name,Extra,Date,Likes,Followers\n"Café Lindenhof",?,2026-01-31,"1,234",567\n',
        "sep=;\npage;date;fans;followers\nCafé Lindenhof;2026-01-31 00:00:00;1234.0;567,00\n",
        "followers,fans,date,id\n567,1'234,31 Jan 2026,1",
        'followers,fans,date,id\n567,1234,"January 31, 2026",\'1',
        'name,date,fans,followers\n"Café Lindenhof",2026/01/31,1\u202f234,567',
        "id,date,fans,followers\n1,1/31/2026,1234,567\n",
    ],
)
def test_a_file_is_read_however_it_was_written(text: str) -> None:
    assert found_in(text) == ONE


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(encoding: str) -> None:
    text = "page name,date,fans,followers\nCafé Lindenhof,2026-01-31,1234,567\n"
    assert found_in(text, encoding) == ONE


def test_one_of_the_two_figures_is_enough() -> None:
    assert found_in("id,date,fans\n1,2026-01-31,5\n") == [("1", date(2026, 1, 31), 5, None)]
    text = HEADER + "1,2026-01-31,,0\n"
    assert found_in(text) == [("1", date(2026, 1, 31), None, 0)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("9,2026-01-31,1,1", "No Page here has the id “9”."),
        (",2026-01-31,1,1", "There is no Page in this row."),
        ("1.00E+14,2026-01-31,1,1", "A spreadsheet has rounded the Page id"),
        ("1,2026-11-23,1,1", "The date is in the future: today is 2026-11-22 (UTC)."),
        ("1,2003-12-31,1,1", "2003-12-31 is before Facebook began."),
        ("1,2026-02-30,1,1", "There is no such day as “2026-02-30”."),
        ("1,2026-01-31T14:02,1,1", "The date has a time of day"),
        ("1,46000,1,1", "“46000” is not a date"),
        ("1,,1,1", "There is no date."),
        ("1,=TODAY(),1,1", "The date is a formula"),
        ("1,2026-01-31,-5,1", "“-5” is below zero"),
        ("1,2026-01-31,1.5,1", "“1.5” is not a whole number."),
        ("1,2026-01-31,=1+1,1", "“=1+1” is a formula; formulas are not worked out."),
        ("1,2026-01-31,99999999999,1", "“99999999999” is more than there are people."),
        ("1,2026-01-31,٣,1", "“٣” is not a whole number."),
        ("1,2026-01-31,,", "There is neither a fan count nor a followers count."),
        ("1,2026-01-31", "Cells are missing."),
        ("", "The row is empty."),
        (",,,", "The row is empty."),
    ],
)
def test_a_row_is_refused_with_its_line_and_reason(row: str, reason: str) -> None:
    text = f"{HEADER}1,2026-01-01,1,1\n{row}\n1,2026-01-02,2,2\n"
    rows, refused = matched(text)
    assert [line for line, _ in refused] == [3]
    assert refused[0][1].startswith(reason)
    assert [row[1].day for row in rows] == [1, 2]


def test_lines_are_counted_through_cells_of_several_lines() -> None:
    text = 'note,id,date,fans\n"a\nb",1,2026-01-01,1\n,9,2026-01-01,1\n'
    assert [line for line, _ in refused_in(text)] == [4]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The first line is empty"),
        ("id,fans\n1,2\n", "No column is called “date”."),
        ("date,fans\n", "No column is called “page_id” or “page_name”."),
        ("id,date\n", "No column is called “fans” or “followers”."),
        ("a,b\n", "No column is called “page_id” or “page_name”, and none “date”, and none"),
        ("id,date,fans,likes\n", "Two columns could be “fans”: “fans” and “likes”."),
        ("id,date (PST),fans\n", "The dates are in “PST”, and Pagekeeper keeps days in UTC."),
        (b"id,date,name,fans\n1,2026-01-01,Caf\xe9,2\n", "The file is neither UTF-8 nor UTF-16."),
        (b"PK\x03\x04whatever", "This is a spreadsheet or an archive"),
        (b"id,\0\0\0,date", "This is not a text file."),
        (HEADER + '1,"' + "x" * 200_000, "The file can't be read from line 2 on"),
    ],
)
def test_a_file_is_refused_as_a_whole(text: str | bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(text)
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    ("cells", "figures"),
    [
        (["1,234", "2,345,678"], [1234, 2345678]),
        (["1.234", "2.345.678"], [1234, 2345678]),
        (["1 234", "2\u00a0345\u00a0678", "3’456", "4'567"], [1234, 2345678, 3456, 4567]),
        (["1,234.00", "12.0"], [1234, 12]),
        (["1.234,00", "12,0"], [1234, 12]),
        (["1 234,00"], [1234]),
    ],
)
def test_thousands(cells: list[str], figures: list[int]) -> None:
    assert list(read_numbers(cells).values()) == figures


@pytest.mark.parametrize(
    "cells",
    [["1,234", "1.234"], ["1.234", "1.5"], ["1.234", "1234.0"], ["1.234", "1,234.00"]],
)
def test_a_mark_that_can_mean_two_things_is_refused(cells: list[str]) -> None:
    assert "is ambiguous" in str(read_numbers(cells)[cells[0]])


def test_no_mark_is_trusted_where_thousands_are_marked_twice() -> None:
    cells = ["1,234", "1.234"]
    assert all("is ambiguous" in str(reason) for reason in read_numbers(cells).values())
    assert "not a whole number" in str(read_numbers(["1,23,456"])["1,23,456"])


@given(st.integers(0, 20_000_000_000), st.sampled_from([",", ".", " ", "'", "\u202f", ""]))
def test_every_figure_is_read_back(figure: int, mark: str) -> None:
    cell = f"{figure:,d}".replace(",", mark)
    assert read_numbers([cell]) == {cell: figure}


def test_days_that_can_be_read_in_two_ways() -> None:
    days = ["03/04/2025", "05/05/2025"]

    def first(*more: str) -> date | str:
        return read_dates([*days, *more], TODAY)[days[0]]

    assert "can be read in two ways" in str(first())
    assert read_dates(days, TODAY)[days[1]] == date(2025, 5, 5)
    assert first("13/04/2025") == date(2025, 4, 3)
    assert first("12/31/2025") == date(2025, 3, 4)
    both = read_dates([*days, "13/04/2025", "04/13/2025"], TODAY)
    assert all("can't be read safely" in str(day) for day in both.values())


def test_pages_by_name() -> None:
    text = "name,date,fans\n{}\n"
    twin = refused_in(text.format("Twin,2026-01-01,1"))
    assert twin == [(2, "The name “Twin” is not unique, use the Page id: 2, 3")]
    assert refused_in(text.format("twin,2026-01-01,1"))[0][1] == "No Page here is called “twin”."
    for name, page_id in (("=SUM(A1)", "4"), ("'=SUM(A1)", "4"), ("''=odd", "5"), ("'-", "6")):
        assert [row[0] for row in found_in(text.format(f"{name},2026-01-01,1"))] == [page_id]


def test_a_row_with_an_id_is_of_that_page_whatever_its_name() -> None:
    text = "id,name,date,fans\n1,Twin,2026-01-01,1\n,Café Lindenhof,2026-01-02,1\n"
    assert [row[0] for row in found_in(text)] == ["1", "1"]


def test_the_same_day_twice() -> None:
    text = "id,name,date,fans\n1,,2026-01-01,7\n,Café Lindenhof,2026-01-01,7\n1,,2026-01-02,8\n"
    rows, refused = matched(text)
    assert refused == [(3, "The same day of the same Page stands on line 2 already.")]
    assert [row[2] for row in rows] == [7, 8]
    rows, refused = matched(text + "1,,2026-01-02,9\n")
    reason = "This day of the Page stands on lines 4 and 5 with different figures."
    assert [entry for entry in refused if entry[0] > 3] == [(4, reason), (5, reason)]
    assert [row[2] for row in rows] == [7]


def compared(text: str, *stored: Stored) -> tuple[list[Row], int, list[ConflictingRow]]:
    """A file beside what is stored: new rows, how many are equal, and conflicting ones."""
    rows, _ = match_pages(read(HEADER + text), NAMES)
    new, equal_count, conflicting = compare(rows, stored, NAMES)
    return rows_of(new), equal_count, conflicting


DAY = date(2026, 1, 1)


def test_new_equal_and_conflicting() -> None:
    text = "1,2026-01-01,10,20\n1,2026-01-02,11,21\n1,2026-01-03,12,\n2,2026-01-01,5,5\n"
    new, equal_count, conflicting = compared(
        text,
        ("1", DAY, 10, 20),
        ("1", DAY + timedelta(days=1), 11, 22),
        ("1", DAY + timedelta(days=2), 12, 22),
        ("1", DAY + timedelta(days=9), 1, 1),
    )
    assert new == [("2", DAY, 5, 5)]
    assert equal_count == 2
    (row,) = conflicting
    assert (row.line, row.page_name, row.day.day) == (3, "Café Lindenhof", 2)
    assert (row.followers, row.stored_followers) == (21, 22)


@pytest.mark.parametrize("figures", [(10, None), (None, 20)])
def test_a_stored_day_is_never_added_to(figures: tuple[int | None, int | None]) -> None:
    _, _, (row,) = compared("1,2026-01-01,10,20\n", ("1", DAY, *figures))
    assert (row.stored_fans, row.stored_followers) == figures


def test_zero_is_a_figure() -> None:
    _, _, (row,) = compared("1,2026-01-01,0,\n", ("1", DAY, 5, 5))
    assert (row.fans, row.followers) == (0, None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_gives_the_columns(delimiter: str) -> None:
    columns = find_columns(delimiter.join(["page_id", '"date (UTC)"', "fans", "a,b;c"]) + "\r\n")
    assert (columns.delimiter, columns.zone, columns.index_of["date"]) == (delimiter, "UTC", 1)


def test_a_file_of_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_ROWS", 2)
    text = "".join(f"1,2026-01-0{day},1,1\n\n" for day in range(1, 4))
    assert len(found_in(HEADER + "1,2026-01-01,1,1\n1,2026-01-02,1,1\n")) == 2
    with pytest.raises(UnreadableFile, match="more than 2 rows"):
        read(HEADER + text)
