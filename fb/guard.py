"""The outermost ASGI layer: judges every request and websocket before Streamlit sees it.

Streamlit accepts a websocket from any local origin, and from none at all; over such a socket a
stranger's web page could press "Save". So nothing reaches Streamlit that was not let in here.

What it holds, in this order:

1. Host is the redirect URI's, or localhost / 127.0.0.1 / [::1] with the served port. Else 421.
2. Live mode beyond loopback needs ``BEHIND_SIGN_IN_PROXY=yes``. Else 403: there is no sign-in yet.
3. Doors of Streamlit that nobody needs here answer 404.
4. A websocket carries exactly one Origin, and an own one. Methods other than GET and HEAD need an
   own Origin or ``Sec-Fetch-Site: same-origin``. Else 403.
5. A person who came to another loopback name is sent to the redirect URI's: the cookies of one do
   not reach the other, and the first connect would fail.
6. Every response carries the security headers, `CONTENT_SECURITY_POLICY` among them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

# The hash is that of the one inline script in the index.html of the pinned Streamlit; a test
# recomputes it, so that an update of Streamlit can't silently break or widen the policy.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

# Session counts, the agent interface, and Streamlit's own sign-in: none is used here.
CLOSED_DOORS = re.compile(r"/(_stcore/metrics|_stcore/agent|oauth2callback|auth)(/.*)?")
SANDBOX_DOOR = re.compile(r"/sandbox(/.*)?")


@dataclass(frozen=True)
class Premises:
    """Where this dashboard may be reached, and how far it may be trusted there.

    ``listens_on_loopback`` is about the address the server binds; ``port`` is the served one.
    """

    redirect_origin: str  # "http://localhost:8501"
    port: int
    is_sandbox: bool
    listens_on_loopback: bool
    behind_sign_in_proxy: bool

    @property
    def redirect_host(self) -> str:
        return urlsplit(self.redirect_origin).netloc.lower()

    @property
    def own_hosts(self) -> frozenset[str]:
        return frozenset({self.redirect_host, *(f"{n}:{self.port}" for n in LOOPBACK_NAMES)})

    @property
    def own_origins(self) -> frozenset[str]:
        local = {f"http://{name}:{self.port}" for name in LOOPBACK_NAMES}
        return frozenset({self.redirect_origin.lower(), *local})

    def is_open_to_strangers(self, host: str) -> bool:
        """True where live mode would be operated by whoever reaches the port."""
        if self.is_sandbox or self.behind_sign_in_proxy:
            return False
        names = {host_name(host), host_name(self.redirect_host)}
        return not self.listens_on_loopback or not names <= set(LOOPBACK_NAMES)


def host_name(netloc: str) -> str:
    """Return the name in "name:port", with the brackets of an IPv6 address."""
    return re.sub(r":\d+$", "", netloc.lower())


class Guard:
    """ASGI middleware that enforces the rules of this module for one `Premises`."""

    def __init__(self, app: ASGIApp, premises: Premises) -> None:
        self.app = app
        self.premises = premises

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = judge(self.premises, scope)
        if refusal is None:
            await self._pass(scope, receive, send)
        elif scope["type"] == "websocket":
            # Closing before accepting makes the server answer the handshake with 403.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, _with_headers(send, scope["path"]))

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it in; what fails in there is answered here, so that this answer has headers too."""
        sent: list[str] = []
        out = _noting(_with_headers(send, scope["path"]), sent)
        try:
            await self.app(scope, receive, out)
        except Exception as error:  # whatever failed in there: answered here, with our headers
            log.error("an answer failed with %s", type(error).__name__)
            if scope["type"] != "http" or sent:
                raise
            answer = PlainTextResponse("Something went wrong here. Nothing was changed.", 500)
            await answer(scope, receive, out)


def _noting(send: Send, noted: list[str]) -> Send:
    async def note(message: Message) -> None:
        noted.append(message["type"])
        await send(message)

    return note


def judge(premises: Premises, scope: Scope) -> Response | None:
    """Return the answer to a request that must not pass, None for one that may."""
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    host = hosts[0].lower() if len(hosts) == 1 else ""
    if host not in premises.own_hosts:
        return PlainTextResponse("This dashboard is not served under that name.", 421)
    if premises.is_open_to_strangers(host):
        return PlainTextResponse(
            "Pagekeeper has no sign-in yet, so with a Facebook app it answers on this computer "
            "only. Put a sign-in proxy in front and set BEHIND_SIGN_IN_PROXY=yes.",
            403,
        )
    path = scope["path"]
    if CLOSED_DOORS.fullmatch(path) or (not premises.is_sandbox and SANDBOX_DOOR.fullmatch(path)):
        return PlainTextResponse("Nothing here.", 404)
    if not _comes_from_us(premises, scope, headers):
        return PlainTextResponse("Refused: this request came from another site.", 403)
    return _lead_home(premises, scope, headers, host)


def _comes_from_us(premises: Premises, scope: Scope, headers: Headers) -> bool:
    origins = headers.getlist("origin")
    has_own_origin = len(origins) == 1 and origins[0].lower() in premises.own_origins
    if scope["type"] == "websocket":
        return has_own_origin
    if scope["method"] in ("GET", "HEAD") or has_own_origin:
        return True
    if origins:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    # Our own Graph client talks to the sandbox as it talks to Facebook: with a token, without a
    # browser. A browser never leaves out both headers on a POST, so no web page gets in this way.
    return premises.is_sandbox and SANDBOX_DOOR.fullmatch(scope["path"]) is not None


def _lead_home(
    premises: Premises, scope: Scope, headers: Headers, host: str
) -> RedirectResponse | None:
    home = premises.redirect_host
    is_navigation = scope["type"] == "http" and (
        headers.get("sec-fetch-mode") == "navigate"
        or ("sec-fetch-mode" not in headers and "text/html" in headers.get("accept", ""))
    )
    if host == home or not is_navigation or scope["method"] not in ("GET", "HEAD"):
        return None
    if not {host_name(host), host_name(home)} <= set(LOOPBACK_NAMES):
        return None
    query = scope["query_string"].decode("latin-1")
    target = f"{premises.redirect_origin}{quote(scope['path'])}"
    return RedirectResponse(f"{target}?{query}" if query else target, 307)


def _with_headers(send: Send, path: str) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            _put(headers, SECURITY_HEADERS.items())
            if path == "/connect" or path.startswith("/oauth/"):
                headers["cache-control"] = "no-store"
        await send(message)

    return send_with_headers


def _put(headers: MutableHeaders, items: Iterable[tuple[str, str]]) -> None:
    for name, value in items:
        # The stand-in's dialog sends a policy without scripts: a tighter one of its own stands.
        if name == "content-security-policy" and name in headers:
            continue
        headers[name] = value
