"""Faults on single Graph calls of a sandbox, as an ASGI application around its own.

===================  ===============================================================================
``html``             HTTP 502 with an HTML page
``empty``            HTTP 200 with an empty body
``truncated``        HTTP 200, the JSON is cut in half
``json string``      HTTP 200, the body is a JSON string
``200 with error``   HTTP 200 with an error envelope
``500``              HTTP 500, code 2, is_transient
``redirect``         HTTP 307 to /elsewhere of the sandbox itself
``cut``              the connection is closed without an answer, and the call is not carried out
``delay``            the right answer after ``seconds``
``null items``       a batch answers null for every item, or for each ``every``-th
``error``            an envelope with ``code``, and ``subcode``, ``status``, ``headers`` if given
``too much data``    code 1 "reduce the amount of data" if ``limit`` is above ``limit_above``
``retired field``    code 100 if verification_status is requested
``proof required``   code 100 if the call, or an item with its own token, has no appsecret_proof
===================  ===============================================================================
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECRET = re.compile(r"(?:EAA|AQ)[0-9A-Za-z]{40,}")
_TOO_MUCH = "Please reduce the amount of data you're asking for, then retry your request"
_RETIRED = "(#100) Tried accessing nonexisting field (verification_status)"
_NO_PROOF = "API calls from the server require an appsecret_proof argument"
# HTTP status and error of the faults that are a refusal.
_REFUSALS: dict[str, tuple[int, dict[str, Any]]] = {
    "200 with error": (200, {"message": "Service Unavailable", "code": 2}),
    "500": (500, {"message": "An unexpected error", "code": 2, "is_transient": True}),
    "too much data": (500, {"message": _TOO_MUCH, "code": 1}),
    "retired field": (400, {"message": _RETIRED, "code": 100}),
    "proof required": (400, {"message": _NO_PROOF, "code": 100, "type": "GraphMethodException"}),
}
_OTHERS = ("html", "empty", "truncated", "json string", "redirect", "cut", "delay", "null items")
KINDS = frozenset({*_REFUSALS, *_OTHERS, "error"})


@dataclass
class Fault:
    """One fault, due at the ``call``-th coming Graph call (1: the next) that ends in ``path``."""

    kind: str
    call: int = 1
    times: int = 1
    path: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def strikes(self, path: str, params: dict[str, str]) -> bool:
        """Count this call, and return whether it goes wrong."""
        if not path.endswith(self.path) or self.times <= 0 or not self._concerns(path, params):
            return False
        self.call -= 1
        if self.call > 0:
            return False
        self.times -= 1
        return True

    def _concerns(self, path: str, params: dict[str, str]) -> bool:
        if self.kind == "too much data":
            return int(params.get("limit", "25")) > int(self.details["limit_above"])
        if self.kind == "retired field":
            return "verification_status" in params.get("fields", "")
        if self.kind == "proof required":
            return not path.endswith("oauth/access_token") and _lacks_proof(params)
        return True


class FaultInjector:
    """The application around ``app``: plans faults, logs calls, finds issued secrets in answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._calls: list[tuple[str, str]] = []
        self._issued: set[str] = set()

    def plan(self, fault: Fault) -> None:
        """Let a fault happen. ValueError for an unknown kind."""
        if fault.kind not in KINDS:
            raise ValueError(f"no such fault: {fault.kind}")
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget planned faults and the log of calls; issued secrets stay known."""
        with self._lock:
            self._faults.clear()
            self._calls.clear()

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Method and path (no query) of each Graph call so far, oldest first."""
        with self._lock:
            return list(self._calls)

    @property
    def issued_secrets(self) -> frozenset[str]:
        """Every token and code in an answer so far."""
        with self._lock:
            return frozenset(self._issued)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        body = await request.body()
        fault = self._note_call(request, body)
        if fault is None:
            response = await self._answer(scope, body)
        elif fault.kind == "cut":
            await _cut(send)
            return
        elif fault.kind == "delay":
            await anyio.sleep(float(fault.details["seconds"]))
            response = await self._answer(scope, body)
        elif fault.kind in _REFUSALS or fault.kind == "error":
            response = _refuse(fault)
        elif fault.kind == "redirect":
            response = Response(status_code=307, headers={"Location": "/elsewhere"})
        elif fault.kind == "empty":
            response = Response(b"", media_type="application/json")
        elif fault.kind == "html":
            response = Response("<!DOCTYPE html><html>Sorry.</html>", 502, media_type="text/html")
        else:
            response = _spoil(fault, await self._answer(scope, body))
        await response(scope, receive, send)

    def _note_call(self, request: Request, body: bytes) -> Fault | None:
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if "/dialog" in path or path.startswith("/pictures/"):
            return None
        params = dict(request.query_params) | dict(parse_qsl(body.decode("utf-8", "replace")))
        with self._lock:
            self._calls.append((request.method, path))
            struck = [fault for fault in self._faults if fault.strikes(path, params)]
        return struck[0] if struck else None

    async def _answer(self, scope: Scope, body: bytes) -> Response:
        """The right answer of the sandbox."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        response = Response(b"".join(message.get("body", b"") for message in sent))
        response.status_code, response.raw_headers = sent[0]["status"], list(sent[0]["headers"])
        seen = bytes(response.body).decode("utf-8", "replace") + response.headers.get(
            "location", ""
        )
        with self._lock:
            self._issued.update(_SECRET.findall(seen))
        return response


async def _cut(send: Send) -> None:
    # ASGI has no way to drop a connection. uvicorn's send is a method that knows its transport,
    # unless another application has wrapped it.
    send.__self__.transport.abort()  # type: ignore[attr-defined]  # as the comment says
    await anyio.sleep(0.01)  # until the server has noticed


def _refuse(fault: Fault) -> Response:
    details = dict(fault.details)
    status, error = _REFUSALS.get(fault.kind, (details.pop("status", 400), details))
    headers = details.pop("headers", {})
    error = {"message": "Made for a test", "type": "OAuthException", **error, "fbtrace_id": "A1"}
    if "subcode" in error:
        error["error_subcode"] = error.pop("subcode")
    body = json.dumps({"error": error})
    return Response(body, status, headers, media_type="application/json")


def _spoil(fault: Fault, right: Response) -> Response:
    """The right answer, damaged."""
    body = bytes(right.body)
    if fault.kind == "truncated":
        body = body[: len(body) // 2]
    elif fault.kind == "json string":
        body = json.dumps(body.decode()).encode()
    else:
        every = int(fault.details.get("every", 1))
        items = json.loads(body)
        if isinstance(items, list):
            items[every - 1 :: every] = [None] * len(items[every - 1 :: every])
        body = json.dumps(items).encode()
    return Response(body, right.status_code, media_type="application/json")


def _lacks_proof(params: dict[str, str]) -> bool:
    if "batch" not in params:
        return "appsecret_proof" not in params
    return any("appsecret_proof" not in url for url in _iterate_urls_with_tokens(params["batch"]))


def _iterate_urls_with_tokens(batch: str) -> Iterator[str]:
    for item in json.loads(batch):
        if "access_token" in item["relative_url"]:
            yield item["relative_url"]
