"""Person edges: list a person's Pages (``/me/accounts``) and permissions (``/me/permissions``).

https://developers.facebook.com/docs/graph-api/results: the last result page has ``after``, too;
only a missing ``next`` means the end.
https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke
"""

import base64
from typing import Any

from fb.sandbox.graph import fields, graph_errors, nodes
from fb.sandbox.graph.access import Access
from fb.sandbox.graph.call import Answer, Call
from fb.sandbox.world import consents
from fb.sandbox.world.tokens import PERMISSIONS
from fb.sandbox.world.world import Page, Person

_DEFAULT_LIMIT = 25


def list_accounts(call: Call, access: Access, person: Person) -> Answer:
    """Return one result page. The list is empty without pages_show_list or without any Page."""
    text = call.params.get("fields") or fields.DEFAULT_ACCOUNT_FIELDS
    requested = fields.get_fields(text, fields.ACCOUNT_FIELDS)
    limit = _get_limit(call)
    if access.page is not None:
        raise graph_errors.field_unknown("accounts")
    pages = access.list_pages(call.platform.world)
    if pages:
        nodes.check_permitted(requested, access)
    after = call.params.get("after")
    start = _get_index(after, pages) + 1 if after else 0
    end = min(start + limit, len(pages))
    body: dict[str, Any] = {
        "data": [nodes.render_page(page, requested, call, access) for page in pages[start:end]]
    }
    if start < end:
        body["paging"] = _paging(call, person, pages[start:end], limit, is_last=end == len(pages))
    if "summary" in call.params:
        body["summary"] = {"total_count": len(pages)}
    return Answer(body)


def answer_permissions(call: Call, access: Access, person: Person) -> Answer:
    """GET: list permissions. DELETE: withdraw all of them, which removes the app."""
    if access.page is not None:
        raise graph_errors.field_unknown("permissions")
    if call.method == "GET":
        states = dict.fromkeys(access.consent.declined, "declined")
        states |= dict.fromkeys(access.consent.granted, "granted")
        names = [name for name in PERMISSIONS if name in states]
        return Answer({"data": [{"permission": name, "status": states[name]} for name in names]})
    if call.method == "DELETE":
        call.platform.end_access(person.id, consents.APP_REMOVED)
        return Answer(True)  # bare, unlike every other deletion
    raise graph_errors.object_unknown(person.id, call.method)


def _get_limit(call: Call) -> int:
    text = call.params.get("limit", str(_DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit()) or not text.strip("0"):
        raise graph_errors.parameter_invalid("Param limit must be an integer greater than 0")
    return min(int(text[:9]), call.platform.page_limit)


def _get_index(cursor: str, pages: list[Page]) -> int:
    page_id = _read_cursor(cursor)
    for index, page in enumerate(pages):
        if page.id == page_id:
            return index
    raise graph_errors.parameter_invalid("Invalid cursor: it belongs to no object of this list")


def _paging(
    call: Call, person: Person, pages: list[Page], limit: int, *, is_last: bool
) -> dict[str, Any]:
    cursors = {"before": _make_cursor(pages[0]), "after": _make_cursor(pages[-1])}
    if is_last:
        return {"cursors": cursors}
    params = {name: value for name, value in call.params.items() if name != "appsecret_proof"}
    # As at Facebook, the URL contains the token: clients must not log or follow it.
    query = {**params, "access_token": call.token or "", "limit": str(limit)}
    url = call.url(f"{person.id}/accounts", {**query, "after": cursors["after"]})
    return {"cursors": cursors, "next": url}


def _make_cursor(page: Page) -> str:
    """Return base64 of the id, with ZD for the equals signs."""
    return base64.b64encode(page.id.encode()).decode().replace("=", "ZD")


def _read_cursor(cursor: str) -> str:
    try:
        return base64.b64decode(cursor.replace("ZD", "="), validate=True).decode("ascii")
    except ValueError:
        return ""
