"""The gate: who passes, who does not, and what becomes of open screens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from fb.web.gate import (
    GRACE_SECONDS,
    SESSION_HEADER,
    USE_SECONDS,
    Gate,
    OpenScreens,
    safe_path,
)
from fb.web.routes import person_of
from pages.socket_frames import read_frame, write_redirect
from storage.db.clock import read_clock
from storage.db.engine import Database, open_database
from storage.db.errors import DatabaseUnreachable
from storage.ledger.ledger_keys import attach_vault
from storage.models import SignInSession
from storage.people.person import IDLE_SECONDS, THIS_COMPUTER, Role
from storage.sign_in.people import remove, sign_out_everywhere
from storage.sign_in.sessions import end_session
from tests.integration.sign_in.team import HOME, Browser, Tab, Team, opened_team, press, run
from tests.present import NOW

SCREEN = "http://localhost:8501/page?id=7&period=28"


@pytest.fixture
def team(tmp_path: Path, live_database_url: str) -> Iterator[Team]:
    with opened_team(tmp_path, live_database_url) as team:
        yield team


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


class Behind:
    """What stands behind the gate: it notes the frames that reach it, and their headers."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.headers: list[dict[bytes, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers.append(dict(scope["headers"]))
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept", "subprotocol": "streamlit"})
        while (message := await receive())["type"] != "websocket.disconnect":
            self.frames.append(message["bytes"])
            await send({"type": "websocket.send", "bytes": b"drawn"})


class House:
    """The gate before `Behind`, with a clock of its own."""

    def __init__(self, team: Team) -> None:
        self.clock = Clock()
        self.behind = Behind()
        self.screens = OpenScreens(lambda: team.startup, monotonic=self.clock)
        self.gate = Gate(
            self.behind,
            settings=team.installation.settings,
            screens=self.screens,
            read_frame=read_frame,
            write_redirect=write_redirect,
        )

    async def open(self, browser: Browser | None, *headers: tuple[bytes, bytes]) -> Tab:
        own = [browser.cookie_header] if browser else []
        tab = Tab(self.gate, [*headers, *own])
        await tab.settle()
        return tab

    async def sweep(self) -> None:
        await self.screens.check(self.screens.screens)
        await asyncio.sleep(0.05)


def client_of(team: Team) -> TestClient:
    settings = team.installation.settings

    def tell(request: Request) -> PlainTextResponse:
        return PlainTextResponse(person_of(request, settings).name)

    def tell_headers(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(request.headers.get(SESSION_HEADER.decode())))

    gate = Middleware(
        Gate,
        settings=settings,
        screens=OpenScreens(lambda: team.startup),
        read_frame=read_frame,
        write_redirect=write_redirect,
    )
    routes = [
        Route("/headers", tell_headers),
        Route("/healthz", lambda _request: PlainTextResponse("open")),
        Route("/{path:path}", tell, methods=["GET", "PUT", "POST"]),
    ]
    app = Starlette(routes=routes, middleware=[gate])
    return TestClient(app, base_url=HOME, follow_redirects=False)


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/", "%2F"),
        ("/page?id=7", "%2Fpage%3Fid%3D7"),
        ("/connect?code=secret-code&state=s", "%2Fconnect"),
        ("//evil.example", "%2F"),
        ("/oauth/start", "%2F"),
    ],
)
def test_a_stranger_who_opens_a_screen_is_led_to_the_sign_in(
    team: Team, path: str, back: str
) -> None:
    headers = {"sec-fetch-mode": "navigate"}
    answer = client_of(team).get(f"{HOME}{path}", headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/signin?back={back}")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/media/abc.csv"),
        ("GET", "/pictures/1"),
        ("PUT", "/_stcore/upload_file/a/b"),
        ("POST", "/sandbox/control"),
        ("GET", "/Healthz"),
        ("GET", "/healthz/"),
        ("GET", "/static/../media/abc.csv"),
        ("GET", "/calendar/a/b"),
        ("GET", "/sandbox/v26.0/dialog/oauth"),
        ("GET", "/signin/other"),
    ],
)
def test_whatever_else_a_stranger_asks_for_is_refused(team: Team, method: str, path: str) -> None:
    answer = client_of(team).request(method, path)
    assert (answer.status_code, answer.text) == (401, "Please sign in.")


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("/", "viewer"),
        ("/media/abc.csv", "viewer"),
        ("/oauth/start", "operator"),
        ("/_stcore/upload_file/a/b", "operator"),
        ("/sandbox/v26.0/dialog/oauth", "operator"),
    ],
)
def test_a_path_takes_its_role(team: Team, path: str, least: Role) -> None:
    client = client_of(team)
    for number, role in enumerate(("viewer", "operator", "admin")):
        browser = team.sign_in(role, f"{number}@agency.example")  # type: ignore[arg-type]  # a role
        client.cookies.update(browser.cookies)
        answer = client.get(path)
        assert answer.status_code == (200 if browser.person.may(least) else 403), role
        if answer.status_code == 200:
            assert answer.text == f"{number}@agency.example"
        else:
            assert "It takes the role operator" in answer.text


