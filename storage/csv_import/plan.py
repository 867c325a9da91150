"""Import plan: compares the rows of a file with each other and with the stored snapshots.

Nothing is guessed: a row is refused when two Pages have its name, or when its day occurs twice with
different figures. A stored day is never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from storage.csv_import.cells import quote
from storage.csv_import.reader import FileRow, PageCells, PastFigures
from storage.export.csv_xlsx import undefuse

PageDay = tuple[str, date]
Stored = tuple[str, date, int | None, int | None]  # Page, day, fans, followers


@dataclass(frozen=True)
class ConflictingRow:
    """A row whose day is stored with other figures; None is a figure that is not there."""

    line: int
    page_id: str
    page_name: str
    day: date
    fans: int | None
    followers: int | None
    stored_fans: int | None
    stored_followers: int | None


@dataclass(frozen=True)
class ImportCounts:
    """How many rows of a file are of each kind; together all of them but the header."""

    new: int
    equal: int
    conflicting: int
    refused: int


@dataclass(frozen=True)
class ImportPlan:
    """What a file would do now.

    ``conflicting`` are in order of Page and day, ``refused`` are (line, reason) in order. ``span``:
    the first and last day of the rows that are not refused, of ``pages_count`` Pages; None without
    such a row. ``zone`` as in `PastFigures`.
    """

    counts: ImportCounts
    new: Mapping[PageDay, FileRow]
    conflicting: Sequence[ConflictingRow]
    refused: Sequence[tuple[int, str]]
    pages_count: int
    span: tuple[date, date] | None
    zone: str | None


def match_pages(
    figures: PastFigures, names: Mapping[str, str]
) -> tuple[dict[PageDay, FileRow], list[tuple[int, str]]]:
    """The rows of stored Pages, one for each Page and day; and all refused rows, in order.

    ``names``: the name of every stored Page by its id.
    """
    ids_by_name: dict[str, list[str]] = {}
    for page_id, name in names.items():
        ids_by_name.setdefault(name, []).append(page_id)
    pages = {
        cells: _find_page(cells, names, ids_by_name) for cells in {r.page for r in figures.rows}
    }
    refused = list(figures.refused)
    rows: dict[PageDay, FileRow] = {}
    repeated: dict[PageDay, list[FileRow]] = {}
    for row in figures.rows:
        matched_id, reason = pages[row.page]
        if matched_id is None:
            refused.append((row.line, reason))
            continue
        first = rows.setdefault((matched_id, row.day), row)
        if first is not row:
            repeated.setdefault((matched_id, row.day), [first]).append(row)
    for key, same_day in repeated.items():
        lines = [row.line for row in same_day]
        if len({(row.fans, row.followers) for row in same_day}) == 1:
            reason = f"The same day of the same Page stands on line {lines.pop(0):,d} already."
        else:
            del rows[key]
            reason = (
                f"This day of the Page stands on lines {lines[0]:,d} and {lines[1]:,d} with "
                "different figures."
            )
        refused += [(line, reason) for line in lines]
    return rows, sorted(refused)


def _find_page(
    cells: PageCells, names: Mapping[str, str], ids_by_name: Mapping[str, Sequence[str]]
) -> tuple[str | None, str]:
    """The id of the Page, or None and the reason."""
    if cells.id:
        # A spreadsheet's own way to keep a number a text is an apostrophe before it.
        for page_id in (cells.id, cells.id.lstrip("'")):
            if page_id in names:
                return page_id, ""
        if "e+" in cells.id.lower():
            return None, (
                f"A spreadsheet has rounded the Page id to {quote(cells.id)}. Format the column as "
                "text, or use the Page's name."
            )
        return None, f"No Page here has the id {quote(cells.id)}."
    if not cells.name.strip():
        return None, "There is no Page in this row."
    for name in (undefuse(cells.name), cells.name, cells.name.strip()):
        ids = ids_by_name.get(name, ())
        if len(ids) == 1:
            return ids[0], ""
        if ids:
            several = ", ".join(ids[:5])
            return None, f"The name {quote(name)} is not unique, use the Page id: {several}"
    return None, f"No Page here is called {quote(cells.name)}."


def compare(
    rows: Mapping[PageDay, FileRow], stored: Iterable[Stored], names: Mapping[str, str]
) -> tuple[dict[PageDay, FileRow], int, list[ConflictingRow]]:
    """The rows whose day is not stored, how many are stored alike, and those stored otherwise.

    An empty cell never conflicts. A figure for a day that is stored without it is a conflict, since
    nothing is ever added to a stored day.
    """
    new, equal_count = dict(rows), 0
    conflicting: list[ConflictingRow] = []
    for page_id, day, fans, followers in stored:
        row = new.pop((page_id, day), None)
        if row is None:
            continue
        if row.fans in (None, fans) and row.followers in (None, followers):
            equal_count += 1
        else:
            figures = (row.fans, row.followers, fans, followers)
            conflicting.append(ConflictingRow(row.line, page_id, names[page_id], day, *figures))
    return new, equal_count, sorted(conflicting, key=lambda row: (row.page_id, row.day))
