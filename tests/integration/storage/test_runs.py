"""Runs, events and observations: one sync at a time, and a record of what happened."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.accounts.keys import check_keys
from storage.accounts.pictures import upsert_picture_sources
from storage.accounts.vault import Vault
from storage.db.clock import clock
from storage.db.engine import WAITED, Database
from storage.db.errors import JobRunning
from storage.db.installation import get_data_version
from storage.figures.snapshots import SnapshotRow, upsert_snapshots
from storage.insights.metric_ledger import SEEDS
from storage.jobs.events import list_events, record_event
from storage.jobs.leases import LEASE_SECONDS, renew_leases, take_lease
from storage.jobs.observations import (
    GRAPH_VERSION,
    USAGE,
    list_observations,
    observe_graph,
)
from storage.jobs.rate_limits import (
    COUNTED_SPAN,
    Limit,
    find_app_limit,
    forget_limits,
    list_limits,
    list_limits_by_name,
    store_limit,
)
from storage.jobs.runs import (
    INSIGHTS,
    PICTURES,
    SNAPSHOTS,
    FailureRow,
    JobKind,
    RunRecord,
    StartedBy,
    add_progress,
    count_runs,
    drop_failures,
    find_active_run,
    find_last_run,
    find_run,
    finish_run,
    list_failures,
    list_runs,
    record_failures,
    start_run,
)
from storage.migrations.migrate import erase_everything, find_marker
from storage.models import Base, InsightMetric, Installation, JobLease, VaultKey
from storage.people.person import THIS_COMPUTER
from storage.sign_in.people import let_in
from tests.integration.storage_rows import (
    KEY,
    LATER,
    NOW,
    add_attempt,
    add_grant,
    expire_leases,
)

pytestmark = pytest.mark.both_databases

DAY = date(2026, 11, 20)


def start(
    database: Database, kind: JobKind = SNAPSHOTS, day: date = DAY, started_by: StartedBy = "manual"
) -> int:
    with database.writing() as session:
        return start_run(
            session, kind=kind, started_by=started_by, day=day, pages_total=60, now=NOW
        )


def finish(database: Database, run_id: int, status: str = "done") -> bool:
    with database.writing() as session:
        return finish_run(session, run_id, status=status, now=LATER)


def get(database: Database, run_id: int) -> RunRecord:
    with database.reading() as session:
        run = find_run(session, run_id)
        assert run is not None
        return run


def active_run_id(database: Database) -> int | None:
    with database.reading() as session:
        active = find_active_run(session, SNAPSHOTS)
    return None if active is None else active.id


def test_a_run_from_start_to_end(database: Database) -> None:
    run_id = start(database)
    with database.writing() as session:
        add_progress(session, run_id, pages_done=30, pages_failed=1)
        add_progress(session, run_id, pages_done=28, pages_failed=-1, pages_total=1)
    run = get(database, run_id)
    assert (run.status, run.started_at, run.finished_at) == ("running", NOW, None)
    assert (run.pages_total, run.pages_done, run.pages_failed) == (61, 58, 0)
    with database.writing() as session:
        before = get_data_version(session)
        assert finish_run(
            session,
            run_id,
            status="stopped",
            now=LATER,
            limited_until=LATER + timedelta(minutes=9),
            reason_code=80001,
        )
        assert get_data_version(session) == before + 1
    run = get(database, run_id)
    assert (run.status, run.finished_at) == ("stopped", LATER)
    assert (run.limited_until, run.reason_code) == (LATER + timedelta(minutes=9), 80001)


def test_one_run_of_a_kind_at_a_time(database: Database) -> None:
    first = start(database)
    with pytest.raises(JobRunning) as caught:
        start(database)
    assert caught.value.run_id == first
    assert start(database, INSIGHTS) > first, "another kind has a lease of its own"
    finish(database, first)
    assert start(database) > first


def test_of_many_starts_at_once_one_runs(database: Database) -> None:
    gate = threading.Barrier(5)

    def run(_: int) -> bool:
        gate.wait()
        try:
            start(database)
        except JobRunning:
            return False
        return True

    with ThreadPoolExecutor(5) as pool:
        for _ in range(10):
            assert sum(pool.map(run, range(5))) == 1
            run_id = active_run_id(database)
            assert run_id is not None
            finish(database, run_id)
    with database.reading() as session:
        assert count_runs(session, SNAPSHOTS) == 10, "nothing is left of those that were refused"


def test_progress_from_several_threads_adds_up(database: Database) -> None:
    run_id = start(database)

    def add(_: int) -> None:
        with database.writing() as session:
            add_progress(session, run_id, pages_done=1, steps_done=2)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(40)))
    run = get(database, run_id)
    assert (run.pages_done, run.steps_done) == (40, 80)


def test_a_dead_run_gives_way_and_stays_interrupted(database: Database) -> None:
    dead = start(database)
    expire_leases(database)
    alive = start(database)
    run = get(database, dead)
    assert (run.status, run.finished_at) == ("interrupted", NOW)
    with database.writing() as session:
        assert not renew_leases(session, dead)
    assert not finish(database, dead)
    assert get(database, dead).status == "interrupted"
    assert active_run_id(database) == alive
    assert finish(database, alive)


def test_a_heartbeat_keeps_the_lease(database: Database) -> None:
    run_id = start(database)
    expire_leases(database)
    assert active_run_id(database) is None
    with database.writing() as session:
        assert renew_leases(session, run_id), "nobody has taken it meanwhile"
    assert active_run_id(database) == run_id
    with pytest.raises(JobRunning):
        start(database)


def test_who_had_to_wait_for_the_lock_takes_over_no_lease(database: Database) -> None:
    """The run that holds it may have waited for the same lock, unable to renew it."""
    run_id = start(database)
    expire_leases(database)

    def start_after_waiting() -> None:
        with database.writing() as session:
            session.info[WAITED] = True
            start_run(session, kind=SNAPSHOTS, started_by="daily", day=DAY, now=NOW)

    with pytest.raises(JobRunning):
        start_after_waiting()
    with database.writing() as session:
        assert renew_leases(session, run_id)


def test_a_lease_lasts_a_minute_by_the_databases_clock(database: Database) -> None:
    run_id = start(database)
    with database.reading() as session:
        lease = session.scalars(select(JobLease)).one()
        is_left = (
            JobLease.expires_at > clock(session, LEASE_SECONDS - 20),
            JobLease.expires_at <= clock(session, LEASE_SECONDS),
        )
        assert session.execute(select(*is_left)).one() == (True, True)
    assert (lease.kind, lease.unit, lease.run_id) == (SNAPSHOTS, "", run_id)


def test_of_two_processes_on_a_run_one_has_a_unit(database: Database) -> None:
    run_id = start(database)
    with database.writing() as session:
        assert take_lease(session, SNAPSHOTS, "7", run_id, "a")
        assert not take_lease(session, SNAPSHOTS, "7", run_id, "b")
        assert renew_leases(session, run_id, "7", "a")
        assert not renew_leases(session, run_id, "7", "b")
    expire_leases(database)
    with database.writing() as session:
        assert take_lease(session, SNAPSHOTS, "7", run_id, "b")
        assert not renew_leases(session, run_id, "7", "a"), "it wakes up"
        assert renew_leases(session, run_id, "7", "b")
        assert renew_leases(session, run_id), "the run goes on"


def test_a_unit_is_taken_once(database: Database) -> None:
    run_id = start(database)
    with database.writing() as session:
        assert take_lease(session, SNAPSHOTS, "7", run_id)
        assert not take_lease(session, SNAPSHOTS, "7", run_id)
        assert take_lease(session, SNAPSHOTS, "8", run_id)
        assert take_lease(session, INSIGHTS, "7", run_id)
    expire_leases(database)
    again = start(database)
    with database.writing() as session:
        assert take_lease(session, SNAPSHOTS, "7", again), "as if its process had died"
    finish(database, again)
    with database.reading() as session:
        leases = session.scalars(select(JobLease.kind))
        assert set(leases) == {INSIGHTS}


def test_runs_of_a_kind_are_listed_newest_first(database: Database) -> None:
    ids = []
    for number in range(4):
        ids.append(start(database, day=DAY + timedelta(days=number // 2)))
        finish(database, ids[-1])
    start(database, INSIGHTS)
    with database.reading() as session:
        assert [run.id for run in list_runs(session, SNAPSHOTS)] == ids[::-1]
        some = list_runs(session, SNAPSHOTS, limit=2, offset=1)
        assert [run.id for run in some] == [ids[2], ids[1]]
        assert count_runs(session, SNAPSHOTS) == 4
        assert count_runs(session, SNAPSHOTS, DAY) == 2
        last = find_last_run(session, SNAPSHOTS)
        assert last is not None
        assert last.id == ids[3]
        assert find_last_run(session, PICTURES) is None


def test_failures_are_listed_with_names(database: Database) -> None:
    run_id, vault = start(database), Vault([KEY])
    with database.writing() as session:
        ann, bob = (add_grant(session, vault, account, ["1", "2", "3"]) for account in "ab")
        first = FailureRow("1", ann, "RateLimited", 80001, None, "A\x001")
        second = FailureRow("2", None, "NotFound", 100, 33, None)
        record_failures(session, run_id, [first, second])
        record_failures(session, run_id, [FailureRow("2", bob, "AccessEnded", 190, 463, "A2")])
        record_failures(session, run_id, [FailureRow("3", bob, "NotFound", 100, 33, None)])
        drop_failures(session, run_id, ["3"])
        record_failures(session, run_id, [])
    with database.reading() as session:
        found = list_failures(session, run_id)
        assert [f.page_id for f in list_failures(session, run_id, limit=1)] == ["1"]
        assert list_failures(session, run_id + 1) == []
    assert [
        (f.page_name, f.account_name, f.kind, f.code, f.subcode, f.trace_id) for f in found
    ] == [
        ("Page 1", "Account a", "RateLimited", 80001, None, "A\ufffd1"),
        ("Page 2", "Account b", "AccessEnded", 190, 463, "A2"),
    ]


def test_events_are_listed_newest_first(database: Database) -> None:
    with database.writing() as session:
        ann, bob = (add_grant(session, Vault([KEY]), account, ["1"]) for account in "ab")
        record_event(session, "connected", {"saved": 3}, NOW, grant_id=ann)
        record_event(session, "exported", {"what": "table", "format": "csv"}, LATER)
        record_event(session, "frozen", {}, NOW, grant_id=bob)
    with database.reading() as session:
        events = list_events(session)
        assert [event.kind for event in events] == ["exported", "frozen", "connected"]
        assert [event.account_name for event in events] == [None, "Account b", "Account a"]
        assert events[2].facts == {"saved": 3}
        assert [event.kind for event in list_events(session, limit=1, offset=2)] == ["connected"]


@pytest.mark.parametrize(
    ("kind", "facts", "ids"),
    [
        ("opened", {}, {}),
        ("connected", {}, {}),
        ("frozen", {}, {"grant_id": 1, "page_id": "1"}),
        ("frozen", {"account_name": 1}, {"grant_id": 1}),
        ("goal_set", {"metric": "Anna Keller"}, {"page_id": "1"}),
    ],
)
def test_an_event_has_what_belongs_to_its_kind_and_no_name(
    session: Session, kind: str, facts: dict[str, Any], ids: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="event"):
        record_event(session, kind, facts, NOW, **ids)


@dataclass(frozen=True)
class Reading:
    """Stands for whatever a Graph client calls its reading of a usage header."""

    scope: str
    call_count_percent: int | None


def test_what_graph_told_is_kept_newest_first_heard_or_not(session: Session) -> None:
    def list_values(prefix: str) -> list[dict[str, Any]]:
        return [row.value for row in list_observations(session) if row.key.startswith(prefix)]

    observe_graph(
        session,
        version_served="v26.0",
        dropped_fields={"about"},
        usage={"app app": Reading("app", 3)},
        now=NOW,
    )
    observe_graph(session, version_served=None, dropped_fields=(), usage={}, now=LATER)
    assert list_values(GRAPH_VERSION) == [{"served": "v26.0"}]
    assert list_values(USAGE) == [{"scope": "app", "call_count_percent": 3}]
    observe_graph(session, version_served="v27.0", dropped_fields=(), usage={}, now=LATER)
    assert list_values(GRAPH_VERSION) == [{"served": "v27.0"}]
    dropped, *others = list_observations(session)
    assert (dropped.value, dropped.observed_at) == ({"field": "about"}, NOW)
    assert len(others) == 2


def test_starting_over_leaves_whose_database_it_is(database: Database) -> None:
    vault = Vault([KEY])
    run_id = start(database)
    with database.writing() as session:
        check_keys(session, vault, NOW)
        grant_id = add_grant(session, vault, "1", ["10"])
        add_attempt(session)
        upsert_picture_sources(session, {"10": "https://example.org/x"}, NOW)
        upsert_snapshots(session, [SnapshotRow("10", DAY, 1, 1, "snapshot", NOW, None)])
        record_failures(session, run_id, [FailureRow("10", None, "NotFound", 100, 33, None)])
        record_event(session, "connected", {}, NOW, grant_id=grant_id)
        observe_graph(session, version_served="v26.0", dropped_fields=(), usage={}, now=NOW)
        session.execute(update(InsightMetric).values(status="retired"))
        let_in(session, "ann@agency.example", "admin", NOW, by=THIS_COMPUTER)
        before = get_data_version(session)
    # The ledger of Facebook's metrics begins anew; nothing else is there but what is kept.
    seed = [row for rows in SEEDS.values() for row in rows]
    kept = {Installation.__tablename__: 1, VaultKey.__tablename__: 1, "insight_metrics": len(seed)}
    kept["people"] = 1
    with database.writing() as session:
        erase_everything(session)
        assert find_marker(session.connection()) == "sandbox"
        assert get_data_version(session) > before
        for table in Base.metadata.sorted_tables:
            rows = session.scalar(select(func.count()).select_from(table))
            assert rows == kept.get(table.name, 0), table.name
        statuses = session.execute(select(InsightMetric.name, InsightMetric.status))
        assert {tuple(row) for row in statuses} == {(row.name, row.status) for row in seed}
        assert check_keys(session, vault, NOW).ok


@pytest.mark.both_databases
def test_a_rate_limit_counts_until_it_is_over(session: Session) -> None:
    vault = Vault([KEY])
    grant_id = add_grant(session, vault, "500", ["1"])
    until = NOW + timedelta(minutes=25)
    app, anna = Limit(None, 85, None), Limit(grant_id, None, until)
    store_limit(session, anna, NOW)
    store_limit(session, app, NOW)
    assert list_limits_by_name(session, NOW) == [(None, app), ("Account 500", anna)]
    store_limit(session, Limit(grant_id, 40, None), NOW)
    assert list_limits(session, NOW) == [app, anna], "an answer from before the refusal"
    assert find_app_limit(session, NOW) is None
    assert list_limits(session, until) == [app]
    assert list_limits(session, NOW + COUNTED_SPAN) == [], "of the hour before"
    refused = Limit(None, 100, until + COUNTED_SPAN)
    store_limit(session, refused, until)
    assert find_app_limit(session, until) == refused.until
    assert [row.key for row in list_observations(session)] == ["limit:app"], "others are over"
    forget_limits(session)
    assert list_limits(session, until) == []
