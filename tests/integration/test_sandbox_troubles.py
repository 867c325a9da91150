"""Standing troubles, faults on single calls, and the knobs over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from fb.sandbox import FAULTS, OFFERED_TROUBLES, TROUBLES
from tests.integration.sandbox_kit import ANNA, Facebook, error_of, facebook


@pytest.fixture
def fb() -> Iterator[Facebook]:
    """A sandbox of the test's own."""
    with facebook() as found:
        yield found


def test_what_a_person_may_choose() -> None:
    assert OFFERED_TROUBLES == (
        "none",
        "rate limit",
        "Facebook is down",
        "password changed",
        "permission withdrawn",
        "slow answers",
        "a retired metric",
    )
    assert all(trouble.sentence for trouble in TROUBLES.values())


def test_an_unknown_trouble_is_a_mistake(fb: Facebook) -> None:
    with pytest.raises(KeyError):
        fb.sandbox.trouble = "bad hair day"
    with pytest.raises(ValueError, match="no such fault"):
        fb.sandbox.inject("bad hair day")


def test_rate_limit_by_the_kind_of_token(fb: Facebook) -> None:
    token = fb.long_token()
    page = fb.list_pages(token, "id,access_token")[0]
    fb.sandbox.trouble = "rate limit"
    app = fb.get("me", token)
    assert error_of(app)["code"] == 4
    assert json.loads(app.headers["X-App-Usage"])["call_count"] > 100
    one = fb.get(page["id"], page["access_token"])
    assert error_of(one)["code"] == 80001
    usage = json.loads(one.headers["X-Business-Use-Case-Usage"])[page["id"]][0]
    assert usage["estimated_time_to_regain_access"] == 25
    item = {"method": "GET", "relative_url": f"me?access_token={page['access_token']}"}
    answer = fb.batch([item])[0]
    assert answer["code"] == 400
    assert "X-Business-Use-Case-Usage" in {header["name"] for header in answer["headers"]}
    fb.sandbox.trouble = "rate limit without a time"
    assert "X-Business-Use-Case-Usage" not in fb.get(page["id"], page["access_token"]).headers
    fb.sandbox.trouble = "user rate limit"
    assert error_of(fb.get("me", token))["code"] == 17
    assert fb.get(page["id"], page["access_token"]).status_code == 200
    fb.sandbox.trouble = "none"
    assert fb.get("me", token).status_code == 200


def test_facebook_is_down_for_everything_but_the_dialog(fb: Facebook) -> None:
    token = fb.long_token()
    code = fb.agree()["code"]
    fb.sandbox.trouble = "Facebook is down"
    for answer in (fb.get("me", token), fb.exchange(code)):
        assert answer.status_code == 503
        assert error_of(answer)["code"] == 2
        assert error_of(answer)["is_transient"] is True
    assert fb.dialog().status_code == 200
    fb.sandbox.trouble = "none"
    assert fb.exchange(code).status_code == 200


def test_permission_withdrawn_until_renewed(fb: Facebook) -> None:
    token = fb.long_token()
    page = fb.list_pages(token, "id,access_token")[0]
    fb.sandbox.trouble = "permission withdrawn"
    assert error_of(fb.get("me/accounts", token, fields="fan_count"))["code"] == 10
    refused = fb.get(page["id"], page["access_token"], fields="fan_count")
    assert error_of(refused)["code"] == 10
    assert "pages_read_engagement" not in fb.debug(token)["scopes"]
    renewed = fb.long_token()
    assert fb.get("me/accounts", renewed, fields="fan_count").status_code == 200


def test_slow_answers(fb: Facebook) -> None:
    token = fb.long_token()
    fb.sandbox.trouble, fb.sandbox.slow_seconds = "slow answers", 0.3
    assert fb.get("me", token).elapsed.total_seconds() > 0.25


def test_a_retired_field(fb: Facebook) -> None:
    token = fb.long_token()
    fb.sandbox.trouble = "retired field"
    answer = fb.get("me/accounts", token, fields="id,verification_status")
    assert "nonexisting field (verification_status)" in error_of(answer)["message"]
    assert fb.get("me/accounts", token, fields="id").status_code == 200


def test_null_items(fb: Facebook) -> None:
    token = fb.long_token()
    fb.sandbox.trouble = "null batch items"
    answers = fb.batch([{"method": "GET", "relative_url": "me"}] * 6, token)
    assert [answer is None for answer in answers] == [False, False, True, False, False, True]


# Faults


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("html", 502, "<!DOCTYPE"),
        ("empty", 200, ""),
        ("truncated", 200, '{"name":"A'),
        ("json string", 200, '"{'),
        ("200 with error", 200, '{"error"'),
        ("500", 500, '{"error"'),
        ("permanent 1", 500, '{"error"'),
        ("redirect", 307, ""),
        ("javascript", 200, '{"name"'),
    ],
)
def test_a_fault_strikes_one_call(fb: Facebook, kind: str, status: int, body: str) -> None:
    token = fb.long_token()
    fb.sandbox.inject(kind, call=2)
    assert fb.get("me", token).json()["id"] == ANNA
    struck = fb.get("me", token)
    assert struck.status_code == status
    assert struck.text.startswith(body)
    assert bool(struck.text) == bool(body)
    assert fb.get("me", token).json()["id"] == ANNA


