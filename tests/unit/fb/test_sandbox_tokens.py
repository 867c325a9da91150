"""Tokens that describe themselves, and the language of ``fields=``."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fb.sandbox.graph.fields import parse_fields
from fb.sandbox.graph.graph_errors import GraphError
from fb.sandbox.world.tokens import CODE, PAGE, PERMISSIONS, USER, Mint, Token

MINT = Mint("100000000000001", "secret")
TOKEN = Token(
    kind=USER,
    person_id="10223456789012345",
    page_id="",
    issued_at=1,
    expires_at=100,
    data_access_expires_at=200,
    serial=3,
    scopes=frozenset({"pages_show_list"}),
    pages=5,
    nonce="n",
)


@given(
    st.sampled_from([USER, PAGE, CODE]),
    st.integers(0, 2**40),
    st.integers(0, 2**1000),
    st.sets(st.sampled_from(PERMISSIONS)),
    st.text(max_size=20),
)
def test_reading_gives_what_was_issued(
    kind: str, moment: int, pages: int, scopes: set[str], nonce: str
) -> None:
    changes = {"kind": kind, "expires_at": moment, "pages": pages, "nonce": nonce}
    token = replace(TOKEN, **changes, scopes=frozenset(scopes))  # type: ignore[arg-type]  # as named
    text = MINT.issue(token)
    assert text.isascii()
    assert text.isalnum()
    assert MINT.read(text, kind) == token
    assert MINT.read(text, "other" if kind == CODE else CODE) is None if kind != CODE else True


@given(st.integers(0, 10_000), st.sampled_from("0aZB9"))
def test_a_changed_token_is_none(place: int, letter: str) -> None:
    text = MINT.issue(TOKEN)
    place = 3 + place % (len(text) - 3)
    changed = text[:place] + letter + text[place + 1 :]
    assert changed == text or MINT.read(changed, USER) is None


def test_another_app_reads_nothing() -> None:
    text = MINT.issue(TOKEN)
    assert Mint("100000000000001", "other").read(text, USER) is None
    assert Mint("100000000000002", "secret").read(text, USER) is None


def test_a_token_shows_no_secret_of_itself() -> None:
    text = MINT.issue(TOKEN)
    read = MINT.read(text, USER)
    assert read is not None
    assert text not in repr(read)
    assert "nonce" not in repr(read)


def test_expiry_includes_its_moment_and_zero_is_never() -> None:
    assert not TOKEN.is_expired(99.9)
    assert TOKEN.is_expired(100)
    assert not replace(TOKEN, expires_at=0).is_expired(1e12)


# fields=


def test_fields_with_modifiers_and_subfields() -> None:
    name, picture = parse_fields("name,picture.width(100).height(90){url,is_silhouette}")
    assert name.name == "name"
    assert picture.modifiers == {"width": "100", "height": "90"}
    assert [sub.name for sub in picture.subfields] == ["url", "is_silhouette"]


@pytest.mark.parametrize("text", ["", "a{", "a}", "a.b", "a{}", "ä"])
def test_no_fields(text: str) -> None:
    with pytest.raises(GraphError):
        parse_fields(text)
