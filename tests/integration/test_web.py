"""The routes beside the screens: the way out, health, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from fb.installation import Startup, StartupError, open_installation
from fb.jobs.pictures import fetch_due_pictures
from fb.settings import read_settings
from fb.web.avatar import initial_svg
from fb.web.routes import make_routes
from storage.db.errors import DatabaseUnreachable
from storage.models import Page
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


def test_too_many_open_trips_are_refused_in_words(client: TestClient) -> None:
    answers = [client.get("/oauth/start") for _ in range(60)]
    assert answers[-1].status_code == 429
    assert "15 minutes" in answers[-1].text


def test_health(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "mode": "live", "database": "ok", "keys": "ok"}


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


@pytest.mark.parametrize("path", ["/oauth/start", "/pictures/1"])
def test_a_database_that_went_away_is_said(
    client: TestClient, scene: Scene, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def gone() -> None:
        raise DatabaseUnreachable

    monkeypatch.setattr(scene.installation.database, "reading", gone)
    monkeypatch.setattr(scene.installation.database, "writing", gone)
    answer = client.get(path)
    assert answer.status_code == 503
    assert "database" in answer.text


def test_an_initial_is_drawn_from_hostile_names() -> None:
    drawn = initial_svg("1", '<script>"&')
    assert b"<script" not in drawn
    assert b">S<" in drawn
    assert b"&lt;" not in initial_svg("1", "<>&"), "no letter: a dot"
