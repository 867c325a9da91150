"""Page figures: fetches today's counts and details of many Pages, 50 a call.

https://developers.facebook.com/docs/graph-api/reference/page
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from urllib.parse import urlencode

from fb.graph.batch import MAX_BATCH_ITEMS, BatchItem, runs_into_app_limit
from fb.graph.client import GraphClient
from fb.graph.errors import FacebookError, FieldUnknown, PermissionMissing, UnreadableAnswer
from fb.graph.page_fields import Depth, T, can_drop, page_fields, parse_page, write_fields


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
