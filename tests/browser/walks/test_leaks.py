"""No token, code, secret or nonce leaves the server but where it must, in a walk through a browser.

Live mode against a sandbox in this process, which knows everything it handed out. Searched are the
server's log, its files, every answer outside the stand-in and every frame of every websocket. The
Location of ``/oauth/start`` carries the state, its Set-Cookie the nonce: that is what they are for.
"""

from __future__ import annotations

from zipfile import ZipFile

from playwright.sync_api import Browser, Page, Response, WebSocket, expect

from tests.browser.conftest import Serve
from tests.browser.kit.browsing import (
    READER,
    TALL,
    WAIT_MS,
    WIDTH,
    button,
    expect_title,
    open_popover,
    upload,
    visit,
)
from tests.browser.kit.live import serving_live
from tests.browser.kit.serving import LIVE_APP_SECRET, Server
from tests.browser.kit.stored import INSIGHTS_DONE
from tests.browser.kit.trips import save, travel
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


def test_a_walk_leaks_nothing(serve: Serve, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": WIDTH, "height": TALL}, **READER)
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    with serving_live(serve, {"STREAMLIT_LOGGER_LEVEL": "debug"}) as live:
        tap = Wiretap(page, live.server)
        walk(page, live.server)
        tap.sent += take_files(page, live.server)
        nonces = {c["value"] for c in context.cookies() if "pagekeeper-" in str(c.get("name"))}
        context.close()
        places = [*tap.sent, *list_files(live.server), ("log", live.server.log.encode())]

    assert nonces
    assert len(live.facebook.issued_secrets) > 50
    secrets = {
        *live.facebook.issued_secrets,
        *nonces,
        LIVE_APP_SECRET,
        live.server.settings["STATE_TOKEN_SECRET"],
        live.server.settings["TOKEN_ENCRYPTION_KEYS"],
    }
    names = {name for name, _ in places}
    assert {"socket", "/", "/oauth/start", "export-table-xlsx", "export-report"} <= names
    assert any(name.endswith(".db") for name in names)
    needles = [str(secret).encode() for secret in secrets]
    leaks = {name for name, content in places if any(needle in content for needle in needles)}
    assert not leaks


def walk(page: Page, server: Server) -> None:
    """Connect, and see every screen."""
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


def list_files(server: Server) -> list[tuple[str, bytes]]:
    """What the server has stored, by the names of its files."""
    return [
        (str(path.relative_to(server.folder)), path.read_bytes())
        for path in (server.folder / "data").rglob("*")
        if path.is_file()
    ]


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
    (fans,) = server.query("SELECT max(fans_count) FROM snapshots WHERE page_id = ?", ids[0])
    rows = f"{ids[0]},2025-02-01,{fans}\nnobody,2025-02-01,1\n"
    upload(page, "past.csv", f"page_id,date,fans\n{rows}")
    button(page, "import").click()
    expect(page.get_by_role("button", name="Undo…")).to_be_visible()
    visit(page, f"{server.url}/page?id={ids[0]}&period=12+months&forecast=true")
    for key in ("notes-page", "tags-page"):
        open_popover(page, key, f"{key.partition('-')[0]}-open")
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
