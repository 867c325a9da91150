"""The seam of background jobs, on threads of this process and by Procrastinate's queue."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import pytest
from sqlalchemy import text

from fb.jobs.engine import Counts, EmbeddedJobs, Jobs, Work
from fb.jobs.procrastinate_jobs import AT_ONCE, ProcrastinateJobs
from fb.jobs.worker import Worker
from storage.db.engine import Database
from storage.jobs.queue import QUEUE_SCHEMA
from storage.migrations.versions.procrastinate_tables import PROCRASTINATE
from tests.integration.jobs.worker_kit import QUEUE, on_postgresql
from tests.waiting import wait_until

SECRET = "page-token-of-900-1 in https://graph.example/?access_token=EAAB"
EVENTS = "pagekeeper_jobs.procrastinate_events"
WORKERS = "pagekeeper_jobs.procrastinate_workers"


@dataclass
class Engine:
    """``jobs`` are asked, and `serve` lets another of the same kind do what was asked for."""

    jobs: Jobs
    database: Database
    make: Callable[[], Jobs]
    stack: ExitStack

    def serve(self, look: Callable[[], object] = lambda: None, **work: Work) -> Jobs:
        jobs = self.make()
        everything: Mapping[str, Work] = dict.fromkeys(AT_ONCE, ignore) | work
        thread = threading.Thread(target=jobs.serve, args=(everything, look))
        thread.start()

        def end() -> None:
            jobs.stop()
            thread.join(20)
            assert not thread.is_alive()

        self.stack.callback(end)
        return jobs

    def counts(self) -> Counts:
        with self.database.reading() as session:
            return self.jobs.count(session)

    def query(self, sql: str) -> list[Any]:
        with self.database.reading() as session:
            return [tuple(row) for row in session.execute(text(sql))]

    def change(self, sql: str) -> None:
        """Change the queue; its triggers look for their tables on the search path."""
        with self.database.writing() as session:
            session.execute(text(f"SET LOCAL search_path = {QUEUE_SCHEMA}"))
            session.execute(text(sql))


def ignore(**ids: object) -> None:
    """Do nothing with a job."""


@pytest.fixture
def engine(backend: str, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The queue on PostgreSQL, threads on SQLite; looks follow each other at once."""
    for module in ("engine", "procrastinate_jobs"):
        monkeypatch.setattr(f"fb.jobs.{module}.LOOK_SECONDS", 0.1)
    url = database.engine.url.render_as_string(hide_password=False)
    with ExitStack() as stack:
        worker = Worker()
        embedded = EmbeddedJobs(worker)

        def make() -> Jobs:
            return embedded if backend == "sqlite" else ProcrastinateJobs(url)

        jobs = make()
        stack.callback(jobs.close)
        stack.callback(worker.close)
        yield Engine(jobs, database, make, stack)


@pytest.mark.both_databases
def test_a_job_is_done_with_the_ids_that_were_deferred(engine: Engine) -> None:
    done: list[dict[str, object]] = []

    def note(**ids: object) -> None:
        done.append(ids)

    engine.serve(run=note, posts=note)
    engine.jobs.defer("run", note, once="a", kind="posts", started_by="daily")
    engine.jobs.defer("posts", note, once="b", run_id=1, grant_id=2)
    wait_until(lambda: len(done) == 2)
    assert {"kind": "posts", "started_by": "daily"} in done
    assert {"run_id": 1, "grant_id": 2} in done
    wait_until(lambda: engine.counts() == Counts(0, 0, 0, 0.0, 1))


@pytest.mark.both_databases
def test_a_process_looks_again_and_again_until_it_is_stopped(engine: Engine) -> None:
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 2:
            raise ZeroDivisionError  # the next one comes all the same

    jobs = engine.serve(look)
    wait_until(lambda: len(looks) >= 4)
    engine.stack.close()
    count = len(looks)
    time.sleep(0.3)
    assert len(looks) == count
    jobs.stop()  # a second signal, when it has ended


