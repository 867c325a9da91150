"""Vault: seals secrets for the database, and opens them.

A sealed text is a Fernet token over purpose, owner and secret: Fernet alone would also open a text
that was copied into another row. The id of its key is stored beside it. Purposes and owners are
defined here only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken

from storage.db.errors import SealBroken, WrongKey

# Purposes, each with its owner. They are part of the sealed text and no secrets.
PURPOSE_USER_TOKEN = "user access token"  # noqa: S105 (see above); owner: the account's id
PURPOSE_PAGE_TOKEN = "page access token"  # noqa: S105 (see above); owner: "<account id>/<page id>"
PURPOSE_LOGIN_RESULT = "login result"  # owner: the attempt's id
PURPOSE_DELETION = "id to delete"  # owner: the hash of the request's code
PURPOSE_LEDGER = "ledger key"  # owner: the id of the ledger's key
PURPOSE_CHANNEL = "warning channel"  # owner: the channel's name
PURPOSE_CANARY = "canary"  # owner: the key's id
_HASH_CONTEXT = b"pagekeeper: ids that were erased"


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
        # Of their own, so that a hash says nothing about what a key seals.
        self._hash_keys = {
            key_id_of(key): hmac.digest(base64.urlsafe_b64decode(key), _HASH_CONTEXT, "sha256")
            for key in keys
        }
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

    def seal_id_to_delete(self, code_hash: str, id: str) -> Sealed:
        """Seal the id of the account or Page that a request asks to delete."""
        return self.seal(PURPOSE_DELETION, code_hash, id)

    def open_id_to_delete(self, code_hash: str, key_id: str, text: str) -> str:
        """Open what `seal_id_to_delete` sealed for this request; raises as `open` does."""
        return self.open(PURPOSE_DELETION, code_hash, key_id, text)

    def seal_ledger_key(self, id: str, key: str) -> Sealed:
        """Seal the ledger's key of this id."""
        return self.seal(PURPOSE_LEDGER, id, key)

    def open_ledger_key(self, id: str, key_id: str, text: str) -> str:
        """Open what `seal_ledger_key` sealed for this id; raises as `open` does."""
        return self.open(PURPOSE_LEDGER, id, key_id, text)

    def seal_channel(self, channel: str, settings: str) -> Sealed:
        """Seal where a channel of warnings leads, with its passwords."""
        return self.seal(PURPOSE_CHANNEL, channel, settings)

    def open_channel(self, channel: str, key_id: str, text: str) -> str:
        """Open what `seal_channel` sealed for this channel; raises as `open` does."""
        return self.open(PURPOSE_CHANNEL, channel, key_id, text)

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

    def hash_id(self, key_id: str, kind: str, id: str) -> str:
        """Return the keyed hash of an id of Facebook, in hex; KeyError for an unknown key."""
        return hmac.digest(self._hash_keys[key_id], f"{kind}:{id}".encode(), "sha256").hex()


def key_id_of(key: str) -> str:
    """Return the public id of a key: the first 12 hex digits of the SHA-256 of its bytes."""
    return hashlib.sha256(base64.urlsafe_b64decode(key)).hexdigest()[:12]
