"""Attempts: consumed at most once, saved or discarded at most once, and nothing left over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.accounts import attempts
from storage.accounts.attempts import (
    PREVIEW_SECONDS,
    TRIP_SECONDS,
    UNUSED_SECONDS,
    claim_attempt,
    consume_attempt,
    create_attempt,
    fail_attempt,
    find_attempt,
    record_outcome,
    record_progress,
    record_unticked,
    store_result,
    wipe_expired,
    withdraw_attempt,
)
from storage.accounts.vault import Sealed, Vault
from storage.db.clock import read_clock
from storage.db.engine import Database
from storage.models import Attempt
from storage.people.person import THIS_COMPUTER
from tests.integration.storage_rows import (
    BINDING,
    KEY,
    LATER,
    NOW,
    add_attempt,
    add_grant,
    age_attempts,
)

pytestmark = pytest.mark.both_databases

SEALED = Sealed("key0", "sealed-result-of-the-trip")
VAULT = Vault([KEY])
RACES = 50
ACCESS_END = NOW + timedelta(days=60)
# The database's clock goes on while a test runs.
SLACK_SECONDS = 60


@contextmanager
def later(session: Session, seconds: int) -> Iterator[None]:
    """Let the block happen so many seconds later."""
    age_attempts(session, seconds=seconds)
    yield
    age_attempts(session, seconds=-seconds)


def consume(session: Session, **changes: Any) -> bool:
    facts: dict[str, Any] = {"id": "a1", "nonce_hash": "n1", "binding": BINDING}
    return consume_attempt(session, **{**facts, **changes})


def claim(session: Session, **changes: Any) -> bool:
    facts: dict[str, Any] = {"id": "a1", "nonce_hash": "n1", "status_to": "saved", "now": LATER}
    return claim_attempt(session, **{**facts, **changes})


def finish(session: Session, id: str = "a1") -> bool:
    return store_result(
        session,
        id,
        SEALED,
        account_name="Ann\x00e",
        access_until=ACCESS_END,
    )


def make_ready(session: Session, id: str = "a1") -> None:
    add_attempt(session, id)
    assert consume(session, id=id)
    assert finish(session, id)


def get(session: Session, id: str = "a1") -> Attempt:
    attempt = find_attempt(session, id)
    assert attempt is not None
    return attempt


def test_an_attempt_from_start_to_saved(database: Database) -> None:
    with database.writing() as session:
        add_attempt(session)
        attempt = get(session)
        assert (attempt.status, attempt.created_at, attempt.consumed_at) == ("open", NOW, None)
        assert is_in(session, attempt.expires_at, TRIP_SECONDS)
        assert consume(session)
        attempt = get(session)
        assert (attempt.status, attempt.step) == ("reading", "exchange")
        # By the clock of the database, whatever that of the machine says.
        for at in (attempt.consumed_at, attempt.heartbeat_at):
            assert is_in(session, at, 0)
        returned_at = attempt.heartbeat_at
        assert record_progress(session, "a1", step="listing", pages_read=100, pages_total=None)
        assert record_progress(session, "a1", account_name="Ann\x00e", access_until=ACCESS_END)
        attempt = get(session)
        assert (attempt.step, attempt.pages_read, attempt.pages_total) == ("listing", 100, None)
        assert attempt.account_name == "Ann\ufffde"
        assert returned_at is not None
        assert attempt.heartbeat_at is not None
        assert returned_at <= attempt.heartbeat_at <= read_clock(session)
        assert finish(session)
        attempt = get(session)
        assert (attempt.status, attempt.sealed_result) == ("ready", SEALED.text)
        assert attempt.key_id == "key0"
        assert is_in(session, attempt.preview_expires_at, PREVIEW_SECONDS)
        assert (attempt.account_name, attempt.access_until) == ("Ann\ufffde", ACCESS_END)
        record_unticked(session, "a1", {"2", "1"})
        assert get(session).unticked == ["1", "2"]
        grant_id = add_grant(session, VAULT, "1", ["10"])
        assert claim(session)
        record_outcome(session, "a1", grant_id, {"saved": 3})
    with database.reading() as session:
        attempt = get(session)
        assert (attempt.status, attempt.ended_at, attempt.outcome) == ("saved", LATER, {"saved": 3})
        assert (attempt.sealed_result, attempt.key_id) == (None, None)
        assert (attempt.account_name, attempt.access_until, attempt.unticked) == (None, None, None)


def is_in(session: Session, at: datetime | None, seconds: int) -> bool:
    """Whether a time was written a moment ago as so many seconds from then."""
    assert at is not None
    ago = read_clock(session) + timedelta(seconds=seconds) - at
    return timedelta() <= ago < timedelta(seconds=SLACK_SECONDS)


@pytest.mark.parametrize("changes", [{"nonce_hash": "another"}, {"binding": "another"}], ids=str)
def test_no_other_browser_or_settings_consume(session: Session, changes: dict[str, Any]) -> None:
    add_attempt(session)
    assert not consume(session, **changes)
    assert get(session).consumed_at is None
    assert consume(session)


def test_a_trip_lasts_fifteen_minutes(session: Session) -> None:
    add_attempt(session)
    with later(session, TRIP_SECONDS):
        assert not consume(session)
    assert get(session).consumed_at is None
    with later(session, TRIP_SECONDS - SLACK_SECONDS):
        assert consume(session)


def _begin_open(session: Session, id: str) -> None:
    session.execute(update(Attempt).values(status="failed"))  # makes room under the cap
    add_attempt(session, id)


@pytest.mark.parametrize(
    ("begin", "take"),
    [
        (_begin_open, consume),
        (make_ready, claim),
    ],
    ids=["return", "save"],
)
@pytest.mark.parametrize("threads", [2, 5])
def test_of_many_at_once_one_wins(
    database: Database,
    begin: Callable[[Session, str], None],
    take: Callable[..., bool],
    threads: int,
) -> None:
    """Without the writers' lock, so that on PostgreSQL only the UPDATE itself decides."""
    gate = threading.Barrier(threads)

    def compete(id: str) -> bool:
        gate.wait()
        with Session(database.engine) as session, session.begin():
            return take(session, id=id)

    with ThreadPoolExecutor(threads) as pool:
        for number in range(RACES):
            with database.writing() as session:
                begin(session, f"a{number}")
            assert sum(pool.map(compete, [f"a{number}"] * threads)) == 1


