"""The calendar of expiries: its secret address over HTTP, and what a calendar program reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from fb.installation import Installation, Startup, open_installation
from fb.settings import read_settings
from fb.warnings import calendar_feed
from fb.warnings.calendar_feed import list_feeds, make_feed, revoke_feed, write_calendar
from fb.web.calendar_route import make_calendar_routes
from fb.web.guard import Guard, HostPolicy
from fb.web.unknown_address import UnknownAddress
from storage.models import CalendarFeed, Grant
from storage.people.person import THIS_COMPUTER
from storage.warnings.due import Ending
from storage.warnings.feeds import MAX_FEEDS
from tests.integration.facebook.traveller import APP_ID, APP_SECRET
from tests.integration.storage_rows import KEY, NOW, add_grant

HOME = "http://localhost:8501"
POLICY = HostPolicy(
    HOME, 8501, is_sandbox=False, listens_on_loopback=True, behind_sign_in_proxy=False
)
AT = datetime(2026, 12, 6, 9, 30, tzinfo=UTC)
HOSTILE = "Anna; Ben, \\ \r\nEND:VEVENT\r\nX: é" + "ü" * 200


@pytest.fixture
def installation(tmp_path: Path, live_database_url: str) -> Iterator[Installation]:
    environ = {
        "FACEBOOK_APP_ID": APP_ID,
        "FACEBOOK_APP_SECRET": APP_SECRET,
        "STATE_TOKEN_SECRET": "q8Zr3-vT6yLw2mKx9Nf4cHs7Jb5Gd1Pa0Ue",
        "TOKEN_ENCRYPTION_KEYS": KEY,
        "DATABASE_URL": live_database_url,
    }
    startup = open_installation(read_settings(environ, tmp_path), now=lambda: NOW)
    assert startup.installation is not None
    with startup.installation.database.writing() as session:
        add_grant(session, startup.installation.vault, "1", ["10"])
        session.execute(update(Grant).values(account_name=HOSTILE))
    yield startup.installation
    startup.installation.close()


@pytest.fixture
def client(installation: Installation, tmp_path: Path) -> Iterator[TestClient]:
    startup = Startup(read_settings({}, tmp_path), installation, None)
    app = Starlette(
        routes=make_calendar_routes(lambda: startup),
        middleware=[
            Middleware(Guard, policy=POLICY),
            Middleware(UnknownAddress, screens=["setup"], unknown="unknown"),
        ],
    )
    with TestClient(app, base_url=HOME, follow_redirects=False) as client:
        yield client


def path_of(installation: Installation) -> str:
    address = make_feed(installation, by=THIS_COMPUTER)
    assert address is not None
    return urlsplit(address).path


def test_the_address_answers_with_the_days_and_shows_its_use(
    installation: Installation, client: TestClient
) -> None:
    path = path_of(installation)
    assert list_feeds(installation)[0].last_used_at is None
    answer = client.get(path, headers={"sec-fetch-mode": "navigate"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    text = answer.text.replace("\r\n ", "")
    lines = text.split("\r\n")
    days = [NOW + timedelta(days=60), NOW + timedelta(days=90)]
    for day in days:
        assert f"DTSTART;VALUE=DATE:{day:%Y%m%d}" in lines
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 2
    assert "10" not in [line for line in lines if line.startswith("UID")]
    assert list_feeds(installation)[0].last_used_at == NOW


def test_unknown_and_revoked_addresses_have_the_same_answer(
    installation: Installation, client: TestClient
) -> None:
    path = path_of(installation)
    assert client.head(path).status_code == 200
    revoke_feed(installation, list_feeds(installation)[0].secret_hash, by=THIS_COMPUTER)
    revoked, unknown = client.get(path), client.get("/calendar/never-made.ics")
    assert revoked.status_code == 404
    for other in (unknown, client.get(path.removesuffix(".ics")), client.get("/calendar/%ff.ics")):
        assert (other.status_code, other.content) == (revoked.status_code, revoked.content)
        assert other.headers == revoked.headers


def test_only_a_hash_of_the_address_is_stored_and_other_methods_are_refused(
    installation: Installation, client: TestClient
) -> None:
    path = path_of(installation)
    secret = path.removeprefix("/calendar/").removesuffix(".ics")
    assert len(secret) == 43, "256 bits in base64"
    with installation.database.reading() as session:
        stored = session.query(CalendarFeed).one()
        assert secret not in stored.secret_hash
    assert client.post(path, headers={"origin": HOME}).status_code == 405


def test_addresses_are_limited(installation: Installation) -> None:
    addresses = {make_feed(installation, by=THIS_COMPUTER) for _ in range(MAX_FEEDS)}
    assert len(addresses) == MAX_FEEDS
    assert make_feed(installation, by=THIS_COMPUTER) is None


def test_a_program_behind_the_sign_in_proxy_needs_the_proxys_secret_only(
    installation: Installation, tmp_path: Path
) -> None:
    public = "https://pages.example.org"
    policy = HostPolicy(
        public,
        8501,
        is_sandbox=False,
        listens_on_loopback=True,
        behind_sign_in_proxy=True,
        proxy_secret="s" * 32,
    )
    startup = Startup(read_settings({}, tmp_path), installation, None)
    app = Starlette(
        routes=make_calendar_routes(lambda: startup),
        middleware=[Middleware(Guard, policy=policy)],
    )
    path = path_of(installation)
    with TestClient(app, base_url=public) as client:
        assert client.get(path).status_code == 403
        through = {"x-pagekeeper-proxy": "s" * 32}
        assert client.get(path, headers=through).status_code == 200


@given(name=st.text(max_size=300))
def test_no_name_breaks_a_calendar(name: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in name):
        return  # the database stores none
    ending = Ending(7, "access_ends", name, AT)
    content = write_calendar([ending], HOME, NOW)
    lines = content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    unfolded = content.replace(b"\r\n ", b"").decode().split("\r\n")
    assert len(unfolded) == 7 + 9 + 2
    assert all("\n" not in line and "\r" not in line for line in unfolded)
    names = [line.partition(":")[0] for line in unfolded]
    assert names[7:16] == [
        *("BEGIN", "UID", "DTSTAMP", "DTSTART;VALUE=DATE", "DTEND;VALUE=DATE"),
        *("SUMMARY", "DESCRIPTION", "TRANSP", "END"),
    ]


def test_an_event_is_a_whole_day_and_keeps_its_id_when_it_moves() -> None:
    first = write_calendar([Ending(7, "access_ends", "Anna", AT)], HOME, NOW).decode()
    moved = Ending(7, "access_ends", "Anna", AT + timedelta(days=60))
    again = write_calendar([moved], HOME, NOW).decode()
    assert "DTSTART;VALUE=DATE:20261206\r\nDTEND;VALUE=DATE:20261207" in first
    assert "UID:access_ends-7@pagekeeper" in first
    assert "UID:access_ends-7@pagekeeper" in again
    assert calendar_feed.SECRET_BYTES == 32
