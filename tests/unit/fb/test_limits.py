"""Nobody sends too much, too slowly, or holds so much that nothing is left for others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Message, Scope
from starlette.websockets import WebSocket, WebSocketDisconnect

from fb.web import limits
from fb.web.limits import MAX_BODY_BYTES, MAX_SOCKETS_PER_PEER, Limits, Rate, peer_of

read = 0


async def _read(request: Request) -> Response:
    global read
    read = 0
    async for piece in request.stream():
        read += len(piece)
    return PlainTextResponse(f"{read} bytes")


async def _socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.receive()


def application() -> Starlette:
    return Starlette(
        routes=[
            WebSocketRoute("/_stcore/stream", _socket),
            Route("/{path:path}", _read, methods=["GET", "POST", "PUT"]),
        ]
    )


def limited(peer: str = "127.0.0.1", *, has_room: bool = True) -> TestClient:
    app = Limits(
        application(), is_behind_proxy=False, open_sockets=Counter(), has_room=lambda: has_room
    )
    return TestClient(app, client=(peer, 1))


@pytest.fixture
def client() -> Iterator[TestClient]:
    with limited() as client:
        yield client


def pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b"x" * 100_000


def test_a_body_within_the_limit_is_read(client: TestClient) -> None:
    assert client.post("/x", content=b"x" * MAX_BODY_BYTES).text == f"{MAX_BODY_BYTES} bytes"
    assert client.get("/x").text == "0 bytes"


def test_a_large_body_is_refused_before_it_is_read(client: TestClient) -> None:
    global read
    read = 0
    assert client.post("/x", content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413
    assert read == 0


def test_a_large_body_of_unknown_length_is_read_up_to_the_limit(client: TestClient) -> None:
    assert client.post("/x", content=pieces(100)).status_code == 413
    assert read <= MAX_BODY_BYTES


def test_an_upload_has_streamlits_own_limit(client: TestClient) -> None:
    path = "/_stcore/upload_file/session/file"
    assert client.put(path, content=pieces(100)).text == "10000000 bytes"


def test_a_slow_body_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BODY_SECONDS", 0.05)

    async def never() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    assert asyncio.run(answered("127.0.0.1", never)) == 408


async def answered(peer: str, receive: Any, app: Limits | None = None) -> int:
    """The status of the answer to a POST whose body comes from ``receive``."""
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = http_scope(peer)
    await (app or Limits(application(), is_behind_proxy=False, open_sockets=Counter()))(
        scope, receive, send
    )
    return statuses[0]


def http_scope(peer: str, **headers: str) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": "/x",
        "query_string": b"",
        "headers": [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()],
        "client": (peer, 1),
    }


def test_one_peer_has_so_many_requests_and_others_have_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_REQUESTS_PER_PEER", 3)

    async def go() -> None:
        gate = asyncio.Event()

        async def wait() -> Message:
            await gate.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        app = Limits(application(), is_behind_proxy=False, open_sockets=Counter())
        held = [asyncio.create_task(answered("10.0.0.1", wait, app)) for _ in range(3)]
        await asyncio.sleep(0)
        assert await answered("10.0.0.1", wait, app) == 429
        other = asyncio.create_task(answered("10.0.0.2", wait, app))
        await asyncio.sleep(0)
        gate.set()
        assert [await task for task in (*held, other)] == [200] * 4
        assert await answered("10.0.0.1", wait, app) == 200, "what has ended counts no more"

    asyncio.run(go())


def test_one_peer_has_so_many_sockets_and_others_have_theirs() -> None:
    path = "ws://testserver/_stcore/stream"
    with limited("10.0.0.1") as client:
        for _ in range(2):  # what has been closed counts no more
            held = [client.websocket_connect(path) for _ in range(MAX_SOCKETS_PER_PEER)]
            for socket in held:
                socket.__enter__()
            with pytest.raises(WebSocketDisconnect), client.websocket_connect(path):
                pass
            with TestClient(client.app, client=("10.0.0.2", 1)).websocket_connect(path):
                pass
            for socket in held:
                socket.__exit__(None, None, None)


def test_no_socket_is_let_in_that_would_take_the_last_files() -> None:
    with limited(has_room=False) as client:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream"):
            pass
        assert client.get("/x").status_code == 200


def test_a_peer_is_whom_the_proxy_saw() -> None:
    scope = http_scope("127.0.0.1", x_forwarded_for="198.51.100.7, 203.0.113.9")
    assert peer_of(scope, is_behind_proxy=True) == "203.0.113.9"
    assert peer_of(http_scope("10.0.0.1"), is_behind_proxy=True) == "10.0.0.1"


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::1", "::1"),
        ("unix:", "unix:"),
    ],
)
def test_whoever_has_a_whole_network_is_one_peer(address: str, peer: str) -> None:
    assert peer_of(http_scope(address), is_behind_proxy=False) == peer
    scope = http_scope("127.0.0.1", x_forwarded_for=address)
    assert peer_of(scope, is_behind_proxy=True) == peer


def test_without_a_proxy_nobody_chooses_who_he_is() -> None:
    made_up = {
        peer_of(http_scope(f"10.0.0.{n}", x_forwarded_for=f"10.0.0.{n}"), False) for n in range(9)
    }
    assert made_up == {"forwarded"}
    assert peer_of(http_scope("127.0.0.1"), False) == "127.0.0.1"


def test_a_rate_is_kept_for_each_client() -> None:
    now = [0.0]
    rate = Rate(3, 60, monotonic=lambda: now[0])
    assert [rate.permit("a") for _ in range(5)] == [True] * 3 + [False] * 2
    assert rate.permit("b")
    now[0] = 60.0
    assert [rate.permit("a") for _ in range(4)] == [True] * 3 + [False]


def test_a_rate_remembers_so_many_clients() -> None:
    rate = Rate(1, 60, monotonic=lambda: 0.0)
    assert all(rate.permit(str(number)) for number in range(Rate.MAX_CLIENTS + 1))
    assert len(rate._permits) == Rate.MAX_CLIENTS
