"""Takes in a CSV file of past fans and followers: looked at first, and undone as a whole.

A file only adds days that are not stored yet. Its snapshots carry the source "import:<id>", so that
every figure can tell where it came from, and undoing removes these and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from sqlalchemy.orm import Session

from fb.past_csv.judging import ConflictingRow, Judged, Rows, compare, figure, resolve
from fb.past_csv.reading import PastFigures, read_file
from storage.engine import Database
from storage.importing import (
    ImportCounts,
    add_import,
    find_import,
    iterate_stored,
    list_names,
    mark_undone,
    source_of,
)
from storage.installation import bump_data_version
from storage.jobs.events import record_event
from storage.snapshots import SnapshotRow, delete_snapshots, upsert_snapshots
from storage.text import one_line

# Snapshots are written by whole days, at least so many rows together: what is kept of all Pages of
# a day is brought up to date once for each heap.
ROWS_AT_ONCE = 50_000
LONGEST_FILE_NAME = 120


@dataclass(frozen=True)
class DryRun:
    """What a file would do at this moment; nothing is stored by it.

    ``refused`` are (line, reason), in order. ``since`` and ``until`` are the first and last day of
    the rows that are not refused; None when there is none. ``zone`` is what the header says of its
    dates, None for nothing: they are taken as days in UTC.
    """

    counts: ImportCounts
    refused: list[tuple[int, str]]
    judged: Judged
    page_names: dict[str, str]
    pages_count: int
    since: date | None
    until: date | None
    zone: str | None

    def iterate_conflicting(self) -> Iterator[ConflictingRow]:
        """Yield the rows whose day is stored with other figures, ordered by Page and day."""
        return self.judged.iterate_conflicting()


def read_past_figures(file: BinaryIO, today: date) -> PastFigures:
    """Read a file; see `fb.past_csv.reading.read_file`. Raises Unreadable."""
    return read_file(file, today)


def try_out(database: Database, figures: PastFigures) -> DryRun:
    """Say what importing would do."""
    with database.reading() as session:
        names = list_names(session)
        rows = resolve(figures, names)
        judged = _judge(session, rows)
    return DryRun(
        counts=_counts(rows, judged),
        refused=rows.refused,
        judged=judged,
        page_names={page_id: names[page_id] for page_id in rows.page_ids},
        pages_count=len(rows.page_ids) if len(rows.days) else 0,
        since=date.fromordinal(int(rows.days.min())) if len(rows.days) else None,
        until=date.fromordinal(int(rows.days.max())) if len(rows.days) else None,
        zone=figures.zone,
    )


def take_in(database: Database, figures: PastFigures, file_name: str, now: datetime) -> int | None:
    """Store the days that are not stored yet, in one transaction; return the import's id.

    Compared anew within it: what a refresh has stored since the dry run stays. None, and nothing
    is recorded, when the file has no new day.
    """
    file_name = one_line(file_name)[:LONGEST_FILE_NAME]
    with database.writing() as session:
        rows = resolve(figures, list_names(session))
        judged = _judge(session, rows)
        counts = _counts(rows, judged)
        if not counts.new:
            return None
        import_id = add_import(session, file_name, counts, now)
        for chunk in _snapshots(judged.new, source_of(import_id), now):
            upsert_snapshots(session, chunk)
        facts = {"file": file_name, "import": import_id, "days": counts.new}
        record_event(session, "imported", None, facts, now)
        bump_data_version(session)
    return import_id


def undo(database: Database, import_id: int, now: datetime) -> int:
    """Remove the snapshots of one import; return how many there were.

    Days that Facebook has reported itself since are its own snapshots by now, and stay. 0, and
    nothing is changed, when the import is unknown or undone already.
    """
    with database.writing() as session:
        found = find_import(session, import_id)
        if found is None or not mark_undone(session, import_id, now):
            return 0
        removed = delete_snapshots(session, source=source_of(import_id))
        facts = {"file": found.file_name, "import": import_id, "days": removed}
        record_event(session, "import_undone", None, facts, now)
        bump_data_version(session)
    return removed


def _judge(session: Session, rows: Rows) -> Judged:
    if not len(rows.days):
        return compare(rows, ())
    since = date.fromordinal(int(rows.days.min()))
    until = date.fromordinal(int(rows.days.max()))
    return compare(rows, iterate_stored(session, rows.page_ids, since, until))


def _counts(rows: Rows, judged: Judged) -> ImportCounts:
    return ImportCounts(
        new=len(judged.new.lines),
        equal=judged.equal_count,
        conflicting=len(judged.conflicting.lines),
        refused=len(rows.refused),
    )


def _snapshots(rows: Rows, source: str, now: datetime) -> Iterator[list[SnapshotRow]]:
    """The rows as snapshots, day after day, in heaps that end with a day."""
    order = rows.days.argsort(kind="stable")
    heap: list[SnapshotRow] = []
    last, day = 0, date.min
    for place in order.tolist():
        ordinal = int(rows.days[place])
        if ordinal != last:
            if len(heap) >= ROWS_AT_ONCE:
                yield heap
                heap = []
            last, day = ordinal, date.fromordinal(ordinal)
        heap.append(
            SnapshotRow(
                page_id=rows.page_ids[int(rows.pages[place])],
                day=day,
                fans_count=figure(rows.fans[place]),
                followers_count=figure(rows.followers[place]),
                source=source,
                fetched_at=now,
                graph_version=None,
            )
        )
    if heap:
        yield heap
