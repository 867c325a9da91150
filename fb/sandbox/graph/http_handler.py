"""HTTP handler: reads a request, answers a call or a batch of calls, and writes JSON and headers.

https://developers.facebook.com/docs/graph-api/batch-requests
"""

import base64
import json
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive

from fb.sandbox.graph import endpoints, graph_errors
from fb.sandbox.graph.access import authenticate
from fb.sandbox.graph.call import Answer, Call, find_served_version, parse_path
from fb.sandbox.graph.graph_errors import GraphError
from fb.sandbox.world.platform import DOWN, SLOW, Platform

SLOW_SECONDS = 3.0  # how long an answer takes under the trouble "slow answers"
_CONTENT_TYPE = "application/json; charset=UTF-8"
_MAX_BODY_BYTES = 2_000_000
_MAX_BATCH_ITEMS = 50


async def handle_graph(platform: Platform, request: Request) -> Response:
    """Answer any request to Graph, refusals included. Works under any ``root_path``."""
    params = await _read_params(request)
    if platform.trouble == SLOW:
        await anyio.sleep(SLOW_SECONDS)
    if "batch" in params:
        # The insights of 50 Pages take a second to compute, which would block the event loop.
        return await anyio.to_thread.run_sync(_respond, platform, request, params)
    return _respond(platform, request, params)


def _respond(platform: Platform, request: Request, params: dict[str, str]) -> Response:
    version = str(find_served_version(None, platform.today()))
    try:
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        route = parse_path(path)
        served = find_served_version(route.version, platform.today())
        if served is None:
            raise graph_errors.path_unknown(path.strip("/"))
        version = served
        if platform.trouble == DOWN:
            raise graph_errors.service_down()
        now = platform.now()
        call = Call(
            platform=platform,
            method=params.get("method", request.method).upper(),
            segments=route.segments,
            params=params,
            token=params.get("access_token") or _header_token(request),
            version=version,
            now=now,
            day=route.day or now.date(),
            root_url=_root_url(request),
            prefix=route.prefix,
        )
        answer = _answer_batch(call) if _is_batch(call) else endpoints.answer(call)
    except GraphError as error:
        answer = _refuse(error)
    headers = _graph_headers(answer, version)
    return Response(_dumps(answer.body), answer.status, headers=headers)


def _is_batch(call: Call) -> bool:
    return call.segments == () and "batch" in call.params


def _root_url(request: Request) -> str:
    """Return the sandbox's own URL: scheme, host and mount path."""
    root_path: str = request.scope.get("root_path", "")
    return f"{request.url.scheme}://{request.url.netloc}{root_path.rstrip('/')}"


async def _read_params(request: Request) -> dict[str, str]:
    """Return the parameters of query and form; the form overrides. JSON bodies are not read."""
    params = dict(request.query_params)
    request = Request(request.scope, _bounded(request.receive))
    if request.method != "GET":
        content_type = request.headers.get("content-type", "")
        if content_type.startswith("multipart/form-data"):
            async with request.form(max_files=0) as form:
                params |= {name: str(value) for name, value in form.items()}
        else:
            body = (await request.body()).decode("utf-8", "replace")
            params |= dict(parse_qsl(body, keep_blank_values=True))
    return params


def _bounded(receive: Receive) -> Receive:
    """Return ``receive`` that raises 413 instead of handing on more than a body may have."""
    size = 0

    async def receive_bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > _MAX_BODY_BYTES:
            raise HTTPException(413, "The request is too large.")
        return message

    return receive_bounded


def _header_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else None


# Batches


def _answer_batch(call: Call) -> Answer:
    """Answer HTTP 200 with one element per item, each with its own status, headers and body.

    The token beside ``batch`` is for items without one. It may be missing, but must not be ended.
    """
    items = _parse_batch(call.params["batch"])
    if len(items) > _MAX_BATCH_ITEMS:
        raise graph_errors.too_many_in_batch()
    if call.token:
        authenticate(call)
    return Answer([_answer_item(call, item) for item in items])


def _parse_batch(text: str) -> list[Any]:
    try:
        items = json.loads(text)
    except ValueError:
        raise graph_errors.parameter_invalid("batch parameter must be a JSON array") from None
    if not isinstance(items, list) or not items:
        raise graph_errors.parameter_invalid("batch parameter must be a JSON array")
    return items


def _answer_item(call: Call, item: Any) -> dict[str, Any]:
    try:
        answer = endpoints.answer(_inner_call(call, item))
    except GraphError as error:
        answer = _refuse(error)
    headers = _graph_headers(answer, call.version)
    return {
        "code": answer.status,
        "headers": [{"name": name, "value": value} for name, value in headers.items()],
        "body": _dumps(answer.body),
    }


def _inner_call(call: Call, item: Any) -> Call:
    if not isinstance(item, dict) or not isinstance(item.get("relative_url"), str):
        raise graph_errors.parameter_invalid("An item of the batch needs a relative_url")
    address = urlsplit("/" + item["relative_url"].lstrip("/"))
    params = dict(parse_qsl(address.query, keep_blank_values=True))
    if isinstance(item.get("body"), str):
        params |= dict(parse_qsl(item["body"], keep_blank_values=True))
    if "batch" in params:
        raise graph_errors.parameter_invalid("A batch can't be part of a batch")
    method = str(item.get("method", "GET")).upper()
    return call.inner(method, parse_path(address.path).segments, params)


# JSON and headers


def _dumps(body: Any) -> str:
    """Return JSON in ASCII with Facebook's escapes: ``/`` as ``\\/`` and ``%`` as ``\\u0025``."""
    text = json.dumps(body, separators=(",", ":"))
    return text.replace("/", "\\/").replace("%", "\\u0025")


def _refuse(error: GraphError) -> Answer:
    """Return the answer for a refusal."""
    return Answer(error.envelope(_trace_id()), error.status, error.headers)


def _graph_headers(answer: Answer, version: str) -> dict[str, str]:
    """Return the headers of all of Facebook's answers."""
    return {
        "Content-Type": _CONTENT_TYPE,
        "facebook-api-version": version,
        "Cache-Control": "no-store",
        "x-fb-trace-id": _trace_id(),
        **answer.headers,
    }


def _trace_id() -> str:
    return "A" + base64.urlsafe_b64encode(secrets.token_bytes(15)).decode()
