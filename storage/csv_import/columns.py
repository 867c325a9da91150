"""Columns: finds those of a sheet by their names and first cells, with a question for each doubt.

A name alone is rarely proof; the first rows, the names of the stored Pages, and the other columns
tell the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from storage.csv_import.cells import UnreadableFile, is_placeholder, quote, read_numbers
from storage.csv_import.dates import is_date
from storage.csv_import.headers import (
    Certainty,
    Kind,
    find_meaning,
    find_network,
    has_row_of_each_post,
    is_metric,
    is_only_likes,
    is_page_id,
    is_part,
    is_timestamp,
    is_value,
)
from storage.csv_import.page_index import PageIndex
from storage.csv_import.sheet import Sheet

MAX_NAMED = 3  # columns in a sentence


class NamedColumns:
    """The columns of a sheet by what their names say."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._columns: dict[tuple[Kind, Certainty], list[int]] = {}
        is_of_posts = has_row_of_each_post(sheet.header)
        for index, cell in enumerate(sheet.header):
            meaning = find_meaning(cell)
            if meaning is not None:
                may_be_of_posts = is_of_posts and meaning.kind == "fans" and is_only_likes(cell)
                certainty = "no total" if may_be_of_posts else meaning.certainty
                self._columns.setdefault((meaning.kind, certainty), []).append(index)
        if is_of_posts and not any(
            self._get(kind, "sure", "probable", "doubtful") for kind in ("fans", "followers")
        ):
            raise UnreadableFile(
                "This file has a row for each post or video, and no column with how many fans or "
                "followers the Page had on a day, so there is nothing to import."
            )

    @property
    def time(self) -> int | None:
        columns = self._get("time", "sure")
        return columns[0] if columns else None

    def apply_metric(self, column: int, questions: list[str]) -> None:
        """Take the name of the metric in each row's ``column`` for the name of the figures.

        Raises UnreadableFile where the rows are of several metrics.
        """
        metrics = {
            cell: None
            for row in self._sheet.iterate_rows()
            if column < len(row.cells) and (cell := row.cells[column].strip())
        }
        if not metrics:
            return
        if len(metrics) > 1:
            several = " and ".join(quote(cell) for cell in list(metrics)[:2])
            raise UnreadableFile(
                f"The rows of this file are of several metrics, such as {several}, as its column "
                f"{quote(self._sheet.get_name(column))} says. Keep the rows of one metric, a total "
                "of fans or of followers, and try again."
            )
        self._columns = {
            key: [index for index in columns if index != column]
            for key, columns in self._columns.items()
        }
        meaning = find_meaning(next(iter(metrics)))
        values = [i for i, cell in enumerate(self._sheet.header) if is_value(cell)]
        if meaning is None or meaning.certainty != "sure" or values:
            questions.append(f"Each row is of {quote(next(iter(metrics)))}.")
        if meaning is not None and values:
            certainty = "probable" if meaning.certainty == "sure" else meaning.certainty
            self._columns.setdefault((meaning.kind, certainty), []).extend(values[:1])

    def _get(self, kind: Kind, *certainties: Certainty) -> list[int]:
        return [i for each in certainties for i in self._columns.get((kind, each), ())]

    def pick(self, kind: Kind, questions: list[str], what: str) -> int | None:
        """The column of a kind; a question where it is not sure. None is not in question."""
        sure, probable = self._get(kind, "sure"), self._get(kind, "probable")
        if kind == "day":
            probable.sort(key=lambda index: is_timestamp(self._sheet.header[index]))
        candidates = sure or probable
        if len(sure) > 1 or (not sure and probable):
            names = self._quote(candidates)
            verb = "could be" if len(candidates) > 1 else "seems to be"
            questions.append(f"{names} {verb} the {what}.")
        if candidates:
            return candidates[0]
        doubtful = self._get(kind, "doubtful")
        if not doubtful or kind not in ("fans", "followers"):
            return None
        questions.append(
            f"{self._quote(doubtful)} may be a total of {what}, or something else: new ones of a "
            "day, or those of posts."
        )
        is_alone = not any(self._get(each, "sure", "probable") for each in ("fans", "followers"))
        has_posts = any("comment" in cell.casefold() for cell in self._sheet.header)
        return doubtful[0] if is_alone and not has_posts else None

    def list_pages(self, questions: list[str]) -> tuple[int, ...]:
        """The columns that name the Page, ids first."""
        sure, probable = self._get("page", "sure"), self._get("page", "probable")
        if not sure and probable:
            questions.append(f"{self._quote(probable[:1])} seems to be the Page.")
            return tuple(probable[:1])
        return tuple(sorted(sure, key=lambda index: not is_page_id(self._sheet.header[index])))

    def ask_for_parts(self) -> list[str]:
        """A question where each row may have a part of a Page's fans."""
        parts = [index for index, cell in enumerate(self._sheet.header) if is_part(cell)]
        sentence = f"By {self._quote(parts)} each row may be only a part of a Page's fans."
        return [sentence] if parts else []

    def ask_for_totals(self, questions: list[str]) -> None:
        """No column is a total by its name."""
        daily = self._get("fans", "no total") + self._get("followers", "no total")
        if daily:
            questions.append(
                f"{self._quote(daily)}: by name no totals, but gains, losses or rates. Pagekeeper "
                "needs how many fans or followers a Page had on each day."
            )
        elif not (self._get("fans", "doubtful") + self._get("followers", "doubtful")):
            questions.append("No column is called “fans” or “followers”.")

    def _quote(self, columns: Sequence[int]) -> str:
        names = [quote(self._sheet.get_name(index)) for index in columns[:MAX_NAMED]]
        return " and ".join(names)


