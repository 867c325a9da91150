"""The guard lets in what belongs here and nothing else, and every answer carries the headers."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from fb.web.guard import CONTENT_SECURITY_POLICY, SECURITY_HEADERS, Guard, HostPolicy

HOME = "http://localhost:8501"
SOCKET = "ws://localhost:8501/_stcore/stream"
SANDBOX = HostPolicy(
    HOME, 8501, is_sandbox=True, listens_on_loopback=True, behind_sign_in_proxy=False
)
LIVE = HostPolicy(
    HOME, 8501, is_sandbox=False, listens_on_loopback=True, behind_sign_in_proxy=False
)


async def _answer(request: object) -> Response:
    return PlainTextResponse("inside")


async def _socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


def guarded(policy: HostPolicy) -> TestClient:
    inner = Starlette(
        routes=[
            WebSocketRoute("/_stcore/stream", _socket),
            Route("/{path:path}", _answer, methods=["GET", "HEAD", "POST", "DELETE"]),
        ]
    )
    return TestClient(Guard(inner, policy), base_url=HOME, follow_redirects=False)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with guarded(SANDBOX) as client:
        yield client


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501"])
def test_loopback_hosts_are_served(client: TestClient, host: str) -> None:
    assert client.get("/x.js", headers={"host": host}).text == "inside"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "localhost:8502", "127.0.0.1.evil.example:8501", ""]
)
def test_other_hosts_are_refused(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "origin", ["http://localhost:8502", "http://evil.example", "null", "https://localhost:8501"]
)
def test_websocket_from_a_foreign_origin_is_refused(client: TestClient, origin: str) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(SOCKET, headers={"origin": origin}),
    ):
        pass


def test_websocket_without_origin_is_refused(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(SOCKET):
        pass


def test_websocket_with_own_origin_and_rebound_host_is_refused(client: TestClient) -> None:
    headers = {"origin": HOME, "host": "evil.example:8501"}
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(SOCKET, headers=headers),
    ):
        pass


@pytest.mark.parametrize("origin", [HOME, "http://127.0.0.1:8501"])
def test_own_websocket_is_let_in(client: TestClient, origin: str) -> None:
    with client.websocket_connect(SOCKET, headers={"origin": origin}):
        pass


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": HOME}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({}, 403),
    ],
)
def test_a_post_must_come_from_here(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    assert client.post("/_stcore/upload_file/x", headers=headers).status_code == status


def test_the_graph_client_may_post_to_the_sandbox_and_a_web_page_may_not(
    client: TestClient,
) -> None:
    assert client.post("/sandbox/v26.0/oauth/access_token").status_code == 200
    foreign = {"origin": "http://evil.example"}
    assert client.post("/sandbox/v26.0/oauth/access_token", headers=foreign).status_code == 403
    hinted = {"sec-fetch-site": "cross-site"}
    assert client.post("/sandbox/v26.0/oauth/access_token", headers=hinted).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/_stcore/metrics", "/_stcore/agent/mcp", "/oauth2callback", "/auth/login", "/auth/logout"],
)
def test_paths_that_nobody_needs_are_blocked(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_live_mode_has_no_sandbox() -> None:
    with guarded(LIVE) as client:
        assert client.get("/sandbox").status_code == 404
        assert client.get("/sandbox/v26.0/me").status_code == 404


@pytest.mark.parametrize(
    "policy",
    [
        HostPolicy(HOME, 8501, False, listens_on_loopback=False, behind_sign_in_proxy=False),
        HostPolicy("https://pages.example", 8501, False, True, behind_sign_in_proxy=False),
    ],
)
def test_live_mode_beyond_loopback_is_closed(policy: HostPolicy) -> None:
    with guarded(policy) as client:
        answer = client.get("/", headers={"host": "localhost:8501"})
        assert answer.status_code == 403
        assert "BEHIND_SIGN_IN_PROXY" in answer.text


def test_live_mode_behind_a_sign_in_proxy_is_open() -> None:
    policy = HostPolicy("https://pages.example", 8501, False, False, behind_sign_in_proxy=True)
    with guarded(policy) as client:
        assert client.get("/x", headers={"host": "pages.example"}).text == "inside"
        with client.websocket_connect(
            SOCKET, headers={"host": "pages.example", "origin": "https://pages.example"}
        ):
            pass


def test_a_navigation_to_the_other_loopback_name_is_redirected(client: TestClient) -> None:
    headers = {"host": "127.0.0.1:8501", "sec-fetch-mode": "navigate"}
    answer = client.get("/page?id=1%2F2&period=90+days", headers=headers)
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{HOME}/page?id=1%2F2&period=90+days"


def test_a_script_on_the_other_loopback_name_is_served(client: TestClient) -> None:
    headers = {"host": "127.0.0.1:8501", "sec-fetch-mode": "cors"}
    assert client.get("/static/app.js", headers=headers).text == "inside"


@pytest.mark.parametrize("path", ["/", "/auth/login", "/sandbox/x"])
def test_every_answer_carries_the_headers(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert SECURITY_HEADERS.items() <= dict(answer.headers).items()


def test_an_answer_that_fails_carries_the_headers_too() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("a text that may hold anything")

    answer = TestClient(Guard(broken, SANDBOX), base_url=HOME).get("/")
    assert answer.status_code == 500
    assert SECURITY_HEADERS.items() <= dict(answer.headers).items()
    assert "anything" not in answer.text


def test_the_return_is_never_stored(client: TestClient) -> None:
    assert client.get("/connect?code=x&state=y").headers["cache-control"] == "no-store"


def test_the_policy_names_the_inline_script_of_the_pinned_streamlit() -> None:
    index = Path(streamlit.__file__).parent / "static" / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", index.read_text(encoding="utf8"), re.DOTALL)
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    ]
    assert hashes
    assert all(f"'sha256-{hash}'" in CONTENT_SECURITY_POLICY for hash in hashes)
    assert "unsafe-eval" not in CONTENT_SECURITY_POLICY
