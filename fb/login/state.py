"""State: signs the ``state`` parameter of a login and verifies it, with its age.

The signature proves the origin. Single use and the end of the trip are enforced by the attempt's
row in the database (`storage.accounts.attempts.consume_attempt`); here a state is refused only when
it is too old by its own time. One from the future is young: the clock of the machine that signed it
is ahead.

    StateError              the returned state is not accepted
    ├── StateMalformed      too long, or of another shape
    ├── StateForged         not signed here for this mode and app
    └── StateExpired        too old
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadData, BadSignature, TimestampSigner
from itsdangerous.url_safe import URLSafeTimedSerializer

# Two-factor login and picking a hundred Pages take longer than the usual five minutes.
STATE_LIFETIME = timedelta(seconds=900)
MAX_STATE_LENGTH = 2048
A_SECOND = timedelta(seconds=1)  # the time in a state is in whole seconds


class StateError(Exception):
    """The returned state is not accepted."""


class StateMalformed(StateError):
    pass


class StateForged(StateError):
    pass


class StateExpired(StateError):
    pass


@dataclass(frozen=True)
class VerifiedState:
    """The payload of a verified state: the attempt, and the hash of its cookie's nonce."""

    attempt_id: str
    nonce_hash: str


class _ClockedSigner(TimestampSigner):
    """A timestamp signer whose clock is an argument."""

    def __init__(self, *args: Any, now_seconds: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now_seconds = now_seconds

    def get_timestamp(self) -> int:
        return self._now_seconds


class StateSigner:
    """Signs and verifies the states of one mode and one app. All others are `StateForged`."""

    def __init__(self, secret: str, mode: str, app_id: str) -> None:
        self._secret = secret
        self._salt = f"state:{mode}:{app_id}"

    def sign(self, attempt_id: str, nonce_hash: str, now: datetime) -> str:
        """Return the state for the authorization URL: URL-safe text, about 200 characters."""
        return str(self._serializer(now).dumps([attempt_id, nonce_hash]))

    def verify(self, state: str, now: datetime) -> VerifiedState:
        """Verify a returned state. The caller must also compare ``nonce_hash`` with the cookie.

        The length is checked first, so that a very long state costs no time.

        Raises:
            StateMalformed: longer than 2,048 characters, or of another shape.
            StateForged: not signed here for this mode and app.
            StateExpired: older than STATE_LIFETIME.
        """
        if len(state) > MAX_STATE_LENGTH or not state.isascii() or state.count(".") < 2:
            raise StateMalformed("the state is too long or not of our shape")
        failure: StateError
        try:
            # Not with ``max_age``: itsdangerous refuses what is from the future as too old.
            payload, signed_at = self._serializer(now).loads(state, return_timestamp=True)
            if now - signed_at < STATE_LIFETIME + A_SECOND:
                return _read_payload(payload)
            failure = StateExpired("the state is too old")
        except BadSignature:
            failure = StateForged("the state was not signed here")
        except BadData:
            failure = StateMalformed("the state can not be read")
        # Raised outside the handlers, since the errors of itsdangerous contain the payload.
        raise failure

    def _serializer(self, now: datetime) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._secret,
            salt=self._salt,
            signer=_ClockedSigner,
            signer_kwargs={
                "key_derivation": "hmac",
                "digest_method": hashlib.sha256,
                "now_seconds": int(now.timestamp()),
            },
        )


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
