"""Connecting 1,000 Pages beside the least that this takes."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests
from cryptography.fernet import Fernet

from fb.installation import Installation, open_installation
from fb.jobs.worker import Worker
from fb.sandbox import create_sandbox, make_world
from fb.sandbox.serve import serve
from fb.settings import read_settings
from tests.bench.least import do_the_least, quiet_memory, read_tables
from tests.bench.report import Line, at_most
from tests.integration.traveller import (
    APP_ID,
    APP_SECRET,
    REDIRECT_URI,
    STATE_SECRET,
    Traveller,
)

PAGES = 1_000
ROUNDS = 9
LISTING_CALLS = 10
TIMES_THE_LEAST = 2
STOP_SECONDS = 10


@dataclass(frozen=True)
class Round:
    """One connecting and the least of it, in seconds of this process's CPU."""

    reading: float
    preview: float
    saving: float
    least: float
    paths: tuple[str, ...]  # of the calls, in order

    @property
    def ours(self) -> float:
        """Without the preview that is built for looking at."""
        return self.reading + self.saving


def measure() -> list[Line]:
    """Connect again and again, each time into a new database."""
    with served_facebook(PAGES) as url:
        _play(url)  # the first one pays for imports and caches
        rounds = [_play(url) for _ in range(ROUNDS)]
    listing = [path for path in rounds[0].paths if path.endswith("/me/accounts")]
    ours, least = _median(r.ours for r in rounds), _median(r.least for r in rounds)
    return [
        at_most("calls that list Pages", len(listing), LISTING_CALLS),
        Line("other calls", str(len(rounds[0].paths) - len(listing))),
        at_most(
            f"CPU time, median of {ROUNDS}: {_ms(ours)} against {_ms(least)}",
            _median(r.ours / r.least for r in rounds),
            TIMES_THE_LEAST,
            "×",
        ),
        Line("  of it reading, up to the staged Pages", _ms(_median(r.reading for r in rounds))),
        Line("  of it saving", _ms(_median(r.saving for r in rounds))),
        Line("  not in it: a look at the preview", _ms(_median(r.preview for r in rounds))),
    ]


@contextmanager
def served_facebook(pages: int) -> Iterator[str]:
    """Serve the stand-in for Facebook from another process, whose CPU time is not ours."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, pages), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join(STOP_SECONDS)


def _serve(pipe: Connection, pages: int) -> None:
    sandbox = create_sandbox(
        app_id=APP_ID,
        app_secret=APP_SECRET,
        redirect_uri=REDIRECT_URI,
        state_path=None,
        real_now=_now,
        world=make_world(pages=pages),
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


def _play(url: str) -> Round:
    with TemporaryDirectory(prefix="pagekeeper-bench-") as place:
        folder = Path(place)
        sent: list[requests.PreparedRequest] = []
        installation = _open(folder, url)
        try:
            reading, preview, saving = _connect(Traveller(installation, url), sent)
        finally:
            installation.close()
        return Round(
            reading=reading,
            preview=preview,
            saving=saving,
            least=do_the_least(folder / "least.db", sent, read_tables(folder / "ours.db")),
            paths=tuple(urlsplit(str(request.url)).path for request in sent),
        )


def _connect(
    traveller: Traveller, sent: list[requests.PreparedRequest]
) -> tuple[float, float, float]:
    """Come back from the dialog, look, save: CPU seconds of each. Requests go into ``sent``."""
    back = traveller.answer(traveller.set_out())
    with _recorded(sent), quiet_memory():
        began = time.process_time()
        attempt_id = traveller.come_back(back)
        read = time.process_time()
        preview = traveller.look(attempt_id).preview
        looked = time.process_time()
        assert preview is not None, "reading the Pages failed"
        traveller.save(attempt_id, preview)
        saved = time.process_time()
    return read - began, looked - read, saved - looked


def _open(folder: Path, url: str) -> Installation:
    report = read_settings(
        {
            "FACEBOOK_APP_ID": APP_ID,
            "FACEBOOK_APP_SECRET": APP_SECRET,
            "FACEBOOK_GRAPH_URL": url,
            "FACEBOOK_DIALOG_URL": url,
            "STATE_TOKEN_SECRET": STATE_SECRET,
            "TOKEN_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "DATABASE_URL": f"sqlite:///{folder / 'ours.db'}",
        },
        folder,
    )
    installation = open_installation(report, now=_now).installation
    assert installation is not None, report.problems
    installation.worker = _AtOnce()
    return installation


@contextmanager
def _recorded(sent: list[requests.PreparedRequest]) -> Iterator[None]:
    send = requests.Session.send

    def recording(
        session: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        sent.append(request)
        return send(session, request, **options)

    with patch.object(requests.Session, "send", recording):
        yield


def _median(seconds: Iterator[float]) -> float:
    return statistics.median(seconds)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f} ms"
