"""The dialog: shows itself, hands out codes, sends people back.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
"""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fb.sandbox import consents
from fb.sandbox.choice import Choice, Refused, read_choice
from fb.sandbox.dialog_page import STYLE, render_dialog, render_refusal
from fb.sandbox.oauth import CODE_SECONDS, DATA_ACCESS_SECONDS, hash_redirect_uri
from fb.sandbox.state import State
from fb.sandbox.tokens import CODE, PERMISSIONS, Token

if TYPE_CHECKING:
    from fb.sandbox.sandbox import Sandbox

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


def routes(sandbox: "Sandbox") -> list[Route]:
    """The page itself, with and without a version, and what its links lead to."""

    def choose(request: Request, go_on: Callable[[Choice, str], Response]) -> Response:
        root_path = request.scope.get("root_path", "").rstrip("/")
        try:
            choice = read_choice(sandbox, request)
        except Refused as refusal:
            title, sentence = refusal.args
            return _html(render_refusal(title, sentence, root_path), 400)
        return go_on(choice, root_path)

    async def show(request: Request) -> Response:
        return choose(request, lambda choice, root_path: _show(sandbox, choice, root_path))

    async def agree(request: Request) -> Response:
        return choose(request, lambda choice, _: _back(choice, _success(sandbox, choice)))

    async def cancel(request: Request) -> Response:
        return choose(request, lambda choice, _: _back(choice, dict(_DENIED)))

    async def style(request: Request) -> Response:
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        return Response(STYLE, headers=headers, media_type="text/css")

    found = [Route("/dialog.css", style, methods=["GET"])]
    for prefix in ("", "/{version}"):
        found += [
            Route(f"{prefix}/dialog/oauth", show, methods=["GET"]),
            Route(f"{prefix}/dialog/oauth/continue", agree, methods=["GET"]),
            Route(f"{prefix}/dialog/oauth/cancel", cancel, methods=["GET"]),
        ]
    return found


_DENIED = (
    ("error", "access_denied"),
    ("error_code", "200"),
    ("error_description", "Permissions error"),
    ("error_reason", "user_denied"),
)


def _show(sandbox: "Sandbox", choice: Choice, root_path: str) -> Response:
    return _html(render_dialog(sandbox.world, choice, sandbox.now(), root_path))


def _success(sandbox: "Sandbox", choice: Choice) -> dict[str, str]:
    """Write the consent down; the parameters that go back with the code."""
    denied = frozenset(choice.wished) - choice.granted

    def alter(state: State) -> int:
        return consents.agree(
            state, sandbox.world, choice.person, choice.granted, denied, choice.pages
        )

    serial = sandbox.store.change(alter)
    parameters = {"code": _issue_code(sandbox, choice, serial)}
    if choice.request.get("return_scopes") == "true":
        parameters["granted_scopes"] = ",".join(n for n in PERMISSIONS if n in choice.granted)
        parameters["denied_scopes"] = ",".join(n for n in PERMISSIONS if n in denied)
    return parameters


def _issue_code(sandbox: "Sandbox", choice: Choice, serial: int) -> str:
    now = int(sandbox.now().timestamp())
    code = Token(
        kind=CODE,
        person_id=choice.person.id,
        page_id="",
        issued_at=now,
        expires_at=now + CODE_SECONDS,
        data_access_expires_at=now + DATA_ACCESS_SECONDS,
        serial=serial,
        scopes=choice.granted,
        pages=choice.pages,
        nonce=secrets.token_hex(8),
        audience=hash_redirect_uri(choice.request["redirect_uri"]),
    )
    text = sandbox.mint.issue(code)
    sandbox.controls.note_issued(text)
    return text


def _back(choice: Choice, parameters: dict[str, str]) -> Response:
    """302 to the one registered redirect URI, with the state as it came and Facebook's ``#_=_``."""
    if "state" in choice.request:
        parameters["state"] = choice.request["state"]
    redirect_uri = choice.request["redirect_uri"]
    joint = "&" if "?" in redirect_uri else "?"
    location = f"{redirect_uri}{joint}{urlencode(parameters)}#_=_"
    return Response(status_code=302, headers={**_HEADERS, "Location": location})


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status, headers=_HEADERS, media_type="text/html; charset=utf-8")