def test_a_header_that_a_client_sends_reaches_nobody(team: Team) -> None:
    client = client_of(team)
    browser = team.sign_in("admin")
    client.cookies.update(browser.cookies)
    name = SESSION_HEADER.decode()
    for sent in (name, name.upper(), name.title()):
        assert client.get("/headers", headers={sent: "forged"}).text == "None"


def test_an_open_screen_tells_streamlit_its_own_session_alone(team: Team) -> None:
    async def test() -> None:
        house = House(team)
        ann = team.sign_in("viewer")
        tab = await house.open(ann, (SESSION_HEADER, b"forged"))
        told = house.behind.headers[0][SESSION_HEADER].decode()
        assert told == f"{ann.person.session_id} viewer"
        await tab.leave()

    run(test)


def test_downloads_are_stored_nowhere(team: Team) -> None:
    client = client_of(team)
    client.cookies.update(team.sign_in("viewer").cookies)
    assert client.get("/media/a.csv").headers["cache-control"] == "private, no-store"
    assert "cache-control" not in client.get("/pictures/1").headers


def test_of_two_cookies_one_has_to_hold(team: Team) -> None:
    client = client_of(team)
    browser = team.sign_in("viewer")
    (name,) = browser.cookies
    assert client.get("/", headers={"cookie": f"{name}=x"}).status_code == 401
    assert client.get("/", headers={"cookie": f"{name}="}).status_code == 401
    cookie = f"{name}=".encode() + b"\xe9\xff"
    assert client.get("/", headers={b"cookie": cookie}).status_code == 401


def test_a_strangers_screen_is_led_to_the_sign_in_and_streamlit_learns_nothing(team: Team) -> None:
    async def test() -> None:
        house = House(team)
        tab = await house.open(None)
        assert tab.led_to == "/signin?why=ended"
        assert house.behind.headers == []

    run(test)


def test_other_websockets_are_closed(team: Team) -> None:
    async def test() -> None:
        house = House(team)
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        scope = {"type": "websocket", "path": "/_stcore/stream/", "headers": []}
        await house.gate(scope, receive, send)
        assert [each["type"] for each in sent] == ["websocket.close"]

    run(test)


def signed_out(team: Team, browser: Browser) -> None:
    with team.installation.database.writing() as session:
        assert end_session(session, str(browser.person.session_id))


def signed_out_everywhere(team: Team, browser: Browser) -> None:
    person = browser.person
    with team.installation.database.writing() as session:
        assert person.id is not None
        sign_out_everywhere(session, person.id, NOW, by=THIS_COMPUTER)


def removed_by_another_process(team: Team, browser: Browser) -> None:
    other = open_database(team.installation.settings.database_url)
    attach_vault(other, team.installation.vault)
    try:
        with other.writing() as session:
            assert browser.person.id is not None
            remove(session, browser.person.id, NOW, by=THIS_COMPUTER)
    finally:
        other.close()


def idle_too_long(team: Team, browser: Browser) -> None:
    set_back(team, browser, "seen_at", IDLE_SECONDS)


def too_old(team: Team, browser: Browser) -> None:
    set_back(team, browser, "ends_at", 0)


def set_back(team: Team, browser: Browser, column: str, seconds: int) -> None:
    with team.installation.database.reading() as session:
        now = read_clock(session)
    team.change_session(browser.person, **{column: now - timedelta(seconds=seconds)})


ENDINGS = pytest.mark.parametrize(
    "end", [signed_out, signed_out_everywhere, removed_by_another_process, idle_too_long, too_old]
)
End = Callable[[Team, Browser], None]


