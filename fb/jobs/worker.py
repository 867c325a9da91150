"""Worker: runs work on threads of the server, independent of the screen that started it.

A Streamlit script ends at its next ``st.*`` call when the socket drops. Token exchanges and jobs
must not, so they run here and report through the database.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from storage.db.engine import outwait_writers

log = logging.getLogger(__name__)

# A quarter of the lifetime of a job's lease.
HEARTBEAT_SECONDS = 15.0
# One for each kind of job, and as many for attempts: one that waits for a thread shows no life.
THREADS = 10


class WorkStopped(Exception):
    """Running work has to end: the dashboard is stopping, or the sandbox was emptied meanwhile."""


class Worker:
    """A pool of threads. Its work is lost in a restart; leases then expire.

    The work waits for the database's lock as long as it takes, as `outwait_writers` says.
    """

    def __init__(self, threads: int = THREADS) -> None:
        self.stopping = threading.Event()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pagekeeper")
        self._futures: set[Future[bool]] = set()
        self._failed_count = 0

    def submit(self, name: str, work: Callable[[], object]) -> None:
        """Run ``work`` on a thread. Its exceptions are logged under ``name``, not raised."""
        if not self.stopping.is_set():
            future = self._pool.submit(guarded, name, work, lambda: self.sleep(0))
            self._futures.add(future)
            future.add_done_callback(self._note_end)

    def count(self) -> tuple[int, int, int]:
        """Return how many works wait for a thread, are being done, and have failed so far."""
        futures = list(self._futures)
        running_count = sum(future.running() for future in futures)
        return len(futures) - running_count, running_count, self._failed_count

    def _note_end(self, future: Future[bool]) -> None:
        self._futures.discard(future)
        if not future.cancelled() and not future.result():
            self._failed_count += 1

    def sleep(self, seconds: float) -> None:
        """Wait. Raises `WorkStopped` as soon as the dashboard stops."""
        if self.stopping.wait(seconds):
            raise WorkStopped

    def close(self) -> None:
        """Accept no more work, and wait until running work has ended at its next step."""
        self.stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def heartbeat(
    beat: Callable[[], object], every_seconds: float = HEARTBEAT_SECONDS
) -> Iterator[None]:
    """Call ``beat`` every ``every_seconds`` on its own thread until the block ends.

    A call to Facebook may take longer than a lease lasts.
    """
    done = threading.Event()

    def check_done() -> None:
        if done.is_set():
            raise WorkStopped

    def beat_until_done() -> None:
        while not done.wait(every_seconds):
            guarded("heartbeat", beat, check_done)

    thread = threading.Thread(target=beat_until_done, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def error_location(error: BaseException) -> str:
    """Return the last three files and lines of an error's traceback, innermost first, no text."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))


def guarded(
    name: str, work: Callable[[], object], check_stop: Callable[[], object] = lambda: None
) -> bool:
    """Do ``work``, and log under ``name`` what it raises. False if it has failed.

    It waits for the database's lock as `outwait_writers` says, with ``check_stop``.
    """
    try:
        with outwait_writers(check_stop):
            work()
    except WorkStopped:
        log.info("%(work)s stopped", {"work": name})
    except Exception as error:  # noqa: BLE001 - a pool's thread would drop it
        # The class only: texts of other libraries' exceptions may contain URLs with tokens.
        log.error(
            "%(work)s ended by %(error)s at %(location)s",
            {"work": name, "error": type(error).__name__, "location": error_location(error)},
        )
        return False
    return True