STEPS = st.lists(
    st.sampled_from(
        ["consume", "stolen", "beat", "finish", "fail", "save", "discard", "wipe", "late"]
    ),
    max_size=14,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_in_whatever_order_each_happens_at_most_once(database: Database, steps: list[str]) -> None:
    """And a sealed token exists between "ready" and the end of it, never else."""
    wins = {"consume": 0, "stolen": 0, "save": 0, "discard": 0, "late": 0}
    with database.writing() as session:
        session.execute(delete(Attempt))
        add_attempt(session)
    for step in steps:
        with database.writing() as session:
            won = _take(session, step)
            if step in wins:
                wins[step] += won
        with database.reading() as session:
            attempt = get(session)
            assert attempt.sealed_result is None or attempt.status == "ready"
            assert (attempt.sealed_result is None) == (attempt.key_id is None)
    assert wins["consume"] <= 1
    assert wins["save"] + wins["discard"] <= wins["consume"]
    assert (wins["stolen"], wins["late"]) == (0, 0)


def _take(session: Session, step: str) -> bool:
    match step:
        case "consume":
            return consume(session)
        case "stolen":
            return consume(session, nonce_hash="n2") or claim(session, nonce_hash="n2")
        case "beat":
            return record_progress(session, "a1", pages_read=1)
        case "finish":
            return finish(session)
        case "fail":
            return fail_attempt(session, "a1", {"kind": "cancelled"}, LATER)
        case "save":
            return claim(session)
        case "discard":
            return claim(session, status_to="discarded")
        case "wipe":
            with later(session, PREVIEW_SECONDS):
                return wipe_expired(session) > 0
        case _:
            with later(session, PREVIEW_SECONDS):
                return claim(session)


@pytest.mark.parametrize("changes", [{"id": "a2"}, {"nonce_hash": "n2"}], ids=str)
def test_no_other_browser_claims(session: Session, changes: dict[str, Any]) -> None:
    make_ready(session)
    assert not claim(session, **changes)
    assert get(session).sealed_result == SEALED.text
    assert claim(session)
    assert not claim(session)


def test_a_preview_waits_for_thirty_minutes(session: Session) -> None:
    make_ready(session)
    with later(session, PREVIEW_SECONDS):
        assert not claim(session)
    assert get(session).sealed_result == SEALED.text
    with later(session, PREVIEW_SECONDS - SLACK_SECONDS):
        assert claim(session)


def test_a_claim_that_is_rolled_back_leaves_the_preview(database: Database) -> None:
    with database.writing() as session:
        make_ready(session)

    def break_off() -> None:
        with database.writing() as session:
            assert claim(session)
            raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        break_off()
    with database.reading() as session:
        assert get(session).sealed_result == SEALED.text


def test_failing_keeps_plain_facts(session: Session) -> None:
    failure = {"kind": "AccessEnded", "code": 190, "subcode": 463, "trace_id": "A1"}
    add_attempt(session)
    assert fail_attempt(session, "a1", failure, LATER)
    assert not fail_attempt(session, "a1", {"kind": "cancelled"}, LATER)
    assert not record_progress(session, "a1")
    attempt = get(session)
    assert (attempt.status, attempt.failure, attempt.ended_at) == ("failed", failure, LATER)


def test_beyond_the_limit_the_oldest_open_attempt_makes_room(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "MAX_OPEN_ATTEMPTS", 3)
    for number in range(5):
        # By the database's clock: these came from machines whose clocks went the other way.
        begun_at = NOW - timedelta(seconds=number)
        create_attempt(
            session,
            id=f"a{number}",
            nonce_hash="n1",
            binding=BINDING,
            now=begun_at,
            by=THIS_COMPUTER,
        )
        age_attempts(session, seconds=1)
        if number == 0:
            assert consume(session, id="a0")
    assert [n for n in range(5) if find_attempt(session, f"a{n}")] == [0, 2, 3, 4]


def test_only_an_open_attempt_of_the_same_browser_is_withdrawn(session: Session) -> None:
    add_attempt(session)
    assert not withdraw_attempt(session, id="a1", nonce_hash="of another browser")
    assert withdraw_attempt(session, id="a1", nonce_hash="n1")
    assert find_attempt(session, "a1") is None
    add_attempt(session, "a2")
    assert consume(session, id="a2")
    assert not withdraw_attempt(session, id="a2", nonce_hash="n1")


def test_wiping_erases_expired_results_and_nothing_else(session: Session) -> None:
    make_ready(session)
    age_attempts(session, seconds=PREVIEW_SECONDS - SLACK_SECONDS)
    assert wipe_expired(session) == 0
    assert get(session).sealed_result == SEALED.text
    age_attempts(session, seconds=SLACK_SECONDS)
    assert wipe_expired(session) == 1
    attempt = get(session)
    assert (attempt.status, attempt.sealed_result, attempt.key_id) == ("ready", None, None)
    assert wipe_expired(session) == 0
    assert not claim(session)


def test_abandoned_trips_are_forgotten_after_a_day(session: Session) -> None:
    add_attempt(session, "abandoned")
    make_ready(session, "read")
    age_attempts(session, seconds=TRIP_SECONDS + UNUSED_SECONDS - SLACK_SECONDS)
    wipe_expired(session)
    assert find_attempt(session, "abandoned") is not None
    age_attempts(session, seconds=SLACK_SECONDS)
    wipe_expired(session)
    assert list(session.scalars(select(Attempt.id))) == ["read"]


@pytest.mark.parametrize("status", ["open", "reading", "saved", "discarded", "failed"])
def test_the_database_itself_refuses_a_token_in_any_other_state(
    database: Database, status: str
) -> None:
    with database.writing() as session:
        make_ready(session)
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(update(Attempt).values(status=status))


def erase(session: Session, how: str) -> None:
    if how == "expired":
        age_attempts(session, seconds=PREVIEW_SECONDS)
        assert wipe_expired(session) == 1
    else:
        assert claim(session, status_to=how)


@pytest.mark.parametrize("how", ["saved", "discarded", "expired"])
def test_nothing_of_a_result_lingers_in_the_files(
    database: Database, tmp_path: Any, how: str
) -> None:
    if not database.is_sqlite:
        return
    with database.writing() as session:
        make_ready(session)
    files = [tmp_path / "data" / f"pagekeeper.db{end}" for end in ("", "-wal")]
    assert any(SEALED.text.encode() in file.read_bytes() for file in files)
    with database.writing() as session:
        erase(session, how)
    assert not any(SEALED.text.encode() in file.read_bytes() for file in files)