@ENDINGS
def test_no_frame_passes_once_the_session_has_ended(team: Team, end: End) -> None:
    async def test() -> None:
        house = House(team)
        ann = team.sign_in("viewer")
        tab = await house.open(ann)
        await tab.press(press(url=SCREEN))
        assert len(house.behind.frames) == 1
        end(team, ann)
        house.clock.seconds += 1.1
        await tab.press(press(url=SCREEN))
        assert len(house.behind.frames) == 1
        assert tab.led_to == "/signin?why=ended&back=%2Fpage%3Fid%3D7%26period%3D28"
        assert not house.screens.screens

    run(test)


@ENDINGS
def test_a_silent_screen_is_left_with_the_next_sweep(team: Team, end: End) -> None:
    async def test() -> None:
        house = House(team)
        ann = team.sign_in("viewer")
        silent = await house.open(ann)
        ben = await house.open(team.sign_in("viewer", "ben@agency.example"))
        end(team, ann)
        await house.sweep()
        assert silent.led_to == "/signin?why=ended&back=%2F"
        assert ben.led_to is None
        # A tab that comes back by itself is told, too.
        assert (await house.open(ann)).led_to == "/signin?why=ended"
        await ben.leave()

    run(test)


def test_the_sweep_goes_by_itself(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fb.web.gate.SWEEP_SECONDS", 0.05)

    async def test() -> None:
        house = House(team)
        sweeping = asyncio.create_task(house.screens.sweep_for_ever())
        ann = team.sign_in("viewer")
        tabs = [await house.open(ann) for _ in range(3)]
        await asyncio.sleep(0.15)
        with monkeypatch.context() as patch:  # whatever it meets, it goes on
            patch.setattr(OpenScreens, "check", fail)
            await asyncio.sleep(0.15)
        assert [tab.led_to for tab in tabs] == [None] * 3
        signed_out(team, ann)
        await asyncio.sleep(0.5)
        assert [tab.led_to for tab in tabs] == ["/signin?why=ended&back=%2F"] * 3
        sweeping.cancel()

    run(test)


async def fail(*_arguments: object) -> None:
    raise RuntimeError("of no kind that anybody thought of")


@pytest.mark.parametrize("how", ["frame", "sweep"])
def test_a_changed_role_reloads_the_screen_and_the_press_is_lost(team: Team, how: str) -> None:
    async def test() -> None:
        house = House(team)
        ann = team.sign_in("operator")
        tab = await house.open(ann)
        await tab.press(press(url=SCREEN))
        team.change(ann.person, role="viewer")
        house.clock.seconds += 1.1
        await (tab.press(press(url=SCREEN)) if how == "frame" else house.sweep())
        assert tab.led_to == "/page?id=7&period=28"
        assert len(house.behind.frames) == 1
        again = await house.open(ann)
        assert again.led_to is None, "the session goes on with the new role"
        await again.leave()

    run(test)


def test_a_screen_that_looks_by_itself_is_no_use(team: Team) -> None:
    async def test() -> None:
        house = House(team)
        ann = team.sign_in("viewer")
        tab = await house.open(ann)
        set_back(team, ann, "seen_at", 3_600)
        house.clock.seconds += USE_SECONDS + 1
        assert not await is_use(team, ann, tab, press(auto=True))
        assert await is_use(team, ann, tab, press())
        await tab.leave()

    run(test)


def test_what_no_screen_sends_passes_for_nobody(team: Team) -> None:
    """Streamlit would empty its caches for everybody, or tell of the folder of the program."""
    install, download = BackMsg(), BackMsg()
    install.backend_operation_request.install_skills.SetInParent()
    download.backend_operation_request.deferred_file.file_id = "7"
    refused = [
        BackMsg(clear_cache=True),
        BackMsg(set_run_on_save=True),
        BackMsg(load_git_info=True),
        BackMsg(debug_shutdown_runtime=True),
        install,
        BackMsg(),
    ]

    async def test() -> None:
        house = House(team)
        tab = await house.open(team.sign_in("admin"))
        for message in refused:
            await tab.press(message.SerializeToString())
        assert house.behind.frames == []
        for message in (download, BackMsg(stop_script=True)):
            await tab.press(message.SerializeToString())
        await tab.press(press())
        assert len(house.behind.frames) == 3
        await tab.leave()

    run(test)


def test_a_tab_that_comes_back_by_itself_is_no_use(team: Team) -> None:
    async def test() -> None:
        house = House(team)
        ann = team.sign_in("viewer")
        set_back(team, ann, "seen_at", 3_600)
        offered = ["streamlit", "a token", "the session that it had"]
        tab = Tab(house.gate, [ann.cookie_header], offered)
        await tab.settle()
        assert not await is_use(team, ann, tab, press())
        assert await is_use(team, ann, tab, press())
        await tab.leave()

    run(test)


@pytest.mark.parametrize("url", ["http://[", "//", "http://localhost:8501/connect?code=c&state=s"])
def test_an_odd_address_of_a_tab_leads_nowhere_else(team: Team, url: str) -> None:
    async def test() -> None:
        house = House(team)
        ann = team.sign_in("viewer")
        tab = await house.open(ann)
        await tab.press(press(url=url))
        signed_out(team, ann)
        await house.sweep()
        assert tab.led_to in ("/signin?why=ended&back=%2F", "/signin?why=ended&back=%2Fconnect")

    run(test)


async def is_use(team: Team, browser: Browser, tab: Tab, frame: bytes) -> bool:
    """Whether a frame counts as something that the person did."""
    before = seen_at(team, browser)
    await tab.press(frame)
    await asyncio.sleep(0.2)  # it is noted beside the frame
    return bool(seen_at(team, browser) > before)


def seen_at(team: Team, browser: Browser) -> Any:
    with team.installation.database.reading() as session:
        found = session.get(SignInSession, browser.person.session_id)
        assert found is not None
        return found.seen_at


def test_without_the_database_nobody_comes_in_and_open_screens_end_within_a_minute(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        house = House(team)
        ann = team.sign_in("viewer")
        tab = await house.open(ann)
        with monkeypatch.context() as patch:
            patch.setattr(Database, "reading", lose)
            refused = await house.open(ann)
            assert refused.led_to == "/signin?why=unavailable"
            answer = await asyncio.to_thread(ask, team, ann)
            assert answer.status_code == 503
            assert "Nobody can come in right now" in answer.text
            house.clock.seconds += GRACE_SECONDS
            await tab.press(press())
            await house.sweep()
            assert (tab.led_to, len(house.behind.frames)) == (None, 1)
            house.clock.seconds += 1
            await house.sweep()
            assert tab.led_to == "/signin?why=unavailable&back=%2F"
        back = await house.open(ann)
        assert back.led_to is None, "the session itself has not ended"
        await back.leave()

    run(test)


def lose(_database: Database) -> Any:
    raise DatabaseUnreachable


def test_whatever_a_lookup_meets_nobody_passes_for_longer_than_a_minute(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        house = House(team)
        tab = await house.open(team.sign_in("viewer"))
        monkeypatch.setattr("fb.web.gate._find_roles", break_down)
        house.clock.seconds += GRACE_SECONDS + 1
        await house.sweep()
        assert tab.led_to == "/signin?why=unavailable&back=%2F"

    run(test)


def break_down(*_arguments: object) -> dict[str, str]:
    raise RuntimeError("of no kind that anybody thought of")


def ask(team: Team, browser: Browser) -> Any:
    client = client_of(team)
    client.cookies.update(browser.cookies)
    assert client.get("/healthz").status_code == 200, "open paths answer"
    return client.get("/")


def test_a_database_that_hangs_counts_as_lost(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fb.web.gate.LOOKUP_SECONDS", 0.1)

    async def test() -> None:
        house = House(team)
        ann = team.sign_in("viewer")
        tab = await house.open(ann)
        with monkeypatch.context() as patch:
            patch.setattr("fb.web.gate._find_roles", hang)
            house.clock.seconds += GRACE_SECONDS + 1
            await tab.press(press())
        await asyncio.sleep(0.3)
        assert tab.led_to == "/signin?why=unavailable&back=%2F"

    run(test)


def hang(*_arguments: object) -> dict[str, str]:
    time.sleep(0.4)
    return {}


def test_without_an_installation_nobody_comes_in(team: Team) -> None:
    browser = team.sign_in("admin")
    client = client_of(team)
    client.cookies.update(browser.cookies)
    opened = team.startup
    team.startup = replace(opened, installation=None)
    assert client.get("/").status_code == 503
    team.startup = opened
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("/", "/"),
        ("/page?id=7&period=28", "/page?id=7&period=28"),
        ("/overview?tag=Caf%C3%A9", "/overview?tag=Caf%C3%A9"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nb", "/"),
        ("", "/"),
        ("/signin/start", "/"),
        ("/connect?code=c&state=s", "/connect"),
        ("/connect?attempt=7f", "/connect?attempt=7f"),
        ("/oauth/start", "/"),
        ("/" + "a" * 2_000, "/"),
        ("/caf\u00e9", "/"),
    ],
)
def test_no_way_leads_back_to_elsewhere(path: str, safe: str) -> None:
    assert safe_path(path) == safe