def find_network_column(sheet: Sheet) -> int | None:
    """Return the column that names the network of each row; None where all are of Facebook."""
    samples = [_list_samples(sheet, index) for index in range(len(sheet.header))]
    return find_network(sheet.header, samples)


def find_metric_column(sheet: Sheet) -> int | None:
    """Return the column that names the metric of each row; None where the header does."""
    has_values = any(map(is_value, sheet.header))
    for index, cell in enumerate(sheet.header):
        if is_metric(cell) or (has_values and _names_metrics(sheet, index)):
            return index
    return None


def _names_metrics(sheet: Sheet, index: int) -> bool:
    cells = _list_samples(sheet, index)
    meanings = map(find_meaning, cells)
    return not any(map(is_date, cells)) and any(
        meaning is not None and meaning.kind in ("fans", "followers") for meaning in meanings
    )


def get_metric(sheet: Sheet, by_page: Sequence[tuple[int, str]]) -> str:
    """Return what the columns of Pages hold, by their names and the title above; else fans."""
    names = [sheet.header[column] for column, _ in by_page[:1]]
    meanings = map(find_meaning, (*names, sheet.title))
    kinds = (meaning.kind for meaning in meanings if meaning is not None)
    return "followers" if next(kinds, "fans") == "followers" else "fans"


def guess_page(pages: PageIndex, *texts: str) -> str | None:
    """Return the only Page there is, or the one whose name stands in the first such text."""
    if len(pages.names) == 1:
        return next(iter(pages.names))
    return next(filter(None, map(pages.guess_from, texts)), None)


def is_page(cell: str, pages: PageIndex) -> bool:
    """Return whether a cell is a stored Page; a short number is rather a figure."""
    return pages.find([cell]).page_id is not None and not (cell.isdigit() and len(cell) < 9)


def find_column(
    sheet: Sheet, is_one: Callable[[str], bool], taken: Iterable[int | None]
) -> int | None:
    """Return the first column all of whose sample cells are of a kind; None when there is none."""
    for index in range(len(sheet.header)):
        cells = _list_samples(sheet, index)
        if index not in taken and cells and all(map(is_one, cells)):
            return index
    return None


def find_columns_of_pages(sheet: Sheet, pages: PageIndex) -> tuple[tuple[int, str], ...]:
    """Return the columns that have one Page each in their names, and numbers in them.

    Of fans and followers the one that comes first.
    """
    by_page: dict[int, str] = {}
    kinds: set[Kind] = set()
    for index, cell in enumerate(sheet.header):
        page_id = pages.find([cell]).page_id
        if page_id is None and (page_id := pages.guess_from(cell)) is not None:
            meaning = find_meaning(cell)
            if meaning is None or meaning.certainty == "no total" or kinds - {meaning.kind}:
                continue
            kinds.add(meaning.kind)
        is_new = page_id is not None and page_id not in by_page.values()
        if page_id is not None and is_new and _has_numbers(sheet, index):
            by_page[index] = page_id
    return tuple(by_page.items())


def _has_numbers(sheet: Sheet, index: int) -> bool:
    cells = [cell for cell in _list_samples(sheet, index) if not is_placeholder(cell)]
    return all(isinstance(number, int) for number in read_numbers(cells).values())


def _list_samples(sheet: Sheet, index: int) -> list[str]:
    rows = (row.cells for row in sheet.samples if index < len(row.cells))
    return [cell for cells in rows if (cell := cells[index].strip())]
