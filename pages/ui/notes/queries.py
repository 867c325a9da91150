"""The notes that concern a chart, operators' own and automatic ones, once per version of the data.

The version stands in every key, as in `pages.lookups`; answers are shared, so nobody changes one.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from sqlalchemy.orm import Session

from pages.charts.timeline import Note
from pages.lookups import reading
from pages.ui.notes import note_text as note_words
from storage.filtering import EVERY_PAGE, Filter
from storage.notes.notes import NoteRow, list_notes
from storage.notes.timeline_events import (
    Scope,
    list_consents,
    list_imports,
    list_outages,
    list_retired,
)
from storage.unusual import list_unusual_days


@lru_cache(64)
def find_own(
    version: str, since: date, until: date, page_id: str | None, tag_id: int | None
) -> list[NoteRow]:
    """What operators noted, oldest first."""
    with reading() as session:
        return list_notes(session, since=since, until=until, page_id=page_id, tag_id=tag_id)


@lru_cache(64)
def find_automatic(
    version: str, since: date, until: date, page_id: str | None, tag_id: int | None
) -> list[Note]:
    """What follows from what is stored, oldest first: see `pages.ui.notes.note_text.MEANINGS`."""
    scope = Scope(page_id, tag_id)
    with reading() as session:
        found = [
            *map(note_words.consent, list_consents(session, scope, since=since, until=until)),
            *map(note_words.outage, list_outages(session, scope, since=since, until=until)),
            *map(note_words.imported, list_imports(session, scope, since=since, until=until)),
            *map(note_words.retired, list_retired(session, since=since, until=until)),
            *_platform_wide(
                session, since, until, EVERY_PAGE if page_id else Filter(tag_id=tag_id)
            ),
        ]
    return sorted(found, key=lambda note: note.day)


def _platform_wide(session: Session, since: date, until: date, filter: Filter) -> list[Note]:
    """Judged by fans, which every Page was counted by first."""
    days = list_unusual_days(session, since=since, until=until, metric="fans", filter=filter)
    return [note_words.platform_wide(found) for found in days if found.is_platform_wide]
