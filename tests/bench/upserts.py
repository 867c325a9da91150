"""How our upsert of a day's snapshots compares with sqlite3.executemany of the same rows.

    python -m tests.bench.upserts

Prints ratios of CPU time (ours / rival), each measured in this run; 1.0 is the rival's.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TypeVar

from storage.accounts.pages import PageDetails, upsert_pages
from storage.db.engine import Database, open_database
from storage.figures.snapshots import SnapshotRow, upsert_snapshots
from storage.migrate import migrate

T = TypeVar("T")

NOW = datetime(2026, 11, 20, 6, 5, tzinfo=UTC)
PAGE_IDS = [str(100_000_000_000_000 + number) for number in range(1_000)]
REPEATS = 20
# Ours and the rival's take turns on days of their own: both insert, then both update.
OUR_DAYS = [date(2025, 1, 1) + timedelta(days=2 * number) for number in range(REPEATS)]
THEIR_DAYS = [day + timedelta(days=1) for day in OUR_DAYS]
THEIR_STATEMENT = """
    INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (page_id, day) DO UPDATE SET
        fans_count = coalesce(excluded.fans_count, snapshots.fans_count),
        followers_count = coalesce(excluded.followers_count, snapshots.followers_count),
        source = excluded.source, fetched_at = excluded.fetched_at,
        graph_version = excluded.graph_version
    WHERE excluded.fetched_at >= snapshots.fetched_at
"""


def measure_upserts() -> dict[str, float]:
    """Return the ratio for inserting and for updating 1,000 snapshots, median of REPEATS each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pagekeeper.db"
        database = open_database(f"sqlite:///{path}")
        migrate(database, "sandbox", NOW)
        with database.writing() as session:
            upsert_pages(session, [PageDetails(id=id, name=f"Page {id}") for id in PAGE_IDS], NOW)
        rival = sqlite3.connect(path, isolation_level=None)
        rival.execute("PRAGMA foreign_keys = ON")
        rival.execute("PRAGMA secure_delete = ON")
        _ours(database, date(2024, 1, 1))  # compiles the statement
        ratios = {what: _ratio(database, rival) for what in ("insert", "update")}
        rival.close()
        database.close()
    return ratios


def _ratio(database: Database, rival: sqlite3.Connection) -> float:
    pairs = [
        (_timed(_ours, database, our_day), _timed(_theirs, rival, their_day))
        for our_day, their_day in zip(OUR_DAYS, THEIR_DAYS, strict=True)
    ]
    return median(ours for ours, _ in pairs) / median(theirs for _, theirs in pairs)


def _timed(work: Callable[[T, date], None], database: T, day: date) -> float:
    start = time.process_time()
    work(database, day)
    return time.process_time() - start


def _ours(database: Database, day: date) -> None:
    rows = [SnapshotRow(id, day, 100, 110, "snapshot", NOW, "v26.0") for id in PAGE_IDS]
    with database.writing() as session:
        upsert_snapshots(session, rows)


def _theirs(rival: sqlite3.Connection, day: date) -> None:
    at = NOW.strftime("%Y-%m-%d %H:%M:%S.%f")
    rows = [(id, day.isoformat(), 100, 110, "snapshot", at, "v26.0") for id in PAGE_IDS]
    rival.execute("BEGIN IMMEDIATE")
    rival.executemany(THEIR_STATEMENT, rows)
    rival.execute("COMMIT")


if __name__ == "__main__":
    for what, ratio in measure_upserts().items():
        print(f"{what} 1,000 snapshots: {ratio:.2f} times sqlite3.executemany")
