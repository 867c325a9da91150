"""Endpoints: answers one Graph call: a Page, a person with Pages and permissions, or a token.

https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from fb.sandbox.graph import (
    fields,
    graph_errors,
    insights_edge,
    messages_edge,
    nodes,
    paging,
    posts_edge,
    token_endpoints,
)
from fb.sandbox.graph.access import Access, authenticate, find_limit, usage_headers
from fb.sandbox.graph.call import Answer, Call
from fb.sandbox.world import consents
from fb.sandbox.world.posts import find_post
from fb.sandbox.world.tokens import PERMISSIONS
from fb.sandbox.world.world import Business, Page, Person, World

_PAGE_EDGES: Mapping[str, Callable[[Business], tuple[Page, ...]]] = {
    "owned_pages": lambda business: business.owned_pages,
    "client_pages": lambda business: business.client_pages,
}
Node = TypeVar("Node", Page, Business)


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
    page_name, _, number = name.partition("_")
    if number or _is_bare_post(call, access, name):
        return _answer_post(call, access, page_name if number else "me", number or name, rest)
    owner = _find_owner(call, access, name)
    if owner is None:
        return Answer({"id": call.platform.meta_app.id, "name": token_endpoints.APPLICATION_NAME})
    if isinstance(owner, Page):
        return _answer_page(call, access, owner, rest)
    if isinstance(owner, Business):
        return _answer_business(call, owner, rest)
    return _answer_person(call, access, owner, rest)


def _is_bare_post(call: Call, access: Access, name: str) -> bool:
    """Whether this is the number of a post, without the Page's id before it."""
    if access.page is None or name in call.platform.world.page_by_id:
        return False
    return find_post(access.page, name) is not None


def _answer_post(
    call: Call, access: Access, page_name: str, number: str, rest: tuple[str, ...]
) -> Answer:
    page = _find_owner(call, access, page_name)
    name = call.segments[0]
    if not isinstance(page, Page) or call.method != "GET":
        raise graph_errors.object_unknown(name, call.method)
    return posts_edge.answer_post(call, access, page, number, rest)


def _find_owner(call: Call, access: Access, name: str) -> Page | Person | Business | None:
    """Return the Page, person or business of this name, None for the app itself."""
    world = call.platform.world
    if name == "me":
        if access.is_app:
            raise graph_errors.no_token_for_me()
        return _find_page(access, world, access.page, "") or access.person
    if name == call.platform.meta_app.id and access.is_app:
        return None
    person = world.person_by_id.get(name)
    if person and (access.is_app or access.person is person):
        return person
    page = _find_page(access, world, world.page_by_id.get(name), name)
    if page and access.can_read(page, world):
        return page
    business = world.business_by_id.get(name)
    if business and business in _list_own_businesses(call, access):
        return business
    if name.isdecimal():
        raise graph_errors.object_unknown(name, call.method)
    raise graph_errors.alias_unknown(name)


def _find_page(access: Access, world: World, page: Page | None, name: str) -> Page | None:
    """Return the Page as it is now. Raises GraphError 21 for the old id of one that moved."""
    if page is None or not access.has_moved or page is not world.pages[0]:
        return page
    if name in ("", page.id):
        raise graph_errors.page_moved(page.id, world.moved_page.id)
    return world.moved_page  # its username


def _answer_page(call: Call, access: Access, page: Page, rest: tuple[str, ...]) -> Answer:
    if rest == () and call.method == "GET":
        requested = _parse_fields(call, fields.PAGE_FIELDS)
        nodes.check_permitted(requested, access)
        return Answer(nodes.render_page(page, requested, call, access))
    if rest[:1] == ("insights",) and call.method == "GET":
        return insights_edge.answer(call, access, page, rest[1:])
    if rest in (("published_posts",), ("video_reels",)) and call.method == "GET":
        return posts_edge.answer(call, access, page, rest[0])
    if rest in (("messages",), ("conversations",), ("subscribed_apps",)):
        return messages_edge.answer(call, access, page, rest[0])
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
        if rest == ("businesses",) and access.page is None:
            return _list_businesses(call, access, person)
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
    if access.page is not None:
        raise graph_errors.field_unknown("accounts")
    pages = access.list_pages(call.platform.world)
    if pages:
        nodes.check_permitted(requested, access)

    def render(page: Page) -> dict[str, Any]:
        return nodes.render_page(page, requested, call, access)

    body = _page_of(call, f"{person.id}/accounts", pages, render)
    if "summary" in call.params:
        body["summary"] = {"total_count": len(pages)}
    return Answer(body)


