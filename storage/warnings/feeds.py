"""Calendar feeds: secret addresses under which a calendar program reads the days of expiries.

Of an address only a hash is kept. It has 256 random bits, so a plain hash can't be guessed back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from storage.db.engine import note_erasure
from storage.db.upsert import count_changed
from storage.jobs.events import record_event
from storage.models import CalendarFeed
from storage.people.person import Person, require

MAX_FEEDS = 10
# A calendar program asks every few minutes at most; a flood must not write each time.
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Feed:
    """An address that is not revoked."""

    secret_hash: str
    made_at: datetime
    last_used_at: datetime | None


def hash_secret(secret: str) -> str:
    """Return the SHA-256 of a secret, in hex; of any text."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def add_feed(session: Session, secret: str, now: datetime, *, by: Person) -> None:
    """Store a new address."""
    require(session, by, "admin")
    session.execute(insert(CalendarFeed).values(secret_hash=hash_secret(secret), made_at=now))
    record_event(session, "feed_made", {}, now, by=by)


def list_feeds(session: Session) -> list[Feed]:
    """Return the addresses, oldest first."""
    rows = session.scalars(
        select(CalendarFeed).order_by(CalendarFeed.made_at, CalendarFeed.secret_hash),
        execution_options={"populate_existing": True},
    )
    return [Feed(row.secret_hash, row.made_at, row.last_used_at) for row in rows]


def has_feed(session: Session, secret: str) -> bool:
    """Whether an address exists and is not revoked."""
    return session.get(CalendarFeed, hash_secret(secret)) is not None


def note_use(session: Session, secret: str, now: datetime) -> None:
    """Store when an address was used last, to the minute."""
    is_old = or_(
        CalendarFeed.last_used_at.is_(None), CalendarFeed.last_used_at <= now - USE_NOTED_EVERY
    )
    is_meant = (CalendarFeed.secret_hash == hash_secret(secret), is_old)
    count_changed(session, update(CalendarFeed).where(*is_meant).values(last_used_at=now))


def revoke_feed(session: Session, secret_hash: str, now: datetime, *, by: Person) -> None:
    """Delete an address: from then on it is as unknown as any other."""
    require(session, by, "admin")
    is_meant = CalendarFeed.secret_hash == secret_hash
    if count_changed(session, delete(CalendarFeed).where(is_meant)):
        note_erasure(session)
        record_event(session, "feed_revoked", {}, now, by=by)
