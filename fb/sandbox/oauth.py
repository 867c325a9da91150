"""``oauth/access_token``: a code, a token or the app's own credentials against a token.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow and
https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived
"""

import hashlib
import hmac
import secrets
from dataclasses import replace
from urllib.parse import urlsplit

from fb.sandbox import consents, errors, nodes, token_errors
from fb.sandbox.access import open_token
from fb.sandbox.call import Answer, Call
from fb.sandbox.state import State
from fb.sandbox.tokens import CODE, USER, Token

SHORT_SECONDS = 3_600 + 1_800
LONG_SECONDS = 5_183_944  # a few seconds short of 60 days, as recorded
CODE_SECONDS = 600
DATA_ACCESS_SECONDS = 90 * 86_400


def answer(call: Call) -> Answer:
    """GET with a query or POST with a form; the app's credentials may also come as HTTP Basic."""
    _check_app(call)
    grant_type = call.params.get("grant_type", "authorization_code")
    if grant_type == "client_credentials":
        token = call.sandbox.mint.app_token
        call.sandbox.controls.note_issued(token)
        return Answer({"access_token": token, "token_type": "bearer"})
    if grant_type == "fb_exchange_token":
        return _exchange_token(call)
    if grant_type == "authorization_code":
        return _exchange_code(call)
    raise errors.parameter_invalid("Invalid grant_type")


def hash_redirect_uri(redirect_uri: str) -> str:
    """What a code remembers of the redirect URI it was made for."""
    return hashlib.sha256(redirect_uri.encode()).hexdigest()[:16]


def _check_app(call: Call) -> None:
    for name in ("client_id", "client_secret"):
        if name not in call.params:
            raise token_errors.missing_parameter(name)
    if call.params["client_id"] != call.sandbox.app_id:
        raise token_errors.unknown_app()
    given, right = call.params["client_secret"], call.sandbox.app_secret
    if not hmac.compare_digest(given.encode(), right.encode()):
        raise token_errors.wrong_secret()


def _exchange_code(call: Call) -> Answer:
    if not call.params.get("code"):
        raise token_errors.missing_parameter("code")
    redirect_uri = call.params.get("redirect_uri", "")
    if not (urlsplit(redirect_uri).scheme and urlsplit(redirect_uri).netloc):
        raise token_errors.redirect_uri_not_absolute()
    code = call.sandbox.mint.read(call.params["code"], CODE)
    if code is None:
        raise token_errors.code_malformed()
    if code.audience != hash_redirect_uri(redirect_uri):
        raise token_errors.redirect_uri_differs()
    # Use before expiry: what was used long ago is forgotten, and then only known as expired.
    if call.sandbox.store.change(lambda state: _use_up(state, code, call.now_seconds)):
        raise token_errors.code_used()
    if code.is_expired(call.now_seconds):
        raise token_errors.code_expired()
    ending = consents.find_ending(call.sandbox.store.read(), code)
    if ending is not None:
        raise token_errors.token_ended(ending)
    return _give(call, replace(code, kind=USER, audience=""), SHORT_SECONDS)


def _use_up(state: State, code: Token, now_seconds: float) -> bool:
    """Mark the code as used; True if it was used before. Forgets codes that have expired."""
    used = {nonce: until for nonce, until in state["used_codes"].items() if until > now_seconds}
    was_used = code.nonce in used
    if not code.is_expired(now_seconds):
        used[code.nonce] = code.expires_at
    state["used_codes"] = used
    return was_used


def _exchange_token(call: Call) -> Answer:
    text = call.params.get("fb_exchange_token")
    if not text:
        raise token_errors.missing_parameter("fb_exchange_token")
    access = open_token(call, text)
    token = access.token
    if token is None or token.kind != USER:
        raise token_errors.token_unreadable()
    remaining = token.expires_at - int(call.now_seconds)
    if token.expires_at - token.issued_at > nodes.LONG_LIVED_FROM_SECONDS:
        return Answer({"access_token": text, "token_type": "bearer", "expires_in": remaining})
    return _give(call, token, LONG_SECONDS)


def _give(call: Call, like: Token, lifetime_seconds: int) -> Answer:
    """A new user access token. Access to data ends 90 days after the dialog, however often the
    token is exchanged."""
    now = int(call.now_seconds)
    token = replace(
        like,
        issued_at=now,
        expires_at=now + lifetime_seconds,
        nonce=secrets.token_hex(8),
    )
    text = call.sandbox.mint.issue(token)
    call.sandbox.controls.note_issued(text)
    return Answer({"access_token": text, "token_type": "bearer", "expires_in": lifetime_seconds})
