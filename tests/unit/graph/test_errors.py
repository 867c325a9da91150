"""Every answer of Graph's becomes exactly one error, decided by code, subcode and is_transient."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fb.graph import errors
from fb.graph.errors import FacebookError, FieldUnknown, PageMoved, RateLimited, translate

BUSINESS_USAGE = (
    '{"100000000000001":[{"type":"pages","call_count":100,"total_cputime":20,"total_time":20,'
    '"estimated_time_to_regain_access":17}]}'
)


def refuse(status: int = 400, headers: dict[str, str] | None = None, **facts: Any) -> FacebookError:
    return translate(status, {"error": facts}, headers or {})


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"code": 190}, errors.AccessEnded),
        ({"code": 102}, errors.AccessEnded),
        ({"code": 459}, errors.AccessEnded),
        ({"code": 200, "error_subcode": 458}, errors.AccessEnded),
        ({"code": 190, "error_subcode": 460, "is_transient": True}, errors.AccessEnded),
        ({"code": 190, "is_transient": True}, errors.TemporarilyDown),
        ({"code": 4}, errors.RateLimited),
        ({"code": 4, "is_transient": True}, errors.RateLimited),
        ({"code": 32}, errors.RateLimited),
        ({"code": 613, "error_subcode": 1996}, errors.RateLimited),
        ({"code": 80001}, errors.RateLimited),
        ({"code": 10}, errors.PermissionMissing),
        ({"code": 3}, errors.PermissionMissing),
        ({"code": 200}, errors.PermissionMissing),
        ({"code": 299}, errors.PermissionMissing),
        ({"code": 300}, errors.Refused),
        ({"code": 1}, errors.TemporarilyDown),
        ({"code": 1, "error_subcode": 1446036, "is_transient": False}, errors.Refused),
        ({"code": 100}, errors.Refused),
        ({"code": 100, "is_transient": True}, errors.TemporarilyDown),
        ({"code": 100, "error_subcode": 33}, errors.NotFound),
        ({"code": 803}, errors.NotFound),
        ({"code": 368}, errors.Blocked),
        ({"code": 368, "is_transient": True}, errors.Blocked),
        ({"code": 2500}, errors.Refused),
        ({}, errors.Refused),
        ({"code": "190"}, errors.AccessEnded),
        ({"code": True}, errors.Refused),
    ],
)
def test_code_subcode_and_transience_decide(facts: dict[str, Any], kind: type) -> None:
    assert type(translate(400, {"error": facts}, {})) is kind


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
def test_a_known_code_beats_the_http_status(status: int) -> None:
    assert type(refuse(status, code=190)) is errors.AccessEnded
    assert type(refuse(status, code=17)) is errors.RateLimited


def test_the_status_decides_where_the_body_says_nothing() -> None:
    assert type(translate(503, None, {})) is errors.TemporarilyDown
    assert type(translate(500, {"error": {}}, {})) is errors.TemporarilyDown
    assert type(translate(404, None, {})) is errors.UnreadableAnswer
    assert type(translate(200, "Service Unavailable", {})) is errors.UnreadableAnswer
    assert type(translate(307, {"error": {"code": 1}}, {})) is errors.RedirectRefused


def test_an_unknown_field_is_named() -> None:
    for suffix in ("", " on node type (Page)"):
        text = f"(#100) Tried accessing nonexisting field (created_time){suffix}"
        error = refuse(code=100, message=text)
        assert isinstance(error, FieldUnknown)
        assert error.field == "created_time"


def test_asking_for_less_is_told_from_trying_again() -> None:
    text = "Please reduce the amount of data you're asking for, then retry your request"
    error = refuse(500, code=1, message=text)
    assert type(error) is errors.TooMuchData
    assert not error.is_transient


@pytest.mark.parametrize(
    ("code", "scope"),
    [(4, "app"), (341, "app"), (17, "account"), (32, "account"), (80001, "account")],
)
def test_a_limit_names_its_scope_and_its_end(code: int, scope: str) -> None:
    error = refuse(code=code, headers={"x-business-use-case-usage": BUSINESS_USAGE})
    assert isinstance(error, RateLimited)
    assert (error.scope, error.retry_after_seconds) == (scope, 17 * 60)
    assert not error.is_transient
    unnamed = refuse(code=code)
    assert isinstance(unnamed, RateLimited)
    assert unnamed.retry_after_seconds is None


def test_a_new_id_of_a_page_is_read_from_the_message() -> None:
    text = "(#21) Page ID 114267748588304 was migrated to page ID 111013272313096.  Please update"
    error = refuse(code=21, message=text)
    assert isinstance(error, PageMoved)
    assert error.new_id == "111013272313096"
    assert "111013272313096" not in str(error)
    for unreadable in ("", "Page ID 1 was migrated to page ID <b>", f"to page ID {'9' * 40}"):
        assert type(refuse(code=21, message=unreadable)) is errors.Refused
    assert type(refuse(code=100, message=text)) is errors.Refused


def test_older_envelopes_are_understood() -> None:
    old = {"error_code": 190, "error_description": "Error validating access token"}
    assert type(translate(400, old, {})) is errors.AccessEnded
    instagram = {"error_type": "OAuthException", "code": 400, "error_message": "no"}
    assert type(translate(400, instagram, {})) is errors.Refused
    debug = translate(200, {"error": {"code": 190, "subcode": 460, "message": "x"}}, {})
    assert (debug.code, debug.subcode) == (190, 460)


def test_what_may_pass_is_marked() -> None:
    passing = {errors.Unreachable, errors.UnreadableAnswer, errors.TemporarilyDown}
    for kind in all_kinds():
        assert kind.transient is (kind in passing), kind


def test_the_text_is_numbers_and_words_of_our_own() -> None:
    message = "Malformed access token EAABsbCS1234567890 of Ada Lovelace"
    error = refuse(code=190, error_subcode=463, message=message, fbtrace_id="AbC_1-2")
    assert str(error) == (
        "Facebook ended this access (code 190, subcode 463, HTTP status 400, trace AbC_1-2)"
    )
    assert "EAAB" not in repr(error) + str(error.args)


def test_a_trace_id_that_is_none_is_not_repeated() -> None:
    for text in ("EAAB" * 40, "<b>", "a b", "", 7):
        assert refuse(code=1, fbtrace_id=text).trace_id is None
    assert refuse(code=1, headers={"x-fb-trace-id": "Xyz"}).trace_id == "Xyz"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "error": json_values
        | st.fixed_dictionaries(
            {},
            optional={
                "code": st.integers(0, 1000) | json_values,
                "error_subcode": st.integers(0, 500) | json_values,
                "is_transient": json_values,
                "message": json_values,
                "fbtrace_id": json_values,
            },
        ),
        "error_code": json_values,
        "error_type": json_values,
    },
)


@given(
    status=st.integers(100, 599),
    body=json_values | envelopes,
    usage=st.text(max_size=40) | st.just(BUSINESS_USAGE),
)
def test_translation_is_total(status: int, body: object, usage: str) -> None:
    error = translate(status, body, {"X-Business-Use-Case-Usage": usage, "x-app-usage": usage})
    assert type(error) in set(all_kinds())
    assert str(error)


def all_kinds() -> list[type[FacebookError]]:
    found: list[type[FacebookError]] = []
    waiting: list[type[FacebookError]] = [FacebookError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting.extend(kind.__subclasses__())
    return found


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    for kind in all_kinds():
        assert f" {kind.__name__}" in (errors.__doc__ or "").replace("\n", " \n"), kind
