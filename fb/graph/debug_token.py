"""Token check: reads from ``debug_token`` whose a token is, whether it is valid, when it expires.

https://developers.facebook.com/docs/graph-api/reference/debug_token
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fb.graph.client import GraphClient
from fb.graph.errors import AccessEnded, Refused, UnreadableAnswer, translate
from fb.graph.json_values import to_id, to_int, to_texts


@dataclass(frozen=True)
class TokenFacts:
    """The answer of ``debug_token``.

    ``expires_at`` is None when the token never expires and when Facebook sent no expiry. A page
    access token that never expires still loses its data access at
    ``data_access_expires_at``, 90 days after login. ``granular`` maps a permission to the ids that
    it is restricted to, None: not restricted. ``error_code`` and ``error_subcode`` are Facebook's
    reason for an invalid token, if it gives one.
    """

    is_valid: bool
    app_id: str | None
    type: str | None  # USER | PAGE | APP | SYSTEM_USER
    user_id: str | None
    issued_at: datetime | None
    expires_at: datetime | None
    data_access_expires_at: datetime | None
    scopes: tuple[str, ...]
    granular: Mapping[str, tuple[str, ...] | None]
    error_code: int | None = None
    error_subcode: int | None = None


def debug_token(client: GraphClient, token: str) -> TokenFacts:
    """Check a token with the app access token. An expired token is an answer, not an error.

    A refusal is about the app's id and secret, so it is raised as ``Refused``, never as
    ``AccessEnded``.
    """
    try:
        answer = client.get("debug_token", {"input_token": token}, client.app_access_token)
    except AccessEnded as error:
        raise Refused(code=error.code, subcode=error.subcode, trace_id=error.trace_id) from None
    data = answer.get("data")
    # What is no answer about the token must not count as its end.
    if not isinstance(data, dict) or not (
        isinstance(data.get("is_valid"), bool) or "error" in data
    ):
        raise UnreadableAnswer(status=200)
    return read_token_facts(data)


def read_token_facts(data: Mapping[str, Any]) -> TokenFacts:
    """Read the ``data`` of ``debug_token``. A value of a wrong type is treated as missing."""
    refusal = translate(200, data, {}) if data.get("error") else None
    return TokenFacts(
        is_valid=data.get("is_valid") is True and refusal is None,
        app_id=to_id(data.get("app_id")),
        type=data["type"] if isinstance(data.get("type"), str) else None,
        user_id=to_id(data.get("user_id")),
        issued_at=_to_time(data.get("issued_at")),
        expires_at=_to_time(data.get("expires_at")),
        data_access_expires_at=_to_time(data.get("data_access_expires_at")),
        scopes=to_texts(data.get("scopes")) or (),
        granular=_read_granular(data.get("granular_scopes")),
        error_code=refusal.code if refusal else None,
        error_subcode=refusal.subcode if refusal else None,
    )


def _read_granular(entries: Any) -> dict[str, tuple[str, ...] | None]:
    granular: dict[str, tuple[str, ...] | None] = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("scope"), str):
            ids = entry.get("target_ids")
            target_ids = [to_id(value) for value in ids] if isinstance(ids, list) else None
            granular[entry["scope"]] = (
                None if target_ids is None else tuple(filter(None, target_ids))
            )
    return granular


def _to_time(value: object) -> datetime | None:
    """Convert seconds since 1970, as int or text; None for 0 and for anything else."""
    seconds = to_int(value)
    # The limit is the year 3000.
    if seconds is None or not 0 < seconds < 32_503_680_000:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
