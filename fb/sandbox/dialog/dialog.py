"""Login dialog: checks the app's request, shows the consent screen, redirects with code or error.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fb.sandbox.world import consents
from fb.sandbox.world.fan_counts import count_fans
from fb.sandbox.world.platform import MetaApp, Platform
from fb.sandbox.world.tokens import PERMISSIONS
from fb.sandbox.world.world import Page, Person, World

_FOLDER = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,  # some names contain markup
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = (_FOLDER / "dialog.css").read_text(encoding="utf-8")
_TITLE = "Stand-in for Facebook’s dialog"
_MAX_ROWS = 200  # Pages beyond this number can only be ticked all together
_MEANINGS = {
    "pages_show_list": "See which Pages you manage",
    "pages_messaging": "Read and send their messages",
    "pages_manage_metadata": "Receive their events",
    "pages_read_engagement": "Read profile, fans and followers",
    "read_insights": "Read views and engagement",
    "business_management": "Include Pages of a business",
    "email": "See your e-mail address",
}
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_USER_DENIED = {
    "error": "access_denied",
    "error_code": "200",
    "error_description": "Permissions error",
    "error_reason": "user_denied",
}
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


def make_dialog_routes(platform: Platform) -> list[Route]:
    """Return the routes of the consent screen, its links Continue and Cancel, and its style sheet.

    All but the style sheet exist with and without a Graph version in the path.
    """

    def respond(request: Request, decide: Callable[[Choice], Response]) -> Response:
        try:
            choice = read_choice(platform.meta_app, platform.world, request.query_params)
        except Refused as refusal:
            heading, sentence = refusal.args
            return _render(request, "refusal.html", 400, heading=heading, sentence=sentence)
        return decide(choice)

    async def show(request: Request) -> Response:
        return respond(request, lambda choice: _show(platform, request, choice))

    async def agree(request: Request) -> Response:
        return respond(request, lambda choice: _redirect(choice, _agree(platform, choice)))

    async def cancel(request: Request) -> Response:
        return respond(request, lambda choice: _redirect(choice, _USER_DENIED))

    async def style(request: Request) -> Response:
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        return Response(_STYLE, headers=headers, media_type="text/css")

    routes = [Route("/dialog.css", style, methods=["GET"])]
    for prefix in ("", "/{version}"):
        routes += [
            Route(f"{prefix}/dialog/oauth", show, methods=["GET"]),
            Route(f"{prefix}/dialog/oauth/continue", agree, methods=["GET"]),
            Route(f"{prefix}/dialog/oauth/cancel", cancel, methods=["GET"]),
        ]
    return routes


def _show(platform: Platform, request: Request, choice: Choice) -> Response:
    pages = [platform.world.pages[index] for index in choice.person.roles]
    return _render(
        request,
        "dialog.html",
        choice=choice,
        people=platform.world.people,
        meanings=_MEANINGS,
        pages=[_make_row(platform, choice, page) for page in pages[:_MAX_ROWS]],
        pages_count=len(pages),
        ticked_count=choice.pages.bit_count(),
        all_pages=f"{sum(1 << page.index for page in pages):x}",
    )


def _make_row(platform: Platform, choice: Choice, page: Page) -> dict[str, Any]:
    fans = count_fans(page, platform.today()).fans_count
    facts = [page.fixed.get("category"), None if fans is None else f"{fans:,} fans"]
    return {
        "id": page.id,
        "name": page.name,
        "picture": page.id if page.has_picture else "silhouette",
        "description": " · ".join(fact for fact in facts if fact is not None),
        "is_ticked": bool(choice.pages >> page.index & 1),
        "query": choice.toggle_page(page.index),
    }


def _agree(platform: Platform, choice: Choice) -> dict[str, str]:
    """Record the consent, and return the parameters of the redirect, the code among them."""
    serial = platform.memory.change(
        lambda state: consents.agree(
            state, platform.world, choice.person, choice.granted, choice.declined, choice.pages
        )
    )
    code = platform.mint.issue_code(
        choice.person.id,
        scopes=choice.granted,
        pages=choice.pages,
        serial=serial,
        redirect_uri=platform.meta_app.redirect_uri,
        now_seconds=int(platform.now().timestamp()),
    )
    parameters = {"code": code}
    if choice.request.get("return_scopes") == "true":
        parameters["granted_scopes"] = ",".join(n for n in PERMISSIONS if n in choice.granted)
        parameters["denied_scopes"] = ",".join(n for n in PERMISSIONS if n in choice.declined)
    return parameters


def _redirect(choice: Choice, parameters: dict[str, str]) -> Response:
    """Return a 302 to the registered redirect URI, with the unchanged state and ``#_=_``."""
    if "state" in choice.request:
        parameters = {**parameters, "state": choice.request["state"]}
    redirect_uri = choice.request["redirect_uri"]
    separator = "&" if "?" in redirect_uri else "?"
    location = f"{redirect_uri}{separator}{urlencode(parameters)}#_=_"
    return Response(status_code=302, headers={**_HEADERS, "Location": location})


def _render(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    root_path = request.scope.get("root_path", "").rstrip("/")
    html = _TEMPLATES.get_template(template).render(title=_TITLE, root_path=root_path, **values)
    return Response(html, status, headers=_HEADERS, media_type="text/html; charset=utf-8")
