"""Overview as a browser gets it: bytes and seconds over the socket.

Beside it the same elements drawn from constants, and the usual way of Streamlit.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import exists, update

from fb.installation import open_installation
from fb.settings import read_settings
from fb.web.gate import session_cookie
from storage.db.engine import Database
from storage.jobs.runs import POSTS, SNAPSHOTS, add_progress, finish_run, start_run
from storage.models import Grant, PageGrant, Snapshot
from storage.people.person import THIS_COMPUTER
from storage.sign_in.people import let_in
from storage.sign_in.sessions import begin_session
from tests.bench.tab import Answer, opened_tab
from tests.bench.world import make_world
from tests.browser.kit import serving
from tests.present import NOW, TODAY

copy_program = serving.copy_program
RIVAL = Path(__file__).with_name("usual_way.py")
CONSTANTS = Path(__file__).with_name("constants.py")
SIGN_IN = {
    "SIGN_IN_ISSUER": "http://127.0.0.1:9",  # which nobody asks here
    "SIGN_IN_CLIENT_ID": "pagekeeper",
    "SIGN_IN_CLIENT_SECRET": "a-client-secret-of-the-bench",
}
RERUNS = 9
STARTS, PAIRS = 4, 30  # fewer differ by more than what is measured
# By default Streamlit collects garbage when a run is over: the next one must not pay for it.
PAUSE_SECONDS = 0.3


def make_database(program: Path, *, pages: int, days: int, has_posts: bool = False) -> Database:
    """Fill the sandbox of a copied program so that nothing is due that would change figures."""
    installation = open_installation(read_settings({}, program), now=lambda: NOW).installation
    assert installation is not None
    key_id = installation.vault.current_key_id
    url = installation.settings.database_url
    installation.close()
    database = make_world(url, pages=pages, days=days, today=TODAY, has_posts=has_posts)
    # The tokens name a key that is there, though it opens none of them.
    has_figure = exists().where(Snapshot.page_id == PageGrant.page_id, Snapshot.day == TODAY)
    lost = {"sealed_page_token": None, "key_id": None, "status": "no_access"}
    with database.writing() as session:
        session.execute(update(PageGrant).values(key_id=key_id))
        session.execute(update(PageGrant).where(~has_figure).values(**lost))
        session.execute(update(Grant).values(key_id=key_id, checked_at=NOW))
        for kind in (SNAPSHOTS, POSTS):
            about: dict[str, Any] = {
                "kind": kind,
                "started_by": "daily",
                "day": TODAY,
                "pages_total": pages,
            }
            run_id = start_run(session, now=NOW, **about)
            add_progress(session, run_id, pages_done=pages)
            finish_run(session, run_id, status="done", now=NOW)
    return database


def measure(program: Path, rival_folder: Path, report: Callable[..., None]) -> None:
    """Serve both on the same file, and report what a tab of each gets."""
    file = program / "data" / "sandbox.db"
    with serving.serving(program) as server, opened_tab(server.port) as tab:
        report("first load", tab.rerun().bytes_count / 1000, 100, "kB")
        ours = []
        for _ in range(RERUNS):
            with closing(sqlite3.connect(file, timeout=60)) as connection, connection:
                connection.execute("UPDATE installation SET data_version = data_version + 1")
            time.sleep(PAUSE_SECONDS)
            ours.append(tab.rerun().seconds)
        sent = [tab.rerun().bytes_count]
        periods = []
        for label in ("90 days", "12 months"):
            periods.append(tab.choose("period", label).bytes_count)
            sent.append(tab.rerun().bytes_count)
        report("another period, the largest", max(periods) / 1000, 70, "kB")
        report("rerun with the same figures, the largest", max(sent) / 1000, 30, "kB")
    compare_reruns(program, report)
    compare_signed_in(program, report)
    with served_rival(rival_folder, file) as port, opened_tab(port) as tab:
        theirs = tab.rerun().seconds
    cold = statistics.median(ours)
    what = f"28 days, nothing remembered: {1000 * cold:.0f} ms, the usual way {theirs:.1f} s"
    report(what, theirs / cold, 20, "x", least=True)


@dataclass(frozen=True)
class Rival:
    """A program that is served, and how a tab of it comes in."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    cookie: str = ""


