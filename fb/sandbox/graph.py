"""Which Graph call goes where."""

from fb.sandbox import (
    batch,
    debug,
    errors,
    fields,
    insights,
    nodes,
    oauth,
    permissions,
    token_errors,
)
from fb.sandbox.access import Access, judge
from fb.sandbox.accounts import list_accounts
from fb.sandbox.call import Answer, Call
from fb.sandbox.pictures import picture_of
from fb.sandbox.usage import limited, usage_headers
from fb.sandbox.world import Page, Person

_MAX_IDS = 50


def answer(call: Call) -> Answer:
    """The answer to any Graph call. GraphError for a refusal."""
    if call.segments == ("oauth", "access_token"):
        return oauth.answer(call)
    if call.segments == () and "batch" in call.params:
        return batch.answer(call, answer)
    access = judge(call)
    if refusal := limited(call, access):
        raise refusal
    reply = _dispatch(call, access)
    return Answer(reply.body, reply.status, {**usage_headers(call, access), **reply.headers})


def _dispatch(call: Call, access: Access) -> Answer:
    if call.segments == ("debug_token",):
        return debug.answer(call, access)
    if call.segments == () and "ids" in call.params:
        return _many(call, access)
    if not call.segments:
        raise errors.object_unknown("/", call.method)
    return _one(call, access, call.segments[0], call.segments[1:])


def _many(call: Call, access: Access) -> Answer:
    """``?ids=A,B``: one bad id refuses the whole call."""
    names = [name for name in call.params["ids"].split(",") if name]
    if len(names) > _MAX_IDS:
        raise errors.parameter_invalid(f"Too many IDs. Maximum: {_MAX_IDS}")
    return Answer({name: _one(call, access, name, ()).body for name in names})


def _one(call: Call, access: Access, name: str, rest: tuple[str, ...]) -> Answer:
    owner = _find(call, access, name)
    if owner is None:
        return Answer({"id": call.sandbox.app_id, "name": "Pagekeeper sandbox"})
    if isinstance(owner, Page):
        return _page(call, access, owner, rest)
    return _person(call, access, owner, rest)


def _find(call: Call, access: Access, name: str) -> Page | Person | None:
    """The Page or person of this name, None for the app itself."""
    world = call.sandbox.world
    if name == "me":
        if access.is_app:
            raise token_errors.no_token_for_me()
        return access.page or access.person
    if name == call.sandbox.app_id and access.is_app:
        return None
    person = world.person_by_id.get(name)
    if person and (access.is_app or access.person is person):
        return person
    page = world.page_by_id.get(name)
    if page and access.can_read(page, world):
        return page
    if name.isdecimal():
        raise errors.object_unknown(name, call.method)
    raise errors.alias_unknown(name)


def _page(call: Call, access: Access, page: Page, rest: tuple[str, ...]) -> Answer:
    if rest == () and call.method == "GET":
        wished = nodes.wish(call, fields.PAGE_FIELDS, fields.DEFAULT_PAGE_FIELDS)
        nodes.check_permitted(wished, access)
        return Answer(nodes.render_page(page, wished, call, access))
    if rest == ("picture",) and call.method == "GET":
        return _picture(call, page.id, is_silhouette=not page.has_picture)
    if rest[:1] == ("insights",) and call.method == "GET":
        return insights.answer(call, access, page, rest[1:])
    raise _no_such_edge(call, page.id, rest)


def _person(call: Call, access: Access, person: Person, rest: tuple[str, ...]) -> Answer:
    if rest[:1] == ("permissions",):
        return permissions.answer(call, access, person, rest[1:])
    if call.method == "GET" and not access.is_app:
        if rest == ():
            wished = nodes.wish(call, fields.USER_FIELDS, fields.DEFAULT_PAGE_FIELDS)
            return Answer(nodes.render_person(person, wished, call))
        if rest == ("accounts",):
            return list_accounts(call, access, person)
        if rest == ("picture",):
            return _picture(call, person.id, is_silhouette=True)
    raise _no_such_edge(call, person.id, rest)


def _picture(call: Call, owner_id: str, *, is_silhouette: bool) -> Answer:
    wished = fields.Field("picture", dict(call.params))
    data = picture_of(owner_id, wished, call, is_silhouette=is_silhouette)
    if call.params.get("redirect", "true") in ("0", "false"):
        return Answer(data)
    return Answer(None, 302, {"Location": data["data"]["url"]})


def _no_such_edge(call: Call, name: str, rest: tuple[str, ...]) -> errors.GraphError:
    """``/me/accounts`` with a Page token is told of a nonexisting field, as by Facebook."""
    if call.method != "GET" or not rest:
        return errors.object_unknown(name, call.method)
    known_edges = ("accounts", "permissions", "businesses", "feed", "posts", "photos")
    if len(rest) == 1 and rest[0] in known_edges:
        return errors.field_unknown(rest[0])
    return errors.path_unknown("/".join(rest))
