"""Pages and people as Graph nodes: each wished field that is set, in the order it was wished."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fb.sandbox import errors, fields, troubles
from fb.sandbox.access import Access
from fb.sandbox.call import Call
from fb.sandbox.fields import Field
from fb.sandbox.figures import figures
from fb.sandbox.pictures import picture_of
from fb.sandbox.tokens import PAGE, Token
from fb.sandbox.world import Page, Person, Role

LONG_LIVED_FROM_SECONDS = (
    86_400  # a user access token that lives longer brings Page tokens without end
)
_RETIRED = frozenset({"verification_status"})


def wish(call: Call, known: frozenset[str], default: str) -> tuple[Field, ...]:
    """The fields of this call, or the default ones. GraphError for an unknown one."""
    retired = _RETIRED if call.sandbox.trouble == troubles.RETIRED_FIELD else frozenset()
    wished = fields.parse_fields(call.params.get("fields") or default)
    fields.check_known(wished, known, retired)
    return wished


def check_permitted(wished: tuple[Field, ...], access: Access) -> None:
    """GraphError 10 when one wished field needs pages_read_engagement and nobody granted it."""
    is_free = all(one.name in fields.FREE_FIELDS for one in wished)
    if not is_free and not access.may("pages_read_engagement"):
        raise errors.permission_missing("pages_read_engagement")


def render_page(
    page: Page, wished: tuple[Field, ...], call: Call, access: Access
) -> dict[str, Any]:
    """The node: keys that are not set are left out, ``id`` is always there."""
    node: dict[str, Any] = {}
    for one in wished:
        special = _SPECIAL.get(one.name)
        value = special(page, one, call, access) if special else page.fixed.get(one.name)
        if value is not None:
            node[one.name] = value
    node.setdefault("id", page.id)
    return node


def render_person(person: Person, wished: tuple[Field, ...], call: Call) -> dict[str, Any]:
    """A person's node; an e-mail address they have none."""
    first, _, last = person.name.partition(" ")
    known = {
        "name": person.name,
        "first_name": first,
        "last_name": last,
        "short_name": first,
        "picture": picture_of(person.id, Field("picture"), call, is_silhouette=True),
    }
    node = {one.name: known[one.name] for one in wished if one.name in known}
    return node | {"id": person.id}


def page_token(page: Page, call: Call, access: Access) -> str | None:
    """The page access token, None when this role gets none. The same user access token brings the
    same one each time; a long-lived one brings one that never expires."""
    if access.page is not None or access.person is None or access.token is None:
        return access.token.text if access.token else None
    role = access.person.roles.get(page.index)
    if role is None or not role.sends_token:
        return None
    user_token = access.token
    is_long = user_token.expires_at - user_token.issued_at > LONG_LIVED_FROM_SECONDS
    token: Token = replace(
        user_token,
        kind=PAGE,
        page_id=page.id,
        expires_at=0 if is_long else user_token.expires_at,
        scopes=access.consent.granted,
        pages=0,
        nonce=call.sandbox.mint.page_nonce(user_token, page.id),
    )
    text = call.sandbox.mint.issue(token)
    call.sandbox.controls.note_issued(text)
    return text


def role_on(page: Page, access: Access) -> Role | None:
    """The role behind this token on this Page."""
    return access.person.roles.get(page.index) if access.person else None


def _token(page: Page, one: Field, call: Call, access: Access) -> str | None:
    return page_token(page, call, access)


def _tasks(page: Page, one: Field, call: Call, access: Access) -> list[str] | None:
    role = role_on(page, access)
    return list(role.tasks) if role else None


def _picture(page: Page, one: Field, call: Call, access: Access) -> dict[str, Any]:
    return picture_of(page.id, one, call, is_silhouette=not page.has_picture)


def _fans(page: Page, one: Field, call: Call, access: Access) -> int | None:
    return figures(page, call.day).fans_count


def _followers(page: Page, one: Field, call: Call, access: Access) -> int | None:
    return figures(page, call.day).followers_count


def _talking(page: Page, one: Field, call: Call, access: Access) -> int | None:
    followers = figures(page, call.day).followers_count
    return None if followers is None else followers // 90


def _engagement(page: Page, one: Field, call: Call, access: Access) -> dict[str, Any] | None:
    fans = figures(page, call.day).fans_count
    return (
        None if fans is None else {"count": fans, "social_sentence": f"{fans:,} people like this."}
    )


_SPECIAL: dict[str, Callable[[Page, Field, Call, Access], Any]] = {
    "access_token": _token,
    "tasks": _tasks,
    "picture": _picture,
    "fan_count": _fans,
    "followers_count": _followers,
    "talking_about_count": _talking,
    "engagement": _engagement,
}
