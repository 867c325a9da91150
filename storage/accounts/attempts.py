"""Attempts: each trip to Facebook is consumed at most once, and saved or discarded at most once.

Each guarantee is one UPDATE with every condition in its WHERE, and the number of rows it changed.
Reading first and writing afterwards would not be single use.

Expiries, return and heartbeat are written and judged by the database's clock: a trip may begin on
one machine, come back to another and be saved on a third, and the sandbox's clock jumps by days.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from storage.accounts.vault import Sealed
from storage.db.clock import clock
from storage.db.engine import note_erasure
from storage.db.text import storable
from storage.db.upsert import count_changed
from storage.models import Attempt, Grant
from storage.people.person import Person, require

# Two-factor login and picking a hundred Pages take longer than the usual five minutes.
TRIP_SECONDS = 15 * 60
PREVIEW_SECONDS = 30 * 60
# For all browsers together: no reason to refuse anybody, so the oldest makes room.
MAX_OPEN_ATTEMPTS = 1_000
# An attempt without a return is deleted this long after it has expired.
UNUSED_SECONDS = 24 * 60 * 60

# The personal data of an attempt; erased when it ends.
NO_RESULT: dict[str, Any] = {
    "sealed_result": None,
    "key_id": None,
    "unticked": None,
    "account_name": None,
    "access_until": None,
}


class Progress(TypedDict, total=False):
    """Progress of fetching Pages. Keys that are left out keep their stored value."""

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
    binding: str,
    now: datetime,
    expected_grant_id: int | None = None,
    by: Person,
) -> None:
    """Create an open attempt that begins at ``now``, after wiping what has expired.

    Beyond MAX_OPEN_ATTEMPTS it replaces the oldest one. ``expected_grant_id`` is the grant that it
    is to renew; one that does not exist is stored as None.
    """
    require(session, by, "operator")
    wipe_expired(session)
    newest_first = (Attempt.expires_at.desc(), Attempt.id)
    replaced = (
        select(Attempt.id)
        .where(Attempt.status == "open")
        .order_by(*newest_first)
        .offset(MAX_OPEN_ATTEMPTS - 1)
    )
    session.execute(delete(Attempt).where(Attempt.id.in_(replaced)))
    session.execute(
        insert(Attempt).values(
            id=id,
            nonce_hash=nonce_hash,
            binding=binding,
            created_at=now,
            expires_at=clock(session, TRIP_SECONDS),
            status="open",
            by=by.key,
            expected_grant_id=select(Grant.id)
            .where(Grant.id == expected_grant_id)
            .scalar_subquery(),
        )
    )


def withdraw_attempt(session: Session, *, id: str, nonce_hash: str) -> bool:
    """Delete an open attempt of the same browser; False when there is none."""
    statement = delete(Attempt).where(
        Attempt.id == id, Attempt.nonce_hash == nonce_hash, Attempt.status == "open"
    )
    return count_changed(session, statement) == 1


def consume_attempt(session: Session, *, id: str, nonce_hash: str, binding: str) -> bool:
    """Consume an attempt; its status is "reading" from then on.

    True only the first time, in time, from the same browser and under the same settings as at its
    start. Of any number of simultaneous callers only one gets True.
    """
    statement = (
        update(Attempt)
        .where(
            Attempt.id == id,
            Attempt.nonce_hash == nonce_hash,
            Attempt.binding == binding,
            Attempt.status == "open",
            Attempt.consumed_at.is_(None),
            Attempt.expires_at > clock(session),
        )
        .values(
            status="reading",
            consumed_at=clock(session),
            heartbeat_at=clock(session),
            step="exchange",
        )
    )
    return count_changed(session, statement) == 1


def find_attempt(session: Session, id: str) -> Attempt | None:
    """Return an attempt; None when it does not exist. The id alone is no permission to show it."""
    if storable(id) != id:  # a URL may carry text that the database refuses
        return None
    return session.get(Attempt, id, populate_existing=True)


def record_progress(session: Session, id: str, **progress: Unpack[Progress]) -> bool:
    """Renew the heartbeat of a "reading" attempt and store its progress.

    False when its status is another one, or it does not exist.
    """
    changes: dict[str, Any] = dict(progress)
    if "account_name" in changes:
        changes["account_name"] = storable(changes["account_name"])
    return _change_reading(session, id, heartbeat_at=clock(session), **changes)


def store_result(
    session: Session,
    id: str,
    sealed: Sealed,
    *,
    account_name: str,
    access_until: datetime | None,
) -> bool:
    """Store the sealed result for the preview; False when the attempt was not "reading"."""
    return _change_reading(
        session,
        id,
        status="ready",
        account_name=storable(account_name),
        access_until=access_until,
        sealed_result=sealed.text,
        key_id=sealed.key_id,
        preview_expires_at=clock(session, PREVIEW_SECONDS),
    )


def record_unticked(session: Session, id: str, page_ids: Collection[str]) -> None:
    """Replace the list of unticked Pages, while the attempt is "ready"."""
    statement = update(Attempt).where(Attempt.id == id, Attempt.status == "ready")
    count_changed(session, statement.values(unticked=sorted(page_ids)))


def fail_attempt(session: Session, id: str, failure: dict[str, Any], now: datetime) -> bool:
    """End an attempt that is open or being read; ``failure`` holds plain values, no text of
    Facebook.

    False when it had ended before, or is "ready".
    """
    statement = (
        update(Attempt)
        .where(Attempt.id == id, Attempt.status.in_(("open", "reading")))
        .values(status="failed", failure=failure, ended_at=now, **NO_RESULT)
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

    True at most once per attempt, before its preview expires, and from the same browser. The caller
    reads the result before and stores it afterwards in the same transaction; if that fails, the
    claim is rolled back too.
    """
    statement = (
        update(Attempt)
        .where(
            Attempt.id == id,
            Attempt.nonce_hash == nonce_hash,
            Attempt.status == "ready",
            Attempt.preview_expires_at > clock(session),
            Attempt.sealed_result.is_not(None),
        )
        .values(status=status_to, ended_at=now, **NO_RESULT)
    )
    note_erasure(session)
    return count_changed(session, statement) == 1


