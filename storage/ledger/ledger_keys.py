"""Ledger keys: makes the key of the ledger's HMACs, and opens it.

The key is random and lies in the database, sealed by the vault: derived from an encryption key it
would change with each rotation, and derived from another setting it could never be changed. A
rotation seals it anew, as it does with tokens. It is no token: nothing waits for a lost one, and
the ledger goes on under a new key.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.db.errors import SealBroken, WrongKey
from storage.db.upsert import table_of
from storage.models import LedgerKey

_KEYS = table_of(LedgerKey)
_KEYRING = "keyring of the ledger"


class Sealed(Protocol):
    """As `storage.accounts.vault.Sealed`."""

    @property
    def key_id(self) -> str: ...
    @property
    def text(self) -> str: ...


class Vault(Protocol):
    """What the ledger needs of `storage.accounts.vault.Vault`, whose folder records events."""

    def seal_ledger_key(self, id: str, key: str, /) -> Sealed: ...
    def open_ledger_key(self, id: str, key_id: str, text: str, /) -> str: ...


@dataclass(frozen=True)
class OpenedKey:
    """``id`` is stored in the entries. ``is_new``: it was made just now."""

    id: str
    secret: bytes
    is_new: bool = False

    def __repr__(self) -> str:
        return f"OpenedKey({self.id})"


class Keyring:
    """Opens the ledger's keys, each once.

    A process that is not restarted after a new encryption key was set goes on with what it has
    opened, also when a rotation has sealed that with the new one.
    """

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self._secrets: dict[str, bytes] = {}

    def find(self, id: str, key_id: str, sealed_key: str) -> bytes | None:
        """Return the secret of a stored key; None when no encryption key opens it."""
        if id not in self._secrets:
            try:
                secret = self.vault.open_ledger_key(id, key_id, sealed_key)
            except (WrongKey, SealBroken):
                return None
            self._secrets[id] = bytes.fromhex(secret)
        return self._secrets[id]


def attach_vault(database: Database, vault: Vault) -> None:
    """Let the database's writers append to the ledger; without it `get_key` raises."""
    database.writer_info[_KEYRING] = Keyring(vault)


def open_stored_keys(session: Session) -> None:
    """Open the stored keys ahead of need, while the encryption keys of this process still do."""
    keyring: Keyring = session.info[_KEYRING]
    for row in session.execute(select(_KEYS)):
        keyring.find(row.id, row.key_id, row.sealed_key)


def get_key(session: Session, now: datetime) -> OpenedKey:
    """Return the newest key that the vault can open, or a new one when it can open none.

    Each process takes one that it can open, so two with different encryption keys don't replace
    each other's in turn. Raises LookupError in a session of a database without `attach_vault`.
    """
    keyring: Keyring | None = session.info.get(_KEYRING)
    if keyring is None:
        raise LookupError("this database was opened without the vault that the ledger needs")
    newest_first = (_KEYS.c.created_at.desc(), _KEYS.c.id)
    for row in session.execute(select(_KEYS).order_by(*newest_first)):
        secret = keyring.find(row.id, row.key_id, row.sealed_key)
        if secret is not None:
            return OpenedKey(row.id, secret)
    secret = secrets.token_bytes(32)
    id = hashlib.sha256(secret).hexdigest()[:12]
    sealed = keyring.vault.seal_ledger_key(id, secret.hex())
    values = {"sealed_key": sealed.text, "key_id": sealed.key_id, "created_at": now}
    session.execute(insert(_KEYS).values(id=id, **values))
    return OpenedKey(id, secret, is_new=True)


def open_keys(session: Session, vault: Vault) -> Mapping[str, bytes]:
    """Return the keys that the vault can open, by id."""
    keyring = Keyring(vault)
    rows = session.execute(select(_KEYS))
    opened = {row.id: keyring.find(row.id, row.key_id, row.sealed_key) for row in rows}
    return {id: secret for id, secret in opened.items() if secret is not None}
