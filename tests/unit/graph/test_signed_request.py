"""Signed requests: Facebook's are read, and everything else is refused before it is parsed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fb.graph import signed_request
from fb.graph.signed_request import SignedRequest, SignedRequestError, read_signed_request
from tests.present import NOW
from tests.signed_requests import encode, payload_of, sign

SECRET = "app-secret-of-the-tests-0123456789abcdef"
ISSUED = NOW.replace(microsecond=0)
GOOD = sign(payload_of(), SECRET)
# What Facebook sent when a Page removed the app: times as text, and nobody's user id.
OF_A_PAGE = {
    "algorithm": "HMAC-SHA256",
    "issued_at": str(int(NOW.timestamp())),
    "profile_id": "324556365474",
    "user_id": None,
}


def read(text: str) -> SignedRequest:
    return read_signed_request(text, SECRET, NOW)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in payload_of().items() if key != name}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (payload_of(), SignedRequest("account", "1", ISSUED)),
        (payload_of(102030405060708090), SignedRequest("account", "102030405060708090", ISSUED)),
        (payload_of("7", profile_id="8"), SignedRequest("account", "7", ISSUED)),
        (OF_A_PAGE, SignedRequest("page", "324556365474", ISSUED)),
        (OF_A_PAGE | {"profile_id": 12}, SignedRequest("page", "12", ISSUED)),
        (payload_of(user={"country": "de"}), SignedRequest("account", "1", ISSUED)),
    ],
)
def test_what_facebook_signs_is_read(payload: object, expected: SignedRequest) -> None:
    assert read(sign(payload, SECRET)) == expected
    assert "id=" not in repr(expected)


@pytest.mark.parametrize(
    "payload",
    [
        *(["1"], "1", 1, None, b"", b"{", b"\xff\xfe", b'{"user_id": ' * 20_000),
        b'{"issued_at": NaN, "algorithm": "HMAC-SHA256", "user_id": "1"}',
        payload_of(algorithm="HMAC-SHA1"),
        payload_of(algorithm="none"),
        payload_of(algorithm=None),
        payload_of(algorithm=["HMAC-SHA256"]),
        without("algorithm"),
        *(payload_of(issued_at=None), payload_of(issued_at="soon"), payload_of(issued_at=True)),
        *(payload_of(issued_at=-1), payload_of(issued_at=1.5), payload_of(issued_at=2**63)),
        without("issued_at"),
        *(payload_of("x"), payload_of(""), payload_of("1/2"), payload_of("1" * 33)),
        *(payload_of(-1), payload_of([1]), payload_of(None), payload_of("x", profile_id="1")),
        without("user_id"),
        OF_A_PAGE | {"profile_id": "١٢"},
    ],
    ids=repr,
)
def test_a_payload_that_is_none_of_facebooks_is_refused(payload: object) -> None:
    with pytest.raises(SignedRequestError):
        read(sign(payload, SECRET))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: ".",
        lambda text: text.replace(".", ""),
        lambda text: f"{text}.",
        lambda text: f"{text}.{text}",
        lambda text: f".{text}",
        lambda text: text.partition(".")[0] + ".",
        lambda text: "." + text.partition(".")[2],
        lambda text: f"{text}=",
        lambda text: text.replace(".", "=."),
        lambda text: f" {text}",
        lambda text: f"{text}\n",
        lambda text: f"{text}é",
        lambda text: f"é{text}",
        lambda text: f"{text}A",
        lambda text: f"A{text}",
        lambda text: text.replace(".", "A."),
        lambda text: text.upper(),
        lambda text: sign(payload_of(), SECRET + "x"),
        lambda text: sign(payload_of(), ""),
        lambda text: f"{encode(b'')}.{encode(b'{}')}",
    ],
)
def test_what_was_not_signed_exactly_so_is_refused(change: Callable[[str], str]) -> None:
    assert read(GOOD).id == "1"
    with pytest.raises(SignedRequestError):
        read(change(GOOD))


def test_bits_beyond_the_signature_are_refused() -> None:
    """A signature of 32 bytes leaves two bits of its last character unused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    signature, payload = GOOD.split(".")
    last = alphabet[alphabet.index(signature[-1]) + 1]
    with pytest.raises(SignedRequestError):
        read(f"{signature[:-1]}{last}.{payload}")


@pytest.mark.parametrize(("minutes", "is_read"), [(-600_000, True), (4, True), (6, False)])
def test_only_what_is_from_the_future_is_too_young(minutes: int, is_read: bool) -> None:
    text = sign(payload_of(issued_at=NOW + timedelta(minutes=minutes)), SECRET)
    if is_read:
        assert read(text).id == "1"
    else:
        with pytest.raises(SignedRequestError, match="future"):
            read(text)


def test_the_length_is_bounded_before_anything_else() -> None:
    longest = sign(payload_of(note="x" * 12_000), SECRET)
    assert len(longest) < signed_request.MAX_LENGTH
    assert read(longest).id == "1"
    with pytest.raises(SignedRequestError, match="too long"):
        read(sign(payload_of(note="x" * 13_000), SECRET))


def test_nothing_is_parsed_before_the_signature_was_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[bytes] = []
    monkeypatch.setattr(signed_request, "read_json", parsed.append)
    with pytest.raises(SignedRequestError, match="secret"):
        read(sign(payload_of(), "another secret"))
    assert parsed == []


def test_a_refusal_repeats_nothing() -> None:
    text = sign(payload_of("4711000"), "another secret")
    with pytest.raises(SignedRequestError) as caught:
        read(text)
    assert caught.value.__cause__ is None
    assert text[:10] not in str(caught.value)
    with pytest.raises(SignedRequestError) as caught:
        read(sign(b'{"user_id": 4711000', SECRET))
    assert caught.value.__context__ is None


@given(st.text() | st.binary().map(encode).map(lambda part: f"{part}.{part}"))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(SignedRequestError):
        read(text)


@given(st.dictionaries(st.text(max_size=9), st.none() | st.text() | st.integers(), max_size=4))
def test_any_payload_is_read_or_refused(values: dict[str, Any]) -> None:
    payload = json.dumps({**payload_of(), **values}).encode()
    with contextlib.suppress(SignedRequestError):
        assert read(sign(payload, SECRET)).id.isdigit()
