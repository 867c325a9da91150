"""Keys: checks that the encryption keys open the database, and seals it anew with the first one.

Each key that seals has a canary: a known text, sealed with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.accounts.attempts import NO_RESULT
from storage.accounts.vault import (
    PURPOSE_CANARY,
    PURPOSE_CHANNEL,
    PURPOSE_DELETION,
    PURPOSE_LEDGER,
    PURPOSE_LOGIN_RESULT,
    PURPOSE_PAGE_TOKEN,
    PURPOSE_USER_TOKEN,
    Vault,
)
from storage.db.engine import Database, note_erasure
from storage.db.errors import SealBroken, WrongKey
from storage.db.upsert import count_changed, table_of
from storage.jobs.events import record_event
from storage.models import (
    Attempt,
    Base,
    DeletionRequest,
    Grant,
    LedgerKey,
    PageGrant,
    VaultKey,
    WarningChannel,
)
from storage.people.person import Person, require

BATCH_ROWS = 200
# More are needed only while another process seals with an older key.
MAX_ROUNDS = 5
# A sealed text without the id of its key can't be opened either.
UNKNOWN_KEY = "unknown"
_CANARY = "alive"


@dataclass(frozen=True)
class KeyReport:
    """``unopenable``: ids of keys that the database uses and the vault does not have.

    ``account_names``: the accounts with access that is sealed with one of these, by name.
    """

    ok: bool
    unopenable: tuple[str, ...]
    account_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class SealedAccess:
    """An account, and the number of Pages that it has a token for."""

    grant_id: int
    account_name: str
    pages_count: int


@dataclass(frozen=True)
class Rotation:
    """``resealed``: secrets sealed anew. ``left``: those still sealed with an older key."""

    resealed: int
    left: int


def check_keys(session: Session, vault: Vault, now: datetime) -> KeyReport:
    """Check that the vault opens everything sealed in the database.

    While nothing is sealed, canaries of unknown keys are deleted, and the current key adds one. It
    adds none later: a canary of a key that opens nothing else would prove nothing.
    """
    in_use = _key_ids_in_use(session)
    if not in_use:
        session.execute(delete(VaultKey).where(VaultKey.key_id.not_in(vault.key_ids)))
    report = find_missing_keys(session, vault)
    if report.ok and not in_use and session.get(VaultKey, vault.current_key_id) is None:
        _add_canary(session, vault, now)
    return report


def find_missing_keys(session: Session, vault: Vault) -> KeyReport:
    """Check the same without changing anything, since another process may seal with other keys."""
    unopenable = _key_ids_in_use(session) - vault.key_ids
    canaries = session.execute(select(VaultKey.key_id, VaultKey.sealed_canary))
    unopenable |= {id for id, sealed in canaries if not _opens_canary(vault, id, sealed)}
    lost = list_sealed_access(session, unopenable) if unopenable else []
    names = tuple(access.account_name for access in lost)
    return KeyReport(ok=not unopenable, unopenable=tuple(sorted(unopenable)), account_names=names)


def list_unopenable(vault: Vault, canaries: Mapping[str, str]) -> list[str]:
    """Return the ids of the keys whose canary, given by id, the vault does not open."""
    return sorted(id for id, sealed in canaries.items() if not _opens_canary(vault, id, sealed))


def list_sealed_access(session: Session, key_ids: Collection[str]) -> list[SealedAccess]:
    """Return the accounts that have any token sealed with one of these keys, by name."""
    has_token = PageGrant.sealed_page_token.is_not(None)
    pages = select(func.count()).where(PageGrant.grant_id == Grant.id, has_token).correlate(Grant)
    holding = select(PageGrant.grant_id).where(has_token, _is_key(PageGrant.key_id, key_ids))
    is_sealed = and_(Grant.sealed_user_token.is_not(None), _is_key(Grant.key_id, key_ids))
    query = (
        select(Grant.id, Grant.account_name, pages.scalar_subquery())
        .where(or_(is_sealed, Grant.id.in_(holding)))
        .order_by(Grant.account_name, Grant.id)
    )
    return [SealedAccess(*row) for row in session.execute(query)]


def discard_sealed_with(session: Session, key_id: str, now: datetime) -> None:
    """Discard the attempts whose result is sealed with this key, and delete its canary.

    Requests to delete whose id is sealed with it are deleted: nobody can tell any more whom they
    named. Channels of warnings that are sealed with it are deleted: set them up again.
    """
    is_sealed = (Attempt.sealed_result.is_not(None), _is_key(Attempt.key_id, [key_id]))
    discard = update(Attempt).where(*is_sealed)
    ended: dict[str, Any] = {"status": "discarded", "ended_at": now, **NO_RESULT}
    count_changed(session, discard.values(ended))
    is_unreadable = (
        DeletionRequest.sealed_id.is_not(None),
        _is_key(DeletionRequest.key_id, [key_id]),
    )
    count_changed(session, delete(DeletionRequest).where(*is_unreadable))
    is_closed = _is_key(WarningChannel.key_id, [key_id])
    count_changed(session, delete(WarningChannel).where(is_closed))
    session.execute(delete(VaultKey).where(VaultKey.key_id == key_id))


def rotate_keys(
    database: Database,
    vault: Vault,
    now: datetime,
    on_progress: Callable[[int, int], object] = lambda done, total: None,
    *,
    by: Person,
) -> Rotation:
    """Seal every secret with the first key, in batches between which others read and write.

    It may be stopped anywhere and run again: both keys open what they sealed. A secret that was
    stored meanwhile is kept. Once nothing is left the canaries of the other keys are deleted, and
    these may be removed from the settings; something is left only where another process goes on
    sealing with an older key. The end is recorded. Raises WrongKey, with nothing changed, when
    a key is missing, and SealBroken when a secret does not open.
    """
    with database.writing() as session:
        require(session, by, "admin")
        missing = _key_ids_in_use(session) - vault.key_ids
        if missing:
            raise WrongKey(min(missing))
        _renew_canary(session, vault, now)
        left = total = _count_older(session, vault)
    resealed = 0
    for _ in range(MAX_ROUNDS):
        for column in _SEALED_COLUMNS:
            for batch in _batches(database, vault, column):
                resealed += _replace(database, vault, column, batch)
                on_progress(min(resealed, total), total)
        with database.writing() as session:
            left = _count_older(session, vault)
            if not left:
                others = delete(VaultKey).where(VaultKey.key_id != vault.current_key_id)
                if count_changed(session, others) or resealed:
                    facts = {"values": resealed}
                    record_event(session, "keys_rotated", facts, now, by=by)
                note_erasure(session)
                break
    return Rotation(resealed, left)


@dataclass(frozen=True)
class _SealedColumn:
    """A column that holds sealed secrets, and the purpose and owner they were sealed for.

    ``is_needed``: without the key of such a secret nothing is connected, fetched or overwritten.
    One that isn't needed is left as it is when its key is missing.
    """

    model: type[Base]
    column: InstrumentedAttribute[Any]
    key_id: InstrumentedAttribute[Any]
    purpose: str
    owner: ColumnElement[str]
    is_needed: bool = True


_SEALED_COLUMNS = (
    _SealedColumn(
        Grant,
        Grant.sealed_user_token,
        Grant.key_id,
        PURPOSE_USER_TOKEN,
        Grant.__table__.c.account_id,
    ),
    _SealedColumn(
        PageGrant,
        PageGrant.sealed_page_token,
        PageGrant.key_id,
        PURPOSE_PAGE_TOKEN,
        select(Grant.account_id)
        .where(Grant.id == PageGrant.grant_id)
        .correlate(PageGrant)
        .scalar_subquery()
        .concat(literal("/"))
        .concat(PageGrant.page_id),
    ),
    _SealedColumn(
        Attempt,
        Attempt.sealed_result,
        Attempt.key_id,
        PURPOSE_LOGIN_RESULT,
        Attempt.__table__.c.id,
    ),
    _SealedColumn(
        DeletionRequest,
        DeletionRequest.sealed_id,
        DeletionRequest.key_id,
        PURPOSE_DELETION,
        DeletionRequest.__table__.c.code_hash,
    ),
    _SealedColumn(
        LedgerKey,
        LedgerKey.sealed_key,
        LedgerKey.key_id,
        PURPOSE_LEDGER,
        LedgerKey.__table__.c.id,
        is_needed=False,
    ),
    _SealedColumn(
        WarningChannel,
        WarningChannel.sealed_settings,
        WarningChannel.key_id,
        PURPOSE_CHANNEL,
        WarningChannel.__table__.c.channel,
    ),
)


@dataclass(frozen=True)
class _Row:
    key: tuple[Any, ...]  # the primary key
    key_id: str | None
    text: str
    owner: str


def _is_key(
    column: InstrumentedAttribute[str | None], key_ids: Collection[str]
) -> ColumnElement[bool]:
    return func.coalesce(column, UNKNOWN_KEY).in_(key_ids)


def _key_ids_in_use(session: Session) -> set[str]:
    key_ids: set[str] = set()
    for sealed in filter(attrgetter("is_needed"), _SEALED_COLUMNS):
        query = select(sealed.key_id).where(sealed.column.is_not(None)).distinct()
        key_ids |= {key_id or UNKNOWN_KEY for key_id in session.scalars(query)}
    return key_ids


def _opens_canary(vault: Vault, key_id: str, sealed_canary: str) -> bool:
    try:
        return vault.open(PURPOSE_CANARY, key_id, key_id, sealed_canary) == _CANARY
    except (WrongKey, SealBroken):
        return False


def _add_canary(session: Session, vault: Vault, made_at: datetime) -> None:
    sealed = vault.seal(PURPOSE_CANARY, vault.current_key_id, _CANARY)
    session.execute(
        insert(VaultKey).values(key_id=sealed.key_id, sealed_canary=sealed.text, created_at=made_at)
    )


def _renew_canary(session: Session, vault: Vault, now: datetime) -> None:
    canary = session.get(VaultKey, vault.current_key_id)
    if canary is None or not _opens_canary(vault, canary.key_id, canary.sealed_canary):
        session.execute(delete(VaultKey).where(VaultKey.key_id == vault.current_key_id))
        _add_canary(session, vault, now)


def _is_older(column: _SealedColumn, vault: Vault) -> ColumnElement[bool]:
    is_other = column.key_id.is_distinct_from(vault.current_key_id)
    is_openable = true() if column.is_needed else column.key_id.in_(vault.key_ids)
    return and_(column.column.is_not(None), is_other, is_openable)


def _count_older(session: Session, vault: Vault) -> int:
    counts = (
        session.scalar(
            select(func.count()).select_from(column.model).where(_is_older(column, vault))
        )
        for column in _SEALED_COLUMNS
    )
    return sum(count or 0 for count in counts)


def _batches(database: Database, vault: Vault, column: _SealedColumn) -> Iterator[Sequence[_Row]]:
    """Read what an older key has sealed, once, in the order of the primary key."""
    key = tuple(table_of(column.model).primary_key)
    query = (
        select(column.key_id, column.column, column.owner, *key)
        .where(_is_older(column, vault))
        .order_by(*key)
        .limit(BATCH_ROWS)
    )
    batch = query
    while True:
        with database.reading() as session:
            found = session.execute(batch).all()
        rows = [_Row(tuple(at), key_id, text, owner) for key_id, text, owner, *at in found]
        if not rows:
            return
        yield rows
        last = (literal(at, part.type) for at, part in zip(rows[-1].key, key, strict=True))
        batch = query.where(tuple_(*key) > tuple_(*last))


def _replace(database: Database, vault: Vault, column: _SealedColumn, rows: Sequence[_Row]) -> int:
    """Store the rows sealed anew, each only if it is as it was read; return how many were."""
    table, name = table_of(column.model), column.column.key
    changes = []
    for row in rows:
        secret = vault.open(column.purpose, row.owner, row.key_id or UNKNOWN_KEY, row.text)
        sealed = vault.seal(column.purpose, row.owner, secret)
        is_row = [part == at for part, at in zip(table.primary_key, row.key, strict=True)]
        unchanged = update(table).where(*is_row, table.c[name] == row.text)
        changes.append(unchanged.values({name: sealed.text, "key_id": sealed.key_id}))
    with database.writing() as session:
        return sum(count_changed(session, change) for change in changes)
