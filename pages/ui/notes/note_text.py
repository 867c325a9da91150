"""Texts of notes: notes derived from stored events, whom a note is for, refusals. Pure.

Nothing is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pages.charts.timeline import Note
from pages.records import Notes
from pages.text import outage_text
from pages.text.formats import count, counted, cut, day, span
from pages.text.phrases import ERASED_ACCOUNT, ERASED_PAGE
from storage.figures.unusual import UnusualDay
from storage.jobs.events import EventRecord
from storage.notes.notes import MAX_TEXT, NoteRow
from storage.notes.outages import Outage
from storage.notes.timeline_events import Consent, Imported, Retired

# Characters; a note is one line of a list.
MAX_NAME = 30
MAX_FILE_NAME = 60

ALL_PAGES = "All Pages"
THIS_PAGE = "This Page"

# The legend below the list, by kind of note.
MEANINGS: Mapping[str, str] = {
    "connected": "Connected: an account gave this dashboard access to its Pages.",
    "renewed": "Renewed: an account confirmed its access; Pages may have come or gone.",
    "outage": (
        "No figures: no Page was read on those days, for the reason that is known. They can't be "
        "fetched later."
    ),
    "retired": "Retired: Facebook no longer gives out this figure; its history stays.",
    "platform": (
        "Fell together: many Pages lost more than they ever do by chance, most likely because "
        "Facebook removed accounts."
    ),
    "imported": "Imported: figures of earlier days were added from a file.",
}

_REFUSALS: Mapping[str, str] = {
    "empty": "Write what happened on that day.",
    "too_long": f"A note has at most {MAX_TEXT} characters.",
    "too_far": "A note can be at most a year ahead.",
    "too_early": "There was no Facebook on that day.",
    "deleted": "Somebody else has deleted this note. Nothing was saved.",
    "gone": "The Page or tag that this note is for is gone. Nothing was saved.",
}


def refusal(reason: str) -> str:
    """Why a note was not saved, and what to do, by ``NoteRefused.reason``."""
    return _REFUSALS[reason]


EVENTS = ("noted", "note_changed", "note_deleted")


def event(record: EventRecord) -> str:
    """An event of a note: "A note of 8 Nov 2026 for all Pages was written: “Campaign”".

    Without its text once the note is deleted.
    """
    try:
        of = f" of {day(date.fromisoformat(str(record.facts.get('day'))))}"
    except ValueError:
        of = ""
    whom = {
        "page": record.page_name or ERASED_PAGE,
        "tag": f"Pages tagged “{record.tag_name}”" if record.tag_name else "a tag that was deleted",
    }
    note = f"note{of} for {whom.get(str(record.facts.get('scope')), 'all Pages')}"
    if record.kind == "note_deleted":
        return f"The {note} was deleted"
    text = f": “{record.note_text}”" if record.note_text else ""
    return (
        f"A {note} was written{text}" if record.kind == "noted" else f"The {note} was changed{text}"
    )


def merge(notes: Notes, unusual: Sequence[Note] = ()) -> list[Note]:
    """All notes of a chart and ``unusual``, oldest first; on each day operators' notes first.

    A note of kind "platform" is left out where ``unusual`` has that day: its text is more exact.
    """
    days = {note.day for note in unusual}
    own = [Note(row.day, row.text, "own") for row in notes.own]
    others = [each for each in automatic(notes) if each.kind != "platform" or each.day not in days]
    return sorted([*own, *others, *unusual], key=lambda note: note.day)


def automatic(notes: Notes) -> list[Note]:
    """The notes derived from stored events, oldest first; MEANINGS has their kinds."""
    rows = [
        *map(consent, notes.consents),
        *map(outage, notes.outages),
        *map(imported, notes.imports),
        *map(retired, notes.retired),
        *map(platform_wide, notes.platform_wide),
    ]
    return sorted(rows, key=lambda note: note.day)


def whom(row: NoteRow, page_id: str | None) -> str:
    """Whom an operator's note is for; ``page_id`` is the Page of the screen, if any."""
    if row.page_id is not None and row.page_id == page_id:
        return "this Page"
    return _scope(row.tag_name, row.page_name)


def _scope(tag_name: str | None, page_name: str | None) -> str:
    if tag_name is not None:
        return f"Pages tagged “{cut(tag_name, MAX_NAME)}”"
    return "all Pages" if page_name is None else cut(page_name, MAX_NAME)


def consent(event: Consent) -> Note:
    """ "Connected: Anna Keller, 57 Pages"."""
    name = cut(event.account_name or ERASED_ACCOUNT, MAX_NAME)
    if event.is_first:
        return Note(event.day, f"Connected: {name}", "connected", "Connected")
    if event.kind == "connected":
        pages = f", {counted(event.added_count, 'Page')}" if event.added_count else ""
        return Note(event.day, f"Connected: {name}{pages}", "connected", "Connected")
    added = f", {counted(event.added_count, 'Page')} added" if event.added_count else ""
    return Note(event.day, f"Renewed: {name}{added}", "renewed", "Renewed")


def outage(event: Outage) -> Note:
    """ "No figures 3 Nov – 5 Nov 2026: Pagekeeper was not running", on the first of the days."""
    why = outage_text.why(event.cause)
    text = f"No figures {span(event.since, event.until)}: {why}"
    return Note(event.since, text, "outage", "No figures", event.until, why)


def why_missing(outages: Sequence[Outage], since: date, until: date) -> str:
    """The reasons why days from ``since`` to ``until`` have no figures: `outage_text.reasons`."""
    return outage_text.reasons(
        (max(since, each.since), min(until, each.until), each.cause)
        for each in outages
        if each.since <= until and each.until >= since
    )


def imported(event: Imported) -> Note:
    """ "Past figures imported: fans.csv"."""
    text = f"Past figures imported: {cut(event.file_name, MAX_FILE_NAME)}"
    return Note(event.day, text, "imported", "Import")


def retired(event: Retired) -> Note:
    """ "Retired by Facebook: Views"."""
    instead = f", replaced by {cut(event.replaced_by, MAX_NAME)}" if event.replaced_by else ""
    text = f"Retired by Facebook: {event.label}{instead}"
    return Note(event.day, text, "retired", "Metric ended")


def platform_wide(unusual: UnusualDay) -> Note:
    """ "9 of 14 Pages fell far more than usual on the same day: most likely a clean-up …"."""
    return Note(
        unusual.day,
        f"{count(unusual.fell_count)} of {counted(unusual.judged_count, 'Page')} fell far more "
        "than usual on the same day: most likely a clean-up by Facebook",
        "platform",
        "Clean-up",
    )
