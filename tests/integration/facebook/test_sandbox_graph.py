"""The sandbox's Graph: cursors, fields, insights, batches, headers, troubles and faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from fb.sandbox.graph import http_handler
from tests.integration.facebook.sandbox_kit import (
    ANNA,
    APP_TOKEN,
    BEN,
    Facebook,
    error_of,
    facebook,
)
from tests.sandbox_faults.faults import KINDS


@pytest.fixture(scope="module")
def fb() -> Iterator[Facebook]:
    """A sandbox in which nothing ends, mounted under a path."""
    with facebook(prefix="/sandbox", page_limit=100) as found:
        yield found


@pytest.fixture(scope="module")
def token(fb: Facebook) -> str:
    """Anna's long-lived user access token."""
    return fb.long_token()


@pytest.fixture(scope="module")
def pages(fb: Facebook, token: str) -> list[dict[str, Any]]:
    """Anna's Pages with their tokens."""
    return fb.list_pages(token, "id,name,access_token,username")


@pytest.fixture
def own() -> Iterator[Facebook]:
    """A sandbox of the test's own, to be disturbed."""
    with facebook() as found:
        yield found


# Cursors


@settings(max_examples=15, deadline=None)
@given(limit=st.integers(1, 130))
def test_joined_result_pages_equal_the_list(fb: Facebook, token: str, limit: int) -> None:
    walked = [page["id"] for page in fb.list_pages(token, "id", limit=limit)]
    assert walked == [page.id for page in fb.sandbox.world.pages[:58]]


def test_next_holds_the_token_and_the_last_page_a_cursor(fb: Facebook, token: str) -> None:
    first = fb.get("me/accounts", token, fields="id,name", limit=25).json()
    onward = requests.get(first["paging"]["next"], timeout=10).json()
    assert token in first["paging"]["next"]
    assert onward["data"][0]["id"] == fb.sandbox.world.pages[25].id
    last = fb.get("me/accounts", token, limit=100).json()
    assert set(last["paging"]) == {"cursors"}
    after = last["paging"]["cursors"]["after"]
    assert fb.get("me/accounts", token, after=after).json() == {"data": []}


def test_at_most_25_pages_a_call(own: Facebook) -> None:
    token = own.long_token()
    assert len(own.get("me/accounts", token, limit=100).json()["data"]) == 25
    assert len(own.list_pages(token, limit=100)) == 58


# Nodes and fields


def test_the_world_is_awkward(fb: Facebook, token: str) -> None:
    listed = fb.list_pages(token, "id,name,category,is_published,fan_count,tasks,access_token")
    by_name = {page["name"]: page for page in listed}
    assert "access_token" not in by_name["Stadtapotheke Bamberg"]
    assert "ANALYZE" not in by_name["Kletterhalle Gipfel"]["tasks"]
    assert by_name["Eisdiele Dolce Vita"]["is_published"] is False
    assert by_name["Neueröffnung: Kaffeewagen Nr. 7"]["fan_count"] == 0
    assert "fan_count" not in by_name["Nachbarschaftshilfe Südvorstadt"]
    assert "category" not in by_name["K"]


def test_what_a_token_may_not_read(fb: Facebook, token: str, pages: list[dict[str, Any]]) -> None:
    for name in ("999", fb.sandbox.world.pages[59].id, BEN):
        error = error_of(fb.get(name, token))
        assert (error["code"], error["error_subcode"]) == (100, 33)
    assert fb.get(pages[1]["id"], pages[0]["access_token"]).status_code == 400
    assert error_of(fb.get("me", APP_TOKEN))["code"] == 2500
    assert error_of(fb.get("me/accounts", token, fields="id,email"))["code"] == 100
    assert error_of(fb.get("me/accounts", token, fields="id,,name"))["code"] == 2500


def test_what_a_permission_is_needed_for(own: Facebook) -> None:
    token = own.short_token(no="pages_read_engagement")
    assert error_of(own.get("me/accounts", token, fields="id,fan_count"))["code"] == 10
    assert own.get("me/accounts", token, fields="id,name,tasks,access_token").status_code == 200
    assert own.list_pages(own.short_token(BEN, no="pages_show_list")) == []
    fewer = {page["name"] for page in own.list_pages(own.short_token(no="business_management"))}
    assert len(fewer) == 55
    assert "Moda Ipanema" not in fewer


