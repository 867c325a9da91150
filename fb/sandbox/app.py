"""The Starlette application: which address leads where, and Graph over HTTP."""

import base64
import binascii
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fb.sandbox import control, dialog, envelope, errors, faults, graph, troubles, versions
from fb.sandbox.call import Answer, Call, Place, take_apart
from fb.sandbox.errors import GraphError
from fb.sandbox.pictures import draw_picture, parse_size

if TYPE_CHECKING:
    from fb.sandbox.sandbox import Sandbox

_METHODS = ["GET", "POST", "DELETE"]
_MAX_BODY_BYTES = 2_000_000


def build_app(sandbox: "Sandbox") -> Starlette:
    """All routes of the sandbox; works at the root and mounted under any path."""

    async def picture(request: Request) -> Response:
        return _picture(sandbox, request)

    async def call_graph(request: Request) -> Response:
        return await _call_graph(sandbox, request)

    return Starlette(
        routes=[
            *dialog.routes(sandbox),
            *(control.routes(sandbox) if sandbox.controls.is_on else ()),
            Route("/pictures/{owner_id}/{size}", picture, methods=["GET"]),
            Route("/{path:path}", call_graph, methods=_METHODS),
        ]
    )


def root_url(request: Request) -> str:
    """Where this sandbox was reached: scheme, host and the path it is mounted under."""
    root_path: str = request.scope.get("root_path", "")
    return f"{request.url.scheme}://{request.url.netloc}{root_path.rstrip('/')}"


def _picture(sandbox: "Sandbox", request: Request) -> Response:
    owner_id, size = request.path_params["owner_id"], parse_size(request.path_params["size"])
    is_known = owner_id == "silhouette" or owner_id in sandbox.world.page_by_id
    if size is None or not is_known:
        return Response("Not Found", 404, media_type="text/plain")
    content = draw_picture(owner_id, *size)
    headers = {"Cache-Control": "max-age=1209600", "X-Content-Type-Options": "nosniff"}
    return Response(content, headers=headers, media_type="image/png")


async def _call_graph(sandbox: "Sandbox", request: Request) -> Response:
    params = await _read_params(request)
    path = _route_path(request)
    fault = sandbox.controls.note_call(request.method, path, params)
    if sandbox.trouble == troubles.SLOW:
        await anyio.sleep(sandbox.slow_seconds)
    if fault is None and "batch" in params:
        # Years of fifty Pages take a second to make up, and others are waiting for this loop.
        return await anyio.to_thread.run_sync(_answer, sandbox, request, path, params)
    if fault is None:
        return _answer(sandbox, request, path, params)
    return await faults.commit(
        fault, request, root_url(request), lambda: _answer(sandbox, request, path, params)
    )


def _answer(sandbox: "Sandbox", request: Request, path: str, params: dict[str, str]) -> Response:
    refusal = None
    version = str(versions.find_served(None, sandbox.today()))
    asked = None
    try:
        place = take_apart(path)
        asked = place.version
        served = versions.find_served(asked, sandbox.today())
        if served is None:
            raise errors.path_unknown(path.strip("/"))
        version = served
        if sandbox.trouble == troubles.DOWN:
            raise errors.service_down()
        reply = graph.answer(_make_call(sandbox, request, place, version, params))
    except GraphError as error:
        reply, refusal = envelope.refuse(error), error
    headers = envelope.graph_headers(reply, version, refusal)
    if asked not in (None, version):
        headers["x-ad-api-version-warning"] = (
            f"The call has been auto-upgraded to {version} as {asked} has been deprecated."
        )
    return _to_response(reply, headers)


def _to_response(reply: Answer, headers: dict[str, str]) -> Response:
    if "Location" in headers:
        return Response(status_code=reply.status, headers=headers)
    return Response(envelope.dumps(reply.body), reply.status, headers=headers)


def _make_call(
    sandbox: "Sandbox", request: Request, place: Place, version: str, params: dict[str, str]
) -> Call:
    now = sandbox.now()
    return Call(
        sandbox=sandbox,
        method=params.get("method", request.method).upper(),
        segments=place.segments,
        params=params,
        token=params.get("access_token") or _header_token(request),
        version=version,
        now=now,
        day=place.day or now.date(),
        root_url=root_url(request),
        prefix=place.prefix,
    )


async def _read_params(request: Request) -> dict[str, str]:
    """Query and form together; the form wins. JSON bodies are not read."""
    params = dict(request.query_params)
    if request.method != "GET":
        content_type = request.headers.get("content-type", "")
        if content_type.startswith("multipart/form-data"):
            async with request.form(max_files=0) as form:
                params |= {name: str(value) for name, value in form.items()}
        else:
            body = (await request.body())[:_MAX_BODY_BYTES].decode("utf-8", "replace")
            params |= dict(parse_qsl(body, keep_blank_values=True))
    return params | {
        name: value for name, value in _basic_credentials(request).items() if name not in params
    }


def _header_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else None


def _basic_credentials(request: Request) -> dict[str, str]:
    """OAuth's other way to name a client (RFC 6749, 2.3.1), which some libraries use."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": client_id, "client_secret": secret}


def _route_path(request: Request) -> str:
    path: str = request.scope["path"]
    return path.removeprefix(request.scope.get("root_path", ""))
