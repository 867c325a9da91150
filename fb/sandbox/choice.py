"""What the dialog's address says: the app's request, checked, and what is ticked so far."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.requests import Request

from fb.sandbox.tokens import PERMISSIONS
from fb.sandbox.world import Person

if TYPE_CHECKING:
    from fb.sandbox.sandbox import Sandbox

# What a login configuration of this app asks for; nobody can take only a part of it.
CONFIGURED = PERMISSIONS[1:7]
_ONCE = ("client_id", "redirect_uri", "response_type", "state", "scope", "config_id")


class Refused(Exception):
    """The request can't be answered with a redirect; ``args`` are title and sentence."""


@dataclass(frozen=True)
class Choice:
    """What the address says: the app's request and what the person has ticked so far."""

    request: dict[str, str] = field(repr=False)
    person: Person
    wished: tuple[str, ...]  # permissions asked for, known ones only
    unknown: tuple[str, ...]
    is_fixed: bool  # a login configuration: all permissions or none
    unticked_pages: int  # bits
    unticked: frozenset[str]

    @property
    def pages(self) -> int:
        """The ticked Pages as bits."""
        return sum(1 << index for index in self.person.roles) & ~self.unticked_pages

    @property
    def granted(self) -> frozenset[str]:
        """The permissions that Continue gives."""
        return frozenset(self.wished) - self.unticked | {"public_profile"}

    def query(self, **changes: str) -> str:
        """The query string of this choice with something changed."""
        own = {
            "as": self.person.id,
            "off": f"{self.unticked_pages:x}",
            "no": ",".join(sorted(self.unticked)),
        }
        return urlencode(self.request | own | changes)


def read_choice(sandbox: "Sandbox", request: Request) -> Choice:
    """The choice in this address. Refused for a foreign redirect URI or app, or an unclear one."""
    given = request.query_params
    for name in _ONCE:
        if len(given.getlist(name)) > 1:
            raise Refused("This request is not clear", f"The parameter {name} was given twice.")
    if given.get("client_id") != sandbox.app_id:
        raise Refused("Invalid App ID", "The app that asked is not known here: check client_id.")
    if given.get("redirect_uri") != sandbox.redirect_uri:
        raise Refused(
            "URL Blocked",
            "This redirect failed because the redirect URI is not white-listed in the app's client "
            "OAuth settings. Make sure that the client and web OAuth logins are on and add all "
            "your app domains as valid OAuth redirect URIs.",
        )
    if given.get("response_type", "code") != "code":
        raise Refused("Not supported", "This stand-in answers response_type=code only.")
    people = sandbox.world.people
    person = sandbox.world.person_by_id.get(given.get("as", ""), people[0])
    return _make_choice(dict(given), person)


def _make_choice(given: dict[str, str], person: Person) -> Choice:
    is_fixed = "config_id" in given
    asked = given.get("scope", "").replace(",", " ").split()
    wished = CONFIGURED if is_fixed else tuple(dict.fromkeys(n for n in asked if n in PERMISSIONS))
    unticked = frozenset(given.get("no", "").split(",")) & frozenset(wished)
    try:
        unticked_pages = int(given.get("off") or "0", 16)
    except ValueError:
        unticked_pages = 0
    return Choice(
        request={name: given[name] for name in given if name not in ("as", "off", "no")},
        person=person,
        wished=tuple(name for name in wished if name != "public_profile"),
        unknown=tuple(name for name in asked if name not in PERMISSIONS),
        is_fixed=is_fixed,
        unticked_pages=max(unticked_pages, 0),
        unticked=frozenset() if is_fixed else unticked,
    )
