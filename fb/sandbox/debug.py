"""``debug_token``: everything about a token.

https://developers.facebook.com/docs/graph-api/reference/debug_token
"""

from typing import Any

from fb.sandbox import errors, token_errors
from fb.sandbox.access import Access, open_token
from fb.sandbox.call import Answer, Call
from fb.sandbox.errors import GraphError
from fb.sandbox.tokens import PAGE, PERMISSIONS, USER
from fb.sandbox.world import World

APPLICATION_NAME = "Pagekeeper sandbox"


def answer(call: Call, access: Access) -> Answer:
    """Facts about ``input_token``: HTTP 200 also for a dead one, with is_valid false."""
    text = call.params.get("input_token")
    if not text:
        raise errors.parameter_invalid("The parameter input_token is required")
    if not access.is_app and text != call.token:
        raise token_errors.not_app_token()
    try:
        opened = open_token(call, text)
    except GraphError as error:
        return Answer({"data": _dead(call, text, error)})
    if opened.token is None:
        return Answer({"data": _app_facts(call) | {"type": "APP", "is_valid": True, "scopes": []}})
    return Answer({"data": _facts(call, opened)})


def _app_facts(call: Call) -> dict[str, Any]:
    return {"app_id": call.sandbox.app_id, "application": APPLICATION_NAME}


def _facts(call: Call, access: Access) -> dict[str, Any]:
    token = access.token
    assert token is not None
    facts: dict[str, Any] = {
        **_app_facts(call),
        "type": token.kind.upper(),
        "data_access_expires_at": token.data_access_expires_at,
        "expires_at": token.expires_at,
        "is_valid": True,
        "issued_at": token.issued_at,
        "user_id": token.person_id,
        "scopes": [name for name in PERMISSIONS if access.may(name)],
        "granular_scopes": _granular(access, call.sandbox.world),
    }
    if token.kind == PAGE:
        facts["profile_id"] = token.page_id
    return dict(sorted(facts.items()))


def _dead(call: Call, text: str, error: GraphError) -> dict[str, Any]:
    token = call.sandbox.mint.read(text, USER, PAGE)
    facts: dict[str, Any] = {"is_valid": False, "scopes": []}
    reason: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.subcode is not None:
        reason["subcode"] = error.subcode
    facts["error"] = reason
    if token is None:
        return facts
    times = {"expires_at": token.expires_at, "issued_at": token.issued_at}
    return (
        {**_app_facts(call), "type": token.kind.upper(), "user_id": token.person_id} | times | facts
    )


def _granular(access: Access, world: World) -> list[dict[str, Any]]:
    """target_ids only where the person chose some Pages and not all of them."""
    assert access.person is not None
    names = [
        name for name in PERMISSIONS if access.may(name) and name.startswith(("pages_", "read_"))
    ]
    ticked = [index for index in access.person.roles if access.has_ticked(index)]
    if len(ticked) == len(access.person.roles) or access.page is not None:
        return [{"scope": name} for name in names]
    targets = [world.pages[index].id for index in ticked]
    return [{"scope": name, "target_ids": targets} for name in names]
