"""CSV importer: plans an import of past figures, writes it as one, and undoes it as one.

An import only adds days that are not stored yet. Its snapshots carry its id as their source, so
that the origin of every figure is known, and undoing removes exactly these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.orm import Session

from storage.csv_import.plan import (
    ImportCounts,
    ImportPlan,
    Stored,
    compare,
    match_pages,
)
from storage.csv_import.reader import PastFigures
from storage.db.installation import bump_data_version
from storage.db.text import one_line, storable
from storage.db.upsert import table_of
from storage.figures.snapshots import SnapshotRow, delete_figures, upsert_snapshots
from storage.jobs.events import record_event
from storage.models import Import, Page, Snapshot
from storage.models.base import THIS_COMPUTER

MAX_FILE_NAME = 120  # characters
PAGES_AT_ONCE = 300
ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class ImportRecord:
    """One file that was imported; ``undone_at`` is None while its figures are there."""

    id: int
    file_name: str
    imported_at: datetime
    undone_at: datetime | None
    counts: ImportCounts


def plan_import(session: Session, figures: PastFigures) -> ImportPlan:
    """Return what importing these figures would do now; stores nothing."""
    names = {row.id: row.name for row in session.execute(select(Page.id, Page.name))}
    rows, refused = match_pages(figures, names)
    page_ids, days = {page_id for page_id, _ in rows}, {day for _, day in rows}
    span = (min(days), max(days)) if days else None
    stored = _iterate_stored(session, sorted(page_ids), *span) if span else ()
    new, equal_count, conflicting = compare(rows, stored, names)
    counts = ImportCounts(len(new), equal_count, len(conflicting), len(refused))
    return ImportPlan(counts, new, conflicting, refused, len(page_ids), span, figures.zone)


def import_figures(
    session: Session,
    figures: PastFigures,
    file_name: str,
    now: datetime,
    by: str = THIS_COMPUTER,
) -> int | None:
    """Store the days that are not stored yet; return the import's id.

    The plan is made again in this transaction, so days stored since the preview stay unchanged.
    None when the file has no new day; then nothing is stored.
    """
    file_name = one_line(file_name)[:MAX_FILE_NAME]
    plan = plan_import(session, figures)
    if not plan.new:
        return None
    import_id = add_import(session, file_name, plan.counts, now, by)
    rows = sorted(plan.new.items())
    source = source_of(import_id)
    for first in range(0, len(rows), ROWS_AT_ONCE):
        snapshots = (
            SnapshotRow(page_id, day, row.fans, row.followers, source, now, None)
            for (page_id, day), row in rows[first : first + ROWS_AT_ONCE]
        )
        upsert_snapshots(session, snapshots)
    facts = {"file": file_name, "import": import_id, "days": len(rows)}
    record_event(session, "imported", None, facts, now, by=by)
    bump_data_version(session)
    return import_id


def undo_import(session: Session, import_id: int, now: datetime, by: str = THIS_COMPUTER) -> int:
    """Delete the figures of one import; return the number of days of Pages that had some.

    Figures that Facebook has reported since then stay. 0 when the import is unknown or already
    undone; then nothing changes.
    """
    undone = (
        update(Import)
        .where(Import.id == import_id, Import.undone_at.is_(None))
        .values(undone_at=now)
        .returning(Import.file_name)
        .execution_options(synchronize_session=False)
    )
    file_name = session.execute(undone).scalar_one_or_none()
    if file_name is None:
        return 0
    days_count = delete_figures(session, source=source_of(import_id))
    facts = {"file": file_name, "import": import_id, "days": days_count}
    record_event(session, "import_undone", None, facts, now, by=by)
    bump_data_version(session)
    return days_count


def add_import(
    session: Session,
    file_name: str,
    counts: ImportCounts,
    now: datetime,
    by: str = THIS_COMPUTER,
) -> int:
    """Record an imported file without its figures, and return the import's id."""
    statement = insert(Import).values(
        file_name=storable(file_name),
        imported_at=now,
        by=by,
        new_count=counts.new,
        equal_count=counts.equal,
        conflicting_count=counts.conflicting,
        refused_count=counts.refused,
    )
    return session.execute(statement.returning(Import.id)).scalar_one()


def list_imports(session: Session, *, limit: int = 25) -> list[ImportRecord]:
    """Return the imports, newest first, including undone ones."""
    return [
        ImportRecord(
            id=row.id,
            file_name=row.file_name,
            imported_at=row.imported_at,
            undone_at=row.undone_at,
            counts=ImportCounts(
                row.new_count, row.equal_count, row.conflicting_count, row.refused_count
            ),
        )
        for row in session.scalars(select(Import).order_by(Import.id.desc()).limit(limit))
    ]


def list_import_names(session: Session) -> dict[str, tuple[str, date]]:
    """Return each import's file name and UTC day, by the source of its figures."""
    query = select(Import.id, Import.file_name, Import.imported_at)
    return {source_of(id): (name, at.date()) for id, name, at in session.execute(query)}


def source_of(import_id: int) -> str:
    """Return the source of an import's figures."""
    return f"import:{import_id}"


def is_from_import(import_id: int) -> ColumnElement[bool]:
    """Return the condition that a snapshot has a figure of this import."""
    source = source_of(import_id)
    return or_(Snapshot.fans_source == source, Snapshot.followers_source == source)


def _iterate_stored(
    session: Session, page_ids: Sequence[str], since: date, until: date
) -> Iterator[Stored]:
    """Yield the snapshots of these Pages from ``since`` to ``until``, in no order."""
    table = table_of(Snapshot).c
    columns = (table.page_id, table.day, table.fans_count, table.followers_count)
    for first in range(0, len(page_ids), PAGES_AT_ONCE):
        some = page_ids[first : first + PAGES_AT_ONCE]
        query = select(*columns).where(table.page_id.in_(some), table.day.between(since, until))
        yield from session.execute(query)
