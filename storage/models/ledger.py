"""Tables of the ledger: its entries, what their pseudonyms stand for, and the keys of its HMACs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class Event(Base):
    """One entry of the ledger: an action of an operator, or a change that Pagekeeper noticed.

    An entry is never changed and never deleted: `storage.ledger.chain` says how that is seen. So it
    has no name and no id that a deletion would have to take out of it, but pseudonyms of what it is
    about. ``kind`` and what belongs to it: `storage.jobs.events.EVENT_KINDS`.
    """

    __tablename__ = "events"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # from 1, no gaps
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str]
    facts: Mapped[dict[str, Any]]  # numbers, days and code words
    by: Mapped[str | None]  # None: Pagekeeper by itself
    # Its subjects: `EventSubject.pseudonym`.
    account: Mapped[str | None] = mapped_column(index=True)
    page: Mapped[str | None] = mapped_column(index=True)
    tag: Mapped[str | None]
    note: Mapped[str | None]
    file: Mapped[str | None]
    # NULL in entries from before there was a chain; the first one of the chain covers them.
    key_id: Mapped[str | None]  # of the LedgerKey
    previous: Mapped[str | None] = mapped_column(unique=True)  # digest of the entry before
    mac: Mapped[str | None]  # HMAC of the entry's own digest, in hex


class EventSubject(Base):
    """What a pseudonym of the ledger stands for: one of the five.

    The row goes with its subject, and the hash key in it: then nothing tells whose entries they
    were, not even to who knows the id.
    """

    __tablename__ = "event_subjects"

    # HMAC under hash_key of the column's name and the id, in hex.
    pseudonym: Mapped[str] = mapped_column(primary_key=True)
    hash_key: Mapped[str]
    grant_id: Mapped[int | None] = mapped_column(
        ForeignKey("grants.id", ondelete="CASCADE"), index=True
    )
    page_id: Mapped[str | None] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), index=True
    )
    tag_id: Mapped[int | None] = mapped_column(
        ForeignKey("tags.id", ondelete="CASCADE"), index=True
    )
    note_id: Mapped[int | None] = mapped_column(
        ForeignKey("notes.id", ondelete="CASCADE"), index=True
    )
    import_id: Mapped[int | None] = mapped_column(
        ForeignKey("imports.id", ondelete="CASCADE"), index=True
    )


class LedgerKey(Base):
    """A key of the ledger's HMACs, sealed with an encryption key as tokens are."""

    __tablename__ = "ledger_keys"

    id: Mapped[str] = mapped_column(primary_key=True)  # begins the SHA-256 of the key, in hex
    sealed_key: Mapped[str]
    key_id: Mapped[str]  # of the encryption key
    created_at: Mapped[datetime]
