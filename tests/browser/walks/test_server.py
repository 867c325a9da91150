"""The guard in front of the running server, and options that nobody can loosen."""

from __future__ import annotations

import base64
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from fb.web.listener import has_ipv6_loopback
from tests.browser.conftest import Serve
from tests.browser.kit.browsing import settle
from tests.browser.kit.serving import (
    Server,
    clean_environment,
    command,
    find_free_port,
    live_settings,
)
from tests.waiting import wait_until

PUBLIC = "pages.example"
METRICS_TOKEN = "metrics-token-of-the-browser-tests-0123456789"
PROXY_SECRET = "proxy-secret-of-the-browser-tests-0123456789"
# Streamlit looks at its files every few seconds.
REREAD_SECONDS = 6.0


def knock(
    port: int,
    host: str,
    origin: str | None,
    *,
    address: str = "127.0.0.1",
    secret: str | None = None,
) -> int:
    """Ask for Streamlit's websocket as a browser would; return the status of the answer."""
    connection = http.client.HTTPConnection(address, port, timeout=10)
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
    if secret is not None:
        connection.putheader("X-Pagekeeper-Proxy", secret)
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


@pytest.mark.skipif(not has_ipv6_loopback(), reason="this computer has no ::1")
def test_both_addresses_of_localhost_are_the_dashboard(serve: Serve, page: Page) -> None:
    with serve() as server:
        own = f"localhost:{server.port}"
        assert knock(server.port, own, server.url, address="::1") == 101
        assert knock(server.port, own, "http://localhost:9", address="::1") == 403
        six = f"http://[::1]:{server.port}"
        start = requests.get(
            f"{six}/oauth/start", headers={"Host": own}, allow_redirects=False, timeout=10
        )
        assert start.status_code == 303
        assert start.headers["set-cookie"].startswith("pagekeeper-")
        headers = {"Sec-Fetch-Mode": "navigate"}
        typed = requests.get(f"{six}/setup", headers=headers, allow_redirects=False, timeout=10)
        assert typed.headers["location"] == f"{server.url}/setup", "the name that cookies are of"
        answer = page.goto(f"{server.url}/setup")
        assert answer is not None
        where = answer.server_addr()
        assert where is not None
        assert where["ipAddress"] == "[::1]", "what a browser asks first"
        expect(page.get_by_role("heading", name="Setup")).to_be_visible()
        settle(page)
        server.stop()  # an open screen does not hold it
        with serve(port=server.port):
            pass  # both can be taken again at once


def test_an_address_that_is_taken_ends_the_program_with_a_sentence(
    program: Path, tmp_path: Path
) -> None:
    shutil.copytree(program, tmp_path, dirs_exist_ok=True)
    port = find_free_port()

    def run(words: list[str]) -> subprocess.CompletedProcess[str]:
        environment = clean_environment({"STREAMLIT_SERVER_PORT": str(port)})
        return subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )

    for family, address in ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")):
        with socket.socket(family) as squatter:
            squatter.bind((address, port))
            squatter.listen()
            done = run(command(port))
            imported = run([sys.executable, "-c", "import dashboard"])
        assert imported.returncode == 0, "who serves nothing needs no address"
        assert done.returncode == 1
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert str(port) in done.stderr
        assert done.stdout.strip() == "", "no address is announced"


SHOW_OPTIONS = """
import sys, dashboard
from streamlit import config
config.set_option("server.websocketPingInterval", eval(sys.argv[1]))
from streamlit.web.server.starlette.starlette_server import _get_uvicorn_config_kwargs
ours, theirs = dashboard.make_listener_options(), _get_uvicorn_config_kwargs()
print({name: theirs.get(name, "default") for name in ours} == ours, ours["ws_ping_interval"])
print(sorted(theirs.keys() - ours.keys()))
"""


