"""A sign-in service on loopback, which signs in whoever is typed into its page, and misbehaves.

    with serving_sign_in() as service:
        settings = read_settings(service.settings, folder)
        service.misbehave("wrong_nonce")

It checks what a good service checks: client, redirect URI, PKCE, and that a code is used once.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode

import requests
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

CLIENT_ID = "pagekeeper:of+the%tests"
CLIENT_SECRET = "sign-in/secret+of%the~tests&0123"  # each sign has to be encoded somewhere
ANN = "ann@agency.example"

# What is wrong with an ID token, as claims that are added; None: left out.
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "wrong_iss": {"iss": "https://evil.example"},
    "no_iss": {"iss": None},
    "wrong_aud": {"aud": "another-client"},
    "aud_of_two": {"aud": [CLIENT_ID, "another-client"]},
    "aud_of_another_with_our_azp": {"aud": "another-client", "azp": CLIENT_ID},
    "no_aud": {"aud": None},
    "wrong_azp": {"azp": "another-client"},
    "wrong_nonce": {"nonce": "another"},
    "no_nonce": {"nonce": None},
    "no_exp": {"exp": None},
    "text_as_exp": {"exp": "9999999999"},
    "endless_exp": {"exp": float("inf")},
    "exp_of_no_number": {"exp": float("nan")},
    "yes_as_exp": {"exp": True},
    "no_iat": {"iat": None},
    "text_as_nbf": {"nbf": "0"},
    "no_sub": {"sub": None},
    "empty_sub": {"sub": ""},
    "number_as_sub": {"sub": 7},
    "long_sub": {"sub": "s" * 256},
    "unprintable_sub": {"sub": "ann\n"},
}
# What is wrong with its signature or form.
BAD_SIGNATURES = (
    "alg_none",
    "hs256",
    "rs512",
    "foreign_key",
    "key_in_header",
    "unknown_kid",
    "no_kid",
    "changed_after_signing",
    "no_signature",
    "critical_header",
    "odd_critical_header",
    "not_a_token",
    "claims_as_list",
)
# What is wrong with an answer.
BAD_ANSWERS = ("down", "busy", "silent", "drip", "large", "bomb", "redirect", "html", "list", "cut")
REFUSALS = ("refused", "bad_client", "no_id_token")
MODES = (*BAD_CLAIMS, *BAD_SIGNATURES, *BAD_ANSWERS, *REFUSALS)
PATHS = ("/.well-known/openid-configuration", "/keys", "/token", "/authorize")


@cache
def _make_keys(generation: int) -> dict[str, Key]:
    """The keys of the service by algorithm; each generation has others."""

    rsa = RSAKey.generate_key(2048, {"kid": f"rsa-{generation}", "use": "sig"})
    return {
        "RS256": rsa,
        "PS256": rsa,
        "RS512": rsa,
        "ES256": ECKey.generate_key("P-256", {"kid": f"ec-{generation}"}),
        "EdDSA": OKPKey.generate_key("Ed25519", {"kid": f"okp-{generation}"}),
    }


@dataclass
class Call:
    """One request: ``fields`` of its query and its form, ``authorization`` the header."""

    path: str
    fields: dict[str, str] = field(repr=False)
    authorization: str = field(repr=False)


@dataclass
class Service:
    """The service. What is set here holds for the next request.

    ``claims``: of whoever signs in next, on top of the usual ones; None leaves one out.
    ``discovery`` and ``header``: the same for the discovery document and for the header of an ID
    token. ``now``: its clock.
    """

    url: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    algorithm: str = "RS256"
    claims: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    lives_seconds: int = 3600
    mode: str = ""
    mode_at: str = ""
    generation: int = 1
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)  # every token
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a dashboard that uses it."""
        return {
            "SIGN_IN_ISSUER": self.url,
            "SIGN_IN_CLIENT_ID": CLIENT_ID,
            "SIGN_IN_CLIENT_SECRET": CLIENT_SECRET,
        }

    def misbehave(self, mode: str, at: str = "") -> None:
        """Do something wrong from now on; "" to behave.

        ``at``: the one path of a bad answer (`PATHS`); by default all of them.
        """
        assert mode in ("", *MODES)
        assert at in ("", *PATHS)
        self.mode, self.mode_at = mode, at

    def change_keys(self) -> None:
        """Sign with new keys from now on, and forget the old ones."""
        self.generation += 1

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(call.path == path for call in self.calls)

    def sign_in(self, authorization_url: str, address: str = ANN) -> str:
        """Do what a person does on its page; return the address to which it leads back."""
        answer = requests.get(
            f"{authorization_url}&{urlencode({'who': address})}", allow_redirects=False, timeout=10
        )
        return answer.headers["Location"]

    def make_token(self, asked: dict[str, str]) -> str:
        """Make the ID token of a sign-in, as the mode wants it."""
        now = int(self.now().timestamp())
        address = asked["who"]
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": hashlib.sha256(address.encode()).hexdigest()[:21],
            "iat": now,
            "exp": now + self.lives_seconds,
            "nonce": asked.get("nonce"),
            "email": address,
            "email_verified": True,
            "name": address.partition("@")[0].title(),
        }
        claims |= self.claims | BAD_CLAIMS.get(self.mode, {})
        claims = {name: value for name, value in claims.items() if value is not None}
        return self._sign(claims)

    def _sign(self, claims: Any) -> str:
        mode = self.mode
        keys = _make_keys(self.generation)
        key = keys[self.algorithm]
        header: dict[str, Any] = {"typ": "JWT", "alg": self.algorithm, "kid": key.kid}
        header |= self.header
        if mode == "not_a_token":
            return "eyJ.not.a.token"
        if mode == "claims_as_list":
            claims = [claims]
        if mode == "critical_header":
            header |= {"crit": ["exp"], "exp": 0}
        if mode == "odd_critical_header":
            header["crit"] = 7
        if mode == "unknown_kid":
            header["kid"] = f"made-up-{secrets.token_hex(4)}"
        if mode in ("foreign_key", "key_in_header"):
            key = _make_keys(0)[self.algorithm]
        if mode == "key_in_header":
            header |= {"jwk": key.as_dict(private=False), "jku": f"{self.url}/elsewhere"}
        if mode == "rs512":
            header["alg"] = "RS512"
        if mode == "alg_none":
            header["alg"] = "none"
        if mode == "hs256":
            header["alg"] = "HS256"
        if mode == "no_kid":
            header.pop("kid")
        signed = f"{_encode(header)}.{_encode(claims)}"
        if mode == "alg_none":
            return f"{signed}."
        if mode == "hs256":
            # Who takes any algorithm takes the public key, which everybody has, for the secret.
            public = json.dumps(key.as_dict(private=False)).encode()
            signature = hmac.digest(public, signed.encode(), "sha256")
        else:
            algorithm = JWSRegistry.algorithms[header["alg"]]
            signature = algorithm.sign(signed.encode(), key)
        if mode == "no_signature":
            signature = b""
        if mode == "changed_after_signing":
            signed = f"{_encode(header)}.{_encode(claims | {'email': 'boss@agency.example'})}"
        return f"{signed}.{_base64(signature)}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _encode(value: Any) -> str:
    return _base64(json.dumps(value).encode())


