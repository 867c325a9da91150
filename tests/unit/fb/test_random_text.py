"""A secret that hands typed is refused, and one that a generator made never is."""

from __future__ import annotations

import base64
from collections.abc import Callable
from math import comb
from random import Random

import pytest
from cryptography.fernet import Fernet

from fb.settings_table import (
    KNOWN_TEXT,
    MIN_REPETITION_LENGTH,
    SETTINGS,
    Wrong,
    check_random_text,
    is_repetitive,
)


@pytest.mark.parametrize(
    "text",
    [
        "s" * 43,
        "0123456789" * 4,
        "0123456789abcdef" * 4,
        "9876543210" * 4,
        "changeme" * 5,
        "ChangeMechangeMECHANGEME" + "changeme" * 2,
        "changeme1changeme2changeme3changeme4",
        "correct horse battery staple " * 2,
        "correct-horse-battery-staple-Correct-Horse-Battery-Staple",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "qwertyuiopasdfghjklzxcvbnm1234567890",
        "ssssssssssssssssssssssssssssssst" * 2,
        "a" * 20 + "b" * 20,
        "ab" * 16,
        "ß" * 40,
        "replace-me-with-32-or-more-random-characters",
    ],
)
def test_what_hands_type_is_refused_with_the_way_to_make_one(text: str) -> None:
    with pytest.raises(Wrong, match=r"no random text.*token_urlsafe") as refusal:
        check_random_text(text)
    assert text not in str(refusal.value)


GENERATORS: dict[str, Callable[[bytes], str]] = {
    "secrets.token_urlsafe(32)": lambda drawn: base64.urlsafe_b64encode(drawn).decode().rstrip("="),
    "openssl rand -hex 32": bytes.hex,
    "openssl rand -base64 32": lambda drawn: base64.b64encode(drawn).decode(),
}


@pytest.mark.parametrize("encode", GENERATORS.values(), ids=GENERATORS)
def test_what_a_generator_makes_is_taken(encode: Callable[[bytes], str]) -> None:
    random = Random(20261128)
    for _ in range(2_000):
        text = encode(random.randbytes(32))
        assert check_random_text(text) == text


@pytest.mark.parametrize(
    ("length", "ratio", "alphabet"),
    [
        pytest.param(64, 1 / 16, "0123456789abcdef", id="hex"),
        # Case is folded: two of the 64 signs become one letter. The last of 43 signs bears 4 bits
        # only, and "=" after it none, so two signs are left out of what has to repeat.
        pytest.param(44, 2 / 64, None, id="base64"),
    ],
)
def test_it_is_wrong_for_fewer_than_one_in_1e14(
    length: int, ratio: float, alphabet: str | None
) -> None:
    """Sum, over every way to lay ``pieces`` repetitions, of the chance that all of them repeat.

    A piece begins and ends anywhere, copies from any sign before it, and each of its signs is the
    copied one with a chance of ``ratio`` at most.
    """
    windows = [KNOWN_TEXT[i : i + MIN_REPETITION_LENGTH] for i in range(len(KNOWN_TEXT))]
    known = sum(1 for window in windows if alphabet is None or set(window) <= set(alphabet))
    spare = 0 if alphabet else 2
    chance = 0.0
    for pieces in range(1, length // MIN_REPETITION_LENGTH + 1):
        repeated = max(length // 2, pieces * MIN_REPETITION_LENGTH) - spare
        ways = comb(length + 1, 2 * pieces) * (known + length) ** pieces
        chance += ways * ratio**repeated
    assert chance < 1e-14


def test_only_the_key_that_seals_must_be_random() -> None:
    """What an old key sealed must stay readable, or it could not be sealed anew."""
    check = next(setting.check for setting in SETTINGS if setting.name == "TOKEN_ENCRYPTION_KEYS")
    typed = base64.urlsafe_b64encode(bytes(32)).decode()
    assert is_repetitive(typed)
    with pytest.raises(Wrong, match="Put a new one before it"):
        check(typed)
    new = Fernet.generate_key().decode()
    assert check(f"{new},{typed}") == (new, typed)
