"""Attempts: each trip to Facebook is consumed at most once, and saved or discarded at most once.

Both promises rest on one UPDATE with every condition in its WHERE, and on the count of rows that it
changed. Reading first and writing then is not single use under any isolation that we run with.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from storage.accounts.vault import Sealed
from storage.db.engine import note_erasure
from storage.db.errors import TooManyAttempts
from storage.db.text import storable
from storage.db.upsert import count_changed
from storage.models import Attempt

MAX_OPEN_ATTEMPTS = 50
# A trip that nobody came back from is of no use to anyone after a day.
UNUSED_LIFETIME = timedelta(days=1)

# What an attempt holds of the person, until it ends.
_NO_RESULT: dict[str, Any] = {
    "sealed_result": None,
    "key_id": None,
    "unticked": None,
    "account_name": None,
    "access_until": None,
}


class Progress(TypedDict, total=False):
    """How far the fetching of Pages has come. What is left out stays as it was."""

    step: str
    pages_read: int
    pages_total: int | None
    account_name: str
    access_until: datetime | None


def create_attempt(
    session: Session, *, id: str, nonce_hash: str, binding: str, now: datetime, expires_at: datetime
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
            binding=binding,
            created_at=now,
            expires_at=expires_at,
            status="open",
        )
    )


def consume_attempt(
    session: Session, *, id: str, nonce_hash: str, binding: str, now: datetime
) -> bool:
    """Take the one use that an attempt has; it is "reading" from then on.

    True only the first time, in time, from the browser it began in, and under the settings it began
    with: of any number of callers at once, one gets True.
    """
    statement = (
        update(Attempt)
        .where(
            Attempt.id == id,
            Attempt.nonce_hash == nonce_hash,
            Attempt.binding == binding,
            Attempt.status == "open",
            Attempt.consumed_at.is_(None),
            Attempt.expires_at > now,
        )
        .values(status="reading", consumed_at=now, heartbeat_at=now, step="exchange")
    )
    return count_changed(session, statement) == 1


def find_attempt(session: Session, id: str) -> Attempt | None:
    """Return an attempt as the database has it now. The id alone is no permission to show it."""
    if storable(id) != id:  # an address may hold what no database looks for
        return None
    return session.get(Attempt, id, populate_existing=True)


def record_progress(session: Session, id: str, now: datetime, **progress: Unpack[Progress]) -> bool:
    """Renew the heartbeat of an attempt that is being read, and say how far it is.

    False when it is over, or never began.
    """
    changes: dict[str, Any] = dict(progress)
    if "account_name" in changes:
        changes["account_name"] = storable(changes["account_name"])
    return _change_reading(session, id, heartbeat_at=now, **changes)


def store_result(
    session: Session,
    id: str,
    sealed: Sealed,
    *,
    account_name: str,
    access_until: datetime | None,
    now: datetime,
    preview_expires_at: datetime,
) -> bool:
    """Keep what a trip brought, sealed, for the preview. False when it was not being read."""
    return _change_reading(
        session,
        id,
        status="ready",
        account_name=storable(account_name),
        access_until=access_until,
        sealed_result=sealed.text,
        key_id=sealed.key_id,
        heartbeat_at=now,
        preview_expires_at=preview_expires_at,
    )


def record_unticked(session: Session, id: str, page_ids: Collection[str]) -> None:
    """Remember which Pages are unticked, these and no others, while the attempt is "ready"."""
    statement = update(Attempt).where(Attempt.id == id, Attempt.status == "ready")
    count_changed(session, statement.values(unticked=sorted(page_ids)))


def fail_attempt(session: Session, id: str, failure: dict[str, Any], now: datetime) -> bool:
    """End an attempt that is open or being read; ``failure`` holds plain facts, no foreign text.

    False when it had ended before, or its result is waiting already.
    """
    statement = (
        update(Attempt)
        .where(Attempt.id == id, Attempt.status.in_(("open", "reading")))
        .values(status="failed", failure=failure, ended_at=now, **_NO_RESULT)
    )
    return count_changed(session, statement) == 1


def claim_attempt(
    session: Session,
    *,
    id: str,
    nonce_hash: str,
    status_to: Literal["saved", "discarded"],
    now: datetime,
) -> bool:
    """End a "ready" attempt as saved or discarded, and erase its result.

    True at most once per attempt, before its preview expires, and from its own browser. The result
    has to be read before, and stored after in the same transaction: if that fails, the claim is
    undone with it.
    """
    statement = (
        update(Attempt)
        .where(
            Attempt.id == id,
            Attempt.nonce_hash == nonce_hash,
            Attempt.status == "ready",
            Attempt.preview_expires_at > now,
            Attempt.sealed_result.is_not(None),
        )
        .values(status=status_to, ended_at=now, **_NO_RESULT)
    )
    note_erasure(session)
    return count_changed(session, statement) == 1


def record_outcome(session: Session, id: str, grant_id: int, outcome: dict[str, Any]) -> None:
    """Keep what a Save did, in numbers, for whoever loads its address again."""
    statement = update(Attempt).where(Attempt.id == id, Attempt.status == "saved")
    count_changed(session, statement.values(outcome=outcome, grant_id=grant_id))


def wipe_expired(session: Session, now: datetime) -> int:
    """Erase the results whose preview has expired; return how many.

    Also deletes trips that were never finished, a day after they expired.
    """
    is_expired = (Attempt.sealed_result.is_not(None), Attempt.preview_expires_at <= now)
    wiped = count_changed(session, update(Attempt).where(*is_expired).values(_NO_RESULT))
    if wiped:
        note_erasure(session)
    is_dead = and_(Attempt.status == "reading", Attempt.heartbeat_at <= now - UNUSED_LIFETIME)
    is_unfinished = or_(Attempt.status == "open", is_dead)
    count_changed(
        session,
        delete(Attempt).where(is_unfinished, Attempt.expires_at <= now - UNUSED_LIFETIME),
    )
    return wiped


def _change_reading(session: Session, id: str, **values: Any) -> bool:
    statement = update(Attempt).where(Attempt.id == id, Attempt.status == "reading")
    return count_changed(session, statement.values(**values)) == 1
