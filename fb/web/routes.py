"""HTTP routes: answer the redirect to Facebook's dialog, the health check and Pages' pictures."""

from __future__ import annotations

import hashlib
import html
import logging
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from fb.installation import Installation, Startup
from fb.login.attempt import cookie_name
from fb.login.start import COOKIE_LIFETIME, StartedAttempt, start_attempt
from fb.web.avatar import initial_svg
from fb.web.guard import SAFE_METHODS
from storage.accounts.pages import list_page_names
from storage.accounts.pictures import find_picture
from storage.db.errors import StorageError, TooManyAttempts
from storage.db.text import storable

# One cookie per attempt. Older cookies of this browser are deleted.
MAX_COOKIES_PER_BROWSER = 5
# Streamlit would answer unregistered methods with its own page.
METHODS = [*SAFE_METHODS, "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

log = logging.getLogger(__name__)

GetStartup = Callable[[], Startup]
Endpoint = Callable[[Startup, Request], Response]


def make_routes(get_startup: GetStartup, sandbox: ASGIApp | None) -> list[BaseRoute]:
    """Return the routes, with the ``sandbox`` mounted under /sandbox if there is one.

    ``get_startup`` is called on each request, since an unreachable database may come back.
    """
    routes: list[BaseRoute] = [
        Route("/oauth/start", _only_get(get_startup, _start), methods=METHODS),
        Route("/healthz", _only_get(get_startup, _health), methods=METHODS),
        Route("/pictures/{page_id}", _only_get(get_startup, _picture), methods=METHODS),
    ]
    if sandbox is not None:
        routes.append(Mount("/sandbox", app=sandbox))
    return routes


def _only_get(get_startup: GetStartup, endpoint: Endpoint) -> Callable[[Request], object]:
    def call(request: Request) -> Response:
        return endpoint(get_startup(), request)

    async def answer(request: Request) -> Response:
        if request.method not in SAFE_METHODS:
            return PlainTextResponse("Only GET.", 405, headers={"Allow": "GET, HEAD"})
        try:
            return await run_in_threadpool(call, request)
        except StorageError as error:
            log.error("%s: %s", request.url.path, type(error).__name__)
            return _notice(
                503,
                "The database does not answer",
                "Nothing was changed. Wait a moment and try again; Setup names the database.",
            )

    return answer


def _start(startup: Startup, request: Request) -> Response:
    if not _is_navigation_by_operator(request):
        return _notice(
            403,
            "Please start from Pagekeeper",
            "Another site, or the browser in advance, opened this address. Nothing was started.",
        )
    installation = startup.installation
    if installation is None or not installation.can_open_tokens:
        # The Setup screen explains the problem.
        return RedirectResponse("/setup", 303)
    if request.method == "HEAD":
        return Response(status_code=204)
    try:
        attempt = start_attempt(installation, installation.now())
    except TooManyAttempts:
        return _notice(
            429,
            "Too many trips to Facebook are open",
            "Finish one of them, or wait 15 minutes, and start again.",
        )
    answer = RedirectResponse(attempt.authorization_url, 303)
    _set_cookie(request, answer, installation, attempt)
    return answer


def _is_navigation_by_operator(request: Request) -> bool:
    """True for a click on this site, a typed address, or a browser without Sec-Fetch headers."""
    headers = request.headers
    purpose = headers.get("sec-purpose", headers.get("purpose", ""))
    return (
        headers.get("sec-fetch-site", "none") in ("same-origin", "none")
        and headers.get("sec-fetch-mode", "navigate") == "navigate"
        and headers.get("sec-fetch-dest", "document") == "document"
        and "prefetch" not in purpose
        and "prerender" not in purpose
    )


def _set_cookie(
    request: Request, answer: Response, installation: Installation, attempt: StartedAttempt
) -> None:
    is_https = installation.settings.redirect_uri.startswith("https://")
    prefix = cookie_name("", installation.settings)
    names = [name for name in request.cookies if name.startswith(prefix)]
    for name in names[: max(0, len(names) - MAX_COOKIES_PER_BROWSER + 1)]:
        answer.delete_cookie(name, path="/", secure=is_https, httponly=True, samesite="lax")
    answer.set_cookie(
        cookie_name(attempt.id, installation.settings),
        attempt.nonce,
        max_age=int(COOKIE_LIFETIME.total_seconds()),
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )


def _health(startup: Startup, request: Request) -> Response:
    installation = startup.installation
    if installation is None:
        kind = startup.error.kind if startup.error else "settings"
        body = {"status": kind, "database": "not opened", "keys": "not checked"}
        return JSONResponse(body, 503)
    reachable = installation.database.ping()
    keys = "ok" if installation.can_open_tokens else "wrong"
    body = {
        "status": "ok" if reachable and keys == "ok" else "trouble",
        "mode": installation.settings.mode,
        "database": "ok" if reachable else "unreachable",
        "keys": keys,
    }
    return JSONResponse(body, 200 if reachable else 503)


def _picture(startup: Startup, request: Request) -> Response:
    installation = startup.installation
    page_id = request.path_params["page_id"]
    if installation is None:
        return PlainTextResponse("No database.", 503)
    stored, name = None, None
    if storable(page_id) == page_id:  # the database would raise on any other text
        with installation.database.reading() as session:
            stored = find_picture(session, page_id)
            name = list_page_names(session, [page_id]).get(page_id)
    if name is None:
        return PlainTextResponse("No such Page here.", 404)
    if stored is not None and stored.content is not None:
        content, content_type = stored.content, stored.content_type or "image/jpeg"
    else:
        content, content_type = initial_svg(page_id, name), "image/svg+xml"
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=3600"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=content_type, headers=headers)


def _notice(status: int, title: str, sentence: str) -> HTMLResponse:
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)} · Pagekeeper</title>"
        "<style>:root{color-scheme:light dark}"
        "body{font:16px/1.5 sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}</style>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(sentence)}</p>"
        '<p><a href="/">Go to Pagekeeper</a></p></html>'
    )
    return HTMLResponse(body, status)
