"""Pages of businesses: every edge is read to its end, and what is malformed is passed over."""

from __future__ import annotations

from typing import Any

import pytest

from fb.graph import businesses
from fb.graph.businesses import iterate_business_pages
from fb.graph.errors import PermissionMissing, UnreadableAnswer
from tests.unit.graph.scripted_graph import Call, Reply, Scripted, error


def page(number: int) -> dict[str, Any]:
    return {"id": str(number), "name": f"Page {number}"}


def part(*nodes: Any, after: str | None = None) -> dict[str, Any]:
    """One result page; with another one behind ``after``."""
    next_url = {} if after is None else {"next": "https://graph.example/x?access_token=EAAuser"}
    return {"data": list(nodes), "paging": {"cursors": {"after": after or "end"}, **next_url}}


def test_all_pages_of_all_businesses(scripted: Scripted) -> None:
    answers: dict[tuple[str, str | None], Any] = {
        ("me/businesses", None): part(
            {"id": "5", "owned_pages": part(page(1), after="one"), "client_pages": part(page(2))},
            after="five",
        ),
        ("5/owned_pages", "one"): part(page(3)),
        ("me/businesses", "five"): part({"id": "6", "name": "x", "client_pages": part(page(1))}),
    }

    def answer(call: Call) -> Reply:
        return 200, answers[call.path, call.parameters.get("after")]

    client, script = scripted(answer)
    found = [page_id for page_id, _ in iterate_business_pages(client, "EAAuser")]
    assert found == ["1", "3", "2", "1"]
    assert len(script.calls) == 3
    assert all(call.token == "EAAuser" for call in script.calls)
    assert "EAAuser" not in str([call.parameters for call in script.calls])


@pytest.mark.parametrize(
    "body",
    [
        {"data": []},
        {"data": "x"},
        {},
        part(7, {"id": "x", "owned_pages": part(page(1))}, {"id": "5", "owned_pages": []}),
        part({"id": "5", "owned_pages": {"data": None}, "client_pages": part({"name": "x"}, 3)}),
    ],
)
def test_what_is_empty_or_malformed_is_no_page(scripted: Scripted, body: Any) -> None:
    client, _ = scripted(lambda _: (200, body))
    assert list(iterate_business_pages(client, "EAAuser")) == []


def test_a_page_without_a_name_has_its_id(scripted: Scripted) -> None:
    body = part({"id": "5", "owned_pages": part({"id": "7", "name": 3})})
    client, _ = scripted(lambda _: (200, body))
    assert list(iterate_business_pages(client, "EAAuser")) == [("7", "7")]


def test_a_refusal_is_raised(scripted: Scripted) -> None:
    client, _ = scripted(lambda _: error(10))
    with pytest.raises(PermissionMissing):
        list(iterate_business_pages(client, "EAAuser"))


def test_cursors_that_never_end_are_given_up(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(businesses, "MAX_CALLS", 3)
    client, script = scripted(lambda _: (200, part(after="again")))
    with pytest.raises(UnreadableAnswer):
        list(iterate_business_pages(client, "EAAuser"))
    assert len(script.calls) == 3