def compare_reruns(program: Path, report: Callable[..., None]) -> None:
    """Rerun in turn the screen whose answers are remembered, and its elements from constants.

    By pairs, since the machine is slower in one minute than in the next; and with several starts,
    since one process is slower than another.
    """
    copy = shutil.copytree(program, program.with_name("constants"))
    shutil.copy2(CONSTANTS, copy / "pages" / "app.py")
    pairs = _rerun_in_turn(Rival(program), Rival(copy))
    counts = {answer.elements_count for pair in pairs for answer in pair}
    assert len(counts) == 1, f"the elements differ: {counts}"
    ratio = statistics.median(ours.seconds / theirs.seconds for ours, theirs in pairs)
    ours, theirs = _medians(pairs)
    what = f"rerun, all remembered: {ours:.0f} ms, from constants {theirs:.0f}"
    report(what, ratio, 1.33, "x")


def compare_signed_in(program: Path, report: Callable[..., None]) -> None:
    """Rerun in turn the screen of an administrator who is signed in, and that without a sign-in."""
    copy = shutil.copytree(program, program.with_name("signed-in"))
    pairs = _rerun_in_turn(Rival(copy, SIGN_IN, _sign_in(copy)), Rival(program))
    more = statistics.median(1000 * (ours.seconds - theirs.seconds) for ours, theirs in pairs)
    ours, theirs = _medians(pairs)
    report(f"rerun with a sign-in: {ours:.0f} ms, without {theirs:.0f}", more, 3, "ms")


def _sign_in(program: Path) -> str:
    """Let an administrator in, and return the cookie of a session."""
    settings = read_settings(SIGN_IN, program)
    installation = open_installation(settings, now=lambda: NOW).installation
    assert installation is not None
    with installation.database.writing() as session:
        id = let_in(session, "ann@agency.example", "admin", NOW, by=THIS_COMPUTER)
        secret = begin_session(session, id, "a browser")
    installation.close()
    return f"{session_cookie(installation.settings)}={secret}"


def _medians(pairs: Sequence[tuple[Answer, Answer]]) -> tuple[float, float]:
    """The milliseconds of either side."""
    ours, theirs = zip(*pairs, strict=True)
    return (
        1000 * statistics.median(answer.seconds for answer in ours),
        1000 * statistics.median(answer.seconds for answer in theirs),
    )


def _rerun_in_turn(ours: Rival, theirs: Rival) -> list[tuple[Answer, Answer]]:
    """Return what each pair of reruns brought back, of STARTS starts of both servers."""
    pairs = []
    for _ in range(STARTS):
        with (
            serving.serving(ours.folder, ours.settings) as server,
            serving.serving(theirs.folder, theirs.settings) as other,
            opened_tab(server.port, cookie=ours.cookie) as our_tab,
            opened_tab(other.port, cookie=theirs.cookie) as their_tab,
        ):
            for run in range(2 + PAIRS):  # the first two load the screen and fill the tab
                answers = {}
                for each in (our_tab, their_tab) if run % 2 else (their_tab, our_tab):
                    time.sleep(PAUSE_SECONDS)
                    answers[each] = each.rerun()
                if run >= 2:
                    pairs.append((answers[our_tab], answers[their_tab]))
    return pairs


@contextmanager
def served_rival(folder: Path, database: Path) -> Iterator[int]:
    """Serve the usual way as ``streamlit run`` does, but for the port; gives the port."""
    folder.mkdir()
    shutil.copy2(RIVAL, folder)
    port = serving.find_free_port()
    # Without the last two Streamlit would ask whoever starts it for an address, and wait.
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    options += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", RIVAL.name, *options],
        cwd=folder,
        env=serving.clean_environment({"RIVAL_DATABASE": str(database), "HOME": str(folder)}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + serving.START_SECONDS
        while not _is_healthy(port):
            assert process.poll() is None, "the usual way ended"
            assert time.monotonic() < deadline, "the usual way does not answer"
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(serving.STOP_SECONDS)


def _is_healthy(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).ok
    except requests.ConnectionError:
        return False
