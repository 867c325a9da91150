"""Sign-in attempts: each counts once, in its own browser, in time, and there are not too many."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.models import SignInAttempt
from storage.sign_in import attempts
from storage.sign_in.attempts import ATTEMPT_SECONDS, begin_attempt, take_attempt
from tests.integration.sign_in.sign_in_rows import pass_time

pytestmark = pytest.mark.both_databases

RACERS = 4


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(SignInAttempt)) or 0


def test_an_attempt_counts_once(session: Session) -> None:
    attempt = begin_attempt(session, "/compare?x=1")
    taken = take_attempt(session, attempt.id, attempt.secret)
    assert taken == (attempt.nonce, "/compare?x=1")
    assert take_attempt(session, attempt.id, attempt.secret) is None


def test_of_many_at_once_one_gets_it(database: Database) -> None:
    with database.writing() as session:
        attempt = begin_attempt(session, "/")
    begin = threading.Barrier(RACERS)

    def take(_: int) -> bool:
        begin.wait()
        with database.writing() as session:
            return take_attempt(session, attempt.id, attempt.secret) is not None

    with ThreadPoolExecutor(RACERS) as threads:
        assert sum(threads.map(take, range(RACERS))) == 1


def test_an_attempt_is_of_its_own_browser(session: Session) -> None:
    attempt, other = begin_attempt(session, "/"), begin_attempt(session, "/")
    assert len({attempt.id, attempt.secret, attempt.nonce}) == 3
    for secret in ("", other.secret, attempt.id, attempt.nonce):
        assert take_attempt(session, attempt.id, secret) is None
    for id in ("", attempt.secret, "\x00", "\ud800"):
        assert take_attempt(session, id, attempt.secret) is None
    assert take_attempt(session, attempt.id, attempt.secret) is not None, "others used nothing up"


def test_only_hashes_are_stored_and_nothing_is_shown(session: Session) -> None:
    attempt = begin_attempt(session, "/")
    row = session.scalars(select(SignInAttempt)).one()
    assert attempt.secret not in vars(row).values()
    assert attempt.secret not in repr(attempt)
    assert attempt.nonce not in repr(attempt)


def test_an_attempt_is_in_time_or_over(session: Session) -> None:
    late, in_time = begin_attempt(session, "/"), begin_attempt(session, "/")
    pass_time(session, seconds=ATTEMPT_SECONDS - 60)
    assert take_attempt(session, in_time.id, in_time.secret) is not None
    pass_time(session, seconds=60)
    assert take_attempt(session, late.id, late.secret) is None
    begin_attempt(session, "/")
    assert count(session) == 1, "those that are over were deleted"


def test_the_oldest_makes_room(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MAX_OPEN", 3)
    oldest = begin_attempt(session, "/")
    pass_time(session, seconds=1)
    others = [begin_attempt(session, "/") for _ in range(3)]
    assert count(session) == 3
    assert take_attempt(session, oldest.id, oldest.secret) is None
    for attempt in others:
        assert take_attempt(session, attempt.id, attempt.secret) is not None
