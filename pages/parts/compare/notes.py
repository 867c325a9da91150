"""The notes on Compare's chart: of the Pages compared, their tags' and everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pages.charts.timeline import Note
from pages.ui.notes import queries
from storage.notes.notes import NoteRow


def find_notes(version: str, labels: Mapping[str, str], *, since: date, until: date) -> list[Note]:
    """Operators' notes and days on which Facebook cleaned up, oldest first.

    ``labels`` are what the Pages are called here, by id: a note for one of them says for which.
    What else the program knows of a Page stands on its own screen: with five it would be a thicket.
    """
    rows: dict[int, NoteRow] = {}
    for page_id in labels:
        rows |= {row.id: row for row in queries.find_own(version, since, until, page_id, None)}
    own = [Note(row.day, _text(row, labels), "own") for row in rows.values()]
    automatic = queries.find_automatic(version, since, until, None, None)
    found = [*own, *(note for note in automatic if note.kind == "platform")]
    return sorted(found, key=lambda note: note.day)


def _text(row: NoteRow, labels: Mapping[str, str]) -> str:
    label = labels.get(row.page_id or "")
    return f"{label}: {row.text}" if label else row.text
