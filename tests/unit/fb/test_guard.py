"""The guard lets in what belongs here and nothing else, and every answer carries the headers."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
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


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_own_websocket_is_let_in(client: TestClient, name: str) -> None:
    own = {"host": f"{name}:8501", "origin": f"http://{name}:8501"}
    with client.websocket_connect(SOCKET, headers=own):
        pass


def test_the_origin_is_that_of_the_same_host(client: TestClient) -> None:
    headers = {"host": "localhost:8501", "origin": "http://127.0.0.1:8501"}
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(SOCKET, headers=headers),
    ):
        pass
    assert client.post("/x", headers=headers).status_code == 403


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


@pytest.mark.parametrize("policy", [SANDBOX, LIVE], ids=["sandbox", "live"])
def test_facebooks_servers_may_post_to_two_addresses_and_a_web_page_may_not(
    policy: HostPolicy,
) -> None:
    with guarded(policy) as client:
        for path in ("/facebook/deauthorize", "/facebook/data-deletion"):
            assert client.post(path).status_code == 200
            assert client.delete(path).status_code == 403
            for foreign in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
                assert client.post(path, headers=foreign).status_code == 403
            assert client.post(path, headers={"host": "evil.example"}).status_code == 421
        for path in ("/facebook/deletion/1", "/facebook/deauthorize/", "/facebook", "/x"):
            assert client.post(path).status_code == 403


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
        assert "SIGN_IN_ISSUER" in answer.text


def test_live_mode_with_a_sign_in_answers_beyond_loopback() -> None:
    policy = HostPolicy("https://pages.example", 8501, False, False, False, has_sign_in=True)
    with guarded(policy) as client:
        assert client.get("/", headers={"host": "pages.example"}).text == "inside"
        assert client.get("/", headers={"host": "evil.example"}).status_code == 421
    proxied = replace(policy, proxy_secret=PROXY_SECRET)
    with guarded(proxied) as client:
        assert client.get("/", headers={"host": "pages.example"}).status_code == 403
        assert client.get("/", headers=THROUGH_PROXY).text == "inside"


PROXY_SECRET = "proxy-secret-of-the-tests-0123456789abcdef"
PROXIED = HostPolicy("https://pages.example", 8501, False, True, True, PROXY_SECRET)
THROUGH_PROXY = {"host": "pages.example", "X-Pagekeeper-Proxy": PROXY_SECRET}


@pytest.mark.parametrize("listens_on_loopback", [True, False])
def test_what_came_through_the_sign_in_proxy_is_let_in(listens_on_loopback: bool) -> None:
    with guarded(replace(PROXIED, listens_on_loopback=listens_on_loopback)) as client:
        assert client.get("/x", headers=THROUGH_PROXY).text == "inside"
        assert client.post("/facebook/deauthorize", headers=THROUGH_PROXY).text == "inside"
        own = THROUGH_PROXY | {"origin": "https://pages.example"}
        assert client.post("/x", headers=own).text == "inside"
        with client.websocket_connect(SOCKET, headers=own):
            pass


@pytest.mark.parametrize("host", ["pages.example", "localhost:8501", "127.0.0.1:8501"])
@pytest.mark.parametrize("secret", [None, "", "wrong", PROXY_SECRET[:-1], PROXY_SECRET + "1"])
def test_what_did_not_come_through_the_proxy_is_refused(host: str, secret: str | None) -> None:
    origin = "https://pages.example" if host == "pages.example" else f"http://{host}"
    headers = {"host": host, "origin": origin}
    if secret is not None:
        headers["X-Pagekeeper-Proxy"] = secret
    with guarded(PROXIED) as client:
        for path in ("/", "/oauth/start", "/static/x.js", "/_stcore/host-config", "/pictures/1"):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, PROXY_SECRET in answer.text) == (403, False), path
        assert client.post("/x", headers=headers).status_code == 403
        del headers["origin"]
        assert client.post("/facebook/deauthorize", headers=headers).status_code == 403
        headers["origin"] = origin
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(SOCKET, headers=headers):
            pass


def test_a_secret_of_any_bytes_is_compared_and_no_error() -> None:
    odd = [(b"host", b"pages.example"), (b"x-pagekeeper-proxy", b"\xff\xe9\x00" * 20)]
    with guarded(PROXIED) as client:
        assert client.get("/x", headers=odd).status_code == 403


def test_the_secret_twice_is_no_secret() -> None:
    twice = [(b"host", b"pages.example")] + [(b"x-pagekeeper-proxy", PROXY_SECRET.encode())] * 2
    with guarded(PROXIED) as client:
        assert client.get("/x", headers=twice).status_code == 403


def test_without_a_secret_nothing_comes_through_a_proxy() -> None:
    with guarded(replace(PROXIED, proxy_secret=None)) as client:
        assert client.get("/x", headers=THROUGH_PROXY).status_code == 403


@pytest.mark.parametrize("origin", ["http://localhost:8501", "http://127.0.0.1:8501", HOME])
def test_an_app_on_the_visitors_own_computer_is_a_stranger(origin: str) -> None:
    headers = THROUGH_PROXY | {"origin": origin}
    with guarded(PROXIED) as client:
        assert client.post("/x", headers=headers).status_code == 403
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(SOCKET, headers=headers):
            pass


def test_health_needs_no_proxy_and_reveals_no_more() -> None:
    with guarded(PROXIED) as client:
        for path in ("/healthz", "/_stcore/health"):
            assert client.get(path).text == "inside"
        assert client.get("/healthz/x").status_code == 403


@pytest.mark.parametrize(
    ("peer", "status"), [("127.0.0.1", 200), ("10.1.2.3", 200), ("8.8.8.8", 421), ("x", 421)]
)
def test_probes_within_the_network_need_no_name(peer: str, status: int) -> None:
    app = guarded(PROXIED).app
    client = TestClient(app, base_url="http://172.18.0.5:8501", client=(peer, 1))
    for path in ("/livez", "/readyz", "/metrics"):
        assert client.get(path).status_code == status
    assert client.get("/healthz").status_code == 421
    assert client.post("/readyz").status_code == 421


def test_the_sandbox_may_call_itself_and_nobody_else_may_call_it() -> None:
    policy = replace(PROXIED, is_sandbox=True)
    inner = guarded(policy).app
    for peer, status in (("127.0.0.1", 200), ("::1", 200), ("203.0.113.9", 403)):
        client = TestClient(inner, base_url="http://127.0.0.1:8501", client=(peer, 1))
        assert client.post("/sandbox/v26.0/oauth/access_token").status_code == status
        assert client.get("/overview").status_code == 403


def test_the_secret_goes_no_further_than_the_guard() -> None:
    seen: list[bytes] = []

    async def remember(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend(name for name, _ in scope["headers"])
        await PlainTextResponse("inside")(scope, receive, send)

    assert TestClient(Guard(remember, PROXIED)).get("/x", headers=THROUGH_PROXY).text == "inside"
    assert b"host" in seen
    assert b"x-pagekeeper-proxy" not in seen
    assert PROXY_SECRET not in repr(PROXIED)


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


def test_the_sign_in_is_never_stored(client: TestClient) -> None:
    for path in ("/signin", "/signin/return?code=x&state=y"):
        assert client.get(path).headers["cache-control"] == "no-store"


def test_the_policy_names_the_inline_script_of_the_pinned_streamlit() -> None:
    index = Path(streamlit.__file__).parent / "static" / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", index.read_text(encoding="utf8"), re.DOTALL)
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    ]
    assert hashes
    assert all(f"'sha256-{hash}'" in CONTENT_SECURITY_POLICY for hash in hashes)
    assert "unsafe-eval" not in CONTENT_SECURITY_POLICY
