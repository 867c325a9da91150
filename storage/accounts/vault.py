"""Vault: seals secrets for the database, opens them, and checks the encryption keys.

A sealed text is a Fernet token over purpose, owner and secret: Fernet alone would also open a text
that was copied into another row. The id of its key is stored beside it. Purposes and owners are
defined here only.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import ColumnElement, bindparam, delete, func, insert, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.db.engine import note_erasure
from storage.db.errors import SealBroken, WrongKey
from storage.db.upsert import table_of
from storage.models import Attempt, Base, Grant, PageGrant, VaultKey

# Purposes, each with its owner. They are part of the sealed text and no secrets.
PURPOSE_USER_TOKEN = "user access token"  # noqa: S105 (see above); owner: the account's id
PURPOSE_PAGE_TOKEN = "page access token"  # noqa: S105 (see above); owner: "<account id>/<page id>"
PURPOSE_LOGIN_RESULT = "login result"  # owner: the attempt's id
PURPOSE_CANARY = "canary"  # owner: the key's id
_CANARY = "alive"


@dataclass(frozen=True)
class Sealed:
    """A sealed secret as stored: ``text`` is ASCII, ``key_id`` names the key that opens it."""

    key_id: str
    text: str = field(repr=False)


class Vault:
    """The encryption keys. The first one seals, all of them open."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take Fernet keys (32 bytes, URL-safe base64). Raises ValueError for none or a bad one."""
        if not keys:
            raise ValueError("a vault needs a key")
        self._fernets = {key_id_of(key): Fernet(key) for key in keys}
        self.current_key_id = key_id_of(keys[0])
        self._current = self._fernets[self.current_key_id]

    @property
    def key_ids(self) -> frozenset[str]:
        """Return the ids of all keys."""
        return frozenset(self._fernets)

    def seal(self, purpose: str, owner: str, secret: str) -> Sealed:
        """Encrypt ``secret`` with the first key, bound to ``purpose`` and ``owner``.

        Raises ValueError for a purpose or owner with a line break, which separates the parts.
        """
        if "\n" in purpose + owner:
            raise ValueError("purpose and owner are one line each")
        payload = "\n".join((purpose, owner, secret)).encode("utf-8", "surrogatepass")
        # Time 0: Fernet writes the time in the clear, and the rows have their own times.
        return Sealed(self.current_key_id, self._current.encrypt_at_time(payload, 0).decode())

    def seal_user_token(self, account_id: str, token: str) -> Sealed:
        """Seal the user access token of an account."""
        return self.seal(PURPOSE_USER_TOKEN, account_id, token)

    def open_user_token(self, account_id: str, key_id: str, text: str) -> str:
        """Open what `seal_user_token` sealed for this account; raises as `open` does."""
        return self.open(PURPOSE_USER_TOKEN, account_id, key_id, text)

    def seal_page_token(self, account_id: str, page_id: str, token: str) -> Sealed:
        """Seal the page access token that an account holds for a Page."""
        return self.seal(PURPOSE_PAGE_TOKEN, f"{account_id}/{page_id}", token)

    def open_page_token(self, account_id: str, page_id: str, key_id: str, text: str) -> str:
        """Open what `seal_page_token` sealed for these two; raises as `open` does."""
        return self.open(PURPOSE_PAGE_TOKEN, f"{account_id}/{page_id}", key_id, text)

    def seal_login_result(self, attempt_id: str, result: str) -> Sealed:
        """Seal the result of one attempt, including its tokens."""
        return self.seal(PURPOSE_LOGIN_RESULT, attempt_id, result)

    def open_login_result(self, attempt_id: str, key_id: str, text: str) -> str:
        """Open what `seal_login_result` sealed for this attempt; raises as `open` does."""
        return self.open(PURPOSE_LOGIN_RESULT, attempt_id, key_id, text)

    def open(self, purpose: str, owner: str, key_id: str, text: str) -> str:
        """Return what was sealed for this ``purpose`` and ``owner``.

        Raises WrongKey when no key has this id, SealBroken when the text was altered, sealed by
        another key, or sealed for another purpose or owner.
        """
        fernet = self._fernets.get(key_id)
        if fernet is None:
            raise WrongKey(key_id)
        try:
            payload = fernet.decrypt(text.encode())
        except InvalidToken:
            raise SealBroken from None
        sealed_purpose, sealed_owner, secret = payload.decode("utf-8", "surrogatepass").split(
            "\n", 2
        )
        if (sealed_purpose, sealed_owner) != (purpose, owner):
            raise SealBroken
        return secret


