"""Files of past figures for tests: read by the mapping that is guessed, without an operator."""

from __future__ import annotations

import io
from datetime import date
from typing import BinaryIO

from storage.csv_import.mapping import Guess, guess_mapping, list_missing
from storage.csv_import.page_index import PageIndex, StoredPage
from storage.csv_import.reader import PastFigures, read_figures
from storage.csv_import.sheet import Sheet, open_sheet


def index_of(**names: str) -> PageIndex:
    """The Pages of these ids, each after an underscore, and names."""
    return PageIndex([StoredPage(id.strip("_"), name, None, None) for id, name in names.items()])


def open_text(text: str | bytes, encoding: str = "utf-8") -> Sheet:
    """The sheet of a CSV file with this text."""
    return open_sheet(io.BytesIO(text if isinstance(text, bytes) else text.encode(encoding)))


def guess(text: str | bytes, pages: PageIndex, name: str = "figures.csv") -> Guess:
    """What is guessed of a file."""
    return guess_mapping(open_text(text), pages, name)


def read_file(file: BinaryIO, today: date, pages: PageIndex | None = None) -> PastFigures:
    """A file whose columns leave no question."""
    sheet = open_sheet(file)
    guessed = guess_mapping(sheet, pages or PageIndex([]), "figures.csv")
    assert guessed.questions == ()
    assert list_missing(guessed.mapping, guessed.dates) == []
    return read_figures(sheet, guessed.mapping, today)
