"""Import plan: compares the rows of a file with each other and with the stored snapshots.

Nothing is guessed: a row is refused when two Pages have its name, or when its day occurs twice with
different figures. A stored figure is never changed; one that is missing is filled.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from storage.csv_import.page_index import PageIndex
from storage.csv_import.reader import FileRow, PastFigures, Refusals, make_refusals

PageDay = tuple[str, date]
Stored = tuple[str, date, int | None, int | None]  # Page, day, fans, followers

# A total does not change tenfold from one day to the next.
DOUBTFUL_FACTOR = 10
MIN_JUDGED = 100  # people; below, tenfold is no wonder
NEAREST_DAYS = 30


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
class DoubtfulFigures:
    """A Page's new figures that are too small or too large beside what is stored.

    ``figure`` is the file's on the day nearest to ``stored_day``, the nearest stored one.
    """

    page_name: str
    metric: str  # "fans" | "followers"
    day: date
    figure: int
    stored_day: date
    stored_figure: int


@dataclass(frozen=True)
class ImportCounts:
    """How many rows of a file are of each kind; rows without figures are in none."""

    new: int
    equal: int
    conflicting: int
    refused: int


@dataclass(frozen=True)
class ImportPlan:
    """What a file would do now.

    ``new``: the figures to store; a figure that is stored already is None in them.
    ``conflicting`` are in order of Page and day. ``doubtful``: to be confirmed before an import.
    ``span``: the first and last day of the rows that are not refused, of ``pages_count`` Pages;
    None without such a row. ``remarks`` and ``zone`` as in `PastFigures`.
    """

    counts: ImportCounts
    new: Mapping[PageDay, FileRow]
    conflicting: Sequence[ConflictingRow]
    refused: Refusals
    doubtful: Sequence[DoubtfulFigures]
    pages_count: int
    span: tuple[date, date] | None
    remarks: tuple[str, ...]
    zone: str | None


def match_pages(
    figures: PastFigures, pages: PageIndex
) -> tuple[dict[PageDay, FileRow], Refusals, tuple[str, ...]]:
    """Return the rows of stored Pages, one for each Page and day; all refusals; and remarks."""
    matches = {cells: pages.find(cells) for cells in {row.page for row in figures.rows}}
    refused = list(figures.refused.rows)
    rows: dict[PageDay, FileRow] = {}
    repeated: dict[PageDay, list[FileRow]] = {}
    for row in figures.rows:
        match = matches[row.page]
        if match.page_id is None:
            refused.append((row.line, match.reason))
            continue
        first = rows.setdefault((match.page_id, row.day), row)
        if first is not row:
            repeated.setdefault((match.page_id, row.day), [first]).append(row)
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
    kept = make_refusals(refused)
    refused_count = kept.count + figures.refused.count - len(figures.refused.rows)
    remarks = sorted({match.remark for match in matches.values()} - {""})
    return rows, Refusals(kept.rows, refused_count), tuple(remarks)


def compare(
    rows: Mapping[PageDay, FileRow], stored: Iterable[Stored], names: Mapping[str, str]
) -> tuple[dict[PageDay, FileRow], int, list[ConflictingRow]]:
    """Return what is new, how many rows are stored alike, and those stored otherwise.

    An empty cell never conflicts. A figure that is not stored on a stored day is new, unless the
    row's other figure conflicts: then the whole row is in doubt.
    """
    new, equal_count = dict(rows), 0
    conflicting: list[ConflictingRow] = []
    for page_id, day, fans, followers in stored:
        row = new.pop((page_id, day), None)
        if row is None:
            continue
        pairs = ((row.fans, fans), (row.followers, followers))
        if any(None not in pair and pair[0] != pair[1] for pair in pairs):
            figures = (row.fans, row.followers, fans, followers)
            conflicting.append(ConflictingRow(row.line, page_id, names[page_id], day, *figures))
            continue
        filled = [figure if was is None else None for figure, was in pairs]
        if filled == [None, None]:
            equal_count += 1
        else:
            new[page_id, day] = row._replace(fans=filled[0], followers=filled[1])
    return new, equal_count, sorted(conflicting, key=lambda row: (row.page_id, row.day))


def find_doubtful(
    metric: str, page_name: str, figures: Mapping[date, int], stored: Mapping[date, int]
) -> DoubtfulFigures | None:
    """Compare one Page's new figures with the stored ones of the same metric, by day.

    The file's days nearest to a stored one count, at most NEAREST_DAYS: a long history may begin
    small, and a figure of a day, such as new likes, may once be large. None where nothing is
    stored, or all is as it should be.
    """
    if not figures or not stored:
        return None
    day, stored_day = _find_nearest(list(figures), sorted(stored))
    near = sorted(figures, key=lambda each: abs((each - stored_day).days))[:NEAREST_DAYS]
    stored_figure = stored[stored_day]
    for figure in (figures[day], median(figures[each] for each in near)):
        small, large = sorted((figure, stored_figure))
        if large >= MIN_JUDGED and small * DOUBTFUL_FACTOR < large:
            return DoubtfulFigures(page_name, metric, day, figures[day], stored_day, stored_figure)
    return None


def _find_nearest(days: Sequence[date], stored: Sequence[date]) -> tuple[date, date]:
    """The new day and the stored day that are nearest to each other."""
    pairs = (
        (day, other)
        for day in days
        for index in [bisect_left(stored, day)]
        for other in stored[max(0, index - 1) : index + 1]
    )
    return min(pairs, key=lambda pair: abs((pair[0] - pair[1]).days))
