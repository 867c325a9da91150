"""Exchanges, lifetimes, endings and debug_token of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.integration.sandbox_kit import (
    ANNA,
    APP_ID,
    APP_SECRET,
    APP_TOKEN,
    BEN,
    NOW,
    REDIRECT_URI,
    Facebook,
    error_of,
    facebook,
)

DAY = 86_400
THEN = int(NOW.timestamp())


@pytest.fixture
def fb() -> Iterator[Facebook]:
    """A sandbox of the test's own: here things end."""
    with facebook() as found:
        yield found


def code_and_subcode(answer: requests.Response) -> tuple[int, int | None]:
    """What a refusal is classified by."""
    assert answer.status_code == 400
    error = error_of(answer)
    return error["code"], error.get("error_subcode")


def test_a_code_becomes_a_short_lived_token(fb: Facebook) -> None:
    answer = fb.exchange(fb.agree()["code"])
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"access_token", "token_type", "expires_in"}
    assert body["token_type"] == "bearer"
    assert 3600 <= body["expires_in"] <= 7200
    assert body["access_token"].startswith("EAA")
    assert body["access_token"].isalnum()


def test_the_exchange_works_by_get_too(fb: Facebook) -> None:
    params = {
        "client_id": APP_ID,
        "client_secret": APP_SECRET,
        "redirect_uri": REDIRECT_URI,
        "code": fb.agree()["code"],
    }
    assert fb.get("oauth/access_token", **params).json()["access_token"]


def test_a_code_works_once(fb: Facebook) -> None:
    code = fb.agree()["code"]
    assert fb.exchange(code).status_code == 200
    assert code_and_subcode(fb.exchange(code)) == (100, 36009)


def test_a_code_is_tied_to_the_redirect_uri_and_survives_the_mistake(fb: Facebook) -> None:
    code = fb.agree()["code"]
    wrong = fb.exchange(code, redirect_uri=REDIRECT_URI + "/")
    assert code_and_subcode(wrong) == (100, 36008)
    assert fb.exchange(code).status_code == 200


def test_a_code_lives_ten_minutes() -> None:
    moments = [NOW]
    with facebook(real_now=lambda: moments[0]) as fb:
        code, late = fb.agree()["code"], fb.agree()["code"]
        moments[0] = NOW.replace(minute=11)
        assert fb.exchange(code).status_code == 200
        moments[0] = NOW.replace(minute=12)
        assert code_and_subcode(fb.exchange(late)) == (100, 36007)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"code": "AQnonsense"}, (100, 36009)),
        ({"code": "x" * 5000}, (100, 36009)),
        ({"redirect_uri": "/connect"}, (191, None)),
        ({"client_secret": "wrong"}, (1, None)),
        ({"client_secret": "wröng"}, (1, None)),
        ({"client_id": "100000000000002"}, (101, None)),
        ({"code": ""}, (1, None)),
        ({"grant_type": "password"}, (100, None)),
    ],
)
def test_a_wrong_exchange_is_refused(
    fb: Facebook, form: dict[str, str], expected: tuple[int, int | None]
) -> None:
    code = fb.agree()["code"]
    assert code_and_subcode(fb.exchange(**({"code": code} | form))) == expected
    assert fb.exchange(code).status_code == 200


def test_missing_credentials_are_named(fb: Facebook) -> None:
    answer = fb.send("POST", "oauth/access_token", data={"client_secret": "x"})
    assert error_of(answer)["message"] == "Missing client_id parameter."


def test_a_long_lived_token_lives_sixty_days_and_stays_when_exchanged_again(fb: Facebook) -> None:
    body = fb.prolong(fb.short_token()).json()
    assert body["expires_in"] == 5183944
    fb.sandbox.advance(10)
    again = fb.prolong(body["access_token"]).json()
    assert again["access_token"] == body["access_token"]
    assert again["expires_in"] == 5183944 - 10 * DAY
    fb.sandbox.advance(50)
    assert code_and_subcode(fb.get("me", body["access_token"])) == (190, 463)


def test_an_expired_or_foreign_token_cant_be_prolonged(fb: Facebook) -> None:
    token = fb.short_token()
    fb.sandbox.advance(1)
    assert code_and_subcode(fb.prolong(token)) == (190, 463)
    assert code_and_subcode(fb.prolong("EAAnonsense")) == (190, None)
    assert code_and_subcode(fb.prolong(APP_TOKEN)) == (190, None)
    assert code_and_subcode(fb.prolong("")) == (1, None)


