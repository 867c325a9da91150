"""Endpoints: dispatches one Graph call to the node, edge or token endpoint that answers it."""

from fb.sandbox.graph import (
    fields,
    graph_errors,
    insights_edge,
    nodes,
    person_edges,
    token_endpoints,
)
from fb.sandbox.graph.access import Access, authenticate, find_limit, usage_headers
from fb.sandbox.graph.call import Answer, Call
from fb.sandbox.world.world import Page, Person


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
        return person_edges.answer_permissions(call, access, person)
    if call.method == "GET" and not access.is_app:
        if rest == ():
            requested = _parse_fields(call, fields.USER_FIELDS)
            return Answer(nodes.render_person(person, requested))
        if rest == ("accounts",):
            return person_edges.list_accounts(call, access, person)
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
