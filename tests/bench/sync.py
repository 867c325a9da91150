"""A day's sync of 20 accounts with 500 Pages each: four threads beside one, and our own CPU.

The stand-in for Facebook runs in another process, and answers after the time that Facebook takes.
Starting up is not counted.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from fb.installation import Installation
from fb.jobs import runner
from fb.jobs.snapshots import run_snapshots
from tests.bench.connecting import open_live
from tests.fast_graph import served_fast_graph
from tests.integration.storage_rows import add_grant

ACCOUNTS, PAGES = 20, 500
LATENCY_SECONDS = 0.3
PATIENCE_SECONDS = 30


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


def _sync(installation: Installation, day: int) -> float:
    """Sync the ``day``-th day after the accounts were connected; return the seconds it took."""
    installation.now = lambda: _now() + timedelta(days=day)
    began = time.perf_counter()
    record = run_snapshots(installation, "daily")
    assert record.pages_done == ACCOUNTS * PAGES, "the sync is incomplete"
    return time.perf_counter() - began


def _open(folder: Path, url: str) -> Installation:
    installation = open_live(folder, url)
    for account in range(100, 100 + ACCOUNTS):
        page_ids = [f"{account}{number:05d}" for number in range(PAGES)]
        with installation.database.writing() as session:
            add_grant(session, installation.vault, str(account), page_ids, _now())
    return installation


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
