"""Deauthorize and data deletion over HTTP, as Facebook's servers call them, and what follows."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from fb.accounts import erase, removal
from fb.accounts.removal import Unreadable
from fb.addresses import DATA_DELETION_PATH, DEAUTHORIZE_PATH, DELETION_PATH
from fb.installation import Installation, Startup, StartupError, open_installation
from fb.jobs import schedule
from fb.settings import read_settings
from fb.web.facebook_callbacks import make_facebook_routes
from fb.web.guard import Guard, HostPolicy
from fb.web.limits import Limits
from fb.web.routes import make_routes
from fb.web.unknown_address import UnknownAddress
from storage.accounts.deletion_requests import MAX_REPEATS, list_requests
from storage.accounts.deletions import list_deletions
from storage.accounts.erasure import erase_pages
from storage.accounts.grants import find_grant_by_account, get_grant
from storage.accounts.page_profile import find_page_profile
from storage.jobs.events import EventRecord, list_events
from storage.jobs.runs import SNAPSHOTS, finish_run, start_run
from storage.models import Attempt, DeletionRequest, Page, PageGrant
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import APP_ID, APP_SECRET, MovableClock
from tests.integration.killing import die, run_until_killed
from tests.integration.storage_rows import KEY, NOW, OTHER_KEY, add_attempt, add_grant
from tests.people import ADA
from tests.signed_requests import payload_of, sign
from tests.waiting import wait_until

HOME = "http://localhost:8501"
POLICY = HostPolicy(
    HOME, 8501, is_sandbox=False, listens_on_loopback=True, behind_sign_in_proxy=False
)
BOTH_PATHS = (DEAUTHORIZE_PATH, DATA_DELETION_PATH)
EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)


def app_of(startup: Startup) -> Starlette:
    def get_startup() -> Startup:
        return startup

    return Starlette(
        routes=[*make_routes(get_startup, None), *make_facebook_routes(get_startup)],
        middleware=[
            Middleware(Guard, policy=POLICY),
            Middleware(Limits, is_behind_proxy=False, open_sockets=Counter()),
            Middleware(UnknownAddress, screens=["setup"], unknown="unknown"),
        ],
    )


@dataclass
class Desk:
    """A live installation, its clock, and Facebook's servers, which call it."""

    root: Path
    url: str
    clock: MovableClock = field(default_factory=lambda: MovableClock(NOW))
    stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.start()

    def start(self, *keys: str) -> None:
        """Start, or start anew; the first of the keys seals."""
        self.stack.close()
        environ = {
            "FACEBOOK_APP_ID": APP_ID,
            "FACEBOOK_APP_SECRET": APP_SECRET,
            "STATE_TOKEN_SECRET": "q8Zr3-vT6yLw2mKx9Nf4cHs7Jb5Gd1Pa0Ue",
            "TOKEN_ENCRYPTION_KEYS": ",".join(keys or (KEY,)),
            "DATABASE_URL": self.url,
        }
        self.startup = open_installation(read_settings(environ, self.root), now=self.clock)
        self.stack.callback(self.installation.close)
        app = app_of(self.startup)
        self.client = self.stack.enter_context(
            TestClient(app, base_url=HOME, follow_redirects=False, raise_server_exceptions=False)
        )

    @property
    def installation(self) -> Installation:
        assert self.startup.installation is not None, self.startup.error
        return self.startup.installation

    def connect(self, account_id: str, *page_ids: str, at: datetime = EARLIER) -> int:
        with self.installation.database.writing() as session:
            return add_grant(session, self.installation.vault, account_id, page_ids, at)

    def post(self, path: str, payload: object) -> Any:
        return self.client.post(path, data={"signed_request": sign(payload, APP_SECRET)})

    def ask(self, user_id: object, issued_at: object = NOW) -> str:
        """Ask for a deletion as Facebook does; return the path that tells what became of it."""
        answer = self.post(DATA_DELETION_PATH, payload_of(user_id, issued_at))
        assert answer.status_code == 200, answer.text
        code = answer.json()["confirmation_code"]
        assert len(code) == 32
        assert int(code, 16) >= 0
        assert answer.json() == {"url": f"{HOME}{DELETION_PATH}{code}", "confirmation_code": code}
        return f"{DELETION_PATH}{code}"

    def read(self, path: str) -> str:
        answer = self.client.get(path, headers={"sec-fetch-mode": "navigate"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["cache-control"] == "no-store"
        assert 'href="/"' not in answer.text
        return answer.text

    def wait_until_done(self) -> None:
        wait_until(lambda: "pending" not in self.statuses())

    def statuses(self) -> list[str]:
        with self.installation.database.reading() as session:
            return sorted(request.status for request in list_requests(session))

    def status_of(self, account_id: str) -> str | None:
        with self.installation.database.reading() as session:
            grant = find_grant_by_account(session, account_id)
        return None if grant is None else grant.status

    def pages(self) -> list[str]:
        with self.installation.database.reading() as session:
            return list(session.scalars(select(Page.id).order_by(Page.id)))

    def events(self) -> list[EventRecord]:
        with self.installation.database.reading() as session:
            return list_events(session)


@pytest.fixture
def desk(tmp_path: Path, live_database_url: str) -> Iterator[Desk]:
    desk = Desk(tmp_path, live_database_url)
    with desk.stack:
        yield desk


def test_an_account_that_removed_the_app_has_no_access_here_any_more(desk: Desk) -> None:
    grant_id = desk.connect("1", "10", "11")
    desk.connect("2", "11")
    assert desk.post(DEAUTHORIZE_PATH, payload_of("1")).status_code == 200
    with desk.installation.database.reading() as session:
        grant = get_grant(session, grant_id)
        tokens = session.scalars(
            select(PageGrant.grant_id).where(PageGrant.sealed_page_token != "")
        )
        assert (grant.status, grant.sealed_user_token) == ("disconnected", None)
        assert set(tokens) == {grant_id + 1}, "the other account's are left alone"
    assert desk.pages() == ["10", "11"], "the history stays"
    (event,) = desk.events()
    assert (event.kind, event.facts, event.by) == ("deauthorized", {"scope": "account"}, None)
    assert event.account_name == "Account 1"
    desk.clock.move(minutes=1)
    assert desk.post(DEAUTHORIZE_PATH, payload_of("1")).status_code == 200
    assert len(desk.events()) == 1, "twice does no more than once"


def test_a_page_that_removed_the_app_ends_for_every_account(desk: Desk) -> None:
    desk.connect("1", "10", "11")
    desk.connect("2", "10")
    payload = payload_of(None, str(int(NOW.timestamp())), profile_id="10")
    assert desk.post(DEAUTHORIZE_PATH, payload).status_code == 200
    with desk.installation.database.reading() as session:
        held = session.execute(
            select(PageGrant.page_id, PageGrant.status).where(PageGrant.page_id == "10")
        )
        assert [tuple(row) for row in held] == [("10", "no_access")] * 2
        other = find_page_profile(session, "11")
        assert other is not None
        assert other.connection == "works_in_part" or other.connection == "connected"
    assert (desk.status_of("1"), desk.status_of("2")) == ("ok", "ok")
    assert [event.facts for event in desk.events()] == [{"scope": "page"}] * 2
    assert {event.page_name for event in desk.events()} == {"Page 10"}


@pytest.mark.fault(
    "a callback is replayed after a new connect",
    "the new access",
)
def test_a_request_that_is_sent_again_later_does_nothing(desk: Desk) -> None:
    desk.connect("1", "10", at=NOW)
    for payload in (
        payload_of("1", EARLIER),
        payload_of(None, EARLIER, profile_id="10"),
        payload_of(None, EARLIER, profile_id=10),
    ):
        for path in BOTH_PATHS:
            assert desk.post(path, payload).status_code == 200
    desk.wait_until_done()
    assert (desk.status_of("1"), desk.pages(), desk.events()) == ("ok", ["10"], [])
    assert desk.statuses() == ["renewed"] * 3
    path = desk.ask("1", EARLIER)
    desk.wait_until_done()
    assert "connected again after this request" in desk.read(path)


@pytest.mark.both_databases
def test_what_facebook_asks_to_delete_is_erased(desk: Desk) -> None:
    desk.connect("1", "10", "11")
    desk.connect("2", "11")
    path = desk.ask(1)
    desk.wait_until_done()
    assert (desk.status_of("1"), desk.status_of("2"), desk.pages()) == (None, "ok", ["11"])
    assert "What was stored here about the Facebook account has been deleted" in desk.read(path)
    (event,) = desk.events()
    assert (event.kind, event.by) == ("account_erased", None)
    with desk.installation.database.reading() as session:
        assert sorted(row.kind for row in list_deletions(session)) == ["account", "page"]
        (row,) = session.scalars(select(DeletionRequest))
        assert (row.sealed_id, row.key_id) == (None, None)
        assert path.removeprefix(DELETION_PATH) not in (row.code_hash, row.id_hash)
    again = desk.ask("1")
    assert again != path
    assert desk.read(path) == desk.read(path)


@pytest.mark.fault(
    "a callback names a Page, and comes again after a new grant",
    "the new grant",
)
@pytest.mark.both_databases
def test_a_page_can_be_deleted_and_not_after_a_new_grant(desk: Desk) -> None:
    desk.connect("1", "10", "11")
    desk.connect("2", "11", at=LATER)
    for page_id in ("10", "11"):
        payload = payload_of(None, profile_id=page_id)
        assert desk.post(DATA_DELETION_PATH, payload).status_code == 200
        desk.wait_until_done()
    assert (desk.pages(), desk.status_of("1")) == (["11"], "ok")
    assert desk.statuses() == ["erased", "renewed"]


def test_the_answer_for_an_unknown_id_is_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleaned: list[object] = []
    monkeypatch.setattr(erase, "clean", cleaned.append)
    desk.connect("1", "10")
    path = desk.ask("999")
    desk.wait_until_done()
    assert "Nothing was stored here about the Facebook account." in desk.read(path)
    assert desk.post(DEAUTHORIZE_PATH, payload_of("999")).status_code == 200
    assert (desk.status_of("1"), desk.pages(), desk.events()) == ("ok", ["10"], [])
    assert cleaned == [], "the file is not written anew for nothing"


def test_a_trip_that_was_not_saved_before_the_request_is_dropped(desk: Desk) -> None:
    """What it has read may be this account, and Save would store it after all."""
    with desk.installation.database.writing() as session:
        for id, at in (("before", EARLIER), ("after", LATER)):
            add_attempt(session, id)
            attempt = session.get(Attempt, id)
            assert attempt is not None
            attempt.created_at, attempt.status = at, "reading"
    desk.ask("1")
    desk.wait_until_done()
    with desk.installation.database.reading() as session:
        assert list(session.scalars(select(Attempt.id))) == ["after"]


def begin_run(desk: Desk) -> int:
    with desk.installation.database.writing() as session:
        return start_run(session, kind=SNAPSHOTS, started_by="daily", day=NOW.date(), now=NOW)


@pytest.mark.fault(
    "a deletion meets a refresh, and a restart",
    "the request",
)
def test_a_deletion_waits_for_a_run_and_outlives_a_restart(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "start", lambda *job: False)
    desk.connect("1", "10")
    run_id = begin_run(desk)
    path = desk.ask("1")
    assert not removal.finish_pending(desk.installation)
    assert "It is not done yet." in desk.read(path)
    assert desk.pages() == ["10"]
    unknown = desk.ask("999")
    wait_until(lambda: desk.statuses() == ["absent", "pending"])
    assert "Nothing was stored" in desk.read(unknown), "only what is stored has to wait"
    desk.start(OTHER_KEY, KEY)
    schedule.tick(desk.installation)
    assert desk.statuses() == ["absent", "pending"]
    with desk.installation.database.writing() as session:
        finish_run(session, run_id, status="done", now=NOW)
    schedule.tick(desk.installation)
    assert "has been deleted" in desk.read(path)
    assert (desk.pages(), desk.status_of("1")) == ([], None)


@pytest.mark.fault(
    "the program is killed during a deletion",
    "the request: it is completed at the next start",
)
def test_a_deletion_that_was_killed_in_between_is_completed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "start", lambda *job: False)
    monkeypatch.setattr(desk.installation.worker, "submit", lambda name, work: None)
    desk.connect("1", *map(str, range(100, 150)))
    path = desk.ask("1")
    calls: list[int] = []

    def die_on_the_second(session: Any, page_ids: Sequence[str]) -> None:
        calls.append(len(page_ids))
        if len(calls) == 2:
            die()
        erase_pages(session, page_ids)

    with monkeypatch.context() as patch:
        patch.setattr(erase, "erase_pages", die_on_the_second)
        database = desk.installation.database
        run_until_killed(database, lambda: removal.finish_pending(desk.installation))
    assert 0 < len(desk.pages()) < 50
    desk.start()
    assert desk.statuses() == ["pending"]
    schedule.tick(desk.installation)
    assert (desk.pages(), desk.status_of("1"), desk.statuses()) == ([], None, ["erased"])
    assert "has been deleted" in desk.read(path)


def test_a_deletion_is_not_done_while_traces_may_be_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.installation.worker, "submit", lambda name, work: None)
    desk.connect("1", "10")
    desk.ask("1")
    with monkeypatch.context() as patch:
        patch.setattr(desk.installation.database, "compact", lambda: False)
        assert not removal.finish_pending(desk.installation)
        assert (desk.pages(), desk.statuses()) == ([], ["pending"])
        assert not removal.finish_pending(desk.installation)
    assert removal.finish_pending(desk.installation)
    assert desk.statuses() == ["erased"]


