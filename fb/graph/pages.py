"""Pages: fetches the list of an account's Pages with their tokens, and the figures of known Pages.

https://developers.facebook.com/docs/graph-api/reference/user/accounts
https://developers.facebook.com/docs/graph-api/reference/page
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic
from urllib.parse import parse_qs, urlencode, urlsplit

from fb.graph.batch import MAX_BATCH_ITEMS, BatchItem, runs_into_app_limit
from fb.graph.client import GraphClient
from fb.graph.errors import (
    FacebookError,
    FieldUnknown,
    PermissionMissing,
    TooMuchData,
    UnreadableAnswer,
)
from fb.graph.json_values import to_texts
from fb.graph.page_fields import (
    ACCESS_FIELDS,
    Depth,
    T,
    can_drop,
    page_fields,
    parse_page,
    write_fields,
)

# Ends a listing whose cursors never end. Even at one Page a call this is enough for every account.
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

    ``basic_only``: Facebook sent only the basic fields, since ``pages_read_engagement`` is missing.
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
    """Fetch the whole list, or raise: in an incomplete list, Pages would seem to be lost.

    ``record`` is the dataclass of a Page; its fields decide which Graph fields are requested. Page
    access tokens last as long as the user access token, so pass a long-lived one.
    ``on_progress(read, total)`` counts Pages after each call; total is None unless Facebook sends
    it. Fields that Facebook does not know are left out and added to
    ``client.observed.dropped_fields``.

    Raises:
        UnreadableAnswer: the answer is unreadable, or a cursor repeats or is missing.
        FacebookError: any other error that remains when less is requested.
    """
    return _Pass(client, user_token, record, page_size).run(on_progress)


class _Pass(Generic[T]):
    """One pass over the list: its Pages so far, its page size and its depth."""

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
            after = find_next(answer)
            if after is None:
                return Listing(tuple(self._pages.values()), self._depth == "basic")
            if after in seen:
                break
            seen.add(after)
        raise UnreadableAnswer(status=200)

    def _fetch(self, after: str | None) -> dict[str, Any]:
        """Make one call; repeat it with fewer fields or Pages as long as Facebook requires it."""
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
            # A Page can be listed twice, in person and through a business. Keep the one with token.
            if earlier is None or (earlier.access_token is None and listed.access_token):
                self._pages[listed.page.id] = listed
        summary = answer.get("summary")
        if isinstance(summary, dict) and type(summary.get("total_count")) is int:
            self._total = summary["total_count"]

    def _parse(self, node: dict[str, Any]) -> ListedPage[T] | None:
        page = parse_page(self._record, node, self._depth)
        if page is None:
            return None
        token = node.get("access_token")
        return ListedPage(
            page,
            to_texts(node.get("tasks")) or (),
            token if isinstance(token, str) and token.isascii() and token.isprintable() else None,
        )


def find_next(answer: Mapping[str, Any]) -> str | None:
    """Return the cursor of the next call; None at the end, where ``next`` is absent.

    An empty or short result page is not the end, and the last one has cursors, too. ``next`` is a
    URL that contains the user access token: it is never followed, kept or logged. Only its cursor
    is read, when the answer has no ``cursors``.
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
        cursors = parse_qs(urlsplit(url).query).get("after")
    except ValueError:
        return None
    return cursors[0] if cursors else None


def fetch_figures(
    client: GraphClient, pages: Iterable[tuple[str, str]], record: type[T]
) -> Iterator[list[tuple[str, T | FacebookError]]]:
    """Yield chunks of up to 50 results, in the order of ``pages`` (id and page access token).

    ``record`` is the dataclass of a Page; its fields decide which Graph fields are requested. The
    ``depth`` of a result is "figures" where Facebook refused the details but sent the counts. Each
    Page has its own result: one Page's error does not affect another. Transient errors have been
    retried before they appear here.

    ``pages`` is read lazily, 50 ahead. ``RateLimited`` is the result of the Page that met it, and
    that Page is not requested again here. Further calls prolong a limit, so the caller decides
    before it takes the next chunk: with scope "account" it leaves out that account's Pages, with
    scope "app" it stops.
    """
    waiting = iter(pages)
    while chunk := dict(islice(waiting, MAX_BATCH_ITEMS)):
        results = _fetch_chunk(client, chunk, record)
        yield [(page_id, results[page_id]) for page_id in chunk]


def _fetch_chunk(
    client: GraphClient, tokens: Mapping[str, str], record: type[T]
) -> dict[str, T | FacebookError]:
    results = _fetch_known_fields(client, tokens, record, "full")
    refused = {
        page_id: tokens[page_id]
        for page_id, result in results.items()
        if isinstance(result, PermissionMissing)
    }
    if refused and not runs_into_app_limit(list(results.values())):
        for page_id, result in _fetch_known_fields(client, refused, record, "figures").items():
            # When fewer fields are refused as well, the first refusal stays.
            if not isinstance(result, PermissionMissing):
                results[page_id] = result
    return results


def _fetch_known_fields(
    client: GraphClient, tokens: Mapping[str, str], record: type[T], depth: Depth
) -> dict[str, T | FacebookError]:
    """Fetch, and fetch again without each field that Facebook reports as unknown."""
    fields = page_fields(record, depth)
    results: dict[str, T | FacebookError] = {}
    pending = dict(tokens)
    while pending:
        # Copied before the call: these fields are not in the request.
        dropped = set(client.observed.dropped_fields)
        answers = _fetch_once(client, pending, write_fields(fields, dropped), record, depth)
        results.update(answers)
        unknown = {
            page_id: answer
            for page_id, answer in answers.items()
            if isinstance(answer, FieldUnknown) and can_drop(fields, dropped, answer.field)
        }
        client.observed.dropped_fields.update(answer.field for answer in unknown.values())
        if runs_into_app_limit(list(answers.values())):
            break
        pending = {page_id: tokens[page_id] for page_id in unknown}
    return results


def _fetch_once(
    client: GraphClient, tokens: Mapping[str, str], fields: str, record: type[T], depth: Depth
) -> dict[str, T | FacebookError]:
    query = urlencode({"fields": fields})
    items = [BatchItem(page_id, query, token) for page_id, token in tokens.items()]
    answers = client.batch(items)
    results: dict[str, T | FacebookError] = {}
    for page_id, answer in zip(tokens, answers, strict=True):
        if isinstance(answer, FacebookError):
            results[page_id] = answer
        else:
            parsed = parse_page(record, answer, depth)
            # An answer about another Page would be stored in this Page's history.
            results[page_id] = (
                parsed if parsed is not None and parsed.id == page_id else UnreadableAnswer()
            )
    return results
