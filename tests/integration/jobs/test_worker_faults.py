"""Workers die, are stopped, and lose their database in the middle of a refresh."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fb.jobs import snapshots
from fb.jobs.runner import start
from fb.jobs.schedule import tick
from fb.jobs.sharing import LOOK_SECONDS
from storage.db.errors import DatabaseUnreachable
from tests.integration.jobs.worker_kit import (
    ACCOUNTS,
    PAGES,
    PATIENCE_SECONDS,
    WorkerProcess,
    Works,
    on_postgresql,
    opened_works,
    page_ids_of,
)
from tests.postgres import find_server
from tests.waiting import wait_until

ALL = len(ACCOUNTS) * PAGES
LONG_AGO = "TIMESTAMPTZ '2000-01-01 00:00Z'"


@pytest.fixture
def works(
    tmp_path: Path, live_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Works]:
    monkeypatch.setattr("fb.jobs.procrastinate_jobs.CONNECT_SECONDS", 1.0)  # in this process
    with opened_works(tmp_path, live_database_url) as works:
        yield works


def begin_with_two(works: Works) -> tuple[WorkerProcess, WorkerProcess]:
    """Have two workers do the day's refresh, until two accounts are done and two are held in each.

    Returns the worker that has begun the run, and the other one.
    """
    works.connect_all()
    works.hold(*ACCOUNTS[2:])
    workers = [works.start_worker() for _ in range(2)]
    wait_until(lambda: works.graph.waiting.total() == 8, PATIENCE_SECONDS)
    wait_until(lambda: works.last_run().pages_done == works.count_today() == 2 * PAGES)
    time.sleep(2 * LOOK_SECONDS)  # the run has seen that both work
    holder = works.find_holder(workers)
    (other,) = [worker for worker in workers if worker is not holder]
    return holder, other


def check_figures(works: Works) -> None:
    """Every figure of the day is there, as if nothing had happened."""
    day = works.installation.now().date()
    rows = works.query(
        "SELECT page_id, fans_count, followers_count FROM snapshots WHERE day = :day ORDER BY 1",
        day=day,
    )
    ids = [page_id for account in ACCOUNTS for page_id in page_ids_of(account)]
    assert rows == [(page_id, 1_000, 1_100) for page_id in ids]
    assert works.failures() == {}


@pytest.mark.fault(
    "a worker is killed amid an account",
    "every figure: another worker does the account within a minute and a half",
)
@on_postgresql
def test_a_worker_is_killed_amid_an_account(works: Works) -> None:
    _, other = begin_with_two(works)
    other.kill()
    works.let_go()
    wait_until(lambda: works.last_run().pages_done == ALL - 2 * PAGES)
    # A minute later: what others do has been given back by now.
    works.change(f"UPDATE job_leases SET expires_at = {LONG_AGO} WHERE unit <> ''")
    wait_until(lambda: not works.is_running(), PATIENCE_SECONDS)
    run = works.last_run()
    assert (run.status, run.pages_done, run.pages_total, len(works.runs())) == ("done", ALL, ALL, 1)
    check_figures(works)
    twice = [page_id for page_id, reads in works.graph.reads.items() if reads == 2]
    assert len(twice) == 4 * 50, "the calls that nobody took the answers of"
    assert set(works.graph.reads.values()) == {1, 2}


@pytest.mark.fault(
    "the worker that has begun a refresh is killed amid it",
    "every figure: the timer of another worker begins anew, and reads what lacks",
)
@on_postgresql
def test_a_worker_is_killed_amid_its_run(works: Works) -> None:
    holder, _ = begin_with_two(works)
    holder.kill()
    tick(works.installation)
    assert works.counts().waiting == 0, "its lease ends after a minute"
    works.change(f"UPDATE job_leases SET expires_at = {LONG_AGO} WHERE unit = ''")
    tick(works.installation)
    wait_until(lambda: len(works.runs()) == 2)
    works.let_go()
    wait_until(lambda: not works.is_running(), PATIENCE_SECONDS)
    runs = [(run.status, run.pages_done) for run in works.runs()]
    assert runs == [("done", ALL - 2 * PAGES), ("interrupted", 2 * PAGES)]
    check_figures(works)


@pytest.mark.fault(
    "a worker is asked to end in the middle of a call",
    "every figure, read once: it ends after the call, and another one does the rest",
)
@on_postgresql
def test_a_worker_ends_in_mid_call(works: Works) -> None:
    _, other = begin_with_two(works)
    other.process.terminate()
    time.sleep(0.5)
    assert other.process.poll() is None, "it takes the answer"
    began = time.monotonic()
    works.let_go()
    assert other.process.wait(PATIENCE_SECONDS) == 0
    assert time.monotonic() - began < 10
    wait_until(lambda: not works.is_running(), PATIENCE_SECONDS)
    run = works.last_run()
    assert (run.status, run.pages_done, run.pages_total, len(works.runs())) == ("done", ALL, ALL, 1)
    check_figures(works)
    assert set(works.graph.reads.values()) == {1}
    assert "ended by" not in other.written


@pytest.mark.fault(
    "the worker that has begun a refresh is asked to end amid it",
    "every figure: the timer of another worker reads what lacks",
)
@on_postgresql
def test_a_worker_ends_amid_its_run(works: Works) -> None:
    holder, other = begin_with_two(works)
    holder.process.terminate()
    time.sleep(0.5)
    works.let_go()
    assert holder.process.wait(PATIENCE_SECONDS) == 0
    assert [run.status for run in works.runs()] == ["stopped"]
    tick(works.installation)
    wait_until(lambda: len(works.runs()) == 2 and not works.is_running(), PATIENCE_SECONDS)
    assert works.last_run().status == "done"
    check_figures(works)
    assert "ended by" not in holder.written + other.written


@pytest.mark.fault(
    "PostgreSQL is stopped under a worker, and started again",
    "what was read; the worker comes back by itself, and does what waits",
)
@on_postgresql
def test_postgresql_stops_under_a_worker(
    works: Works, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    works.connect_all()
    works.hold(*ACCOUNTS[2:])
    worker = works.serve_here()
    assert works.ask()
    wait_until(lambda: works.graph.waiting.total() == 4, PATIENCE_SECONDS)
    wait_until(lambda: works.last_run().pages_done == 2 * PAGES)
    server = find_server(postgres_url)
    server.stop()
    try:
        works.let_go()
        wait_until(lambda: "has lost the database" in caplog.text, PATIENCE_SECONDS)
        for asking in (works.installation, worker):
            with pytest.raises(DatabaseUnreachable):
                asking.jobs.defer("run", print, once="snapshots", kind="snapshots")
    finally:
        server.ensure_postgres_running()
    works.change(f"UPDATE job_leases SET expires_at = {LONG_AGO}")
    assert start(works.installation, snapshots.JOB)
    wait_until(lambda: works.last_run().status == "done", PATIENCE_SECONDS)
    assert [run.status for run in works.runs()] == ["done", "interrupted"]
    check_figures(works)
    works.stack.close()
    gc.collect()  # what asyncio tells of tasks, it tells when they are gone
    assert "a task of the worker was ended by ConnectorException" in caplog.text
    assert "Traceback" not in caplog.text
    assert "socket" not in caplog.text


@pytest.mark.fault(
    "a worker sleeps for more than a minute amid an account, and wakes up",
    "every figure, counted once: another worker has done the account meanwhile",
)
@on_postgresql
def test_a_worker_wakes_up_when_another_does_its_account(works: Works) -> None:
    works.connect(ACCOUNTS[0], page_ids_of(ACCOUNTS[0]), days_ago=1)
    works.hold(ACCOUNTS[0])
    for _ in range(2):
        works.serve_here()
    assert works.ask()
    wait_until(lambda: works.graph.waiting[ACCOUNTS[0]] == 2)
    time.sleep(2 * LOOK_SECONDS)
    works.change(f"UPDATE job_leases SET expires_at = {LONG_AGO} WHERE unit <> ''")
    wait_until(lambda: works.graph.waiting[ACCOUNTS[0]] == 4)
    works.let_go()
    run = works.wait_for_end()
    assert (run.status, run.pages_done, run.pages_total) == ("done", PAGES, PAGES)
    assert works.count_today() == PAGES
    assert works.failures() == {}


@pytest.mark.fault(
    "the clocks of two workers are a minute off, ahead and behind",
    "every figure, read once; no Page is told as failed that another account could read",
)
@on_postgresql
def test_the_clocks_of_workers_differ(works: Works) -> None:
    works.connect_all()
    works.connect("950", page_ids_of(ACCOUNTS[0]) + page_ids_of(ACCOUNTS[1]), days_ago=1)
    works.graph.refused = {"950"}  # the one connected last is asked first
    works.hold(*ACCOUNTS[2:4])
    works.serve_here(ahead=timedelta(minutes=1))  # it begins the run
    assert works.ask()
    wait_until(lambda: works.graph.waiting.total() == 4)
    works.serve_here(ahead=-timedelta(minutes=1))
    wait_until(
        lambda: works.last_run().pages_done == 2 * PAGES
    )  # what was refused waits for the held
    works.let_go()
    run = works.wait_for_end()
    assert (run.status, run.pages_done, run.pages_total) == ("done", ALL, ALL)
    assert set(works.graph.reads.values()) == {1}
    check_figures(works)
