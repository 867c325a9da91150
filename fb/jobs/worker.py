"""Worker threads: run work that must outlive the screen that asked for it.

A Streamlit script is cut off at its next ``st.*`` call when the socket drops; a token exchange or a
job may not be. It runs here, on a few threads of the server, and reports through the database.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

# A quarter of the lifetime of a job's lease and of an attempt's heartbeat.
HEARTBEAT_SECONDS = 15.0


class WorkStopped(Exception):
    """The dashboard is stopping: leave what can be left."""


class Worker:
    """A few threads. Work in them is lost in a restart; others notice that its lease expires."""

    def __init__(self, threads: int = 4) -> None:
        self.stopping = threading.Event()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pagekeeper")

    def submit(self, name: str, work: Callable[[], object]) -> None:
        """Run ``work`` soon. What it raises is logged under ``name`` and goes no further."""
        if not self.stopping.is_set():
            self._pool.submit(_guarded, name, work)

    def sleep(self, seconds: float) -> None:
        """Wait. Raises `WorkStopped` at once when the dashboard stops meanwhile."""
        if self.stopping.wait(seconds):
            raise WorkStopped

    def close(self) -> None:
        """Ask running work to stop at its next step, and take no more."""
        self.stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def heartbeat(
    beat: Callable[[], object], every_seconds: float = HEARTBEAT_SECONDS
) -> Iterator[None]:
    """Call ``beat`` regularly on a thread of its own until the block ends.

    A call to Facebook may take longer than a lease lives; a dead process stops at once.
    """
    done = threading.Event()

    def go_on() -> None:
        while not done.wait(every_seconds):
            _guarded("heartbeat", beat)

    thread = threading.Thread(target=go_on, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def error_location(error: BaseException) -> str:
    """Return the files and lines an error came from, innermost first, without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))


def _guarded(name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except WorkStopped:
        log.info("%s stopped with the dashboard", name)
    except Exception as error:  # noqa: BLE001 - a thread's last resort: else it would be lost
        # The class only: texts of foreign exceptions may carry URLs, and URLs carry tokens.
        log.error("%s ended by %s at %s", name, type(error).__name__, error_location(error))
