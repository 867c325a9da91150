"""Answers that go wrong on purpose, one per kind of troubles.FAULTS."""

import json
from collections.abc import Callable

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fb.sandbox import envelope
from fb.sandbox.errors import GraphError
from fb.sandbox.troubles import Fault

CUT = "fb.sandbox.cut"  # key in the ASGI scope: a function that drops the connection (see serve.py)


class CutConnection(Response):
    """No answer at all. Behind a server that can't drop a connection: half an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection."""
        if CUT in scope:
            scope[CUT]()
            await anyio.sleep(0.01)  # until the server has noticed
            return
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"da', "more_body": True})


async def commit(
    fault: Fault, request: Request, root_url: str, answer: Callable[[], Response]
) -> Response:
    """What the call gets instead of, or after, its right answer."""
    if fault.kind == "delay":
        await anyio.sleep(float(fault.details.get("seconds", 1)))
        return answer()
    if fault.kind == "cut":
        return CutConnection()
    if fault.kind == "cut after":
        answer()
        return CutConnection()
    if fault.kind in _REFUSALS or fault.kind == "error":
        return _refuse(fault)
    if fault.kind == "redirect":
        location = fault.details.get("location", f"{root_url}/elsewhere")
        return Response(status_code=307, headers={"Location": location})
    if fault.kind in ("html", "empty"):
        return _without_json(fault.kind)
    return _spoil(fault.kind, answer())


def _without_json(kind: str) -> Response:
    if kind == "empty":
        return Response(b"", media_type="application/json")
    html = "<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry.</body></html>"
    return Response(html, 502, media_type="text/html")


def _spoil(kind: str, right: Response) -> Response:
    """The right answer, damaged."""
    body = bytes(right.body)
    if kind == "truncated":
        return Response(body[: len(body) // 2], media_type="application/json")
    if kind == "json string":
        return Response(json.dumps(body.decode()), media_type="application/json")
    if kind == "null items":
        items = json.loads(body)
        body = json.dumps([None] * len(items) if isinstance(items, list) else items).encode()
    if kind == "no expires_in":
        facts = json.loads(body)
        facts.pop("expires_in", None)
        body = json.dumps(facts).encode()
    content_type = (
        "text/javascript; charset=UTF-8" if kind == "javascript" else envelope.CONTENT_TYPE
    )
    return Response(body, right.status_code, {"Content-Type": content_type})


_REFUSALS: dict[str, GraphError] = {
    "200 with error": GraphError("Service Unavailable", 2, status=200),
    "500": GraphError("An unexpected error", 2, status=500, extra={"is_transient": True}),
    "permanent 1": GraphError(
        "An unknown error occurred", 1, subcode=1446036, status=500, extra={"is_transient": False}
    ),
    "too much data": GraphError(
        "Please reduce the amount of data you're asking for, then retry your request", 1, status=500
    ),
}


def _refuse(fault: Fault) -> Response:
    refusal = _REFUSALS.get(fault.kind)
    if refusal is None:
        details = fault.details
        transient = details.get("is_transient")
        refusal = GraphError(
            str(details.get("message", "Made for a test")),
            int(details["code"]),
            subcode=details.get("subcode"),
            status=int(details.get("status", 400)),
            extra={} if transient is None else {"is_transient": bool(transient)},
            headers=dict(details.get("headers", {})),
        )
    reply = envelope.refuse(refusal)
    headers = envelope.graph_headers(reply, "v26.0", refusal)
    return Response(envelope.dumps(reply.body), reply.status, headers)
