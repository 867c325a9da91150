"""Limits: bound what one client may send and hold open, so that no client can stop the others.

Unfinished requests and the size of headers are Streamlit's own listener's: `docs/security.md`.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fb.web.process import has_room_for_a_socket

# Forms, and the Graph client's batches to the sandbox: below 100 kB.
MAX_BODY_BYTES = 2_000_000
MAX_BODY_SECONDS = 60.0
# Streamlit bounds its uploads itself, by server.maxUploadSize; a large one may take its time.
UPLOAD_PATH = "/_stcore/upload_file/"
# A browser asks for six things at once, through a proxy for a hundred; an office has one address.
MAX_REQUESTS_PER_PEER = 200
MAX_SOCKETS_PER_PEER = 100


class Limits:
    """ASGI middleware, inside of the guard, that refuses what is too large, too slow or too much.

    ``is_behind_proxy``: the guard lets in only what bears the proxy's secret, so the address that
    the proxy adds is the peer's. ``open_sockets`` counts the open sockets of each peer.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        is_behind_proxy: bool,
        open_sockets: Counter[str],
        has_room: Callable[[], bool] = has_room_for_a_socket,
    ) -> None:
        self.app = app
        self.is_behind_proxy = is_behind_proxy
        self._has_room = has_room
        self._requests: Counter[str] = Counter()
        self._sockets = open_sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer_request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._answer_socket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _answer_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer = peer_of(scope, self.is_behind_proxy)
        if self._requests[peer] >= MAX_REQUESTS_PER_PEER:
            refusal = PlainTextResponse(
                "Too many requests at once. Try again in a moment.", 429, {"Retry-After": "1"}
            )
            await refusal(scope, receive, send)
            return
        if not scope["path"].startswith(UPLOAD_PATH):
            receive = _bounded(scope, receive)
        is_answered = False

        async def send_and_remember(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        with _counted(self._requests, peer):
            try:
                await self.app(scope, receive, send_and_remember)
            except HTTPException as refused:  # where no Starlette application answered it
                if is_answered:
                    raise
                await PlainTextResponse(refused.detail, refused.status_code)(scope, receive, send)

    async def _answer_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer = peer_of(scope, self.is_behind_proxy)
        if self._sockets[peer] >= MAX_SOCKETS_PER_PEER or not self._has_room():
            # A close before the accept makes the server answer the handshake with 403.
            await send({"type": "websocket.close", "code": 1013})
            return
        with _counted(self._sockets, peer):
            await self.app(scope, receive, send)


def peer_of(scope: Scope, is_behind_proxy: bool) -> str:
    """Return the address of a request's client; of IPv6 its network, whose addresses are one's own.

    Without a proxy whoever sends X-Forwarded-For is one peer: uvicorn takes any address from it.
    """
    forwarded = Headers(scope=scope).getlist("x-forwarded-for")
    if forwarded and is_behind_proxy:
        return _network_of(forwarded[-1].rpartition(",")[2].strip())
    return "forwarded" if forwarded else _network_of((scope.get("client") or ("",))[0])


def _network_of(address: str) -> str:
    """Return the network of 64 bits of an IPv6 address; any other text as it is."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4 or ip.is_loopback:
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(ip), 64), strict=False))


class Rate:
    """At most ``most`` permits in ``seconds`` for each client. Safe to share between threads."""

    MAX_CLIENTS = 10_000  # beyond that the longest silent one is forgotten

    def __init__(
        self, most: int, seconds: float, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._monotonic = monotonic
        self._permits: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def permit(self, client: str) -> bool:
        """Return whether ``client`` may now, and count it."""
        now = self._monotonic()
        with self._lock:
            permits = self._permits.setdefault(client, deque(maxlen=self._most))
            self._permits.move_to_end(client)
            if len(self._permits) > self.MAX_CLIENTS:
                self._permits.popitem(last=False)
            if len(permits) == self._most and permits[0] > now - self._seconds:
                return False
            permits.append(now)
            return True


@contextmanager
def _counted(counter: Counter[str], peer: str) -> Iterator[None]:
    counter[peer] += 1
    try:
        yield
    finally:
        counter[peer] -= 1
        if not counter[peer]:
            del counter[peer]


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Return ``receive`` that raises 413 or 408 instead of handing on too much, or too slowly."""
    length = Headers(scope=scope).get("content-length", "")
    announced = int(length) if length.isascii() and length.isdigit() else 0
    deadline = time.monotonic() + MAX_BODY_SECONDS
    size = 0
    is_complete = False

    async def receive_bounded() -> Message:
        nonlocal size, is_complete
        if is_complete:  # what follows is the end of the connection, whenever that is
            return await receive()
        if announced > MAX_BODY_BYTES:
            raise HTTPException(413, "The request is too large.")
        try:
            with anyio.fail_after(max(0.0, deadline - time.monotonic())):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "The request took too long.") from None
        size += len(message.get("body", b""))
        is_complete = not message.get("more_body", False)
        if size > MAX_BODY_BYTES:
            raise HTTPException(413, "The request is too large.")
        return message

    return receive_bounded
