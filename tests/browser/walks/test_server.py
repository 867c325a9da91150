"""The guard in front of the running server, and options that nobody can loosen."""

from __future__ import annotations

import base64
import http.client
import os
import time
from collections.abc import Iterator

import pytest
import requests

from tests.browser.conftest import Serve
from tests.browser.kit.serving import Server, find_free_port, live_settings

PUBLIC = "pages.example"
# Streamlit looks at its files every few seconds.
REREAD_SECONDS = 6.0


def knock(port: int, host: str, origin: str | None) -> int:
    """Ask for Streamlit's websocket as a browser would; return the status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("GET", "/_stcore/stream", skip_host=True)
    headers = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Protocol": "streamlit",
    }
    for name, value in headers.items():
        connection.putheader(name, value)
    if origin is not None:
        connection.putheader("Origin", origin)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


def test_only_our_own_pages_get_a_socket(empty: Server) -> None:
    own = f"localhost:{empty.port}"
    assert knock(empty.port, own, empty.url) == 101
    assert knock(empty.port, own, None) == 403
    assert knock(empty.port, own, "http://localhost:9") == 403
    assert knock(empty.port, own, "https://evil.example") == 403
    assert knock(empty.port, f"evil.example:{empty.port}", empty.url) == 403


@pytest.fixture
def proxied(serve: Serve) -> Iterator[Server]:
    """Live mode behind a proxy that signs people in, with options that somebody tries to loosen."""
    port = find_free_port()
    settings = live_settings("http://127.0.0.1:9", port) | {
        "FACEBOOK_REDIRECT_URI": f"https://{PUBLIC}/connect",
        "BEHIND_SIGN_IN_PROXY": "yes",
        "STREAMLIT_CLIENT_ALLOWED_ORIGINS": '["https://evil.example"]',
        "STREAMLIT_SERVER_ENABLE_CORS": "false",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "true",
    }
    with serve(settings=settings, port=port) as server:
        yield server


def test_behind_a_proxy_the_public_name_gets_a_socket(proxied: Server) -> None:
    assert knock(proxied.port, PUBLIC, f"https://{PUBLIC}") == 101
    assert knock(proxied.port, PUBLIC, "https://evil.example") == 403


def test_options_stay_fixed_when_a_file_is_saved(proxied: Server) -> None:
    def allowed() -> object:
        url = f"http://127.0.0.1:{proxied.port}/_stcore/host-config"
        answer = requests.get(url, headers={"Host": PUBLIC}, timeout=10)
        return answer.json()["allowedOrigins"]

    assert allowed() == []
    with (proxied.folder / ".streamlit" / "config.toml").open("a", encoding="utf8") as config:
        config.write("\n# saved once more\n")
    deadline = time.monotonic() + REREAD_SECONDS
    while time.monotonic() < deadline and "[server] config option" not in proxied.log:
        time.sleep(0.2)
    assert "[server] config option" in proxied.log, "the file was read anew"
    assert allowed() == []


def test_live_mode_beyond_this_computer_is_closed(serve: Serve) -> None:
    port = find_free_port()
    settings = live_settings("http://127.0.0.1:9", port)
    settings["STREAMLIT_SERVER_ADDRESS"] = "0.0.0.0"
    with serve(settings=settings, port=port) as server:
        answer = requests.get(f"http://127.0.0.1:{server.port}/", timeout=10)
    assert answer.status_code == 403
    assert "BEHIND_SIGN_IN_PROXY" in answer.text
