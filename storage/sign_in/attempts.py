"""Sign-in attempts: each way to the sign-in service and back counts once, within its time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from storage.db.clock import clock
from storage.db.text import storable
from storage.db.upsert import count_changed
from storage.models import SignInAttempt
from storage.sign_in.sessions import hash_secret

ATTEMPT_SECONDS = 15 * 60
# Of all browsers together, as with trips to Facebook: the oldest makes room. More than an address
# may begin within the time, so that one can't end those of the others.
MAX_OPEN = 10_000


@dataclass(frozen=True)
class NewAttempt:
    """``id`` is the state in the address; ``secret`` is for the browser's cookie only."""

    id: str
    secret: str = field(repr=False)
    nonce: str = field(repr=False)


def begin_attempt(session: Session, back_to: str, secret: str | None = None) -> NewAttempt:
    """Store a new attempt; ``back_to`` is a path of ours. Deletes those that are over.

    ``secret``: what the browser holds of another attempt, which then can be finished as well.
    """
    id, nonce, new_secret = (secrets.token_urlsafe(32) for _ in range(3))
    attempt = NewAttempt(id, secret or new_secret, nonce)
    is_over = SignInAttempt.expires_at <= clock(session)
    count_changed(session, delete(SignInAttempt).where(is_over))
    newest_first = (SignInAttempt.expires_at.desc(), SignInAttempt.id)
    oldest = select(SignInAttempt.id).order_by(*newest_first).offset(MAX_OPEN - 1)
    count_changed(session, delete(SignInAttempt).where(SignInAttempt.id.in_(oldest)))
    session.execute(
        insert(SignInAttempt).values(
            id=attempt.id,
            secret_hash=hash_secret(attempt.secret),
            nonce=attempt.nonce,
            back_to=back_to,
            expires_at=clock(session, ATTEMPT_SECONDS),
        )
    )
    return attempt


def has_attempt(session: Session, id: str, secret: str) -> bool:
    """Whether `take_attempt` would find an attempt, without using it up."""
    found = select(SignInAttempt.id).where(*_is_open(session, id, secret))
    # An address may carry text that the database refuses.
    return storable(id) == id and session.scalar(found) is not None


def take_attempt(session: Session, id: str, secret: str) -> tuple[str, str] | None:
    """Use an attempt up, and return its nonce and the path to go back to.

    None unless it is open, in time and of this browser. Of any number of callers at the same time
    only one gets it.
    """
    if storable(id) != id:
        return None
    statement = update(SignInAttempt).where(*_is_open(session, id, secret))
    if count_changed(session, statement.values(used_at=clock(session))) != 1:
        return None
    row = session.execute(
        select(SignInAttempt.nonce, SignInAttempt.back_to).where(SignInAttempt.id == id)
    ).one()
    return row.nonce, row.back_to


def _is_open(session: Session, id: str, secret: str) -> tuple[ColumnElement[bool], ...]:
    return (
        SignInAttempt.id == id,
        SignInAttempt.secret_hash == hash_secret(secret),
        SignInAttempt.used_at.is_(None),
        SignInAttempt.expires_at > clock(session),
    )
