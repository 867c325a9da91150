"""Imports a file of a million rows, looks at it again and undoes it: seconds and megabytes.

``python -m tests.bench.importing`` measures on a SQLite file; given a database's URL, on that one.
"""

from __future__ import annotations

import io
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from fb.past_figures import read_past_figures, take_in, try_out, undo
from storage.accounts.pages import PageDetails, upsert_pages
from storage.engine import open_database
from storage.migrate import migrate

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
PAGES, DAYS = 1_000, 1_000
FIRST_ID = 10**14

T = TypeVar("T")


def make_file() -> io.BytesIO:
    """A thousand Pages on a thousand days, with thousands marked."""
    file = io.BytesIO(b"")
    file.write(b"page_id,date,fans,followers\n")
    days = [(date(2026, 11, 1) - timedelta(days=number)).isoformat() for number in range(DAYS)]
    for page in range(PAGES):
        rows = (
            f'{FIRST_ID + page},{day},"{1000 + page + number:,d}",{900 + page + number}\n'
            for number, day in enumerate(days)
        )
        file.write("".join(rows).encode())
    return file


def measure(url: str) -> None:
    """Print what each step took."""
    database = open_database(url)
    migrate(database, "sandbox", NOW)
    with database.writing() as session:
        rows = [PageDetails(id=str(FIRST_ID + n), name=f"Page {n}") for n in range(PAGES)]
        upsert_pages(session, rows, NOW)
    file = make_file()
    print(f"file: {len(file.getvalue()) / 1e6:.0f} MB, {PAGES * DAYS:,d} rows")
    figures = _timed("read", lambda: read_past_figures(file, NOW.date()))
    _timed("dry run", lambda: try_out(database, figures))
    made = _timed("import", lambda: take_in(database, figures, "million.csv", NOW))
    assert made is not None
    again = _timed("dry run again", lambda: try_out(database, figures))
    assert again.counts.equal == PAGES * DAYS
    _timed("undo", lambda: undo(database, made, NOW))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"memory at its highest: {peak:,d} MB")
    database.close()


def _timed(what: str, run: Callable[[], T]) -> T:
    began = time.perf_counter()
    found = run()
    print(f"{what}: {time.perf_counter() - began:.1f} s")
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory(prefix="pagekeeper-bench-") as folder:
            measure(f"sqlite:///{folder}/pagekeeper.db")
