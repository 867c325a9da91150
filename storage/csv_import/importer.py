"""Importer: plans an import of past figures, writes it as one, and undoes it as one.

An import only adds figures that are not stored yet. They carry its id as their source, so that the
origin of every figure is known, and undoing removes exactly these.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.orm import Session

from storage.csv_import.mapping import ColumnMapping, as_json, from_json, hash_header
from storage.csv_import.page_index import PageIndex, StoredPage
from storage.csv_import.plan import (
    DoubtfulFigures,
    ImportCounts,
    ImportPlan,
    PageDay,
    Stored,
    compare,
    find_doubtful,
    match_pages,
)
from storage.csv_import.reader import FileRow, PastFigures
from storage.db.installation import bump_data_version
from storage.db.text import one_line, storable
from storage.db.upsert import count_changed, table_of
from storage.figures.filters import METRICS, Metric
from storage.figures.snapshots import SnapshotRow, delete_figures, upsert_snapshots
from storage.jobs.events import record_event
from storage.models import Import, Page, Snapshot
from storage.people.person import Person, require

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


@dataclass(frozen=True)
class SheetColumns:
    """The header of a file and the mapping that it was read by, to be remembered."""

    header: tuple[str, ...]
    mapping: ColumnMapping


def load_page_index(session: Session) -> PageIndex:
    """Return all stored Pages, to find them by what a file says."""
    query = select(Page.id, Page.name, Page.username, Page.link)
    return PageIndex([StoredPage(*row) for row in session.execute(query)])


def find_mapping(session: Session, header: Sequence[str]) -> ColumnMapping | None:
    """Return the mapping of the newest import with this header; None without one."""
    query = (
        select(Import.mapping)
        .where(Import.header_hash == hash_header(header), Import.mapping.is_not(None))
        .order_by(Import.id.desc())
        .limit(1)
    )
    stored = session.execute(query).scalar_one_or_none()
    return None if stored is None else from_json(stored)


def plan_import(session: Session, figures: PastFigures) -> ImportPlan:
    """Return what importing these figures would do now; stores nothing."""
    pages = load_page_index(session)
    rows, refused, remarks = match_pages(figures, pages)
    page_ids, days = {page_id for page_id, _ in rows}, {day for _, day in rows}
    span = (min(days), max(days)) if days else None
    stored = list(_iterate_stored(session, sorted(page_ids), *span)) if span else []
    new, equal_count, conflicting = compare(rows, stored, pages.names)
    return ImportPlan(
        counts=ImportCounts(len(new), equal_count, len(conflicting), refused.count),
        new=new,
        conflicting=conflicting,
        refused=refused,
        doubtful=_list_doubtful(session, new, stored, pages.names),
        pages_count=len(page_ids),
        span=span,
        remarks=(*figures.remarks, *remarks),
        zone=figures.zone,
    )


def import_figures(
    session: Session,
    figures: PastFigures,
    file_name: str,
    now: datetime,
    columns: SheetColumns | None = None,
    *,
    by: Person,
) -> int | None:
    """Store the figures that are not stored yet; return the import's id.

    The plan is made again in this transaction, so figures stored since the preview stay unchanged.
    None when the file has nothing new; then nothing is stored. Doubtful figures are stored: the
    operator has confirmed them. ``columns`` are remembered for the next file with this header.
    """
    require(session, by, "operator")
    file_name = one_line(file_name)[:MAX_FILE_NAME]
    plan = plan_import(session, figures)
    if not plan.new:
        return None
    import_id = add_import(session, file_name, plan.counts, now, columns, by=by)
    rows = sorted(plan.new.items())
    source = source_of(import_id)
    for first in range(0, len(rows), ROWS_AT_ONCE):
        snapshots = (
            SnapshotRow(page_id, day, row.fans, row.followers, source, now, None)
            for (page_id, day), row in rows[first : first + ROWS_AT_ONCE]
        )
        upsert_snapshots(session, snapshots)
    record_event(session, "imported", {"days": len(rows)}, now, by=by, import_id=import_id)
    bump_data_version(session)
    return import_id


def undo_import(session: Session, import_id: int, now: datetime, *, by: Person) -> int:
    """Delete the figures of one import; return the number of days of Pages that had some.

    Figures that Facebook has reported since then stay. 0 when the import is unknown or already
    undone; then nothing changes.
    """
    require(session, by, "operator")
    undone = (
        update(Import)
        .where(Import.id == import_id, Import.undone_at.is_(None))
        .values(undone_at=now)
    )
    if not count_changed(session, undone):
        return 0
    days_count = delete_figures(session, source=source_of(import_id))
    record_event(session, "import_undone", {"days": days_count}, now, by=by, import_id=import_id)
    bump_data_version(session)
    return days_count


def add_import(
    session: Session,
    file_name: str,
    counts: ImportCounts,
    now: datetime,
    columns: SheetColumns | None = None,
    *,
    by: Person,
) -> int:
    """Record an imported file without its figures, and return the import's id."""
    require(session, by, "operator")
    statement = insert(Import).values(
        file_name=storable(file_name),
        imported_at=now,
        by=by.key,
        new_count=counts.new,
        equal_count=counts.equal,
        conflicting_count=counts.conflicting,
        refused_count=counts.refused,
        header_hash=columns and hash_header(columns.header),
        mapping=columns and as_json(columns.mapping),
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


def _list_doubtful(
    session: Session,
    new: Mapping[PageDay, FileRow],
    stored: Sequence[Stored],
    names: Mapping[str, str],
) -> list[DoubtfulFigures]:
    """Return the Pages whose new figures don't fit the stored ones, by name."""
    doubtful = []
    for metric in METRICS:
        figures: dict[str, dict[date, int]] = defaultdict(dict)
        for (page_id, day), row in new.items():
            figure = row.fans if metric == "fans" else row.followers
            if figure is not None:
                figures[page_id][day] = figure
        nearest: dict[str, dict[date, int]] = defaultdict(dict)
        for page_id, day, fans, followers in (*stored, *_iterate_around(session, figures, metric)):
            figure = fans if metric == "fans" else followers
            if figure is not None:
                nearest[page_id][day] = figure
        for page_id, by_day in figures.items():
            found = find_doubtful(metric, names[page_id], by_day, nearest[page_id])
            if found is not None:
                doubtful.append(found)
    return sorted(doubtful, key=lambda each: (each.page_name, each.metric))


def _iterate_around(
    session: Session, figures: Mapping[str, Mapping[date, int]], metric: Metric
) -> Iterator[Stored]:
    """Yield each Page's nearest snapshots with a figure before and after the file's days."""
    if not figures:
        return
    days = [day for by_day in figures.values() for day in by_day]
    first_day, last_day = min(days), max(days)
    table = table_of(Snapshot).c
    has_figure = table[f"{metric}_count"].is_not(None)
    page_ids = sorted(figures)
    for start in range(0, len(page_ids), PAGES_AT_ONCE):
        some = page_ids[start : start + PAGES_AT_ONCE]
        for nearest, beyond in (
            (func.max(table.day), table.day < first_day),
            (func.min(table.day), table.day > last_day),
        ):
            query = (
                select(table.page_id, nearest.label("day"))
                .where(table.page_id.in_(some), beyond, has_figure)
                .group_by(table.page_id)
                .subquery()
            )
            columns = (table.page_id, table.day, table.fans_count, table.followers_count)
            joined = select(*columns).join(
                query, (query.c.page_id == table.page_id) & (query.c.day == table.day)
            )
            yield from session.execute(joined)
