"""Whatever JSON Facebook sends, what comes out of it can be stored as UTF-8 and shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fb.graph.json_values import read_json

# Half pairs, whole pairs, NULs and backslashes, side by side in any order.
awkward = st.text(st.sampled_from("a\\u\0\ud83d\ude00\udfffé😀d8"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(awkward | st.text(), inner),
    max_leaves=5,
)


@given(text=awkward)
@example("\\ud83d\ude00")
@example("\ud83d\ud83d\ude00")
@example("\\\\u0000")
def test_text_is_mended_only_where_it_is_broken(text: str) -> None:
    for content in (json.dumps([text]), json.dumps({text: 1})):
        (read,) = read_json(content.encode())
        read.encode()
        assert "\0" not in read
        # json joins the halves that belong together.
        whole = json.loads(json.dumps(text)).replace("\0", "")
        assert read == whole.encode("utf-8", "replace").decode()


def test_escapes_may_be_of_any_case() -> None:
    assert read_json(rb'["\uD83d", "\uDe00", "\u0000", "\ud83D\uDE00"]') == ["?", "?", "", "😀"]


@given(values | awkward)
def test_anything_else_is_what_json_reads(value: Any) -> None:
    content = json.dumps(value).encode()
    expected = json.loads(content)
    if "\\u" not in content.decode():
        assert read_json(content) == expected
    json.dumps(read_json(content), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b'{"a":', b"{} {}", b"NaN", b"[Infinity]", b'"\xff"', b"[" * 100_000, b"'a'"],
)
def test_what_is_no_json_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (any ValueError is what callers expect)
        read_json(content)
