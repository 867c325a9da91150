"""Sign-in routes: the page that asks to sign in, the way to the sign-in service, and the way back.

Here a browser proves who it is, and gets the cookie of a session: 256 random bits, of which the
database has the hash. What the sign-in service sends is checked in `fb.sign_in.oidc` and thrown
away.
"""

from __future__ import annotations

import base64
import hmac
import logging
import re
from collections.abc import Callable
from urllib.parse import quote

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fb.installation import Installation, Startup
from fb.settings import Settings
from fb.sign_in.oidc import RETURN_PATH, Identity, ServiceDown, SignInFailed, SignInService
from fb.web.gate import (
    SIGN_IN_PATH,
    START_PATH,
    cookie_prefix,
    safe_path,
    session_cookie,
)
from fb.web.limits import Rate, peer_of
from fb.web.routes import METHODS, Endpoint, GetStartup, is_click, notice, only_get
from storage.db.errors import StorageError
from storage.people.person import SESSION_SECONDS
from storage.sign_in.attempts import ATTEMPT_SECONDS, begin_attempt, has_attempt, take_attempt
from storage.sign_in.people import NotAdmitted, admit
from storage.sign_in.sessions import find_by_secret, sign_in

# By address alone: a browser's other marks are what it says. An office has one address.
MAX_STARTS_PER_ADDRESS = 300
STARTS_SECONDS = 60.0
MAX_AT_ONCE = 10
MAX_CODE = 4_096  # characters
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")

log = logging.getLogger(__name__)

# Why somebody is on the page, by its parameter "why".
WHY = {
    "ended": "You are signed out here: by yourself, by an administrator, or because the time is "
    "over.",
    "unavailable": "Pagekeeper can't reach its database, so it can't tell who is signed in. Try "
    "again in a moment.",
    "failed": "The sign-in did not work. Nothing was changed. Try again; if it stays, tell an "
    "administrator: the log of the dashboard says why.",
    "again": "This sign-in was over already, took longer than 15 minutes, or began in another "
    "browser. Does this browser refuse cookies? Then allow them for this address. Sign in again.",
    "service": "The sign-in service does not answer. Nothing was changed. Try again in a minute. "
    "Whoever is signed in already can go on.",
    "cancelled": "The sign-in was cancelled. Nothing was changed.",
    "clock": "The clocks of Pagekeeper and of the sign-in service differ, so nobody can come in. "
    "Tell whoever runs Pagekeeper: its clock should be set by a time server.",
}
# The same for whom another account may help; the first three by `NotAdmitted.reason`.
REFUSALS = {
    "stranger": "You are signed in at the sign-in service, but nobody has let you in here yet. Ask "
    "an administrator of Pagekeeper to let in your address.",
    "removed": "Your access was taken away. Ask an administrator of Pagekeeper if that is wrong.",
    "other_subject": "This address belongs to another account at the sign-in service. An "
    "administrator of Pagekeeper can free it.",
    "no_address": "The sign-in service does not tell your address, by which Pagekeeper "
    "knows its team. Tell an administrator, or use another account.",
    "unconfirmed_address": "The sign-in service does not say that your address was "
    "confirmed. Confirm it there, or use another account.",
}
WELCOME = "Pagekeeper is open to your team only."


def make_sign_in_routes(
    get_startup: GetStartup, settings: Settings, service: SignInService
) -> list[BaseRoute]:
    """Return the three routes; ``service`` is the one of the settings."""
    starts = Rate(MAX_STARTS_PER_ADDRESS, STARTS_SECONDS)

    def opened(answer: Callable[[Installation, Request], Response]) -> Endpoint:
        def endpoint(startup: Startup, request: Request) -> Response:
            if startup.installation is None:
                return _without_database()
            try:
                return answer(startup.installation, request)
            except StorageError as error:
                log.error("%s: %s", request.url.path, type(error).__name__)
                return _without_database()

        return endpoint

    def show(installation: Installation, request: Request) -> Response:
        return _show(installation, request)

    def start(installation: Installation, request: Request) -> Response:
        if not is_click(request):  # not counted: another site could use up what the office has
            return notice(
                403,
                "Please start from Pagekeeper",
                "Another site, or the browser in advance, opened this address. Nothing was "
                "started.",
                is_for_strangers=True,
                button=("Sign in", SIGN_IN_PATH),
            )
        if request.method == "HEAD":
            return Response(status_code=204)
        if not starts.permit(peer_of(request.scope, settings.is_behind_proxy)):
            return notice(
                429,
                "Too many sign-ins",
                "Very many were begun from your address just now. Wait a minute, and try again.",
                is_for_strangers=True,
            )
        return _start(installation, service, request)

    def come_back(installation: Installation, request: Request) -> Response:
        return _come_back(installation, service, request)

    endpoints = ((SIGN_IN_PATH, show), (START_PATH, start), (RETURN_PATH, come_back))
    # They may wait for the sign-in service, and must not keep other answers waiting.
    limiter = anyio.CapacityLimiter(MAX_AT_ONCE)
    return [
        Route(path, only_get(get_startup, opened(endpoint), limiter), methods=METHODS)
        for path, endpoint in endpoints
    ]


