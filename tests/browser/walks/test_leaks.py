"""No token, code, secret or nonce leaves the server but where it must, in a walk through a browser.

Live mode against a sandbox in this process, which knows everything it handed out. Searched are the
server's log, its files, every answer outside the stand-in and every frame of every websocket. The
Location of ``/oauth/start`` carries the state, its Set-Cookie the nonce: that is what they are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Page, Response, WebSocket, expect

from fb.sandbox.serve import serve as serve_sandbox
from tests.browser.conftest import Serve
from tests.browser.kit.browsing import (
    TALL,
    WAIT_MS,
    WIDTH,
    button,
    by_key,
    expect_title,
    settle,
    upload,
    visit,
)
from tests.browser.kit.serving import (
    LIVE_APP_ID,
    LIVE_APP_SECRET,
    Server,
    find_free_port,
    live_settings,
)
from tests.browser.kit.stored import INSIGHTS_DONE
from tests.browser.kit.trips import save, travel
from tests.sandbox_faults import FaultySandbox, create_faulty_sandbox
from tests.waiting import wait_until


class Wiretap:
    """Keeps what the server sends to one browser."""

    def __init__(self, page: Page, server: Server) -> None:
        self.server = server
        self.sent: list[tuple[str, bytes]] = []
        page.on("response", self._hear_answer)
        page.on("websocket", self._hear_socket)

    def _hear_answer(self, response: Response) -> None:
        path = response.url.removeprefix(self.server.url)
        if not response.url.startswith(self.server.url) or path.startswith("/static/"):
            return
        path = path.partition("?")[0]
        headers = response.all_headers()
        if path == "/oauth/start":
            headers = {k: v for k, v in headers.items() if k not in ("location", "set-cookie")}
        self.sent.append((path, repr(headers).encode()))
        if not 300 <= response.status < 400:
            self.sent.append((path, response.body()))

    def _hear_socket(self, socket: WebSocket) -> None:
        def hear(frame: str | bytes) -> None:
            self.sent.append(("socket", frame if isinstance(frame, bytes) else frame.encode()))

        socket.on("framereceived", hear)


@pytest.fixture
def port() -> int:
    return find_free_port()


@pytest.fixture
def facebook(port: int) -> FaultySandbox:
    return create_faulty_sandbox(
        app_id=LIVE_APP_ID,
        app_secret=LIVE_APP_SECRET,
        redirect_uri=f"http://localhost:{port}/connect",
        real_now=lambda: datetime.now(UTC),
    )


@pytest.fixture
def server(serve: Serve, facebook: FaultySandbox, port: int) -> Iterator[Server]:
    with serve_sandbox(facebook) as url:
        settings = live_settings(url, port) | {"STREAMLIT_LOGGER_LEVEL": "debug"}
        with serve(settings=settings, port=port) as server:
            yield server


def test_a_walk_leaks_nothing(server: Server, facebook: FaultySandbox, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": WIDTH, "height": TALL})
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    tap = Wiretap(page, server)
    visit(page, server.url)
    attempt = travel(page)
    page.reload()
    expect_title(page, "Check before saving")
    save(page)
    for screen in ("connections", "activity", "setup", f"connect?attempt={attempt}"):
        visit(page, f"{server.url}/{screen}")
    visit(page, f"{server.url}/connect?code=stolen&state=forged")
    fetch_insights(page, server)
    see_figures(page, server)
    tap.sent += take_files(page, server)
    nonces = {c["value"] for c in context.cookies() if "pagekeeper-" in str(c.get("name"))}
    context.close()

    assert nonces
    assert len(facebook.issued_secrets) > 50
    secrets = {
        *facebook.issued_secrets,
        *nonces,
        LIVE_APP_SECRET,
        server.settings["STATE_TOKEN_SECRET"],
        server.settings["TOKEN_ENCRYPTION_KEYS"],
    }
    files = [
        (str(path.relative_to(server.folder)), path.read_bytes())
        for path in (server.folder / "data").rglob("*")
        if path.is_file()
    ]
    places = [*tap.sent, *files, ("log", server.log.encode())]
    names = {name for name, _ in places}
    assert {"socket", "/", "/oauth/start", "export-table-xlsx", "export-report"} <= names
    assert any(name.endswith(".db") for name in names)
    needles = [str(secret).encode() for secret in secrets]
    leaks = {name for name, content in places if any(needle in content for needle in needles)}
    assert not leaks


def fetch_insights(page: Page, server: Server) -> None:
    """Every Page's own token goes to Facebook, fifty calls in one."""
    visit(page, f"{server.url}/setup")
    before = server.query(INSIGHTS_DONE)
    fetch = button(page, "fetch-insights")
    if fetch.is_enabled():
        fetch.click()
    wait_until(lambda: server.query(INSIGHTS_DONE) > before, 60)


def see_figures(page: Page, server: Server) -> None:
    """Compare, one Page, its notes and tags, and a file of past figures."""
    ids = server.query("SELECT id FROM pages ORDER BY id LIMIT 2")
    visit(page, f"{server.url}/compare?ids={','.join(ids)}")
    visit(page, f"{server.url}/imports")
    upload(page, "past.csv", f"page_id,date,fans\n{ids[0]},2025-02-01,12\nnobody,2025-02-01,1\n")
    button(page, "import").click()
    expect(page.get_by_role("button", name="Undo…")).to_be_visible()
    visit(page, f"{server.url}/page?id={ids[0]}&period=12+months&forecast=true")
    for key in ("notes-page", "tags-page"):
        by_key(page, key).get_by_role("button").first.click()
        expect(by_key(page, f"{key.partition('-')[0]}-open")).to_be_visible()
        settle(page)
        page.keyboard.press("Escape")


def take_files(page: Page, server: Server) -> list[tuple[str, bytes]]:
    """Every file that Overview offers; sheets unpacked."""
    files = []
    visit(page, server.url)
    page.get_by_role("button", name="Export").click()
    for name in ("table-csv", "table-xlsx", "series-csv", "series-xlsx", "chart", "report"):
        with page.expect_download() as caught:
            button(page, f"export-{name}").click()
        path = caught.value.path()
        files.append((f"export-{name}", path.read_bytes()))
        if name.endswith("xlsx"):
            with ZipFile(path) as book:
                files += [(f"export-{name}", book.read(part)) for part in book.namelist()]
    return files
