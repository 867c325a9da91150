"""A day's sync of 20 accounts with 500 Pages each: by four threads, by workers, and our own CPU.

The stand-in for Facebook runs in another process, and answers after the time that Facebook takes.
Starting up is not counted.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from fb.installation import Installation, open_installation
from fb.jobs import runner, snapshots
from fb.jobs.engine import Counts
from fb.jobs.schedule import JOBS, list_due
from fb.jobs.snapshots import run_snapshots
from fb.settings import read_settings
from storage.jobs.runs import SNAPSHOTS, RunRecord, find_last_run, finish_run, start_run
from storage.people.person import THIS_COMPUTER
from tests.bench.connecting import open_live
from tests.browser.kit.serving import clean_environment, copy_program, live_settings
from tests.fast_graph import served_fast_graph
from tests.integration.storage_rows import add_grant
from tests.present import clock_environment
from tests.waiting import wait_until

ACCOUNTS, PAGES = 20, 500
LATENCY_SECONDS = 0.3
PATIENCE_SECONDS = 30
SYNC_PATIENCE_SECONDS = 120


def measure(report: Callable[..., None]) -> None:
    """Sync again and again, a day later each time."""
    with TemporaryDirectory(prefix="pagekeeper-bench-") as place, _served() as (url, pipe):
        installation = _open(Path(place), url)
        try:
            _sync(installation, 1)  # warms up
            cpu_began = time.process_time()
            _sync(installation, 2)
            cpu_seconds = time.process_time() - cpu_began
            pipe.send(LATENCY_SECONDS)
            by_four = _sync(installation, 3)
            with patch.object(runner, "THREADS", 1):
                by_one = _sync(installation, 4)
        finally:
            installation.close()
    line = f"four threads, faster than one: {by_four:.1f} s by {by_one:.1f}"
    report(line, by_one / by_four, 2.5, "x", least=True)
    report("CPU for each Page, answers at once", 1000 * cpu_seconds / (ACCOUNTS * PAGES), 0.5, "ms")
    _measure_workers(report)


def _measure_workers(report: Callable[..., None]) -> None:
    """Let one worker sync, then two, then four, each of them a process, on PostgreSQL."""
    from tests.bench.__main__ import served_postgresql

    with (
        TemporaryDirectory(prefix="pagekeeper-bench-") as place,
        served_postgresql() as database_url,
        _served() as (url, pipe),
    ):
        program = copy_program(Path(place))
        settings = live_settings(url, 8501)
        settings |= {"DATABASE_URL": database_url, "WORKERS": "procrastinate"}
        installation = open_installation(read_settings(settings, program), now=_now).installation
        assert installation is not None
        try:
            _add_accounts(installation)
            _put_off_all_jobs(installation)
            seconds = {}
            for count in (1, 2, 4):
                with _working(program, settings, installation, count):
                    pipe.send(0.0)
                    _sync_by_workers(installation)  # warms up
                    pipe.send(LATENCY_SECONDS)
                    seconds[count] = _sync_by_workers(installation)
                    assert not list_due(installation), "something else was done meanwhile"
        finally:
            installation.close()
    for count, least in ((2, 1.5), (4, 2.5)):
        line = f"{count} workers, faster than one: {seconds[count]:.1f} s by {seconds[1]:.1f}"
        report(line, seconds[1] / seconds[count], least, "x", least=True)


@contextmanager
def _working(
    program: Path, settings: dict[str, str], installation: Installation, count: int
) -> Iterator[None]:
    """Run so many workers until the end of the block."""
    clock = clock_environment()
    environment = {
        name: value for name, value in clean_environment(settings).items() if name not in clock
    }
    command = [sys.executable, "-m", "fb", "worker"]
    with (program / "workers.log").open("ab") as log:
        processes = [
            subprocess.Popen(command, cwd=program, env=environment, stdout=log, stderr=log)
            for _ in range(count)
        ]
    try:
        wait_until(lambda: _count(installation).workers == count, PATIENCE_SECONDS)
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(PATIENCE_SECONDS)


def _count(installation: Installation) -> Counts:
    with installation.database.reading() as session:
        return installation.jobs.count(session)


def _put_off_all_jobs(installation: Installation) -> None:
    """Let no job be due: one that has failed is tried again an hour later at the earliest."""
    now = _now()
    with installation.database.writing() as session:
        for kind in JOBS:
            run_id = start_run(
                session, kind=kind, started_by="daily", day=now.date(), pages_total=0, now=now
            )
            finish_run(session, run_id, status="failed", now=now)
    assert not list_due(installation)


def _sync_by_workers(installation: Installation) -> float:
    """Ask for a refresh, as the button does; return the seconds until it was done."""

    def find_run() -> RunRecord | None:
        with installation.database.reading() as session:
            return find_last_run(session, SNAPSHOTS)

    before = find_run()
    began = time.perf_counter()
    assert runner.ask(installation, snapshots.JOB, by=THIS_COMPUTER)

    def is_done() -> bool:
        run = find_run()
        return run is not None and run != before and run.status != "running"

    wait_until(is_done, SYNC_PATIENCE_SECONDS)
    seconds = time.perf_counter() - began
    run = find_run()
    assert run is not None
    assert run.pages_done == ACCOUNTS * PAGES, "the sync is incomplete"
    return seconds


def _sync(installation: Installation, day: int) -> float:
    """Sync the ``day``-th day after the accounts were connected; return the seconds it took."""
    installation.now = lambda: _now() + timedelta(days=day)
    began = time.perf_counter()
    record = run_snapshots(installation, "daily")
    assert record.pages_done == ACCOUNTS * PAGES, "the sync is incomplete"
    return time.perf_counter() - began


def _open(folder: Path, url: str) -> Installation:
    installation = open_live(folder, url)
    _add_accounts(installation)
    return installation


def _add_accounts(installation: Installation) -> None:
    for account in range(100, 100 + ACCOUNTS):
        page_ids = [f"{account}{number:05d}" for number in range(PAGES)]
        with installation.database.writing() as session:
            add_grant(session, installation.vault, str(account), page_ids, _now())


@contextmanager
def _served() -> Iterator[tuple[str, Connection]]:
    """Serve the stand-in from another process; it answers after the seconds that are sent to it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv(), ours
    finally:
        ours.close()
        process.join(PATIENCE_SECONDS)


def _serve(pipe: Connection) -> None:
    with served_fast_graph() as graph:
        pipe.send(graph.url)
        try:
            while True:
                graph.latency_seconds = pipe.recv()
        except EOFError:
            return  # the other end is closed, also by a crash


def _now() -> datetime:
    return datetime.now(UTC)
