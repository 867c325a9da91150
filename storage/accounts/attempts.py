"""Trips to Facebook and back: each is consumed at most once, and saved or discarded at most once.

Both promises rest on one UPDATE with every condition in its WHERE, and on the count of rows that it
changed. Reading first and writing then is not single use under any isolation that we run with.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from storage.accounts.vault import Sealed
from storage.engine import note_erasure
from storage.errors import TooManyAttempts
from storage.models import Attempt, AttemptPage
from storage.text import storable
from storage.upsert import count_changed, table_of

MAX_OPEN_ATTEMPTS = 50
# A trip that nobody came back from is of no use to anyone after a day.
UNUSED_LIFETIME = timedelta(days=1)

# Its rows are changed as rows: to change them as objects takes SQLAlchemy twice as long.
_ATTEMPTS, _STAGED = table_of(Attempt), table_of(AttemptPage)
_NOTHING_FOUND: dict[str, Any] = {
    "account_id": None,
    "sealed_user_token": None,
    "key_id": None,
    "found": None,
}


class Progress(TypedDict, total=False):
    """How far a reading has come. What is left out stays as it was."""

    step: str
    pages_read: int
    pages_total: int | None
    account_name: str
    access_until: datetime | None


def create_attempt(
    session: Session,
    *,
    id: str,
    nonce_hash: str,
    marker: str,
    redirect_uri: str,
    graph_url: str,
    dialog_url: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Begin a trip; what has expired by ``now`` is wiped first.

    Raises TooManyAttempts when MAX_OPEN_ATTEMPTS others are still on their way.
    """
    wipe_expired(session, now)
    open_count = session.scalar(
        select(func.count()).where(Attempt.status == "open", Attempt.expires_at > now)
    )
    if open_count is not None and open_count >= MAX_OPEN_ATTEMPTS:
        raise TooManyAttempts(open_count)
    session.execute(
        insert(Attempt).values(
            id=id,
            nonce_hash=nonce_hash,
            marker=marker,
            redirect_uri=redirect_uri,
            graph_url=graph_url,
            dialog_url=dialog_url,
            created_at=now,
            expires_at=expires_at,
            status="open",
        )
    )


def consume_attempt(
    session: Session,
    *,
    id: str,
    nonce_hash: str,
    marker: str,
    redirect_uri: str,
    graph_url: str,
    dialog_url: str,
    now: datetime,
) -> bool:
    """Take the one use that an attempt has; it is "reading" from then on.

    True only the first time, in time, from the browser it began in, and under the settings it began
    with: of any number of callers at once, one gets True.
    """
    statement = (
        update(_ATTEMPTS)
        .where(
            _ATTEMPTS.c.id == id,
            _ATTEMPTS.c.nonce_hash == nonce_hash,
            _ATTEMPTS.c.marker == marker,
            _ATTEMPTS.c.redirect_uri == redirect_uri,
            _ATTEMPTS.c.graph_url == graph_url,
            _ATTEMPTS.c.dialog_url == dialog_url,
            _ATTEMPTS.c.status == "open",
            _ATTEMPTS.c.consumed_at.is_(None),
            _ATTEMPTS.c.expires_at > now,
        )
        .values(status="reading", consumed_at=now, heartbeat_at=now, step="exchange")
    )
    return count_changed(session, statement) == 1


def find_attempt(session: Session, id: str) -> Attempt | None:
    """Return an attempt as the database has it now. The id alone is no permission to show it."""
    if storable(id) != id:  # an address may hold what no database looks for
        return None
    return session.get(Attempt, id, populate_existing=True)


def beat(session: Session, id: str, now: datetime, **progress: Unpack[Progress]) -> bool:
    """Show that a reading is alive, and how far it is. False when it is over, or never began."""
    changes: dict[str, Any] = dict(progress)
    if "account_name" in changes:
        changes["account_name"] = storable(changes["account_name"])
    statement = (
        update(_ATTEMPTS)
        .where(_ATTEMPTS.c.id == id, _ATTEMPTS.c.status == "reading")
        .values(heartbeat_at=now, **changes)
    )
    return count_changed(session, statement) == 1


