"""Runs work that must outlive the screen that asked for it.

A Streamlit script is cut off at its next ``st.*`` call when the socket drops; a token exchange or a
sync may not be. It runs here, on a few threads of the server, and reports through the database.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

log = logging.getLogger(__name__)


class WorkStopped(Exception):
    """The dashboard is stopping: leave what can be left."""


class Worker:
    """A few threads. No guarantee across a restart: who watches judges by the heartbeat."""

    def __init__(self, threads: int = 4) -> None:
        self.stopping = threading.Event()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pagekeeper")

    def submit(self, name: str, work: Callable[[], object]) -> None:
        """Run ``work`` soon. What it raises is logged under ``name`` and goes no further."""
        if not self.stopping.is_set():
            self._pool.submit(_guarded, name, work)

    def nap(self, seconds: float) -> None:
        """Sleep, unless the dashboard stops meanwhile: then raise `WorkStopped` at once."""
        if self.stopping.wait(seconds):
            raise WorkStopped

    def close(self) -> None:
        """Ask running work to stop at its next step, and take no more."""
        self.stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _guarded(name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except WorkStopped:
        log.info("%s stopped with the dashboard", name)
    except Exception as error:  # noqa: BLE001 - a thread's last resort: else it would be lost
        # The class only: texts of foreign exceptions may carry URLs, and URLs carry tokens.
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
        log.error("%s ended by %s at %s", name, type(error).__name__, where)
