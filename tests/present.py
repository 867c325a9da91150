"""The present of all tests: one moment, for the tests, for what they test, and for its servers.

It is an ordinary Sunday, unless ``PAGEKEEPER_TESTS_NOW`` names another moment (ISO 8601, with its
zone). ``make test-dates`` runs the tests on days on which programs break.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import time_machine

NOW = datetime.fromisoformat(
    os.environ.get("PAGEKEEPER_TESTS_NOW", "2026-11-22T14:02:00+00:00")
).astimezone(UTC)
TODAY = NOW.date()

# By how much the clocks of the tests and of every process they start run ahead of the machine's.
_AHEAD_SECONDS = NOW.timestamp() - time.time()


def start_clock() -> time_machine.Traveller:
    """Set the clock of this process to `NOW`, from where it goes on."""
    return time_machine.travel(NOW, tick=True).start()


def tell_servers_time() -> datetime:
    """Return the present of the processes that the tests have started: it only goes forward."""
    real = time_machine.escape_hatch.time.time()
    return datetime.fromtimestamp(real + _AHEAD_SECONDS, UTC)


def clock_environment() -> dict[str, str]:
    """Return environment variables with which a Python process lives in the tests' present.

    The command stays the one that people type: Python by itself imports a module named
    ``sitecustomize`` before anything else.
    """
    return {
        "PYTHONPATH": str(Path(__file__).parent / "clock"),
        "PAGEKEEPER_TESTS_AHEAD_SECONDS": str(_AHEAD_SECONDS),
    }


def ago(days: int) -> date:
    """Return the day that was ``days`` before the present one; a day to come where negative."""
    return TODAY - timedelta(days=days)