def finish_reading(
    session: Session,
    id: str,
    *,
    account_id: str,
    account_name: str,
    access_until: datetime | None,
    found: dict[str, Any],
    sealed: Sealed,
    now: datetime,
    preview_expires_at: datetime,
) -> bool:
    """Leave the account's sealed token and plain facts for the preview.

    False when the attempt was not being read; then its Pages must not be staged either.
    """
    statement = (
        update(_ATTEMPTS)
        .where(_ATTEMPTS.c.id == id, _ATTEMPTS.c.status == "reading")
        .values(
            status="ready",
            account_id=account_id,
            account_name=storable(account_name),
            access_until=access_until,
            sealed_user_token=sealed.text,
            key_id=sealed.key_id,
            found=found,
            heartbeat_at=now,
            preview_expires_at=preview_expires_at,
        )
    )
    return count_changed(session, statement) == 1


def fail_attempt(session: Session, id: str, failure: dict[str, Any], now: datetime) -> bool:
    """End an attempt that is open or being read; ``failure`` holds plain facts, no foreign text.

    False when it had ended before, or its result is waiting already.
    """
    statement = (
        update(_ATTEMPTS)
        .where(_ATTEMPTS.c.id == id, _ATTEMPTS.c.status.in_(("open", "reading")))
        .values(status="failed", failure=failure, ended_at=now)
    )
    return count_changed(session, statement) == 1


def claim(
    session: Session,
    *,
    id: str,
    nonce_hash: str,
    status_to: Literal["saved", "discarded"],
    now: datetime,
) -> bool:
    """End a waiting attempt as saved or discarded, and erase its user access token.

    True at most once per attempt, before its preview expires, and from its own browser. What was
    found has to be read before, and the staged Pages saved or erased after, in one transaction: if
    that fails, the claim is undone with it.
    """
    statement = (
        update(_ATTEMPTS)
        .where(
            _ATTEMPTS.c.id == id,
            _ATTEMPTS.c.nonce_hash == nonce_hash,
            _ATTEMPTS.c.status == "ready",
            _ATTEMPTS.c.preview_expires_at > now,
            _ATTEMPTS.c.sealed_user_token.is_not(None),
        )
        .values(status=status_to, ended_at=now, **_NOTHING_FOUND)
    )
    note_erasure(session)
    return count_changed(session, statement) == 1


def record_outcome(session: Session, id: str, outcome: dict[str, Any]) -> None:
    """Keep what a Save did, in numbers, for whoever loads its address again."""
    statement = update(_ATTEMPTS).where(_ATTEMPTS.c.id == id, _ATTEMPTS.c.status == "saved")
    count_changed(session, statement.values(outcome=outcome))


def wipe_expired(session: Session, now: datetime) -> int:
    """Erase what was found where the preview has expired; return in how many attempts.

    Also forgets trips long abandoned.
    """
    is_over = or_(_ATTEMPTS.c.status != "ready", _ATTEMPTS.c.preview_expires_at <= now)
    staged = _STAGED.c.attempt_id.in_(select(_ATTEMPTS.c.id).where(is_over))
    unstaged = count_changed(session, delete(_STAGED).where(staged))
    is_expired = (_ATTEMPTS.c.sealed_user_token.is_not(None), _ATTEMPTS.c.preview_expires_at <= now)
    wiped = count_changed(session, update(_ATTEMPTS).where(*is_expired).values(_NOTHING_FOUND))
    if wiped or unstaged:
        note_erasure(session)
    is_abandoned = (_ATTEMPTS.c.status == "open", _ATTEMPTS.c.expires_at <= now - UNUSED_LIFETIME)
    count_changed(session, delete(_ATTEMPTS).where(*is_abandoned))
    return wiped
