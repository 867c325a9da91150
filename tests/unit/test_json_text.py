"""JSON as it is stored: whatever Facebook says comes back as it was, written in one way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.json_text import to_json

TEXTS = st.text(st.characters(), max_size=20)  # half surrogate pairs and NUL among them
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**80), 2**80), TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert json.loads(to_json(value)) == value


def test_there_is_no_surplus_space_whoever_writes() -> None:
    assert to_json({"city": "Ål", "zip": "1"}) == '{"city":"Ål","zip":"1"}'
    assert to_json({"city": "\ud800", "zip": "1"}) == '{"city":"\\ud800","zip":"1"}'


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        to_json({"at": object()})
