"""Overview's state on its way to a Page and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pages.ui.return_url import MAX_LENGTH, NAMES, PARAMETER, pack, unpack

DEFAULTS = {"sort": "Most fans first", "page": 1}


def test_what_stands_as_at_first_is_not_carried() -> None:
    assert pack({"sort": "Most fans first", "page": 1, "q": "", "show": None}, DEFAULTS) == {}


def test_what_was_changed_comes_back() -> None:
    state = {"sort": "Name A to Z", "page": 3, "q": "café & co", "show": "Needs attention"}
    assert unpack(pack({"q": "None"}, DEFAULTS)[PARAMETER]) == {"q": "None"}
    packed = pack(state, DEFAULTS)
    assert unpack(packed[PARAMETER]) == {name: str(value) for name, value in state.items()}


def test_only_overviews_own_names_come_back() -> None:
    assert unpack("sort=Name+A+to+Z&id=1&code=x&from=y") == {"sort": "Name A to Z"}
    assert unpack(None) == unpack("") == unpack("&&&") == {}


def test_only_the_filter_has_several_values() -> None:
    twice = "page=2&page=3&q=a&q=b&sort=x&sort=y&tag=one&tag=two"
    assert unpack(twice) == {"page": "3", "q": "b", "sort": "y", "tag": ["one", "two"]}


def test_what_is_too_long_is_left_out() -> None:
    assert pack({"q": "x" * (MAX_LENGTH + 1)}, DEFAULTS) == {}
    assert unpack("q=" + "x" * MAX_LENGTH) == {}


@given(st.dictionaries(st.sampled_from(NAMES), st.text(min_size=1, max_size=20)))
def test_any_state_survives(state: dict[str, str]) -> None:
    packed = pack(state, {})
    if packed or not state:
        assert unpack(packed.get(PARAMETER)) == state
