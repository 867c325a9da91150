"""Graph errors: their classes, and the one function that turns Graph's answers into them.

    FacebookError               .code .subcode .trace_id .status .is_transient
    ├── TransportFailed         no answer of Graph was read
    │   ├── Unreachable         no connection, a broken connection, or a timeout
    │   ├── UnreadableAnswer    not Graph's JSON: HTML, cut off, or of another shape
    │   └── RedirectRefused     any 3xx: following it would send the token to another host
    └── GraphRefused            Graph answered with an error
        ├── AccessEnded         the token is no longer valid; the account has to connect again
        ├── RateLimited         .scope "app" | "account", .retry_after_seconds
        ├── PermissionMissing   a permission, a task or App Review is missing
        ├── FieldUnknown        .field; one unknown field fails the whole call
        ├── TooMuchData         the same request fails again; a smaller one may succeed
        ├── CodeRejected        a code exchange was refused; the login has to start anew
        ├── TemporarilyDown     Graph's own failure; the same request may succeed later
        ├── NotFound            no such object, or none that this token can see
        ├── PageMoved           .new_id; Facebook gave the Page another id
        ├── Blocked             blocked for policy, until the account's owner settles it at Facebook
        └── Refused             any other error

The text of every error is safe to show and to log: fixed words, numbers and Graph's trace id. It
never contains Graph's message, which quotes tokens and names.

Codes: https://developers.facebook.com/docs/graph-api/guides/error-handling
Limits: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from fb.graph.json_values import to_int
from fb.graph.rate_limits import longest_regain_minutes

# 190 and 102 are general; /me/accounts also sends 459 and 483 as codes.
ENDED_CODES = frozenset({102, 190, 459, 483})
# App removed, checkpoint, password changed, expired, unconfirmed, invalid, role lost, signed out.
ENDED_SUBCODES = frozenset({458, 459, 460, 463, 464, 467, 492, 493})
APP_LIMIT_CODES = frozenset({4, 341})
ACCOUNT_LIMIT_CODES = frozenset({17, 32, 613}) | frozenset(range(80000, 80015))
DOWN_CODES = frozenset({1, 2})
MOVED_CODE = 21

# The new id of a Page stands in the message only, after the old one: "(#21) Page ID 1 was migrated
# to page ID 2.  Please update your API calls to the new ID".
MOVED_TEXT = re.compile(r"Page ID \d{1,32} was migrated to page ID (\d{1,32})\b", re.IGNORECASE)
# These two errors can be told from others by their message only.
UNKNOWN_FIELD_TEXT = re.compile(r"nonexisting field \((\w{1,64})\)")
TOO_MUCH_DATA_TEXT = re.compile(r"reduce the amount of data", re.IGNORECASE)

# Anything else is not taken for a trace id, since trace ids go to logs and screens.
_TRACE_ID = re.compile(r"[A-Za-z0-9_/+=-]{1,40}")


class FacebookError(Exception):
    """A call to Facebook failed.

    ``code``, ``subcode`` and ``trace_id`` are Graph's, ``status`` is HTTP's; None: not given.
    """

    condition: ClassVar[str] = "Facebook could not be asked"
    transient: ClassVar[bool] = False

    def __init__(
        self,
        *,
        code: int | None = None,
        subcode: int | None = None,
        trace_id: str | None = None,
        status: int | None = None,
        is_transient: bool | None = None,
    ) -> None:
        self.code = code
        self.subcode = subcode
        self.trace_id = trace_id
        self.status = status
        self.is_transient = self.transient if is_transient is None else is_transient
        super().__init__(self.condition)

    def __str__(self) -> str:
        details = (
            ("code", self.code),
            ("subcode", self.subcode),
            ("HTTP status", self.status),
            ("trace", self.trace_id),
        )
        given = ", ".join(f"{name} {value}" for name, value in details if value is not None)
        return f"{self.condition} ({given})" if given else self.condition


class TransportFailed(FacebookError):
    """No answer of Graph was read."""


class Unreachable(TransportFailed):
    condition = "Facebook could not be reached"
    transient = True


class UnreadableAnswer(TransportFailed):
    condition = "the answer could not be read"
    transient = True


class RedirectRefused(TransportFailed):
    condition = "a redirect was refused"


class GraphRefused(FacebookError):
    """Graph answered with an error."""

    condition = "Facebook refused the request"


class AccessEnded(GraphRefused):
    condition = "Facebook ended this access"


class RateLimited(GraphRefused):
    """The allowance of the app or of one account is used up.

    ``retry_after_seconds`` is None when Facebook names no time.
    """

    condition = "Facebook limits the number of requests for now"

    def __init__(
        self, *, scope: Literal["app", "account"], retry_after_seconds: int | None, **facts: Any
    ) -> None:
        super().__init__(**facts)
        self.scope: Literal["app", "account"] = scope
        self.retry_after_seconds = retry_after_seconds


class PermissionMissing(GraphRefused):
    condition = "a permission is missing"


class FieldUnknown(GraphRefused):
    """Graph does not know a field. ``field`` is the one it names; there may be more."""

    condition = "Facebook does not know a field"

    def __init__(self, *, field: str, **facts: Any) -> None:
        super().__init__(**facts)
        self.field = field


class TooMuchData(GraphRefused):
    condition = "Facebook asks for smaller requests"


class CodeRejected(GraphRefused):
    condition = "Facebook did not accept the login code"


class TemporarilyDown(GraphRefused):
    condition = "Facebook has trouble of its own"
    transient = True


class NotFound(GraphRefused):
    condition = "Facebook does not find this"


class PageMoved(GraphRefused):
    """Facebook gave the Page another id, ``new_id``; the old one is never answered again."""

    condition = "this Page has a new id at Facebook"

    def __init__(self, *, new_id: str, **facts: Any) -> None:
        super().__init__(**facts)
        self.new_id = new_id


class Blocked(GraphRefused):
    condition = "Facebook has blocked this"


class Refused(GraphRefused):
    pass


def translate(status: int, body: object, headers: Mapping[str, str]) -> FacebookError:
    """Return the one error for an answer that is not a success. Never raises.

    The body's code, subcode and ``is_transient`` decide. Graph's HTTP status is not stable (code
    190 was seen with 400 and with 401), so it decides only where the body has no error.

    Args:
        status: the HTTP status; a 200 with an error in its body is an error, too.
        body: the decoded JSON, or None where the body was no JSON.
        headers: the answer's; they may give the minutes until a rate limit ends.
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
    """Return Graph's error in a body (``{"error": {…}}`` or one of two older forms), or None."""
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
    if code == MOVED_CODE and (moved := MOVED_TEXT.search(text)):
        return PageMoved(new_id=moved.group(1), **facts)
    if code == 368:
        return Blocked(**facts)
    if subcode in ENDED_SUBCODES:
        return AccessEnded(**facts)
    # From here on is_transient outweighs the code: a token must not count as ended because of a
    # temporary failure at Facebook.
    if transient is True:
        return TemporarilyDown(**facts)
    if code in ENDED_CODES:
        return AccessEnded(**facts)
    if code in (3, 10) or (code is not None and 200 <= code <= 299):
        return PermissionMissing(**facts)
    if code == 803 or (code == 100 and subcode == 33):
        return NotFound(**facts)
    # Code 1 with is_transient false is permanent.
    if transient is not False and (code in DOWN_CODES or status >= 500):
        return TemporarilyDown(**facts)
    return Refused(**facts)


def _find_trace_id(envelope: Mapping[str, Any], headers: Mapping[str, str]) -> str | None:
    for trace_id in (envelope.get("fbtrace_id"), headers.get("x-fb-trace-id")):
        if isinstance(trace_id, str) and _TRACE_ID.fullmatch(trace_id):
            return trace_id
    return None
