"""Two clients that others wrote walk the sandbox: they judge how much like Facebook it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi, FacebookResponse
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from pyfacebook import FacebookError, GraphAPI

from tests.integration.facebook.sandbox_kit import (
    ANNA,
    APP_ID,
    APP_SECRET,
    REDIRECT_URI,
    SCOPES,
    Facebook,
    facebook,
)


@pytest.fixture(scope="module")
def fb() -> Iterator[Facebook]:
    """The sandbox under a path, 25 Pages at a time."""
    with facebook(prefix="/sandbox") as found:
        yield found


# python-facebook-api


def make_graph_api(fb: Facebook, **arguments: Any) -> GraphAPI:
    """The client with every address pointed at the sandbox."""
    return GraphAPI(
        app_id=APP_ID,
        app_secret=APP_SECRET,
        version="v24.0",
        base_url=f"{fb.url}/",
        authorization_url=f"{fb.url}/dialog/oauth",
        access_token_url=f"{fb.url}/oauth/access_token",
        redirect_uri=REDIRECT_URI,
        scope=SCOPES.split(","),
        **arguments,
    )


@pytest.fixture
def traveller(fb: Facebook, monkeypatch: pytest.MonkeyPatch) -> GraphAPI:
    """A client that has been to the dialog and exchanged its code."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the library wants https elsewhere
    api = make_graph_api(fb, oauth_flow=True)
    address, state = api.get_authorization_url()
    onward = address.replace("/dialog/oauth?", "/dialog/oauth/continue?")
    location = requests.get(onward, allow_redirects=False, timeout=10).headers["Location"]
    assert parse_qs(urlsplit(location).query)["state"] == [state]
    token = api.exchange_user_access_token(response=location)
    assert token["access_token"] == api.access_token
    assert token["expires_in"] > 3000
    return api


def test_pyfacebook_makes_the_token_long_lived(fb: Facebook, traveller: GraphAPI) -> None:
    body = traveller.exchange_long_lived_user_access_token()
    assert body["expires_in"] == 5183944
    app = make_graph_api(fb, application_only_auth=True)
    facts = app.debug_token(body["access_token"])["data"]
    assert facts["is_valid"] is True
    assert facts["user_id"] == ANNA
    assert set(SCOPES.split(",")) < set(facts["scopes"])


def test_pyfacebook_lists_every_page(traveller: GraphAPI) -> None:
    body = traveller.get_full_connections("me", "accounts", count=None, limit=7, fields="id,name")
    assert len({page["id"] for page in body["data"]}) == 58


def test_pyfacebook_follows_next_with_its_token(traveller: GraphAPI) -> None:
    """It takes everything that ``next`` says as the parameters of its next call."""
    body = traveller.get_full_connections("me", "accounts", count=None, fields="id,access_token")
    assert len(body["data"]) == 58


def test_pyfacebook_reads_nodes_edges_and_usage(fb: Facebook, traveller: GraphAPI) -> None:
    page_id = fb.sandbox.world.pages[0].id
    node = traveller.get_object(page_id, fields="id,name,fan_count,picture.width(80){url}")
    assert node["name"] == "Bäckerei Morgenrot"
    two = traveller.get_objects(f"{page_id},{ANNA}", fields="id,name")
    assert set(two) == {page_id, ANNA}
    picture = traveller.get_connection(page_id, "picture")
    assert picture["content-type"] == "image/png"
    granted = traveller.get_connection("me", "permissions")["data"]
    assert {"permission": "pages_show_list", "status": "granted"} in granted
    assert traveller.rate_limit.get_limit().call_count > 0
    page_token = traveller.exchange_page_access_token(page_id)
    by_page = make_graph_api(fb, access_token=page_token)
    assert by_page.get_object("me")["id"] == page_id
    assert by_page.rate_limit.get_limit(page_id, "pages").call_count > 0


def test_pyfacebook_understands_a_refusal(traveller: GraphAPI) -> None:
    with pytest.raises(FacebookError) as caught:
        traveller.get_object("me", fields="email_address")
    assert caught.value.code == 100
    assert caught.value.fbtrace_id


def test_pyfacebook_takes_the_app_away(fb: Facebook) -> None:
    with facebook() as other:
        api = make_graph_api(other, access_token=other.long_token())
        assert api.delete_object("me", "permissions/read_insights") == {"success": True}
        rows = api.get_connection("me", "permissions")["data"]
        assert {"permission": "read_insights", "status": "declined"} in rows


# facebook-business


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


def test_the_sdk_reads_permissions_pictures_and_insights(
    fb: Facebook, ads_api: FacebookAdsApi
) -> None:
    rows = list(User(ANNA, api=ads_api).get_permissions())
    assert {row["status"] for row in rows} == {"granted"}
    token = fb.list_pages(fb.long_token(), "access_token")[0]["access_token"]
    page_api = FacebookAdsApi(FacebookSession(APP_ID, APP_SECRET, token), api_version="v26.0")
    page = Page(fb.sandbox.world.pages[0].id, api=page_api)
    pictures = list(page.get_picture(params={"redirect": False}))
    assert pictures[0]["is_silhouette"] is False
    params = {"metric": "page_follows", "since": "2026-11-01", "until": "2026-11-04"}
    response = page_api.call("GET", (page["id"], "insights"), params=params)
    assert len(response.json()["data"][0]["values"]) == 3


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
