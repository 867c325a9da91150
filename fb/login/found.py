"""What one trip found out about an account; it waits in the attempt's row for the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.accounts.grants import GrantFacts
from storage.accounts.vault import Sealed
from storage.models import Attempt


@dataclass(frozen=True)
class Found:
    """An account, what it consents to, and how its Pages were read; no secret."""

    account_id: str
    account_name: str
    granted: tuple[str, ...]
    declined: tuple[str, ...]
    issued_at: datetime | None
    expires_at: datetime | None
    data_access_expires_at: datetime | None
    basic_only: bool
    read_at: datetime
    graph_version: str | None

    @property
    def grant_facts(self) -> GrantFacts:
        """What of it the grant keeps."""
        return GrantFacts(
            account_id=self.account_id,
            account_name=self.account_name,
            granted=self.granted,
            declined=self.declined,
            issued_at=self.issued_at,
            expires_at=self.expires_at,
            data_access_expires_at=self.data_access_expires_at,
        )


_TIMES = ("issued_at", "expires_at", "data_access_expires_at", "read_at")


def dump_found(found: Found) -> dict[str, Any]:
    """Return the facts as values that JSON knows."""
    plain = dict(vars(found))
    for name in _TIMES:
        plain[name] = plain[name].isoformat() if plain[name] else None
    return plain


def load_found(plain: dict[str, Any]) -> Found:
    """Read what `dump_found` made, also after a trip through JSON."""
    read = dict(plain)
    for name in _TIMES:
        read[name] = datetime.fromisoformat(read[name]) if read[name] else None
    for name in ("granted", "declined"):
        read[name] = tuple(read[name])
    return Found(**read)


def get_found(attempt: Attempt) -> tuple[Found, Sealed]:
    """Return what waits in a ready attempt: the facts, and the sealed user access token."""
    assert attempt.found is not None
    assert attempt.sealed_user_token is not None
    assert attempt.key_id is not None
    return load_found(attempt.found), Sealed(attempt.key_id, attempt.sealed_user_token)