@contextmanager
def serving_sign_in() -> Iterator[Service]:
    """Serve on a thread, at a port of its own, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    service = Service(f"http://127.0.0.1:{server.server_port}")
    server.service = service  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def service(self) -> Service:
        service: Service = self.server.service  # type: ignore[attr-defined]
        return service

    def handle(self) -> None:
        """Serve a connection until it ends, in whatever way."""
        with suppress(OSError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._serve(dict(parse_qsl(self.rfile.read(length).decode())))

    def _serve(self, form: dict[str, str]) -> None:
        # As it was sent: `self.path` has lost a second slash at its beginning.
        path, _, query = self.requestline.split(" ")[1].partition("?")
        fields = dict(parse_qsl(query)) | form
        self.service.calls.append(Call(path, fields, self.headers.get("Authorization") or ""))
        if self.service.mode_at in ("", path) and self.service.mode in BAD_ANSWERS:
            self._answer_badly(self.service.mode)
            return
        answers: dict[str, Callable[[dict[str, str]], None]] = {
            PATHS[0]: self._discovery,
            PATHS[1]: self._keys,
            PATHS[2]: self._token,
            PATHS[3]: self._authorize,
        }
        if path in answers:
            answers[path](fields)
        else:
            self._send(404, b"", "text/plain")

    def _discovery(self, fields: dict[str, str]) -> None:
        url = self.service.url
        document = {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "jwks_uri": f"{url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        document |= self.service.discovery
        self._send_json(200, {name: value for name, value in document.items() if value is not None})

    def _keys(self, fields: dict[str, str]) -> None:
        keys = {key.kid: key for key in _make_keys(self.service.generation).values()}
        public: list[dict[str, Any]] = [dict(key.as_dict(private=False)) for key in keys.values()]
        # Kinds that are newer than the reader, and broken ones, are no reason to give up.
        odd: list[Any] = [
            {"kty": "AKP", "kid": "of-tomorrow", "alg": "ML-DSA-44", "pub": "AAAA"},
            {"kty": "oct", "kid": "shared", "k": "AAAA"},
            {"kty": "EC", "kid": "broken", "crv": "P-256", "x": "AA", "y": "AA"},
            {"kty": "OKP", "kid": "unknown", "crv": "X9", "x": "AA"},
            {"kid": "of no kind"},
            7,
        ]
        self._send_json(200, {"keys": odd + public})

    def _authorize(self, fields: dict[str, str]) -> None:
        """Show who may sign in, or lead back with a code."""
        if "who" not in fields:
            hidden = "".join(
                f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
                for name, value in fields.items()
            )
            page = (
                "<!doctype html><html lang=en><title>Sign-in service</title>"
                "<h1>Sign-in service</h1>"
                f'<form>{hidden}<label>Address <input name="who" value="{ANN}"></label> '
                "<button>Sign in</button></form>"
            )
            self._send(200, page.encode(), "text/html; charset=utf-8")
            return
        code = secrets.token_urlsafe(16)
        self.service.codes[code] = fields
        back = {"code": code, "state": fields.get("state", "")}
        if self.service.discovery.get("authorization_response_iss_parameter_supported"):
            back["iss"] = self.service.url
        self._redirect(f"{fields['redirect_uri']}?{urlencode(back, quote_via=quote)}")

    def _token(self, fields: dict[str, str]) -> None:
        mode = self.service.mode
        if mode == "bad_client":
            self._send(401, b"<html>Who are you?</html>", "text/html")
            return
        if not self._is_our_client(fields):
            self._send_json(400, {"error": "invalid_client"})
            return
        asked = self.service.codes.pop(fields.get("code", ""), None)
        if mode == "refused" or asked is None or not _fits(asked, fields):
            self._send_json(400, {"error": "invalid_grant", "error_description": "told to nobody"})
            return
        tokens = {name: secrets.token_urlsafe(16) for name in ("access_token", "refresh_token")}
        if mode != "no_id_token":
            tokens["id_token"] = self.service.make_token(asked)
        self.service.issued += tokens.values()
        self._send_json(200, {"token_type": "Bearer", **tokens})

    def _is_our_client(self, fields: dict[str, str]) -> bool:
        if "client_secret" in fields:
            sent = (fields.get("client_id"), fields["client_secret"])
        else:
            kind, _, encoded = (self.headers.get("Authorization") or "").partition(" ")
            pair = base64.b64decode(encoded).decode() if kind == "Basic" else ":"
            name, _, secret = pair.partition(":")
            sent = (unquote_plus(name), unquote_plus(secret))
        return sent == (CLIENT_ID, CLIENT_SECRET)

    def _answer_badly(self, mode: str) -> None:
        if mode == "down":
            self._send_json(503, {"error": "temporarily_unavailable"})
        elif mode == "busy":
            self._send_json(429, {})
        elif mode == "redirect":
            self._redirect(f"{self.service.url}/elsewhere")
        elif mode == "html":
            self._send(200, b"<html>Sorry</html>", "text/html")
        elif mode == "list":
            self._send_json(200, [])
        elif mode == "cut":
            self._send(200, b'{"issuer": "http', "application/json")
        elif mode == "large":
            self._send(200, b'{"a": "' + b"a" * 1_100_000 + b'"}', "application/json")
        elif mode == "bomb":
            packed = gzip.compress(b'{"a": "' + b"a" * 10_000_000 + b'"}', 1)
            self._send(200, packed, "application/json", {"Content-Encoding": "gzip"})
        elif mode == "silent":
            self.service.closing.wait(30)
            self.close_connection = True
        else:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
            while not self.service.closing.wait(0.02):
                self.wfile.write(b"x")
            self.close_connection = True

    def _redirect(self, location: str) -> None:
        self._send(302, b"", "text/plain", {"Location": location})

    def _send_json(self, status: int, value: Any) -> None:
        self._send(status, json.dumps(value).encode(), "application/json")

    def _send(
        self, status: int, content: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        sizes = {"Content-Type": kind, "Content-Length": str(len(content))}
        for name, value in (sizes | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _fits(asked: dict[str, str], fields: dict[str, str]) -> bool:
    """Whether an exchange is of the one who asked for the code: redirect URI and PKCE."""
    digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
    return (
        fields.get("grant_type") == "authorization_code"
        and fields.get("redirect_uri") == asked["redirect_uri"]
        and asked.get("code_challenge_method") == "S256"
        and asked.get("code_challenge") == _base64(digest)
    )
