"""Asks ``debug_token`` about a token: whose it is, whether it is valid, when it ends.

https://developers.facebook.com/docs/graph-api/reference/debug_token
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fb.graph.client import GraphClient
from fb.graph.errors import AccessEnded, Refused, UnreadableAnswer
from fb.graph.json_values import to_id, to_int, to_texts
from fb.graph.translation import translate


@dataclass(frozen=True)
class TokenFacts:
    """What Facebook says of a token.

    ``expires_at`` is None for "never" (then ``never_expires``) and for "not said". A page token
    without an end still loses its data access at ``data_access_expires_at``, 90 days after login.
    ``granular`` maps a permission to the ids it was restricted to, None when to none in particular.
    ``error_code`` and ``error_subcode`` say why a token is not valid, where Facebook says so.
    """

    is_valid: bool
    app_id: str | None
    type: str | None  # USER | PAGE | APP | SYSTEM_USER
    user_id: str | None
    profile_id: str | None  # of the Page, for a page token
    issued_at: datetime | None
    expires_at: datetime | None
    never_expires: bool
    data_access_expires_at: datetime | None
    scopes: tuple[str, ...]
    granular: Mapping[str, tuple[str, ...] | None]
    error_code: int | None = None
    error_subcode: int | None = None


def debug_token(client: GraphClient, token: str) -> TokenFacts:
    """Asks Facebook about a token, on behalf of the app. A dead token is an answer, not an error.

    https://developers.facebook.com/docs/graph-api/reference/debug_token
    A refusal here is about the app's id and secret, so it never comes as ``AccessEnded``.
    """
    try:
        answer = client.get("debug_token", {"input_token": token}, client.app_access_token)
    except AccessEnded as error:
        raise Refused(code=error.code, subcode=error.subcode, trace_id=error.trace_id) from None
    data = answer.get("data")
    if not isinstance(data, dict):
        raise UnreadableAnswer(status=200)
    return read_token_facts(data)


def read_token_facts(data: Mapping[str, Any]) -> TokenFacts:
    """Reads the ``data`` of ``debug_token``. Whatever is of a wrong type counts as left out."""
    refusal = translate(200, data, {}) if data.get("error") else None
    expires = to_int(data.get("expires_at"))
    return TokenFacts(
        is_valid=data.get("is_valid") is True and refusal is None,
        app_id=to_id(data.get("app_id")),
        type=data["type"] if isinstance(data.get("type"), str) else None,
        user_id=to_id(data.get("user_id")),
        profile_id=to_id(data.get("profile_id")),
        issued_at=_to_time(data.get("issued_at")),
        expires_at=_to_time(expires),
        never_expires=expires == 0,
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
            found = [to_id(one) for one in ids] if isinstance(ids, list) else None
            granular[entry["scope"]] = None if found is None else tuple(filter(None, found))
    return granular


def _to_time(value: object) -> datetime | None:
    """Seconds since 1970, as int or text; 0 and nonsense are None."""
    seconds = to_int(value)
    # Until the year 3000: beyond it a number is no time but a mistake.
    if seconds is None or not 0 < seconds < 32_503_680_000:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