def test_the_path_and_the_clock_choose_the_day(own: Facebook) -> None:
    page = own.list_pages(own.long_token(), "id,access_token")[0]
    params = {"fields": "fan_count", "access_token": page["access_token"]}

    def fans(day: str = "") -> int:
        answer = requests.get(f"{own.url}{day}/v26.0/{page['id']}", params=params, timeout=10)
        return int(answer.json()["fan_count"])

    today = fans()
    assert fans("/at/2026-11-22") == today
    assert len({today, fans("/at/2026-08-01"), fans("/at/2019-05-05")}) == 3
    later = fans("/at/2026-12-22")
    own.sandbox.advance(30)
    assert fans() == later


def test_insights(fb: Facebook, token: str, pages: list[dict[str, Any]]) -> None:
    path, page_token = f"{pages[0]['id']}/insights", pages[0]["access_token"]
    week = {"since": "2026-11-01", "until": "2026-11-08"}
    body = fb.get(path, page_token, metric="page_follows,page_views_total", **week).json()
    assert [series["name"] for series in body["data"]] == ["page_follows", "page_views_total"]
    assert len(body["data"][0]["values"]) == 7
    assert body["data"][0]["values"][0]["end_time"] == "2026-11-02T08:00:00+0000"
    assert error_of(fb.get(path, page_token, metric="page_follows,page_fans"))["code"] == 100
    assert error_of(fb.get(path, token, metric="page_follows"))["code"] == 190
    without_analyze = next(page for page in pages if page["name"] == "Kletterhalle Gipfel")
    refused = fb.get(
        f"{without_analyze['id']}/insights", without_analyze["access_token"], metric="page_follows"
    )
    assert error_of(refused)["code"] == 10


# Versions, headers, batches


def test_an_expired_version_is_served_as_the_oldest_living_one(fb: Facebook, token: str) -> None:
    def served(version: str) -> str | None:
        params = {"access_token": token}
        answer = requests.get(f"{fb.url}/{version}/me", params=params, timeout=10)
        return answer.headers["facebook-api-version"] if answer.ok else None

    assert [served(name) for name in ("v26.0", "v19.0", ".", "v99.0")] == [
        *("v26.0", "v21.0", "v21.0"),
        None,
    ]


def test_usage_and_the_wire_form(fb: Facebook, token: str, pages: list[dict[str, Any]]) -> None:
    answer = fb.get("me/accounts", token, fields="name,link")
    assert b"B\\u00e4ckerei" in answer.content
    assert b"https:\\/\\/www.facebook.com\\/" in answer.content
    assert json.loads(answer.headers["X-App-Usage"])["call_count"] > 0
    page = fb.get(pages[0]["id"], pages[0]["access_token"])
    usage = json.loads(page.headers["X-Business-Use-Case-Usage"])[pages[0]["id"]][0]
    assert usage["estimated_time_to_regain_access"] == 0
    assert '"invalid_token"' in fb.get("me", "EAAx").headers["WWW-Authenticate"]


def test_a_batch_answers_each_item_for_itself(
    fb: Facebook, token: str, pages: list[dict[str, Any]]
) -> None:
    first = pages[0]
    answers = fb.batch(
        [
            {"method": "GET", "relative_url": f"{first['id']}?fields=fan_count"},
            {"method": "GET", "relative_url": "v26.0/me/accounts?fields=email"},
            {"method": "GET", "relative_url": f"/me?access_token={first['access_token']}"},
            {"method": "GET", "relative_url": f"{first['id']}/picture"},
            {"method": "GET"},
        ],
        token,
    )
    assert [answer["code"] for answer in answers] == [200, 400, 200, 302, 400]
    assert json.loads(answers[2]["body"])["id"] == first["id"]
    assert "X-Business-Use-Case-Usage" in {header["name"] for header in answers[2]["headers"]}
    item = {"method": "GET", "relative_url": "me"}
    assert len(fb.batch([item] * 50, token)) == 50
    assert fb.batch([item] * 51, token)["error"]["type"] == "GraphBatchException"


