"""Errors of asking Facebook. `fb.graph.translation` makes them out of Graph's answers.

    FacebookError               .code .subcode .trace_id .status .is_transient
    ├── TransportFailed         no answer of Graph's was read
    │   ├── Unreachable         could not connect, the connection broke, or nobody answered in time
    │   ├── UnreadableAnswer    not what Graph answers: HTML, cut off, of another shape
    │   └── RedirectRefused     any 3xx: it would carry the token or the code to another place
    └── GraphRefused            Graph answered with an error
        ├── AccessEnded         the token is dead; the account has to connect again
        ├── RateLimited         .scope "app" | "account", .retry_after_seconds
        ├── PermissionMissing   a permission, a task or App Review is missing
        ├── FieldUnknown        .field; one unknown field fails the whole call
        ├── TooMuchData         ask for less at a time; the same request again fails again
        ├── CodeRejected        a code exchange was refused; the login has to start anew
        ├── TemporarilyDown     Graph's own trouble; the same request may succeed later
        ├── NotFound            no such object, or not one that this token can see
        ├── Blocked             blocked for policy, until a person settles it at Facebook
        └── Refused             anything else

The text of every error here is safe to show and to log: class words, numbers and Graph's trace id,
never Graph's message, which quotes tokens and names.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal


class FacebookError(Exception):
    """Something between us and Facebook failed. Numbers are Graph's; None where it gave none."""

    words: ClassVar[str] = "Facebook could not be asked"
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
        self.status = status  # of HTTP; None when there was no answer
        self.is_transient = self.transient if is_transient is None else is_transient
        super().__init__(self.words)

    def __str__(self) -> str:
        facts = (
            ("code", self.code),
            ("subcode", self.subcode),
            ("HTTP status", self.status),
            ("trace", self.trace_id),
        )
        named = ", ".join(f"{name} {value}" for name, value in facts if value is not None)
        return f"{self.words} ({named})" if named else self.words


class TransportFailed(FacebookError):
    """No answer of Graph's was read."""


class Unreachable(TransportFailed):
    words = "Facebook could not be reached"
    transient = True


class UnreadableAnswer(TransportFailed):
    words = "the answer could not be read"
    transient = True


class RedirectRefused(TransportFailed):
    words = "a redirect was refused"


class GraphRefused(FacebookError):
    """Graph answered with an error."""

    words = "Facebook refused the request"


class AccessEnded(GraphRefused):
    words = "Facebook ended this access"


class RateLimited(GraphRefused):
    """``scope``: whose allowance is used up. ``retry_after_seconds``: None when none is named."""

    words = "Facebook limits the number of requests for now"

    def __init__(
        self, *, scope: Literal["app", "account"], retry_after_seconds: int | None, **facts: Any
    ) -> None:
        super().__init__(**facts)
        self.scope: Literal["app", "account"] = scope
        self.retry_after_seconds = retry_after_seconds


class PermissionMissing(GraphRefused):
    words = "a permission is missing"


class FieldUnknown(GraphRefused):
    """``field``: the one field Graph named; there may be more."""

    words = "Facebook does not know a field"

    def __init__(self, *, field: str, **facts: Any) -> None:
        super().__init__(**facts)
        self.field = field


class TooMuchData(GraphRefused):
    words = "Facebook asks for smaller requests"


class CodeRejected(GraphRefused):
    words = "Facebook did not accept the login code"


class TemporarilyDown(GraphRefused):
    words = "Facebook has trouble of its own"
    transient = True


class NotFound(GraphRefused):
    words = "Facebook does not find this"


class Blocked(GraphRefused):
    words = "Facebook has blocked this"


class Refused(GraphRefused):
    pass
