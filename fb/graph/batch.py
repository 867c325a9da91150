"""Batch: encodes many reads into one POST, each with its own token, and decodes the answer.

https://developers.facebook.com/docs/graph-api/batch-requests
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fb.graph.errors import (
    FacebookError,
    RateLimited,
    TemporarilyDown,
    UnreadableAnswer,
    find_envelope,
    translate,
)
from fb.graph.json_values import read_json

MAX_BATCH_ITEMS = 50  # Meta's limit; each item counts as one call


@dataclass(frozen=True)
class BatchItem:
    """One GET within a batch."""

    path: str
    query: str  # URL-encoded, without the token; all items of a batch may share it
    token: str = field(repr=False)


def encode_items(items: Sequence[BatchItem], proof: Callable[[str], str]) -> list[dict[str, str]]:
    """Return the value of ``batch``. Tokens are in each ``relative_url``, within the POST body.

    ``proof`` computes the ``appsecret_proof`` of a token; each item needs its own.
    """
    return [
        {
            "method": "GET",
            "relative_url": f"{quote(item.path)}?{item.query}"
            f"&access_token={quote(item.token, safe='')}&appsecret_proof={proof(item.token)}",
        }
        for item in items
    ]


def read_batch_answer(
    answer: Any, items_count: int, note: Callable[[Mapping[str, str]], None]
) -> list[dict[str, Any] | FacebookError]:
    """Return one object or error per item, in the order of the request.

    ``note`` is called with the headers of each item. An element that is null (Facebook ran out of
    time) becomes ``TemporarilyDown``. Raises ``UnreadableAnswer`` when the number of elements
    differs from ``items_count``.
    """
    if not isinstance(answer, list) or len(answer) != items_count:
        raise UnreadableAnswer(status=200)
    return [_read_element(element, note) for element in answer]


def iterate_chunks(items: Sequence[BatchItem]) -> Iterator[Sequence[BatchItem]]:
    """Yield the items in chunks of at most MAX_BATCH_ITEMS, in order."""
    for start in range(0, len(items), MAX_BATCH_ITEMS):
        yield items[start : start + MAX_BATCH_ITEMS]


def runs_into_app_limit(results: Sequence[object]) -> RateLimited | None:
    """Return the first rate limit of the whole app among the results, or None."""
    for result in results:
        if isinstance(result, RateLimited) and result.scope == "app":
            return result
    return None


def _read_element(
    element: Any, note: Callable[[Mapping[str, str]], None]
) -> dict[str, Any] | FacebookError:
    if element is None:
        return TemporarilyDown()
    status = element.get("code") if isinstance(element, dict) else None
    text = element.get("body") if isinstance(element, dict) else None
    if not isinstance(status, int):
        return UnreadableAnswer()
    headers = _read_headers(element.get("headers"))
    note(headers)
    try:
        body = read_json(text.encode("utf-8", "replace")) if isinstance(text, str) else None
    except ValueError:
        body = None
    if 200 <= status < 300 and isinstance(body, dict) and find_envelope(body) is None:
        return body
    return translate(status, body, headers)


def _read_headers(entries: Any) -> dict[str, str]:
    if not isinstance(entries, list):
        return {}
    return {
        entry["name"].lower(): entry["value"]
        for entry in entries
        if isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("value"), str)
    }
