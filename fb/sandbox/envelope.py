"""How an answer looks on the wire: JSON with Facebook's escapes, headers, traces."""

import base64
import json
import secrets
from typing import Any

from fb.sandbox.call import Answer
from fb.sandbox.errors import GraphError

CONTENT_TYPE = "application/json; charset=UTF-8"


def dumps(body: Any) -> str:
    """JSON in ASCII, with ``/`` as ``\\/`` and ``%`` as ``\\u0025``: both stand in strings only."""
    text = json.dumps(body, separators=(",", ":"))
    return text.replace("/", "\\/").replace("%", "\\u0025")


def refuse(error: GraphError) -> Answer:
    """The answer that a refusal is."""
    return Answer(error.envelope(_trace_id()), error.status, error.headers)


def graph_headers(answer: Answer, version: str, refusal: GraphError | None) -> dict[str, str]:
    """The headers Facebook sends with every answer, and WWW-Authenticate with a refusal."""
    headers = {
        "Content-Type": CONTENT_TYPE,
        "facebook-api-version": version,
        "Cache-Control": "no-store" if refusal else "private, no-cache, no-store, must-revalidate",
        "Pragma": "no-cache",
        "Expires": "Sat, 01 Jan 2000 00:00:00 GMT",
        "x-fb-trace-id": _trace_id(),
        "x-fb-rev": "1031337077",
        **answer.headers,
    }
    if refusal is not None:
        reason = "invalid_token" if refusal.is_about_token else "invalid_request"
        message = refusal.message.encode("ascii", "backslashreplace").decode().replace('"', "'")
        message = message.replace("\r", " ").replace("\n", " ")
        headers["WWW-Authenticate"] = f'OAuth "Facebook Platform" "{reason}" "{message}"'
    return headers


def _trace_id() -> str:
    return "A" + base64.urlsafe_b64encode(secrets.token_bytes(15)).decode()
