"""The notes of a report: as rules on its charts, and whole in a table, since pictures can't be
hovered over."""

from __future__ import annotations

from collections.abc import Sequence

from pages.charts.timeline import Note
from pages.text.formats import weekday
from pages.ui.export.export_text import unbroken
from pages.ui.export.report import Section, Table

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
