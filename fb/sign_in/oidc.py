"""Sign-in service: the way to it, the exchange of its code, and who it proves.

Authorization code with PKCE, state and nonce: RFC 9700, OpenID Connect Core 3.1. Nothing that it
sends is kept but who it is; its tokens are thrown away.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from joserfc.jwk import KeySet

from fb.addresses import is_loopback
from fb.graph.errors import RedirectRefused, TransportFailed, Unreachable
from fb.graph.http import Answer, exchange, open_session
from fb.graph.json_values import read_json
from fb.settings import Settings
from fb.sign_in.id_token import (
    Identity,
    SignInFailed,
    UnknownKey,
    check_claims,
    read_identity,
    read_keys,
    verify,
)

__all__ = ["RETURN_PATH", "Identity", "ServiceDown", "SignInFailed", "SignInService"]

RETURN_PATH = "/signin/return"
DISCOVERY_PATH = "/.well-known/openid-configuration"
SCOPE = "openid email profile"
# For an answer as a whole, from its beginning to its end.
MAX_ANSWER_SECONDS = 10.0
CONNECT_SECONDS = 4.0  # for each address of the host
MAX_ANSWER_BYTES = 1_000_000
KEPT_FOR = timedelta(hours=1)
# Whoever makes up key ids must not make us ask the service for its keys each time.
KEYS_ASKED_EACH = timedelta(minutes=1)

T = TypeVar("T")


class ServiceDown(SignInFailed):
    """The sign-in service did not answer as one.

    ``reason``: no_answer · slow · redirect · status (it said that it is in trouble) · nonsense.
    """


@dataclass(frozen=True)
class _Endpoints:
    """What counts of the discovery document."""

    authorization: str
    token: str
    keys: str
    takes_secret_in_form: bool  # and not in a header
    names_itself: bool  # when it leads people back: RFC 9207


class SignInService:
    """The sign-in service of the settings. Safe for threads; nothing is asked before it is needed.

    Every method but `redirect_uri` may ask the service, and raises SignInFailed, mostly its
    ServiceDown; an answer takes at most MAX_ANSWER_SECONDS.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        issuer, client_id = settings.sign_in_issuer, settings.sign_in_client_id
        secret = settings.sign_in_client_secret
        assert issuer is not None
        assert client_id is not None
        assert secret is not None
        self._issuer, self._client_id, self._client_secret = issuer, client_id, secret
        self._settings = settings
        self._now = now
        self._endpoints = _Kept(self._read_endpoints, now)
        self._keys = _Kept(self._read_keys, now)

    @property
    def redirect_uri(self) -> str:
        """Where the service leads people back to; it has to know this address."""
        return self._settings.redirect_origin + RETURN_PATH

    def authorization_url(self, *, state: str, nonce: str, verifier: str) -> str:
        """Return where to send somebody who wants to sign in."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        parameters = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
            "prompt": "select_account",  # else who signs out is signed in again unasked
        }
        base = self._endpoints.get().authorization
        joint = "&" if "?" in base else "?"
        return base + joint + urlencode(parameters, quote_via=quote, safe="")

    def is_from(self, iss: str | None) -> bool:
        """Whether a return with this ``iss`` parameter may be of this service (RFC 9207)."""
        if iss is None:
            return not self._endpoints.get().names_itself
        return iss == self._issuer

    def redeem(self, code: str, *, nonce: str, verifier: str) -> Identity:
        """Exchange a code, once, and return who signed in.

        ``nonce`` and ``verifier``: those of the authorization URL.
        """
        claims = self._verify(self._exchange_code(code, verifier))
        check_claims(
            claims,
            issuer=self._issuer,
            client_id=self._client_id,
            nonce=nonce,
            now=self._now(),
        )
        return read_identity(
            claims,
            address_claim=self._settings.sign_in_address_claim,
            trusts_addresses=self._settings.sign_in_trust_addresses,
        )

    def check(self) -> None:
        """Read the discovery document and the keys, as a sign-in does."""
        self._endpoints.get()
        self._keys.get()

    def _exchange_code(self, code: str, verifier: str) -> str:
        """Return the ID token."""
        endpoints = self._endpoints.get()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        authorization = None
        if endpoints.takes_secret_in_form:
            form |= {"client_id": self._client_id, "client_secret": self._client_secret}
        else:
            # RFC 6749, 2.3.1: each part is encoded as in a form before they are joined.
            pair = f"{quote_plus(self._client_id)}:{quote_plus(self._client_secret)}"
            authorization = "Basic " + base64.b64encode(pair.encode()).decode()
        answer = _ask("POST", endpoints.token, form, authorization)
        if answer.status != 200:
            is_client = answer.status == 401 or _find_error(answer) == "invalid_client"
            raise SignInFailed("client" if is_client else "code")
        token = _read_object(answer).get("id_token")
        if not isinstance(token, str):
            raise SignInFailed("token", "missing")
        return token

    def _verify(self, token: str) -> dict[str, Any]:
        try:
            return verify(token, self._keys.get())
        except UnknownKey:
            return verify(token, self._keys.get(asked_each=KEYS_ASKED_EACH))

    def _read_endpoints(self) -> _Endpoints:
        # OpenID Connect Discovery, 4.1 and 4.3: without a slash at the end the path is added; the
        # issuer itself is the very same text.
        answer = _ask("GET", self._issuer.removesuffix("/") + DISCOVERY_PATH)
        if answer.status != 200:
            raise SignInFailed("issuer", "status")
        document = _read_object(answer)
        if document.get("issuer") != self._issuer:
            raise SignInFailed("issuer", "other")
        urls = [
            document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        ]
        authorization, token, keys = (_check_url(url) for url in urls)
        methods = document.get("token_endpoint_auth_methods_supported")
        methods = methods if isinstance(methods, list) else []
        return _Endpoints(
            authorization,
            token,
            keys,
            takes_secret_in_form="client_secret_post" in methods
            and "client_secret_basic" not in methods,
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        )

    def _read_keys(self) -> KeySet:
        answer = _ask("GET", self._endpoints.get().keys)
        keys = read_keys(_read_object(answer)) if answer.status == 200 else None
        if not keys:
            raise ServiceDown("nonsense", "keys")
        return keys


class _Kept(Generic[T]):
    """What was read of the service, for an hour. Of callers at the same time one reads it."""

    def __init__(self, read: Callable[[], T], now: Callable[[], datetime]) -> None:
        self._read = read
        self._now = now
        self._lock = threading.Lock()
        self._value: T | None = None
        self._read_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._failure: SignInFailed | None = None
        self._failures_count = 0

    def get(self, *, asked_each: timedelta = KEPT_FOR) -> T:
        """Return it; read it before, unless it was asked for within ``asked_each``."""
        failures_before = self._failures_count
        with self._lock:
            now = self._now()
            is_kept = _is_within(KEPT_FOR, self._read_at, now)
            if self._value is not None and is_kept and _is_within(asked_each, self._asked_at, now):
                return self._value
            # Those who waited for another's answer don't wait for one each, one after the other.
            if self._failure is not None and self._failures_count != failures_before:
                raise type(self._failure)(self._failure.reason, self._failure.detail)
            self._asked_at = now
            try:
                self._value = self._read()
            except SignInFailed as failure:
                self._failure = failure
                self._failures_count += 1
                raise
            self._read_at, self._failure = now, None
            return self._value


def _is_within(time: timedelta, since: datetime | None, now: datetime) -> bool:
    """Whether less time has passed; False where the clock was set back."""
    return since is not None and timedelta(0) <= now - since < time


def _ask(
    method: Literal["GET", "POST"],
    url: str,
    form: Mapping[str, str] | None = None,
    authorization: str | None = None,
) -> Answer:
    """Return the service's answer of status 200, or one that refuses; raise ServiceDown."""
    try:
        with open_session(url) as session:
            session.headers["Accept"] = "application/json"
            if authorization is not None:
                session.headers["Authorization"] = authorization
            answer = exchange(
                session,
                method,
                url,
                form=form,
                timeouts=(CONNECT_SECONDS, MAX_ANSWER_SECONDS),
                total_seconds=MAX_ANSWER_SECONDS,
                max_bytes=MAX_ANSWER_BYTES,
            )
    except Unreachable:
        failure = ServiceDown("no_answer")
    except RedirectRefused:
        failure = ServiceDown("redirect")
    except TransportFailed as error:
        failure = ServiceDown("slow" if error.is_transient else "nonsense")
    else:
        # 408 and 429 ask to come again; so do all from 500 on.
        if answer.status == 200 or (400 <= answer.status < 500 and answer.status not in (408, 429)):
            return answer
        failure = ServiceDown("status")
    raise failure


def _read_object(answer: Answer) -> dict[str, Any]:
    try:
        value = read_json(answer.content)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ServiceDown("nonsense", "JSON")
    return value


def _find_error(answer: Answer) -> object:
    """Return RFC 6749's word of a refusal; None where the answer has none."""
    try:
        return _read_object(answer).get("error")
    except ServiceDown:
        return None


def _check_url(url: object) -> str:
    """Return an address that nobody in between can read along; raise SignInFailed."""
    if isinstance(url, str) and re.fullmatch(r"[!-~]+", url) and not re.search(r"[\\#]", url):
        try:
            parts = urlsplit(url)
            is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
            if is_safe and parts.hostname and "@" not in parts.netloc:
                return url
        except ValueError:
            pass
    raise SignInFailed("issuer", "endpoint")
