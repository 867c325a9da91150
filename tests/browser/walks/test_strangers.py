"""Other sites in the same browser, and another program on the same port."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsers, Serve
from tests.browser.kit.serving import Server, clean_environment, command


@pytest.fixture
def stranger(browsers: Browsers, empty: Server) -> Iterator[Page]:
    """A page of another program of this computer, with a link to where a trip begins.

    Really served: Chromium itself keeps a page of unknown origin away from loopback.
    """
    link = (
        f'<!doctype html><link rel="icon" href="data:,"><a href="{empty.url}/oauth/start">Win</a>'
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(link.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
        Thread(target=site.serve_forever, daemon=True).start()
        page = browsers.open()
        browsers.watches[0].forgiven.append("403 (Forbidden)")
        page.goto(f"http://localhost:{site.server_address[1]}/")
        yield page
        site.shutdown()


def test_another_site_gets_no_socket(stranger: Page, empty: Server) -> None:
    outcome = stranger.evaluate(
        """address => new Promise(resolve => {
            const socket = new WebSocket(address, ['streamlit']);
            socket.onopen = () => resolve('open');
            socket.onerror = () => resolve('refused');
        })""",
        f"ws://localhost:{empty.port}/_stcore/stream",
    )
    assert outcome == "refused"


def test_another_site_starts_no_trip(stranger: Page, empty: Server) -> None:
    before = empty.query("SELECT count(*) FROM attempts")
    stranger.get_by_role("link", name="Win").click()
    expect(stranger.get_by_role("heading", name="Please start from Pagekeeper")).to_be_visible()
    assert empty.query("SELECT count(*) FROM attempts") == before


def test_a_taken_port_is_said_in_words(serve: Serve, empty: Server) -> None:
    """It does not slide to another port, where cookies and codes would go to whoever has this."""
    second = subprocess.run(
        command(empty.port),
        cwd=empty.folder,
        env=clean_environment({}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = second.stdout + second.stderr
    assert second.returncode not in (0, None)
    assert f"Port {empty.port} is not available" in said
    assert "Traceback" not in said
