"""Graph's refusals, worded, numbered and dressed as Facebook does it.

Sources: https://developers.facebook.com/docs/graph-api/guides/error-handling and recordings of
public clients. Facebook answers HTTP 400 to nearly everything; exceptions say so below.
"""

from typing import Any

_OAUTH, METHOD = "OAuthException", "GraphMethodException"
_DOCS = "https://developers.facebook.com/docs"


class GraphError(Exception):
    """One refusal: becomes ``{"error": {...}}``; ``extra`` holds optional keys (is_transient)."""

    def __init__(
        self,
        message: str,
        code: int,
        *,
        subcode: int | None = None,
        kind: str = _OAUTH,
        status: int = 400,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"code {code}")  # the message may quote a token, as Facebook's does
        self.message = message
        self.code = code
        self.subcode = subcode
        self.kind = kind
        self.status = status
        self.extra = extra or {}
        self.headers = headers or {}

    @property
    def is_about_token(self) -> bool:
        """Whether WWW-Authenticate says invalid_token."""
        return self.code in (102, 190)

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
    return GraphError(message, 100, subcode=33, kind=METHOD)


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


def too_few_likes() -> GraphError:
    message = "Facebook Page insights are only available for Pages with at least 100 likes"
    return GraphError(message, 2874008)


# Limits and weather


def app_limit_reached() -> GraphError:
    message = "(#4) Application request limit reached"
    return GraphError(message, 4, status=403, extra={"is_transient": True})


def user_limit_reached() -> GraphError:
    return GraphError("(#17) User request limit reached", 17, extra={"is_transient": True})


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
