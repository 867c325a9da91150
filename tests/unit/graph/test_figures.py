"""Figures come by the fifty, each Page with its own token and its own verdict."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fb.graph import errors
from fb.graph.batch import BatchItem
from fb.graph.pages import fetch_figures
from storage.accounts.pages import PageReport
from tests.unit.graph.scripted_graph import (
    APP_ID,
    APP_SECRET,
    Call,
    Reply,
    Scripted,
    ScriptedGraph,
    batch_of,
    error,
    replies,
)

Results = dict[str, PageReport | errors.FacebookError]


def tokens(count: int) -> list[tuple[str, str]]:
    return [(str(number), f"EAA{number}") for number in range(1, count + 1)]


def figures_of(call: Call) -> Any:
    number = int(call.path)
    return 200, {"id": call.path, "name": f"Page {number}", "fan_count": number}


def fetch(
    scripted: Scripted, item_handler: Callable[[Call], Any], count: int, **options: Any
) -> tuple[Results, ScriptedGraph]:
    client, script = scripted(batch_of(item_handler), **options)
    chunks = list(fetch_figures(client, tokens(count), PageReport))
    return dict(result for chunk in chunks for result in chunk), script


def always(reply: Reply) -> Callable[[Call], Reply]:
    return lambda call: reply


def items_of(call: Call) -> list[dict[str, str]]:
    items: list[dict[str, str]] = json.loads(call.parameters["batch"])
    return items


def test_fifty_a_call_in_the_order_asked(scripted: Scripted) -> None:
    client, script = scripted(batch_of(figures_of))
    chunks = list(fetch_figures(client, tokens(120), PageReport))
    assert [len(chunk) for chunk in chunks] == [50, 50, 20]
    assert [page_id for chunk in chunks for page_id, _ in chunk] == [id for id, _ in tokens(120)]
    assert len(script.calls) == 3
    for _, fields in chunks[0]:
        assert isinstance(fields, PageReport)
        assert fields.fans_count == int(fields.id)
        assert fields.depth == "full"


def test_each_page_is_asked_with_its_own_token_and_proof(scripted: Scripted) -> None:
    seen: list[Call] = []

    def handle(call: Call) -> Any:
        seen.append(call)
        return figures_of(call)

    _, script = fetch(scripted, handle, 2)
    for call in seen:
        token = f"EAA{call.path}"
        proof = hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
        assert call.parameters["access_token"] == token
        assert call.parameters["appsecret_proof"] == proof
        assert "fan_count" in call.parameters["fields"]
        assert "access_token" not in call.parameters["fields"]
        assert "tasks" not in call.parameters["fields"]
    outer = script.calls[0]
    app_token = f"{APP_ID}|{APP_SECRET}"
    assert (outer.method, outer.path, outer.token) == ("POST", "", app_token)
    assert set(outer.parameters) == {"batch", "appsecret_proof"}


def test_what_facebook_left_undone_is_asked_again_alone(scripted: Scripted) -> None:
    undone = {"2", "5"}

    def handle(call: Call) -> Any:
        if call.path in undone:
            undone.remove(call.path)
            return None if call.path == "2" else (500, {"error": {"code": 2}})
        return figures_of(call)

    results, script = fetch(scripted, handle, 6)
    assert all(isinstance(result, PageReport) for result in results.values())
    assert [len(items_of(call)) for call in script.calls] == [6, 2]
    assert script.time.slept == [0.5]


def test_patience_with_one_page_ends(scripted: Scripted) -> None:
    results, script = fetch(
        scripted, lambda call: None if call.path == "2" else figures_of(call), 3
    )
    assert isinstance(results["2"], errors.TemporarilyDown)
    assert isinstance(results["3"], PageReport)
    assert script.time.seconds <= 20.0


def test_an_unknown_field_is_dropped_for_those_who_met_it(scripted: Scripted) -> None:
    def handle(call: Call) -> Any:
        if call.path != "1" and "emails" in call.parameters["fields"]:
            return error(100, "(#100) Tried accessing nonexisting field (emails)")
        return figures_of(call)

    client, script = scripted(batch_of(handle))
    (chunk,) = fetch_figures(client, tokens(3), PageReport)
    assert all(isinstance(result, PageReport) for _, result in chunk)
    assert client.observed.dropped_fields == {"emails"}
    assert [len(items_of(call)) for call in script.calls] == [3, 2]


def test_an_unknown_field_that_was_not_asked_for_is_a_verdict(scripted: Scripted) -> None:
    refusal = error(100, "(#100) Tried accessing nonexisting field (nothing)")
    results, script = fetch(scripted, lambda call: refusal, 1)
    assert isinstance(results["1"], errors.FieldUnknown)
    assert len(script.calls) == 1


def test_a_missing_permission_leaves_the_figures(scripted: Scripted) -> None:
    def handle(call: Call) -> Any:
        if call.path == "2" and "about" in call.parameters["fields"]:
            return error(10)
        if call.path == "3":
            return error(10, fbtrace_id="full" if "about" in call.parameters["fields"] else "less")
        return figures_of(call)

    results, script = fetch(scripted, handle, 3)
    second = results["2"]
    assert isinstance(second, PageReport)
    assert (second.fans_count, second.depth) == (2, "figures")
    third = results["3"]
    assert isinstance(third, errors.PermissionMissing)
    assert third.trace_id == "full"
    assert len(script.calls) == 2
    asked_again = items_of(script.calls[1])[0]["relative_url"]
    assert "fields=id%2Cname%2Cfan_count%2Cfollowers_count&" in asked_again


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (error(190, error_subcode=492), errors.AccessEnded),
        (error(80001), errors.RateLimited),
        (error(100, error_subcode=33), errors.NotFound),
        ((200, {"name": "no id"}), errors.UnreadableAnswer),
        ((200, {"id": "999", "name": "somebody else"}), errors.UnreadableAnswer),
        ((200, ["list"]), errors.UnreadableAnswer),
        ((200, {"error": {"code": 190}}), errors.AccessEnded),
    ],
)
def test_one_page_costs_no_other_its_figures(
    scripted: Scripted, refusal: Any, kind: type[Exception]
) -> None:
    results, _ = fetch(
        scripted,
        lambda call: refusal if call.path == "2" else figures_of(call),
        3,
        patience_seconds=0,
    )
    assert isinstance(results["2"], kind)
    assert isinstance(results["1"], PageReport)
    assert isinstance(results["3"], PageReport)


def test_a_limit_names_its_end_from_the_headers_of_its_item(scripted: Scripted) -> None:
    usage = '{"1":[{"type":"pages","estimated_time_to_regain_access":9}]}'
    status, body = error(80001)
    results, _ = fetch(
        scripted, lambda call: (status, body, {"X-Business-Use-Case-Usage": usage}), 1
    )
    limit = results["1"]
    assert isinstance(limit, errors.RateLimited)
    assert limit.retry_after_seconds == 540


def test_a_call_that_fails_whole_is_the_result_of_each(scripted: Scripted) -> None:
    outcomes: list[tuple[Reply, type[Exception]]] = [
        (errors.Unreachable(), errors.Unreachable),
        ((502, b"<html>"), errors.TemporarilyDown),
        ((200, {"not": "a list"}), errors.UnreadableAnswer),
        ((200, [None]), errors.UnreadableAnswer),
        ((200, ["x", {"code": "200"}]), errors.UnreadableAnswer),
        (error(4), errors.RateLimited),
        # The app's own token is dead; the Pages' tokens are not.
        (error(190), errors.Refused),
    ]
    for reply, kind in outcomes:
        client, script = scripted(always(reply))
        (chunk,) = fetch_figures(client, tokens(2), PageReport)
        assert [type(result) for _, result in chunk] == [kind, kind]
        assert script.time.seconds <= 20.0


def test_the_caller_may_stop_before_the_next_call(scripted: Scripted) -> None:
    client, script = scripted(batch_of(lambda call: error(4)))
    taken: list[str] = []

    def lazily() -> Iterator[tuple[str, str]]:
        for page_id, token in tokens(200):
            taken.append(page_id)
            yield page_id, token

    chunk = next(fetch_figures(client, lazily(), PageReport))
    assert all(isinstance(result, errors.RateLimited) for _, result in chunk)
    assert len(taken) == 50
    assert len(script.calls) == 1


def test_no_fallback_is_tried_once_the_app_is_limited(scripted: Scripted) -> None:
    answers = {
        "1": error(10),
        "2": error(4),
        "3": error(100, "nonexisting field (about)"),
        "4": None,
    }
    results, script = fetch(scripted, lambda call: answers[call.path], 4)
    assert len(script.calls) == 1
    assert [type(results[page_id]) for page_id in answers] == [
        errors.PermissionMissing,
        errors.RateLimited,
        errors.FieldUnknown,
        errors.TemporarilyDown,
    ]


def test_a_batch_beyond_the_limit_is_not_sent(scripted: Scripted) -> None:
    client, script = scripted(batch_of(lambda call: error(4)))
    results = client.batch([BatchItem(page_id, "", token) for page_id, token in tokens(120)])
    assert len(results) == 120
    assert all(isinstance(result, errors.RateLimited) for result in results)
    assert len(script.calls) == 1


def test_nothing_asked_is_nothing_sent(scripted: Scripted) -> None:
    client, script = scripted(replies())
    assert list(fetch_figures(client, [], PageReport)) == []
    assert script.calls == []