def _show(installation: Installation, request: Request) -> Response:
    back = safe_path(request.query_params.get("back", "/"))
    secret = request.cookies.get(session_cookie(installation.settings))
    if secret is not None and _holds(installation, secret):
        return RedirectResponse(back, 303)
    why = request.query_params.get("why", "")
    start = f"{START_PATH}?back={quote(back, safe='')}"
    if why in REFUSALS:
        answer = notice(
            200, "You can't come in yet", REFUSALS[why], button=("Use another account", start)
        )
    else:
        answer = notice(
            200, "Sign in to Pagekeeper", WHY.get(why, WELCOME), button=("Sign in", start)
        )
    if secret is not None:
        _forget(answer, session_cookie(installation.settings), installation.settings)
    return answer


def _start(installation: Installation, service: SignInService, request: Request) -> Response:
    settings = installation.settings
    held = request.cookies.get(_attempt_cookie(settings), "")
    with installation.database.writing() as session:
        attempt = begin_attempt(
            session,
            safe_path(request.query_params.get("back", "/")),
            held if SECRET.fullmatch(held) else None,
        )
    try:
        target = service.authorization_url(
            state=attempt.id,
            nonce=attempt.nonce,
            verifier=_verifier(attempt.secret, attempt.id),
        )
    except SignInFailed as failed:
        log.error("the sign-in service can't be used: %s", failed)
        return _ask_again("service")
    answer = RedirectResponse(target, 303)
    _give(answer, _attempt_cookie(settings), attempt.secret, ATTEMPT_SECONDS, settings)
    return answer


def _come_back(installation: Installation, service: SignInService, request: Request) -> Response:
    if request.method == "HEAD":  # must not use up the attempt
        return Response(status_code=204)
    settings, query = installation.settings, request.query_params
    held = request.cookies.get(_attempt_cookie(settings), "")
    old_secret = request.cookies.get(session_cookie(settings))
    id = query.get("state", "")
    taken = None
    with installation.database.reading() as session:
        is_begun = has_attempt(session, id, held)
    if is_begun:  # else anybody could make us write
        with installation.database.writing() as session:
            taken = take_attempt(session, id, held)
    if taken is None:
        if old_secret is not None and _holds(installation, old_secret):
            return RedirectResponse("/", 303)  # signed in by another tab, or a reload
        return _ask_again("again")
    nonce, back_to = taken
    if query.get("error") == "access_denied":
        return _ask_again("cancelled")
    code = query.get("code", "")
    try:
        if not service.is_from(query.get("iss")) or not 0 < len(code) <= MAX_CODE:
            raise SignInFailed("code")
        identity = service.redeem(code, nonce=nonce, verifier=_verifier(held, id))
    except ServiceDown as down:
        log.error("the sign-in service can't be used: %s", down)
        return _ask_again("service")
    except SignInFailed as failed:
        log.warning("a sign-in failed: %s", failed)
        return _ask_again(failed.reason if failed.reason in {**WHY, **REFUSALS} else "failed")
    try:
        secret = _admit(installation, identity, request, old_secret)
    except NotAdmitted as refused:
        log.warning("a sign-in was refused: %s", refused.reason)
        return _ask_again(refused.reason)
    answer = RedirectResponse(safe_path(back_to), 303)
    # The attempt's cookie stays for its time: another tab may be on its way.
    _give(answer, session_cookie(settings), secret, SESSION_SECONDS, settings)
    return answer


def _admit(
    installation: Installation, identity: Identity, request: Request, old_secret: str | None
) -> str:
    """Let in the person and begin a session, in one transaction; return its secret."""
    settings, now = installation.settings, installation.now()
    with installation.database.writing() as session:
        person_id = admit(
            session,
            issuer=identity.issuer,
            subject=identity.subject,
            address=identity.address,
            name=identity.name,
            first_admin=settings.sign_in_first_admin,
            domains=settings.sign_in_domains,
            now=now,
        )
        browser = request.headers.get("user-agent", "")
        return sign_in(session, person_id, browser, now, replaces=old_secret)


def _holds(installation: Installation, secret: str) -> bool:
    with installation.database.reading() as session:
        return find_by_secret(session, secret) is not None


def _verifier(secret: str, attempt_id: str) -> str:
    """Return PKCE's verifier. It follows from what the browser holds, so nothing here stores it."""
    digest = hmac.digest(secret.encode(), f"pkce:{attempt_id}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _ask_again(why: str) -> Response:
    """Lead to the page that asks to sign in. The code must not stay in the browser's address."""
    return RedirectResponse(f"{SIGN_IN_PATH}?why={why}", 303)


def _without_database() -> Response:
    return notice(
        503,
        "Nobody can come in right now",
        "Pagekeeper can't reach its database. Nothing was changed. Wait a moment and try again.",
        is_for_strangers=True,
        button=("Try again", SIGN_IN_PATH),
    )


def _attempt_cookie(settings: Settings) -> str:
    return f"{cookie_prefix(settings)}pagekeeper-sign-in"


def _give(answer: Response, name: str, value: str, seconds: int, settings: Settings) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=settings.redirect_uri.startswith("https://"),
        httponly=True,
        samesite="lax",
    )


def _forget(answer: Response, name: str, settings: Settings) -> None:
    is_https = settings.redirect_uri.startswith("https://")
    answer.delete_cookie(name, path="/", secure=is_https, httponly=True, samesite="lax")
