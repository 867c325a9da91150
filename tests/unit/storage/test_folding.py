"""How names are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.models.folding import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("CAFÉ", "cafe"),
        ("Cafe\u0301", "cafe"),  # the accent as a character of its own
        ("  Straße \n 12 ", "strasse 12"),
        ("İstanbul", "istanbul"),
        ("ΑΘΉΝΑ", "αθηνα"),
        ("Ёлка", "елка"),
        ("ﬁne Ｗｉｄｅ", "fine wide"),
        ("हिन्दी", "हिन्दी"),  # vowel signs are no accents
        ("100% <b>", "100% <b>"),
        ("", ""),
        ("\u0301", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_case_does_not_matter(text: str) -> None:
    assert fold(text.lower()) == fold(text.casefold())