@pytest.mark.both_databases
def test_one_request_sent_again_and_again_fills_no_table(desk: Desk) -> None:
    for _ in range(MAX_REPEATS + 5):
        removal.request_deletion(desk.installation, "account", "1", NOW)
        desk.clock.move(seconds=1)
    newest = removal.request_deletion(desk.installation, "account", "2", NOW)
    with desk.installation.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(DeletionRequest)) == MAX_REPEATS + 1
    assert removal.finish_pending(desk.installation)
    assert "Nothing was stored" in desk.read(f"{DELETION_PATH}{newest}")


@pytest.mark.fault(
    "a callback is forged, altered, too long or from the future",
    "everything",
)
@pytest.mark.parametrize("path", BOTH_PATHS)
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"signed_request": ""},
        {"signed_request": "a.b"},
        {"signed_request": sign(payload_of("1"), APP_SECRET) + ".x"},
        {"signed_request": sign(payload_of("1"), APP_SECRET) + "="},
        {"signed_request": sign(payload_of("1"), "another secret")},
        {"signed_request": sign(["1"], APP_SECRET)},
        {"signed_request": sign(payload_of("1", NOW + timedelta(hours=1)), APP_SECRET)},
        {"signed_request": "é.é"},
        {"signed_request": [sign(payload_of("1"), APP_SECRET)] * 2},
        {"signed_request": sign(payload_of("1"), APP_SECRET), "x": "y" * 1_000_000},
        {f"x{number}": "y" for number in range(20)},
    ],
    ids=lambda form: str(form)[:40],
)
def test_what_facebook_did_not_sign_is_refused(desk: Desk, path: str, form: dict[str, Any]) -> None:
    desk.connect("1", "10")
    answer = desk.client.post(path, data=form)
    assert (answer.status_code, answer.text) == (400, "This is no signed request of Facebook's.")
    assert (desk.status_of("1"), desk.statuses()) == ("ok", [])


