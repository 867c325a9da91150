"""Importing past figures and undoing it, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from fb.past_figures import take_in, try_out, undo
from storage.arrays import MISSING
from storage.columns import read
from storage.engine import Database
from storage.events import list_events
from storage.importing import list_imports
from storage.installation import get_data_version
from storage.models import Page, Snapshot
from storage.snapshots import SnapshotRow, upsert_snapshots
from tests.integration.figure_rows import add_page, day
from tests.integration.past_figures_files import NOW, Row, file_of, read_text, stored_rows

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


def version_of(database: Database) -> int:
    with database.reading() as session:
        return get_data_version(session)


def test_a_dry_run_stores_nothing(stocked: Database) -> None:
    before, version = stored_rows(stocked), version_of(stocked)
    told = try_out(stocked, file_of(ROWS))
    counts = told.counts
    assert (counts.new, counts.equal, counts.conflicting, counts.refused) == (2, 1, 1, 1)
    assert [(row.page_id, row.stored_fans) for row in told.iterate_conflicting()] == [("1", 111)]
    assert told.page_names == {"1": "Page 1", "2": "Page 2"}
    assert told.refused == [(6, "No Page here has the id “9”.")]
    assert (told.since, told.until, told.pages_count) == (day(-400), day(11), 2)
    assert (stored_rows(stocked), version_of(stocked)) == (before, version)


def test_an_import_adds_new_days_and_nothing_else(stocked: Database) -> None:
    before, version = stored_rows(stocked), version_of(stocked)
    import_id = take_in(stocked, file_of(ROWS), "figures  of\n2025.csv", NOW)
    after = stored_rows(stocked)
    assert [row for row in before if len(row) == 7] == [
        row for row in after if len(row) == 7 and row[4] == "snapshot"
    ]
    with stocked.reading() as session:
        of_import = select(Snapshot).where(Snapshot.source == f"import:{import_id}")
        new = list(session.scalars(of_import.order_by(Snapshot.page_id)))
        (record,) = list_imports(session)
        (event,) = list_events(session)
        assert read(session, "fans", [day(0)])[day(0)][0] in (100, MISSING)
        assert session.get_one(Page, "2").fans_since == day(-400)
    assert [(row.page_id, row.day, row.fans_count, row.followers_count) for row in new] == [
        ("1", day(0), 100, 90),
        ("2", day(-400), 50, None),
    ]
    assert {(row.fetched_at, row.graph_version) for row in new} == {(NOW, None)}
    assert (record.file_name, record.new_count, record.equal_count) == ("figures of 2025.csv", 2, 1)
    assert (record.conflicting_count, record.refused_count, record.undone_at) == (1, 1, None)
    assert (event.kind, event.facts) == (
        "imported",
        {"file": "figures of 2025.csv", "import": import_id, "days": 2},
    )
    assert version_of(stocked) > version


def test_running_twice_is_running_once(stocked: Database) -> None:
    take_in(stocked, file_of(ROWS), "a.csv", NOW)
    before, version = stored_rows(stocked), version_of(stocked)
    assert take_in(stocked, file_of(ROWS), "a.csv", LATER) is None
    assert (stored_rows(stocked), version_of(stocked)) == (before, version)
    assert try_out(stocked, file_of(ROWS)).counts.new == 0


def test_undo_leaves_what_was_there_before(stocked: Database) -> None:
    before = stored_rows(stocked)
    import_id = take_in(stocked, file_of(ROWS), "a.csv", NOW)
    assert import_id is not None
    assert undo(stocked, import_id, LATER) == 2
    assert [row for row in stored_rows(stocked) if len(row) == 7] == [
        row for row in before if len(row) == 7
    ]
    with stocked.reading() as session:
        for kept in read(session, "fans", [day(0), day(-400)]).values():
            assert set(kept.tolist()) <= {MISSING}
        assert session.get_one(Page, "2").fans_since is None
        assert list_imports(session)[0].undone_at == LATER
        assert list_events(session)[0].kind == "import_undone"
    assert undo(stocked, import_id, LATER + timedelta(days=1)) == 0
    assert undo(stocked, 12345, LATER) == 0
    with stocked.reading() as session:
        assert list_imports(session)[0].undone_at == LATER, "it was undone once"


def test_undo_takes_one_import_only(stocked: Database) -> None:
    first = take_in(stocked, file_of([("1", day(0), 1, 1)]), "a.csv", NOW)
    second = take_in(stocked, file_of([("1", day(1), 2, 2)]), "b.csv", NOW)
    assert first is not None
    undo(stocked, first, LATER)
    with stocked.reading() as session:
        sources = set(session.scalars(select(Snapshot.source)))
    assert sources == {"snapshot", f"import:{second}"}


def test_what_facebook_reported_since_stays(stocked: Database) -> None:
    import_id = take_in(stocked, file_of([("1", NOW.date(), 5, 5)]), "a.csv", NOW)
    own = SnapshotRow("1", NOW.date(), 120, 99, "snapshot", LATER, "v26.0")
    with stocked.writing() as session:
        upsert_snapshots(session, [own])
    before = stored_rows(stocked)
    assert import_id is not None
    assert undo(stocked, import_id, LATER) == 0
    assert stored_rows(stocked) == before


def test_a_day_stored_since_the_dry_run_stays(stocked: Database) -> None:
    figures = file_of([("1", day(0), 100, 90), ("1", day(1), 101, 91)])
    assert try_out(stocked, figures).counts.new == 2
    own = SnapshotRow("1", day(0), 7, 7, "snapshot", NOW, "v26.0")
    with stocked.writing() as session:
        upsert_snapshots(session, [own])
    take_in(stocked, figures, "a.csv", LATER)
    with stocked.reading() as session:
        found = session.get_one(Snapshot, ("1", day(0)))
        assert (found.fans_count, found.source) == (7, "snapshot")


def test_a_file_without_a_readable_row_changes_nothing(stocked: Database) -> None:
    figures = read_text("name,date,fans\nNobody,2026-01-01,1\n")
    before = stored_rows(stocked)
    assert try_out(stocked, figures).since is None
    assert take_in(stocked, figures, "a.csv", NOW) is None
    assert stored_rows(stocked) == before