def test_a_proof_is_checked_in_each_item(fb: Facebook, pages: list[dict[str, Any]]) -> None:
    def item(page: dict[str, Any], proof: str) -> dict[str, str]:
        query = f"access_token={page['access_token']}&appsecret_proof={proof}"
        return {"method": "GET", "relative_url": f"{page['id']}?{query}"}

    right = fb.sandbox.mint.proof(pages[0]["access_token"])
    answers = fb.batch([item(pages[0], right), item(pages[1], right)])
    assert [answer["code"] for answer in answers] == [200, 400]


# Troubles and faults


def test_a_rate_limit_names_its_end_for_pages_only(own: Facebook) -> None:
    token = own.long_token()
    page = own.list_pages(token, "id,access_token")[0]
    own.sandbox.trouble = "rate limit"
    assert error_of(own.get("me", token))["code"] == 4
    refused = own.get(page["id"], page["access_token"])
    assert error_of(refused)["code"] == 80001
    usage = json.loads(refused.headers["X-Business-Use-Case-Usage"])[page["id"]][0]
    assert usage["estimated_time_to_regain_access"] == 25


def test_down_slow_and_withdrawn(own: Facebook, monkeypatch: pytest.MonkeyPatch) -> None:
    token = own.long_token()
    own.sandbox.trouble = "Facebook is down"
    assert own.get("me", token).status_code == 503
    assert own.dialog().status_code == 200
    own.sandbox.trouble = "slow answers"
    monkeypatch.setattr(http_handler, "SLOW_SECONDS", 0.3)
    assert own.get("me", token).elapsed.total_seconds() > 0.25
    own.sandbox.trouble = "permission withdrawn"
    own.sandbox.trouble = "none"
    assert error_of(own.get("me/accounts", token, fields="fan_count"))["code"] == 10
    assert own.get("me/accounts", own.long_token(), fields="fan_count").status_code == 200


@pytest.mark.parametrize("kind", sorted(KINDS - {"null items"}))
def test_a_fault_strikes_the_planned_call_only(own: Facebook, kind: str) -> None:
    token = own.long_token()
    fields = "id,name,verification_status" if kind == "retired field" else "id,name"

    def ask() -> str:
        try:
            answer = own.get("me/accounts", token, fields=fields, limit=2)
        except requests.ConnectionError:
            return "cut"
        return "late" if answer.elapsed.total_seconds() > 0.15 else answer.text

    right = ask()
    own.sandbox.inject(kind, call=2, path="/accounts", code=9, limit_above=1, seconds=0.2)
    first, second, third = ask(), ask(), ask()
    assert first == third == right
    assert second != right


def test_items_of_a_batch_are_left_undone(own: Facebook) -> None:
    token, items = own.long_token(), [{"method": "GET", "relative_url": "me"}] * 4
    own.sandbox.inject("null items", every=3)
    assert [answer is None for answer in own.batch(items, token)] == [False, False, True, False]


def test_the_log_holds_no_secret_and_the_secrets_are_known(own: Facebook) -> None:
    code = own.agree()["code"]
    token = own.exchange(code).json()["access_token"]
    page_token = own.list_pages(token, "access_token")[0]["access_token"]
    assert {code, token, page_token} <= own.sandbox.issued_secrets
    assert ("GET", "/v26.0/me/accounts") in own.sandbox.calls
    assert not [secret for secret in own.sandbox.issued_secrets if secret in str(own.sandbox.calls)]


def test_a_lost_role_ends_the_page_token_and_hides_the_page(own: Facebook) -> None:
    token = own.long_token()
    page = own.list_pages(token, "id,access_token")[0]
    own.sandbox.remove_role(ANNA, page["id"])
    assert error_of(own.get("me", page["access_token"]))["error_subcode"] == 492
    assert page["id"] not in {listed["id"] for listed in own.list_pages(token)}
