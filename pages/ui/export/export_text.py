"""Texts of exported charts and reports: the filter, the period, and the list of notes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from pages.charts.timeline import Note
from pages.queries import find_tag_name
from pages.text.formats import span, weekday
from pages.text.periods import Period
from pages.text.phrases import CONNECTIONS
from pages.ui.export.report import Section, Table
from storage.figures.filter_choices import find_account_name
from storage.figures.filters import Filter

MAX_NOTES = 200


def describe_filter(session: Session, filter: Filter) -> str:
    """ "Only Pages held by Anna Keller, of the category Café." as plain text; empty for all."""
    parts = []
    if filter.account_id is not None:
        name = find_account_name(session, filter.account_id)
        parts.append(f"held by {name or 'an unknown account'}")
    if filter.tag_id is not None:
        parts.append(f"in the group {find_tag_name(session, filter.tag_id) or 'that is gone'}")
    if filter.category is not None:
        parts.append(f"of the category {filter.category}")
    if filter.state is not None:
        parts.append(f"with the connection “{CONNECTIONS[filter.state]}”")
    if filter.search:
        parts.append(f"whose name has “{filter.search}”")
    if filter.attention:
        parts.append("that need attention")
    return f"Only Pages {', '.join(parts)}." if parts else ""


def describe_period(period: Period) -> str:
    """ "26 Oct – 22 Nov 2026, days in UTC; compared with 28 Sep – 25 Oct 2026"."""
    text = f"{span(period.since, period.until)}, days in UTC"
    if period.previous_since is None or period.previous_until is None:
        return text
    return f"{text}; compared with {span(period.previous_since, period.previous_until)}"


def unbroken(text: str) -> str:
    """The text with no-break spaces, so that a narrow column keeps it on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def note_sections(notes: Sequence[Note]) -> list[Section]:
    """The section with the list of ``notes``, oldest first; pictures have no tooltips."""
    if not notes:
        return []
    newest = notes[-MAX_NOTES:]
    caption = f"The newest {MAX_NOTES} of {len(notes):,d} notes." if len(notes) > MAX_NOTES else ""
    rows = [(unbroken(weekday(note.day)), note.text) for note in newest]
    return [
        Section("Notes", tables=[Table(("Day", "Note"), rows, numbers_from=2)], caption=caption)
    ]
