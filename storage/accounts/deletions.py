"""Deletions: lists the accounts and Pages that were erased, so that a restored copy is not kept.

Ids of Facebook can be guessed, so the list has keyed hashes: HMAC-SHA256 under a key that is
derived from the encryption key in use then. Every backup from before an erasure is sealed with that
key or an older one: whoever keeps the keys of his backups can also apply the list to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from storage.accounts.erasure import ErasureKind
from storage.accounts.vault import Vault
from storage.db.upsert import Conflict, upsert
from storage.models import Deletion, Grant, Page


@dataclass(frozen=True)
class DeletionRow:
    """One erased account or Page; columns as of `storage.models.Deletion`."""

    kind: str
    id_hash: str
    key_id: str
    deleted_at: datetime


@dataclass(frozen=True)
class Returned:
    """An account or Page that is stored though it was erased. ``id`` is Facebook's."""

    kind: ErasureKind
    id: str


def make_deletions(
    vault: Vault, kind: ErasureKind, ids: Iterable[str], now: datetime
) -> list[DeletionRow]:
    """Return the entries of the list for accounts or Pages that are erased now."""
    key_id = vault.current_key_id
    return [DeletionRow(kind, vault.hash_id(key_id, kind, id), key_id, now) for id in ids]


def record_deletions(session: Session, rows: Iterable[DeletionRow]) -> None:
    """Add entries to the list; of two for the same account or Page the newer one counts."""
    upsert(session, Deletion, [vars(row) for row in rows], Conflict(newest_by="deleted_at"))


def list_deletions(session: Session) -> list[DeletionRow]:
    """Return the list, oldest first."""
    query = select(Deletion.kind, Deletion.id_hash, Deletion.key_id, Deletion.deleted_at)
    rows = session.execute(query.order_by(Deletion.deleted_at, Deletion.id_hash))
    return [DeletionRow(*row) for row in rows]


def find_deleted_at(session: Session, vault: Vault, kind: ErasureKind, id: str) -> datetime | None:
    """Return when an account or a Page was erased last; None when the list doesn't have it.

    Entries under a key that the vault doesn't have are not found.
    """
    hashes = [vault.hash_id(key_id, kind, id) for key_id in vault.key_ids]
    is_meant = (Deletion.kind == kind, Deletion.id_hash.in_(hashes))
    return session.scalar(select(func.max(Deletion.deleted_at)).where(*is_meant))


def list_returned(
    session: Session, vault: Vault, deletions: Iterable[DeletionRow]
) -> list[Returned]:
    """Return the listed accounts and Pages that are stored again, as after a restore.

    An account that was connected, or a Page that was first seen, after it was erased is not one of
    them: that is a new consent. Entries under a key that the vault doesn't have match nothing.
    """
    rows = sorted(deletions, key=lambda row: row.deleted_at)
    deleted_at = {(row.kind, row.id_hash): row.deleted_at for row in rows}
    key_ids = vault.key_ids & {row.key_id for row in rows}
    stored: dict[ErasureKind, Select[str, datetime]] = {
        "account": select(Grant.account_id, Grant.renewed_at),
        "page": select(Page.id, Page.first_seen_at),
    }
    returned = []
    for kind, query in stored.items():
        for id, since in session.execute(query):
            times = (deleted_at.get((kind, vault.hash_id(key, kind, id))) for key in key_ids)
            if any(at is not None and since <= at for at in times):
                returned.append(Returned(kind, id))
    return returned
