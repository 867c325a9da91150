"""Run in the program's folder: asks every route that it serves, as a stranger from the internet.

Prints a JSON object: by method and path as the route has it, the status and where it leads to.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator

from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.testclient import TestClient

STRANGER = ("8.8.8.8", 40_000)  # an address that is nobody's network's own


def walk(routes: list[BaseRoute], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield the methods and paths of all routes; a mounted application has one of its own."""
    for route in routes:
        if isinstance(route, Route):
            for method in sorted(route.methods or ()):
                yield method, before + route.path
        elif isinstance(route, Mount):
            yield "GET", before + route.path + "/{path:path}"
            yield from walk(list(route.routes), before + route.path)
        elif isinstance(route, WebSocketRoute):
            yield "WEBSOCKET", before + route.path


def main() -> None:
    import dashboard

    app = dashboard.app
    found = {}
    with TestClient(app, base_url=sys.argv[1], client=STRANGER, follow_redirects=False) as client:
        for method, template in walk(app._starlette_app.routes):  # type: ignore[union-attr]  # it is built
            path = re.sub(r"\{[^}]+\}", "x", template)
            if method == "WEBSOCKET":
                continue  # a test of the gate's own
            headers = {"origin": sys.argv[1]}
            answer = client.request(method, path, headers=headers)
            opened = client.request(method, path, headers=headers | {"sec-fetch-mode": "navigate"})
            found[f"{method} {template}"] = [
                answer.status_code,
                opened.status_code,
                opened.headers.get("location"),
            ]
    print(json.dumps(found))


main()
