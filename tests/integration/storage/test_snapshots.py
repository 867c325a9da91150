"""Snapshots: a day has one row per Page, the newest report wins, and no figure is ever lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage.accounts.grants import set_grant_status, withdraw_page_grants
from storage.accounts.vault import Vault
from storage.db.engine import Database
from storage.db.installation import get_data_version
from storage.figures.snapshots import (
    SnapshotRow,
    delete_figures,
    list_pages_without_snapshot,
    source_of_day,
    upsert_snapshots,
)
from storage.models import Snapshot
from tests.integration.storage_rows import KEY, LATER, NOW, add_grant, add_pages

pytestmark = pytest.mark.both_databases

DAY = date(2026, 11, 20)
ROW = SnapshotRow(
    page_id="1",
    day=DAY,
    fans_count=100,
    followers_count=110,
    source="snapshot",
    fetched_at=NOW,
    graph_version="v26.0",
)


def stored(database: Database) -> list[SnapshotRow]:
    """All snapshots, in order."""
    with database.reading() as session:
        query = select(Snapshot).order_by(Snapshot.page_id, Snapshot.day)
        return [
            SnapshotRow(
                s.page_id,
                s.day,
                s.fans_count,
                s.followers_count,
                source_of_day(s.fans_source, s.followers_source),
                s.fetched_at,
                s.graph_version,
            )
            for s in session.scalars(query)
        ]


def put(database: Database, *rows: SnapshotRow) -> None:
    with database.writing() as session:
        upsert_snapshots(session, rows)


@pytest.fixture
def pages(database: Database) -> Database:
    """A database with three Pages."""
    with database.writing() as session:
        add_pages(session, ["1", "2", "3"])
    return database


def version_of(database: Database) -> int:
    with database.reading() as session:
        return get_data_version(session)


def test_figures_are_kept_as_reported(pages: Database) -> None:
    rows = [
        ROW,
        replace(ROW, day=DAY - timedelta(days=1), fans_count=0, followers_count=None),
        replace(ROW, page_id="2", fans_count=2**53 + 1, graph_version=None),
    ]
    before = version_of(pages)
    put(pages, *rows)
    assert stored(pages) == [rows[1], rows[0], rows[2]]
    assert version_of(pages) == before + 1
    put(pages)
    assert version_of(pages) == before + 1, "nothing was told"


def test_the_newest_report_of_a_day_wins(pages: Database) -> None:
    newer = replace(ROW, fans_count=90, fetched_at=LATER, graph_version="v27.0")
    put(pages, ROW)
    put(pages, newer)
    assert stored(pages) == [newer]
    put(pages, ROW)
    assert stored(pages) == [newer]


def test_facebooks_own_report_counts_before_a_file(pages: Database) -> None:
    """Also one that was fetched before the file came, and stored after it."""
    of_file = replace(ROW, fans_count=7, source="import:1", fetched_at=LATER)
    put(pages, of_file)
    put(pages, ROW)
    assert stored(pages) == [ROW]
    put(pages, of_file)
    assert stored(pages) == [ROW]


def test_deleting_a_source_takes_its_figures_and_days_without_any(pages: Database) -> None:
    of_file = replace(ROW, followers_count=None, source="import:1", graph_version=None)
    put(pages, of_file, replace(of_file, page_id="2"), replace(ROW, page_id="3"))
    put(pages, replace(ROW, fans_count=None, fetched_at=LATER))
    with pages.writing() as session:
        assert delete_figures(session, source="import:1") == 2
        assert delete_figures(session, source="import:1") == 0
    assert stored(pages) == [
        replace(ROW, fans_count=None, fetched_at=LATER),
        replace(ROW, page_id="3"),
    ]


REPORTS = st.lists(
    st.builds(
        SnapshotRow,
        page_id=st.sampled_from(["1", "2"]),
        day=st.sampled_from([DAY, DAY + timedelta(days=1)]),
        fans_count=st.none() | st.integers(0, 5),
        followers_count=st.none() | st.integers(0, 5),
        source=st.sampled_from(["snapshot", "import:1"]),
        fetched_at=st.sampled_from([NOW, LATER]),
        graph_version=st.just("v26.0"),
    ),
    max_size=8,
    # Facebook reports a Page again and again on a day, a file once.
    unique_by=lambda row: (
        row.page_id,
        row.day,
        row.source,
        row.fetched_at if row.source == "snapshot" else None,
    ),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reports=REPORTS)
def test_each_figure_is_of_the_best_report_that_has_it(
    pages: Database, reports: list[SnapshotRow]
) -> None:
    """In whatever order reports come, and however often."""

    def rank(report: SnapshotRow) -> tuple[bool, datetime]:
        return report.source == "snapshot", report.fetched_at

    with pages.writing() as session:
        session.execute(delete(Snapshot))
        upsert_snapshots(session, reports)
    once = [(row.fans_count, row.followers_count) for row in stored(pages)]
    put(pages, *reports[::-1])
    assert [(row.fans_count, row.followers_count) for row in stored(pages)] == once
    days = {(row.page_id, row.day) for row in stored(pages)}
    assert days == {(report.page_id, report.day) for report in reports}
    with pages.reading() as session:
        for row in session.scalars(select(Snapshot)):
            of_day = [r for r in reports if (r.page_id, r.day) == (row.page_id, row.day)]
            for figure in ("fans", "followers"):
                having = [r for r in of_day if getattr(r, f"{figure}_count") is not None]
                best = max(having, key=rank, default=None)
                expected: tuple[object, object] = (None, None)
                if best is not None:
                    expected = (getattr(best, f"{figure}_count"), best.source)
                stored_figure = getattr(row, f"{figure}_count"), getattr(row, f"{figure}_source")
                assert stored_figure == expected


def test_pages_that_still_lack_the_days_snapshot(session: Session) -> None:
    vault = Vault([KEY])
    one = add_grant(session, vault, "1", ["10", "11", "12"])
    two = add_grant(session, vault, "2", ["12", "13"])
    withdraw_page_grants(session, one, ["11"], NOW)
    assert list_pages_without_snapshot(session, DAY) == ["10", "12", "13"]
    upsert_snapshots(session, [replace(ROW, page_id="10")])
    assert list_pages_without_snapshot(session, DAY) == ["12", "13"]
    assert list_pages_without_snapshot(session, DAY + timedelta(days=1)) == ["10", "12", "13"]
    set_grant_status(session, two, "frozen", code=None, subcode=None, now=NOW)
    assert list_pages_without_snapshot(session, DAY) == ["12"]
