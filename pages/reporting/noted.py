"""The notes of a report: as rules on its charts, and whole in a table, since pictures can't be
hovered over."""

from __future__ import annotations

from collections.abc import Sequence

from pages.formats import weekday
from pages.reporting.report import Section, Table
from pages.reporting.words import unbroken
from pages.timeline import Note

MOST_ROWS = 200


def sections(notes: Sequence[Note]) -> list[Section]:
    """The section that lists ``notes``, oldest first; none without notes."""
    if not notes:
        return []
    newest = notes[-MOST_ROWS:]
    caption = f"The newest {MOST_ROWS} of {len(notes):,d} notes." if len(notes) > MOST_ROWS else ""
    rows = [(unbroken(weekday(note.day)), note.text) for note in newest]
    return [
        Section("Notes", tables=[Table(("Day", "Note"), rows, numbers_from=2)], caption=caption)
    ]
