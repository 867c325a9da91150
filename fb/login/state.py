"""State: signs the ``state`` parameter of a login and verifies it.

The signature proves the origin. Single use and the end of the trip are enforced by the attempt's
row in the database (`storage.accounts.attempts.consume_attempt`). A state has no time of its own:
the clock of the machine that signed it may be off.

    StateError              the returned state is not accepted
    ├── StateMalformed      too long, or of another shape
    └── StateForged         not signed here for this mode and app
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, BadSignature
from itsdangerous.url_safe import URLSafeSerializer

MAX_STATE_LENGTH = 2048


class StateError(Exception):
    """The returned state is not accepted."""


class StateMalformed(StateError):
    pass


class StateForged(StateError):
    pass


@dataclass(frozen=True)
class VerifiedState:
    """The payload of a verified state: the attempt, and the hash of its cookie's nonce."""

    attempt_id: str
    nonce_hash: str


class StateSigner:
    """Signs and verifies the states of one mode and one app. All others are `StateForged`."""

    def __init__(self, secret: str, mode: str, app_id: str) -> None:
        self._serializer = URLSafeSerializer(
            secret,
            salt=f"state:{mode}:{app_id}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, attempt_id: str, nonce_hash: str) -> str:
        """Return the state for the authorization URL: URL-safe text, about 200 characters."""
        return str(self._serializer.dumps([attempt_id, nonce_hash]))

    def verify(self, state: str) -> VerifiedState:
        """Verify a returned state. The caller must also compare ``nonce_hash`` with the cookie.

        The length is checked first, so that a very long state costs no time.

        Raises:
            StateMalformed: longer than 2,048 characters, or of another shape.
            StateForged: not signed here for this mode and app.
        """
        if len(state) > MAX_STATE_LENGTH or not state.isascii() or "." not in state:
            raise StateMalformed("the state is too long or not of our shape")
        failure: StateError
        try:
            return _read_payload(self._serializer.loads(state))
        except BadSignature:
            failure = StateForged("the state was not signed here")
        except BadData:
            failure = StateMalformed("the state can not be read")
        # Raised outside the handlers, since the errors of itsdangerous contain the payload.
        raise failure


def new_nonce() -> str:
    """Return 256 random bits as URL-safe text, for an attempt's cookie."""
    return secrets.token_urlsafe(32)


def hash_nonce(nonce: str) -> str:
    """Return the SHA-256 in hex. State and database contain only this hash, never the nonce."""
    return hashlib.sha256(nonce.encode("utf-8", "surrogatepass")).hexdigest()


def _read_payload(payload: Any) -> VerifiedState:
    match payload:
        case [str(attempt_id), str(nonce_hash)]:
            return VerifiedState(attempt_id, nonce_hash)
        case _:
            raise StateMalformed("the payload is not one of ours")
