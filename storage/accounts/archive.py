"""Archive: takes Pages out of every total, list and job, keeps their history, and brings them back.

A Page that was archived keeps its figures, tags, notes, goals and page grants.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from storage.accounts.pages import MAX_IDS
from storage.db.installation import bump_data_version
from storage.db.upsert import count_changed
from storage.jobs.events import record_event
from storage.models import Page
from storage.people.person import Person, require


def archived_ids() -> Select[str]:
    """Select the ids of the archived Pages, for ``not_in`` on another table; a partial index."""
    return select(Page.id).where(Page.archived_at.is_not(None))


def archive_pages(session: Session, page_ids: Collection[str], now: datetime, *, by: Person) -> int:
    """Archive Pages; return how many were not archived before. Unknown ids are ignored."""
    return _change(session, "archived", page_ids, now, by)


def unarchive_pages(
    session: Session, page_ids: Collection[str], now: datetime, *, by: Person
) -> int:
    """Bring archived Pages back; return how many were archived. Unknown ids are ignored."""
    return _change(session, "unarchived", page_ids, now, by)


def list_archived(session: Session, page_ids: Collection[str]) -> set[str]:
    """Return which of these Pages are archived."""
    archived: set[str] = set()
    for some in _chunks(page_ids):
        archived.update(session.scalars(archived_ids().where(Page.id.in_(some))))
    return archived


def _chunks(page_ids: Collection[str]) -> Iterator[Sequence[str]]:
    ids = sorted(set(page_ids))
    for start in range(0, len(ids), MAX_IDS):
        yield ids[start : start + MAX_IDS]


def _change(
    session: Session, kind: str, page_ids: Collection[str], now: datetime, by: Person
) -> int:
    """Archive Pages or bring them back, with an event; return how many it changed."""
    require(session, by, "operator")
    is_leaving = kind == "archived"
    wanted = Page.archived_at.is_(None) if is_leaving else Page.archived_at.is_not(None)
    count = 0
    for some in _chunks(page_ids):
        here = update(Page).where(Page.id.in_(some), wanted)
        count += count_changed(session, here.values(archived_at=now if is_leaving else None))
    if count:
        ids = set(page_ids)
        only = ids.pop() if len(ids) == 1 else None
        record_event(session, kind, {"pages": count}, now, by=by, page_id=only)
        bump_data_version(session)
    return count
