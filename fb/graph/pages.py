"""Lists every Page that an account let the app see, with its page access token, in one pass.

https://developers.facebook.com/docs/graph-api/reference/user/accounts
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic
from urllib.parse import parse_qs, urlsplit

from fb.graph.client import GraphClient
from fb.graph.errors import FieldUnknown, PermissionMissing, TooMuchData, UnreadableAnswer
from fb.graph.page_fields import (
    ACCESS_FIELDS,
    Depth,
    T,
    can_drop,
    page_fields,
    parse_page,
    write_fields,
)

# Against an answer that never ends. Even at one Page a call this is more than anybody manages.
MAX_CALLS = 5_000


@dataclass(frozen=True)
class ListedPage(Generic[T]):
    """A Page in an account's list. ``access_token`` is None when Facebook sent none."""

    page: T
    tasks: tuple[str, ...]
    access_token: str | None = field(repr=False)


@dataclass(frozen=True)
class Listing(Generic[T]):
    """All Pages, each once, in Facebook's order.

    ``basic_only``: Facebook refused more than the basics, for which it wants
    ``pages_read_engagement``.
    """

    pages: tuple[ListedPage[T], ...]
    basic_only: bool


def fetch_pages(
    client: GraphClient,
    user_token: str,
    record: type[T],
    on_progress: Callable[[int, int | None], None] = lambda read, total: None,
    *,
    page_size: int = 100,
) -> Listing[T]:
    """Fetch the whole list, or raise: a list cut short would pass for Pages that were lost.

    ``record`` is what each Page becomes, and says by its fields what is asked for. Page tokens last
    as long as the user token they are made from: hand in a long-lived one. ``on_progress(read,
    total)`` counts Pages after each call; the total is None unless Facebook names it. Fields that
    Facebook does not know are left out and noted in ``client.observed.dropped_fields``.

    Raises:
        UnreadableAnswer: also when the cursors lead in circles or nowhere.
        FacebookError: any other, where asking for less did not help.
    """
    return _Pass(client, user_token, record, page_size).run(on_progress)


class _Pass(Generic[T]):
    """One pass over the list: the Pages so far, and how much it may ask for."""

    def __init__(
        self, client: GraphClient, user_token: str, record: type[T], page_size: int
    ) -> None:
        self._client = client
        self._user_token = user_token
        self._record = record
        self._page_size = page_size
        self._depth: Depth = "full"
        self._pages: dict[str, ListedPage[T]] = {}
        self._total: int | None = None

    def run(self, on_progress: Callable[[int, int | None], None]) -> Listing[T]:
        after: str | None = None
        seen: set[str] = set()
        for _ in range(MAX_CALLS):
            answer = self._fetch(after)
            self._add(answer)
            on_progress(len(self._pages), self._total)
            after = _find_next(answer)
            if after is None:
                return Listing(tuple(self._pages.values()), self._depth == "basic")
            if after in seen:
                break
            seen.add(after)
        raise UnreadableAnswer(status=200)

    def _fetch(self, after: str | None) -> dict[str, Any]:
        """One call; asks for less as often as Facebook wants less."""
        while True:
            try:
                return self._client.get("me/accounts", self._parameters(after), self._user_token)
            except FieldUnknown as error:
                dropped = self._client.observed.dropped_fields
                if not can_drop(self._fields(), dropped, error.field):
                    raise
                dropped.add(error.field)
            except TooMuchData:
                if self._page_size == 1:
                    raise
                self._page_size = max(1, self._page_size // 2)
            except PermissionMissing:
                if self._depth == "basic":
                    raise
                self._depth = "basic"

    def _fields(self) -> Mapping[str, str]:
        return {**page_fields(self._record, self._depth), **ACCESS_FIELDS}

    def _parameters(self, after: str | None) -> dict[str, str]:
        parameters = {
            "fields": write_fields(self._fields(), self._client.observed.dropped_fields),
            "limit": str(self._page_size),
        }
        if after is None:
            return {**parameters, "summary": "total_count"}
        return {**parameters, "after": after}

    def _add(self, answer: Mapping[str, Any]) -> None:
        nodes = answer.get("data")
        if not isinstance(nodes, list):
            raise UnreadableAnswer(status=200)
        for node in nodes:
            listed = self._parse(node) if isinstance(node, dict) else None
            if listed is None:
                continue
            earlier = self._pages.get(listed.page.id)
            # In person and through a business a Page comes twice: the one with access counts.
            if earlier is None or (earlier.access_token is None and listed.access_token):
                self._pages[listed.page.id] = listed
        summary = answer.get("summary")
        if isinstance(summary, dict) and type(summary.get("total_count")) is int:
            self._total = summary["total_count"]

    def _parse(self, node: dict[str, Any]) -> ListedPage[T] | None:
        page = parse_page(self._record, node, self._depth)
        if page is None:
            return None
        tasks, token = node.get("tasks"), node.get("access_token")
        return ListedPage(
            page,
            tuple(task for task in tasks if isinstance(task, str))
            if isinstance(tasks, list)
            else (),
            token if isinstance(token, str) and token.isascii() and token.isprintable() else None,
        )


def _find_next(answer: Mapping[str, Any]) -> str | None:
    """The cursor of the next call; None at the end, which is where ``next`` is absent.

    Neither an empty page nor a short one is the end, and cursors stand on the last page, too.
    ``next`` itself is a URL with the user token in it: never followed, kept or logged. Where no
    cursors stand beside it, the one within is read.
    """
    paging = answer.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if not after and isinstance(paging["next"], str):
        after = _read_cursor(paging["next"])
    if not isinstance(after, str) or not after:
        raise UnreadableAnswer(status=200)
    return after


def _read_cursor(url: str) -> str | None:
    try:
        found = parse_qs(urlsplit(url).query).get("after")
    except ValueError:
        return None
    return found[0] if found else None
