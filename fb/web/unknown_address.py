"""Unknown addresses: sends a navigation to a path that no screen has to the screen that says so.

Streamlit answers every path with its own page, draws its start screen there, and puts a box of its
own over it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fb.web.guard import SAFE_METHODS, is_navigation

# What is no screen and answers: our routes, Streamlit's, and the files at its root.
SERVED = re.compile(
    r"/(pictures|calendar|sandbox|static|media|component|_stcore)/.*"
    r"|/facebook/(deauthorize|data-deletion|deletion/.*)|/oauth/start|/signin(/start|/return)?"
    r"|/healthz|/livez|/readyz|/metrics|/favicon\.png|/manifest\.json"
)
MAX_ADDRESS = 200  # characters that the screen gets


class UnknownAddress:
    """ASGI middleware; ``screens`` are the paths of all screens, without slashes."""

    def __init__(self, app: ASGIApp, screens: Collection[str], unknown: str) -> None:
        self.app = app
        self.screens = frozenset(screens)
        self.unknown = unknown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_unknown(scope):
            query = urlencode({"address": scope["path"][:MAX_ADDRESS]})
            answer = RedirectResponse(f"/{self.unknown}?{query}", 303)
            await answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_unknown(self, scope: Scope) -> bool:
        # Only navigations: the front end asks below the address it was opened at, and reads 404.
        if scope["type"] != "http" or scope["method"] not in SAFE_METHODS:
            return False
        path = scope["path"]
        is_screen = path == "/" or path.strip("/") in self.screens
        return not is_screen and not SERVED.fullmatch(path) and is_navigation(Headers(scope=scope))
