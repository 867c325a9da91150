"""Paging: limits and cursors of lists.

https://developers.facebook.com/docs/graph-api/results: the last result page has ``after``, too;
only a missing ``next`` means the end.
"""

import base64
from typing import Any

from fb.sandbox.graph import graph_errors
from fb.sandbox.graph.call import Call

DEFAULT_LIMIT = 25


def read_limit(text: str) -> int:
    """Return a limit. Raises GraphError 100 unless it is an integer greater than 0."""
    if not (text.isascii() and text.isdigit()) or not text.strip("0"):
        raise graph_errors.parameter_invalid("Param limit must be an integer greater than 0")
    return int(text[:9])


def make_paging(
    call: Call, path: str, first_id: str, last_id: str, limit: int, *, is_last: bool
) -> dict[str, Any]:
    """Return the cursors of one result page, and the URL of the next one."""
    cursors = {"before": make_cursor(first_id), "after": make_cursor(last_id)}
    if is_last:
        return {"cursors": cursors}
    params = {name: value for name, value in call.params.items() if name != "appsecret_proof"}
    # As at Facebook, the URL contains the token: clients must not log or follow it.
    query = {**params, "access_token": call.token or "", "limit": str(limit)}
    url = call.url(path, {**query, "after": cursors["after"]})
    return {"cursors": cursors, "next": url}


def make_cursor(node_id: str) -> str:
    """Return base64 of the id, with ZD for the equals signs."""
    return base64.b64encode(node_id.encode()).decode().replace("=", "ZD")


def read_cursor(cursor: str) -> str:
    """Return the id in a cursor, empty for one that is none."""
    try:
        return base64.b64decode(cursor.replace("ZD", "="), validate=True).decode("ascii")
    except ValueError:
        return ""


def cursor_invalid() -> graph_errors.GraphError:
    """Return the refusal of a cursor that belongs to no object of the list."""
    return graph_errors.parameter_invalid("Invalid cursor: it belongs to no object of this list")
