"""An installation on PostgreSQL whose jobs workers do, its Facebook, and the workers.

Workers are processes of ``python -m fb worker``, or installations of this process where a test
looks at what they say of each other and of the database alone: these take a tenth of a second.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from fb.installation import Installation, open_installation
from fb.jobs import snapshots
from fb.jobs.engine import Counts
from fb.jobs.procrastinate_jobs import AT_ONCE
from fb.jobs.runner import ask, find_active
from fb.jobs.schedule import find_work
from fb.settings import read_settings
from storage.jobs.runs import SNAPSHOTS, RunRecord, find_last_run, list_runs
from storage.models import JobFailure, Snapshot
from storage.people.person import THIS_COMPUTER
from tests.browser.kit.serving import clean_environment
from tests.fast_graph import FastGraph, served_fast_graph
from tests.integration.facebook import traveller
from tests.integration.storage_rows import add_grant
from tests.present import tell_servers_time
from tests.waiting import wait_until

ACCOUNTS = tuple(str(900 + number) for number in range(6))
PAGES = 120  # of each account: three batches, of which two are asked for at once
ROOT = Path(__file__).resolve().parents[3]
# From a machine under load.
PATIENCE_SECONDS = 60.0

QUEUE = "pagekeeper_jobs.procrastinate_jobs"
_WORKER_IDS = "SELECT id FROM pagekeeper_jobs.procrastinate_workers"

on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@dataclass
class WorkerProcess:
    """A process of ``python -m fb worker``; ``written``: its log and answer so far.

    ``ids`` are those by which the queue knows it, one for each kind of job.
    """

    process: subprocess.Popen[bytes]
    log: Path
    ids: set[int] = field(default_factory=set)

    @property
    def written(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)

    def end(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Ask it to end as systemd does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@dataclass
class Works:
    """``installation`` is that of a dashboard. ``settings`` are those of all processes."""

    installation: Installation
    graph: FastGraph
    settings: Mapping[str, str] = field(repr=False)
    folder: Path
    stack: ExitStack
    grant_ids: dict[str, int] = field(default_factory=dict)

    def connect(self, account: str, page_ids: Iterable[str], *, days_ago: int = 0) -> None:
        """Save an account with Pages, as if it had been connected some days ago."""
        at = self.installation.now() - timedelta(days=days_ago)
        with self.installation.database.writing() as session:
            self.grant_ids[account] = add_grant(
                session, self.installation.vault, account, page_ids, at
            )

    def connect_all(self, *, days_ago: int = 1) -> None:
        """Save ACCOUNTS."""
        for account in ACCOUNTS:
            self.connect(account, page_ids_of(account), days_ago=days_ago)

    def refresh(self) -> RunRecord:
        """Ask for a refresh as the button does, and wait until it is over."""
        runs = len(self.runs()) + 1
        assert self.ask()
        return self.wait_for_end(runs)

    def wait_for_end(self, runs: int = 1) -> RunRecord:
        """Wait until there are so many refreshes and nothing is left to do; return the last."""
        wait_until(lambda: len(self.runs()) >= runs and self.is_idle(), PATIENCE_SECONDS)
        return self.last_run()

    def ask(self) -> bool:
        """Ask for a refresh, and wait for nothing."""
        return ask(self.installation, snapshots.JOB, by=THIS_COMPUTER)

    def is_running(self) -> bool:
        return any(run.status == "running" for run in self.runs())

    def is_idle(self) -> bool:
        """Whether nothing waits or is done, in any process."""
        counts = self.counts()
        return not (self.is_running() or counts.waiting or counts.running)

    def runs(self) -> list[RunRecord]:
        """Every refresh, newest first."""
        with self.installation.database.reading() as session:
            return list_runs(session, SNAPSHOTS)

    def last_run(self) -> RunRecord:
        with self.installation.database.reading() as session:
            run = find_last_run(session, SNAPSHOTS)
        assert run is not None
        return run

    def active_run(self) -> RunRecord | None:
        return find_active(self.installation, SNAPSHOTS)

    def counts(self) -> Counts:
        with self.installation.database.reading() as session:
            return self.installation.jobs.count(session)

    def count_today(self) -> int:
        """How many Pages have figures of the present day."""
        is_today = Snapshot.day == self.installation.now().date()
        with self.installation.database.reading() as session:
            return session.scalar(select(func.count()).select_from(Snapshot).where(is_today)) or 0

    def failures(self) -> dict[str, str]:
        with self.installation.database.reading() as session:
            rows = session.execute(select(JobFailure.page_id, JobFailure.kind))
            return {row.page_id: row.kind for row in rows}

    def query(self, sql: str, **values: Any) -> list[Any]:
        """Rows of the database; each row a tuple, or its one value."""
        with self.installation.database.reading() as session:
            rows = session.execute(text(sql), values).all()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def change(self, sql: str, **values: Any) -> None:
        """Change rows behind the program's back."""
        with self.installation.database.writing() as session:
            session.execute(text(sql), values)

    def hold(self, *accounts: str) -> None:
        """Let Facebook take the calls for these accounts, and answer none until `let_go`."""
        self.graph.held = frozenset(accounts)
        self.graph.gate.clear()

    def let_go(self) -> None:
        self.graph.gate.set()

    def start_worker(self) -> WorkerProcess:
        """Start a process, and wait until it does jobs."""
        before = set(self.query(_WORKER_IDS))
        worker = self.launch()

        def find_ids() -> set[int]:
            return set(self.query(_WORKER_IDS)) - before

        wait_until(lambda: len(find_ids()) == len(AT_ONCE), PATIENCE_SECONDS)
        worker.ids = find_ids()
        return worker

    def find_holder(self, workers: Iterable[WorkerProcess]) -> WorkerProcess:
        """Return the worker that has begun the run and holds its lease."""
        (id,) = self.query(f"SELECT worker_id FROM {QUEUE} WHERE args->>'started_by' = 'daily'")
        (holder,) = [worker for worker in workers if id in worker.ids]
        return holder

    def launch(self) -> WorkerProcess:
        """Start a process, in a copy of the program without a developer's settings."""
        for name in ("fb", "storage"):
            if not (self.folder / name).exists():
                shutil.copytree(ROOT / name, self.folder / name)
        number = len(list(self.folder.glob("worker-*.log")))
        log = self.folder / f"worker-{number}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "fb", "worker"],
                cwd=self.folder,
                env=clean_environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        self.stack.callback(_end, process)
        return WorkerProcess(process, log)

    def serve_here(self, *, ahead: timedelta = timedelta()) -> Installation:
        """Open a worker in this process; it does jobs until the test is over, and looks for none.

        ``ahead``: by how much its clock is.
        """
        report = read_settings(self.settings, self.folder)
        startup = open_installation(report, now=lambda: self.installation.now() + ahead)
        worker = startup.installation
        assert worker is not None, startup.error
        served = self.counts().workers
        thread = threading.Thread(target=lambda: worker.jobs.serve(find_work(worker), lambda: None))
        thread.start()

        def end() -> None:
            self.graph.gate.set()
            worker.worker.stopping.set()
            worker.jobs.stop()
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()
            worker.close()

        self.stack.callback(end)
        wait_until(lambda: self.counts().workers == served + 1)
        return worker


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait(PATIENCE_SECONDS)


def page_ids_of(account: str) -> list[str]:
    return [f"{account}{number:04d}" for number in range(PAGES)]


@contextmanager
def opened_works(
    folder: Path,
    database_url: str,
    now: Callable[[], datetime] = tell_servers_time,
    *,
    workers: str = "procrastinate",
) -> Iterator[Works]:
    """Open an installation without accounts."""
    with served_fast_graph() as graph, ExitStack() as stack:
        settings = traveller.settings_of(graph.url, database_url) | {"WORKERS": workers}
        startup = open_installation(read_settings(settings, folder), now=now)
        installation = startup.installation
        assert installation is not None, (startup.error, startup.report.problems)
        stack.callback(installation.close)
        yield Works(installation, graph, settings, folder, stack)
        graph.gate.set()
