"""Meta's own SDK walks the sandbox: it judges how much like Facebook it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from facebook_business.adobjects.business import Business
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi, FacebookResponse
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from tests.integration.facebook.sandbox_kit import (
    ANNA,
    APP_ID,
    APP_SECRET,
    CARLA,
    Facebook,
    facebook,
)


@pytest.fixture(scope="module")
def fb() -> Iterator[Facebook]:
    """The sandbox under a path, 25 Pages at a time."""
    with facebook(prefix="/sandbox") as found:
        yield found


@pytest.fixture
def ads_api(fb: Facebook, monkeypatch: pytest.MonkeyPatch) -> FacebookAdsApi:
    """Meta's own SDK with Anna's token, signing every call with appsecret_proof."""
    monkeypatch.setattr(FacebookSession, "GRAPH", fb.url)
    session = FacebookSession(APP_ID, APP_SECRET, fb.long_token())
    return FacebookAdsApi(session, api_version="v26.0")


def test_the_sdk_knows_who_it_is(ads_api: FacebookAdsApi) -> None:
    assert User("me", api=ads_api).api_get(fields=["id", "name"])["name"] == "Anna Keller"


def test_the_sdk_pages_through_all_accounts(fb: Facebook, ads_api: FacebookAdsApi) -> None:
    fields = [Page.Field.id, Page.Field.name, Page.Field.fan_count, Page.Field.access_token]
    fb.sandbox.clear_faults()
    cursor = User("me", api=ads_api).get_accounts(fields=fields, params={"limit": 20})
    assert len({page["id"] for page in cursor}) == 58
    assert sum(path.endswith("/accounts") for _, path in fb.sandbox.calls) == 3


def test_the_sdk_counts_by_the_summary(ads_api: FacebookAdsApi) -> None:
    params = {"summary": "true", "limit": 1}
    cursor = User("me", api=ads_api).get_accounts(params=params)
    assert cursor.total() == 58


def test_the_sdk_reads_a_page_with_every_field_it_knows(
    fb: Facebook, ads_api: FacebookAdsApi
) -> None:
    """All 154 fields of its Page are fields here: none is refused, unset ones are left out."""
    fields = [value for name, value in vars(Page.Field).items() if not name.startswith("_")]
    found = Page(fb.sandbox.world.pages[0].id, api=ads_api).api_get(fields=fields)
    assert found[Page.Field.name] == "Bäckerei Morgenrot"
    assert Page.Field.band_members not in found


def test_the_sdk_reads_permissions_and_insights(fb: Facebook, ads_api: FacebookAdsApi) -> None:
    rows = list(User(ANNA, api=ads_api).get_permissions())
    assert {row["status"] for row in rows} == {"granted"}
    token = fb.list_pages(fb.long_token(), "access_token")[0]["access_token"]
    page_api = FacebookAdsApi(FacebookSession(APP_ID, APP_SECRET, token), api_version="v26.0")
    page = Page(fb.sandbox.world.pages[0].id, api=page_api)
    params = {"metric": "page_follows", "since": "2026-11-01", "until": "2026-11-04"}
    response = page_api.call("GET", (page["id"], "insights"), params=params)
    assert len(response.json()["data"][0]["values"]) == 3


def test_the_sdk_walks_the_businesses_and_their_pages(
    fb: Facebook, ads_api: FacebookAdsApi
) -> None:
    owned = [page for page in fb.sandbox.world.pages if page.is_through_business]
    (listed,) = User("me", api=ads_api).get_businesses(fields=["id", "name"])
    # Its own check of fields knows no edges in them.
    fields = "id,name,owned_pages.limit(1){id,name},client_pages{id}"
    answer = ads_api.call("GET", ("me", "businesses"), params={"fields": fields})
    (business,) = answer.json()["data"]
    assert business["name"] == listed["name"] == "Lindenhof & Partner"
    assert business["owned_pages"]["data"] == [{"name": owned[0].name, "id": owned[0].id}]
    assert "next" in business["owned_pages"]["paging"]
    assert "next" not in business["client_pages"]["paging"]
    pages = Business(listed["id"], api=ads_api).get_owned_pages(
        fields=["id", "name"], params={"limit": 1}
    )
    assert [(page["id"], page["name"]) for page in pages] == [(p.id, p.name) for p in owned]
    clients = Business(listed["id"], api=ads_api).get_client_pages(fields=["id"])
    assert [page["id"] for page in clients] == [page.id for page in fb.sandbox.world.pages[58:]]


def test_the_sdk_is_refused_the_businesses_without_the_permission(
    fb: Facebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FacebookSession, "GRAPH", fb.url)
    token = fb.long_token(CARLA, no="business_management")
    api = FacebookAdsApi(FacebookSession(APP_ID, APP_SECRET, token), api_version="v26.0")
    with pytest.raises(FacebookRequestError) as caught:
        User("me", api=api).get_businesses(fields=["id"])
    assert caught.value.api_error_code() == 10


def test_the_sdk_batches(fb: Facebook, ads_api: FacebookAdsApi) -> None:
    answers: list[FacebookResponse] = []
    refusals: list[FacebookResponse] = []
    batch = ads_api.new_batch()
    for page in [*fb.sandbox.world.pages[:3], fb.sandbox.world.pages[59]]:
        Page(page.id, api=ads_api).api_get(
            fields=["id", "name"], batch=batch, success=answers.append, failure=refusals.append
        )
    assert batch.execute() is None
    names = [answer.json()["name"] for answer in answers]
    assert names == [page.name for page in fb.sandbox.world.pages[:3]]
    assert [refusal.error().api_error_subcode() for refusal in refusals] == [33]


def test_the_sdk_asks_again_for_null_items(fb: Facebook, ads_api: FacebookAdsApi) -> None:
    answers: list[FacebookResponse] = []
    batch = ads_api.new_batch()
    for page in fb.sandbox.world.pages[:2]:
        Page(page.id, api=ads_api).api_get(
            fields=["id"], batch=batch, success=answers.append, failure=answers.append
        )
    fb.sandbox.inject("null items")
    again = batch.execute()
    assert again is not None
    again.execute()
    assert len(answers) == 2


def test_the_sdk_understands_a_refusal(ads_api: FacebookAdsApi) -> None:
    with pytest.raises(FacebookRequestError) as caught:
        ads_api.call("GET", ("me", "accounts"), params={"fields": "id,email"})
    error = caught.value
    assert error.api_error_code() == 100
    assert error.api_error_type() == "OAuthException"
    assert error.http_status() == 400
    assert error.get_message() is not None


def test_the_sdk_sees_that_a_token_died() -> None:
    with facebook() as fb:
        token = fb.long_token()
        fb.sandbox.trouble = "password changed"
        session = FacebookSession(APP_ID, APP_SECRET, token)
        session.GRAPH = fb.url
        with pytest.raises(FacebookRequestError) as caught:
            User("me", api=FacebookAdsApi(session, api_version="v26.0")).api_get()
        assert caught.value.api_error_code() == 190
        assert caught.value.api_error_subcode() == 460
