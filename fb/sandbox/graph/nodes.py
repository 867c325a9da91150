"""Nodes: render Pages and people as Graph does, with the requested fields in their order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from fb.sandbox.graph import graph_errors
from fb.sandbox.graph.access import Access
from fb.sandbox.graph.call import Call
from fb.sandbox.graph.fields import FREE_FIELDS, Field
from fb.sandbox.world.fan_counts import count_fans
from fb.sandbox.world.profile_pictures import MAX_SIDE
from fb.sandbox.world.tokens import PAGE
from fb.sandbox.world.world import Page, Person

# The page access tokens of a user access token with a longer lifetime never expire.
LONG_LIVED_FROM_SECONDS = 86_400
_DEFAULT_SIDE = 50


def check_permitted(requested: tuple[Field, ...], access: Access) -> None:
    """Raise GraphError 10 if a field needs pages_read_engagement and it is not granted."""
    is_free = all(one.name in FREE_FIELDS for one in requested)
    if not is_free and not access.may("pages_read_engagement"):
        raise graph_errors.permission_missing("pages_read_engagement")


def render_page(
    page: Page, requested: tuple[Field, ...], call: Call, access: Access
) -> dict[str, Any]:
    """Return a Page's node. Fields that are not set are left out; ``id`` is always included."""
    node: dict[str, Any] = {}
    for one in requested:
        special = _SPECIAL.get(one.name)
        value = special(page, one, call, access) if special else page.fixed.get(one.name)
        if value is not None:
            node[one.name] = value
    node.setdefault("id", page.id)
    return node


def render_person(person: Person, requested: tuple[Field, ...]) -> dict[str, Any]:
    """Return a person's node. No person has an e-mail address."""
    node = {"name": person.name} if any(one.name == "name" for one in requested) else {}
    return node | {"id": person.id}


def _picture(page: Page, requested: Field, call: Call, access: Access) -> dict[str, Any]:
    """Return the field ``picture``, 50 by 50 pixels unless another size is requested.

    As at Facebook, the URL has an expiry (``oe``, hexadecimal epoch seconds).
    """
    width, height = (_side(requested.modifiers.get(name)) for name in ("width", "height"))
    expires = (call.now + timedelta(days=30)).replace(hour=0, minute=0, second=0, microsecond=0)
    path = f"pictures/{page.id if page.has_picture else 'silhouette'}/{width}x{height}.png"
    data = {
        "height": height,
        "is_silhouette": not page.has_picture,
        "url": f"{call.root_url}/{path}?oe={int(expires.timestamp()):X}",
        "width": width,
    }
    if requested.subfields:
        names = {one.name for one in requested.subfields}
        data = {name: value for name, value in data.items() if name in names}
    return {"data": data}


def _issue_page_token(page: Page, call: Call, access: Access) -> str | None:
    """Return the page access token, None for a role without one.

    The same user access token always gives the same page access token; a long-lived one gives one
    that never expires: https://developers.facebook.com/docs/facebook-login/guides/access-tokens
    """
    if access.page is not None or access.person is None or access.token is None:
        return access.token.text if access.token else None
    role = access.find_role(page)
    if role is None or not role.sends_token:
        return None
    user_token = access.token
    is_long = user_token.expires_at - user_token.issued_at > LONG_LIVED_FROM_SECONDS
    token = replace(
        user_token,
        kind=PAGE,
        page_id=page.id,
        expires_at=0 if is_long else user_token.expires_at,
        scopes=access.consent.granted,
        pages=0,
        nonce=call.platform.mint.page_nonce(user_token, page.id),
    )
    return call.platform.mint.issue(token)


def _tasks(page: Page, one: Field, call: Call, access: Access) -> list[str] | None:
    role = access.find_role(page)
    return list(role.tasks) if role else None


def _fans(page: Page, one: Field, call: Call, access: Access) -> int | None:
    return count_fans(page, call.day).fans_count


def _followers(page: Page, one: Field, call: Call, access: Access) -> int | None:
    return count_fans(page, call.day).followers_count


_SPECIAL: dict[str, Callable[[Page, Field, Call, Access], Any]] = {
    "access_token": lambda page, _, call, access: _issue_page_token(page, call, access),
    "tasks": _tasks,
    "picture": _picture,
    "fan_count": _fans,
    "followers_count": _followers,
}


def _side(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 6:
        return _DEFAULT_SIDE
    return max(1, min(int(text), MAX_SIDE))
