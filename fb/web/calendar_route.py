"""Calendar route: answers calendar programs, which know a secret address and can't sign in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from fb.addresses import CALENDAR_PATH
from fb.installation import Startup
from fb.warnings.calendar_feed import read_feed
from fb.web.routes import METHODS, GetStartup, only_get


def make_calendar_routes(get_startup: GetStartup) -> list[BaseRoute]:
    """Return the route of the calendar."""
    path = f"{CALENDAR_PATH}{{file_name}}"
    return [Route(path, only_get(get_startup, _calendar), methods=METHODS)]


def _calendar(startup: Startup, request: Request) -> Response:
    if startup.installation is None:
        return PlainTextResponse("The dashboard is not set up.", 503)
    secret, _, ending = request.path_params["file_name"].rpartition(".")
    calendar = read_feed(startup.installation, secret) if ending == "ics" else None
    if calendar is None:
        # Revoked or never made: nobody learns which.
        return PlainTextResponse("There is no calendar at this address.", 404)
    return Response(calendar, media_type="text/calendar; charset=utf-8")
