"""A state is ours, for this mode and app, in time; anything else is refused with its reason."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fb.login.state import (
    MAX_STATE_LENGTH,
    StateError,
    StateExpired,
    StateForged,
    StateMalformed,
    StateSigner,
    VerifiedState,
    hash_nonce,
    new_nonce,
)

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
SECRET = "s" * 40
SIGNER = StateSigner(SECRET, "live", "123456789012345")
NONCE_HASH = hash_nonce("nonce")
moments = st.integers(0, 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(
    attempt_id=st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=64),
    signed_at=moments,
    age_seconds=st.integers(0, 900),
)
def test_what_was_signed_is_read_again(
    attempt_id: str, signed_at: datetime, age_seconds: int
) -> None:
    state = SIGNER.sign(attempt_id, NONCE_HASH, signed_at)
    later = signed_at + timedelta(seconds=age_seconds)
    assert SIGNER.verify(state, later) == VerifiedState(attempt_id, NONCE_HASH)


@given(place=st.integers(0, 400), letter=st.sampled_from(string.printable + "é"))
def test_a_changed_letter_is_found_out(place: int, letter: str) -> None:
    state = SIGNER.sign("attempt", NONCE_HASH, NOW)
    place %= len(state)
    changed = state[:place] + letter + state[place + 1 :]
    # The last letter of base64 holds spare bits, which decode to the same signature.
    assume(changed != state and place != len(state) - 1)
    with pytest.raises(StateError):
        SIGNER.verify(changed, NOW)


@given(st.text(max_size=300))
def test_any_text_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(StateError):
        SIGNER.verify(text, NOW)


@pytest.mark.parametrize("minutes", [1, 5, 60])
def test_one_from_the_future_is_young(minutes: int) -> None:
    """The clock of the machine that signed it is ahead; the attempt's row ends the trip."""
    state = SIGNER.sign("attempt", NONCE_HASH, NOW + timedelta(minutes=minutes))
    assert SIGNER.verify(state, NOW).attempt_id == "attempt"


def test_its_age_is_counted_to_the_second() -> None:
    state = SIGNER.sign("attempt", NONCE_HASH, NOW)
    SIGNER.verify(state, NOW + timedelta(seconds=900))
    with pytest.raises(StateExpired):
        SIGNER.verify(state, NOW + timedelta(seconds=901))


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
        SIGNER.verify(other.sign("attempt", NONCE_HASH, NOW), NOW)


@pytest.mark.parametrize("length", [MAX_STATE_LENGTH + 1, 20_000, 1_000_000])
def test_a_long_state_is_refused_before_it_is_read(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(StateSigner, "_serializer")
    for text in ("a" * length, "." * length, "a.b.c" + "d" * length):
        with pytest.raises(StateMalformed):
            SIGNER.verify(text, NOW)


def test_a_genuine_signature_over_something_else_is_malformed() -> None:
    for payload in (["attempt"], ["attempt", 7], {"a": "b"}, "text", None):
        state = str(SIGNER._serializer(NOW).dumps(payload))
        with pytest.raises(StateMalformed):
            SIGNER.verify(state, NOW)


def test_a_refusal_carries_nothing_of_the_state() -> None:
    state = StateSigner(SECRET, "sandbox", "1").sign("attempt", NONCE_HASH, NOW)
    with pytest.raises(StateForged) as caught:
        SIGNER.verify(state, NOW)
    assert state not in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_it_fits_into_a_url_as_it_is() -> None:
    state = SIGNER.sign("0" * 32, NONCE_HASH, NOW)
    assert set(state) <= set(string.ascii_letters + string.digits + "-_.")
    assert len(state) < 300


def test_nonces_differ_and_their_hash_is_sha256() -> None:
    assert new_nonce() != new_nonce()
    assert len(new_nonce()) == 43  # 256 bits in base64
    assert hash_nonce("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(hash_nonce("\ud800")) == 64  # whatever a cookie may hold
