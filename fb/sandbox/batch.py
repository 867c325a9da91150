"""Many calls in one: https://developers.facebook.com/docs/graph-api/batch-requests."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fb.sandbox import envelope, errors, troubles
from fb.sandbox.access import judge
from fb.sandbox.call import Answer, Call, take_apart
from fb.sandbox.errors import GraphError

_MAX_ITEMS = 50


def answer(call: Call, answer_one: Callable[[Call], Answer]) -> Answer:
    """HTTP 200 with one element per item, each with a status, headers and a body of its own.

    A token beside ``batch`` serves the items that bring none; it must live, but may be missing.
    """
    items = _read(call.params["batch"])
    if len(items) > _MAX_ITEMS:
        raise errors.too_many_in_batch()
    if call.token:
        judge(call)
    with_headers = call.params.get("include_headers", "true") not in ("false", "0")
    skips = call.sandbox.trouble == troubles.NULL_ITEMS
    return Answer(
        [
            None if skips and place % 3 == 2 else _answer_item(call, item, answer_one, with_headers)
            for place, item in enumerate(items)
        ]
    )


def _read(text: str) -> list[Any]:
    try:
        items = json.loads(text)
    except ValueError:
        raise errors.parameter_invalid("batch parameter must be a JSON array") from None
    if not isinstance(items, list) or not items:
        raise errors.parameter_invalid("batch parameter must be a JSON array")
    return items


def _answer_item(
    call: Call, item: Any, answer_one: Callable[[Call], Answer], with_headers: bool
) -> dict[str, Any]:
    try:
        reply = answer_one(_inner_call(call, item))
        refusal = None
    except GraphError as error:
        reply, refusal = envelope.refuse(error), error
    element: dict[str, Any] = {"code": reply.status}
    if with_headers:
        headers = envelope.graph_headers(reply, call.version, refusal)
        element["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
    element["body"] = envelope.dumps(reply.body) if reply.body is not None else ""
    return element


def _inner_call(call: Call, item: Any) -> Call:
    if not isinstance(item, dict) or not isinstance(item.get("relative_url"), str):
        raise errors.parameter_invalid("An item of the batch needs a relative_url")
    address = urlsplit("/" + item["relative_url"].lstrip("/"))
    params = dict(parse_qsl(address.query, keep_blank_values=True))
    if isinstance(item.get("body"), str):
        params |= dict(parse_qsl(item["body"], keep_blank_values=True))
    if "batch" in params:
        raise errors.parameter_invalid("A batch can't be part of a batch")
    method = str(item.get("method", "GET")).upper()
    return call.inner(method, take_apart(address.path).segments, params)
