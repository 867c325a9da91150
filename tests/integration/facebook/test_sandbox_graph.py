"""The sandbox's Graph: what a token may read, days, versions, proofs and troubles."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from starlette.types import Message

from fb.sandbox import create_sandbox
from fb.sandbox.graph import http_handler
from tests.integration.facebook.sandbox_kit import (
    APP_TOKEN,
    BEN,
    NOW,
    Facebook,
    error_of,
    facebook,
)


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


def test_next_holds_the_token_and_the_last_page_a_cursor(fb: Facebook, token: str) -> None:
    first = fb.get("me/accounts", token, fields="id,name", limit=25).json()
    onward = requests.get(first["paging"]["next"], timeout=10).json()
    assert token in first["paging"]["next"]
    assert onward["data"][0]["id"] == fb.sandbox.world.pages[25].id
    last = fb.get("me/accounts", token, limit=100).json()
    assert set(last["paging"]) == {"cursors"}
    after = last["paging"]["cursors"]["after"]
    assert fb.get("me/accounts", token, after=after).json() == {"data": []}


def test_a_proof_is_checked_in_each_item(fb: Facebook, pages: list[dict[str, Any]]) -> None:
    def item(page: dict[str, Any], proof: str) -> dict[str, str]:
        query = f"access_token={page['access_token']}&appsecret_proof={proof}"
        return {"method": "GET", "relative_url": f"{page['id']}?{query}"}

    right = fb.sandbox.mint.proof(pages[0]["access_token"])
    answers = fb.batch([item(pages[0], right), item(pages[1], right)])
    assert [answer["code"] for answer in answers] == [200, 400]


# Troubles and faults


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


def test_it_says_whether_figures_can_be_read(own: Facebook) -> None:
    """What a trouble has ended stays ended until a person agrees again."""
    sandbox = own.sandbox

    def reads() -> bool:
        return sandbox.gives_figures

    own.long_token()
    assert reads()
    for trouble, after in (
        ("rate limit", True),
        ("Facebook is down", True),
        ("password changed", False),
        ("permission withdrawn", False),
    ):
        sandbox.trouble = trouble
        assert not reads(), trouble
        sandbox.trouble = "none"
        assert reads() is after, trouble
        own.long_token()
        assert reads()


def test_the_log_holds_no_secret_and_the_secrets_are_known(own: Facebook) -> None:
    code = own.agree()["code"]
    token = own.exchange(code).json()["access_token"]
    page_token = own.list_pages(token, "access_token")[0]["access_token"]
    assert {code, token, page_token} <= own.sandbox.issued_secrets
    assert ("GET", "/v26.0/me/accounts") in own.sandbox.calls
    assert not [secret for secret in own.sandbox.issued_secrets if secret in str(own.sandbox.calls)]


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_is_read_up_to_a_limit(content_type: str) -> None:
    """Not to its end and cut afterwards; a client may send for ever."""
    read = 0
    statuses = []

    async def receive() -> Message:
        nonlocal read
        read += 100_000
        return {"type": "http.request", "body": b"x" * 100_000, "more_body": True}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v26.0/oauth/access_token",
        "query_string": b"",
        "headers": [(b"content-type", content_type.encode())],
    }
    sandbox = create_sandbox(
        app_id="1",
        app_secret="x",
        redirect_uri="http://localhost:8501/connect",
        state_path=None,
        real_now=lambda: NOW,
    )

    async def ask() -> None:
        await sandbox.app(scope, receive, send)

    asyncio.run(ask())
    assert statuses[0] in (400, 413)  # a part of a form has a limit of its own
    assert read < 3_000_000
