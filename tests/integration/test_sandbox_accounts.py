"""The sandbox's me/accounts: cursors, fields, permissions."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from fb.sandbox import make_world
from tests.integration.sandbox_kit import BEN, Facebook, error_of, facebook

ALL_FIELDS = (
    "id,name,category,about,website,link,username,picture.width(100).height(100){url,is_silhouette},"
    "fan_count,followers_count,verification_status,location,phone,emails,is_published,"
    "has_transitioned_to_new_page_experience,tasks,access_token"
)


@pytest.fixture(scope="module")
def fb() -> Iterator[Facebook]:
    """A sandbox in which nothing ends."""
    with facebook(prefix="/sandbox", page_limit=100) as found:
        yield found


@pytest.fixture(scope="module")
def token(fb: Facebook) -> str:
    """Anna's long-lived user access token."""
    return fb.long_token()


def expected_ids(fb: Facebook) -> list[str]:
    """Anna's Pages in order."""
    return [page.id for page in fb.sandbox.world.pages[:58]]


@given(limit=st.integers(1, 130))
def test_the_walk_equals_the_list_for_any_limit(fb: Facebook, token: str, limit: int) -> None:
    walked = [page["id"] for page in fb.list_pages(token, "id", limit=limit)]
    assert walked == expected_ids(fb)


@given(limit=st.integers(1, 70))
def test_the_walk_back_equals_the_list_too(fb: Facebook, token: str, limit: int) -> None:
    found: list[str] = []
    body = fb.get("me/accounts", token, fields="id", limit=100).json()
    last = body["data"][-1]["id"]
    before = body["paging"]["cursors"]["after"]
    while True:
        body = fb.get("me/accounts", token, fields="id", limit=limit, before=before).json()
        found = [page["id"] for page in body["data"]] + found
        if "previous" not in body.get("paging", {}):
            break
        before = body["paging"]["cursors"]["before"]
    assert [*found, last] == expected_ids(fb)


def test_twenty_five_a_page_whatever_is_asked() -> None:
    with facebook() as fb:
        token = fb.long_token()
        for params in ({}, {"limit": "100"}, {"limit": "26"}):
            body = fb.get("me/accounts", token, **params).json()
            assert len(body["data"]) == 25
        assert len(fb.list_pages(token, limit=100)) == 58


def test_next_is_an_address_with_the_token_in_clear(fb: Facebook, token: str) -> None:
    paging = fb.get("me/accounts", token, fields="id,name", limit=25).json()["paging"]
    query = parse_qs(urlsplit(paging["next"]).query)
    assert query["access_token"] == [token]
    assert query["limit"] == ["25"]
    assert query["after"] == [paging["cursors"]["after"]]
    assert "previous" not in paging
    body = requests.get(paging["next"], timeout=10).json()
    assert [page["id"] for page in body["data"]] == expected_ids(fb)[25:50]
    assert "previous" in body["paging"]


def test_cursors_stand_on_the_last_page_too(fb: Facebook, token: str) -> None:
    body = fb.get("me/accounts", token, limit=100).json()
    assert set(body["paging"]) == {"cursors"}
    empty = fb.get("me/accounts", token, after=body["paging"]["cursors"]["after"]).json()
    assert empty == {"data": []}


@pytest.mark.parametrize(
    "params", [{"limit": "0"}, {"limit": "-1"}, {"limit": "x"}, {"after": "x"}]
)
def test_nonsense_paging_is_refused(fb: Facebook, token: str, params: dict[str, str]) -> None:
    assert error_of(fb.get("me/accounts", token, **params))["code"] == 100


def test_summary_counts(fb: Facebook, token: str) -> None:
    body = fb.get("me/accounts", token, limit=1, summary="total_count").json()
    assert body["summary"] == {"total_count": 58}
    assert "summary" not in fb.get("me/accounts", token, limit=1).json()


def test_default_fields(fb: Facebook, token: str) -> None:
    page = fb.get("me/accounts", token).json()["data"][0]
    assert set(page) == {"access_token", "category", "category_list", "name", "id", "tasks"}


