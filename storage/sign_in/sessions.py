"""Sessions: begins, finds and ends those with which people are signed in.

A session holds while its row does: for SESSION_SECONDS, and IDLE_SECONDS after the last use, by the
database's clock. Whoever ends one, from whatever process, ends it for every open tab.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from storage.db.clock import clock
from storage.db.text import storable
from storage.db.upsert import count_changed
from storage.jobs.events import record_event
from storage.models import PersonRow, SignInSession
from storage.people.person import SESSION_SECONDS, NotAllowed, Person, find_person, holds

MAX_BROWSER = 200  # characters of a user agent
ENDED_SECONDS = 30 * 24 * 60 * 60  # for so long an ended session is kept


@dataclass(frozen=True)
class OpenSession:
    """A session that holds; ``browser`` is a user agent."""

    id: str
    started_at: datetime
    seen_at: datetime
    browser: str


def hash_secret(secret: str) -> str:
    """Return what is stored of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign_in(
    session: Session, person_id: int, browser: str, now: datetime, *, replaces: str | None
) -> str:
    """Sign a person in with a new session and return its secret, for the browser's cookie only.

    ``browser``: its user agent. ``replaces``: the secret in the cookie of before, whose session
    ends, whoever's it is. Raises NotAllowed for somebody who was removed.
    """
    before = None if replaces is None else find_by_secret(session, replaces)
    if before is not None:
        sign_out(session, before, now)
    secret = begin_session(session, person_id, browser)
    person = find_by_secret(session, secret)
    if person is None:
        raise NotAllowed(None)
    record_event(session, "signed_in", {}, now, by=person)
    return secret


def sign_out(session: Session, by: Person, now: datetime) -> None:
    """End the session that a person uses; nothing happens when it has ended already."""
    if by.session_id is not None and end_session(session, by.session_id):
        record_event(session, "signed_out", {}, now, by=by)


def begin_session(session: Session, person_id: int, browser: str) -> str:
    """Begin a session and return its secret, for the browser's cookie only."""
    secret = secrets.token_urlsafe(32)
    long_over = SignInSession.ends_at <= clock(session, -ENDED_SECONDS)
    count_changed(session, delete(SignInSession).where(long_over))
    session.execute(
        insert(SignInSession).values(
            id=secrets.token_hex(8),
            secret_hash=hash_secret(secret),
            person_id=person_id,
            started_at=clock(session),
            seen_at=clock(session),
            ends_at=clock(session, SESSION_SECONDS),
            browser=storable(browser)[:MAX_BROWSER],
        )
    )
    return secret


def find_by_secret(session: Session, secret: str) -> Person | None:
    """Return who is signed in with the cookie's secret; None where no session holds."""
    found = select(SignInSession.id).where(SignInSession.secret_hash == hash_secret(secret))
    id = session.scalar(found)
    return None if id is None else find_person(session, id)


def find_roles(session: Session, session_ids: Collection[str]) -> dict[str, str]:
    """Return the present role by id of those of the sessions that hold."""
    query = (
        select(SignInSession.id, PersonRow.role)
        .join(PersonRow, PersonRow.id == SignInSession.person_id)
        .where(SignInSession.id.in_(session_ids), *holds(session))
    )
    return {row.id: row.role for row in session.execute(query)}


def note_use(session: Session, session_id: str) -> None:
    """Note that a person did something: the time without any begins anew.

    A session that has ended, also by that time, stays so.
    """
    of_session = _holding(session, SignInSession.id == session_id)
    statement = update(SignInSession).where(SignInSession.id.in_(of_session))
    count_changed(session, statement.values(seen_at=clock(session)))


def end_session(session: Session, session_id: str) -> bool:
    """End one session; False when it had ended."""
    return _end(session, SignInSession.id == session_id) > 0


def end_sessions(session: Session, person_id: int) -> int:
    """End all sessions of a person; return how many."""
    return _end(session, SignInSession.person_id == person_id)


def list_sessions(session: Session, person_id: int) -> list[OpenSession]:
    """Return the sessions of a person that hold, the last used first."""
    query = (
        select(
            SignInSession.id,
            SignInSession.started_at,
            SignInSession.seen_at,
            SignInSession.browser,
        )
        .join(PersonRow, PersonRow.id == SignInSession.person_id)
        .where(SignInSession.person_id == person_id, *holds(session))
        .order_by(SignInSession.seen_at.desc(), SignInSession.id)
    )
    return [OpenSession(*row) for row in session.execute(query)]


def _end(session: Session, which: ColumnElement[bool]) -> int:
    """End sessions; return how many of them held. Also those that time has ended: a clock may go
    back."""
    held = session.scalar(select(func.count()).select_from(_holding(session, which).subquery()))
    statement = update(SignInSession).where(which, SignInSession.ended_at.is_(None))
    count_changed(session, statement.values(ended_at=clock(session)))
    return held or 0


def _holding(session: Session, which: ColumnElement[bool]) -> Select[*tuple[str]]:
    query = select(SignInSession.id).join(PersonRow, PersonRow.id == SignInSession.person_id)
    return query.where(which, *holds(session)).correlate(None)
