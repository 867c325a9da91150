"""Engine: where background jobs are done, on threads of this process or by workers.

Both engines do the same jobs. Whoever asks for one names it by ids and code words alone, since
these are stored where another process finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from fb.jobs.worker import Worker, guarded

# How often a process looks for what is due. A missed day can't be fetched later.
LOOK_SECONDS = 30.0

Id = int | str
Work = Callable[..., object]  # called with the ids that were deferred


@dataclass(frozen=True)
class Counts:
    """Jobs that wait, are being done, or have failed; failed ones of the last 72 hours at most.

    ``oldest_seconds``: the age of the oldest that waits, 0 without one. ``workers``: how many
    processes do jobs.
    """

    waiting: int
    running: int
    failed: int
    oldest_seconds: float = 0.0
    workers: int = 1


class Jobs(Protocol):
    """An engine. ``spreads``: whether this process lets others do parts of its runs."""

    spreads: bool

    def defer(self, name: str, work: Work, *, once: str, **ids: Id) -> None:
        """Have ``work(**ids)`` done soon, by whichever process is free and knows it by ``name``.

        Nothing happens while a job with the same ``once`` waits. Raises DatabaseUnreachable.
        """

    def serve(self, work: Mapping[str, Work], look: Callable[[], object]) -> None:
        """Do what is deferred, by name, and call ``look`` every LOOK_SECONDS, until `stop`."""

    def stop(self) -> None:
        """Let `serve` end when running jobs have. From any thread, also from a signal's handler."""

    def count(self, session: Session) -> Counts:
        """Count the jobs."""

    def close(self) -> None:
        """Close what was opened to defer jobs."""


class EmbeddedJobs:
    """Does jobs on the threads of ``worker``. A restart loses them; `look` finds them again."""

    spreads = False

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def defer(self, name: str, work: Work, *, once: str, **ids: Id) -> None:
        """Do it on a thread as soon as one is free, also if a job with this ``once`` waits."""
        self._worker.submit(once, lambda: work(**ids))

    def serve(self, work: Mapping[str, Work], look: Callable[[], object]) -> None:
        """Call ``look`` again and again; the threads work by themselves."""
        while not self._worker.stopping.is_set():
            guarded("the timer", look)
            self._worker.stopping.wait(LOOK_SECONDS)

    def stop(self) -> None:
        """Let `serve` end."""
        self._worker.stopping.set()

    def count(self, session: Session) -> Counts:
        """Count the jobs of this process."""
        return Counts(*self._worker.count())

    def close(self) -> None:
        """Nothing was opened; whoever has made the worker closes it."""