def test_all_fields_at_once_in_the_wished_order(fb: Facebook, token: str) -> None:
    listed = fb.list_pages(token, ALL_FIELDS)
    order = [field.split(".")[0].split("{")[0] for field in ALL_FIELDS.split(",")]
    order = [name for name in order if name != "is_silhouette}"]
    for page in listed:
        assert list(page) == [name for name in order if name in page]
        assert None not in page.values()
    picture = listed[0]["picture"]["data"]
    assert set(picture) == {"url", "is_silhouette"}
    image = requests.get(picture["url"], timeout=10)
    assert image.headers["Content-Type"] == "image/png"
    assert image.content.startswith(b"\x89PNG")


def test_the_world_is_awkward(fb: Facebook, token: str) -> None:
    listed = fb.list_pages(token, ALL_FIELDS)
    by_name = {page["name"]: page for page in listed}
    assert "access_token" not in by_name["Stadtapotheke Bamberg"]
    assert "ANALYZE" not in by_name["Kletterhalle Gipfel"]["tasks"]
    assert by_name["Eisdiele Dolce Vita"]["is_published"] is False
    assert by_name["Neueröffnung: Kaffeewagen Nr. 7"]["fan_count"] == 0
    assert "fan_count" not in by_name["Nachbarschaftshilfe Südvorstadt"]
    assert "category" not in by_name["K"]
    assert any(len(name) == 300 for name in by_name)
    assert any(int(page["id"]) > 2**53 for page in listed)
    assert all(isinstance(page["id"], str) for page in listed)
    new = [page for page in listed if page.get("has_transitioned_to_new_page_experience")]
    assert len(new) > 10
    assert all(page.get("fan_count") == page.get("followers_count") for page in new)
    old = [page for page in listed if page not in new and page.get("fan_count")]
    assert any(page["fan_count"] != page["followers_count"] for page in old)


@pytest.mark.parametrize("name", ["email", "created_time", "nonsense"])
def test_an_unknown_field_refuses_the_whole_call(fb: Facebook, token: str, name: str) -> None:
    answer = fb.get("me/accounts", token, fields=f"id,{name},name")
    assert answer.status_code == 400
    error = error_of(answer)
    assert error["code"] == 100
    assert error["message"] == f"(#100) Tried accessing nonexisting field ({name})"


@pytest.mark.parametrize("text", ["id,", "id{", "picture{url", "a b", "id,,name", "{" * 50, "id)"])
def test_fields_that_are_no_list(fb: Facebook, token: str, text: str) -> None:
    assert error_of(fb.get("me/accounts", token, fields=text))["code"] == 2500


def test_without_pages_read_engagement_only_the_basics(fb: Facebook) -> None:
    token = fb.short_token(BEN, no="pages_read_engagement")
    refused = fb.get("me/accounts", token, fields="id,name,fan_count")
    assert error_of(refused)["code"] == 10
    assert "pages_read_engagement" in error_of(refused)["message"]
    assert fb.get("me/accounts", token, fields="id,name,tasks,access_token").status_code == 200


def test_without_pages_show_list_an_empty_list(fb: Facebook) -> None:
    token = fb.short_token(BEN, no="pages_show_list")
    assert fb.get("me/accounts", token).json() == {"data": []}


def test_without_business_management_some_are_missing(fb: Facebook) -> None:
    names = {page["name"] for page in fb.list_pages(fb.short_token())}
    fewer = {page["name"] for page in fb.list_pages(fb.short_token(no="business_management"))}
    assert names - fewer == {"Moda Ipanema", "Meadowlark Yoga", "Tierpark Waldau"}


def test_a_page_token_has_no_accounts(fb: Facebook, token: str) -> None:
    page_token = fb.list_pages(token, "access_token")[0]["access_token"]
    for edge in ("accounts", "permissions"):
        error = error_of(fb.get(f"me/{edge}", page_token))
        assert error["message"] == f"(#100) Tried accessing nonexisting field ({edge})"


def test_a_thousand_pages_take_ten_calls() -> None:
    with facebook(world=make_world(pages=1000), page_limit=100) as fb:
        listed = fb.list_pages(fb.long_token(), ALL_FIELDS, limit=100)
        assert len({page["id"] for page in listed}) == 1000
        assert sum(path.endswith("me/accounts") for _, path in fb.sandbox.calls) == 10
