"""Notes: adds, changes and deletes notes on days, each write with its event.

A note for all Pages is shown on every chart, one for a tag on the charts of that tag and of its
Pages, one for a Page on the charts of that Page. A note is plain text on one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from storage.db.errors import NoteRefused
from storage.db.installation import bump_data_version
from storage.db.text import one_line
from storage.jobs.events import record_event
from storage.models import Note, Page, PageTag, Tag
from storage.people.person import Person, require

MAX_TEXT = 200  # characters
MAX_AHEAD = timedelta(days=366)
FIRST_DAY = date(2004, 2, 4)  # Facebook began
MAX_LISTED = 1_000


@dataclass(frozen=True)
class NoteRow:
    """One note. At most one of ``page_id`` and ``tag_id`` is set; neither means all Pages.

    ``by`` is the `Person.key` of who wrote it, of a stored note.
    """

    id: int
    day: date
    text: str
    page_id: str | None = None
    page_name: str | None = None
    tag_id: int | None = None
    tag_name: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class NoteDraft:
    """An operator's input for a note, before it is checked; fields as of `NoteRow`."""

    day: date
    text: str
    page_id: str | None = None
    tag_id: int | None = None


def add_note(session: Session, draft: NoteDraft, now: datetime, *, by: Person) -> int:
    """Store a note and return its id.

    Raises NoteRefused when the text is empty or too long, when the day is more than a year after
    ``now`` or before Facebook began, or when the Page or tag is gone.
    """
    require(session, by, "operator")
    values = {**_judge(session, draft, now.date()), "created_at": now, "by": by.key}
    note_id: int = session.execute(insert(Note).values(values).returning(Note.id)).scalar_one()
    note = find_note(session, note_id)
    assert note is not None
    _record(session, "noted", note, now, by)
    bump_data_version(session)
    return note_id


def change_note(
    session: Session, note_id: int, draft: NoteDraft, now: datetime, *, by: Person
) -> bool:
    """Give a note another day, text and scope; False when it is gone. Raises as `add_note`.

    No event is recorded when nothing changes.
    """
    require(session, by, "operator")
    values = _judge(session, draft, now.date())
    before = find_note(session, note_id)
    if before is None:
        return False
    session.execute(update(Note).where(Note.id == note_id).values(values))
    note = find_note(session, note_id)
    if note is not None and note != before:
        _record(session, "note_changed", note, now, by)
    bump_data_version(session)
    return True


def delete_note(session: Session, note_id: int, now: datetime, *, by: Person) -> bool:
    """Delete a note for good; False when it is gone already."""
    require(session, by, "operator")
    note = find_note(session, note_id)
    if note is None:
        return False
    _record(session, "note_deleted", note, now, by)
    session.execute(delete(Note).where(Note.id == note_id))
    bump_data_version(session)
    return True


def list_notes(
    session: Session,
    *,
    since: date,
    until: date,
    page_id: str | None = None,
    tag_ids: Sequence[int] = (),
) -> list[NoteRow]:
    """Return the notes from ``since`` to ``until``, both included, for a chart, oldest first.

    The chart is of one Page, of the Pages of some tags, or of all Pages. At most the newest
    MAX_LISTED.
    """
    newest = (
        _select_rows()
        .where(Note.day.between(since, until), _concerns(page_id, tag_ids))
        .order_by(Note.day.desc(), Note.id.desc())
        .limit(MAX_LISTED)
    )
    return [NoteRow(*row) for row in session.connection().execute(newest)][::-1]


def find_note(session: Session, note_id: int) -> NoteRow | None:
    """Return one note; None when it does not exist."""
    row = session.execute(_select_rows().where(Note.id == note_id)).first()
    return NoteRow(*row) if row is not None else None


def _select_rows() -> Select[tuple[Any, ...]]:
    """Select every note, with its columns in the order of NoteRow."""
    scope: tuple[Any, ...] = (Note.page_id, Page.name, Note.tag_id, Tag.name)
    return (
        select(Note.id, Note.day, Note.text, *scope, Note.by)
        .outerjoin(Page, Page.id == Note.page_id)
        .outerjoin(Tag, Tag.id == Note.tag_id)
    )


def _concerns(page_id: str | None, tag_ids: Sequence[int]) -> ColumnElement[bool]:
    scopes = [and_(Note.page_id.is_(None), Note.tag_id.is_(None))]
    if tag_ids:
        scopes.append(Note.tag_id.in_(tag_ids))
    if page_id is not None:
        tags = select(PageTag.tag_id).where(PageTag.page_id == page_id)
        scopes += [Note.page_id == page_id, Note.tag_id.in_(tags)]
    return or_(*scopes)


def _judge(session: Session, draft: NoteDraft, today: date) -> dict[str, object]:
    text = one_line(draft.text)
    if not text:
        raise NoteRefused("empty")
    if len(text) > MAX_TEXT:
        raise NoteRefused("too_long")
    if draft.day > today + MAX_AHEAD:
        raise NoteRefused("too_far")
    if draft.day < FIRST_DAY:
        raise NoteRefused("too_early")
    for model, id in ((Page, draft.page_id), (Tag, draft.tag_id)):
        if id is not None and not session.scalar(select(exists().where(model.id == id))):
            raise NoteRefused("gone")
    return {"day": draft.day, "text": text, "page_id": draft.page_id, "tag_id": draft.tag_id}


def _record(session: Session, kind: str, note: NoteRow, now: datetime, by: Person) -> None:
    scope = "page" if note.page_id is not None else "all" if note.tag_id is None else "tag"
    facts = {"day": note.day.isoformat(), "scope": scope}
    ids = {"note_id": note.id, "page_id": note.page_id, "tag_id": note.tag_id}
    record_event(session, kind, facts, now, by=by, **ids)
