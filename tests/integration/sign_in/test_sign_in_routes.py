"""The routes of the sign-in, with a sign-in service on loopback that can misbehave."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from fb.installation import Installation
from fb.login.start import start_attempt
from fb.sign_in.oidc import SignInService
from fb.web.gate import Gate, OpenScreens
from fb.web.routes import make_routes, person_of
from fb.web.sign_in_routes import make_sign_in_routes
from pages.socket_frames import read_frame, write_redirect
from storage.db.engine import Database
from storage.db.errors import DatabaseUnreachable
from storage.jobs.events import list_events
from storage.models import Attempt, PersonRow, SignInAttempt, SignInSession
from storage.people.person import THIS_COMPUTER, Person
from storage.sign_in.people import remove
from storage.sign_in.sessions import hash_secret
from tests.integration.killing import dump
from tests.integration.sign_in.team import HOME, Team, opened_team
from tests.present import NOW
from tests.sign_in_service import ANN, PATHS, Service, serving_sign_in

BEN = "ben@agency.example"
PUBLIC = "https://pages.example"
COOKIE, TRIP = "pagekeeper-session", "pagekeeper-sign-in"


class Door:
    """A dashboard with its sign-in, the service, and a browser before it."""

    def __init__(self, team: Team, service: Service) -> None:
        self.team, self.service = team, service
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        settings = team.installation.settings
        self.home = settings.redirect_origin
        screens = OpenScreens(lambda: team.startup)
        gate = Middleware(
            Gate,
            settings=settings,
            screens=screens,
            read_frame=read_frame,
            write_redirect=write_redirect,
        )

        def inside(request: Request) -> Response:
            return PlainTextResponse(f"{person_of(request, settings).name} at {request.url.path}")

        signing = SignInService(settings, lambda: self.now())
        routes = [
            *make_sign_in_routes(lambda: team.startup, settings, signing),
            *make_routes(lambda: team.startup, None),
            Route("/{path:path}", inside),
        ]
        self.app = Starlette(routes=routes, middleware=[gate])
        self.browser = self.open_browser()

    def open_browser(self) -> TestClient:
        return TestClient(self.app, base_url=self.home, follow_redirects=False)

    def begin(self, back: str = "/", browser: TestClient | None = None) -> str:
        """Set out; return the address of the sign-in service."""
        answer = (browser or self.browser).get(f"/signin/start?{urlencode({'back': back})}")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def finish(self, way: str, address: str = ANN, browser: TestClient | None = None) -> Any:
        """Sign in there, and come back."""
        return (browser or self.browser).get(self.service.sign_in(way, address))

    def sign_in(self, back: str = "/", address: str = ANN) -> Any:
        return self.finish(self.begin(back), address)

    def rows(self, model: type[Any]) -> list[Any]:
        with self.team.installation.database.reading() as session:
            return list(session.scalars(select(model)))


@contextmanager
def opened_door(
    tmp_path: Path, database_url: str, settings: Mapping[str, str] | None = None
) -> Iterator[Door]:
    with serving_sign_in() as service:
        chosen = {**service.settings, "SIGN_IN_FIRST_ADMIN": ANN} | dict(settings or {})
        with opened_team(tmp_path, database_url, chosen) as team:
            yield Door(team, service)


@pytest.fixture
def door(tmp_path: Path, live_database_url: str) -> Iterator[Door]:
    with opened_door(tmp_path, live_database_url) as door:
        yield door


@pytest.mark.both_databases
def test_whoever_signs_in_comes_back_to_where_they_were(door: Door) -> None:
    led = door.browser.get("/page?id=7", headers={"sec-fetch-mode": "navigate"})
    page = door.browser.get(led.headers["location"])
    assert "Sign in to Pagekeeper" in page.text
    assert 'href="/signin/start?back=%2Fpage%3Fid%3D7"' in page.text
    back = door.sign_in("/page?id=7")
    assert (back.status_code, back.headers["location"]) == (303, "/page?id=7")
    assert door.browser.get("/page?id=7").text == "Ann at /page"
    assert door.browser.get("/signin?back=/page").headers["location"] == "/page"
    with door.team.installation.database.reading() as session:
        assert [(event.kind, event.by) for event in list_events(session)] == [
            ("signed_in", "person:1"),
            ("let_in", "person:1"),
        ]


def test_the_way_out_has_pkce_state_and_nonce_and_nothing_to_steal(door: Door) -> None:
    sent = parse_qs(urlsplit(door.begin()).query)
    assert sent["code_challenge_method"] == ["S256"]
    assert len(sent["code_challenge"][0]) == 43
    assert sent["redirect_uri"] == [f"{HOME}/signin/return"]
    (row,) = door.rows(SignInAttempt)
    assert sent["state"] == [row.id]
    assert sent["nonce"] == [row.nonce]
    secret = door.browser.cookies[TRIP]
    assert row.secret_hash == hash_secret(secret)
    assert secret not in str(sent)
    other = parse_qs(urlsplit(door.begin()).query)
    for name in ("state", "nonce", "code_challenge"):
        assert other[name] != sent[name]


def test_the_cookie_is_opaque_and_only_its_hash_is_stored(door: Door) -> None:
    cookie = door.sign_in().headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=604800"} <= set(
        cookie.split(",")[0].split("; ")
    )
    secret = door.browser.cookies[COOKIE]
    assert len(secret) == 43
    (row,) = door.rows(SignInSession)
    assert row.secret_hash == hash_secret(secret)


def test_behind_https_cookies_are_of_this_host_and_secure(
    tmp_path: Path, live_database_url: str
) -> None:
    settings = {"FACEBOOK_REDIRECT_URI": f"{PUBLIC}/connect"}
    with opened_door(tmp_path, live_database_url, settings) as door:
        way = door.begin()
        assert parse_qs(urlsplit(way).query)["redirect_uri"] == [f"{PUBLIC}/signin/return"]
        assert "__Host-pagekeeper-sign-in" in door.browser.cookies
        cookies = door.finish(way).headers.get_list("set-cookie")
        assert [cookie.partition("=")[0] for cookie in cookies] == ["__Host-pagekeeper-session"]
        for cookie in cookies:
            assert {"Secure", "Path=/"} <= set(cookie.split("; "))
            assert "Domain" not in cookie
        assert door.browser.get("/").text == "Ann at /"


def test_a_new_sign_in_has_a_new_secret_and_ends_the_old_session(door: Door) -> None:
    door.sign_in()
    before = door.browser.cookies[COOKIE]
    door.sign_in()
    assert door.browser.cookies[COOKIE] != before
    thief = door.open_browser()
    assert thief.get("/", headers={"cookie": f"{COOKIE}={before}"}).status_code == 401


def test_a_secret_that_was_planted_is_not_taken_over(door: Door) -> None:
    planted = {"cookie": f"{COOKIE}={'a' * 43}; {TRIP}={'b' * 43}"}
    way = door.browser.get("/signin/start", headers=planted).headers["location"]
    answer = door.browser.get(door.service.sign_in(way), headers=planted)
    assert answer.headers["location"] == "/"
    assert "a" * 43 not in answer.headers["set-cookie"]
    assert door.open_browser().get("/", headers=planted).status_code == 401


def test_a_return_counts_once_and_for_its_browser(door: Door) -> None:
    way = door.begin()
    back = door.service.sign_in(way)
    stranger = door.open_browser().get(back)
    assert stranger.headers["location"] == "/signin?why=again"
    assert door.browser.head(back).status_code == 204, "a look in advance uses nothing up"
    assert door.browser.get(back).headers["location"] == "/"
    assert door.browser.get(back).headers["location"] == "/", "a reload of who is signed in"
    other = door.open_browser()
    other.cookies[TRIP] = "b" * 43
    assert other.get(back).headers["location"] == "/signin?why=again"
    assert len(door.rows(SignInSession)) == 1


def test_two_tabs_can_sign_in_side_by_side(door: Door) -> None:
    first, second = door.begin("/page"), door.begin("/compare")
    assert door.finish(first).headers["location"] == "/page"
    assert door.finish(second).headers["location"] == "/compare"
    assert len([row for row in door.rows(SignInSession) if row.ended_at is None]) == 1


def test_an_old_return_is_too_late(door: Door) -> None:
    back = door.service.sign_in(door.begin())
    with door.team.installation.database.writing() as session:
        session.execute(update(SignInAttempt).values(expires_at=NOW - timedelta(days=30_000)))
    answer = door.browser.get(back)
    assert answer.headers["location"] == "/signin?why=again"
    assert "longer than 15 minutes" in door.browser.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"code": "x"},
        {"state": "unknown", "code": "x"},
        {"state": "a\x00b", "code": "x"},
        {"state": "s" * 5_000, "code": "x"},
    ],
)
def test_a_return_that_nobody_began_changes_nothing(door: Door, query: dict[str, str]) -> None:
    answer = door.browser.get("/signin/return", params=query)
    assert answer.headers["location"] == "/signin?why=again"
    assert door.rows(SignInSession) == []


def test_a_return_of_another_service_is_refused(door: Door) -> None:
    back = door.service.sign_in(door.begin())
    answer = door.browser.get(f"{back}&iss=https%3A%2F%2Fevil.example")
    assert answer.headers["location"] == "/signin?why=failed"
    assert door.service.count("/token") == 0, "the code went nowhere"


def test_a_code_of_somebody_else_is_not_taken(door: Door) -> None:
    """A code that an attacker got for a sign-in of their own, under the state of this browser."""
    attacker = door.open_browser()
    stolen = parse_qs(urlsplit(door.service.sign_in(door.begin(browser=attacker))).query)["code"]
    state = parse_qs(urlsplit(door.begin()).query)["state"]
    answer = door.browser.get("/signin/return", params={"code": stolen[0], "state": state[0]})
    assert answer.headers["location"] == "/signin?why=failed"
    assert door.rows(SignInSession) == []


def test_a_cancelled_sign_in_says_so(door: Door) -> None:
    state = parse_qs(urlsplit(door.begin()).query)["state"][0]
    answer = door.browser.get(f"/signin/return?error=access_denied&state={state}")
    assert answer.headers["location"] == "/signin?why=cancelled"
    assert "was cancelled" in door.browser.get("/signin?why=cancelled").text


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-origin", "sec-fetch-dest": "iframe"},
        {"sec-purpose": "prefetch"},
    ],
)
def test_only_a_click_begins_a_sign_in(door: Door, headers: dict[str, str]) -> None:
    answer = door.browser.get("/signin/start", headers=headers)
    assert answer.status_code == 403
    assert door.rows(SignInAttempt) == []


def test_one_address_begins_so_many_sign_ins_in_a_minute(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fb.web.sign_in_routes.MAX_STARTS_PER_ADDRESS", 3)
    door = Door(door.team, door.service)
    for _ in range(5):  # by another site, or in advance: those count for nothing
        door.browser.get("/signin/start", headers={"sec-fetch-site": "cross-site"})
        door.browser.head("/signin/start")
    for _ in range(3):
        door.begin()
    answer = door.browser.get("/signin/start", headers={"user-agent": "another"})
    assert (answer.status_code, "Wait a minute" in answer.text) == (429, True)


@pytest.mark.parametrize(
    "back", ["//evil.example", "/\\evil.example", "https://evil.example", "/signin/start", "x"]
)
def test_no_sign_in_leads_to_another_site(door: Door, back: str) -> None:
    assert door.sign_in(back).headers["location"] == "/"
    door.browser.cookies.clear()
    page = door.browser.get("/signin", params={"back": back}).text
    assert "evil" not in page


def test_strangers_are_told_that_nobody_let_them_in(door: Door) -> None:
    answer = door.sign_in(address=BEN)
    assert answer.headers["location"] == "/signin?why=stranger"
    assert "nobody has let you in here yet" in door.browser.get("/signin?why=stranger").text
    assert door.rows(PersonRow) == []
    assert COOKIE not in door.browser.cookies


def test_addresses_of_the_domains_come_in_as_viewers(
    tmp_path: Path, live_database_url: str
) -> None:
    domains = {"SIGN_IN_DOMAINS": "agency.example"}
    with opened_door(tmp_path, live_database_url, domains) as door:
        door.sign_in(address=BEN)
        assert [(row.address, row.role) for row in door.rows(PersonRow)] == [(BEN, "viewer")]
        door.browser.cookies.clear()
        refused = door.sign_in(address="eve@agency.example.evil.example")
        assert refused.headers["location"] == "/signin?why=stranger"


def test_a_removed_person_is_told_so_and_stays_out(door: Door) -> None:
    door.sign_in()
    with door.team.installation.database.writing() as session:
        session.add(PersonRow(address=BEN, name="", role="admin", added_by="x", added_at=NOW))
        session.flush()
        remove(session, 1, NOW, by=THIS_COMPUTER)
    assert door.browser.get("/").status_code == 401
    assert door.sign_in().headers["location"] == "/signin?why=removed"
    assert "Your access was taken away" in door.browser.get("/signin?why=removed").text


def test_an_address_of_another_account_is_refused(door: Door) -> None:
    door.sign_in()
    door.browser.cookies.clear()
    door.service.claims = {"sub": "somebody-else"}
    assert door.sign_in().headers["location"] == "/signin?why=other_subject"
    assert "another account" in door.browser.get("/signin?why=other_subject").text


@pytest.mark.parametrize(
    ("claims", "why", "words"),
    [
        ({"email_verified": False}, "unconfirmed_address", "confirmed"),
        ({"email_verified": None}, "unconfirmed_address", "confirmed"),
        ({"email_verified": "true"}, "unconfirmed_address", "confirmed"),
        ({"email": None}, "no_address", "does not tell your address"),
    ],
)
def test_an_address_that_nobody_vouches_for_is_refused(
    door: Door, claims: dict[str, Any], why: str, words: str
) -> None:
    door.service.claims = claims
    answer = door.sign_in()
    assert answer.headers["location"] == f"/signin?why={why}"
    assert words in door.browser.get(answer.headers["location"]).text
    assert door.rows(SignInSession) == []


def test_three_hundred_groups_do_not_lock_out(door: Door) -> None:
    door.service.claims = {"groups": [f"{number:036x}" for number in range(300)]}
    assert door.sign_in().headers["location"] == "/"
    assert sum(len(each.value or "") for each in door.browser.cookies.jar) < 100


@pytest.mark.parametrize("mode", ["wrong_aud", "wrong_nonce", "foreign_key", "alg_none", "no_sub"])
def test_a_bad_token_signs_nobody_in(door: Door, mode: str) -> None:
    door.service.misbehave(mode)
    assert door.sign_in().headers["location"] == "/signin?why=failed"
    assert door.rows(SignInSession) == []


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_clock_five_minutes_off_is_said(door: Door, minutes: int) -> None:
    door.service.lives_seconds = 60
    door.now = lambda: datetime.now(UTC) + timedelta(minutes=minutes)
    answer = door.sign_in()
    assert answer.headers["location"] == "/signin?why=clock"
    assert "set by a time server" in door.browser.get(answer.headers["location"]).text


def test_a_service_that_is_down_is_said_and_who_is_in_goes_on(door: Door) -> None:
    door.sign_in()
    door.service.misbehave("down")
    other = Door(door.team, door.service)  # which knows nothing of the service yet
    answer = other.browser.get("/signin/start")
    assert answer.headers["location"] == "/signin?why=service"
    assert "does not answer" in other.browser.get("/signin?why=service").text
    assert "set-cookie" not in answer.headers
    assert door.browser.get("/").text == "Ann at /"


def test_a_service_that_goes_down_on_the_way_back(door: Door) -> None:
    back = door.service.sign_in(door.begin())
    door.service.misbehave("down", at="/token")
    assert door.browser.get(back).headers["location"] == "/signin?why=service"
    assert door.rows(SignInSession) == []
    door.service.misbehave("")
    assert door.sign_in().headers["location"] == "/"


def test_a_service_that_has_changed_its_keys_signs_in(door: Door) -> None:
    door.sign_in()
    door.service.change_keys()
    door.now = lambda: datetime.now(UTC) + timedelta(seconds=59)
    assert door.sign_in().headers["location"] in ("/", "/signin?why=failed")
    door.service.lives_seconds = 7_200
    door.now = lambda: datetime.now(UTC) + timedelta(seconds=61)
    assert door.sign_in().headers["location"] == "/"


@pytest.mark.both_databases
def test_without_the_database_nobody_signs_in(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    back = door.service.sign_in(door.begin())
    opened = door.team.startup
    door.team.startup = replace(opened, installation=None)
    for path in ("/signin", "/signin/start", back):
        assert door.browser.get(path).status_code == 503
    door.team.startup = opened
    with monkeypatch.context() as patch:
        patch.setattr(Database, "writing", lose)
        for path in ("/signin/start", back):
            assert door.browser.get(path).status_code == 503
        patch.setattr(Database, "reading", lose)
        held = {"cookie": f"{COOKIE}={'a' * 43}"}
        answer = door.open_browser().get("/signin?why=unavailable", headers=held)
        assert (answer.status_code, "Nobody can come in" in answer.text) == (503, True)
    assert door.browser.get(back).headers["location"] == "/", "the state was not used up"


def lose(_database: Database) -> Any:
    raise DatabaseUnreachable


def test_a_browser_without_cookies_is_told(door: Door) -> None:
    back = door.service.sign_in(door.begin())
    door.browser.cookies.clear()
    answer = door.browser.get(back)
    assert answer.headers["location"] == "/signin?why=again"
    assert "refuse cookies" in door.browser.get(answer.headers["location"]).text


def test_a_sign_in_amid_a_trip_to_facebook_carries_no_code(door: Door) -> None:
    returned = "/connect?code=facebooks-code&state=s"
    led = door.browser.get(returned, headers={"sec-fetch-mode": "navigate"})
    assert led.headers["location"] == "/signin?back=%2Fconnect"
    assert door.sign_in("/connect").headers["location"] == "/connect"
    assert not [call for call in door.service.calls if "facebooks-code" in str(call.fields)]


def test_a_trip_to_facebook_belongs_to_who_begins_it(door: Door) -> None:
    door.sign_in()
    assert door.browser.get("/oauth/start").status_code == 303
    assert [attempt.by for attempt in door.rows(Attempt)] == ["person:1"]


@pytest.mark.parametrize(
    ("lost", "words"), [("role", "It takes the role operator"), ("session", "You are signed out")]
)
def test_whoever_loses_role_or_session_on_the_way_sets_out_nowhere(
    door: Door, monkeypatch: pytest.MonkeyPatch, lost: str, words: str
) -> None:
    door.sign_in()

    def start_too_late(installation: Installation, *arguments: Any, by: Person, **rest: Any) -> Any:
        if lost == "role":
            door.team.change(by, role="viewer")
        else:
            door.team.change_session(by, ended_at=NOW)
        return start_attempt(installation, *arguments, by=by, **rest)

    monkeypatch.setattr("fb.web.routes.start_attempt", start_too_late)
    answer = door.browser.get("/oauth/start")
    assert (answer.status_code, words in answer.text) == (403, True)
    assert door.rows(Attempt) == []


def test_no_token_of_the_service_is_kept(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = door.sign_in()
    assert len(door.service.issued) == 3, "an ID token, an access token and a refresh token"
    with door.team.installation.database.reading() as session:
        kept = str(dump(session))
    kept += f"{answer.headers}{caplog.text}"
    assert not [token for token in door.service.issued if token in kept]
    assert {call.path for call in door.service.calls} == {*PATHS}, "it was used nowhere"


def test_health_tells_strangers_one_word(door: Door) -> None:
    assert door.browser.get("/healthz").json() == {"status": "ok"}
    door.sign_in()
    assert set(door.browser.get("/healthz").json()) == {"status", "mode", "database", "keys"}
    door.team.change(replace(THIS_COMPUTER, id=1), role="operator")
    assert door.browser.get("/healthz").json() == {"status": "ok"}
    opened = door.team.startup
    door.team.startup = replace(opened, installation=None)
    assert door.browser.get("/healthz").json() == {"status": "settings"}
    door.team.startup = opened


def test_no_log_line_has_a_code_state_cookie_or_secret(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "fb")
    way = door.begin()
    back = door.service.sign_in(way)
    held = door.browser.cookies[TRIP]
    door.browser.get(back)
    door.service.misbehave("wrong_nonce")
    door.sign_in()
    door.service.misbehave("down", at="/token")
    door.sign_in()
    told = parse_qs(urlsplit(back).query)
    secrets = {held, door.browser.cookies[COOKIE], *told["code"], *told["state"]}
    secrets |= set(door.team.installation.settings.secrets)
    assert not [secret for secret in secrets if secret in caplog.text]
    assert "a sign-in failed: token" in caplog.text
