"""Call counts: counts the calls to Graph since the process began, by their outcome."""

from __future__ import annotations

import threading
from collections import Counter

from fb.graph.errors import FacebookError

ANSWERED = "answered"
# Facebook can send any number as a code; beyond this many outcomes the next ones are OTHER.
MAX_OUTCOMES = 100
OTHER = "other"

Outcome = tuple[str, int | None]  # ANSWERED or the class of an error, and Graph's code


class CallCounts:
    """Counts of one process; safe to share between threads.

    Each item of a batch is a call, as in Facebook's limits, and each retry is another one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Outcome] = Counter({(ANSWERED, None): 0})

    def add(self, *results: object) -> None:
        """Count one call for each result: a `FacebookError`, or any other answer."""
        with self._lock:
            for result in results:
                outcome: Outcome = (ANSWERED, None)
                if isinstance(result, FacebookError):
                    outcome = (type(result).__name__, result.code)
                if outcome not in self._counts and len(self._counts) >= MAX_OUTCOMES:
                    outcome = (OTHER, None)
                self._counts[outcome] += 1

    def read(self) -> dict[Outcome, int]:
        """Return the number of calls by outcome."""
        with self._lock:
            return dict(self._counts)
