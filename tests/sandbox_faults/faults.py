"""Faults on single Graph calls of a sandbox, as an ASGI application around its own.

===================  ===============================================================================
``html``             HTTP 502 with an HTML page
``redirect``         HTTP 307 to /elsewhere of the sandbox itself
``cut``              the connection is closed without an answer, and the call is not carried out
``delay``            the right answer after ``seconds``
``hold``             the right answer once the event ``until`` is set
``null items``       a batch answers null for every item
``error``            an envelope with ``code``, and ``subcode``, ``status``, ``headers`` if given
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
_NO_PROOF = {
    "message": "API calls from the server require an appsecret_proof argument",
    "code": 100,
    "type": "GraphMethodException",
}
KINDS = frozenset(
    {"html", "redirect", "cut", "delay", "hold", "null items", "error", "proof required"}
)


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
        elif fault.kind == "hold":
            while not fault.details["until"].is_set():
                await anyio.sleep(0.01)
            response = await self._answer(scope, body)
        elif fault.kind == "error":
            response = _refuse(fault.details)
        elif fault.kind == "proof required":
            response = _refuse(_NO_PROOF)
        elif fault.kind == "redirect":
            response = Response(status_code=307, headers={"Location": "/elsewhere"})
        elif fault.kind == "html":
            response = Response("<!DOCTYPE html><html>Sorry.</html>", 502, media_type="text/html")
        else:
            response = _without_items(await self._answer(scope, body))
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


def _refuse(details: dict[str, Any]) -> Response:
    error = {"message": "Made for a test", "type": "OAuthException", **details, "fbtrace_id": "A1"}
    status, headers = error.pop("status", 400), error.pop("headers", {})
    if "subcode" in error:
        error["error_subcode"] = error.pop("subcode")
    body = json.dumps({"error": error})
    return Response(body, status, headers, media_type="application/json")


def _without_items(right: Response) -> Response:
    """The right answer, with null for every item of a batch."""
    items = json.loads(bytes(right.body))
    if isinstance(items, list):
        items = [None] * len(items)
    return Response(json.dumps(items), right.status_code, media_type="application/json")


def _lacks_proof(params: dict[str, str]) -> bool:
    if "batch" not in params:
        return "appsecret_proof" not in params
    return any("appsecret_proof" not in url for url in _iterate_urls_with_tokens(params["batch"]))


def _iterate_urls_with_tokens(batch: str) -> Iterator[str]:
    for item in json.loads(batch):
        if "access_token" in item["relative_url"]:
            yield item["relative_url"]
