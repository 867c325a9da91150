"""What writing notes writes: the note, its event for Activity and the new version, together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fb.installation import Installation
from pages.noting import words as note_words
from storage.annotations import (
    AnnotationRow,
    add_annotation,
    change_annotation,
    delete_annotation,
    find_annotation,
)
from storage.installation import bump_data_version
from storage.jobs.events import record_event


@dataclass(frozen=True)
class Written:
    """What a form says: the day, the text, and the Page or the tag it is for, or neither."""

    day: date
    text: str
    page_id: str | None
    tag_id: int | None


def add(installation: Installation, written: Written) -> None:
    """Keep a note. AnnotationRefused as `storage.annotations.add_annotation`."""
    now = installation.now()
    with installation.database.writing() as session:
        added = add_annotation(
            session,
            day=written.day,
            text=written.text,
            today=now.date(),
            now=now,
            page_id=written.page_id,
            tag_id=written.tag_id,
        )
        row = find_annotation(session, added)
        if row is not None:
            record_event(session, "noted", None, note_words.facts(row), now)
        bump_data_version(session)


def change(installation: Installation, before: AnnotationRow, written: Written) -> bool:
    """Have a note say something else; False when it is gone. AnnotationRefused as adding."""
    now = installation.now()
    with installation.database.writing() as session:
        is_there = change_annotation(
            session,
            before.id,
            day=written.day,
            text=written.text,
            today=now.date(),
            page_id=written.page_id,
            tag_id=written.tag_id,
        )
        row = find_annotation(session, before.id)
        if not is_there or row is None:
            return False
        if row != before:
            facts = {**note_words.facts(row), "before": before.text}
            record_event(session, "note_changed", None, facts, now)
        bump_data_version(session)
    return True


def delete(installation: Installation, row: AnnotationRow) -> None:
    """Delete a note for good; nothing is recorded when somebody else already has."""
    with installation.database.writing() as session:
        if delete_annotation(session, row.id):
            now = installation.now()
            record_event(session, "note_deleted", None, note_words.facts(row), now)
        bump_data_version(session)
