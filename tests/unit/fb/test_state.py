"""A state is ours, for this mode and app; anything else is refused with its reason."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fb.login.state import (
    MAX_STATE_LENGTH,
    StateError,
    StateForged,
    StateMalformed,
    StateSigner,
    VerifiedState,
    hash_nonce,
    new_nonce,
)

SECRET = "s" * 40
SIGNER = StateSigner(SECRET, "live", "123456789012345")
NONCE_HASH = hash_nonce("nonce")


@given(attempt_id=st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=64))
def test_what_was_signed_is_read_again(attempt_id: str) -> None:
    state = SIGNER.sign(attempt_id, NONCE_HASH)
    assert SIGNER.verify(state) == VerifiedState(attempt_id, NONCE_HASH)


@given(place=st.integers(0, 400), letter=st.sampled_from(string.printable + "é"))
def test_a_changed_letter_is_found_out(place: int, letter: str) -> None:
    state = SIGNER.sign("attempt", NONCE_HASH)
    place %= len(state)
    changed = state[:place] + letter + state[place + 1 :]
    # The last letter of base64 holds spare bits, which decode to the same signature.
    assume(changed != state and place != len(state) - 1)
    with pytest.raises(StateError):
        SIGNER.verify(changed)


@given(st.text(max_size=300))
def test_any_text_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(StateError):
        SIGNER.verify(text)


@pytest.mark.parametrize(
    "other",
    [
        StateSigner("t" * 40, "live", "123456789012345"),
        StateSigner(SECRET, "sandbox", "123456789012345"),
        StateSigner(SECRET, "live", "999999999999999"),
    ],
    ids=["another secret", "another mode", "another app"],
)
def test_the_state_of_another_salt_is_forged(other: StateSigner) -> None:
    with pytest.raises(StateForged):
        SIGNER.verify(other.sign("attempt", NONCE_HASH))


@pytest.mark.parametrize("length", [MAX_STATE_LENGTH + 1, 20_000, 1_000_000])
def test_a_long_state_is_refused_before_it_is_read(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(SIGNER, "_serializer")
    for text in ("a" * length, "." * length, "a.b.c" + "d" * length):
        with pytest.raises(StateMalformed):
            SIGNER.verify(text)


def test_a_genuine_signature_over_something_else_is_malformed() -> None:
    for payload in (["attempt"], ["attempt", 7], {"a": "b"}, "text", None):
        state = str(SIGNER._serializer.dumps(payload))
        with pytest.raises(StateMalformed):
            SIGNER.verify(state)


def test_a_refusal_carries_nothing_of_the_state() -> None:
    state = StateSigner(SECRET, "sandbox", "1").sign("attempt", NONCE_HASH)
    with pytest.raises(StateForged) as caught:
        SIGNER.verify(state)
    assert state not in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_it_fits_into_a_url_as_it_is() -> None:
    state = SIGNER.sign("0" * 32, NONCE_HASH)
    assert set(state) <= set(string.ascii_letters + string.digits + "-_.")
    assert len(state) < 300


def test_nonces_differ_and_their_hash_is_sha256() -> None:
    assert new_nonce() != new_nonce()
    assert len(new_nonce()) == 43  # 256 bits in base64
    assert hash_nonce("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(hash_nonce("\ud800")) == 64  # whatever a cookie may hold
