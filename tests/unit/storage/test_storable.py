"""Any text from Facebook becomes one that both databases take, and ordinary text stays itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.db.text import storable, storable_or_none


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("", ""),
        ("Café 🍞 مخبز", "Café 🍞 مخبز"),
        ("a\0b", "a\ufffdb"),
        ("half \ud83d", "half \ufffd"),
        ("\udf5e half", "\ufffd half"),
        ("\ud83d\udf5e a whole pair", "\U0001f75e a whole pair"),
        ("é\ud83d é", "é\ufffd é"),
    ],
)
def test_what_no_database_takes_is_replaced(text: str, stored: str) -> None:
    assert storable(text) == stored


@given(st.text(st.characters()))
def test_whatever_comes_can_be_encoded(text: str) -> None:
    stored = storable(text)
    stored.encode()
    assert "\0" not in stored
    assert storable(stored) == stored


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert storable(text) == text


def test_none_stays_none() -> None:
    assert storable_or_none(None) is None
    assert storable_or_none("a\0") == "a\ufffd"
