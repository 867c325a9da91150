"""Businesses: lists the Pages of an account's business portfolios, with and without access.

https://developers.facebook.com/docs/graph-api/reference/user/businesses
https://developers.facebook.com/docs/marketing-api/reference/business/owned_pages
https://developers.facebook.com/docs/marketing-api/reference/business/client_pages
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fb.graph.client import GraphClient
from fb.graph.errors import UnreadableAnswer
from fb.graph.json_values import to_id, to_text
from fb.graph.pages import find_next

EDGES = ("owned_pages", "client_pages")
_PAGE_SIZE = 100
# More than any portfolio needs; ends lists whose cursors never end.
MAX_CALLS = 200


def iterate_business_pages(client: GraphClient, user_token: str) -> Iterator[tuple[str, str]]:
    """Yield id and name of each Page of the account's businesses; a shared one more than once.

    Needs ``business_management``. Raises any ``FacebookError``, perhaps after some Pages.
    """
    calls = _Calls(client, user_token)
    fields = ",".join(f"{edge}.limit({_PAGE_SIZE}){{id,name}}" for edge in EDGES)
    for business in calls.iterate("me/businesses", f"id,name,{fields}"):
        business_id = to_id(business.get("id"))
        for edge in EDGES:
            answer = business.get(edge)
            if not isinstance(answer, dict) or business_id is None:
                continue
            for node in calls.iterate(f"{business_id}/{edge}", "id,name", first=answer):
                page_id = to_id(node.get("id"))
                if page_id is not None:
                    yield page_id, to_text(node.get("name")) or page_id


class _Calls:
    """The calls of one listing, at most MAX_CALLS."""

    def __init__(self, client: GraphClient, user_token: str) -> None:
        self._client = client
        self._user_token = user_token
        self._count = 0

    def iterate(
        self, path: str, fields: str, *, first: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the nodes of all result pages; ``first`` is one that is there already."""
        answer = self._get(path, fields, None) if first is None else first
        while True:
            nodes = answer.get("data")
            if isinstance(nodes, list):
                yield from (node for node in nodes if isinstance(node, dict))
            after = find_next(answer)
            if after is None:
                return
            answer = self._get(path, fields, after)

    def _get(self, path: str, fields: str, after: str | None) -> dict[str, Any]:
        if self._count == MAX_CALLS:
            raise UnreadableAnswer(status=200)
        self._count += 1
        cursor = {} if after is None else {"after": after}
        parameters = {"fields": fields, "limit": str(_PAGE_SIZE), **cursor}
        return self._client.get(path, parameters, self._user_token)
