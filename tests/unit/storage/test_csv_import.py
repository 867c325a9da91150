"""Files of past figures: what is read, and each thing that is refused, with its line and reason."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.csv_import import reader, sheet
from storage.csv_import.cells import UnreadableFile, read_numbers
from storage.csv_import.dates import NO_CHOICES, DateChoices, Moment, examine_dates, read_dates
from storage.csv_import.headers import find_meaning
from storage.csv_import.mapping import as_json, from_json, guess_mapping
from storage.csv_import.page_index import PageIndex, StoredPage
from storage.csv_import.plan import (
    ConflictingRow,
    PageDay,
    Stored,
    compare,
    find_doubtful,
    match_pages,
)
from storage.csv_import.reader import FileRow, PastFigures, read_figures
from tests.past_files import guess, index_of, open_text, read_file

TODAY = date(2026, 11, 22)
NAMES = index_of(_1="Café Lindenhof", _2="Twin", _3="Twin", _4="=SUM(A1)", _5="'=odd", _6="-")
HEADER = "page_id,date,fans,followers\n"

Row = tuple[str, date, int | None, int | None]


def read(text: str | bytes, encoding: str = "utf-8") -> PastFigures:
    """A file with this text."""
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return read_file(io.BytesIO(content), TODAY, NAMES)


def rows_of(rows: Mapping[PageDay, FileRow]) -> list[Row]:
    """Rows as a person writes them, in order of Page and day."""
    return sorted((page_id, day, row.fans, row.followers) for (page_id, day), row in rows.items())


def matched(text: str | bytes, encoding: str = "utf-8") -> tuple[list[Row], list[tuple[int, str]]]:
    """The rows of a file, and the refused ones as (line, reason)."""
    rows, refused, _ = match_pages(read(text, encoding), NAMES)
    return rows_of(rows), list(refused.rows)


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
        "ID\tDay\tTotal page likes\tFollowers count\n1\t20260131\t1 234\t567\n",
        'Page name,Extra,Date,Total fans,Followers\n"Café Lindenhof",?,2026-01-31,"1,234",567\n',
        "sep=;\npage;date;fans;followers\nCafé Lindenhof;2026-01-31 00:00:00;1234.0;567,00\n",
        "followers,fans,date,id\n567,1'234,31 Jan 2026,1",
        'followers,fans,date,id\n567,1234,"January 31, 2026",\'1',
        'name,date,fans,followers\n"Café Lindenhof",2026/01/31,1\u202f234,567',
        "id,date,fans,followers\n1,1/31/2026,1234,567\n",
        'id|date|fans|followers\n="1"|31-Jan-26|="1234"|567\n',
        "id,date,fans,followers\n'1,'2026-01-31,'1234,567\n",
        'id, date, fans, followers\n1, "31 Jan 2026", "1,234", "567"\n',
        'id,date,fans,followers\n1.0,"Sa., 31.01.2026",1234,567\n',
        "\ufeff\ufeffid,date,fans,followers\n1,46053,1234,567\n",
        "id;date;fans;followers\n1;46053,4271;1234;567\n",
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
        ("1,46000,1,1", "“46000” is not a date"),
        ("1,,1,1", "There is no date."),
        ("1,=TODAY(),1,1", "The date is a formula"),
        ("1,2026-01-31,-5,1", "“-5” is below zero"),
        ("1,2026-01-31,1.5,1", "“1.5” is not a whole number."),
        ("1,2026-01-31,=1+1,1", "“=1+1” is a formula; formulas are not worked out."),
        ("1,2026-01-31,99999999999,1", "“99999999999” is more than there are people."),
        ("1,2026-01-31,٣,1", "“٣” is not a whole number."),
        ("1,2026-01-31,+7,1", "“+7” is written as a change, and a total is needed."),
        ("1,2026-01-31,11.8k,1", "“11.8k” is rounded, and the exact figure is needed."),
        ("1,2026-01-31,ca. 12000,1", "“ca. 12000” is rounded"),
        ("1,KW 17/2024,1,1", "“KW 17/2024” is no single day, and a figure needs one"),
        ("1,Week 27.04.2024,1,1", "“Week 27.04.2024” is no single day"),
        ("1,Q1 2024,1,1", "“Q1 2024” is no single day"),
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
        ("", "The file is empty"),
        ("\n\n , \n", "The file is empty"),
        ("id,date,fans\n", "The file has no rows"),
        ("id,fans\n1,2\n", "No column is called “date”, and none has days in it."),
        ("a,b\n1,2\n", "No column is called “date”, and none has days in it."),
        ("id,2026-01-01,2026-01-02,2026-01-03\n1,5,6,7\n", "This sheet has a column for each day."),
        ("Fans\n\nid,2026-01-01,2026-01-02\n1,5,6\n", "This sheet has a column for each day."),
        ("1,2026-01-01,5\n1,2026-01-02,6\n", "No line of the file names its columns."),
        ('[{"name": "page_fans", "values": []}]', "This is no table but HTML or JSON."),
        ("\n<html><table><tr><td>date</td></tr>", "This is no table but HTML or JSON."),
        (b"id,date,name,fans\n1,2026-01-01,Caf\xe9,2\n", "The file is neither UTF-8 nor UTF-16."),
        (b"PK\x03\x04whatever", "This is an archive or another kind of spreadsheet."),
        (b"\xd0\xcf\x11\xe0whatever", "This is a spreadsheet of an old format"),
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
    [
        ["1,234", "1.234"],
        ["1.234", "0.340"],
        ["1.234", "1.5"],
        ["1.234", "1234.0"],
        ["1.234", "1,234.00"],
    ],
)
def test_a_mark_that_can_mean_two_things_is_refused(cells: list[str]) -> None:
    assert "is ambiguous" in str(read_numbers(cells)[cells[0]])


def test_no_mark_is_trusted_where_thousands_are_marked_twice() -> None:
    cells = ["1,234", "1.234"]
    assert all("is ambiguous" in str(reason) for reason in read_numbers(cells).values())


@given(st.integers(0, 20_000_000_000), st.sampled_from([",", ".", " ", "'", "\u202f", ""]))
def test_every_figure_is_read_back(figure: int, mark: str) -> None:
    cell = f"{figure:,d}".replace(",", mark)
    assert read_numbers([cell]) == {cell: figure}


def test_days_that_can_be_read_in_two_ways() -> None:
    days = ["03/04/2025", "05/05/2025"]

    def first(*more: str, choices: DateChoices = NO_CHOICES) -> date | str:
        moment = read_dates([*days, *more], TODAY, choices)[days[0]]
        return moment.day if isinstance(moment, Moment) else moment

    assert "can be read in two ways" in str(first())
    assert examine_dates(days).order == "unknown"
    assert first(choices=DateChoices(month_first=True)) == date(2025, 3, 4)
    assert first(choices=DateChoices(month_first=False)) == date(2025, 4, 3)
    assert read_dates(days, TODAY)[days[1]] == Moment(date(2025, 5, 5), 0)
    assert first("13/04/2025") == date(2025, 4, 3)
    assert first("12/31/2025") == date(2025, 3, 4)
    both = read_dates([*days, "13/04/2025", "04/13/2025"], TODAY)
    assert all("can't be read safely" in str(day) for day in both.values())


def test_dates_whose_parts_stand_otherwise() -> None:
    days = ["04.27.2024", "05.01.2024"]
    assert read_dates(days, TODAY)["05.01.2024"] == Moment(date(2024, 5, 1), 0)
    assert "contradict" in str(read_dates([*days, "28.05.2024"], TODAY)["05.01.2024"])
    years_first = read_dates(["24/04/05", "24/04/28"], TODAY)
    assert all("contradict" in str(day) for day in years_first.values())
    assert "contradict" in str(read_dates(["24.04.05", "24.04.28"], TODAY)["24.04.05"])


def test_pages_by_name() -> None:
    text = "name,date,fans\n{}\n"
    twin = refused_in(text.format("Twin,2026-01-01,1"))
    assert twin == [(2, "The name “Twin” is not unique, use the Page id: 2, 3")]
    assert "is not unique" in refused_in(text.format("twin,2026-01-01,1"))[0][1]
    assert refused_in(text.format("Triplet,2026-01-01,1"))[0][1].startswith(
        "No Page here is called"
    )
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
    rows, _, _ = match_pages(read(HEADER + text), NAMES)
    new, equal_count, conflicting = compare(rows, stored, NAMES.names)
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
def test_a_missing_figure_is_filled_alone(figures: tuple[int | None, int | None]) -> None:
    new, _, conflicting = compared("1,2026-01-01,10,20\n", ("1", DAY, *figures))
    fans, followers = figures
    assert new == [("1", DAY, None if fans else 10, None if followers else 20)]
    assert conflicting == []


def test_nothing_is_filled_beside_a_conflict() -> None:
    new, _, (row,) = compared("1,2026-01-01,10,20\n", ("1", DAY, 11, None))
    assert new == []
    assert (row.fans, row.followers, row.stored_fans, row.stored_followers) == (10, 20, 11, None)


def test_zero_is_a_figure() -> None:
    _, _, (row,) = compared("1,2026-01-01,0,\n", ("1", DAY, 5, 5))
    assert (row.fans, row.followers) == (0, None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_gives_the_columns(delimiter: str) -> None:
    header = delimiter.join(["page_id", '"date (UTC)"', "fans", '"a,b;c"'])
    row = delimiter.join(["1", "2026-01-01", "5", "x"])
    figures = read(f"{header}\r\n{row}\r\n")
    assert figures.zone == "UTC"
    assert [(each.page, each.fans) for each in figures.rows] == [(("1",), 5)]


# Limits


@pytest.mark.parametrize("blank", ["\n", ",,,\n", "1,,,\n"])
def test_every_line_counts_towards_the_limit(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MAX_ROWS", 40)
    rows = "1,2026-01-01,1,1\n1,2026-01-02,1,1\n"
    assert read(HEADER + rows + blank * 37).empty_count == 37
    with pytest.raises(UnreadableFile, match="Split it"):
        read(HEADER + rows + blank * 38)


def test_figures_of_a_wide_sheet_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_ROWS", 3)
    text = "date,Café Lindenhof,=SUM(A1)\n2026-01-01,1,2\n2026-01-02,3,4\n"
    opened = open_text(text)
    mapping = guess_mapping(opened, NAMES, "a.csv").mapping
    with pytest.raises(UnreadableFile, match="more than 3 figures"):
        read_figures(opened, mapping, TODAY)


def test_refusals_are_counted_beyond_those_that_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_REFUSED", 3)
    _, refused, _ = match_pages(read(HEADER + "1,x,1,1\n9,2026-01-01,1,1\n" * 5), NAMES)
    assert len(refused.rows) == 3
    assert refused.count == 10


def test_a_line_without_an_end_is_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MAX_LINE", 500)
    with pytest.raises(UnreadableFile, match="longer than any table"):
        read(HEADER + "x," * 400)


# What a name says


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("Lifetime Total Likes", ("fans", "sure")),
        ("page_fans (lifetime)", ("fans", "sure")),
        ("Fans [total]", ("fans", "sure")),
        ("likes", ("fans", "doubtful")),
        ("Page Likes", ("fans", "doubtful")),
        ("Fans (whatever)", ("fans", "doubtful")),
        ("Fan growth", ("fans", "no total")),
        ("New Likes", ("fans", "no total")),
        ("Net Page Likes", ("fans", "no total")),
        ("Organic Page Likes", ("fans", "no total")),
        ("Followers (new)", ("followers", "no total")),
        ("Followers %", ("followers", "no total")),
        ("Neue Follower", ("followers", "no total")),
        ("Nouveaux abonnés", ("followers", "no total")),
        ("Nuevos seguidores", ("followers", "no total")),
        ("Novos seguidores", ("followers", "no total")),
        ("Nuovi follower", ("followers", "no total")),
        ("Daily Unlikes", ("fans", "no total")),
        ("Total de Me gusta", ("fans", "probable")),
        ("Curtidas totais", ("fans", "probable")),
        ("Mi piace totali", ("fans", "probable")),
        ("Seguidores", ("followers", "probable")),
        ("Audience", ("followers", "probable")),
        ("Fecha", ("day", "probable")),
        ("page_fans_online", ("fans", "no total")),
        ("page_fans_country", ("fans", "no total")),
        ("Lifetime Likes by Gender and Age - F.13-17", ("fans", "no total")),
        ("Lifetime: The number of people who saw posts and like your Page", ("fans", "no total")),
        ("Fans Δ", ("fans", "no total")),
        ("fans evolution", ("fans", "no total")),
        ("Fans last year", ("fans", "no total")),
        ("Ziel Fans", ("fans", "no total")),
        ("Seguidores ganados", ("followers", "no total")),
        ("Instagram Followers", None),
        ("Followers (LinkedIn)", None),
        ("X followers", None),
        ("Audience Targeting", None),
        ("Impressions", None),
        ("source", None),
    ],
)
def test_what_a_header_says(header: str, meaning: tuple[str, str] | None) -> None:
    found = find_meaning(header)
    assert (found and (found.kind, found.certainty)) == meaning


def questions_of(text: str, name: str = "figures.csv") -> str:
    return " ".join(guess(text, NAMES, name).questions)


def test_what_is_unsure_is_asked() -> None:
    assert "does not say which Page" in questions_of("date,fans\n2026-01-01,5\n")
    assert "“likes” may be a total of fans" in questions_of("id,date,likes\n1,2026-01-01,5\n")
    assert "by name no totals" in questions_of("id,date,new fans\n1,2026-01-01,5\n")
    assert "“fans” and “page_fans” could be" in questions_of(
        "id,date,fans,page_fans\n1,2026-01-01,5,6\n"
    )
    assert "“Fecha” seems to be the day" in questions_of("id,Fecha,fans\n1,2026-01-01,5\n")
    assert "“x” seems to be the day" in questions_of("id,x,fans\n1,2026-01-01,5\n")
    assert "“x” seems to be the Page" in questions_of("x,date,fans\nCafé Lindenhof,2026-01-01,5\n")
    assert "No column is called “fans”" in questions_of("id,date,x\n1,2026-01-01,5\n")


def test_what_speaks_against_the_figures_is_asked() -> None:
    rows = "page,date,followers\nCafé Lindenhof,2026-01-01,5\n"
    assert questions_of(rows) == ""
    assert "names another network" in questions_of("Report\nInstagram\n\n" + rows)
    assert "names another network" in questions_of(rows, "instagram.csv")
    assert questions_of(rows, "facebook-and-instagram.csv") == ""
    assert "not the new ones" in questions_of("New followers\n" + rows)
    part = "id,date,Country,Age,fans\n1,2026-01-01,DE,18-24,5\n"
    assert "By “Country” and “Age” each row may be only a part" in questions_of(part)


@pytest.mark.parametrize(
    ("network", "facebook", "other"),
    [
        ("Network", "Facebook", "Instagram"),
        ("Profile Type", "Facebook Page", "LinkedIn Page"),
        ("Red social", "Facebook", "X (Twitter)"),
        ("Platform", "FB", "Reddit"),
        ("Type", "Facebook Page", "Instagram Business"),
    ],
)
def test_rows_of_another_network_are_passed_over(network: str, facebook: str, other: str) -> None:
    rows = "".join(
        f"1,2026-01-{day:02},{name},{day}\n"
        for name, days in ((facebook, range(1, 26)), (other, range(26, 30)))
        for day in days
    )
    text = f"id,date,{network},fans\n{rows}"
    assert [row[2] for row in found_in(text)] == [*range(1, 26)]
    assert f"4 rows are of “{other}”, not of Facebook" in " ".join(read(text).remarks)


@pytest.mark.parametrize(("column", "cell"), [("Channel", "Retail"), ("Checked", "x")])
def test_a_column_without_networks_passes_nothing_over(column: str, cell: str) -> None:
    assert len(found_in(f"id,date,{column},fans\n1,2026-01-01,{cell},5\n")) == 1


LONG = "page_id,{},period,value,end_time\n1,page_fans,day,5,2026-01-01T07:00:00+0000\n"


@pytest.mark.parametrize("column", ["name", "metric", "Métrique"])
def test_a_metric_in_each_row(column: str) -> None:
    text = LONG.format(column)
    asked = guess(text, NAMES)
    assert "Each row is of “page_fans”" in " ".join(asked.questions)
    assert (asked.mapping.pages, asked.mapping.fans) == ((0,), 3)
    text += "1,page_fan_adds,day,1,2026-01-01T07:00:00+0000\n"
    with pytest.raises(UnreadableFile, match="several metrics, such as “page_fans” and “page_fan_"):
        guess(text, NAMES)


def test_a_mapping_is_not_remembered_for_another_metric() -> None:
    remembered = guess(LONG.format("name"), NAMES).mapping
    text = LONG.format("name").replace("page_fans", "page_fan_adds")
    again = guess_mapping(open_text(text), NAMES, "x.csv", remembered)
    assert again.mapping.fans is None
    assert "by name no totals" in " ".join(again.questions)
    named = "id,metric,date,fans\n1,New fans,2026-01-01,5\n"
    assert "Each row is of “New fans”" in questions_of(named)


@pytest.mark.parametrize(
    "text",
    [
        "Post ID,Posted,Post Message,Lifetime Post Likes\n1,2026-01-01,Hi,5\n",
        "Video ID,Date,Lifetime Total Likes\n1,2026-01-01,5\n",
        "Page ID,Permalink,Date,Reactions,Likes\n1,https://x.y/1,2026-01-01,5,5\n",
    ],
)
def test_files_of_posts_have_no_totals(text: str) -> None:
    with pytest.raises(UnreadableFile, match="a row for each post or video"):
        guess(text, NAMES)


def test_likes_of_a_file_of_posts_are_no_fans() -> None:
    text = "Page ID,Post ID,Date,Total Likes,Total Followers\n1,7,2026-01-01,5,900\n"
    assert found_in(text) == [("1", DAY, None, 900)]


@pytest.mark.parametrize(
    ("title", "header"),
    [
        ("Facebook-Follows", "Datum,Primär"),
        ("Seguidores de Facebook", "Fecha,Principal"),
        ("Visitas ao Facebook", "Data,Primário"),
        ("Facebook reach", "Date,Primary,Comparison"),
    ],
)
def test_business_suite_in_other_languages(title: str, header: str) -> None:
    text = f'sep=,\n"{title}"\n{header}\n2026-01-01T00:00:00,5,6\n'
    with pytest.raises(UnreadableFile, match=f"Business Suite with “{title}”.*nothing to import"):
        guess(text, NAMES)
    assert questions_of(text.replace(title, f"Total: {title}"))


@pytest.mark.parametrize(
    "text",
    [
        # The same columns of another Page, or of another metric.
        "date,fans\n2026-01-01,5\n\ndate,fans\n2026-02-01,6\n",
        "date,fans\n2026-01-01,5\n\nTwin\n2026-02-01,6\n",
        "id,date,fans\n1,2026-01-01,5\n\nNew fans\nid,date,fans\n1,2026-02-01,6\n",
        "id,date,fans\n1,2026-01-01,5\n\nid,date,new fans\n1,2026-02-01,6\n",
    ],
)
def test_a_second_table_is_refused(text: str) -> None:
    sheet = open_text(text)
    mapping = guess_mapping(sheet, NAMES, "Café Lindenhof.csv").mapping
    with pytest.raises(UnreadableFile, match="second table begins"):
        read_figures(sheet, mapping, TODAY)


def test_a_header_that_occurs_again_is_passed_over() -> None:
    text = "id,date,fans\n1,2026-01-01,5\n"
    both = read(text + "\ufeff" + text.replace("01-01", "01-02"))
    assert [row.fans for row in both.rows] == [5, 5]
    assert "occurs again: passed over" in " ".join(both.remarks)


def test_what_stands_below_the_table_is_no_table() -> None:
    text = "id,date,fans\n1,2026-01-01,5\n\nTotal,,5\nSource: a tool\n"
    assert [reason for _, reason in refused_in(text)] == ["There is no date."]


@pytest.mark.parametrize(
    ("header", "metric"),
    [
        ("Date,{} - Fans,{} - Fans", "fans"),
        ("Date,{} Followers,{} Followers", "followers"),
        ("Date,{} new fans,{} fans,{} fans,{} followers", "fans"),
        ("Followers\nDate,{},{}", "followers"),
    ],
)
def test_a_column_for_each_page(header: str, metric: str) -> None:
    pages = ["Café Lindenhof", "=SUM(A1)"] * 2
    if header.count("{}") == 4:
        pages = [*pages[:2], pages[0], pages[0]]
    mapping = guess(header.format(*pages) + "\n2026-01-01,5,6,7,8\n", NAMES).mapping
    first = 2 if "new" in header else 1
    assert mapping.by_page == tuple(
        zip((first, first + 1), ("41" if first == 2 else "14"), strict=True)
    )
    assert mapping.metric == metric


def test_a_sure_column_leaves_no_question_about_doubtful_ones() -> None:
    assert questions_of("id,date,Total Fans,Page Likes,New Likes\n1,2026-01-01,5,6,7\n") == ""


@pytest.mark.parametrize(
    ("name", "page_id"),
    [
        ("Facebook Insights Data Export (Post Level) - Café Lindenhof - 2026.csv", "1"),
        ("cafe_lindenhof.csv", "1"),
        ("Twin.csv", None),
        ("figures.csv", None),
    ],
)
def test_the_page_is_guessed_from_the_file_name(name: str, page_id: str | None) -> None:
    mapping = guess("date,fans\n2026-01-01,5\n", NAMES, name).mapping
    assert mapping.only_page == page_id


def test_a_mapping_is_remembered_but_for_the_page() -> None:
    text = "date,likes\n5/4/2025,5\n"
    mapping = guess(text, NAMES, "Café Lindenhof.csv").mapping
    remembered = from_json(as_json(mapping))
    assert mapping.only_page == "1"
    assert remembered.only_page is None
    again = guess_mapping(open_text(text), NAMES, "x.csv", remembered)
    assert any("which Page" in question for question in again.questions)
    assert not any("likes" in question for question in again.questions)


# Dates of other kinds


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("4/27/24", "2024-04-27"),
        ("27.04.24", "2024-04-27"),
        ("27. April 2024", "2024-04-27"),
        ("27 avr. 2024", "2024-04-27"),
        ("27 de abril de 2024", "2024-04-27"),
        ("27 août 2024", "2024-08-27"),
        ("1 juil. 2024", "2024-07-01"),
        ("3 giugno 2024", "2024-06-03"),
        ("3 März 2024", "2024-03-03"),
        ("3 dez 2024", "2024-12-03"),
        ("Sat, Apr 27, 2024", "2024-04-27"),
        ("2024-04-27T00:00:00+0000", "2024-04-27"),
        ("2024-04-27 10:15:00 EST", "2024-04-27"),
        ("4/27/2024 11:15 PM", "2024-04-27"),
        ("45409", "2024-04-27"),
        ("27-Apr-24", "2024-04-27"),
        ("Di, 30.04.2024", "2024-04-30"),
        ("Sat 4/27/2024", "2024-04-27"),
        ("segunda-feira, 29 de abril de 2024", "2024-04-29"),
    ],
)
def test_a_date_in_another_form(cell: str, day: str) -> None:
    moment = read_dates([cell], TODAY)[cell]
    assert isinstance(moment, Moment)
    assert moment.day.isoformat() == day


@pytest.mark.parametrize("cell", ["3 jui 2024", "24-04-27", "99999", "27 foo 2024", "2024-13"])
def test_a_date_that_could_be_another_is_refused(cell: str) -> None:
    assert isinstance(read_dates([cell], TODAY)[cell], str)


@pytest.mark.parametrize(
    "time", ["T07:00:00+0000", "T08:00:00", " 07:00:00", "T07:00:00.000Z", "T00:00:00-0700"]
)
def test_ends_of_facebook_s_days(time: str) -> None:
    assert examine_dates([f"2026-01-0{n}{time}" for n in (1, 2)]).are_day_ends
    assert not examine_dates([f"2026-01-01{time}", "2026-01-02T10:15:00"]).are_day_ends


def test_a_line_of_totals_tells_nothing_of_the_other_dates() -> None:
    assert examine_dates(["2024-01", "2024-02", "Total"]).are_months
    assert examine_dates(["45409", "45410", "Sum"]).are_serials


def test_a_number_is_a_day_only_where_all_are() -> None:
    assert isinstance(read_dates(["45409", "2024-01-01"], TODAY)["45409"], str)


def test_months_are_taken_for_their_last_day_when_confirmed() -> None:
    cells = ["2024-02", "03/2024", "Apr 2024"]
    assert examine_dates(cells).are_months
    assert all("is a month" in str(each) for each in read_dates(cells, TODAY).values())
    ends = read_dates(cells, TODAY, DateChoices(takes_month_end=True))
    days = [each.day for each in ends.values() if isinstance(each, Moment)]
    assert days == [date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]


def test_the_last_of_a_day_s_figures_is_taken() -> None:
    text = "id,date,time,fans\n1,2026-01-01,09:00,7\n1,2026-01-01,23:30,9\n1,2026-01-01,11:00,8\n"
    assert found_in(text) == [("1", date(2026, 1, 1), 9, None)]
    stamped = "id,date,fans\n1,2026-01-01 23:30,9\n1,2026-01-01 09:00,7\n"
    assert found_in(stamped) == [("1", date(2026, 1, 1), 9, None)]
    assert "the last one is taken" in " ".join(read(stamped).remarks)


# Pages named in other ways

BAKERY = PageIndex(
    [
        StoredPage("10158056850000257", "Bluebird Bakery", "bluebird", "https://facebook.com/bb"),
        StoredPage("10158056850000299", "Café do Porto", None, None),
    ]
)


@pytest.mark.parametrize(
    "cell",
    [
        "10158056850000257",
        "'10158056850000257",
        " bluebird  BAKERY ",
        "Bluebird\u00a0Bakery\u200b",
        "https://www.facebook.com/10158056850000257",
        "facebook.com/Bluebird/",
        "https://m.facebook.com/bb?ref=1",
        "https://www.facebook.com/profile.php?id=10158056850000257",
        "https://www.facebook.com/pages/Bluebird-Bakery/10158056850000257",
        "https://www.facebook.com/Bluebird-Bakery-10158056850000257",
        "https://www.facebook.com/p/Bluebird-Bakery-10158056850000257/",
        "https://business.facebook.com/latest/home?asset_id=10158056850000257",
        "10158056850000257.0",
    ],
)
def test_a_page_is_found_by(cell: str) -> None:
    assert BAKERY.find([cell]).page_id == "10158056850000257"


@pytest.mark.parametrize(
    "cell",
    [
        "https://evil.example/10158056850000257",
        "https://facebook.com/other",
        "https://www.instagram.com/bluebird",
        "Bluebird",
        "1015805685",
    ],
)
def test_no_page_is_found_by(cell: str) -> None:
    match = BAKERY.find([cell])
    assert match.page_id is None
    assert match.reason.startswith("No Page here")


def test_accents_are_compared_in_one_form_and_still_count() -> None:
    assert BAKERY.find(["Cafe\u0301 do Porto"]).page_id == "10158056850000299"
    assert BAKERY.find(["Cafe do Porto"]).page_id is None


def test_a_rounded_id_gives_way_to_the_name() -> None:
    match = BAKERY.find(["1.01581E+16", "Bluebird Bakery"])
    assert match.page_id == "10158056850000257"
    assert "addresses or names are used" in match.remark
    assert "has rounded the Page id" in BAKERY.find(["1.01581E+16"]).reason
    assert BAKERY.find(["123", "Bluebird Bakery"]).page_id is None


def test_an_id_of_fifteen_kept_digits_is_taken_where_one_page_fits() -> None:
    alone = PageIndex([StoredPage("10158056850000257", "Bluebird Bakery", None, None)])
    match = alone.find(["10158056850000200"])
    assert match.page_id == "10158056850000257"
    assert "last digits" in match.remark
    assert BAKERY.find(["10158056850000200"]).page_id is None  # two Pages fit


# Doubtful totals


def figures_on(*values: int) -> dict[date, int]:
    return {DAY + timedelta(days=index): value for index, value in enumerate(values)}


STORED = {DAY + timedelta(days=100): 16_000}


@pytest.mark.parametrize(
    ("figures", "is_doubtful"),
    [
        (figures_on(*[7, 8, 9] * 10), True),
        (figures_on(*[7, 8, 9] * 10, 4_000), True),  # one good day among the new ones of a day
        (figures_on(15_000, 15_010), False),
        (figures_on(*range(10, 16_000, 150)), False),  # a history from the very beginning
        (figures_on(170_000), True),
    ],
)
def test_figures_that_do_not_fit_what_is_stored(
    figures: dict[date, int], is_doubtful: bool
) -> None:
    doubtful = find_doubtful("fans", "Bluebird", figures, STORED)
    assert (doubtful is not None) == is_doubtful
    if doubtful:
        assert doubtful.figure == figures[doubtful.day]
        assert (doubtful.stored_day, doubtful.stored_figure) == next(iter(STORED.items()))


def test_small_pages_may_grow_tenfold() -> None:
    assert find_doubtful("fans", "New", figures_on(2), {DAY: 60}) is None
    assert find_doubtful("fans", "New", figures_on(2), {}) is None
