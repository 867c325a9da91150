"""Login's endpoints: what is sent where, and what an answer of any shape is taken for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from fb.graph import errors, oauth
from fb.graph.debug_token import TokenFacts, debug_token
from fb.graph.oauth import Identity, Permissions
from tests.unit.graph.scripted_graph import (
    APP_ID,
    APP_SECRET,
    Reply,
    Scripted,
    ScriptedGraph,
    error,
    replies,
)

REDIRECT_URI = "http://localhost:8501/connect"


def dialog(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "dialog_url": "https://www.facebook.com",
        "version": "v26.0",
        "app_id": APP_ID,
        "redirect_uri": REDIRECT_URI,
        "scopes": ("pages_show_list", "read_insights"),
        "config_id": None,
        "state": "a.b-c_d",
    }
    return oauth.authorization_url(**(arguments | changes))


def test_the_dialog_is_asked_for_exactly_this() -> None:
    parts = urlsplit(dialog())
    assert (parts.netloc, parts.path) == ("www.facebook.com", "/v26.0/dialog/oauth")
    assert parse_qsl(parts.query) == [
        ("client_id", APP_ID),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "pages_show_list,read_insights"),
        ("response_type", "code"),
        ("state", "a.b-c_d"),
        ("auth_type", "rerequest"),
        ("return_scopes", "true"),
    ]


def test_every_parameter_of_the_dialog_is_escaped() -> None:
    hostile = "x&client_id=1#/?+ é"
    query = urlsplit(dialog(state=hostile)).query
    assert dict(parse_qsl(query))["state"] == hostile
    assert "redirect_uri=http%3A%2F%2Flocalhost%3A8501%2Fconnect&" in query
    assert "scope=pages_show_list%2Cread_insights&" in query


def test_a_configuration_replaces_the_permissions() -> None:
    parameters = dict(parse_qsl(urlsplit(dialog(config_id="42")).query))
    assert parameters["config_id"] == "42"
    assert "scope" not in parameters


def exchange(scripted: Scripted, *answers: Reply) -> tuple[Any, ScriptedGraph]:
    client, script = scripted(replies(*answers))
    return oauth.exchange_code(client, redirect_uri=REDIRECT_URI, code="AQcode"), script


def test_a_code_travels_in_the_body_with_the_secret(scripted: Scripted) -> None:
    token, script = exchange(scripted, (200, {"access_token": "EAAx", "expires_in": 5183944}))
    assert token == "EAAx"
    (call,) = script.calls
    assert (call.method, call.path, call.token) == ("POST", "oauth/access_token", None)
    assert call.parameters == {
        "client_id": APP_ID,
        "client_secret": APP_SECRET,
        "redirect_uri": REDIRECT_URI,
        "code": "AQcode",
    }


@pytest.mark.parametrize(
    "refusal",
    [
        error(100, "This authorization code has been used.", error_subcode=36009),
        error(100, "This authorization code has expired.", error_subcode=36007),
        error(1, "Error validating client secret."),
        error(101),
        error(191),
        error(190),
    ],
)
def test_a_refused_code_means_a_new_login(scripted: Scripted, refusal: Reply) -> None:
    with pytest.raises(errors.CodeRejected) as caught:
        exchange(scripted, refusal)
    assert caught.value.code is not None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((500, {"error": {"code": 1}}), errors.TemporarilyDown),
        ((503, b"<html>"), errors.TemporarilyDown),
        (error(2), errors.TemporarilyDown),
        (error(4), errors.RateLimited),
        ((200, b""), errors.UnreadableAnswer),
        ((200, {}), errors.UnreadableAnswer),
        ((200, {"access_token": ""}), errors.UnreadableAnswer),
        ((200, {"access_token": "EAA\r\nX: y"}), errors.UnreadableAnswer),
        (errors.Unreachable(), errors.Unreachable),
    ],
)
def test_a_code_is_never_sent_twice(
    scripted: Scripted, answer: Reply, kind: type[Exception]
) -> None:
    client, script = scripted(replies(answer))
    with pytest.raises(kind):
        oauth.exchange_code(client, redirect_uri=REDIRECT_URI, code="AQcode")
    assert len(script.calls) == 1


def test_the_long_exchange_may_be_tried_again(scripted: Scripted) -> None:
    client, script = scripted(
        replies(errors.Unreachable(), error(2), (200, {"access_token": "EAAlong"}))
    )
    assert oauth.exchange_for_long_lived(client, "EAAshort") == "EAAlong"
    assert {call.method for call in script.calls} == {"POST"}
    assert script.calls[-1].parameters == {
        "client_id": APP_ID,
        "client_secret": APP_SECRET,
        "grant_type": "fb_exchange_token",
        "fb_exchange_token": "EAAshort",
    }


def debug(scripted: Scripted, data: object) -> TokenFacts:
    client, _ = scripted(replies((200, {"data": data})))
    return debug_token(client, "EAAx")


def test_a_token_is_described(scripted: Scripted) -> None:
    facts = debug(
        scripted,
        {
            "app_id": APP_ID,
            "type": "USER",
            "data_access_expires_at": 1791201612,
            "expires_at": 1788614674,
            "is_valid": True,
            "issued_at": 1783430674,
            "user_id": "100000000000001",
            "scopes": ["pages_show_list"],
            "granular_scopes": [
                {"scope": "pages_show_list", "target_ids": ["1", 2]},
                {"scope": "business_management"},
            ],
        },
    )
    assert (facts.is_valid, facts.app_id, facts.type) == (True, APP_ID, "USER")
    assert facts.expires_at == datetime(2026, 9, 5, 13, 24, 34, tzinfo=UTC)
    assert facts.issued_at == datetime(2026, 7, 7, 13, 24, 34, tzinfo=UTC)
    assert facts.granular == {"pages_show_list": ("1", "2"), "business_management": None}


def test_no_expiry_is_none(scripted: Scripted) -> None:
    never = debug(scripted, {"is_valid": True, "expires_at": 0, "issued_at": "1411072285"})
    assert never.expires_at is None
    assert never.issued_at == datetime(2014, 9, 18, 20, 31, 25, tzinfo=UTC)
    unknown = debug(scripted, {"is_valid": True, "expires_at": 10**30, "issued_at": -1})
    assert (unknown.expires_at, unknown.issued_at) == (None, None)


def test_ids_may_be_numbers(scripted: Scripted) -> None:
    facts = debug(
        scripted,
        {"is_valid": True, "app_id": int(APP_ID), "user_id": 9007199254740993},
    )
    assert (facts.app_id, facts.user_id) == (APP_ID, "9007199254740993")


def test_a_dead_token_is_an_answer_with_a_reason(scripted: Scripted) -> None:
    facts = debug(
        scripted,
        {"is_valid": False, "error": {"code": 190, "message": "x", "subcode": 460}, "scopes": []},
    )
    assert (facts.is_valid, facts.error_code, facts.error_subcode) == (False, 190, 460)
    assert not debug(scripted, {"is_valid": True, "error": {"code": 190}}).is_valid
    for no_answer in ({"is_valid": "true"}, {}):
        with pytest.raises(errors.UnreadableAnswer):
            debug(scripted, no_answer)


def test_a_refusal_of_the_app_says_nothing_of_the_account(scripted: Scripted) -> None:
    client, script = scripted(replies(error(190)))
    with pytest.raises(errors.Refused):
        debug_token(client, "EAAx")
    assert script.calls[0].token == f"{APP_ID}|{APP_SECRET}"


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}, {"data": "x"}, []])
def test_unreadable_answers_are_errors(scripted: Scripted, body: object) -> None:
    client, _ = scripted(lambda call: (200, body), patience_seconds=0)
    with pytest.raises(errors.UnreadableAnswer):
        debug_token(client, "EAAx")
    with pytest.raises(errors.UnreadableAnswer):
        oauth.fetch_identity(client, "EAAx")
    if body != {"data": []}:
        with pytest.raises(errors.UnreadableAnswer):
            oauth.fetch_permissions(client, "EAAx")


def test_the_account_is_named(scripted: Scripted) -> None:
    client, script = scripted(
        replies((200, {"id": "9007199254740993", "name": "Ada"}), (200, {"id": 7, "name": ""})),
    )
    assert oauth.fetch_identity(client, "EAAx") == Identity("9007199254740993", "Ada")
    assert oauth.fetch_identity(client, "EAAx") == Identity("7", "7")
    assert script.calls[0].parameters["fields"] == "id,name"


def test_permissions_are_what_was_really_granted(scripted: Scripted) -> None:
    entries = [
        {"permission": "public_profile", "status": "granted"},
        {"permission": "read_insights", "status": "declined"},
        {"permission": "pages_messaging", "status": "expired"},
        {"status": "granted"},
        "nonsense",
    ]
    client, _ = scripted(replies((200, {"data": entries})))
    assert oauth.fetch_permissions(client, "EAAx") == Permissions(
        granted=("public_profile",), declined=("read_insights", "pages_messaging")
    )


@pytest.mark.parametrize("answer", [b"true", {"success": True}, {"success": "true"}])
def test_revoking_is_done_when_facebook_says_so(scripted: Scripted, answer: object) -> None:
    client, script = scripted(replies((200, answer)))
    oauth.revoke(client, "100000000000001", "EAAx")
    assert (script.calls[0].method, script.calls[0].path) == (
        "DELETE",
        "100000000000001/permissions",
    )


@pytest.mark.parametrize("answer", [b"false", {"success": False}, {}, [], b'"true story"'])
def test_revoking_is_not_done_when_it_does_not(scripted: Scripted, answer: object) -> None:
    client, _ = scripted(replies((200, answer)))
    with pytest.raises(errors.UnreadableAnswer):
        oauth.revoke(client, "100000000000001", "EAAx")