@pytest.mark.both_databases
def test_the_counts_tell_what_runs_and_what_has_failed(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    go_on = threading.Event()

    def hang(**ids: object) -> None:
        assert go_on.wait(20)

    def fail(**ids: object) -> None:
        raise ValueError(SECRET) from RuntimeError(SECRET)

    with caplog.at_level(logging.DEBUG):
        engine.serve(run=hang, posts=fail)
        engine.jobs.defer("run", hang, once="a", kind="posts")
        wait_until(lambda: engine.counts().running == 1)
        engine.jobs.defer("posts", fail, once="b", run_id=77)
        wait_until(lambda: engine.counts().failed == 1)
        assert engine.counts() == Counts(0, 1, 1, 0.0, 1)
        go_on.set()
        wait_until(lambda: engine.counts() == Counts(0, 0, 1, 0.0, 1))
        engine.stack.close()
    assert "ended by ValueError at test_engine.py" in caplog.text
    assert "EAAB" not in caplog.text
    assert "token" not in caplog.text
    assert "Traceback" not in caplog.text


@on_postgresql
def test_what_is_asked_for_twice_waits_once(engine: Engine) -> None:
    began, go_on, done = threading.Event(), threading.Event(), list[int]()

    def work(run_id: int) -> None:
        began.set()
        assert go_on.wait(20)
        done.append(run_id)

    for _ in range(3):
        engine.jobs.defer("run", work, once="a", run_id=1)
    engine.jobs.defer("run", work, once="another", run_id=2)
    engine.change(f"UPDATE {EVENTS} SET at = at - interval '90 seconds'")
    counts = engine.counts()
    assert (counts.waiting, counts.running, counts.workers) == (2, 0, 0)
    assert 90 <= counts.oldest_seconds < 150
    engine.serve(run=work)
    wait_until(lambda: engine.counts().running == 2)
    engine.jobs.defer("run", work, once="a", run_id=3)  # the first one runs already
    wait_until(lambda: engine.counts().running == 3)
    go_on.set()
    wait_until(lambda: sorted(done) == [1, 2, 3])
    wait_until(lambda: engine.query(f"SELECT id FROM {QUEUE}") == [])
    assert engine.query(f"SELECT id FROM {EVENTS}") == [], "what was done leaves nothing"


@on_postgresql
def test_a_failed_job_is_kept_for_three_days(engine: Engine) -> None:
    def fail(**ids: object) -> None:
        raise ValueError

    engine.serve(run=fail)
    engine.jobs.defer("run", fail, once="a", run_id=1)
    wait_until(lambda: engine.counts().failed == 1)
    looks = count_looks(engine)
    engine.change(f"UPDATE {EVENTS} SET at = at - interval '71 hours'")
    looks(3)
    assert engine.counts().failed == 1
    engine.change(f"UPDATE {EVENTS} SET at = at - interval '2 hours'")
    wait_until(lambda: engine.query(f"SELECT id FROM {QUEUE}") == [])


def count_looks(engine: Engine) -> Callable[[int], None]:
    """Return what waits until a second worker has looked so many times."""
    looks: list[int] = []
    engine.serve(lambda: looks.append(1))

    def wait_for(more: int) -> None:
        until = len(looks) + more
        wait_until(lambda: len(looks) >= until)

    return wait_for


@on_postgresql
def test_a_job_of_a_dead_worker_is_closed(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    engine.jobs.defer("run", ignore, once="a", kind="posts")
    engine.jobs.defer("run", ignore, once="b", kind="posts")
    engine.change(f"INSERT INTO {WORKERS} (last_heartbeat) VALUES (now() - interval '20 s')")
    engine.change(f"INSERT INTO {WORKERS} (last_heartbeat) VALUES (now() - interval '31 s')")
    engine.change(
        f"UPDATE {QUEUE} SET status = 'doing', worker_id = CASE queueing_lock WHEN 'a' THEN 1"
        " ELSE 2 END"
    )
    engine.serve()
    wait_until(lambda: engine.counts().failed == 1)
    rows = f"SELECT queueing_lock, status::text FROM {QUEUE} ORDER BY 1"
    assert engine.query(rows) == [("a", "doing"), ("b", "failed")]
    assert "its worker has died" in caplog.text


@on_postgresql
def test_the_tables_are_those_of_the_installed_procrastinate(
    database: Database, empty_database: Database
) -> None:
    assert version("procrastinate") == PROCRASTINATE
    script = (files("procrastinate") / "sql" / "schema.sql").read_text(encoding="utf-8")
    with empty_database.engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {QUEUE_SCHEMA}"))
        connection.execute(text(f"SET LOCAL search_path = {QUEUE_SCHEMA}"))
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(script)
    ours, theirs = describe(database), describe(empty_database)
    assert ours == theirs
    assert {each[1] for each in ours} >= {"procrastinate_jobs", "procrastinate_fetch_job_v2"}
    with database.reading() as session:
        elsewhere = "SELECT count(*) FROM pg_class WHERE relname LIKE 'procrastinate%'"
        outside = f"{elsewhere} AND relnamespace <> '{QUEUE_SCHEMA}'::regnamespace"
        assert session.execute(text(outside)).scalar_one() == 0
        assert session.execute(text("SHOW search_path")).scalar_one() == '"$user", public'


def describe(database: Database) -> set[tuple[str, str, str]]:
    """Everything in the queue's schema: columns, constraints, indexes, triggers, functions."""
    of_schema = f"= '{QUEUE_SCHEMA}'::regnamespace"
    queries = (
        "SELECT 'column', relname, attname || ' ' || format_type(atttypid, atttypmod)"
        " || attnotnull || coalesce(pg_get_expr(adbin, adrelid), '') FROM pg_class"
        " JOIN pg_attribute ON attrelid = pg_class.oid LEFT JOIN pg_attrdef"
        f" ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0 AND relnamespace {of_schema}",
        "SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE connamespace {of_schema}",
        "SELECT 'index', relname, pg_get_indexdef(oid) FROM pg_class"
        f" WHERE relkind = 'i' AND relnamespace {of_schema}",
        "SELECT 'trigger', tgname, pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger"
        f" JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
        f" AND relnamespace {of_schema}",
        "SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc"
        f" WHERE pronamespace {of_schema}",
        "SELECT 'value', typname, enumlabel || enumsortorder FROM pg_type"
        f" JOIN pg_enum ON enumtypid = pg_type.oid WHERE typnamespace {of_schema}",
    )
    with database.engine.connect() as connection:
        return {tuple(row) for query in queries for row in connection.execute(text(query))}


def test_sqlite_has_no_queue(database: Database) -> None:
    with database.reading() as session:
        told = session.execute(text("SELECT name || sql FROM sqlite_master")).scalars().all()
    assert told
    assert [each for each in told if each and "procrastinate" in each] == []
