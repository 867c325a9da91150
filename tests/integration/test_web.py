"""The routes beside the screens: the way out, health, pictures."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from fb.installation import Startup, StartupError, find_clock_difference, open_installation
from fb.jobs.pictures import fetch_due_pictures
from fb.settings import read_settings
from fb.web.avatar import initial_svg
from fb.web.routes import make_routes
from fb.web.unknown_address import UnknownAddress
from storage.accounts.keys import KeyReport
from storage.db.engine import Database
from storage.db.errors import DatabaseBusy, DatabaseFull, DatabaseUnreachable, StorageError
from storage.models import Attempt, Grant, Page
from tests.integration.facebook.traveller import START, Scene, opened_scene

HOME = "http://localhost:8501"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with opened_scene(tmp_path, f"sqlite:///{tmp_path}/data/test.db") as scene:
        yield scene


def client_of(startup: Startup) -> TestClient:
    app = Starlette(routes=make_routes(lambda: startup, None))
    return TestClient(app, base_url=HOME, follow_redirects=False)


@pytest.fixture
def client(scene: Scene) -> Iterator[TestClient]:
    report = read_settings({}, Path("/nonexistent"))
    with client_of(Startup(report, scene.installation, None)) as client:
        yield client


def test_start_sends_to_the_dialog_of_these_settings(client: TestClient, scene: Scene) -> None:
    answer = client.get("/oauth/start")
    assert answer.status_code == 303
    target = urlsplit(answer.headers["location"])
    assert target.path == "/v26.0/dialog/oauth"
    sent = parse_qs(target.query)
    assert sent["redirect_uri"] == [scene.installation.settings.redirect_uri]
    assert {"client_id", "scope", "state", "response_type"} < set(sent)


def test_start_remembers_which_account_is_renewed(client: TestClient, scene: Scene) -> None:
    scene.traveller.connect()
    with scene.installation.database.reading() as session:
        grant_id = session.query(Grant.id).scalar()
    for renew in ("", "404", "-1", "9" * 30, "\u0661", str(grant_id)):
        answer = client.get("/oauth/start", params={"renew": renew})
        assert answer.status_code == 303
        assert "renew" not in answer.headers["location"]
    with scene.installation.database.reading() as session:
        expected = [
            each.expected_grant_id for each in session.query(Attempt).filter_by(status="open")
        ]
    assert sorted(expected, key=str) == [grant_id, None, None, None, None]


def test_start_sets_one_cookie_for_the_attempt(client: TestClient) -> None:
    cookie = client.get("/oauth/start").headers["set-cookie"]
    assert cookie.startswith("pagekeeper-")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie, "localhost is plain http"


def test_start_keeps_a_handful_of_cookies(client: TestClient) -> None:
    for _ in range(9):
        client.get("/oauth/start")
    assert len(client.cookies) <= 5


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "same-origin", "sec-fetch-dest": "iframe"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
    ],
)
def test_start_refuses_what_a_person_did_not_click(
    client: TestClient, headers: dict[str, str]
) -> None:
    answer = client.get("/oauth/start", headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert 'href="/"' in answer.text


def test_other_methods_are_not_allowed(client: TestClient) -> None:
    for path in ("/oauth/start", "/healthz", "/pictures/1"):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            assert client.request(method, path).status_code == 405, (method, path)


def open_attempts(scene: Scene) -> int:
    with scene.installation.database.reading() as session:
        return session.query(Attempt).filter_by(status="open").count()


def test_a_browser_replaces_its_own_oldest_trip(client: TestClient, scene: Scene) -> None:
    for _ in range(20):
        assert client.get("/oauth/start").status_code == 303
    assert open_attempts(scene) == 5
    client.cookies.clear()
    assert client.get("/oauth/start").status_code == 303
    assert open_attempts(scene) == 6, "of another browser"


def test_a_cookie_of_another_browser_ends_nothing(client: TestClient, scene: Scene) -> None:
    ids = []
    for _ in range(5):
        client.cookies.clear()
        client.get("/oauth/start")
        ids += list(client.cookies)
    forged = "; ".join(f"{name}=guessed" for name in ids)
    client.cookies.clear()
    for _ in range(3):
        client.get("/oauth/start", headers={"cookie": forged})
        client.cookies.clear()
    assert open_attempts(scene) == 8


@pytest.mark.parametrize(
    "other", [{"peer": "10.0.0.2"}, {"agent": "Mozilla/5.0"}], ids=["elsewhere", "same computer"]
)
def test_many_trips_of_one_client_lock_out_no_other(scene: Scene, other: dict[str, str]) -> None:
    startup = Startup(read_settings({}, Path("/nonexistent")), scene.installation, None)
    app = Starlette(routes=make_routes(lambda: startup, None))

    def start(peer: str = "127.0.0.1", agent: str = "curl/8") -> Any:
        client = TestClient(app, base_url=HOME, follow_redirects=False, client=(peer, 1))
        return client.get("/oauth/start", headers={"user-agent": agent})

    answers = [start() for _ in range(55)]
    assert [answer.status_code for answer in answers] == [303] * 30 + [429] * 25
    assert "Wait a minute" in answers[-1].text
    assert "set-cookie" not in answers[-1].headers
    assert start(**other).status_code == 303


def test_health(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "mode": "live", "database": "ok", "keys": "ok"}


def test_a_probe_learns_whether_the_process_lives_and_may_be_asked(
    client: TestClient, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_database() -> None:
        raise DatabaseUnreachable

    assert (client.get("/livez").status_code, client.get("/readyz").text) == (200, "ready")
    with monkeypatch.context() as patched:
        patched.setattr(scene.installation, "keys", KeyReport(ok=False, unopenable=("a",)))
        answer = client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "not ready: keys")
    with monkeypatch.context() as patched:
        patched.setattr(scene.installation.database, "reading", lose_database)
        assert client.get("/readyz").text == "not ready: database"
        assert client.get("/livez").status_code == 200, "a lost database restarts nothing"
    with monkeypatch.context() as patched:
        patched.setattr(scene.installation.database, "revision", "older")
        answer = client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "not ready: newer_schema")
        answer = client.get("/oauth/start")
        assert answer.status_code == 503
        assert "has to be restarted on the new one" in answer.text
        assert client.get("/livez").status_code == 200
    scene.installation.worker.stopping.set()
    assert client.get("/readyz").text == "not ready: stopping"
    assert client.get("/livez").status_code == 200


def test_a_clock_that_is_off_is_said_at_the_start_and_later(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = scene.installation.settings
    report = replace(read_settings({}, settings.root), settings=settings)
    for seconds, is_said in ((4, False), (-6, True)):
        off = timedelta(seconds=seconds)
        monkeypatch.setattr(Database, "measure_clock", lambda self, now, off=off: off)
        startup = open_installation(report, now=lambda: START)
        assert startup.installation is not None
        startup.installation.close()
        assert ("clock and the database's differ by 6 s" in caplog.text) == is_said
        assert (find_clock_difference(scene.installation) == off) == is_said
    sandboxed = replace(scene.installation, settings=replace(settings, mode="sandbox"))
    assert find_clock_difference(sandboxed) is None


def test_health_of_a_lost_database(tmp_path: Path) -> None:
    report = read_settings({"DATABASE_URL": "postgresql+psycopg://u:p@127.0.0.1:9/x"}, tmp_path)
    startup = open_installation(report, now=lambda: START)
    assert startup.error is not None
    assert startup.error.kind == "database_unreachable"
    assert "p@" not in str(startup.error.details)
    with client_of(startup) as client:
        assert client.get("/healthz").status_code == 503
        assert client.get("/pictures/1").status_code == 503
        assert client.get("/oauth/start").headers["location"] == "/setup"


@pytest.mark.fault(
    "another program has the SQLite file locked when the dashboard starts", "the reason, in words"
)
def test_a_database_that_another_program_holds_at_the_start_is_said_to_be_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.db.engine.LOCK_PATIENCE_SECONDS", 0)
    report = read_settings({}, tmp_path)
    with sqlite3.connect(tmp_path / "data" / "sandbox.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        startup = open_installation(report, now=lambda: START)
        other.execute("ROLLBACK")
    assert startup.error is not None
    assert startup.error.kind == "database_held"
    with client_of(startup) as client:
        assert client.get("/healthz").json()["status"] == "database_held"


def test_broken_settings_lead_to_setup(tmp_path: Path) -> None:
    report = read_settings({"FACEBOOK_APP_ID": "1"}, tmp_path)
    startup = Startup(report, None, StartupError("settings"))
    with client_of(startup) as client:
        assert client.get("/oauth/start").headers["location"] == "/setup"
        assert client.get("/healthz").status_code == 503


def test_pictures_are_ours_with_an_etag(client: TestClient, scene: Scene) -> None:
    outcome = scene.traveller.connect()
    with scene.installation.database.reading() as session:
        ids = [page.id for page in session.query(Page)]
    first = client.get(f"/pictures/{ids[0]}")
    assert first.headers["content-type"] == "image/svg+xml", "an initial until it is fetched"
    # This installation is a live one, and live ones take pictures from Facebook's hosts only.
    assert fetch_due_pictures(scene.installation, "manual") == 0
    again = client.get(f"/pictures/{ids[0]}", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert outcome["saved"] == len(ids)
    assert client.get("/pictures/999").status_code == 404
    assert client.get("/pictures/%00").status_code == 404


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DatabaseUnreachable, "does not answer"),
        (DatabaseBusy, "Another program holds"),
        (DatabaseFull, "disk of the database is full"),
    ],
)
@pytest.mark.parametrize("path", ["/oauth/start", "/pictures/1"])
def test_a_database_that_went_away_or_is_held_is_said(
    client: TestClient,
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    error: type[StorageError],
    said: str,
) -> None:
    def gone() -> None:
        raise error

    monkeypatch.setattr(scene.installation.database, "reading", gone)
    monkeypatch.setattr(scene.installation.database, "writing", gone)
    answer = client.get(path)
    assert answer.status_code == 503
    assert said in answer.text


def test_an_initial_is_drawn_from_hostile_names() -> None:
    drawn = initial_svg("1", '<script>"&')
    assert b"<script" not in drawn
    assert b">S<" in drawn
    assert b"&lt;" not in initial_svg("1", "<>&"), "no letter: a dot"


def ask_behind_the_screens(path: str, **headers: str) -> tuple[int, str]:
    """Ask for a path as a browser opens a document, in front of a server that knows them all."""

    async def answer_all(request: Request) -> Response:
        return PlainTextResponse("served")

    methods = ["GET", "HEAD", "POST"]
    app = Starlette(
        routes=[Route("/{path:path}", answer_all, methods=methods)],
        middleware=[Middleware(UnknownAddress, screens=["setup", "unknown"], unknown="unknown")],
    )
    client = TestClient(app, base_url=HOME, follow_redirects=False)
    answer = client.get(path, headers={"sec-fetch-mode": "navigate", **headers})
    return answer.status_code, answer.headers.get("location", "")


@pytest.mark.parametrize(
    "path", ["/nonsense", "/Setup", "/setup/x", "/connect/x", "/oauth", "/oauth/start/x", "/static"]
)
def test_an_unknown_address_leads_to_a_screen_of_ours(path: str) -> None:
    status, location = ask_behind_the_screens(path)
    assert status == 303
    target = urlsplit(location)
    assert (target.netloc, target.path) == ("", "/unknown")
    assert parse_qs(target.query) == {"address": [path]}


def test_an_unknown_address_can_not_lead_elsewhere() -> None:
    for path in ("//evil.example/x", "/%0d%0aSet-Cookie:%20x", "/" + "x" * 5_000):
        status, location = ask_behind_the_screens(path)
        assert status == 303
        assert location.startswith("/unknown?address=%2F")
        assert len(location) < 1_000
        assert "\n" not in location


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/?period=7+days", "/setup", "/setup/", "/unknown?address=%2Fx"),
        *("/oauth/start", "/healthz", "/pictures/1", "/sandbox/v26.0/dialog/oauth", "/favicon.png"),
        *("/facebook/deauthorize", "/facebook/data-deletion", "/facebook/deletion/1"),
        *("/static/js/index.js", "/media/report.html", "/_stcore/health", "/component/x/y.js"),
    ],
)
def test_what_is_served_is_left_alone(path: str) -> None:
    assert ask_behind_the_screens(path) == (200, "")


def test_only_navigations_are_sent_away() -> None:
    """The front end looks for its server below each address, and has to read that it is not."""
    assert ask_behind_the_screens("/compare/_stcore/health", **{"sec-fetch-mode": "cors"})[0] == 200
