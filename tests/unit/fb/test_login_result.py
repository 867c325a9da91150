"""The result of a trip comes out of its seal as it went in, and shows no token on the way."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fb.graph.pages import ListedPage
from fb.login.attempt import LoginResult
from storage.accounts.grants import GrantFacts
from storage.accounts.pages import PageReport
from storage.accounts.seen_pages import Sighting

AT = datetime(2026, 11, 28, 9, 30, 1, 5, tzinfo=UTC)
ACCOUNT = GrantFacts(
    account_id="1",
    account_name="Ann\ud83d",
    granted=("pages_show_list",),
    declined=(),
    issued_at=AT,
    expires_at=AT + timedelta(days=60),
    data_access_expires_at=None,
)
PAGE = PageReport(
    id="7",
    name="Café Straße",
    emails=("a@example.org",),
    location={"city": "Łódź", "latitude": 51.7},
    is_published=False,
    fans_count=2**40,
    followers_count=0,
    picture_url="https://scontent.fbcdn.net/v/1_n.jpg?oh=signature",
)
RESULT = LoginResult(
    account=ACCOUNT,
    user_token="EAAuser",
    pages=(
        ListedPage(PAGE, ("ANALYZE", "Ü"), "EAApage"),
        ListedPage(PageReport(id="8", name="x", emails=(), depth="basic"), (), None),
    ),
    basic_only=False,
    read_at=AT,
    graph_version="v26.0",
)


def test_a_result_is_read_as_it_was_written() -> None:
    assert LoginResult.from_json(RESULT.to_json()) == RESULT
    seen = (Sighting("9", "Ü", "in_portfolio"),)
    more = replace(RESULT, seen=seen, ticked_ids=("7", "8"))
    assert LoginResult.from_json(more.to_json()) == more


def test_a_result_that_was_sealed_before_an_update_is_still_read() -> None:
    values = json.loads(RESULT.to_json())
    del values["seen"], values["ticked_ids"]
    assert LoginResult.from_json(json.dumps(values)) == RESULT


@given(texts=st.lists(st.text(), max_size=3), name=st.text(st.characters(), max_size=5))
def test_any_text_survives(texts: list[str], name: str) -> None:
    page = replace(PAGE, name=name, emails=tuple(texts), location={"city": name})
    result = replace(RESULT, pages=(ListedPage(page, tuple(texts), None),))
    assert LoginResult.from_json(result.to_json()) == result


@pytest.mark.parametrize("shown", [RESULT, RESULT.pages[0]])
def test_no_token_is_shown(shown: Any) -> None:
    assert "EAA" not in repr(shown)
