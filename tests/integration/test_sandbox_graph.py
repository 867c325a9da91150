"""Nodes, edges, versions, headers and batches of the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.integration.sandbox_kit import (
    ANNA,
    APP_ID,
    APP_TOKEN,
    BEN,
    NOW,
    Facebook,
    error_of,
    facebook,
)


@pytest.fixture(scope="module")
def fb() -> Iterator[Facebook]:
    """A sandbox in which nothing ends."""
    with facebook(prefix="/sandbox") as found:
        yield found


@pytest.fixture(scope="module")
def token(fb: Facebook) -> str:
    """Anna's long-lived user access token."""
    return fb.long_token()


@pytest.fixture(scope="module")
def pages(fb: Facebook, token: str) -> list[dict[str, Any]]:
    """Anna's Pages with their tokens."""
    return fb.list_pages(token, "id,name,access_token,username")


def test_me_is_who_the_token_says(fb: Facebook, token: str, pages: list[dict[str, Any]]) -> None:
    assert fb.get("me", token).json() == {"name": "Anna Keller", "id": ANNA}
    assert fb.get(ANNA, token, fields="id,first_name").json() == {"first_name": "Anna", "id": ANNA}
    assert fb.get("me", pages[0]["access_token"]).json()["name"] == pages[0]["name"]
    assert error_of(fb.get("me", APP_TOKEN))["code"] == 2500
    assert fb.get(APP_ID, APP_TOKEN).json()["id"] == APP_ID
    assert error_of(fb.get("me", token, fields="nonsense"))["code"] == 100


def test_a_page_by_its_own_token_and_by_its_person_s(
    fb: Facebook, token: str, pages: list[dict[str, Any]]
) -> None:
    page = pages[0]
    for each in (token, page["access_token"]):
        found = fb.get(page["id"], each, fields="name,fan_count,followers_count").json()
        assert list(found) == ["name", "fan_count", "followers_count", "id"]
    assert fb.get(page["username"], token).json()["id"] == page["id"]
    assert (
        fb.get(page["id"], token, fields="access_token").json()["access_token"]
        == (page["access_token"])
    )


def test_tasks_and_accounts_are_no_fields_of_a_page(
    fb: Facebook, token: str, pages: list[dict[str, Any]]
) -> None:
    for name in ("tasks", "accounts", "email"):
        error = error_of(fb.get(pages[0]["id"], token, fields=name))
        assert error["message"] == f"(#100) Tried accessing nonexisting field ({name})"


def test_what_is_not_there_or_not_theirs(
    fb: Facebook, token: str, pages: list[dict[str, Any]]
) -> None:
    hidden = fb.sandbox.world.pages[59].id
    for name in ("999", hidden, BEN):
        error = error_of(fb.get(name, token))
        assert (error["code"], error["error_subcode"]) == (100, 33)
        assert error["type"] == "GraphMethodException"
    assert fb.get(pages[1]["id"], pages[0]["access_token"]).status_code == 400
    alias = fb.get("no.such.page", token)
    assert alias.status_code == 404
    assert error_of(alias)["code"] == 803
    assert error_of(fb.get("me/nonsense", token))["code"] == 2500
    assert error_of(fb.send("POST", pages[0]["id"], token))["error_subcode"] == 33


def test_figures_of_another_day(fb: Facebook, token: str, pages: list[dict[str, Any]]) -> None:
    """Any day can be asked for; the token is judged by the present."""

    def fans(day: str) -> int:
        address = f"{fb.url}/at/{day}/v26.0/{pages[0]['id']}"
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.get(address, params={"fields": "fan_count"}, headers=headers, timeout=10)
        return int(answer.json()["fan_count"])

    today = fb.get(pages[0]["id"], token, fields="fan_count").json()["fan_count"]
    assert fans("2026-11-22") == today
    assert len({fans("2026-08-01"), fans("2026-09-01"), fans("2019-05-05")}) == 3
    answer = requests.get(f"{fb.url}/at/2026-02-30/v26.0/me", timeout=10)
    assert error_of(answer)["code"] == 2500


def test_listing_as_of_another_day_stays_there(fb: Facebook, token: str) -> None:
    address = f"{fb.url}/at/2026-08-01/v26.0/me/accounts"
    body = requests.get(address, params={"access_token": token}, timeout=10).json()
    assert "/at/2026-08-01/v26.0/" in body["paging"]["next"]


def test_pictures(fb: Facebook, token: str, pages: list[dict[str, Any]]) -> None:
    path = f"{pages[0]['id']}/picture"
    redirect = fb.get(path, token, width=80)
    assert redirect.status_code == 302
    assert "/80x80.png" in redirect.headers["Location"]
    data = fb.get(path, token, redirect="0", type="large").json()["data"]
    assert (data["width"], data["height"]) == (200, 200)
    assert data["url"].startswith(f"{fb.url}/pictures/")
    assert "?oe=" in data["url"]
    image = requests.get(data["url"], timeout=10)
    assert image.headers["Content-Type"] == "image/png"
    for wrong in ("pictures/1/9x9.png", "pictures/silhouette/9999x9.png", "pictures/silhouette/x"):
        assert requests.get(f"{fb.url}/{wrong}", timeout=10).status_code == 404


