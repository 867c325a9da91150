"""ASGI guard: refuses requests and websockets from other sites before Streamlit sees them.

Streamlit accepts websockets from any local origin and without an Origin header. Over such a socket,
another site's page could press "Save". So this is the outermost middleware. Its rules, in order:

0. What probes ask, `PROBE_PATHS`, is answered to any loopback or private address under any Host: an
   orchestrator knows an address, not our name. It tells ready or not, and figures to whoever has
   the token of /metrics.
1. Host is the redirect URI's, or localhost / 127.0.0.1 / [::1] with the served port. Else 421.
2. Live mode beyond loopback needs a sign-in, here (`fb.web.gate`) or at a proxy. Else 403.
3. Behind a proxy everything bears ``PROXY_SECRET`` in `PROXY_HEADER`, since any program can write a
   Host. Else 403. Exempt: health checks, and the sandbox's calls to itself.
4. Unused paths of Streamlit answer 404.
5. A websocket needs exactly one Origin, that of its own Host. Methods other than GET and HEAD need
   that or ``Sec-Fetch-Site: same-origin``. Else 403. Exempt: what Facebook's servers post to
   `SIGNED_PATHS`, whose routes verify it; a browser's posts there are refused.
6. A navigation to another loopback name is redirected to the redirect URI's host, since browsers
   keep cookies per name, and the first connect would fail.
7. Every response has the security headers, including `CONTENT_SECURITY_POLICY`.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fb.addresses import CALENDAR_PATH, LOOPBACK_HOSTS, SIGNED_PATHS, bracketed
from fb.settings_table import PROXY_HEADER

log = logging.getLogger(__name__)

LOOPBACK_NAMES = tuple(bracketed(host) for host in LOOPBACK_HOSTS)
SAFE_METHODS = ("GET", "HEAD")

# The hash belongs to the inline script in the index.html of the pinned Streamlit. A test recomputes
# it, so that an update of Streamlit can't break or widen the policy unnoticed.
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

# Streamlit's session counts, agent interface and sign-in, which are not used here.
BLOCKED_PATHS = re.compile(r"/(_stcore/metrics|_stcore/agent|oauth2callback|auth)(/.*)?")
SANDBOX_PATHS = re.compile(r"/sandbox(/.*)?")
HEALTH_PATHS = ("/healthz", "/_stcore/health")
NEVER_STORED = ("/oauth/", "/facebook/", "/signin", CALENDAR_PATH)
PROBE_PATHS = ("/livez", "/readyz", "/metrics")


@dataclass(frozen=True)
class HostPolicy:
    """The hosts and origins that this dashboard accepts.

    ``listens_on_loopback``: the server binds a loopback address. ``port`` is the served port.
    ``has_sign_in``: people sign in here. ``proxy_secret`` is what a proxy in front sends with every
    request; None is sent by nobody.
    """

    redirect_origin: str  # "http://localhost:8501"
    port: int
    is_sandbox: bool
    listens_on_loopback: bool
    behind_sign_in_proxy: bool
    proxy_secret: str | None = field(default=None, repr=False)
    has_sign_in: bool = False

    @property
    def redirect_host(self) -> str:
        return urlsplit(self.redirect_origin).netloc.lower()

    @property
    def allowed_hosts(self) -> frozenset[str]:
        return frozenset({self.redirect_host, *(f"{n}:{self.port}" for n in LOOPBACK_NAMES)})

    def origin_of(self, host: str) -> str:
        """Return the origin of what is served under an allowed Host."""
        return self.redirect_origin.lower() if host == self.redirect_host else f"http://{host}"

    def is_exposed(self, host: str) -> bool:
        """Whether other machines could operate live mode under this Host without a sign-in."""
        if self.is_sandbox or self.behind_sign_in_proxy or self.has_sign_in:
            return False
        names = {host_name(host), host_name(self.redirect_host)}
        return not self.listens_on_loopback or not names <= set(LOOPBACK_NAMES)


def host_name(netloc: str) -> str:
    """Return the name in "name:port", with the brackets of an IPv6 address."""
    return re.sub(r":\d+$", "", netloc.lower())


class Guard:
    """ASGI middleware that enforces the rules of this module for one `HostPolicy`."""

    def __init__(self, app: ASGIApp, policy: HostPolicy) -> None:
        self.app = app
        self.policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = find_refusal(self.policy, scope)
        if refusal is None:
            # Nobody behind the guard needs it, and Streamlit keeps a session's headers.
            headers = [(n, v) for n, v in scope["headers"] if n != PROXY_HEADER.lower().encode()]
            await self._forward({**scope, "headers": headers}, receive, send)
        elif scope["type"] == "websocket":
            # A close before the accept makes the server answer the handshake with 403.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, _with_headers(send, scope["path"]))

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app, and answer its exceptions, so that error answers have the headers, too."""
        send_with_headers = _with_headers(send, scope["path"])
        is_answered = False

        async def send_and_remember(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send_with_headers(message)

        try:
            await self.app(scope, receive, send_and_remember)
        except Exception as error:  # every error answer needs the headers
            log.error("an answer failed with %s", type(error).__name__)
            if scope["type"] != "http" or is_answered:
                raise
            answer = PlainTextResponse("Something went wrong here. Nothing was changed.", 500)
            await answer(scope, receive, send_with_headers)


def find_refusal(policy: HostPolicy, scope: Scope) -> Response | None:
    """Return the refusal of a request, or its redirect; None for a request that may pass."""
    if is_probe(scope):
        return None
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    host = hosts[0].lower() if len(hosts) == 1 else ""
    if host not in policy.allowed_hosts:
        return PlainTextResponse("This dashboard is not served under that name.", 421)
    if policy.is_exposed(host):
        return PlainTextResponse(
            "Nobody signs in here, so with a Facebook app Pagekeeper answers on this computer "
            "only. Set SIGN_IN_ISSUER and what belongs to it: docs/sign-in.md.",
            403,
        )
    is_behind_proxy = policy.behind_sign_in_proxy or policy.proxy_secret is not None
    if is_behind_proxy and not _came_through_proxy(policy, scope, headers):
        return PlainTextResponse("This dashboard answers through its proxy only.", 403)
    path = scope["path"]
    if BLOCKED_PATHS.fullmatch(path) or (not policy.is_sandbox and SANDBOX_PATHS.fullmatch(path)):
        return PlainTextResponse("Nothing here.", 404)
    if not _is_origin_allowed(policy, scope, headers, host):
        return PlainTextResponse("Refused: this request came from another site.", 403)
    return _redirect_to_canonical_host(policy, scope, headers, host)


def is_probe(scope: Scope) -> bool:
    """Whether this is what probes ask, from this machine or its network."""
    if scope["type"] != "http" or scope["path"] not in PROBE_PATHS:
        return False
    try:
        peer = ipaddress.ip_address((scope.get("client") or ("",))[0])
    except ValueError:
        return False
    return scope["method"] in SAFE_METHODS and (peer.is_loopback or peer.is_private)


def _came_through_proxy(policy: HostPolicy, scope: Scope, headers: Headers) -> bool:
    sent = headers.getlist(PROXY_HEADER)
    if len(sent) == 1 and policy.proxy_secret is not None:
        # As bytes: texts with other than ASCII can't be compared in constant time.
        return hmac.compare_digest(sent[0].encode(), policy.proxy_secret.encode())
    if scope["type"] != "http" or sent:
        return False
    is_own_call = policy.is_sandbox and (scope.get("client") or ("",))[0] in LOOPBACK_HOSTS
    path = scope["path"]
    return path in HEALTH_PATHS or (is_own_call and SANDBOX_PATHS.fullmatch(path) is not None)


def _is_origin_allowed(policy: HostPolicy, scope: Scope, headers: Headers, host: str) -> bool:
    origins = headers.getlist("origin")
    has_allowed_origin = [each.lower() for each in origins] == [policy.origin_of(host)]
    if scope["type"] == "websocket":
        return has_allowed_origin
    if scope["method"] in SAFE_METHODS or has_allowed_origin:
        return True
    if origins:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    # Facebook's servers, and the Graph client that calls the sandbox, are no browsers. A browser
    # always sends one of the two headers with a POST, so no web page can use these exceptions.
    if scope["path"] in SIGNED_PATHS:
        return bool(scope["method"] == "POST")
    return policy.is_sandbox and SANDBOX_PATHS.fullmatch(scope["path"]) is not None


def is_navigation(headers: Headers) -> bool:
    """Whether a browser opens this address as a document."""
    mode = headers.get("sec-fetch-mode")
    return mode == "navigate" if mode else "text/html" in headers.get("accept", "")


def _redirect_to_canonical_host(
    policy: HostPolicy, scope: Scope, headers: Headers, host: str
) -> RedirectResponse | None:
    canonical_host = policy.redirect_host
    if scope["type"] != "http" or not is_navigation(headers):
        return None
    if host == canonical_host or scope["method"] not in SAFE_METHODS:
        return None
    if not {host_name(host), host_name(canonical_host)} <= set(LOOPBACK_NAMES):
        return None
    query = scope["query_string"].decode("latin-1")
    target = f"{policy.redirect_origin}{quote(scope['path'])}"
    return RedirectResponse(f"{target}?{query}" if query else target, 307)


def _with_headers(send: Send, path: str) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                # The sandbox's dialog sends its own, stricter policy.
                if name != "content-security-policy" or name not in headers:
                    headers[name] = value
            if path == "/connect" or path.startswith(NEVER_STORED):
                headers["cache-control"] = "no-store"
        await send(message)

    return send_with_headers