def test_a_truncated_answer_is_no_json(fb: Facebook) -> None:
    token = fb.long_token()
    fb.sandbox.inject("truncated")
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|Expecting"):
        fb.get("me", token).json()


def test_a_permanent_one_says_so(fb: Facebook) -> None:
    token = fb.long_token()
    fb.sandbox.inject("permanent 1")
    error = error_of(fb.get("me", token))
    assert (error["code"], error["is_transient"], error["error_subcode"]) == (1, False, 1446036)


def test_a_redirect_leads_where_the_log_sees_it(fb: Facebook) -> None:
    fb.sandbox.inject("redirect", path="access_token")
    answer = fb.exchange(fb.agree()["code"])
    requests.post(answer.headers["Location"], timeout=10)
    assert fb.sandbox.calls[-1] == ("POST", "/elsewhere")


def test_a_cut_connection_before_and_after(fb: Facebook) -> None:
    code = fb.agree()["code"]
    fb.sandbox.inject("cut")
    with pytest.raises(requests.ConnectionError):
        fb.exchange(code)
    fb.sandbox.inject("cut after")
    with pytest.raises(requests.ConnectionError):
        fb.exchange(code)
    assert error_of(fb.exchange(code))["error_subcode"] == 36009


def test_too_much_data_above_a_limit(fb: Facebook) -> None:
    token = fb.long_token()
    fb.sandbox.inject("too much data", limit_above=12, times=99)
    refused = fb.get("me/accounts", token, limit=25)
    assert refused.status_code == 500
    assert "reduce the amount of data" in error_of(refused)["message"]
    assert len(fb.get("me/accounts", token, limit=12).json()["data"]) == 12


def test_an_error_of_one_s_own_on_one_path(fb: Facebook) -> None:
    token = fb.long_token()
    fb.sandbox.inject("error", path="accounts", code=368, subcode=7, status=403, message="No.")
    assert fb.get("me", token).status_code == 200
    refused = fb.get("me/accounts", token)
    assert refused.status_code == 403
    assert error_of(refused)["code"] == 368
    assert fb.get("me/accounts", token).status_code == 200


def test_spoilt_answers(fb: Facebook) -> None:
    fb.sandbox.inject("no expires_in")
    body = fb.exchange(fb.agree()["code"]).json()
    assert set(body) == {"access_token", "token_type"}
    fb.sandbox.inject("null items")
    item = {"method": "GET", "relative_url": "me"}
    assert fb.batch([item, item], body["access_token"]) == [None, None]
    fb.sandbox.inject("delay", seconds=0.2)
    assert fb.get("me", body["access_token"]).elapsed.total_seconds() > 0.15


def test_every_fault_has_been_thought_of(fb: Facebook) -> None:
    """Each kind of the table does something other than answer as usual, and none breaks."""
    token = fb.long_token()
    for kind in FAULTS:
        fb.sandbox.inject(kind, code=9, limit_above=1, seconds=0.01, path="accounts")
        try:
            answer = fb.get("me/accounts", token, limit=5)
        except requests.ConnectionError:
            assert kind.startswith("cut")
        else:
            assert answer.status_code in (200, 307, 400, 500, 502)
    assert fb.get("me/accounts", token).status_code == 200


def test_the_log_holds_no_secret(fb: Facebook) -> None:
    fb.list_pages(fb.long_token(), "access_token")
    log = str(fb.sandbox.calls)
    assert "/v26.0/me/accounts" in log
    assert not [secret for secret in fb.sandbox.issued_secrets if secret in log]
    fb.sandbox.clear_faults()
    assert fb.sandbox.calls == []


def test_the_knobs_over_http(fb: Facebook) -> None:
    token = fb.long_token()

    def turn(knob: str, **wish: object) -> int:
        return requests.post(f"{fb.url}/_control/{knob}", json=wish, timeout=10).status_code

    assert turn("advance", days=2) == 200
    assert turn("trouble", trouble="Facebook is down") == 200
    told = requests.get(f"{fb.url}/_control", timeout=10).json()
    assert told["now"].startswith("2026-11-24")
    assert told["trouble"] == "Facebook is down"
    assert token in told["issued"]
    assert turn("trouble", trouble="none") == 200
    assert turn("fault", kind="html") == 200
    assert fb.get("me", token).status_code == 502
    assert turn("withdraw", person_id=ANNA, permission="read_insights") == 200
    assert turn("remove-role", person_id=ANNA, page_id=fb.sandbox.world.pages[0].id) == 200
    assert turn("end-access", person_id=ANNA, subcode=459) == 200
    assert error_of(fb.get("me", token))["error_subcode"] == 459
    assert turn("clear") == 200
    assert turn("start-over") == 200
    assert turn("nonsense") == 400
    assert turn("trouble", trouble="nonsense") == 400
    assert turn("advance", days=-1) == 400
