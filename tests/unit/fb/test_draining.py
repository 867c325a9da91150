"""SIGTERM reaches the server after some seconds, or at once when it is sent twice."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator

import pytest

from fb.web.draining import draining


@pytest.fixture
def ends() -> Iterator[list[str]]:
    """What happens, in order; the signal's handler is that of a server."""
    happened: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_: happened.append("server ends"))
    yield happened
    signal.signal(signal.SIGTERM, before)


def drain(happened: list[str], seconds: float, signals: int) -> None:
    async def go() -> None:
        with draining(
            seconds, lambda: happened.append("not ready"), lambda: happened.append("work stops")
        ):
            for _ in range(signals):
                signal.raise_signal(signal.SIGTERM)
                await asyncio.sleep(0)
                happened.append("later")
                await asyncio.sleep(0)
            await asyncio.sleep(2 * seconds if seconds < 1 else 0)

    asyncio.run(go())


def test_a_server_that_drains_learns_it_late(ends: list[str]) -> None:
    drain(ends, 100, signals=1)
    assert ends == ["not ready", "later"]
    signal.raise_signal(signal.SIGTERM)
    assert ends[-1] == "server ends", "the handler is the server's again"


def test_after_its_seconds_it_ends(ends: list[str]) -> None:
    drain(ends, 0.02, signals=1)
    assert ends == ["not ready", "later", "work stops", "server ends"]


def test_a_second_signal_does_not_wait(ends: list[str]) -> None:
    drain(ends, 100, signals=2)
    assert ends == ["not ready", "later", "work stops", "server ends", "later"]


def test_without_seconds_the_server_has_the_signal_at_once(ends: list[str]) -> None:
    drain(ends, 0, signals=1)
    assert ends == ["server ends", "later"]
