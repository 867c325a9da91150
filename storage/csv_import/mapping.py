"""Mapping: which columns of a file are day, Page, fans and followers; guessed, then confirmed.

The guess is filled as far as the file tells. What it can't tell is a question, and nothing is taken
from the file before an operator has answered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from storage.csv_import.cells import UnreadableFile, quote
from storage.csv_import.columns import (
    NamedColumns,
    find_column,
    find_columns_of_pages,
    find_metric_column,
    find_network_column,
    get_metric,
    guess_page,
    is_page,
)
from storage.csv_import.dates import DateChoices, DateForms, examine_dates, is_date
from storage.csv_import.headers import (
    describe_business_suite,
    find_meaning,
    names_facebook,
    names_new_ones,
    names_other_network,
)
from storage.csv_import.page_index import PageIndex
from storage.csv_import.sheet import Sheet

MIN_DAY_COLUMNS = 2

_ASK_COLUMNS_OF_PAGES = "The file seems to have days in rows and Pages in columns."


@dataclass(frozen=True)
class ColumnMapping:
    """The columns of a file by their index from 0; None for none.

    ``pages``: the columns that name a row's Page, the most reliable first. ``only_page``: the id of
    the Page of all rows, where no column names one. ``by_page``: (column, Page id) where each Page
    has a column of its own; then ``metric`` is what they hold. ``time``: the time of day, by which
    the last of a day's figures is taken. ``network``: the network of a row; only Facebook's count.
    """

    day: int | None = None
    pages: tuple[int, ...] = ()
    fans: int | None = None
    followers: int | None = None
    time: int | None = None
    network: int | None = None
    only_page: str | None = None
    by_page: tuple[tuple[int, str], ...] = ()
    metric: str = "fans"
    dates: DateChoices = field(default_factory=DateChoices)

    @property
    def columns(self) -> set[int]:
        """The columns that are used."""
        single = (self.day, self.fans, self.followers, self.time, self.network)
        columns = {column for column in single if column is not None}
        return columns | {*self.pages, *(column for column, _ in self.by_page)}


@dataclass(frozen=True)
class Guess:
    """The mapping as far as the file tells, and what it leaves open: a sentence for each."""

    mapping: ColumnMapping
    questions: tuple[str, ...]
    dates: DateForms


def guess_mapping(
    sheet: Sheet, pages: PageIndex, file_name: str, remembered: ColumnMapping | None = None
) -> Guess:
    """Guess the mapping of a file. ``remembered``: the one of an earlier file with this header.

    Raises UnreadableFile when nothing in the file can be figures of Pages by day.
    """
    reason = describe_business_suite(sheet.title, sheet.header)
    if reason:
        raise UnreadableFile(reason)
    if sum(map(is_date, sheet.header)) >= MIN_DAY_COLUMNS:
        raise UnreadableFile(
            "This sheet has a column for each day. Turn it in its program (copy, then paste "
            "transposed), so that the days are in rows."
        )
    if any(map(is_date, sheet.header)) and not any(map(find_meaning, sheet.header)):
        raise UnreadableFile(
            "No line of the file names its columns. Put one above the figures, as in: "
            "page_id,date,fans,followers"
        )
    if not sheet.samples:
        raise UnreadableFile("The file has no rows below the names of its columns.")
    if remembered is not None and find_metric_column(sheet) is not None:
        remembered = None  # the same header may stand above another metric
    if remembered is None:
        mapping, questions = _guess_columns(sheet, pages)
    else:
        mapping, questions = replace(remembered, network=find_network_column(sheet)), []
        if not (mapping.pages or mapping.fans is not None or mapping.followers is not None):
            mapping = replace(mapping, by_page=find_columns_of_pages(sheet, pages))
            questions.append(_ASK_COLUMNS_OF_PAGES)
    questions += _list_title_questions(sheet, file_name)
    if not (mapping.pages or mapping.by_page):
        mapping = replace(
            mapping, only_page=guess_page(pages, file_name, sheet.title, *sheet.names[:1])
        )
        questions.append("The file does not say which Page its figures are of.")
    forms = examine_column(sheet, mapping.day)
    questions += list_date_questions(forms, mapping.dates)
    if remembered is None:
        # To be confirmed: Graph gives the moment at which a day ended.
        choices = DateChoices(None, forms.are_months, True if forms.are_day_ends else None)
        mapping = replace(mapping, dates=choices)
    return Guess(mapping, tuple(questions), forms)


def examine_column(sheet: Sheet, column: int | None) -> DateForms:
    """Return what all dates of a column tell; of an empty column for None."""
    if column is None:
        return examine_dates(())
    return examine_dates(
        {row.cells[column] for row in sheet.iterate_rows() if column < len(row.cells)}
    )


def list_date_questions(forms: DateForms, choices: DateChoices) -> list[str]:
    """Return what the dates of a file leave open and the operator has not answered."""
    questions = []
    if forms.order == "unknown" and choices.month_first is None:
        questions.append(
            "Dates such as 5/4/2024 can be read in two ways, and no date of the file tells which."
        )
    if forms.are_months and not choices.takes_month_end:
        questions.append("The file has months instead of days, and a figure needs a day.")
    if forms.are_day_ends and choices.takes_day_before is None:
        questions.append(
            "The times look like the ends of Facebook's days, midnight in California: each figure "
            "stands for the day that ended then."
        )
    return questions


def list_missing(mapping: ColumnMapping, forms: DateForms) -> list[str]:
    """Return what a mapping still lacks, a sentence for each; empty when it is whole."""
    missing = []
    if mapping.day is None:
        missing.append("Choose the column with the day.")
    if not (mapping.pages or mapping.by_page or mapping.only_page):
        missing.append("Choose which Page the figures are of.")
    if not mapping.by_page and mapping.fans is None and mapping.followers is None:
        missing.append("Choose a column with the total number of fans or of followers.")
    used = [
        column for column in (mapping.day, mapping.fans, mapping.followers) if column is not None
    ]
    if len(set(used)) < len(used) or set(used) & set(mapping.pages):
        missing.append("Choose each column once.")
    if forms.order == "unknown" and mapping.dates.month_first is None:
        missing.append("Choose whether the month or the day comes first.")
    if forms.are_months and not mapping.dates.takes_month_end:
        missing.append("Confirm that each figure is that of the last day of its month.")
    return missing


def hash_header(header: Sequence[str]) -> str:
    """Return a short text by which files with the same header are recognised."""
    return hashlib.sha256("\x1f".join(header).encode("utf-8", "replace")).hexdigest()[:32]


def as_json(mapping: ColumnMapping) -> dict[str, Any]:
    """Return what is remembered of a mapping: everything but its Pages."""
    return asdict(replace(mapping, only_page=None, by_page=()))


def from_json(stored: dict[str, Any]) -> ColumnMapping:
    """Return the mapping that `as_json` has made, without its Pages."""
    choices = DateChoices(**stored["dates"])
    return ColumnMapping(
        **{**stored, "pages": tuple(stored["pages"]), "by_page": (), "dates": choices}
    )


# Guesses


def _guess_columns(sheet: Sheet, pages: PageIndex) -> tuple[ColumnMapping, list[str]]:
    named = NamedColumns(sheet)
    questions = named.ask_for_parts()
    metric = find_metric_column(sheet)
    if metric is not None:
        named.apply_metric(metric, questions)
    day = named.pick("day", questions, "day")
    if day is None:
        day = find_column(sheet, is_date, set())
        if day is None:
            raise UnreadableFile(
                "No column is called “date”, and none has days in it. The first line should name "
                "the columns, as in: page_id,date,fans,followers"
                + (f". Of the spreadsheet {quote(sheet.names[0])} is read." if sheet.names else "")
            )
        questions.append(f"{quote(sheet.get_name(day))} seems to be the day.")
    page_columns = named.list_pages(questions)
    by_page = () if page_columns else find_columns_of_pages(sheet, pages)
    if len(by_page) > 1:
        questions.append(_ASK_COLUMNS_OF_PAGES)
        return ColumnMapping(day=day, by_page=by_page, metric=get_metric(sheet, by_page)), questions
    fans, followers = (named.pick(kind, questions, kind) for kind in ("fans", "followers"))
    if not page_columns:
        taken = {day, fans, followers} - {None}
        column = find_column(sheet, lambda cell: is_page(cell, pages), taken)
        if column is not None:
            page_columns = (column,)
            questions.append(f"{quote(sheet.get_name(column))} seems to be the Page.")
    mapping = ColumnMapping(
        day, page_columns, fans, followers, time=named.time, network=find_network_column(sheet)
    )
    if by_page and fans is None and followers is None:
        questions.append(_ASK_COLUMNS_OF_PAGES)
        return replace(mapping, by_page=by_page, metric=get_metric(sheet, by_page)), questions
    if fans is None and followers is None:
        named.ask_for_totals(questions)
    return mapping, questions


def _list_title_questions(sheet: Sheet, file_name: str) -> list[str]:
    """What the title, and the names of sheet and file, say against the figures."""
    questions = []
    titles = [text for text in (sheet.title, *sheet.names[:1]) if text]
    names = " in ".join(["", *titles, file_name])
    if names_other_network(names) and not names_facebook(names):
        named = next((text for text in titles if names_other_network(text)), file_name)
        questions.append(
            f"{quote(named)} names another network. Only figures of Facebook Pages belong here."
        )
    questions += [
        f"{quote(title)} is the title of the table. Pagekeeper needs how many fans or followers a "
        "Page had on each day, not the new ones."
        for title in titles
        if names_new_ones(title)
    ]
    return questions