def test_ids_gives_all_or_refuses_all(
    fb: Facebook, token: str, pages: list[dict[str, Any]]
) -> None:
    first, second = pages[0]["id"], pages[1]["id"]
    both = fb.get("", token, ids=f"{first},{second}", fields="name").json()
    assert set(both) == {first, second}
    assert error_of(fb.get("", token, ids=f"{first},999"))["error_subcode"] == 33
    assert error_of(fb.get("", token, ids=",".join(["1"] * 51)))["code"] == 100


@pytest.mark.parametrize(
    ("asked", "served"),
    [("v26.0", "v26.0"), ("v21.0", "v21.0"), ("v19.0", "v21.0"), ("v20.0", "v21.0")],
)
def test_an_expired_version_is_served_as_the_oldest_living_one(
    fb: Facebook, token: str, asked: str, served: str
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{fb.url}/{asked}/me", headers=headers, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["facebook-api-version"] == served
    assert ("x-ad-api-version-warning" in answer.headers) == (asked != served)


def test_no_version_and_a_future_one(fb: Facebook, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{fb.url}/me", headers=headers, timeout=10)
    assert answer.headers["facebook-api-version"] == "v21.0"
    future = requests.get(f"{fb.url}/v99.0/me", headers=headers, timeout=10)
    assert error_of(future)["code"] == 2500


def test_versions_expire_by_the_sandbox_s_clock() -> None:
    with facebook() as fb:
        fb.sandbox.advance(100)
        fb.version = "v21.0"
        assert fb.get("me", fb.short_token()).headers["facebook-api-version"] == "v22.0"


def test_wire_form_of_an_answer(fb: Facebook, token: str, pages: list[dict[str, Any]]) -> None:
    answer = fb.get("me/accounts", token, fields="name,link")
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.content.isascii()
    assert b"B\\u00e4ckerei" in answer.content
    assert b"https:\\/\\/www.facebook.com\\/" in answer.content
    assert set(json.loads(answer.headers["X-App-Usage"])) == {
        "call_count",
        "total_cputime",
        "total_time",
    }
    page = fb.get(pages[0]["id"], pages[0]["access_token"])
    usage = json.loads(page.headers["X-Business-Use-Case-Usage"])[pages[0]["id"]][0]
    assert usage["type"] == "pages"
    assert usage["estimated_time_to_regain_access"] == 0


def test_wire_form_of_a_refusal(fb: Facebook, token: str) -> None:
    answer = fb.get("me", token, fields="naïve\nx")
    assert answer.headers["WWW-Authenticate"].startswith(
        'OAuth "Facebook Platform" "invalid_request"'
    )
    dead = fb.get("me", "EAAx")
    assert '"invalid_token"' in dead.headers["WWW-Authenticate"]
    assert dead.headers["facebook-api-version"] == "v26.0"
    assert dead.headers["Cache-Control"] == "no-store"


def test_permissions_are_listed_and_taken_back() -> None:
    with facebook() as fb:
        token = fb.long_token(no="read_insights")
        rows = fb.get("me/permissions", token).json()["data"]
        states = {row["permission"]: row["status"] for row in rows}
        assert states["read_insights"] == "declined"
        assert states["pages_show_list"] == "granted"
        declined = fb.get("me/permissions", token, status="declined").json()["data"]
        assert declined == [{"permission": "read_insights", "status": "declined"}]
        gone = fb.send("DELETE", f"{ANNA}/permissions/pages_show_list", token)
        assert gone.json() == {"success": True}
        one = fb.get("me/permissions", token, permission="pages_show_list").json()["data"]
        assert one == [{"permission": "pages_show_list", "status": "declined"}]
        assert error_of(fb.send("DELETE", "me/permissions/nonsense", token))["code"] == 100
        assert fb.send("DELETE", f"{ANNA}/permissions", token).text == "true"
        assert error_of(fb.get("me", token))["error_subcode"] == 458


def test_method_may_be_a_parameter() -> None:
    with facebook() as fb:
        token = fb.long_token()
        fb.send("POST", "me/permissions", token, data={"method": "delete"})
        assert error_of(fb.get("me", token))["error_subcode"] == 458


def test_insights(fb: Facebook, token: str, pages: list[dict[str, Any]]) -> None:
    page = pages[0]
    path, page_token = f"{page['id']}/insights", page["access_token"]
    params = {
        "metric": "page_follows,page_views_total",
        "since": "2026-11-01",
        "until": "2026-11-08",
    }
    body = fb.get(path, page_token, **params).json()
    assert [series["name"] for series in body["data"]] == ["page_follows", "page_views_total"]
    assert len(body["data"][0]["values"]) == 7
    assert body["data"][0]["values"][0]["end_time"] == "2026-11-02T08:00:00+0000"
    assert set(body["paging"]) == {"previous", "next"}
    dead = error_of(fb.get(path, page_token, metric="page_follows,page_fans"))
    assert dead["message"] == "(#100) The value must be a valid insights metric"
    assert error_of(fb.get(path, page_token))["error_subcode"] == 1504028
    assert error_of(fb.get(path, token, metric="page_follows"))["code"] == 190
    lame = next(p for p in pages if p["name"] == "Kletterhalle Gipfel")
    refused = fb.get(f"{lame['id']}/insights", lame["access_token"], metric="page_follows")
    assert error_of(refused)["code"] == 10
    long_ago = {"since": "2026-01-01", "until": "2026-11-08"}
    assert error_of(fb.get(path, page_token, metric="page_follows", **long_ago))["code"] == 100


# Batches


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
    assert isinstance(json.loads(answers[0]["body"])["fan_count"], int)
    assert json.loads(answers[1]["body"])["error"]["code"] == 100
    assert json.loads(answers[2]["body"])["id"] == first["id"]
    headers = [{header["name"]: header["value"] for header in a["headers"]} for a in answers]
    assert "WWW-Authenticate" in headers[1]
    assert headers[3]["Location"].endswith(".png?oe=" + headers[3]["Location"].split("oe=")[1])
    assert "X-Business-Use-Case-Usage" in headers[2]


def test_items_carry_their_own_proofs(fb: Facebook, pages: list[dict[str, Any]]) -> None:
    mint = fb.sandbox.mint

    def item(page: dict[str, Any], proof: str) -> dict[str, str]:
        query = f"access_token={page['access_token']}&appsecret_proof={proof}"
        return {"method": "GET", "relative_url": f"{page['id']}?{query}"}

    right = [item(page, mint.proof(page["access_token"])) for page in pages[:3]]
    assert [answer["code"] for answer in fb.batch(right)] == [200, 200, 200]
    wrong = [item(page, mint.proof("another")) for page in pages[:3]]
    assert [answer["code"] for answer in fb.batch(wrong)] == [400, 400, 400]


def test_the_outer_proof_serves_items_without_a_token_only(
    fb: Facebook, token: str, pages: list[dict[str, Any]]
) -> None:
    items = [
        {"method": "GET", "relative_url": "me"},
        {"method": "GET", "relative_url": f"me?access_token={pages[0]['access_token']}"},
    ]
    proof = fb.sandbox.mint.proof(token)
    answers = fb.batch(items, token, appsecret_proof=proof)
    assert [answer["code"] for answer in answers] == [200, 200]
    fb.sandbox.trouble = "app secret proof required"
    try:
        answers = fb.batch(items, token, appsecret_proof=proof)
        assert [answer["code"] for answer in answers] == [200, 400]
    finally:
        fb.sandbox.trouble = "none"


def test_headers_can_be_left_out(fb: Facebook, token: str) -> None:
    answers = fb.batch([{"method": "GET", "relative_url": "me"}], token, include_headers="false")
    assert set(answers[0]) == {"code", "body"}


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '"x"'])
def test_a_batch_that_is_none(fb: Facebook, token: str, text: str) -> None:
    assert error_of(fb.send("POST", "", token, data={"batch": text}))["code"] == 100


