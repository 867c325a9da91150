"""Sandbox: serves a local stand-in for Facebook: login dialog, token endpoints and Graph.

Its Pages are invented. It imports no other code of Pagekeeper, so that client and stand-in can't
share a mistake. `world` has no HTTP; `graph` and `dialog` import `world`, but not each other.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from fb.sandbox.dialog.dialog import make_dialog_routes
from fb.sandbox.graph.http_handler import handle_graph
from fb.sandbox.world.memory import Memory
from fb.sandbox.world.platform import TROUBLES, MetaApp, Platform
from fb.sandbox.world.profile_pictures import draw_picture, parse_size
from fb.sandbox.world.world import World, make_world

__all__ = ["TROUBLES", "Sandbox", "World", "create_sandbox", "make_world"]


class Sandbox(Platform):
    """The platform, with an ASGI application that serves it over HTTP."""

    @cached_property
    def app(self) -> ASGIApp:
        """The application. It can be served at the root or mounted under any path."""

        async def picture(request: Request) -> Response:
            return _answer_picture(self.world, request)

        async def graph(request: Request) -> Response:
            return await handle_graph(self, request)

        return Starlette(
            routes=[
                *make_dialog_routes(self),
                Route("/pictures/{owner_id}/{size}", picture, methods=["GET"]),
                Route("/{path:path}", graph, methods=["GET", "POST", "DELETE"]),
            ]
        )


def create_sandbox(
    *,
    app_id: str,
    app_secret: str,
    redirect_uri: str,
    state_path: Path | None,
    real_now: Callable[[], datetime],
    world: World | None = None,
    page_limit: int = 25,
) -> Sandbox:
    """Return a sandbox with one app and one registered ``redirect_uri``.

    ``state_path`` is the file of its state, shared by processes; None keeps the state in this
    process. ``real_now`` returns the real time (aware UTC). ``page_limit`` is the maximum number of
    Pages in one result page. ``world`` has 60 Pages by default.
    """
    return Sandbox(
        meta_app=MetaApp(app_id, app_secret, redirect_uri),
        world=world or make_world(),
        memory=Memory(state_path),
        real_now=real_now,
        page_limit=page_limit,
    )


def _answer_picture(world: World, request: Request) -> Response:
    owner_id, size = request.path_params["owner_id"], parse_size(request.path_params["size"])
    is_known = owner_id == "silhouette" or owner_id in world.page_by_id
    if size is None or not is_known:
        return Response("Not Found", 404, media_type="text/plain")
    headers = {"Cache-Control": "max-age=1209600", "X-Content-Type-Options": "nosniff"}
    return Response(draw_picture(owner_id, *size), headers=headers, media_type="image/png")
