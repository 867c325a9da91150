"""Graph errors: create refusals with Facebook's messages, codes, subcodes and HTTP statuses.

Sources: https://developers.facebook.com/docs/graph-api/guides/error-handling and recordings of
public clients. Facebook answers nearly every refusal with HTTP 400; other statuses are given below.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

_OAUTH, _METHOD = "OAuthException", "GraphMethodException"
_DOCS = "https://developers.facebook.com/docs"
_PACIFIC = timezone(timedelta(hours=-8), "PST")


class GraphError(Exception):
    """One refusal, sent as ``{"error": {...}}``; ``extra`` holds optional keys (is_transient)."""

    def __init__(
        self,
        message: str,
        code: int,
        *,
        subcode: int | None = None,
        kind: str = _OAUTH,
        status: int = 400,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"code {code}")  # the message may quote a token, as Facebook's does
        self.message = message
        self.code = code
        self.subcode = subcode
        self.kind = kind
        self.status = status
        self.extra = extra or {}
        self.headers: dict[str, str] = {}

    def envelope(self, trace_id: str) -> dict[str, Any]:
        """The body of the answer."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": error | self.extra | {"fbtrace_id": trace_id}}


# Objects, fields, parameters


def field_unknown(name: str) -> GraphError:
    return GraphError(f"(#100) Tried accessing nonexisting field ({name})", 100)


def parameter_invalid(message: str) -> GraphError:
    return GraphError(f"(#100) {message}", 100)


def query_unreadable(message: str) -> GraphError:
    return GraphError(message, 2500)


def object_unknown(name: str, method: str = "get") -> GraphError:
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{name}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation. Please read the "
        f"Graph API documentation at {_DOCS}/graph-api"
    )
    return GraphError(message, 100, subcode=33, kind=_METHOD)


def page_moved(old_id: str, new_id: str) -> GraphError:
    message = (
        f"(#21) Page ID {old_id} was migrated to page ID {new_id}.  Please update your API calls "
        "to the new ID"
    )
    return GraphError(message, 21)


def alias_unknown(name: str) -> GraphError:
    message = f"(#803) Some of the aliases you requested do not exist: {name}"
    return GraphError(message, 803, status=404)


def path_unknown(rest: str) -> GraphError:
    return GraphError(f"Unknown path components: /{rest}", 2500)


def permission_missing(name: str) -> GraphError:
    message = (
        f"(#10) This endpoint requires the '{name}' permission or the 'Page Public Content Access' "
        f"feature. Refer to {_DOCS}/apps/review/login-permissions for details."
    )
    return GraphError(message, 10)


def task_missing() -> GraphError:
    message = (
        "(#200) The permission(s) or the role of the person on this Page are not enough for this "
        "call"
    )
    return GraphError(message, 200)


def page_token_required() -> GraphError:
    message = "A page access token is required to request this resource."
    return GraphError(message, 190)


def recipient_unknown() -> GraphError:
    return GraphError("(#100) No matching user found", 100, subcode=2018001)


def too_much_data() -> GraphError:
    message = "Please reduce the amount of data you're asking for, then retry your request"
    return GraphError(message, 1, status=500)


def metric_withheld() -> GraphError:
    """Viewers of a Page with few followers; Facebook's own words are not recorded."""
    message = "(#200) This metric is not available for Pages with few followers"
    return GraphError(message, 200)


def outside_window() -> GraphError:
    message = "(#10) This message is sent outside of allowed window."
    return GraphError(message, 10, subcode=2018278)


def too_few_likes() -> GraphError:
    message = "Facebook Page insights are only available for Pages with at least 100 likes"
    return GraphError(message, 2874008)


# Limits and outages


def app_limit_reached() -> GraphError:
    message = "(#4) Application request limit reached"
    return GraphError(message, 4, status=403, extra={"is_transient": True})


