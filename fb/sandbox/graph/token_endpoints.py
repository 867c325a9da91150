"""Token endpoints: ``oauth/access_token`` issues access tokens, ``debug_token`` describes them.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived
https://developers.facebook.com/docs/graph-api/reference/debug_token
"""

import hmac
import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from fb.sandbox.graph import graph_errors
from fb.sandbox.graph.access import Access, open_token
from fb.sandbox.graph.call import Answer, Call
from fb.sandbox.graph.graph_errors import GraphError
from fb.sandbox.graph.nodes import LONG_LIVED_FROM_SECONDS
from fb.sandbox.world import consents
from fb.sandbox.world.memory import State
from fb.sandbox.world.tokens import CODE, PAGE, PERMISSIONS, USER, Token, hash_redirect_uri
from fb.sandbox.world.world import World

APPLICATION_NAME = "Pagekeeper sandbox"
_SHORT_SECONDS = 3_600 + 1_800
_LONG_SECONDS = 5_183_944  # a few seconds short of 60 days, as recorded


def answer_access_token(call: Call) -> Answer:
    """Exchange a code, or a user access token, for a user access token."""
    _check_app(call)
    grant_type = call.params.get("grant_type", "authorization_code")
    if grant_type == "fb_exchange_token":
        return _exchange_token(call)
    if grant_type == "authorization_code":
        return _exchange_code(call)
    raise graph_errors.parameter_invalid("Invalid grant_type")


def answer_debug_token(call: Call, access: Access) -> Answer:
    """Describe ``input_token``. HTTP 200 also for an ended token, with is_valid false."""
    text = call.params.get("input_token")
    if not text:
        raise graph_errors.parameter_invalid("The parameter input_token is required")
    if not access.is_app and text != call.token:
        raise graph_errors.not_app_token()
    try:
        opened = open_token(call, text)
    except GraphError as error:
        return Answer({"data": _describe_dead(call, text, error)})
    if opened.token is None:
        return Answer(
            {"data": _describe_app(call) | {"type": "APP", "is_valid": True, "scopes": []}}
        )
    return Answer({"data": _describe(call, opened)})


def _check_app(call: Call) -> None:
    for name in ("client_id", "client_secret"):
        if name not in call.params:
            raise graph_errors.missing_parameter(name)
    if call.params["client_id"] != call.platform.meta_app.id:
        raise graph_errors.unknown_app()
    sent, secret = call.params["client_secret"], call.platform.meta_app.secret
    if not hmac.compare_digest(sent.encode(), secret.encode()):
        raise graph_errors.wrong_secret()


def _exchange_code(call: Call) -> Answer:
    if not call.params.get("code"):
        raise graph_errors.missing_parameter("code")
    redirect_uri = call.params.get("redirect_uri", "")
    if not (urlsplit(redirect_uri).scheme and urlsplit(redirect_uri).netloc):
        raise graph_errors.redirect_uri_not_absolute()
    code = call.platform.mint.read(call.params["code"], CODE)
    if code is None:
        raise graph_errors.code_malformed()
    if code.audience != hash_redirect_uri(redirect_uri):
        raise graph_errors.redirect_uri_differs()
    # The use is checked first: used codes are deleted later, and are then reported as expired.
    if call.platform.memory.change(lambda state: _use_up(state, code, call.now_seconds)):
        raise graph_errors.code_used()
    if code.is_expired(call.now_seconds):
        raise graph_errors.code_expired()
    ending = consents.find_ending(call.platform.memory.read(), code)
    if ending is not None:
        raise graph_errors.token_ended(ending)
    return _issue_user_token(call, replace(code, kind=USER, audience=""), _SHORT_SECONDS)


def _use_up(state: State, code: Token, now_seconds: float) -> bool:
    """Mark the code as used, and return whether it was used before. Deletes expired codes."""
    used = {nonce: until for nonce, until in state["used_codes"].items() if until > now_seconds}
    was_used = code.nonce in used
    if not code.is_expired(now_seconds):
        used[code.nonce] = code.expires_at
    state["used_codes"] = used
    return was_used


def _exchange_token(call: Call) -> Answer:
    text = call.params.get("fb_exchange_token")
    if not text:
        raise graph_errors.missing_parameter("fb_exchange_token")
    access = open_token(call, text)
    token = access.token
    if token is None or token.kind != USER:
        raise graph_errors.token_unreadable()
    remaining = token.expires_at - int(call.now_seconds)
    if token.expires_at - token.issued_at > LONG_LIVED_FROM_SECONDS:
        return Answer({"access_token": text, "token_type": "bearer", "expires_in": remaining})
    return _issue_user_token(call, token, _LONG_SECONDS)


def _issue_user_token(call: Call, origin: Token, lifetime_seconds: int) -> Answer:
    now = int(call.now_seconds)
    token = replace(
        origin,
        issued_at=now,
        expires_at=now + lifetime_seconds,
        nonce=secrets.token_hex(8),
    )
    text = call.platform.mint.issue(token)
    return Answer({"access_token": text, "token_type": "bearer", "expires_in": lifetime_seconds})


def _describe_app(call: Call) -> dict[str, Any]:
    return {"app_id": call.platform.meta_app.id, "application": APPLICATION_NAME}


def _describe(call: Call, access: Access) -> dict[str, Any]:
    token = access.token
    assert token is not None
    facts: dict[str, Any] = {
        **_describe_app(call),
        "type": token.kind.upper(),
        "data_access_expires_at": token.data_access_expires_at,
        "expires_at": token.expires_at,
        "is_valid": True,
        "issued_at": token.issued_at,
        "user_id": token.person_id,
        "scopes": [name for name in PERMISSIONS if access.may(name)],
        "granular_scopes": _granular_scopes(access, call.platform.world),
    }
    if token.kind == PAGE:
        facts["profile_id"] = token.page_id
    return dict(sorted(facts.items()))


def _describe_dead(call: Call, text: str, error: GraphError) -> dict[str, Any]:
    token = call.platform.mint.read(text, USER, PAGE)
    facts: dict[str, Any] = {"is_valid": False, "scopes": []}
    reason: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.subcode is not None:
        reason["subcode"] = error.subcode
    facts["error"] = reason
    if token is None:
        return facts
    times = {"expires_at": token.expires_at, "issued_at": token.issued_at}
    return (
        {**_describe_app(call), "type": token.kind.upper(), "user_id": token.person_id}
        | times
        | facts
    )


def _granular_scopes(access: Access, world: World) -> list[dict[str, Any]]:
    """Return the permissions, with target_ids only if the person unticked a Page."""
    assert access.person is not None
    of_pages = ("pages_", "read_")
    names = [
        name
        for name in PERMISSIONS
        if access.may(name) and name.startswith((*of_pages, "business_"))
    ]
    ticked = [index for index in access.person.roles if access.has_ticked(index)]
    if len(ticked) == len(access.person.roles) or access.page is not None:
        return [{"scope": name} for name in names]
    pages = [world.page_at(index, has_moved=access.has_moved) for index in ticked]
    targets = {"target_ids": [page.id for page in pages]}
    return [{"scope": name, **(targets if name.startswith(of_pages) else {})} for name in names]
