"""Sets up what is compared: the dashboard on a filled database, and the rival on the same one."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import requests
from sqlalchemy import exists, update
from storage.kept_connections import rebuild_connections

from fb.installation import Installation, open_installation
from fb.settings import read_settings
from storage.jobs.runs import SNAPSHOTS, add_progress, finish_run, start_run
from storage.models import Grant, PageGrant, Snapshot
from tests.bench.generator import fill
from tests.browser.serving import (
    Server,
    clean_environment,
    copy_program,
    find_free_port,
    serving,
)

RIVAL = Path(__file__).with_name("rival.py")
START_SECONDS = 60.0
# Of addresses. A rival that wants more ends with an error instead of taking the machine along.
MAX_MEMORY = 14 * 2**30


@contextmanager
def served_dashboard(folder: Path) -> Iterator[Server]:
    """Serve the copy of the program that `make_dashboard` has filled."""
    with serving(folder) as server:
        yield server


def make_dashboard(folder: Path, *, pages: int, days: int) -> Path:
    """Copy the program and fill its sandbox with ``pages`` × ``days`` that end today.

    Returns the file of the database.
    """
    copy_program(folder)
    fill_sandbox(folder, pages=pages, days=days, now=datetime.now(UTC))
    return database_of(folder)


def make_cold(database: Path) -> None:
    """Let the dashboard take its figures for changed, so that nothing it remembers holds.

    Every question of a screen is cached by the version of the data, which is raised here.
    """
    with closing(sqlite3.connect(database, timeout=START_SECONDS)) as connection, connection:
        connection.execute("UPDATE installation SET data_version = data_version + 1")


@contextmanager
def served_rival(folder: Path, database: Path) -> Iterator[int]:
    """Serve the rival as ``streamlit run`` does, but for the port; gives the port."""
    folder.mkdir()
    shutil.copy2(RIVAL, folder)
    port = find_free_port()
    # Without the last two Streamlit would ask whoever starts it for an address, and wait.
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    options += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", RIVAL.name, *options],
            cwd=folder,
            preexec_fn=_limit_memory,
            env=clean_environment({"RIVAL_DATABASE": str(database), "HOME": str(folder)}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def database_of(folder: Path) -> Path:
    """The file of the sandbox's database."""
    return folder / "data" / "sandbox.db"


def fill_sandbox(folder: Path, *, pages: int, days: int, now: datetime) -> None:
    """Make the sandbox's database as if it had been refreshed every day up to ``now``.

    The tokens in it name a key that is there, though it opens none of them: nothing shall be due
    that would change the figures meanwhile. Hence Pages without a figure of the last day have none.
    """
    startup = open_installation(read_settings({}, folder), now=lambda: now)
    installation = startup.installation
    assert installation is not None, startup.error
    fill(installation.database.engine, pages=pages, days=days, until=now.date())
    let_rest(installation, pages=pages, now=now)
    installation.close()


def let_rest(installation: Installation, *, pages: int, now: datetime) -> None:
    """Let nothing be due today: see `fill_sandbox`."""
    has_figure = exists().where(Snapshot.page_id == PageGrant.page_id, Snapshot.day == now.date())
    key_id = installation.vault.current_key_id
    with installation.database.writing() as session:
        session.execute(
            update(PageGrant)
            .where(~has_figure)
            .values(sealed_page_token=None, key_id=None, status="no_access")
        )
        session.execute(
            update(PageGrant).where(PageGrant.sealed_page_token.is_not(None)).values(key_id=key_id)
        )
        session.execute(update(Grant).values(key_id=key_id))
        rebuild_connections(session)
        run_id = start_run(
            session,
            kind=SNAPSHOTS,
            started_by="daily",
            day=now.date(),
            pages_total=pages,
            now=now,
        )
        add_progress(session, run_id, pages_done=pages)
        finish_run(session, run_id, status="done", now=now)


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def _wait_until_healthy(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.05)
    raise TimeoutError("the rival does not answer")
