"""Deletion requests: keeps what is still to delete, and afterwards the proof without the id.

A request is found by its confirmation code, which whoever asked was given. Code and id are kept as
hashes; only until the request is done its id is kept too, sealed, so that a restart loses none.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from storage.accounts.erasure import ErasureKind
from storage.accounts.vault import Vault
from storage.db.engine import note_erasure
from storage.db.upsert import count_changed
from storage.models import DeletionRequest

# Whoever got hold of one of Facebook's requests can send it again and again: it asks for nothing
# new, and the oldest makes room.
MAX_REPEATS = 20

RequestStatus = Literal["pending", "erased", "absent", "renewed"]
RequestOutcome = Literal["erased", "absent", "renewed"]


@dataclass(frozen=True)
class PendingRequest:
    """A request that is not done; ``id`` is Facebook's, ``asked_by`` None for its servers."""

    code_hash: str
    kind: ErasureKind
    id: str = field(repr=False)
    asked_at: datetime
    received_at: datetime
    asked_by: str | None


@dataclass(frozen=True)
class RequestRecord:
    """What is left to say of a request; columns as of `storage.models.DeletionRequest`."""

    kind: ErasureKind
    status: RequestStatus
    received_at: datetime
    finished_at: datetime | None


def hash_code(code: str) -> str:
    """Return the SHA-256 of a confirmation code, in hex; of any text."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def add_request(
    session: Session,
    vault: Vault,
    kind: ErasureKind,
    id: str,
    *,
    code: str,
    asked_at: datetime,
    now: datetime,
    asked_by: str | None,
) -> None:
    """Store a request as pending. Of the same one repeated the newest MAX_REPEATS are kept."""
    code_hash, key_id = hash_code(code), vault.current_key_id
    id_hash, sealed = vault.hash_id(key_id, kind, id), vault.seal_id_to_delete(code_hash, id)
    replaced = (
        select(DeletionRequest.code_hash)
        .where(
            DeletionRequest.kind == kind,
            DeletionRequest.id_hash == id_hash,
            DeletionRequest.asked_at == asked_at,
        )
        .order_by(DeletionRequest.received_at.desc(), DeletionRequest.code_hash)
        .offset(MAX_REPEATS - 1)
    )
    count_changed(session, delete(DeletionRequest).where(DeletionRequest.code_hash.in_(replaced)))
    session.execute(
        insert(DeletionRequest).values(
            code_hash=code_hash,
            kind=kind,
            id_hash=id_hash,
            hash_key_id=key_id,
            sealed_id=sealed.text,
            key_id=sealed.key_id,
            asked_at=asked_at,
            received_at=now,
            status="pending",
            asked_by=asked_by,
        )
    )


def list_pending(session: Session, vault: Vault) -> list[PendingRequest]:
    """Return the requests that are not done, oldest first. Raises WrongKey and SealBroken."""
    query = (
        select(DeletionRequest)
        .where(DeletionRequest.status == "pending")
        .order_by(DeletionRequest.received_at, DeletionRequest.code_hash)
    )
    return [
        PendingRequest(
            row.code_hash,
            row.kind,  # type: ignore[arg-type]  # one of ErasureKind
            vault.open_id_to_delete(row.code_hash, row.key_id or "unknown", row.sealed_id or ""),
            row.asked_at,
            row.received_at,
            row.asked_by,
        )
        for row in session.scalars(query)
    ]


def finish_request(
    session: Session, code_hash: str, outcome: RequestOutcome, now: datetime
) -> None:
    """End a pending request and forget its id. Does nothing when it has ended already."""
    is_meant = (DeletionRequest.code_hash == code_hash, DeletionRequest.status == "pending")
    ended = {"status": outcome, "finished_at": now, "sealed_id": None, "key_id": None}
    count_changed(session, update(DeletionRequest).where(*is_meant).values(ended))
    note_erasure(session)


def list_requests(session: Session, *, limit: int = 25) -> list[RequestRecord]:
    """Return the newest requests, newest first."""
    newest_first = (DeletionRequest.received_at.desc(), DeletionRequest.code_hash)
    query = select(DeletionRequest).order_by(*newest_first).limit(limit)
    return [_record(row) for row in session.scalars(query)]


def find_request(session: Session, code: str) -> RequestRecord | None:
    """Return the request with this confirmation code; None without one."""
    row = session.get(DeletionRequest, hash_code(code), populate_existing=True)
    return None if row is None else _record(row)


def _record(row: DeletionRequest) -> RequestRecord:
    return RequestRecord(**{each.name: getattr(row, each.name) for each in fields(RequestRecord)})