@pytest.mark.fault(
    "a callback is no form",
    "everything",
)
@pytest.mark.parametrize("path", BOTH_PATHS)
def test_bytes_of_any_kind_are_refused(desk: Desk, path: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    for body in (b"\xff\xfe", b"signed_request=\xc3\xa9.a", b"%", b"&&&=;", b"x" * 1_000_000):
        assert desk.client.post(path, content=body, headers=form).status_code == 400
    assert desk.client.post(path, content=b"x" * 2_100_000).status_code == 413


@pytest.mark.parametrize("path", BOTH_PATHS)
def test_only_facebooks_servers_post_here(desk: Desk, path: str) -> None:
    for method in ("GET", "HEAD"):
        answer = desk.client.request(method, path, headers={"sec-fetch-mode": "navigate"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    form = {"signed_request": sign(payload_of("1"), APP_SECRET)}
    for headers in (
        {"origin": "https://www.facebook.com"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ):
        assert desk.client.post(path, data=form, headers=headers).status_code == 403
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        assert desk.client.request(method, path).status_code == 403
        own = {"origin": HOME}
        assert desk.client.request(method, path, headers=own).status_code == 405


@pytest.mark.parametrize("code", ["0" * 32, "x", "é", "%00", "a" * 4_000, "%ED%A0%80"])
def test_a_code_that_nobody_has_says_so(desk: Desk, code: str) -> None:
    answer = desk.client.get(f"{DELETION_PATH}{code}")
    assert answer.status_code == 404
    assert "no request with this code" in answer.text
    assert answer.headers["x-robots-tag"] == "noindex"
    assert desk.client.post(f"{DELETION_PATH}{code}", headers={"origin": HOME}).status_code == 405


def test_without_an_installation_facebook_may_ask_again(tmp_path: Path) -> None:
    report = read_settings({"FACEBOOK_APP_ID": "1"}, tmp_path)
    startup = Startup(report, None, StartupError("settings"))
    with TestClient(app_of(startup), base_url=HOME) as client:
        for path in BOTH_PATHS:
            assert client.post(path, data={"signed_request": "a.b"}).status_code == 503
        assert client.get(f"{DELETION_PATH}1").status_code == 503


def test_with_a_wrong_key_nothing_is_sealed(desk: Desk) -> None:
    desk.connect("1", "10")
    desk.start(OTHER_KEY)
    assert desk.post(DATA_DELETION_PATH, payload_of("1")).status_code == 503
    assert desk.statuses() == []
    assert desk.post(DEAUTHORIZE_PATH, payload_of("1")).status_code == 200
    assert desk.status_of("1") == "disconnected", "erasing a token takes no key"


def test_no_log_line_tells_who_it_was(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="fb")
    desk.connect("47110815", "10")
    text = sign(payload_of("47110815"), APP_SECRET)
    assert desk.post(DEAUTHORIZE_PATH, payload_of("47110815")).status_code == 200
    path = desk.ask("47110815")
    desk.wait_until_done()
    desk.client.post(DEAUTHORIZE_PATH, data={"signed_request": text[:-2]})
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("fb"))
    assert "a callback was refused" in ours
    for secret in ("47110815", text[:20], text[-20:], path.removeprefix(DELETION_PATH)):
        assert secret not in ours


def test_pasted_texts_are_read(desk: Desk) -> None:
    desk.connect("1", "10")
    pasted = removal.read_pasted(desk.installation, " 1, 10;\n77\t1 ")
    assert [(each.kind, each.id) for each in pasted] == [
        ("account", "1"),
        ("page", "10"),
        ("account", "77"),
    ]
    assert [each.erasure is not None for each in pasted] == [True, True, False]
    text = sign(payload_of("1", NOW - timedelta(hours=2)), APP_SECRET)
    (signed,) = removal.read_pasted(desk.installation, f" {text}\n")
    assert (signed.erasure, signed.is_renewed) == (None, True)
    for other in ("anna", "1 anna", "1.5", f"{text}x", " ".join(map(str, range(101)))):
        with pytest.raises(Unreadable):
            removal.read_pasted(desk.installation, other)


def test_what_an_operator_removes_is_proven_without_its_id(desk: Desk) -> None:
    desk.connect("1", "10")
    codes, is_done = removal.remove(
        desk.installation, removal.read_pasted(desk.installation, "1 77"), by=THIS_COMPUTER
    )
    assert is_done
    said = [desk.read(f"{DELETION_PATH}{code}") for code in codes]
    assert "has been deleted" in said[0]
    assert "Nothing was stored" in said[1]
    assert desk.events()[0].by == "this computer"
    erased, never = removal.read_pasted(desk.installation, "1 77")
    assert (erased.deleted_at, never.deleted_at) == (NOW, None)


def test_a_deletion_that_had_to_wait_names_who_asked_for_it(desk: Desk) -> None:
    desk.connect("1", "10")
    run_id = begin_run(desk)
    removals = removal.read_pasted(desk.installation, "1")
    assert removal.remove(desk.installation, removals, by=ADA)[1] is False
    with desk.installation.database.writing() as session:
        finish_run(session, run_id, status="done", now=NOW)
    assert removal.finish_pending(desk.installation)
    event = desk.events()[0]
    assert (event.kind, event.by) == ("account_erased", "Ada")
