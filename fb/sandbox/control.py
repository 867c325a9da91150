"""``/_control``: the sandbox's knobs over HTTP, for tests that can't reach the object.

Exists only in a sandbox made with ``test_controls``.
"""

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from fb.sandbox.sandbox import Sandbox


def routes(sandbox: "Sandbox") -> list[Route]:
    """GET ``/_control`` tells everything; POST ``/_control/<knob>`` turns one, with a JSON body."""

    async def tell(request: Request) -> Response:
        return JSONResponse(
            {
                "now": sandbox.now().isoformat(),
                "trouble": sandbox.trouble,
                "calls": sandbox.calls,
                "issued": sorted(sandbox.issued_secrets),
            }
        )

    async def turn(request: Request) -> Response:
        try:
            wish = json.loads(await request.body() or b"{}")
            _turn(sandbox, request.path_params["knob"], wish)
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"problem": repr(error)}, 400)
        return JSONResponse({"done": True})

    return [
        Route("/_control", tell, methods=["GET"]),
        Route("/_control/{knob}", turn, methods=["POST"]),
    ]


def _turn(sandbox: "Sandbox", knob: str, wish: dict[str, Any]) -> None:
    if knob == "trouble":
        sandbox.trouble = wish["trouble"]
    elif knob == "advance":
        sandbox.advance(int(wish["days"]))
    elif knob == "fault":
        sandbox.inject(**wish)
    elif knob == "clear":
        sandbox.clear_faults()
    elif knob == "start-over":
        sandbox.start_over()
    elif knob == "end-access":
        sandbox.end_access(wish["person_id"], int(wish["subcode"]))
    elif knob == "withdraw":
        sandbox.withdraw(wish["person_id"], wish["permission"])
    elif knob == "remove-role":
        sandbox.remove_role(wish["person_id"], wish["page_id"])
    else:
        raise KeyError(knob)
