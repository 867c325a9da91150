"""Connecting 1,000 Pages, and a day's sync of them, beside the least that each takes.

The stand-in for Facebook runs in another process: only our own CPU time is counted.
"""

from __future__ import annotations

import gc
import io
import json
import multiprocessing
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import requests
import urllib3
from cryptography.fernet import Fernet

from fb.installation import Installation, open_installation
from fb.jobs import sandbox_history
from fb.jobs.snapshots import run_snapshots
from fb.jobs.worker import Worker
from fb.sandbox import create_sandbox, make_world
from fb.sandbox.serve import serve
from fb.settings import read_settings
from pages import queries, records
from pages.text.periods import get_period
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook import traveller
from tests.integration.facebook.own_sandbox import connect, is_finished, opened_sandbox
from tests.waiting import wait_until

PAGES = 1_000
ROUNDS = 3
PATIENCE_SECONDS = 30
# A figure of each of so many days before is there when a day is synced.
DAYS_BEFORE = 29
_COPY_DAY = """
INSERT INTO snapshots SELECT page_id, date(day, :shift), fans_count, followers_count, fans_source,
    followers_source, fetched_at, graph_version FROM snapshots WHERE day = :day
"""
# What a day's sync writes: the table, and its key.
_SYNCED = {"pages": "id", "pictures": "page_id", "snapshots": "page_id, day"}
_READ = "SELECT page_id, day, fans_count, followers_count FROM snapshots WHERE day > ?"


@dataclass
class Recorded:
    """What was sent to Facebook and came back."""

    requests: list[requests.PreparedRequest] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)


def measure(report: Callable[..., None]) -> None:
    """Connect and sync again and again, each time into a new database."""
    with served_facebook() as url:
        rounds = [_play(url) for _ in range(1 + ROUNDS)][1:]  # the first one warms up
    report("calls that list the Pages", rounds[0][2], 10, "")
    connecting, sync, _ = zip(*rounds, strict=True)
    for times, what, limit in ((connecting, "connecting and saving", 4), (sync, "a day's sync", 2)):
        ours, least = (statistics.median(some) for some in zip(*times, strict=True))
        line = f"{what}: {1000 * ours:.0f} ms by {1000 * least:.0f}"
        report(line, ours / least, limit, "x")


def measure_history(folder: Path, report: Callable[..., None]) -> None:
    """From the click on Save to Overview with 90 days, in the sandbox."""
    folder.mkdir()
    with opened_sandbox(folder) as installation:
        began_at = time.perf_counter()
        connect(installation)
        sandbox_history.make_history(installation, by=THIS_COMPUTER)
        wait_until(lambda: is_finished(installation), 60)
        today = installation.now().date()
        with installation.database.reading() as session:
            view = records.View(get_period("90 days", today))
            queries.load_overview(session, view, records.Listing(), "number", today)
        seconds = time.perf_counter() - began_at
    report("from Save to Overview with 90 days", seconds, 10, "s")


