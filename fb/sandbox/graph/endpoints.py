"""Endpoints: answers one Graph call: a Page, a person with Pages and permissions, or a token.

https://developers.facebook.com/docs/graph-api/results: the last result page has ``after``, too;
only a missing ``next`` means the end.
https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke
"""

import base64
from typing import Any

from fb.sandbox.graph import fields, graph_errors, insights_edge, nodes, token_endpoints
from fb.sandbox.graph.access import Access, authenticate, find_limit, usage_headers
from fb.sandbox.graph.call import Answer, Call
from fb.sandbox.world import consents
from fb.sandbox.world.tokens import PERMISSIONS
from fb.sandbox.world.world import Page, Person

_DEFAULT_LIMIT = 25


def answer(call: Call) -> Answer:
    """Return the answer to a call that is no batch. Raises GraphError for a refusal."""
    if call.segments == ("oauth", "access_token"):
        return token_endpoints.answer_access_token(call)
    access = authenticate(call)
    if refusal := find_limit(call, access):
        raise refusal
    result = _dispatch(call, access)
    return Answer(result.body, result.status, {**usage_headers(call, access), **result.headers})


def _dispatch(call: Call, access: Access) -> Answer:
    if call.segments == ("debug_token",):
        return token_endpoints.answer_debug_token(call, access)
    if not call.segments:
        raise graph_errors.object_unknown("/", call.method)
    return _answer_object(call, access, call.segments[0], call.segments[1:])


def _answer_object(call: Call, access: Access, name: str, rest: tuple[str, ...]) -> Answer:
    owner = _find_owner(call, access, name)
    if owner is None:
        return Answer({"id": call.platform.meta_app.id, "name": token_endpoints.APPLICATION_NAME})
    if isinstance(owner, Page):
        return _answer_page(call, access, owner, rest)
    return _answer_person(call, access, owner, rest)


def _find_owner(call: Call, access: Access, name: str) -> Page | Person | None:
    """Return the Page or person of this name, None for the app itself."""
    world = call.platform.world
    if name == "me":
        if access.is_app:
            raise graph_errors.no_token_for_me()
        return access.page or access.person
    if name == call.platform.meta_app.id and access.is_app:
        return None
    person = world.person_by_id.get(name)
    if person and (access.is_app or access.person is person):
        return person
    page = world.page_by_id.get(name)
    if page and access.can_read(page, world):
        return page
    if name.isdecimal():
        raise graph_errors.object_unknown(name, call.method)
    raise graph_errors.alias_unknown(name)


def _answer_page(call: Call, access: Access, page: Page, rest: tuple[str, ...]) -> Answer:
    if rest == () and call.method == "GET":
        requested = _parse_fields(call, fields.PAGE_FIELDS)
        nodes.check_permitted(requested, access)
        return Answer(nodes.render_page(page, requested, call, access))
    if rest[:1] == ("insights",) and call.method == "GET":
        return insights_edge.answer(call, access, page, rest[1:])
    raise _no_such_edge(call, page.id, rest)


def _answer_person(call: Call, access: Access, person: Person, rest: tuple[str, ...]) -> Answer:
    if rest == ("permissions",):
        return _answer_permissions(call, access, person)
    if call.method == "GET" and not access.is_app:
        if rest == ():
            requested = _parse_fields(call, fields.USER_FIELDS)
            return Answer(nodes.render_person(person, requested))
        if rest == ("accounts",):
            return _list_accounts(call, access, person)
    raise _no_such_edge(call, person.id, rest)


def _no_such_edge(call: Call, name: str, rest: tuple[str, ...]) -> graph_errors.GraphError:
    """Return the error for an edge that this token does not have: a nonexisting field."""
    if call.method != "GET" or not rest:
        return graph_errors.object_unknown(name, call.method)
    edges = ("accounts", "permissions", "businesses", "feed", "posts", "photos")
    if len(rest) == 1 and rest[0] in edges:
        return graph_errors.field_unknown(rest[0])
    return graph_errors.path_unknown("/".join(rest))


def _parse_fields(call: Call, allowed: frozenset[str]) -> tuple[fields.Field, ...]:
    return fields.get_fields(call.params.get("fields") or fields.DEFAULT_NODE_FIELDS, allowed)


def _list_accounts(call: Call, access: Access, person: Person) -> Answer:
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


def _answer_permissions(call: Call, access: Access, person: Person) -> Answer:
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