def key_id_of(key: str) -> str:
    """Return the public id of a key: the first 12 hex digits of the SHA-256 of its bytes."""
    return hashlib.sha256(base64.urlsafe_b64decode(key)).hexdigest()[:12]


@dataclass(frozen=True)
class KeyReport:
    """``unopenable``: ids of keys that the database uses and the vault does not have."""

    ok: bool
    unopenable: tuple[str, ...]


def check_keys(session: Session, vault: Vault, now: datetime) -> KeyReport:
    """Check that the vault opens everything sealed in the database.

    While nothing is sealed, canaries of unknown keys are deleted, and the current key adds one. It
    adds none later: a canary of a key that opens nothing else would prove nothing.
    """
    in_use = _key_ids_in_use(session)
    if not in_use:
        session.execute(delete(VaultKey).where(VaultKey.key_id.not_in(vault.key_ids)))
    canaries = {row.key_id: row.sealed_canary for row in session.scalars(select(VaultKey))}
    unopenable = {key_id for key_id in in_use if key_id not in vault.key_ids}
    unopenable |= {id for id, sealed in canaries.items() if not _opens_canary(vault, id, sealed)}
    if not unopenable and not in_use and vault.current_key_id not in canaries:
        _add_canary(session, vault, now)
    return KeyReport(ok=not unopenable, unopenable=tuple(sorted(unopenable)))


def rotate_keys(session: Session, vault: Vault) -> int:
    """Seal every secret again with the first key; return the number of secrets.

    The canary becomes the first key's; afterwards the other keys may be removed from the settings.
    Raises WrongKey or SealBroken when a secret does not open; the transaction must then be rolled
    back. No other server may seal with an older key meanwhile: stop it, or run this again.
    """
    count = sum(_reseal(session, vault, sealed) for sealed in _SEALED_COLUMNS)
    first_made_at = session.scalar(select(func.min(VaultKey.created_at)))
    if first_made_at is not None:
        session.execute(delete(VaultKey))
        _add_canary(session, vault, first_made_at)
    note_erasure(session)
    return count


@dataclass(frozen=True)
class _SealedColumn:
    """A column that holds sealed secrets, and the purpose and owner they were sealed for."""

    model: type[Base]
    column: InstrumentedAttribute[str | None]
    key_id: InstrumentedAttribute[str | None]
    purpose: str
    owner: ColumnElement[str]


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
)


def _key_ids_in_use(session: Session) -> set[str]:
    key_ids: set[str] = set()
    for sealed in _SEALED_COLUMNS:
        query = select(sealed.key_id).where(sealed.column.is_not(None)).distinct()
        # A sealed text without the id of its key can't be opened either.
        key_ids |= {key_id or "unknown" for key_id in session.scalars(query)}
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


def _reseal(session: Session, vault: Vault, column: _SealedColumn) -> int:
    table = table_of(column.model)
    keys = [key.name for key in table.primary_key]
    changes = list(_resealed(session, vault, column, keys))
    if changes:
        # The prefix "at_" distinguishes the parameters of WHERE from those of SET.
        is_row = [table.c[key] == bindparam(f"at_{key}") for key in keys]
        new: dict[str, Any] = {
            column.column.key: bindparam("text"),
            "key_id": bindparam("new_key_id"),
        }
        session.execute(update(table).where(*is_row).values(new), changes)
    return len(changes)


def _resealed(
    session: Session, vault: Vault, column: _SealedColumn, keys: list[str]
) -> Iterator[dict[str, Any]]:
    columns = [table_of(column.model).c[key] for key in keys]
    query = select(column.key_id, column.column, column.owner, *columns).where(
        column.column.is_not(None)
    )
    for key_id, text, owner, *row in session.execute(query).all():
        secret = vault.open(column.purpose, owner, key_id or "unknown", text)
        sealed = vault.seal(column.purpose, owner, secret)
        where = {f"at_{key}": value for key, value in zip(keys, row, strict=True)}
        yield {**where, "text": sealed.text, "new_key_id": sealed.key_id}
