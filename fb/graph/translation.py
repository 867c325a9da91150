"""The one translation of Graph's answers into errors, by code, subcode and ``is_transient``.

Codes: https://developers.facebook.com/docs/graph-api/guides/error-handling
Limits: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fb.graph.errors import (
    AccessEnded,
    Blocked,
    FacebookError,
    FieldUnknown,
    NotFound,
    PermissionMissing,
    RateLimited,
    RedirectRefused,
    Refused,
    TemporarilyDown,
    TooMuchData,
    UnreadableAnswer,
)
from fb.graph.json_values import to_int
from fb.graph.rate_limits import longest_regain_minutes

# 190 and 102 say it in general; 459 and 483 come as codes of their own on /me/accounts.
ENDED_CODES = frozenset({102, 190, 459, 483})
# App removed, checkpoint, password changed, expired, unconfirmed, invalid, role lost, signed out.
ENDED_SUBCODES = frozenset({458, 459, 460, 463, 464, 467, 492, 493})
APP_LIMIT_CODES = frozenset({4, 341})
ACCOUNT_LIMIT_CODES = frozenset({17, 32, 613}) | frozenset(range(80000, 80015))
DOWN_CODES = frozenset({1, 2})

# The two places where Meta gives nothing but text to go by.
UNKNOWN_FIELD_TEXT = re.compile(r"nonexisting field \((\w{1,64})\)")
TOO_MUCH_DATA_TEXT = re.compile(r"reduce the amount of data", re.IGNORECASE)

# What a trace id looks like; anything else is not repeated, since it goes to logs and screens.
_TRACE_ID = re.compile(r"[A-Za-z0-9_/+=-]{1,40}")


def translate(status: int, body: object, headers: Mapping[str, str]) -> FacebookError:
    """Turns any answer that is not a success into exactly one error. Never raises.

    Decided by the body's code, subcode and ``is_transient``: Graph's HTTP status is not stable (the
    same 190 was seen with 400 and 401), so it decides only where the body says nothing.

    Args:
        status: the HTTP status, also 200: a 200 with an error inside is an error.
        body: what JSON gave, or None where the body was no JSON.
        headers: of the answer; they may name the end of a rate limit.
    """
    if 300 <= status < 400:
        return RedirectRefused(status=status)
    envelope = find_envelope(body)
    if envelope is None:
        if status >= 500:
            return TemporarilyDown(status=status)
        return UnreadableAnswer(status=status)
    return _translate_envelope(status, envelope, headers)


def find_envelope(body: object) -> Mapping[str, Any] | None:
    """Finds Graph's error in a body: ``{"error": {…}}``, or one of its two older forms."""
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, dict):
        return error
    if error:  # e.g. "Service Unavailable": an error without facts
        return {}
    if "error_code" in body or "error_type" in body:
        return {"code": body.get("error_code"), "message": body.get("error_description")}
    return None


def _translate_envelope(
    status: int, envelope: Mapping[str, Any], headers: Mapping[str, str]
) -> FacebookError:
    code = to_int(envelope.get("code"))
    # debug_token writes "subcode", everything else "error_subcode".
    subcode = to_int(envelope.get("error_subcode", envelope.get("subcode")))
    transient = envelope.get("is_transient")
    message = envelope.get("message")
    text = message if isinstance(message, str) else ""
    facts: dict[str, Any] = {
        "code": code,
        "subcode": subcode,
        "trace_id": _find_trace_id(envelope, headers),
        "status": status,
    }

    if code in APP_LIMIT_CODES or code in ACCOUNT_LIMIT_CODES:
        minutes = longest_regain_minutes(headers)
        return RateLimited(
            scope="app" if code in APP_LIMIT_CODES else "account",
            retry_after_seconds=None if minutes is None else minutes * 60,
            **facts,
        )
    if code == 100 and (unknown := UNKNOWN_FIELD_TEXT.search(text)):
        return FieldUnknown(field=unknown.group(1), **facts)
    if code == 1 and TOO_MUCH_DATA_TEXT.search(text):
        return TooMuchData(**facts)
    if code == 368:
        return Blocked(**facts)
    if subcode in ENDED_SUBCODES:
        return AccessEnded(**facts)
    # From here on Graph's own word "try again" beats the bare code, so that a token is never
    # called dead because Facebook had a bad minute.
    if transient is True:
        return TemporarilyDown(**facts)
    if code in ENDED_CODES:
        return AccessEnded(**facts)
    if code in (3, 10) or (code is not None and 200 <= code <= 299):
        return PermissionMissing(**facts)
    if code == 803 or (code == 100 and subcode == 33):
        return NotFound(**facts)
    # Code 1 with is_transient false is a permanent refusal in the clothes of a temporary one.
    if transient is not False and (code in DOWN_CODES or status >= 500):
        return TemporarilyDown(**facts)
    return Refused(**facts)


def _find_trace_id(envelope: Mapping[str, Any], headers: Mapping[str, str]) -> str | None:
    for found in (envelope.get("fbtrace_id"), headers.get("x-fb-trace-id")):
        if isinstance(found, str) and _TRACE_ID.fullmatch(found):
            return found
    return None
