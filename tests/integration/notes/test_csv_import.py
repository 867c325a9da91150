"""Importing past figures and undoing it, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from storage.csv_import.importer import (
    is_from_import,
    list_imports,
    undo_import,
)
from storage.csv_import.plan import ImportCounts
from storage.db.engine import Database
from storage.db.installation import get_data_version
from storage.figures.snapshots import SnapshotRow, upsert_snapshots
from storage.jobs.events import list_events
from storage.models import Snapshot
from storage.models.base import THIS_COMPUTER_KEY
from storage.people.person import THIS_COMPUTER
from tests.integration.figures.figure_rows import add_page, day
from tests.integration.notes.csv_files import (
    NOW,
    Row,
    file_of,
    list_snapshots,
    read_text,
    take_in,
    try_out,
)

pytestmark = pytest.mark.both_databases

LATER = NOW + timedelta(hours=3)
ROWS: list[Row] = [
    ("1", day(0), 100, 90),  # new
    ("1", day(10), 110, 95),  # stored, the same
    ("1", day(11), 999, 96),  # stored, another figure
    ("2", day(-400), 50, None),  # new
    ("9", day(0), 1, 1),  # unknown Page
]


@pytest.fixture
def stocked(database: Database) -> Database:
    """Two Pages; the first has two days."""
    with database.writing() as session:
        add_page(session, "1", {10: 110, 11: 111}, {10: 95, 11: 96})
        add_page(session, "2")
    return database


def undo(database: Database, import_id: int, now: datetime) -> int:
    with database.writing() as session:
        return undo_import(session, import_id, now, by=THIS_COMPUTER)


def version_of(database: Database) -> int:
    with database.reading() as session:
        return get_data_version(session)


def test_a_dry_run_stores_nothing(stocked: Database) -> None:
    before, version = list_snapshots(stocked), version_of(stocked)
    plan = try_out(stocked, file_of(ROWS))
    counts = plan.counts
    assert (counts.new, counts.equal, counts.conflicting, counts.refused) == (2, 1, 1, 1)
    assert [(row.page_name, row.stored_fans) for row in plan.conflicting] == [("Page 1", 111)]
    assert plan.refused.rows == ((6, "No Page here has the id “9”."),)
    assert (plan.span, plan.pages_count) == ((day(-400), day(11)), 2)
    assert (list_snapshots(stocked), version_of(stocked)) == (before, version)


def test_an_import_adds_new_days_and_nothing_else(stocked: Database) -> None:
    before, version = list_snapshots(stocked), version_of(stocked)
    import_id = take_in(stocked, file_of(ROWS), "figures  of\n2025.csv", NOW)
    assert import_id is not None
    assert set(before) < set(list_snapshots(stocked))
    with stocked.reading() as session:
        of_import = select(Snapshot).where(is_from_import(import_id))
        new = list(session.scalars(of_import.order_by(Snapshot.page_id)))
        (record,) = list_imports(session)
        (event,) = list_events(session)
    assert [(row.page_id, row.day, row.fans_count, row.followers_count) for row in new] == [
        ("1", day(0), 100, 90),
        ("2", day(-400), 50, None),
    ]
    assert {(row.fetched_at, row.graph_version) for row in new} == {(NOW, None)}
    assert (record.file_name, record.undone_at) == ("figures of 2025.csv", None)
    assert record.counts == ImportCounts(new=2, equal=1, conflicting=1, refused=1)
    assert (event.kind, event.by, event.facts, event.file_name) == (
        "imported",
        THIS_COMPUTER_KEY,
        {"days": 2},
        "figures of 2025.csv",
    )
    assert version_of(stocked) > version


def test_running_twice_is_running_once(stocked: Database) -> None:
    take_in(stocked, file_of(ROWS), "a.csv", NOW)
    before, version = list_snapshots(stocked), version_of(stocked)
    assert take_in(stocked, file_of(ROWS), "a.csv", LATER) is None
    assert (list_snapshots(stocked), version_of(stocked)) == (before, version)
    assert try_out(stocked, file_of(ROWS)).counts.new == 0


def test_undo_leaves_what_was_there_before(stocked: Database) -> None:
    before = list_snapshots(stocked)
    import_id = take_in(stocked, file_of(ROWS), "a.csv", NOW)
    assert import_id is not None
    assert undo(stocked, import_id, LATER) == 2
    assert list_snapshots(stocked) == before
    with stocked.reading() as session:
        assert list_imports(session)[0].undone_at == LATER
        assert list_events(session)[0].kind == "import_undone"
    assert undo(stocked, import_id, LATER + timedelta(days=1)) == 0
    assert undo(stocked, 12345, LATER) == 0
    with stocked.reading() as session:
        assert list_imports(session)[0].undone_at == LATER, "it was undone once"


def test_what_facebook_reported_since_stays(stocked: Database) -> None:
    import_id = take_in(stocked, file_of([("1", NOW.date(), 5, 5)]), "a.csv", NOW)
    own = SnapshotRow("1", NOW.date(), 120, 99, "snapshot", LATER, "v26.0")
    with stocked.writing() as session:
        upsert_snapshots(session, [own])
    before = list_snapshots(stocked)
    assert import_id is not None
    assert undo(stocked, import_id, LATER) == 0
    assert list_snapshots(stocked) == before


def test_a_day_stored_since_the_dry_run_stays(stocked: Database) -> None:
    figures = file_of([("1", day(0), 100, 90), ("1", day(1), 101, 91)])
    assert try_out(stocked, figures).counts.new == 2
    own = SnapshotRow("1", day(0), 7, 7, "snapshot", NOW, "v26.0")
    with stocked.writing() as session:
        upsert_snapshots(session, [own])
    take_in(stocked, figures, "a.csv", LATER)
    with stocked.reading() as session:
        found = session.get_one(Snapshot, ("1", day(0)))
        assert (found.fans_count, found.fans_source) == (7, "snapshot")


def test_a_file_without_a_readable_row_changes_nothing(stocked: Database) -> None:
    figures = read_text("name,date,fans\nNobody,2026-01-01,1\n")
    before = list_snapshots(stocked)
    assert try_out(stocked, figures).span is None
    assert take_in(stocked, figures, "a.csv", NOW) is None
    assert list_snapshots(stocked) == before