@pytest.mark.parametrize(("option", "seconds"), [("None", 30), ("7", 7)])
def test_both_addresses_are_served_alike(
    program: Path, tmp_path: Path, option: str, seconds: int
) -> None:
    """Streamlit's function is undocumented: an update that changes it has to be looked at."""
    shutil.copytree(program, tmp_path, dirs_exist_ok=True)
    shown = subprocess.run(
        [sys.executable, "-c", SHOW_OPTIONS, option],
        cwd=tmp_path,
        env=clean_environment({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    # The listener switches the access log off, too; colours are of a log that it has not.
    assert shown.stdout == f"True {seconds}\n['access_log', 'use_colors']\n"


def test_sockets_that_come_and_go_leave_files_for_everybody_else(
    program: Path, tmp_path: Path
) -> None:
    """Where a process may open no more than 256 files; each socket keeps three after its end."""
    shutil.copytree(program, tmp_path, dirs_exist_ok=True)
    port = find_free_port()
    limited = ["bash", "-c", 'ulimit -n 256; exec "$@"', "bash", *command(port)]
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            limited, cwd=tmp_path, env=clean_environment({}), stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(url), 60)
        own = f"localhost:{port}"
        statuses = [knock(port, own, f"http://{own}") for _ in range(100)]
        assert (statuses[0], statuses[-1]) == (101, 403)
        assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
    finally:
        process.terminate()
        process.wait(20)
    assert "Too many open files" not in log.read_text(encoding="utf-8")


def answers(url: str) -> bool:
    """Whether a server is up there."""
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


@pytest.fixture
def proxied(serve: Serve) -> Iterator[Server]:
    """Live mode behind a proxy that signs people in, with options that somebody tries to loosen."""
    port = find_free_port()
    settings = live_settings("http://127.0.0.1:9", port) | {
        "FACEBOOK_REDIRECT_URI": f"https://{PUBLIC}/connect",
        "BEHIND_SIGN_IN_PROXY": "yes",
        "PROXY_SECRET": PROXY_SECRET,
        "STREAMLIT_CLIENT_ALLOWED_ORIGINS": '["https://evil.example"]',
        "STREAMLIT_SERVER_ENABLE_CORS": "false",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "true",
    }
    with serve(settings=settings, port=port) as server:
        yield server


def test_behind_a_proxy_the_public_name_gets_a_socket(proxied: Server) -> None:
    def status(host: str, origin: str, secret: str | None) -> int:
        return knock(proxied.port, host, origin, secret=secret)

    local = f"localhost:{proxied.port}"
    assert status(PUBLIC, f"https://{PUBLIC}", PROXY_SECRET) == 101
    assert status(PUBLIC, "https://evil.example", PROXY_SECRET) == 403
    assert status(PUBLIC, f"http://{local}", PROXY_SECRET) == 403, "an app on a visitor's computer"
    assert status(PUBLIC, f"https://{PUBLIC}", None) == 403
    assert status(local, f"http://{local}", None) == 403
    url = f"http://127.0.0.1:{proxied.port}"
    start = requests.get(f"{url}/oauth/start", headers={"Host": PUBLIC}, timeout=10)
    assert (start.status_code, start.cookies.get_dict()) == (403, {})
    assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
    assert PROXY_SECRET not in proxied.log


def test_options_stay_fixed_when_a_file_is_saved(proxied: Server) -> None:
    def allowed() -> object:
        url = f"http://127.0.0.1:{proxied.port}/_stcore/host-config"
        headers = {"Host": PUBLIC, "X-Pagekeeper-Proxy": PROXY_SECRET}
        answer = requests.get(url, headers=headers, timeout=10)
        return answer.json()["allowedOrigins"]

    assert allowed() == []
    with (proxied.folder / ".streamlit" / "config.toml").open("a", encoding="utf8") as config:
        config.write("\n# saved once more\n")
    deadline = time.monotonic() + REREAD_SECONDS
    while time.monotonic() < deadline and "[server] config option" not in proxied.log:
        time.sleep(0.2)
    assert "[server] config option" in proxied.log, "the file was read anew"
    assert allowed() == []


def test_a_server_that_is_asked_to_stop_says_so_before_it_ends(serve: Serve, page: Page) -> None:
    with serve(settings={"DRAIN_SECONDS": "60", "METRICS_TOKEN": METRICS_TOKEN}) as server:
        page.goto(server.url)
        settle(page)
        authorization = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        metrics = requests.get(f"{server.url}/metrics", headers=authorization, timeout=10).text
        assert "pagekeeper_open_sessions 1.0" in metrics
        assert requests.get(f"{server.url}/readyz", timeout=10).text == "ready"
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        answer = requests.get(f"{server.url}/readyz", timeout=10)
        assert (answer.status_code, answer.text) == (503, "not ready: stopping")
        page.get_by_role("link", name="Setup").click()
        expect(page.get_by_role("heading", name="Setup")).to_be_visible()
        settle(page)
        server.stop()  # a second signal ends it at once
        assert server.log.count("is asked to stop, and ends in 60 s") == 1
        assert "Pagekeeper stops" in server.log


def test_live_mode_beyond_this_computer_is_closed(serve: Serve) -> None:
    port = find_free_port()
    settings = live_settings("http://127.0.0.1:9", port)
    settings["STREAMLIT_SERVER_ADDRESS"] = "0.0.0.0"
    with serve(settings=settings, port=port) as server:
        answer = requests.get(f"http://127.0.0.1:{server.port}/", timeout=10)
    assert answer.status_code == 403
    assert "SIGN_IN_ISSUER" in answer.text
