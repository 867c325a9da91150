"""Many accounts read side by side: what threads share, and what one of them does to the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fb.accounts.disconnect import freeze
from fb.graph.client import GraphClient
from fb.graph.pages import fetch_figures
from fb.installation import Installation, open_installation
from fb.jobs import checks, snapshots
from fb.jobs.checks import run_checks
from fb.jobs.snapshots import Chunk, run_snapshots
from fb.settings import read_settings
from storage.accounts.pages import PageReport
from storage.jobs.rate_limits import Limit, list_limits
from storage.jobs.runs import SNAPSHOTS, RunRecord, find_last_run, start_run
from storage.models import JobFailure, Snapshot
from storage.people.person import THIS_COMPUTER
from tests.fast_graph import FastGraph, served_fast_graph
from tests.integration.facebook import traveller
from tests.integration.facebook.traveller import MovableClock
from tests.integration.storage_rows import add_grant, expire_leases
from tests.waiting import wait_until

ACCOUNTS = tuple(str(900 + number) for number in range(6))
PAGES = 120  # of each account: three batches


@dataclass
class Many:
    """An installation with ACCOUNTS, the day after they were connected, and its Facebook."""

    installation: Installation
    graph: FastGraph
    clock: MovableClock
    grant_ids: dict[str, int]
    pool: ThreadPoolExecutor

    def sync(self, on_progress: Callable[[int, int], None] = lambda done, total: None) -> RunRecord:
        return run_snapshots(self.installation, "manual", on_progress=on_progress)

    def begin(self) -> Future[RunRecord]:
        """Begin a run on another thread."""
        return self.pool.submit(self.sync)

    def connect(self, account: str, page_ids: Iterable[str]) -> None:
        with self.installation.database.writing() as session:
            self.grant_ids[account] = add_grant(
                session, self.installation.vault, account, page_ids, self.clock()
            )

    def count_stored(self) -> int:
        with self.installation.database.reading() as session:
            is_today = Snapshot.day == self.clock().date()
            return session.scalar(select(func.count()).select_from(Snapshot).where(is_today)) or 0

    def limits(self) -> list[Limit]:
        with self.installation.database.reading() as session:
            return list_limits(session, self.clock())

    def failures(self) -> dict[str, str]:
        with self.installation.database.reading() as session:
            rows = session.execute(select(JobFailure.page_id, JobFailure.kind))
            return {row.page_id: row.kind for row in rows}


def page_ids_of(account: str) -> list[str]:
    return [f"{account}{number:04d}" for number in range(PAGES)]


@contextmanager
def opened_many(tmp_path: Path, database_url: str) -> Iterator[Many]:
    clock = MovableClock()
    with served_fast_graph() as graph, ThreadPoolExecutor(1) as pool:
        settings = traveller.settings_of(graph.url, database_url)
        startup = open_installation(read_settings(settings, tmp_path), now=clock)
        assert startup.installation is not None, startup.error
        try:
            yield Many(startup.installation, graph, clock, {}, pool)
        finally:
            graph.gate.set()
            startup.installation.close()


@pytest.fixture
def many(tmp_path: Path, live_database_url: str) -> Iterator[Many]:
    with opened_many(tmp_path, live_database_url) as many:
        for account in ACCOUNTS:
            many.connect(account, page_ids_of(account))
        many.clock.move(days=1)
        yield many


@pytest.mark.both_databases
def test_four_calls_at_once_and_each_page_once(many: Many) -> None:
    many.graph.gate.clear()
    many.graph.held = frozenset(ACCOUNTS)
    run = many.begin()
    wait_until(lambda: many.graph.waiting.total() == 4)
    assert len(+many.graph.waiting) == 4, "four accounts: none waits for another to be complete"
    many.graph.gate.set()
    record = run.result()
    assert (record.status, record.pages_failed) == ("done", 0)
    assert record.pages_done == many.count_stored() == len(ACCOUNTS) * PAGES
    assert set(many.graph.reads.values()) == {1}
    assert many.graph.most_at_once == 4


def test_two_calls_at_once_for_one_account(many: Many) -> None:
    for account in ACCOUNTS[1:]:
        freeze(many.installation, many.grant_ids[account], by=THIS_COMPUTER)
    many.graph.gate.clear()
    many.graph.held = frozenset(ACCOUNTS)
    run = many.begin()
    wait_until(lambda: many.graph.waiting[ACCOUNTS[0]] == 2)
    many.graph.gate.set()
    assert run.result().pages_done == PAGES
    assert many.graph.most_at_once == 2


def test_a_page_of_two_accounts_is_read_once_by_the_one_that_can(many: Many) -> None:
    many.connect("950", page_ids_of(ACCOUNTS[0]) + page_ids_of(ACCOUNTS[1]))
    assert many.sync().pages_failed == 0
    assert set(many.graph.reads.values()) == {1}
    many.graph.refused = {"950"}  # which was connected last, so that it is tried first
    many.graph.reads.clear()
    record = many.sync()
    assert (record.status, record.pages_failed) == ("done", 0)
    assert set(many.graph.reads.values()) == {1}
    assert len(many.graph.reads) == record.pages_done == record.pages_total == 720


@pytest.mark.fault(
    "Facebook hangs for one account of several", "the others are read, and it goes on"
)
def test_a_call_that_hangs_holds_nobody_up(many: Many) -> None:
    many.graph.gate.clear()
    many.graph.held = frozenset(ACCOUNTS[:1])
    run = many.begin()
    wait_until(lambda: many.graph.reads.total() == (len(ACCOUNTS) - 1) * PAGES)
    assert many.graph.waiting[ACCOUNTS[0]] == 2
    many.graph.gate.set()
    assert run.result().pages_done == len(ACCOUNTS) * PAGES


@pytest.mark.fault(
    "Facebook limits one account of twenty", "the others are read; it waits for the named time"
)
def test_a_limit_of_one_account_leaves_the_others_going(many: Many) -> None:
    small = [str(910 + number) for number in range(20 - len(ACCOUNTS))]
    for account in small:
        many.connect(account, page_ids_of(account)[:2])
    many.graph.limited = {ACCOUNTS[2]: 25}
    record = many.sync()
    assert record.status == "stopped"
    assert record.limited_until == many.clock() + timedelta(minutes=25)
    others = (len(ACCOUNTS) - 1) * PAGES + len(small) * 2
    assert record.pages_done == many.count_stored() == others
    assert many.failures() == dict.fromkeys(page_ids_of(ACCOUNTS[2]), "RateLimited")
    assert many.graph.calls[ACCOUNTS[2]] <= 2, "what was under way, and nothing after it"
    assert many.limits() == [Limit(many.grant_ids[ACCOUNTS[2]], None, record.limited_until)]
    many.graph.calls.clear()
    assert many.sync().limited_until == record.limited_until
    asked = set(many.graph.calls) - {""}
    assert asked == {*ACCOUNTS, *small} - {ACCOUNTS[2]}, "known before the first call"
    many.graph.limited = {}
    many.clock.move(minutes=25)
    assert many.sync().pages_done == others + PAGES


@pytest.mark.fault("Facebook limits the app", "no call follows until the limit ends")
def test_a_limit_of_the_app_ends_every_thread(many: Many) -> None:
    many.graph.gate.clear()
    many.graph.held = frozenset(ACCOUNTS)
    run = many.begin()
    wait_until(lambda: many.graph.waiting.total() == 4)
    many.graph.app_percent = 100
    many.graph.gate.set()
    record = run.result()
    assert (record.status, record.reason_code, record.pages_done) == ("stopped", 4, 0)
    assert many.limits() == [Limit(None, 100, many.clock() + timedelta(hours=1))]
    assert record.pages_failed == len(many.failures()) == record.pages_total
    assert many.graph.calls.total() == 4


def test_a_nearly_used_limit_of_the_app_slows_every_run(many: Many) -> None:
    many.graph.app_percent, many.graph.latency_seconds = 85, 0.02
    assert many.sync().status == "done"
    many.graph.most_at_once = 0
    assert many.sync().status == "done"
    assert many.graph.most_at_once == 1, "known before the first call"
    assert many.limits() == [Limit(None, 85, None)]
    many.graph.app_percent = 79
    many.sync()
    assert many.graph.most_at_once == 4, "and over as soon as it is less"


def test_a_limit_of_the_app_that_is_all_but_used_stops_every_job(many: Many) -> None:
    many.graph.app_percent = 96
    record = many.sync()
    until = many.clock() + timedelta(hours=1)
    assert (record.status, record.reason_code, record.limited_until) == ("stopped", None, until)
    assert many.limits() == [Limit(None, 96, until)]
    count = many.graph.calls_count
    assert count <= 8, "the two calls of a check, by each thread"
    many.clock.move(minutes=59)
    checked = run_checks(many.installation, "daily")
    assert checked is not None
    assert (checked.status, checked.limited_until) == ("stopped", until)
    assert many.graph.calls_count == count
    assert not snapshots.is_due(many.installation)
    assert not checks.is_due(many.installation)
    many.graph.app_percent = 10
    many.clock.move(minutes=1)
    assert snapshots.is_due(many.installation)
    assert many.sync().pages_done == len(ACCOUNTS) * PAGES


@pytest.mark.fault(
    "a refresh meets an error that nobody expected", "what was read; the log says where it was"
)
def test_an_unexpected_error_ends_the_run_and_says_where(
    many: Many, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(
        client: GraphClient, pages: Iterable[tuple[str, str]], record: type[PageReport]
    ) -> Iterator[Chunk]:
        tokens = list(pages)
        if tokens[0][0].startswith(ACCOUNTS[3]):
            wait_until(lambda: many.graph.reads.total() > 0)
            raise ZeroDivisionError
        yield from fetch_figures(client, tokens, record)

    monkeypatch.setattr("fb.jobs.snapshots.fetch_figures", failing)
    with caplog.at_level(logging.ERROR):
        many.installation.worker.submit("snapshots", many.sync)
        wait_until(lambda: "ZeroDivisionError" in caplog.text)
    assert "test_side_by_side.py" in caplog.text
    with many.installation.database.reading() as session:
        record = find_last_run(session, SNAPSHOTS)
    assert record is not None
    assert record.status == "failed"
    assert 0 < record.pages_done == many.count_stored() < len(ACCOUNTS) * PAGES
    assert set(many.graph.reads.values()) == {1}


@pytest.mark.fault("the dashboard stops amid a refresh", "what was read, of all accounts")
def test_a_stop_ends_every_thread_at_its_next_step(many: Many) -> None:
    many.graph.gate.clear()
    many.graph.held = frozenset(ACCOUNTS)
    run = many.begin()
    wait_until(lambda: many.graph.waiting.total() == 4)
    many.installation.worker.stopping.set()
    many.graph.gate.set()
    record = run.result()
    assert record.status == "stopped"
    assert record.pages_done == many.count_stored() == many.graph.reads.total() == 4 * 50


def test_an_account_that_is_left_amid_a_run_is_asked_no_more(many: Many) -> None:
    def leave(done: int, total: int) -> None:
        if many.graph.calls[ACCOUNTS[5]] and not left:
            left.append(done)
            freeze(many.installation, many.grant_ids[ACCOUNTS[5]], by=THIS_COMPUTER)

    left: list[int] = []
    record = many.sync(leave)
    assert (record.status, record.pages_failed) == ("done", 0)
    assert many.graph.calls[ACCOUNTS[5]] <= 2
    assert record.pages_done == record.pages_total == many.count_stored()
    assert record.pages_done >= (len(ACCOUNTS) - 1) * PAGES


@pytest.mark.fault(
    "a computer sleeps amid a refresh, and another goes on with it", "the work of the other"
)
def test_a_lost_lease_ends_every_thread(many: Many) -> None:
    def lose(done: int, total: int) -> None:
        if not stored:
            expire_leases(many.installation.database)
            now = many.clock()
            with many.installation.database.writing() as session:
                start_run(session, kind=SNAPSHOTS, started_by="manual", day=now.date(), now=now)
            stored.append(many.count_stored())
            many.clock.move(seconds=2)  # the next answer is stored

    stored: list[int] = []
    record = many.sync(lose)
    assert record.status == "interrupted"
    assert record.pages_done == many.count_stored() == stored[0] == 0
    assert many.graph.calls.total() <= 8, "what was under way when it was lost, and noticed"