@contextmanager
def served_facebook() -> Iterator[str]:
    """Serve the stand-in for Facebook from another process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join(PATIENCE_SECONDS)


def open_live(folder: Path, url: str) -> Installation:
    """Open a live installation on a file in ``folder``, whose Facebook is at ``url``."""
    settings = {
        "FACEBOOK_APP_ID": traveller.APP_ID,
        "FACEBOOK_APP_SECRET": traveller.APP_SECRET,
        "FACEBOOK_GRAPH_URL": url,
        "FACEBOOK_DIALOG_URL": url,
        "STATE_TOKEN_SECRET": traveller.STATE_SECRET,
        "TOKEN_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": f"sqlite:///{folder / 'ours.db'}",
    }
    installation = open_installation(read_settings(settings, folder), now=_now).installation
    assert installation is not None
    return installation


def _serve(pipe: Connection) -> None:
    sandbox = create_sandbox(
        app_id=traveller.APP_ID,
        app_secret=traveller.APP_SECRET,
        redirect_uri=traveller.REDIRECT_URI,
        state_path=None,
        real_now=_now,
        world=make_world(pages=PAGES),
        page_limit=100,
    )
    with serve(sandbox) as url:
        pipe.send(url)
        pipe.poll(None)  # until the other end is closed, also by a crash


def _now() -> datetime:
    return datetime.now(UTC)


class _AtOnce(Worker):
    """Works in the thread that asks, so that nobody waits and counts the waiting."""

    def submit(self, name: str, work: Callable[[], object]) -> None:
        work()


def _play(url: str) -> tuple[tuple[float, float], tuple[float, float], int]:
    """CPU seconds of ours and the least: of connecting, of the sync; and how often it listed."""
    with TemporaryDirectory(prefix="pagekeeper-bench-") as place:
        file = Path(place) / "ours.db"
        installation = open_live(Path(place), url)
        installation.worker = _AtOnce()
        try:
            connecting, calls = _connect(installation, url)
            least = _do_least_connecting(file, Path(place) / "least.db", calls)
            sync = _sync(installation, file)
        finally:
            installation.close()
    listed = sum("/me/accounts" in str(request.url) for request in calls.requests)
    return (connecting, least), sync, listed


def _connect(installation: Installation, url: str) -> tuple[float, Recorded]:
    person = traveller.Traveller(installation, url)
    back = person.answer(person.set_out())
    with _recorded() as calls, _quiet_memory():
        began = time.process_time()
        attempt_id = person.come_back(back)
        seconds = time.process_time() - began
        preview = person.look(attempt_id).preview  # built for looking at, so not counted
        assert preview is not None, "reading the Pages failed"
        began = time.process_time()
        person.save(attempt_id, preview)
        return seconds + time.process_time() - began, calls


def _do_least_connecting(ours: Path, file: Path, calls: Recorded) -> float:
    """Ask for the same answers, seal each token, insert the same rows."""
    with closing(sqlite3.connect(ours)) as connection:
        made = connection.execute(
            "SELECT type, name, sql FROM sqlite_master"
            " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        tables = [name for kind, name, _ in made if kind == "table"]
        rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
    fernet = Fernet(Fernet.generate_key())
    with closing(sqlite3.connect(file)) as connection:
        for _, _, statement in made:
            connection.execute(statement)
        with _quiet_memory():
            began = time.process_time()
            for request in calls.requests:
                # What was sent in a body stands in the address here: the answer is as long.
                address = f"{request.url}?{request.body!s}" if request.body else str(request.url)
                sent = {name: request.headers[name] for name in request.headers if name[0] == "A"}
                answer = requests.get(address, headers=sent, timeout=PATIENCE_SECONDS)
                nodes = json.loads(answer.content).get("data")
                for node in nodes if isinstance(nodes, list) else ():
                    if "access_token" in node:
                        fernet.encrypt(node["access_token"].encode())
            with connection:
                for name, some in rows.items():
                    if some:
                        marks = ", ".join("?" * len(some[0]))
                        connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', some)
            return time.process_time() - began


def _sync(installation: Installation, file: Path) -> tuple[float, float]:
    """Sync the next day, then do the least of it again."""
    today = installation.now().date()
    installation.now = lambda: _now() + timedelta(days=1)
    with closing(sqlite3.connect(file)) as connection, connection:
        for number in range(1, DAYS_BEFORE):
            connection.execute(_COPY_DAY, {"shift": f"-{number} days", "day": f"{today}"})
        sealed = connection.execute("SELECT sealed_page_token FROM page_grants").fetchall()
    with _recorded() as calls, _quiet_memory():
        began = time.process_time()
        run_snapshots(installation, "daily")
        ours = time.process_time() - began
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT count(*) FROM snapshots WHERE day > ?"
        (count,) = connection.execute(query, (f"{today}",)).fetchone()
        assert count > PAGES / 2, "the sync has stored too little"
        upserts = [_make_upsert(connection, table, key) for table, key in _SYNCED.items()]
        fernet = Fernet(installation.settings.encryption_keys[0])
        with _quiet_memory():
            began = time.process_time()
            for content in calls.contents:
                answer = json.loads(content)
                for element in answer if isinstance(answer, list) else ():
                    json.loads(element["body"])  # a Page's answer is a text within the batch's
            for (token,) in sealed:
                if token is not None:
                    fernet.decrypt(token)
            with connection:
                for statement, rows in upserts:
                    connection.executemany(statement, rows)
            connection.execute(_READ, (f"{today - timedelta(days=DAYS_BEFORE)}",)).fetchall()
            return ours, time.process_time() - began


def _make_upsert(
    connection: sqlite3.Connection, table: str, key: str
) -> tuple[str, list[tuple[Any, ...]]]:
    """An upsert of a table's rows, and the rows; of snapshots those of the newest day."""
    newest = "WHERE day = (SELECT max(day) FROM snapshots)" if table == "snapshots" else ""
    cursor = connection.execute(f'SELECT * FROM "{table}" {newest}')
    names = [column[0] for column in cursor.description]
    changes = ", ".join(
        f"{name} = excluded.{name}" for name in names if name not in key.split(", ")
    )
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {changes}"
    return statement, cursor.fetchall()


@contextmanager
def _recorded() -> Iterator[Recorded]:
    calls, send = Recorded(), requests.Session.send

    def record(
        session: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        answer = send(session, request, **options)
        calls.requests.append(request)
        calls.contents.append(answer.content)
        # The product reads it piece by piece, once.
        answer.raw = urllib3.HTTPResponse(io.BytesIO(answer.content), preload_content=False)
        return answer

    with patch.object(requests.Session, "send", record):
        yield calls


@contextmanager
def _quiet_memory() -> Iterator[None]:
    """What was there before is not looked at again: neither side pays for the other's rubbish."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
