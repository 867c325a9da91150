"""Verification: reads the ledger from its first entry to its last and finds what does not fit."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.ledger.chain import FIRST_PREVIOUS, digest_of, mac_of
from storage.ledger.ledger_keys import Vault, open_keys
from storage.ledger.subjects import iterate_exchanged
from storage.models import Event

ENTRIES_AT_ONCE = 1_000

# missing: no entry has this number · altered: it is not as it was written · detached: it does not
# follow the entry before · unsealed: it has no HMAC, and an entry before it has one · unreadable: a
# column has no value of its type
Flaw = Literal["missing", "altered", "detached", "unsealed", "unreadable"]

_EVENTS = table_of(Event)


@dataclass(frozen=True)
class Verdict:
    """``count``: entries that fit, from the first one on. ``digest``: of the last of them.

    ``flaw``: of the entry after these; None where all fit. ``unsealed_count``: entries from before
    the chain that none with an HMAC follows. ``locked_until``: the last entry whose HMAC can't be
    checked, since no encryption key opens the ledger's key; 0 for none. ``head_at``: the entry with
    the digest that was looked for; None without it. ``exchanged_count``: pseudonyms that were made
    for another account, Page, tag, note or file than they are shown with.
    """

    count: int
    digest: str
    flaw: Flaw | None
    unsealed_count: int
    locked_until: int
    head_at: int | None
    exchanged_count: int


def verify_ledger(session: Session, vault: Vault, head: str | None = None) -> Verdict:
    """Check every entry, up to the first that does not fit.

    ``head``: a digest that was noted earlier. What it covers has not been changed since then,
    whether its key is there or not.
    """
    secrets = open_keys(session, vault)
    count, digest, flaw = 0, FIRST_PREVIOUS, None
    is_sealed, head_at, locked_until = False, None, 0
    try:
        for row in _iterate_entries(session):
            flaw = _find_flaw(row, count, digest, is_sealed)
            own = digest_of(row, digest)
            if flaw is None and row.mac is not None:
                is_sealed = True
                secret = secrets.get(row.key_id)
                if secret is None:
                    locked_until = row.sequence
                elif not hmac.compare_digest(mac_of(secret, own), row.mac):
                    flaw = "altered"
            if flaw is not None:
                break
            count, digest = row.sequence, own
            if head is not None and own == head:
                head_at = count
    except _Unreadable:
        flaw = "unreadable"
    return Verdict(
        count=count,
        digest=digest,
        flaw=flaw,
        unsealed_count=0 if is_sealed else count,
        locked_until=locked_until,
        head_at=head_at,
        exchanged_count=sum(1 for _ in iterate_exchanged(session)),
    )


class _Unreadable(Exception):
    """A column of the next entry has no value of its type."""


def _find_flaw(row: Row[Any], count: int, digest: str, is_sealed: bool) -> Flaw | None:
    """Return what does not fit in an entry that follows ``count`` others, but for its HMAC."""
    if row.sequence != count + 1:
        return "missing"
    if row.mac is None:
        is_old = row.previous is None and row.key_id is None
        return None if is_old and not is_sealed else "unsealed"
    return "detached" if row.previous != digest else None


def _iterate_entries(session: Session) -> Iterator[Row[Any]]:
    """Yield the entries by sequence, as many as can be read; then raise _Unreadable."""
    after: int | None = None
    limit = ENTRIES_AT_ONCE
    query = select(_EVENTS).order_by(_EVENTS.c.sequence)
    while True:
        some = query if after is None else query.where(_EVENTS.c.sequence > after)
        try:
            rows = session.execute(some.limit(limit)).all()
        except (ValueError, TypeError):  # of SQLAlchemy's types
            if limit == 1:
                raise _Unreadable from None
            limit = 1
            continue
        if not rows:
            return
        yield from rows
        after = rows[-1].sequence
