"""The list of Pages is whole or an error, whatever it is cut into and whatever is in it."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fb.graph import errors
from fb.graph.page_fields import parse_page
from fb.graph.pages import Listing, fetch_pages
from storage.accounts.pages import PageReport
from tests.unit.graph.scripted_graph import Call, Reply, Scripted, error, replies

SECRET_NEXT = "https://graph.example/v26.0/me/accounts?access_token=EAAuser&after=never"
FULL_NODE: dict[str, Any] = {
    "id": "100000000000001",
    "name": "São Paulo Café",
    "category": "Café",
    "about": "Coffee",
    "website": "example.org",
    "link": "https://www.facebook.com/100000000000001",
    "username": "cafe",
    "phone": "+55 11 0000",
    "emails": ["a@example.org", 7],
    "location": {"city": "São Paulo", "zip": "08290005", "latitude": -23.5, "x": {"y": 1}},
    "verification_status": "not_verified",
    "is_published": True,
    "has_transitioned_to_new_page_experience": False,
    "fan_count": 0,
    "followers_count": 12,
    "picture": {"data": {"url": "https://scontent.example/p.jpg", "is_silhouette": False}},
    "tasks": ["MANAGE", "ANALYZE"],
    "access_token": "EAApage",
}


def node(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": str(number), "name": f"Page {number}", "access_token": f"EAA{number}"} | changes


class Accounts:
    """``me/accounts`` over a list, cut as asked, with an empty page before some."""

    def __init__(
        self, nodes: list[dict[str, Any]], *, empty_at: frozenset[int] = frozenset()
    ) -> None:
        self.nodes = nodes
        self.empty_at = set(empty_at)

    def __call__(self, call: Call) -> Reply:
        after = call.parameters.get("after", "")
        start = int(base64.b64decode(after)) if after else 0
        if start in self.empty_at:
            self.empty_at.remove(start)
            # Another cursor to the same place: a moving cursor over an empty page.
            cursor = base64.b64encode(f"{start:010}".encode()).decode()
            return 200, self.page([], cursor, True)
        end = start + int(call.parameters["limit"])
        cursor = base64.b64encode(str(end).encode()).decode()
        return 200, self.page(self.nodes[start:end], cursor, end < len(self.nodes))

    @staticmethod
    def page(nodes: list[dict[str, Any]], cursor: str, has_more: bool) -> dict[str, Any]:
        paging: dict[str, Any] = {"cursors": {"before": "x", "after": cursor}}
        return {"data": nodes, "paging": paging | ({"next": SECRET_NEXT} if has_more else {})}


def ids(listing: Listing[PageReport]) -> list[str]:
    return [page.page.id for page in listing.pages]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    numbers=st.lists(st.integers(1, 40), max_size=60),
    page_size=st.integers(1, 70),
    empty_at=st.frozensets(st.integers(0, 60)),
)
def test_joined_pages_are_the_whole_list(
    scripted: Scripted, numbers: list[int], page_size: int, empty_at: frozenset[int]
) -> None:
    accounts = Accounts([node(number) for number in numbers], empty_at=empty_at)
    client, _ = scripted(accounts)
    listing = fetch_pages(client, "EAAuser", PageReport, page_size=page_size)
    assert ids(listing) == list(dict.fromkeys(str(number) for number in numbers))
    assert not listing.basic_only


def test_a_thousand_pages_cost_ten_calls(scripted: Scripted) -> None:
    client, script = scripted(Accounts([node(n) for n in range(1, 1001)]))
    progress: list[tuple[int, int | None]] = []
    fetch_pages(client, "EAAuser", PageReport, lambda read, total: progress.append((read, total)))
    assert len(script.calls) == 10
    assert progress[0] == (100, None)
    assert progress[-1] == (1000, None)
    assert script.calls[0].parameters["summary"] == "total_count"
    assert all(call.token == "EAAuser" for call in script.calls)


def test_a_total_that_facebook_names_is_handed_on(scripted: Scripted) -> None:
    client, _ = scripted(replies((200, {"data": [node(1)], "summary": {"total_count": 1240}})))
    progress: list[tuple[int, int | None]] = []
    fetch_pages(client, "EAAuser", PageReport, lambda read, total: progress.append((read, total)))
    assert progress == [(1, 1240)]


def test_everything_is_asked_for_at_once(scripted: Scripted) -> None:
    client, script = scripted(replies((200, {"data": [FULL_NODE]})))
    (page,) = fetch_pages(client, "EAAuser", PageReport).pages
    assert script.calls[0].parameters["fields"].split(",") == [
        "id", "name", "category", "about", "website", "link", "username", "phone", "emails",
        "location", "verification_status", "is_published",
        "has_transitioned_to_new_page_experience", "fan_count", "followers_count",
        "picture.width(100).height(100){url", "is_silhouette}", "tasks", "access_token",
    ]  # fmt: skip
    assert script.calls[0].parameters["limit"] == "100"
    assert page.page == PageReport(
        id="100000000000001",
        name="São Paulo Café",
        category="Café",
        about="Coffee",
        website="example.org",
        link="https://www.facebook.com/100000000000001",
        username="cafe",
        phone="+55 11 0000",
        emails=("a@example.org",),
        location={"city": "São Paulo", "zip": "08290005", "latitude": -23.5},
        verification_status="not_verified",
        is_published=True,
        is_new_page_experience=False,
        fans_count=0,
        followers_count=12,
        picture_url="https://scontent.example/p.jpg",
    )
    assert (page.tasks, page.access_token) == (("MANAGE", "ANALYZE"), "EAApage")
    assert "EAApage" not in repr(page)
    assert "scontent" not in repr(page)


def test_a_silhouette_is_no_picture() -> None:
    picture = {"data": {"url": "https://scontent.example/p.jpg", "is_silhouette": True}}
    page = parse_page(PageReport, {"id": "7", "picture": picture})
    assert page == PageReport(id="7", name="7")


@pytest.mark.parametrize(
    "odd",
    [
        {"id": 7, "name": None, "fan_count": "12", "emails": "a@b", "location": "Berlin"},
        {"id": "7", "fan_count": True, "followers_count": -1, "picture": []},
        {"id": "7", "name": "", "fan_count": 2**63, "picture": {"data": 7}, "is_published": "yes"},
        {"id": "7", "name": {}, "location": {"latitude": float("inf"), "city": ""}, "emails": None},
    ],
)
def test_wrong_types_count_as_left_out(odd: dict[str, Any]) -> None:
    assert parse_page(PageReport, odd) in (
        PageReport(id="7", name="7"),
        PageReport(id="7", name="7", emails=()),
    )


def test_no_text_of_facebook_is_longer_than_anybody_writes() -> None:
    long = "ж" * 3_000
    texts = ("name", "category", "about", "username", "phone", "verification_status")
    node = dict.fromkeys(texts, long) | {
        "id": "7",
        "emails": [long] * 3_000,
        "location": {"city": long, "zip": "1"},
    }
    page = parse_page(PageReport, node)
    assert page is not None
    assert {getattr(page, name) for name in texts} == {"ж" * 1_000}
    assert page.emails == ("ж" * 1_000,) * 100
    assert page.location == {"city": "ж" * 1_000, "zip": "1"}


def test_an_address_that_is_too_long_is_none_and_not_another_one() -> None:
    url = "https://example.org/" + "x" * 4_000
    node = {"id": "7", "link": url, "website": url, "picture": {"data": {"url": url}}}
    assert parse_page(PageReport, node) == PageReport(id="7", name="7")


@pytest.mark.parametrize(
    "bad", [{}, {"id": "me/../x"}, {"id": True}, {"id": "١٢"}, {"id": "1" * 33}]
)
def test_a_page_without_a_proper_id_is_none(bad: dict[str, Any]) -> None:
    assert parse_page(PageReport, bad) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FULL_NODE, json_values)))
def test_any_page_can_be_read_and_kept_as_json(odd: dict[str, Any]) -> None:
    fields = parse_page(PageReport, {**odd, "id": "7"})
    assert fields is not None
    kept = json.loads(json.dumps(vars(fields), allow_nan=False))
    emails = None if fields.emails is None else list(fields.emails)
    assert kept == {**vars(fields), "emails": emails}


def test_of_a_page_that_comes_twice_the_one_with_access_counts(scripted: Scripted) -> None:
    nodes = [node(1, access_token=None), node(2), node(1), node(2, access_token=None), "nonsense"]
    client, _ = scripted(replies((200, {"data": nodes})))
    listing = fetch_pages(client, "EAAuser", PageReport)
    assert [(p.page.id, p.access_token) for p in listing.pages] == [("1", "EAA1"), ("2", "EAA2")]


@pytest.mark.parametrize("token", ["", 7, "EAA\r\nX: y", "EAAé", []])
def test_what_is_no_token_is_no_access(scripted: Scripted, token: object) -> None:
    client, _ = scripted(replies((200, {"data": [node(1, access_token=token, tasks="ALL")]})))
    (page,) = fetch_pages(client, "EAAuser", PageReport).pages
    assert (page.access_token or None, page.tasks) == (None, ())


def test_nobody_follows_or_tells_next(scripted: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, script = scripted(Accounts([node(n) for n in range(1, 5)]))
    listing = fetch_pages(client, "EAAuser", PageReport, page_size=2)
    assert "never" not in [call.parameters.get("after") for call in script.calls]
    plain = [(vars(page.page), page.tasks, page.access_token) for page in listing.pages]
    for kept in (repr(listing), repr(plain), caplog.text, repr(client.observed)):
        assert "after=never" not in kept
        assert "EAAuser" not in kept


def test_a_next_without_cursors_is_read_for_its_cursor(scripted: Scripted) -> None:
    first = {"data": [node(1)], "paging": {"next": SECRET_NEXT}}
    client, script = scripted(replies((200, first), (200, {"data": []})))
    assert ids(fetch_pages(client, "EAAuser", PageReport)) == ["1"]
    assert script.calls[1].parameters["after"] == "never"


@pytest.mark.parametrize(
    "paging",
    [
        {"next": SECRET_NEXT, "cursors": {"after": "same"}},
        {"next": "https://graph.example/", "cursors": {}},
        {"next": "http://[", "cursors": {"after": 7}},
        {"next": True},
    ],
)
def test_a_list_that_leads_nowhere_is_an_error_and_not_a_short_list(
    scripted: Scripted, paging: dict[str, Any]
) -> None:
    client, script = scripted(
        lambda call: (200, {"data": [node(1)], "paging": paging}), patience_seconds=0
    )
    with pytest.raises(errors.UnreadableAnswer):
        fetch_pages(client, "EAAuser", PageReport)
    assert len(script.calls) <= 2


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}, [], b'"text"', b""])
def test_an_answer_without_a_list_is_an_error(scripted: Scripted, body: object) -> None:
    client, _ = scripted(lambda call: (200, body), patience_seconds=0)
    with pytest.raises(errors.UnreadableAnswer):
        fetch_pages(client, "EAAuser", PageReport)


def test_unknown_fields_are_dropped_and_remembered(scripted: Scripted) -> None:
    def handle(call: Call) -> Reply:
        for unknown in ("about", "is_silhouette", "tasks"):
            if unknown in call.parameters["fields"]:
                return error(100, f"(#100) Tried accessing nonexisting field ({unknown})")
        return 200, {"data": [FULL_NODE]}

    client, script = scripted(handle)
    assert ids(fetch_pages(client, "EAAuser", PageReport)) == ["100000000000001"]
    assert client.observed.dropped_fields == {"about", "is_silhouette", "tasks"}
    assert "picture" not in script.calls[-1].parameters["fields"]
    assert "access_token" in script.calls[-1].parameters["fields"]
    fetch_pages(client, "EAAuser", PageReport)
    assert len(script.calls) == 5  # the second list asks right at once


@pytest.mark.parametrize("unknown", ["accounts", "access_token", "id", "name", "email"])
def test_what_can_not_be_dropped_is_an_error(scripted: Scripted, unknown: str) -> None:
    refusal = error(100, f"(#100) Tried accessing nonexisting field ({unknown})")
    client, script = scripted(lambda call: refusal)
    with pytest.raises(errors.FieldUnknown):
        fetch_pages(client, "EAAuser", PageReport)
    assert len(script.calls) == 1
    assert client.observed.dropped_fields == set()


def test_too_much_data_halves_the_page_and_goes_on(scripted: Scripted) -> None:
    accounts = Accounts([node(n) for n in range(1, 61)])

    def handle(call: Call) -> Reply:
        if int(call.parameters["limit"]) > 30:
            return error(1, "Please reduce the amount of data you're asking for")
        return accounts(call)

    client, script = scripted(handle)
    assert len(fetch_pages(client, "EAAuser", PageReport).pages) == 60
    assert [call.parameters["limit"] for call in script.calls] == ["100", "50", "25", "25", "25"]
    assert script.time.slept == []


def test_too_much_data_for_a_single_page_is_an_error(scripted: Scripted) -> None:
    refusal = error(1, "Please reduce the amount of data you're asking for")
    client, script = scripted(lambda call: refusal)
    with pytest.raises(errors.TooMuchData):
        fetch_pages(client, "EAAuser", PageReport, page_size=3)
    assert [call.parameters["limit"] for call in script.calls] == ["3", "1"]


def test_a_missing_permission_leaves_the_basics(scripted: Scripted) -> None:
    def handle(call: Call) -> Reply:
        if "about" in call.parameters["fields"]:
            return error(10, "(#10) This endpoint requires the 'pages_read_engagement' permission")
        return 200, {"data": [node(1, category="Café", tasks=["ANALYZE"])]}

    client, script = scripted(handle)
    listing = fetch_pages(client, "EAAuser", PageReport)
    assert listing.basic_only
    assert script.calls[-1].parameters["fields"] == "id,name,category,tasks,access_token"
    (page,) = listing.pages
    assert (page.page.depth, page.page.category, page.tasks) == ("basic", "Café", ("ANALYZE",))


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (error(10), errors.PermissionMissing),
        (error(190, error_subcode=463), errors.AccessEnded),
    ],
)
def test_what_can_not_be_mended_is_an_error(
    scripted: Scripted, refusal: Reply, kind: type[Exception]
) -> None:
    client, _ = scripted(lambda call: refusal)
    with pytest.raises(kind):
        fetch_pages(client, "EAAuser", PageReport)


def test_a_failure_in_the_middle_is_no_short_list(scripted: Scripted) -> None:
    accounts = Accounts([node(n) for n in range(1, 301)])
    seen: list[int] = []
    client, _ = scripted(lambda call: error(17) if len(seen) == 2 else accounts(call))
    with pytest.raises(errors.RateLimited):
        fetch_pages(client, "EAAuser", PageReport, lambda read, total: seen.append(read))
    assert seen == [100, 200]