def test_the_app_token_comes_by_client_credentials(fb: Facebook) -> None:
    params = {"client_id": APP_ID, "client_secret": APP_SECRET, "grant_type": "client_credentials"}
    body = fb.get("oauth/access_token", **params).json()
    assert set(body) == {"access_token", "token_type"}
    facts = fb.get("debug_token", body["access_token"], input_token=body["access_token"]).json()
    assert facts["data"]["type"] == "APP"


def test_debug_token_knows_a_user_token(fb: Facebook) -> None:
    facts = fb.debug(fb.long_token())
    assert facts["app_id"] == APP_ID
    assert facts["type"] == "USER"
    assert facts["is_valid"] is True
    assert facts["user_id"] == ANNA
    assert facts["issued_at"] == THEN
    assert facts["expires_at"] == THEN + 5183944
    assert facts["data_access_expires_at"] == THEN + 90 * DAY
    assert "pages_show_list" in facts["scopes"]
    assert {"scope": "pages_show_list"} in facts["granular_scopes"]


def test_debug_token_names_the_targets_of_a_restricted_grant(fb: Facebook) -> None:
    facts = fb.debug(fb.short_token(off="3"))
    entry = next(e for e in facts["granular_scopes"] if e["scope"] == "pages_show_list")
    first, second, third = (page.id for page in fb.sandbox.world.pages[:3])
    assert third in entry["target_ids"]
    assert not {first, second} & set(entry["target_ids"])


def test_page_tokens_of_a_long_lived_token_never_expire(fb: Facebook) -> None:
    listed = fb.list_pages(fb.long_token(), "id,access_token")
    facts = fb.debug(listed[0]["access_token"])
    assert facts["type"] == "PAGE"
    assert facts["expires_at"] == 0
    assert facts["profile_id"] == listed[0]["id"]
    assert facts["user_id"] == ANNA
    assert facts["data_access_expires_at"] == THEN + 90 * DAY
    fb.sandbox.advance(200)
    assert fb.get(listed[0]["id"], listed[0]["access_token"]).status_code == 200


def test_page_tokens_of_a_short_lived_token_die_with_it(fb: Facebook) -> None:
    listed = fb.list_pages(fb.short_token(), "id,access_token")
    assert fb.debug(listed[0]["access_token"])["expires_at"] > 0
    fb.sandbox.advance(1)
    assert code_and_subcode(fb.get("me", listed[0]["access_token"])) == (190, 463)


def test_the_same_user_token_brings_the_same_page_token(fb: Facebook) -> None:
    token = fb.long_token()
    assert fb.list_pages(token, "access_token") == fb.list_pages(token, "access_token")


def test_debug_token_of_a_dead_token_is_no_error_of_the_call(fb: Facebook) -> None:
    token = fb.long_token()
    fb.sandbox.end_access(ANNA, 460)
    facts = fb.debug(token)
    assert facts["is_valid"] is False
    assert facts["error"]["code"] == 190
    assert facts["error"]["subcode"] == 460
    assert facts["user_id"] == ANNA
    assert fb.debug("nonsense")["is_valid"] is False


def test_debug_token_needs_the_app_or_the_token_itself(fb: Facebook) -> None:
    token, other = fb.long_token(), fb.long_token(BEN)
    assert code_and_subcode(fb.get("debug_token", other, input_token=token)) == (100, None)
    assert fb.get("debug_token", token, input_token=token).status_code == 200
    assert code_and_subcode(fb.get("debug_token", "EAAx", input_token=token)) == (190, None)
    assert code_and_subcode(fb.get("debug_token", APP_TOKEN)) == (100, None)


@pytest.mark.parametrize(
    ("trouble", "subcode"),
    [("password changed", 460), ("app removed", 458), ("expired token", 463)],
)
def test_trouble_ends_access_and_renewing_mends_it(
    fb: Facebook, trouble: str, subcode: int
) -> None:
    token = fb.long_token()
    page = fb.list_pages(token, "id,access_token")[0]
    fb.sandbox.trouble = trouble
    assert code_and_subcode(fb.get("me", token)) == (190, subcode)
    assert code_and_subcode(fb.get(page["id"], page["access_token"])) == (190, subcode)
    renewed = fb.long_token()
    assert fb.get("me", renewed).status_code == 200
    assert code_and_subcode(fb.get("me", token)) == (190, subcode)
    fb.sandbox.trouble = "none"
    assert code_and_subcode(fb.get("me", token)) == (190, subcode)