def test_at_most_fifty_and_no_batch_in_a_batch(fb: Facebook, token: str) -> None:
    item = {"method": "GET", "relative_url": "me"}
    assert len(fb.batch([item] * 50, token)) == 50
    answer = fb.batch([item] * 51, token)
    assert answer["error"]["type"] == "GraphBatchException"
    inner = {"method": "POST", "relative_url": "", "body": "batch=[]"}
    assert fb.batch([inner], token)[0]["code"] == 400


def test_a_batch_of_another_day(fb: Facebook, token: str, pages: list[dict[str, Any]]) -> None:
    item = {"method": "GET", "relative_url": f"{pages[0]['id']}?fields=fan_count"}
    data = {"batch": json.dumps([item]), "access_token": token}
    answer = requests.post(f"{fb.url}/at/2026-06-01/v26.0/", data=data, timeout=10).json()
    alone = requests.get(
        f"{fb.url}/at/2026-06-01/v26.0/{pages[0]['id']}",
        params={"fields": "fan_count", "access_token": token},
        timeout=10,
    ).json()
    assert json.loads(answer[0]["body"]) == alone


def test_the_clock_moves_the_figures() -> None:
    with facebook() as fb:
        page = fb.list_pages(fb.long_token(), "id,access_token")[0]
        before = fb.get(page["id"], page["access_token"], fields="fan_count").json()
        fb.sandbox.advance(30)
        assert fb.sandbox.now() == NOW + timedelta(days=30)
        after = fb.get(page["id"], page["access_token"], fields="fan_count").json()
        assert before != after
