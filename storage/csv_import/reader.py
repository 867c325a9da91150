"""Reader: turns the rows of a sheet into figures of Pages by day, or into reasons why not.

Dates and figures are read after all rows: only the whole file shows whether "03/04" begins with the
day, and whether "1.234" is above a thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from storage.csv_import.cells import UnreadableFile, is_placeholder, quote, read_numbers
from storage.csv_import.dates import Moment, examine_dates, read_dates, read_time
from storage.csv_import.headers import find_meaning, find_zone, names_facebook
from storage.csv_import.mapping import ColumnMapping
from storage.csv_import.sheet import MAX_ROWS, Sheet

# Refusals that are kept with line and reason; the others are counted.
MAX_REFUSED = 10_000


PageCells = tuple[str, ...]  # what a row says of its Page, the most reliable first


class FileRow(NamedTuple):
    """One readable row. ``line`` counts from 1, the header included; an empty cell is None."""

    line: int
    page: PageCells
    day: date
    fans: int | None
    followers: int | None


@dataclass(frozen=True)
class Refusals:
    """Rows that are refused: the first MAX_REFUSED as (line, reason) in order, and how many."""

    rows: tuple[tuple[int, str], ...]
    count: int


@dataclass(frozen=True)
class PastFigures:
    """A file's readable rows in their order, and what became of the others.

    ``empty_count``: rows without any figure, blank ones too. ``unknown_count``: cells that have a
    placeholder such as "N/A" in place of a figure. ``remarks``: sentences on what was decided.
    ``zone``: what the header gives for the dates, None for nothing: they are taken as UTC days.
    """

    rows: list[FileRow]
    refused: Refusals
    empty_count: int
    unknown_count: int
    remarks: tuple[str, ...]
    zone: str | None


class _Cells(NamedTuple):
    """A row as it stands in the file; plain digits are a number already."""

    line: int
    page: PageCells
    day: str
    time: str
    fans: int | str | None
    followers: int | str | None


class _Counts:
    """What was left out while the rows were picked."""

    def __init__(self) -> None:
        self.empty = 0
        self.unknown = 0
        self.headers = 0
        self.networks: Counter[str] = Counter()
        self.placeholders: list[str] = []


def read_figures(sheet: Sheet, mapping: ColumnMapping, today: date) -> PastFigures:
    """Read a whole file by a mapping that lacks nothing; days after ``today`` (UTC) are refused.

    Raises UnreadableFile when it can't be read, or has more than MAX_ROWS rows or figures.
    """
    counts = _Counts()
    cells = list(_iterate_cells(sheet, mapping, counts))
    dates = {row.day for row in cells}
    moments = read_dates(dates, today, mapping.dates)
    figures = (figure for row in cells for figure in (row.fans, row.followers))
    numbers = read_numbers({figure for figure in figures if isinstance(figure, str)})
    rows: list[FileRow] = []
    refused: list[tuple[int, str]] = []
    seconds: list[int] = []
    for row in cells:
        moment = moments[row.day]
        fans, followers = (
            numbers[figure] if isinstance(figure, str) else figure
            for figure in (row.fans, row.followers)
        )
        reason = next((v for v in (moment, fans, followers) if isinstance(v, str)), None)
        if reason is not None or not isinstance(moment, Moment):
            refused.append((row.line, str(reason)))
            continue
        rows.append(FileRow(row.line, row.page, moment.day, fans, followers))  # type: ignore[arg-type]
        seconds.append(read_time(row.time) if row.time else moment.seconds)
    forms = examine_dates(dates)
    have_times = not forms.are_day_ends and (mapping.time is not None or forms.have_times)
    read_count = len(rows)
    if have_times:
        rows = _keep_last(rows, seconds)
    header = sheet.header[mapping.day] if mapping.day is not None else ""
    remarks = [*_describe_counts(counts), *_describe_dates(mapping)]
    if forms.are_serials and rows:
        number = next(row.day for row in cells if isinstance(moments[row.day], Moment))
        day = moments[number].day  # type: ignore[union-attr]
        remarks.append(f"The dates are numbers, as Excel keeps them: {number.strip()} is {day}.")
    if not rows and not refused and sheet.names:
        remarks.append(
            "If the spreadsheet has formulas, open it in its program and save it again, so that "
            "their results are in it."
        )
    if have_times and len(rows) < read_count:
        remarks.append("Of several figures of one day the last one is taken.")
    elif have_times:
        remarks.append("The dates have a time of day; the day is taken as it is written.")
    return PastFigures(
        rows=rows,
        refused=make_refusals(refused),
        empty_count=counts.empty,
        unknown_count=counts.unknown,
        remarks=tuple(remarks),
        zone="Pacific time" if mapping.dates.takes_day_before else find_zone(header),
    )


def make_refusals(rows: Sequence[tuple[int, str]]) -> Refusals:
    """Return the refusals, in order of line, as far as they are kept."""
    return Refusals(tuple(sorted(rows)[:MAX_REFUSED]), len(rows))


def _iterate_cells(sheet: Sheet, mapping: ColumnMapping, counts: _Counts) -> Iterator[_Cells]:
    """Yield what the mapping takes of each row."""
    # Pages and days repeat: each is kept in memory once.
    texts: dict[str, str] = {}
    pages: dict[PageCells, PageCells] = {}
    figures_count = 0
    previous: Sequence[str] = ()
    title = ""
    for line, cells in sheet.iterate_rows():
        network = _get(cells, mapping.network).strip()
        if network and not names_facebook(network):
            counts.networks[network] += 1
            continue
        day = _get(cells, mapping.day)
        if _is_name_of_days(day):
            _check_repeated_header(sheet, mapping, line, cells, previous)
            counts.headers += 1
            continue
        if any(cells):
            previous = cells
        if mapping.only_page is not None and _is_title(cells):
            title = cells[0]
        day, time = (texts.setdefault(text, text) for text in (day, _get(cells, mapping.time)))
        is_empty = True
        for page, fans_cell, followers_cell in _split(cells, mapping):
            fans = _as_figure(fans_cell, counts)
            followers = _as_figure(followers_cell, counts)
            if fans is None and followers is None:
                continue
            if title:
                raise UnreadableFile(
                    f"The line {quote(title)} stands alone among the figures. If a second table "
                    "begins there, save each table as a file of its own; else delete the line."
                )
            is_empty = False
            figures_count += 1
            if figures_count > MAX_ROWS:
                raise UnreadableFile(f"The file has more than {MAX_ROWS:,d} figures. Split it.")
            yield _Cells(line, pages.setdefault(page, page), day, time, fans, followers)
        counts.empty += is_empty


def _is_name_of_days(cell: str) -> bool:
    if not cell or cell[0].isdigit() or any(map(str.isdigit, cell)):
        return False
    meaning = find_meaning(cell)
    return meaning is not None and meaning.kind == "day"


def _check_repeated_header(
    sheet: Sheet,
    mapping: ColumnMapping,
    line: int,
    cells: Sequence[str],
    previous: Sequence[str],
) -> None:
    """Raise UnreadableFile unless a header below the first is the same one of the same table.

    The rows below it are of the same Page and metric only where the rows say their Page, and no
    title stands above it.
    """
    is_same = _list_names(cells) == _list_names(sheet.header)
    if not is_same or _is_title(previous) or not (mapping.pages or mapping.by_page):
        raise UnreadableFile(
            f"On line {line:,d} a second table begins. Save each table as a file of its own."
        )


def _is_title(cells: Sequence[str]) -> bool:
    """Whether only the first cell has a text, and it is no day."""
    return (
        bool(cells)
        and bool(cells[0].strip())
        and not any(map(str.isdigit, cells[0]))
        and not is_placeholder(cells[0].strip())
        and not any(cell.strip() for cell in cells[1:])
    )


def _list_names(header: Sequence[str]) -> list[str]:
    return [name for cell in header if (name := cell.strip("\ufeff \t"))]


def _split(cells: Sequence[str], mapping: ColumnMapping) -> Iterator[tuple[PageCells, str, str]]:
    """Yield the Page, fans and followers of a row: once, or for each Page with its own column."""
    if mapping.by_page:
        for column, page_id in mapping.by_page:
            figure = _get(cells, column)
            yield (page_id,), *((figure, "") if mapping.metric == "fans" else ("", figure))
        return
    page = tuple(_get(cells, column) for column in mapping.pages)
    if not mapping.pages and mapping.only_page is not None:
        page = (mapping.only_page,)
    yield page, _get(cells, mapping.fans), _get(cells, mapping.followers)


def _get(cells: Sequence[str], index: int | None) -> str:
    """A cell; "" where the row has none: spreadsheets leave empty cells at the end off."""
    return cells[index] if index is not None and index < len(cells) else ""


def _as_figure(cell: str, counts: _Counts) -> int | str | None:
    text = cell.strip()
    if text.isdigit() and text.isascii() and len(text) <= 10:
        return int(text)
    if is_placeholder(text):
        counts.unknown += 1
        if text not in counts.placeholders and len(counts.placeholders) < 3:
            counts.placeholders.append(text)
        return None
    return text or None


def _keep_last(rows: Sequence[FileRow], seconds: Sequence[int]) -> list[FileRow]:
    """The last row of each Page and day: by its time, then by its line."""
    last: dict[tuple[PageCells, date], tuple[int, FileRow]] = {}
    for second, row in zip(seconds, rows, strict=True):
        key = (row.page, row.day)
        if key not in last or last[key][0] <= second:
            last[key] = (second, row)
    return [row for _, row in last.values()]


def _describe_counts(counts: _Counts) -> list[str]:
    remarks = []
    if counts.networks:
        rows = (
            "1 row is" if counts.networks.total() == 1 else f"{counts.networks.total():,d} rows are"
        )
        names = " or ".join(quote(name) for name, _ in counts.networks.most_common(3))
        remarks.append(f"{rows} of {names}, not of Facebook: passed over.")
    if counts.headers:
        remarks.append("The line with the names of the columns occurs again: passed over.")
    if counts.unknown:
        cells = "1 cell has" if counts.unknown == 1 else f"{counts.unknown:,d} cells have"
        written = " or ".join(map(quote, counts.placeholders))
        remarks.append(f"{cells} {written} in place of a figure: taken as not known.")
    if counts.empty:
        rows = "1 row has" if counts.empty == 1 else f"{counts.empty:,d} rows have"
        remarks.append(f"{rows} no figure and stay{'s' * (counts.empty == 1)} empty.")
    return remarks


def _describe_dates(mapping: ColumnMapping) -> list[str]:
    remarks = []
    choices = mapping.dates
    if choices.month_first is not None:
        first = "month" if choices.month_first else "day"
        remarks.append(f"In dates such as 5/4/2024 the {first} comes first.")
    if choices.takes_month_end:
        remarks.append("Each month's figure is taken for the last day of the month.")
    if choices.takes_day_before is not None:
        day = "that ended then" if choices.takes_day_before else "that is written"
        remarks.append(f"The times are the ends of Facebook's days: taken for the day {day}.")
    return remarks
