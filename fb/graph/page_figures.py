"""Fetches today's figures and description of many Pages, 50 a call, each with its own token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from fb.graph.batch import runs_into_app_limit
from fb.graph.client import MAX_BATCH_ITEMS, BatchItem, GraphClient
from fb.graph.errors import FacebookError, FieldUnknown, PermissionMissing, UnreadableAnswer
from fb.graph.page_fields import (
    FIGURE_FIELDS,
    PAGE_FIELDS,
    Depth,
    PageFields,
    can_drop,
    parse_page_fields,
    write_fields,
)

Results = dict[str, PageFields | FacebookError]


def fetch_figures(
    client: GraphClient, pages: Iterable[tuple[str, str]]
) -> Iterator[list[tuple[str, PageFields | FacebookError]]]:
    """Yields chunks of up to 50 results, in the order of ``pages`` (id and page access token).

    Each Page gets its own verdict; one Page's error never costs another its figures. What passes by
    itself was tried again before it is a result. ``depth`` of the fields says "figures" where
    Facebook refused the description but gave the counts.

    ``pages`` is read lazily, 50 ahead. A ``RateLimited`` is the result of the Page that met it, and
    nothing here goes on asking for that Page; whether to ask for others is the caller's to decide,
    before it takes the next chunk: with scope "account" it leaves that account's Pages out, with
    scope "app" it stops. Further calls prolong a limit.
    """
    waiting = iter(pages)
    while chunk := dict(islice(waiting, MAX_BATCH_ITEMS)):
        results = _fetch_chunk(client, chunk)
        yield [(page_id, results[page_id]) for page_id in chunk]


def _fetch_chunk(client: GraphClient, tokens: Mapping[str, str]) -> Results:
    results = _ask_dropping(client, tokens, "full")
    refused = {
        page_id: tokens[page_id]
        for page_id, result in results.items()
        if isinstance(result, PermissionMissing)
    }
    if refused and not runs_into_app_limit(list(results.values())):
        for page_id, result in _ask_dropping(client, refused, "figures").items():
            # Where nothing was won the first refusal stays.
            if not isinstance(result, PermissionMissing):
                results[page_id] = result
    return results


def _ask_dropping(client: GraphClient, tokens: Mapping[str, str], depth: Depth) -> Results:
    """Asks, and asks again without the fields that Facebook does not know."""
    fields = PAGE_FIELDS if depth == "full" else FIGURE_FIELDS
    results: Results = {}
    pending = dict(tokens)
    while pending:
        # Taken before the call: what is dropped by then was not asked for.
        dropped = set(client.observed.dropped_fields)
        answers = _ask(client, pending, write_fields(fields, dropped), depth)
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


def _ask(client: GraphClient, tokens: Mapping[str, str], fields: str, depth: Depth) -> Results:
    items = [BatchItem(page_id, {"fields": fields}, token) for page_id, token in tokens.items()]
    answers = client.batch(items)
    results: Results = {}
    for page_id, answer in zip(tokens, answers, strict=True):
        if isinstance(answer, FacebookError):
            results[page_id] = answer
        else:
            parsed = parse_page_fields(answer, depth)
            # An answer about another Page would put its figures into the wrong history.
            results[page_id] = (
                parsed if parsed is not None and parsed.id == page_id else UnreadableAnswer()
            )
    return results
