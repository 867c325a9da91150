"""Files of past figures: what is read, and each thing that is refused, with its line and reason."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fb.past_csv.counts import read_counts
from fb.past_csv.days import read_days
from fb.past_csv.header import Unreadable, find_columns
from fb.past_csv.judging import Judged, Rows, Stored, compare, resolve
from fb.past_csv.reading import NO_FIGURE, PastFigures, read_file

TODAY = date(2026, 11, 22)
NAMES = {"1": "Café Lindenhof", "2": "Twin", "3": "Twin", "4": "=SUM(A1)", "5": "'=odd", "6": "-"}
HEADER = "page_id,date,fans,followers\n"

Row = tuple[str, date, int | None, int | None]


def read(text: str | bytes, encoding: str = "utf-8") -> PastFigures:
    """A file with this text."""
    return read_file(io.BytesIO(text if isinstance(text, bytes) else text.encode(encoding)), TODAY)


def rows_of(rows: Rows) -> list[Row]:
    """Rows as a person writes them."""

    def figure(number: int) -> int | None:
        return None if number == NO_FIGURE else number

    columns = (rows.pages, rows.days, rows.fans, rows.followers)
    return [
        (rows.page_ids[page], date.fromordinal(day), figure(fans), figure(followers))
        for page, day, fans, followers in zip(*(c.tolist() for c in columns), strict=True)
    ]


def found_in(text: str | bytes, encoding: str = "utf-8") -> list[Row]:
    """The rows of a file in which nothing is refused."""
    rows = resolve(read(text, encoding), NAMES)
    assert rows.refused == []
    return rows_of(rows)


def refused_in(text: str) -> list[tuple[int, str]]:
    """The refused rows of a file, as (line, reason)."""
    return resolve(read(text), NAMES).refused


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
        "id,date,fans,followers\n1,31-01-2026,1234,567\n",
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
        ("1,31.12.25,1,1", "“31.12.25” is not a date"),
        ("1,,1,1", "There is no date."),
        ("1,=TODAY(),1,1", "The date is a formula"),
        ("1,2026-01-31,-5,1", "“-5” is below zero"),
        ("1,2026-01-31,1.5,1", "“1.5” is not a whole number."),
        ("1,2026-01-31,=1+1,1", "“=1+1” is a formula; formulas are not worked out."),
        ("1,2026-01-31,@A1,1", "“@A1” is a formula"),
        ("1,2026-01-31,12k,1", "“12k” is not a whole number."),
        ("1,2026-01-31,1 23,1", "“1 23” is not a whole number."),
        ("1,2026-01-31,99999999999,1", "“99999999999” is more than there are people."),
        ("1,2026-01-31,٣,1", "“٣” is not a whole number."),
        ("1,2026-01-31,,", "There is neither a fan count nor a followers count."),
        ("1,2026-01-31", "Cells are missing."),
        ("", "The row is empty."),
        (",,,", "The row is empty."),
        ("  ", "The row is empty."),
    ],
)
def test_a_row_is_refused_with_its_line_and_reason(row: str, reason: str) -> None:
    text = f"{HEADER}1,2026-01-01,1,1\n{row}\n1,2026-01-02,2,2\n"
    rows = resolve(read(text), NAMES)
    assert [line for line, _ in rows.refused] == [3]
    assert rows.refused[0][1].startswith(reason)
    assert [row[1].day for row in rows_of(rows)] == [1, 2]


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
    with pytest.raises(Unreadable) as refused:
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
    assert read_counts(cells) == figures


@pytest.mark.parametrize(
    "cells",
    [["1,234", "1.234"], ["1.234", "1.5"], ["1.234", "1234.0"], ["1.234", "1,234.00"]],
)
def test_a_mark_that_can_mean_two_things_is_refused(cells: list[str]) -> None:
    assert "is ambiguous" in str(read_counts(cells)[0])


def test_no_mark_is_trusted_where_thousands_are_marked_twice() -> None:
    assert all("is ambiguous" in str(found) for found in read_counts(["1,234", "1.234"]))
    assert "not a whole number" in str(read_counts(["1,23,456"])[0])


@given(st.integers(0, 20_000_000_000), st.sampled_from([",", ".", " ", "'", "\u202f", ""]))
def test_every_figure_is_read_back(figure: int, mark: str) -> None:
    assert read_counts([f"{figure:,d}".replace(",", mark)]) == [figure]


def test_days_that_can_be_read_in_two_ways() -> None:
    days = ["03/04/2025", "05/05/2025"]
    assert "can be read in two ways" in str(read_days(days, TODAY)[0])
    assert read_days(days, TODAY)[1] == date(2025, 5, 5)
    assert read_days([*days, "13/04/2025"], TODAY)[0] == date(2025, 4, 3)
    assert read_days([*days, "12/31/2025"], TODAY)[0] == date(2025, 3, 4)
    both = read_days([*days, "13/04/2025", "04/13/2025"], TODAY)
    assert all("can't be read safely" in str(day) for day in both)


@given(st.lists(st.dates(date(2004, 2, 4), TODAY), min_size=1))
def test_iso_days_are_read_back(days: list[date]) -> None:
    assert read_days([day.isoformat() for day in days], TODAY) == days


def test_pages_by_name() -> None:
    text = "name,date,fans\n{}\n"
    twin = refused_in(text.format("Twin,2026-01-01,1"))
    assert twin == [(2, "The name “Twin” is not unique, use the Page id: 2, 3")]
    assert refused_in(text.format("twin,2026-01-01,1"))[0][1] == "No Page here is called “twin”."
    for name, page_id in (("=SUM(A1)", "4"), ("'=SUM(A1)", "4"), ("''=odd", "5"), ("'-", "6")):
        rows = resolve(read(text.format(f"{name},2026-01-01,1")), NAMES)
        assert [row[0] for row in rows_of(rows)] == [page_id]


def test_a_row_with_an_id_is_of_that_page_whatever_its_name() -> None:
    text = "id,name,date,fans\n1,Twin,2026-01-01,1\n,Café Lindenhof,2026-01-02,1\n"
    assert [row[0] for row in found_in(text)] == ["1", "1"]


def test_the_same_day_twice() -> None:
    text = "id,name,date,fans\n1,,2026-01-01,7\n,Café Lindenhof,2026-01-01,7\n1,,2026-01-02,8\n"
    rows = resolve(read(text), NAMES)
    assert rows.refused == [(3, "The same day of the same Page stands on line 2 already.")]
    assert [row[2] for row in rows_of(rows)] == [7, 8]
    rows = resolve(read(text + "1,,2026-01-02,9\n"), NAMES)
    reason = "This day of the Page stands on lines 4 and 5 with different figures."
    assert [entry for entry in rows.refused if entry[0] > 3] == [(4, reason), (5, reason)]
    assert [row[2] for row in rows_of(rows)] == [7]


def judge(text: str, *stored: Stored) -> Judged:
    """A file beside what is stored."""
    return compare(resolve(read(HEADER + text), NAMES), stored)


DAY = date(2026, 1, 1)


def test_new_equal_and_conflicting() -> None:
    text = "1,2026-01-01,10,20\n1,2026-01-02,11,21\n1,2026-01-03,12,\n2,2026-01-01,5,5\n"
    judged = judge(
        text,
        ("1", DAY, 10, 20),
        ("1", DAY + timedelta(days=1), 11, 22),
        ("1", DAY + timedelta(days=2), 12, 22),
        ("1", DAY + timedelta(days=9), 1, 1),
    )
    assert rows_of(judged.new) == [("2", DAY, 5, 5)]
    assert judged.equal_count == 2
    (row,) = judged.iterate_conflicting()
    assert (row.line, row.day.day, row.followers, row.stored_followers) == (3, 2, 21, 22)


def test_a_stored_day_is_never_added_to() -> None:
    (row,) = judge("1,2026-01-01,10,20\n", ("1", DAY, 10, None)).iterate_conflicting()
    assert (row.stored_fans, row.stored_followers) == (10, None)
    (row,) = judge("1,2026-01-01,10,20\n", ("1", DAY, None, 20)).iterate_conflicting()
    assert (row.stored_fans, row.stored_followers) == (None, 20)


def test_zero_is_a_figure() -> None:
    (row,) = judge("1,2026-01-01,0,\n", ("1", DAY, 5, 5)).iterate_conflicting()
    assert (row.fans, row.followers) == (0, None)


def test_nothing_is_nothing() -> None:
    judged = judge("")
    assert (rows_of(judged.new), judged.equal_count) == ([], 0)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_gives_the_columns(delimiter: str) -> None:
    columns = find_columns(delimiter.join(["page_id", '"date (UTC)"', "fans", "a,b;c"]) + "\r\n")
    assert (columns.delimiter, columns.zone, columns.date) == (delimiter, "UTC", 1)


def test_a_million_rows_are_five_numbers_each() -> None:
    days = [(TODAY - timedelta(days=number)).isoformat() for number in range(1000)]
    text = "".join(f'{page},{day},"1,234",\n' for page in range(1000) for day in days)
    figures = read(HEADER + text)
    assert figures.refused == []
    columns = (figures.lines, figures.pages, figures.days, figures.fans, figures.followers)
    assert [len(column) for column in columns] == [1_000_000] * 5
    assert sum(column.itemsize for column in columns) == 40
    assert len(figures.page_texts) == 1000
