"""Login dialog: shows the consent screen, and redirects with a code or an error.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fb.sandbox.dialog.choice import Choice, Refused, read_choice
from fb.sandbox.world import consents
from fb.sandbox.world.fan_counts import count_fans
from fb.sandbox.world.platform import Platform
from fb.sandbox.world.tokens import PERMISSIONS
from fb.sandbox.world.world import Page

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