def page_limit_reached() -> GraphError:
    message = (
        "(#80001) There have been too many calls to this Page account. Wait a bit and try again. "
        f"For more info, please refer to {_DOCS}/graph-api/overview/rate-limiting."
    )
    return GraphError(message, 80001)


def service_down() -> GraphError:
    message = "Service temporarily unavailable"
    return GraphError(message, 2, status=503, extra={"is_transient": True})


def too_many_in_batch() -> GraphError:
    message = "Too many requests in batch message. Maximum batch size is 50"
    return GraphError(message, 1, kind="GraphBatchException", extra={"is_transient": False})


# Codes and app credentials: oauth/access_token


def code_used() -> GraphError:
    return GraphError("This authorization code has been used.", 100, subcode=36009)


def code_malformed() -> GraphError:
    return GraphError("Invalid verification code format.", 100, subcode=36009)


def code_expired() -> GraphError:
    return GraphError("This authorization code has expired.", 100, subcode=36007)


def redirect_uri_differs() -> GraphError:
    message = (
        "Error validating verification code. Please make sure your redirect_uri is identical to "
        "the one you used in the OAuth dialog request"
    )
    return GraphError(message, 100, subcode=36008)


def redirect_uri_not_absolute() -> GraphError:
    return GraphError("redirect_uri isn't an absolute URI. Check RFC 3986.", 191)


def wrong_secret() -> GraphError:
    return GraphError("Error validating client secret.", 1)


def unknown_app() -> GraphError:
    return GraphError("Error validating application. Invalid application ID.", 101)


def missing_parameter(name: str) -> GraphError:
    return GraphError(f"Missing {name} parameter.", 101 if name == "client_id" else 1)


# Tokens


def no_token_for_me() -> GraphError:
    message = "An active access token must be used to query information about the current user."
    return GraphError(message, 2500)


def no_token() -> GraphError:
    return GraphError("An access token is required to request this resource.", 104)


def token_unreadable() -> GraphError:
    return GraphError("Invalid OAuth access token - Cannot parse access token", 190)


def token_malformed(text: str) -> GraphError:
    return GraphError(f"Malformed access token {text}", 190)


def token_expired(expired_at: int, now: datetime) -> GraphError:
    then = datetime.fromtimestamp(expired_at, UTC)
    message = (
        f"Error validating access token: Session has expired on {_pacific(then)}. "
        f"The current time is {_pacific(now)}."
    )
    return GraphError(message, 190, subcode=463)


def token_ended(subcode: int) -> GraphError:
    """458 app removed, 459 checkpoint, 460 password, 463 expired, 464 unconfirmed, 467 logged out.

    492 no role, 493 not confirmed for 90 days.
    """
    return GraphError(_ENDED[subcode], 190, subcode=subcode)


_INVALID = "Error validating access token:"
_ENDED = {
    458: f"{_INVALID} The user has not authorized application.",
    459: f"{_INVALID} You cannot access the app till you log in to www.facebook.com and follow the "
    "instructions given.",
    460: f"{_INVALID} The session has been invalidated because the user changed their password or "
    "Facebook has changed the session for security reasons.",
    463: f"{_INVALID} Session has expired.",
    464: f"{_INVALID} Sessions for the user are not allowed because the user is not a confirmed "
    "user.",
    467: f"{_INVALID} The session is invalid because the user logged out or withdrew access.",
    492: f"{_INVALID} The user must be an administrator, editor, or moderator of the page in order "
    "to impersonate it.",
    493: "The access token is invalid since the user hasn't engaged the app in longer than 90 "
    "days.",
}


def proof_wrong() -> GraphError:
    message = "Invalid appsecret_proof provided in the API argument"
    return GraphError(message, 100, kind=_METHOD)


def not_app_token() -> GraphError:
    message = (
        "(#100) You must provide an app access token, or a user access token that is an owner or "
        "developer of the app"
    )
    return GraphError(message, 100)


def _pacific(moment: datetime) -> str:
    return moment.astimezone(_PACIFIC).strftime("%A, %d-%b-%y %H:%M:%S %Z")
