"""Runs, events and observations: one sync at a time, and a record of what happened."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from storage.engine import Database
from storage.erasure import erase_everything
from storage.errors import SyncRunning
from storage.events import list_events, record_event
from storage.installation import get_data_version
from storage.metric_seed import SEED
from storage.migrate import find_marker
from storage.models import Base, Installation, Run, VaultKey
from storage.observations import (
    DROPPED_FIELD,
    GRAPH_VERSION,
    USAGE,
    find_observation,
    forget_observation,
    list_observations,
    observe_graph,
    record_observation,
)
from storage.pictures import upsert_picture_sources
from storage.places import HEARTBEAT_LIFETIME
from storage.runs import (
    FailureRow,
    beat_run,
    count_runs,
    find_active_run,
    find_last_run,
    finish_run,
    list_failures,
    list_runs,
    record_failures,
    start_run,
)
from storage.snapshots import SnapshotRow, upsert_snapshots
from storage.vault import Vault, check_keys
from tests.integration.storage_rows import (
    KEY,
    LATER,
    NOW,
    add_attempt,
    add_grant,
    add_pages,
)

pytestmark = pytest.mark.both_databases

DAY = date(2026, 11, 20)
DEAD = NOW + HEARTBEAT_LIFETIME + timedelta(seconds=1)


def start(database: Database, now: datetime = NOW, kind: str = "manual", day: date = DAY) -> int:
    with database.writing() as session:
        return start_run(session, kind=kind, day=day, pages_total=60, now=now)


def finish(database: Database, run_id: int, now: datetime = NOW, status: str = "done") -> bool:
    with database.writing() as session:
        return finish_run(
            session,
            run_id,
            status=status,
            pages_total=60,
            pages_done=58,
            pages_failed=2,
            now=now,
        )


def get(database: Database, run_id: int) -> Run:
    with database.reading() as session:
        return session.scalars(select(Run).where(Run.id == run_id)).one()


def test_a_run_from_start_to_end(database: Database) -> None:
    run_id = start(database)
    with database.writing() as session:
        assert beat_run(session, run_id, pages_done=30, pages_failed=1, now=LATER)
    run = get(database, run_id)
    assert (run.status, run.active, run.heartbeat_at, run.finished_at) == (
        "running",
        1,
        LATER,
        None,
    )
    assert (run.pages_total, run.pages_done, run.pages_failed) == (60, 30, 1)
    with database.writing() as session:
        before = get_data_version(session)
        assert finish_run(
            session,
            run_id,
            status="stopped",
            pages_total=61,
            pages_done=58,
            pages_failed=2,
            now=LATER,
            limited_until=DEAD,
            reason_code=80001,
        )
        assert get_data_version(session) == before + 1
    run = get(database, run_id)
    assert (run.status, run.active, run.finished_at) == ("stopped", None, LATER)
    assert (run.pages_total, run.pages_done, run.pages_failed) == (61, 58, 2)
    assert (run.limited_until, run.reason_code) == (DEAD, 80001)


def test_a_second_run_waits_its_turn(database: Database) -> None:
    first = start(database)
    with pytest.raises(SyncRunning) as caught:
        start(database, NOW + HEARTBEAT_LIFETIME)
    assert caught.value.run_id == first
    finish(database, first)
    assert start(database) > first


def test_of_many_starts_at_once_one_runs(database: Database) -> None:
    gate = threading.Barrier(5)

    def run(_: int) -> bool:
        gate.wait()
        try:
            start(database)
        except SyncRunning:
            return False
        return True

    with ThreadPoolExecutor(5) as pool:
        for _ in range(10):
            assert sum(pool.map(run, range(5))) == 1
            with database.reading() as session:
                active = find_active_run(session, NOW)
            assert active is not None
            finish(database, active.id)


def test_a_dead_run_gives_way_and_stays_interrupted(database: Database) -> None:
    dead = start(database)
    alive = start(database, DEAD)
    run = get(database, dead)
    assert (run.status, run.active, run.finished_at) == ("interrupted", None, DEAD)
    with database.writing() as session:
        assert not beat_run(session, dead, pages_done=5, pages_failed=0, now=DEAD)
    assert not finish(database, dead)
    assert get(database, dead).status == "interrupted"
    assert get(database, alive).active == 1
    assert finish(database, alive)


def test_a_heartbeat_keeps_the_place(database: Database) -> None:
    run_id = start(database)
    with database.writing() as session:
        beat_run(session, run_id, pages_done=1, pages_failed=0, now=DEAD)
    with pytest.raises(SyncRunning):
        start(database, DEAD)


def test_only_a_living_run_is_active(database: Database) -> None:
    run_id = start(database)
    with database.reading() as session:
        active = find_active_run(session, NOW + HEARTBEAT_LIFETIME)
        assert active is not None
        assert active.id == run_id
        assert find_active_run(session, DEAD) is None
    finish(database, run_id)
    with database.reading() as session:
        assert find_active_run(session, NOW) is None


def test_runs_are_listed_newest_first(database: Database) -> None:
    ids = []
    for number in range(4):
        ids.append(start(database, day=DAY + timedelta(days=number // 2)))
        finish(database, ids[-1])
    with database.reading() as session:
        assert [run.id for run in list_runs(session)] == ids[::-1]
        assert [run.id for run in list_runs(session, limit=2, offset=1)] == [ids[2], ids[1]]
        assert count_runs(session) == 4
        last, last_of_day = find_last_run(session), find_last_run(session, DAY)
        assert last is not None
        assert last_of_day is not None
        assert (last.id, last_of_day.id) == (ids[3], ids[1])
        assert find_last_run(session, DAY - timedelta(days=1)) is None


def test_failures_are_listed_with_names(database: Database) -> None:
    run_id = start(database)
    first = FailureRow("1", "Ann\x00e", "RateLimited", 80001, None, "A1")
    with database.writing() as session:
        add_pages(session, ["1", "2"])
        record_failures(session, run_id, [first, FailureRow("2", None, "NotFound", 100, 33, None)])
        record_failures(session, run_id, [FailureRow("2", "Bob", "AccessEnded", 190, 463, "A2")])
        record_failures(session, run_id, [])
    with database.reading() as session:
        found = list_failures(session, run_id)
        assert [f.page_id for f in list_failures(session, run_id, limit=1, offset=1)] == ["2"]
        assert list_failures(session, run_id + 1) == []
    assert [
        (f.page_name, f.account_name, f.kind, f.code, f.subcode, f.trace_id) for f in found
    ] == [
        ("Page 1", "Ann\ufffde", "RateLimited", 80001, None, "A1"),
        ("Page 2", "Bob", "AccessEnded", 190, 463, "A2"),
    ]


def test_events_are_listed_newest_first(database: Database) -> None:
    with database.writing() as session:
        record_event(session, "connected", "Ann", {"saved": 3}, NOW)
        record_event(session, "needs_renewal", None, {}, LATER)
        record_event(session, "frozen", "Bob\ud800", {}, NOW)
    with database.reading() as session:
        events = list_events(session)
        assert [event.kind for event in events] == ["needs_renewal", "frozen", "connected"]
        assert [event.account_name for event in events] == [None, "Bob\ufffd", "Ann"]
        assert events[2].facts == {"saved": 3}
        assert [event.kind for event in list_events(session, limit=1, offset=2)] == ["connected"]


@dataclass(frozen=True)
class Reading:
    """Stands for whatever a Graph client calls its reading of a usage header."""

    scope: str
    call_count_percent: int | None


def test_what_graph_told_is_kept_newest_first_heard_or_not(database: Database) -> None:
    with database.writing() as session:
        observe_graph(
            session,
            version_served="v26.0",
            dropped_fields={"about"},
            usage={"app app": Reading("app", 3)},
            now=NOW,
        )
        observe_graph(session, version_served=None, dropped_fields=(), usage={}, now=LATER)
        assert find_observation(session, GRAPH_VERSION) == {"served": "v26.0"}
        assert find_observation(session, USAGE + "app app") == {
            "scope": "app",
            "call_count_percent": 3,
        }
        observe_graph(session, version_served="v27.0", dropped_fields=(), usage={}, now=LATER)
        assert find_observation(session, GRAPH_VERSION) == {"served": "v27.0"}
        dropped = list_observations(session, DROPPED_FIELD)
        assert [(row.value, row.observed_at) for row in dropped] == [({"field": "about"}, NOW)]
        assert len(list_observations(session)) == 3


def test_observations_of_ones_own(database: Database) -> None:
    with database.writing() as session:
        record_observation(session, "plan", {"next": "2026-11-20"}, NOW)
        record_observation(session, "plan", {"next": "2026-11-21"}, LATER)
        assert find_observation(session, "plan") == {"next": "2026-11-21"}
        assert list_observations(session, "pl_n") == []
        forget_observation(session, "plan")
        forget_observation(session, "plan")
        assert find_observation(session, "plan") is None


def test_starting_over_leaves_whose_database_it_is(database: Database) -> None:
    vault = Vault([KEY])
    run_id = start(database)
    with database.writing() as session:
        check_keys(session, vault, NOW)
        add_grant(session, vault, "1", ["10"])
        add_attempt(session)
        upsert_picture_sources(session, {"10": "https://example.org/x"}, NOW)
        upsert_snapshots(session, [SnapshotRow("10", DAY, 1, 1, "snapshot", NOW, None)])
        record_failures(session, run_id, [FailureRow("10", None, "NotFound", 100, 33, None)])
        record_event(session, "connected", "Ann", {}, NOW)
        record_observation(session, "plan", {}, NOW)
        before = get_data_version(session)
    # The ledger of Facebook's metrics begins anew; nothing else is there but what is kept.
    kept = {Installation.__tablename__: 1, VaultKey.__tablename__: 1, "insight_metrics": len(SEED)}
    with database.writing() as session:
        erase_everything(session)
        assert find_marker(session.connection()) == "sandbox"
        assert get_data_version(session) > before
        for table in Base.metadata.sorted_tables:
            rows = session.scalar(select(func.count()).select_from(table))
            assert rows == kept.get(table.name, 0), table.name
        assert check_keys(session, vault, NOW).ok
