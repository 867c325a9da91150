"""Dialog choice: checks the app's request in the dialog's URL, and reads the ticks so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from fb.sandbox.world.platform import MetaApp
from fb.sandbox.world.tokens import PERMISSIONS
from fb.sandbox.world.world import Person, World

# The permissions of this app's login configuration. They are granted all together or not at all.
_CONFIGURED = PERMISSIONS[1:7]
_ONCE = ("client_id", "redirect_uri", "response_type", "state", "scope", "config_id")


class Refused(Exception):
    """The dialog shows an error instead of a redirect; ``args`` are a heading and a sentence."""


@dataclass(frozen=True)
class Choice:
    """The app's request, and the ticks of the person so far."""

    request: Mapping[str, str] = field(repr=False)
    person: Person
    permissions: tuple[str, ...]  # the requested ones that exist, without public_profile
    unknown_permissions: tuple[str, ...]
    is_fixed: bool  # a login configuration: all permissions or none
    unticked: frozenset[str]  # permissions
    unticked_pages: int  # bits

    @property
    def pages(self) -> int:
        """The ticked Pages as bits."""
        return sum(1 << index for index in self.person.roles) & ~self.unticked_pages

    @property
    def granted(self) -> frozenset[str]:
        """The permissions that Continue grants."""
        return frozenset(self.permissions) - self.unticked | {"public_profile"}

    @property
    def declined(self) -> frozenset[str]:
        """The requested permissions that Continue does not grant."""
        return frozenset(self.permissions) - self.granted

    def query(self, **changes: str) -> str:
        """Return the query string of this choice with the given parameters replaced."""
        ticks = {
            "as": self.person.id,
            "off": f"{self.unticked_pages:x}",
            "no": ",".join(sorted(self.unticked)),
        }
        return urlencode({**self.request, **ticks, **changes})

    def toggle_permission(self, name: str) -> str:
        """Return the query string with the tick of this permission toggled."""
        return self.query(no=",".join(sorted(self.unticked ^ {name})))

    def toggle_page(self, index: int) -> str:
        """Return the query string with the tick of the Page of this index toggled."""
        return self.query(off=f"{self.unticked_pages ^ 1 << index:x}")


def read_choice(meta_app: MetaApp, world: World, params: QueryParams) -> Choice:
    """Return the choice in these parameters. Unknown people, permissions and ticks are ignored.

    Raises `Refused` for another app or redirect URI, and for a repeated parameter.
    """
    for name in _ONCE:
        if len(params.getlist(name)) > 1:
            raise Refused("This request is not clear", f"The parameter {name} was given twice.")
    if params.get("client_id") != meta_app.id:
        raise Refused("Invalid App ID", "The app that asked is not known here: check client_id.")
    if params.get("redirect_uri") != meta_app.redirect_uri:
        raise Refused(
            "URL Blocked",
            "This redirect failed because the redirect URI is not white-listed in the app's client "
            "OAuth settings. Make sure that the client and web OAuth logins are on and add all "
            "your app domains as valid OAuth redirect URIs.",
        )
    if params.get("response_type", "code") != "code":
        raise Refused("Not supported", "This stand-in answers response_type=code only.")
    return _make_choice(dict(params), world)


def _make_choice(params: dict[str, str], world: World) -> Choice:
    is_fixed = "config_id" in params
    scope = params.get("scope", "").replace(",", " ").split()
    requested = _CONFIGURED if is_fixed else dict.fromkeys(n for n in scope if n in PERMISSIONS)
    unticked = frozenset(params.get("no", "").split(",")) & frozenset(requested)
    try:
        unticked_pages = int(params.get("off") or "0", 16)
    except ValueError:
        unticked_pages = 0
    return Choice(
        request={name: params[name] for name in params if name not in ("as", "off", "no")},
        person=world.person_by_id.get(params.get("as", ""), world.people[0]),
        permissions=tuple(name for name in requested if name != "public_profile"),
        unknown_permissions=tuple(name for name in scope if name not in PERMISSIONS),
        is_fixed=is_fixed,
        unticked=frozenset() if is_fixed else unticked,
        unticked_pages=max(unticked_pages, 0),
    )
