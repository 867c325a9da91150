"""The edge ``/me/permissions``: what was granted and declined, and taking it back.

https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke
"""

from fb.sandbox import errors
from fb.sandbox.access import Access
from fb.sandbox.call import Answer, Call
from fb.sandbox.tokens import PERMISSIONS
from fb.sandbox.world import Person

_APP_REMOVED = 458


def answer(call: Call, access: Access, person: Person, rest: tuple[str, ...]) -> Answer:
    """GET lists; DELETE takes one permission back, or all of them, which removes the app."""
    if access.page is not None:
        raise errors.field_unknown("permissions")
    if call.method == "GET" and not rest:
        return Answer({"data": _list(call, access)})
    if call.method == "DELETE" and not rest and "permission" not in call.params:
        call.sandbox.end_access(person.id, _APP_REMOVED)
        return Answer(True)  # bare, unlike every other deletion
    if call.method == "DELETE" and len(rest) <= 1:
        name = rest[0] if rest else call.params["permission"]
        if name not in PERMISSIONS:
            raise errors.parameter_invalid(f"Invalid permission: {name}")
        call.sandbox.withdraw(person.id, name)
        return Answer({"success": True})
    raise errors.object_unknown(person.id, call.method)


def _list(call: Call, access: Access) -> list[dict[str, str]]:
    states = dict.fromkeys(access.consent.declined, "declined")
    states |= dict.fromkeys(access.consent.granted, "granted")
    wanted, status = call.params.get("permission"), call.params.get("status")
    return [
        {"permission": name, "status": states[name]}
        for name in PERMISSIONS
        if name in states and wanted in (None, name) and status in (None, states[name])
    ]
