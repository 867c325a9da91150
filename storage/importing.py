"""Imports of past figures: what is stored for their days, and the record of each file taken in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from storage.models import Import, Page, Snapshot
from storage.text import storable
from storage.upsert import count_changed, table_of

PAGES_AT_ONCE = 300


@dataclass(frozen=True)
class ImportCounts:
    """What became of a file's rows; together all of them but the header."""

    new: int
    equal: int
    conflicting: int
    refused: int


def source_of(import_id: int) -> str:
    """What `Snapshot.source` says of an import's snapshots."""
    return f"import:{import_id}"


def list_names(session: Session) -> dict[str, str]:
    """The name of every Page by its id."""
    return {row.id: row.name for row in session.execute(select(Page.id, Page.name))}


def iterate_stored(
    session: Session, page_ids: Sequence[str], since: date, until: date
) -> Iterator[tuple[str, date, int | None, int | None]]:
    """Yield (page id, day, fans, followers) of what is stored, in no order, both ends included."""
    table = table_of(Snapshot).c
    columns = (table.page_id, table.day, table.fans_count, table.followers_count)
    for first in range(0, len(page_ids), PAGES_AT_ONCE):
        some = page_ids[first : first + PAGES_AT_ONCE]
        query = select(*columns).where(table.page_id.in_(some), table.day.between(since, until))
        for row in session.execute(query):
            yield row.page_id, row.day, row.fans_count, row.followers_count


def add_import(session: Session, file_name: str, counts: ImportCounts, now: datetime) -> int:
    """Record a file and return the id of its import."""
    statement = insert(Import).values(
        file_name=storable(file_name),
        imported_at=now,
        new_count=counts.new,
        equal_count=counts.equal,
        conflicting_count=counts.conflicting,
        refused_count=counts.refused,
    )
    return session.execute(statement.returning(Import.id)).scalar_one()


def list_imports(session: Session, *, limit: int = 25) -> list[Import]:
    """Return the imports, newest first, undone ones among them."""
    return list(session.scalars(select(Import).order_by(Import.id.desc()).limit(limit)))


def find_import(session: Session, import_id: int) -> Import | None:
    """Return one import; None when there is none of this id."""
    return session.get(Import, import_id)


def mark_undone(session: Session, import_id: int, now: datetime) -> bool:
    """Say that an import was undone; False when it was already, or never was."""
    statement = update(Import).where(Import.id == import_id, Import.undone_at.is_(None))
    return count_changed(session, statement.values(undone_at=now)) == 1