def record_outcome(session: Session, id: str, grant_id: int, outcome: dict[str, Any]) -> None:
    """Store the counts of a Save, to be shown when the attempt's URL is loaded again."""
    statement = update(Attempt).where(Attempt.id == id, Attempt.status == "saved")
    count_changed(session, statement.values(outcome=outcome, grant_id=grant_id))


def wipe_expired(session: Session) -> int:
    """Erase the results whose preview has expired; return how many.

    Also deletes unfinished attempts that expired at least UNUSED_SECONDS ago.
    """
    is_expired = (Attempt.sealed_result.is_not(None), Attempt.preview_expires_at <= clock(session))
    wiped = count_changed(session, update(Attempt).where(*is_expired).values(NO_RESULT))
    if wiped:
        note_erasure(session)
    long_ago = clock(session, -UNUSED_SECONDS)
    is_dead = and_(Attempt.status == "reading", Attempt.heartbeat_at <= long_ago)
    is_unfinished = or_(Attempt.status == "open", is_dead)
    count_changed(session, delete(Attempt).where(is_unfinished, Attempt.expires_at <= long_ago))
    return wiped


def delete_old_attempts(session: Session, before: datetime) -> int:
    """Delete the attempts that were started before a time; return how many."""
    return count_changed(session, delete(Attempt).where(Attempt.created_at < before))


def _change_reading(session: Session, id: str, **values: Any) -> bool:
    statement = update(Attempt).where(Attempt.id == id, Attempt.status == "reading")
    return count_changed(session, statement.values(**values)) == 1