def test_one_person_s_ending_is_nobody_else_s(fb: Facebook) -> None:
    anna, ben = fb.long_token(), fb.long_token(BEN)
    fb.sandbox.end_access(ANNA, 460)
    assert fb.get("me", anna).status_code == 400
    assert fb.get("me", ben).status_code == 200


def test_unticking_a_page_later_ends_its_tokens(fb: Facebook) -> None:
    pages = fb.list_pages(fb.long_token(), "id,access_token")
    fb.agree(off="1")
    assert code_and_subcode(fb.get("me", pages[0]["access_token"])) == (190, 467)
    assert fb.get("me", pages[1]["access_token"]).status_code == 200
    fb.agree()  # ticked again: new tokens work, the old one stays dead
    assert code_and_subcode(fb.get("me", pages[0]["access_token"])) == (190, 467)


def test_a_lost_role_ends_the_page_token_and_hides_the_page(fb: Facebook) -> None:
    token = fb.long_token()
    page = fb.list_pages(token, "id,access_token")[0]
    fb.sandbox.remove_role(ANNA, page["id"])
    assert code_and_subcode(fb.get("me", page["access_token"])) == (190, 492)
    assert page["id"] not in {listed["id"] for listed in fb.list_pages(token)}


def test_start_over_ends_everything(fb: Facebook) -> None:
    token, code = fb.long_token(), fb.agree()["code"]
    fb.sandbox.advance(30)
    fb.sandbox.trouble = "rate limit"
    fb.sandbox.start_over()
    assert fb.sandbox.now() == NOW
    assert fb.sandbox.trouble == "none"
    assert code_and_subcode(fb.get("me", token)) == (190, 467)
    assert fb.exchange(code).status_code == 400
    assert fb.get("me", fb.long_token()).status_code == 200


def test_every_way_to_carry_a_token_works(fb: Facebook) -> None:
    token = fb.long_token()
    address = f"{fb.url}/v26.0/me"
    for headers, params in (
        ({"Authorization": f"Bearer {token}"}, {}),
        ({"Authorization": f"OAuth {token}"}, {}),
        ({}, {"access_token": token}),
    ):
        answer = requests.get(address, headers=headers, params=params, timeout=10)
        assert answer.json()["id"] == ANNA


def test_the_proof_is_looked_at_whenever_it_is_sent(fb: Facebook) -> None:
    token = fb.long_token()
    right = fb.sandbox.mint.proof(token)
    assert fb.get("me", token, appsecret_proof=right).status_code == 200
    wrong = fb.get("me", token, appsecret_proof="0" * 64)
    assert code_and_subcode(wrong) == (100, None)
    assert error_of(wrong)["type"] == "GraphMethodException"
    fb.sandbox.trouble = "app secret proof required"
    assert code_and_subcode(fb.get("me", token)) == (100, None)
    assert fb.get("me", token, appsecret_proof=right).status_code == 200


def test_a_page_token_wants_a_proof_of_its_own(fb: Facebook) -> None:
    token = fb.long_token()
    page = fb.list_pages(token, "id,access_token")[0]
    proof = fb.sandbox.mint.proof(token)
    refused = fb.get(page["id"], page["access_token"], appsecret_proof=proof)
    assert code_and_subcode(refused) == (100, None)


def test_unreadable_tokens(fb: Facebook) -> None:
    assert code_and_subcode(fb.get("me")) == (2500, None)
    assert code_and_subcode(fb.get(ANNA)) == (104, None)
    assert code_and_subcode(fb.get("me", "EAAabc")) == (190, None)
    assert "Malformed access token" in error_of(fb.get("me", access_token="a b$"))["message"]
    code = fb.agree()["code"]
    assert code_and_subcode(fb.get("me", code)) == (190, None)


def test_secrets_handed_out_are_known_to_tests_only(fb: Facebook) -> None:
    code = fb.agree()["code"]
    token = fb.exchange(code).json()["access_token"]
    page_token = fb.list_pages(token, "access_token")[0]["access_token"]
    assert {code, token, page_token} <= fb.sandbox.issued_secrets
    assert code not in repr(fb.sandbox.mint.read(code, "code"))
    with facebook(test_controls=False) as other:
        with pytest.raises(RuntimeError):
            _ = other.sandbox.issued_secrets
        with pytest.raises(RuntimeError):
            other.sandbox.inject("cut")
        assert requests.get(f"{other.url}/_control", timeout=10).status_code == 400
