"""Listener: holds the other loopback address, so that all of ``localhost`` is this dashboard.

``localhost`` is 127.0.0.1 and ::1, and browsers ask ::1 first. Streamlit listens on one of them.
Whoever took the other one would get visitors, cookies and authorization codes.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from fb.addresses import LOOPBACK_HOSTS, bracketed

IPV4, IPV6 = "127.0.0.1", "::1"
STOP_SECONDS = 5
# This computer has no such address, so nobody else can have it either.
_NO_SUCH_ADDRESS = {
    errno.EADDRNOTAVAIL,
    errno.EAFNOSUPPORT,
    errno.EPROTONOSUPPORT,
    errno.EINVAL,
}


class AddressTaken(Exception):
    """Another program holds the address; the text is a sentence for the operator."""

    def __init__(self, address: str, port: int) -> None:
        super().__init__(
            f"Another program on this computer holds {bracketed(address)}:{port}, which is "
            "“localhost” as well: browsers could take it for the dashboard and hand it your "
            "logins. Pagekeeper has not started. Stop that program, or choose another port with "
            "--server.port."
        )


def take_other_address(address: str, port: int) -> socket.socket | None:
    """Return a listening socket on the loopback address that is not ``address``.

    None where ``address`` is not ``localhost``, or this computer has no such address.
    Raises AddressTaken.
    """
    if address not in LOOPBACK_HOSTS:
        return None
    other = IPV4 if address == IPV6 else IPV6
    try:
        return _listen(other, port)
    except OSError as error:
        if error.errno in _NO_SUCH_ADDRESS:
            return None
        raise AddressTaken(other, port) from None


def has_ipv6_loopback() -> bool:
    """Whether this computer has the address ::1."""
    try:
        _listen(IPV6, 0).close()
    except OSError:
        return False
    return True


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if address == IPV6 else socket.AF_INET
    # With proto, asyncio switches Nagle's algorithm off, which would cost 40 ms a rerun.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two programs listen
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(2048)
    except BaseException:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """A server that leaves the signals of the process to Streamlit's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    app: ASGIApp, listener: socket.socket | None, **options: Any
) -> AsyncIterator[None]:
    """Serve ``app`` on ``listener``, too, until the block ends. Nothing happens with None.

    ``options`` are uvicorn's, as for the first address. The application has been started already.
    """
    if listener is None:
        yield
        return
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        **options,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not running.done():
            await asyncio.sleep(0.01)
        if running.done():
            raise OSError(f"the second address could not be served: {running.exception()}")
        yield
    finally:
        server.should_exit = True
        await asyncio.wait([running])
