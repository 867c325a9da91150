"""HTTP routes: answer the redirect to Facebook's dialog, the health check and Pages' pictures."""

from __future__ import annotations

import hashlib
import html
import logging
import re
from collections.abc import Callable, Iterable
from itertools import islice

from anyio import CapacityLimiter, to_thread
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

from fb.installation import Startup
from fb.login.attempt import cookie_name
from fb.login.start import COOKIE_LIFETIME, StartedAttempt, start_attempt
from fb.settings import Settings
from fb.web.avatar import initial_svg
from fb.web.guard import SAFE_METHODS
from fb.web.limits import Rate, peer_of
from storage.accounts.pages import list_page_names
from storage.accounts.pictures import find_picture
from storage.db.errors import DatabaseBusy, DatabaseFull, NewerSchema, StorageError
from storage.db.text import storable
from storage.people.person import THIS_COMPUTER, NotAllowed, Person, Role

# One cookie per attempt. Older cookies of this browser are deleted, and their open attempts end.
MAX_COOKIES_PER_BROWSER = 5
# More than anybody clicks. Programs of one computer share its address, hence the user agent.
MAX_STARTS_PER_CLIENT = 30
STARTS_SECONDS = 60.0
# Of the parameter "renew"; no database has a longer one.
GRANT_ID = re.compile("[0-9]{1,9}")
# Streamlit would answer unregistered methods with its own page.
METHODS = [*SAFE_METHODS, "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

UNAVAILABLE: dict[type[StorageError], str] = {
    DatabaseBusy: "Another program holds the database",
    DatabaseFull: "The disk of the database is full",
    NewerSchema: "This process is of an older version, and has to be restarted on the new one",
}

log = logging.getLogger(__name__)

GetStartup = Callable[[], Startup]
Endpoint = Callable[[Startup, Request], Response]


def make_routes(get_startup: GetStartup, sandbox: ASGIApp | None) -> list[BaseRoute]:
    """Return the routes, with the ``sandbox`` mounted under /sandbox if there is one.

    ``get_startup`` is called on each request, since an unreachable database may come back.
    """
    starts = Rate(MAX_STARTS_PER_CLIENT, STARTS_SECONDS)

    def start(startup: Startup, request: Request) -> Response:
        return _start(startup, request, starts)

    routes: list[BaseRoute] = [
        Route("/oauth/start", only_get(get_startup, start), methods=METHODS),
        Route("/healthz", only_get(get_startup, _health), methods=METHODS),
        Route("/livez", _answer_alive, methods=METHODS),
        Route("/readyz", only_get(get_startup, _ready), methods=METHODS),
        Route("/pictures/{page_id}", only_get(get_startup, _picture), methods=METHODS),
    ]
    if sandbox is not None:
        routes.append(Mount("/sandbox", app=sandbox))
    return routes


def only_get(
    get_startup: GetStartup, endpoint: Endpoint, limiter: CapacityLimiter | None = None
) -> Callable[[Request], object]:
    """Return an endpoint that answers GET and HEAD by ``endpoint``; 405 for other methods.

    ``limiter``: how many at once, apart from all others.
    """

    async def answer(request: Request) -> Response:
        if request.method not in SAFE_METHODS:
            return PlainTextResponse("Only GET.", 405, headers={"Allow": "GET, HEAD"})
        return await on_thread(request, lambda: endpoint(get_startup(), request), limiter)

    return answer


async def on_thread(
    request: Request, respond: Callable[[], Response], limiter: CapacityLimiter | None = None
) -> Response:
    """Call ``respond`` on a thread; 503 when the database is held or does not answer.

    403 where role or session were lost after the gate has let the request in.
    """
    try:
        return await to_thread.run_sync(respond, limiter=limiter)
    except NotAllowed as refused:
        return refusal(refused.needed)
    except StorageError as error:
        log.error("%s: %s", request.url.path, type(error).__name__)
        return notice(
            503,
            UNAVAILABLE.get(type(error), "The database does not answer"),
            "Nothing was changed. Wait a moment and try again; Setup names the database.",
        )


def refusal(needed: Role | None) -> Response:
    """Return the page for somebody who lacks a role, or, for None, is not signed in any more."""
    if needed is None:
        return notice(403, "You are signed out here", "Nothing was changed. Sign in again.")
    return notice(
        403,
        "Your role does not allow this",
        f"It takes the role {needed}. Nothing was changed. Ask an administrator of Pagekeeper if "
        "you need it.",
    )


def _start(startup: Startup, request: Request, starts: Rate) -> Response:
    if not is_click(request):
        return notice(
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
    settings = installation.settings
    peer = peer_of(request.scope, settings.is_behind_proxy)
    if not starts.permit(f"{peer} {request.headers.get('user-agent', '')[:200]}"):
        return notice(
            429,
            "Too many trips to Facebook",
            "This browser has set out very often just now. Wait a minute, and start again.",
        )
    prefix = cookie_name("", settings)
    # Browsers send the oldest cookie first.
    own = {n.removeprefix(prefix): v for n, v in request.cookies.items() if n.startswith(prefix)}
    too_many = max(0, len(own) - MAX_COOKIES_PER_BROWSER + 1)
    replaced = dict(islice(own.items(), too_many))
    renewed = request.query_params.get("renew", "")
    attempt = start_attempt(
        installation,
        installation.now(),
        replaced=replaced,
        expected_grant_id=int(renewed) if GRANT_ID.fullmatch(renewed) else None,
        by=person_of(request, settings),
    )
    answer = RedirectResponse(attempt.authorization_url, 303)
    _set_cookies(answer, settings, attempt, replaced)
    return answer


def person_of(request: Request, settings: Settings) -> Person:
    """Return who sent a request, as the gate has found out; without a sign-in, this computer.

    Raises NotAllowed where people sign in and nobody is known.
    """
    if not settings.has_sign_in:
        return THIS_COMPUTER
    person: Person | None = getattr(request.state, "person", None)
    if person is None:
        raise NotAllowed(None)
    return person


def is_click(request: Request) -> bool:
    """Whether a person opened this address.

    True for a click on this site, a typed address, or a browser without Sec-Fetch headers.
    """
    headers = request.headers
    purpose = headers.get("sec-purpose", headers.get("purpose", ""))
    return (
        headers.get("sec-fetch-site", "none") in ("same-origin", "none")
        and headers.get("sec-fetch-mode", "navigate") == "navigate"
        and headers.get("sec-fetch-dest", "document") == "document"
        and "prefetch" not in purpose
        and "prerender" not in purpose
    )


def _set_cookies(
    answer: Response, settings: Settings, attempt: StartedAttempt, replaced: Iterable[str]
) -> None:
    is_https = settings.redirect_uri.startswith("https://")
    for old_id in replaced:
        name = cookie_name(old_id, settings)
        answer.delete_cookie(name, path="/", secure=is_https, httponly=True, samesite="lax")
    answer.set_cookie(
        cookie_name(attempt.id, settings),
        attempt.nonce,
        max_age=int(COOKIE_LIFETIME.total_seconds()),
        path="/",
        secure=is_https,
        httponly=True,
        samesite="lax",
    )


def _health(startup: Startup, request: Request) -> Response:
    """Answer in one word; administrators, and everybody where nobody signs in, get the rest."""
    installation = startup.installation
    if installation is None:
        kind = startup.error.kind if startup.error else "settings"
        body = {"status": kind, "database": "not opened", "keys": "not checked"}
        is_well = False
    else:
        is_well = installation.database.ping()
        keys = "ok" if installation.can_open_tokens else "wrong"
        body = {
            "status": "ok" if is_well and keys == "ok" else "trouble",
            "mode": installation.settings.mode,
            "database": "ok" if is_well else "unreachable",
            "keys": keys,
        }
    settings = startup.report.settings
    person: Person | None = getattr(request.state, "person", None)
    is_stranger = settings is not None and settings.has_sign_in and person is None
    if is_stranger or (person is not None and not person.may("admin")):
        body = {"status": body["status"]}
    return JSONResponse(body, 200 if is_well else 503)


async def _answer_alive(request: Request) -> Response:
    """Answer that this process lives: without the database, whose loss must not restart it."""
    return PlainTextResponse("alive")


def _ready(startup: Startup, request: Request) -> Response:
    """Answer whether requests may be sent here."""
    installation = startup.installation
    lack: str
    if installation is None:
        lack = startup.error.kind if startup.error else "settings"
    elif installation.is_draining or installation.worker.stopping.is_set():
        lack = "stopping"
    elif not installation.can_open_tokens:
        lack = "keys"
    else:
        try:
            with installation.database.reading() as session:
                installation.database.check_revision(session)
            return PlainTextResponse("ready")
        except NewerSchema:
            lack = "newer_schema"
        except StorageError:
            lack = "database"
    return PlainTextResponse(f"not ready: {lack}", 503)


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


def notice(
    status: int,
    title: str,
    *sentences: str,
    is_for_strangers: bool = False,
    button: tuple[str, str] | None = None,
) -> Response:
    """Return a page of a few sentences; strangers get no link to the dashboard.

    ``button``: the label and address of the one thing to do.
    """
    paragraphs = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
    link = "" if is_for_strangers else '<p><a href="/">Go to Pagekeeper</a></p>'
    if button is not None:
        label, address = (html.escape(each) for each in button)
        link = f'<p><a class="button" href="{address}">{label}</a></p>'
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="robots" content="noindex">'
        '<meta name="viewport" content="width=device-width">'
        '<link rel="icon" href="data:,">'
        f"<title>{html.escape(title)} · Pagekeeper</title>"
        "<style>:root{color-scheme:light dark}"
        "body{font:16px/1.5 sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}"
        ".button{display:inline-block;padding:.5rem 1.2rem;border-radius:.5rem;font-weight:600;"
        "text-decoration:none;background:#1D5FB4;color:#fff}"
        ".button:focus-visible{outline:3px solid #E9B44C;outline-offset:2px}</style>"
        f"<main><h1>{html.escape(title)}</h1>{paragraphs}{link}</main></html>"
    )
    return HTMLResponse(body, status)
