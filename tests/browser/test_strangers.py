"""Other sites in the same browser, and another program on the same port."""

from __future__ import annotations

import subprocess

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Browsers, Serve
from tests.browser.serving import Server, clean_environment, command

# Another program of this computer, which Streamlit alone would let in.
STRANGER = "http://localhost:9/"


@pytest.fixture
def stranger(browsers: Browsers, empty: Server) -> Page:
    """A page of another local site, with a link to where a trip begins."""
    page = browsers.open()
    browsers.watches[0].forgiven.append("403 (Forbidden)")
    link = f'<a href="{empty.url}/oauth/start">Win a prize</a>'

    def answer(route: Route) -> None:
        route.fulfill(body=f"<!doctype html>{link}", content_type="text/html")

    page.route(STRANGER, answer)
    page.goto(STRANGER)
    return page


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
    stranger.get_by_role("link", name="Win a prize").click()
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