def _list_businesses(call: Call, access: Access, person: Person) -> Answer:
    """Return one result page of the person's business portfolios, with their Pages if requested."""
    if not access.may("business_management"):
        raise graph_errors.permission_missing("business_management")
    requested = _parse_fields(call, fields.BUSINESS_FIELDS)
    businesses = _list_own_businesses(call, access)

    def render(business: Business) -> dict[str, Any]:
        node: dict[str, Any] = {"id": business.id}
        for one in requested:
            if one.name in _PAGE_EDGES:
                limit = _read_limit(call, one.modifiers.get("limit", str(paging.DEFAULT_LIMIT)))
                names = [each.name for each in one.subfields] or ["name", "id"]
                pages = _PAGE_EDGES[one.name](business)
                if pages:  # an empty edge is left out, as every unset field
                    node[one.name] = _list_pages_of(call, business, one.name, pages, names, limit)
            elif one.name == "name":
                node["name"] = business.name
        return node

    return Answer(_page_of(call, f"{person.id}/businesses", businesses, render))


def _list_own_businesses(call: Call, access: Access) -> list[Business]:
    if access.person is None or access.page or not access.may("business_management"):
        return []
    return call.platform.world.list_businesses(access.person)


def _answer_business(call: Call, business: Business, rest: tuple[str, ...]) -> Answer:
    if call.method != "GET" or len(rest) != 1 or rest[0] not in _PAGE_EDGES:
        raise _no_such_edge(call, business.id, rest)
    names = [one.name for one in _parse_fields(call, fields.PAGE_FIELDS)]
    pages = _PAGE_EDGES[rest[0]](business)
    return Answer(_list_pages_of(call, business, rest[0], pages, names, _get_limit(call)))


def _list_pages_of(
    call: Call,
    business: Business,
    edge: str,
    pages: Sequence[Page],
    names: list[str],
    limit: int,
) -> dict[str, Any]:
    """Return one result page of a business's Pages: of others than name and id nothing is known."""
    is_own = call.segments[-1:] == (edge,)
    inner = replace(
        call,
        params={
            **({"after": call.params["after"]} if is_own and "after" in call.params else {}),
            "fields": ",".join(names),
            "limit": str(limit),
        },
    )

    def render(page: Page) -> dict[str, Any]:
        return {"id": page.id} | ({"name": page.name} if "name" in names else {})

    return _page_of(inner, f"{business.id}/{edge}", pages, render)


def _page_of(
    call: Call, path: str, nodes: Sequence[Node], render: Callable[[Node], dict[str, Any]]
) -> dict[str, Any]:
    """Return one result page of a list whose nodes are rendered by ``render``."""
    limit = _get_limit(call)
    after = call.params.get("after")
    start = _get_index(after, nodes) + 1 if after else 0
    end = min(start + limit, len(nodes))
    body: dict[str, Any] = {"data": [render(node) for node in nodes[start:end]]}
    if start < end:
        is_last = end == len(nodes)
        ids = nodes[start].id, nodes[end - 1].id
        body["paging"] = paging.make_paging(call, path, *ids, limit, is_last=is_last)
    return body


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
    return _read_limit(call, call.params.get("limit", str(paging.DEFAULT_LIMIT)))


def _read_limit(call: Call, text: str) -> int:
    return min(paging.read_limit(text), call.platform.page_limit)


def _get_index(cursor: str, nodes: Sequence[Page | Business]) -> int:
    node_id = paging.read_cursor(cursor)
    for index, node in enumerate(nodes):
        if node.id == node_id:
            return index
    raise paging.cursor_invalid()
