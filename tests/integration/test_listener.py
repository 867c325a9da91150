"""All of localhost is the dashboard: both of its addresses, or none."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from fb.web import listener
from fb.web.listener import AddressTaken, has_ipv6_loopback, serving, take_other_address

pytestmark = pytest.mark.skipif(not has_ipv6_loopback(), reason="this computer has no ::1")


@contextmanager
def holding(address: str) -> Iterator[int]:
    """Listen on a free port of one address, as another program does; yield the port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as other:
        other.bind((address, 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize(("ours", "theirs"), [("127.0.0.1", "::1"), ("::1", "127.0.0.1")])
def test_an_address_that_is_taken_is_said_in_a_sentence(ours: str, theirs: str) -> None:
    with holding(theirs) as port, pytest.raises(AddressTaken) as caught:
        take_other_address(ours, port)
    assert f"{port}" in str(caught.value)
    assert "localhost" in str(caught.value)
    with holding("::") as port, pytest.raises(AddressTaken):
        take_other_address("127.0.0.1", port)


@pytest.mark.parametrize("ours", ["127.0.0.1", "localhost", "::1"])
def test_the_other_address_is_held_while_the_program_runs(ours: str) -> None:
    with holding("127.0.0.1" if ours != "::1" else "::1") as port:
        taken = take_other_address(ours, port)
        assert taken is not None
        with taken, pytest.raises(AddressTaken):
            take_other_address(ours, port)


@pytest.mark.parametrize("ours", ["0.0.0.0", "::", "192.0.2.7"])
def test_beyond_loopback_there_is_no_other_address(ours: str) -> None:
    assert take_other_address(ours, 8501) is None


def test_a_computer_without_ipv6_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: str, port: int) -> None:
        raise OSError(errno.EADDRNOTAVAIL, "no such address")

    monkeypatch.setattr(listener, "_listen", refuse)
    assert take_other_address("127.0.0.1", 8501) is None
    assert not has_ipv6_loopback()


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(threading.current_thread().name)(scope, receive, send)


def test_the_same_application_answers_there_until_the_block_ends() -> None:
    with holding("127.0.0.1") as port:
        taken = take_other_address("127.0.0.1", port)
    url = f"http://[::1]:{port}/"

    async def go() -> str:
        async with serving(_app, taken):
            answer = await asyncio.to_thread(requests.get, url, timeout=10)
        with pytest.raises(requests.ConnectionError):
            await asyncio.to_thread(requests.get, url, timeout=10)
        return answer.text

    assert asyncio.run(go()) == threading.current_thread().name


def test_without_a_second_address_nothing_is_served() -> None:
    async def go() -> None:
        async with serving(_app, None):
            pass

    asyncio.run(go())
