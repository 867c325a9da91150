"""Chain: appends entries to the ledger so that whoever changes, drops or moves one is found out.

An entry's digest covers all of its columns and the digest of the entry before, and so everything
before it. An HMAC of the digest, under a key that is not readable in the database, shows that
Pagekeeper wrote the entry. Once a key is lost, the entries that it sealed are still covered by the
digests of those that follow. A ledger whose end was cut off looks whole: only a digest noted
elsewhere shows that.

Sequence and previous digest are unique, so of two entries that were made from the same last one the
database refuses the second. It doesn't come to that: `Database.writing` lets in one writer at a
time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.ledger.ledger_keys import OpenedKey, get_key
from storage.ledger.subjects import SUBJECTS, find_or_add_pseudonym
from storage.models import Event

BEGUN, REKEYED = "ledger_begun", "ledger_rekeyed"
FIRST_PREVIOUS = ""  # of entry 1

_EVENTS = table_of(Event)


def append_entry(
    session: Session,
    kind: str,
    facts: Mapping[str, Any],
    at: datetime,
    *,
    by: str | None,
    ids: Mapping[str, int | str | None],
) -> None:
    """Append one entry. ``ids``: of its subjects, by the columns of `SUBJECTS`.

    Where the chain begins behind older entries, or goes on under a new key because the last one
    can't be opened, an entry that says so comes first. Raises LookupError as `get_key` does.
    """
    key = get_key(session, at)
    last = session.execute(select(_EVENTS).order_by(_EVENTS.c.sequence.desc()).limit(1)).first()
    sequence, previous = 1, FIRST_PREVIOUS
    if last is not None:
        is_old = last.mac is None
        sequence = last.sequence + 1
        previous = _digest_all(session) if is_old else digest_of(last, last.previous)
        if is_old or key.is_new:
            opening = {"at": at, "kind": BEGUN if is_old else REKEYED}
            opening["facts"] = {"entries": last.sequence}
            previous = _insert(session, key, sequence, previous, opening)
            sequence += 1
    subjects = {
        SUBJECTS[column]: find_or_add_pseudonym(session, column, id)
        for column, id in ids.items()
        if id is not None
    }
    entry = {"at": at, "kind": kind, "facts": dict(facts), "by": by, **subjects}
    _insert(session, key, sequence, previous, entry)


def digest_of(entry: Row[Any] | Mapping[str, Any], previous: str) -> str:
    """Return the digest of an entry (SHA-256, hex) with that of the one before."""
    row = entry if isinstance(entry, Mapping) else entry._mapping
    subjects = [row.get(column) for column in SUBJECTS.values()]
    columns = [
        row["sequence"],
        row["at"].astimezone(UTC).isoformat(),
        row["kind"],
        row["facts"],
        row.get("by"),
    ]
    # Objects sorted and all else escaped: the same entry gives the same text on every database.
    text = json.dumps(
        [previous, *columns, *subjects, row.get("key_id")], sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def mac_of(secret: bytes, digest: str) -> str:
    """Return the HMAC of a digest, in hex."""
    return hmac.digest(secret, digest.encode(), "sha256").hex()


def _insert(
    session: Session, key: OpenedKey, sequence: int, previous: str, entry: Mapping[str, Any]
) -> str:
    """Insert an entry and return its digest."""
    row = {**entry, "sequence": sequence, "key_id": key.id}
    digest = digest_of(row, previous)
    mac = mac_of(key.secret, digest)
    session.execute(insert(_EVENTS).values(**row, previous=previous, mac=mac))
    return digest


def _digest_all(session: Session) -> str:
    """Return the digest of the last entry, by those of all before it, which have none stored."""
    digest = FIRST_PREVIOUS
    for row in session.execute(select(_EVENTS).order_by(_EVENTS.c.sequence)):
        digest = digest_of(row, digest)
    return digest
