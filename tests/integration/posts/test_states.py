"""How far posts are read, which are gone, and what is known of them for the next reading."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from storage.models import Post
from storage.posts.due import KnownPost, list_known_posts, list_newest_fans
from storage.posts.states import (
    PaidViews,
    PostStateRow,
    list_post_states,
    note_answered_posts,
    note_refused_posts,
    store_paid_views,
    upsert_post_states,
)
from tests.integration.figures.figure_rows import add_page
from tests.integration.posts.post_rows import at, post, store

pytestmark = pytest.mark.both_databases


def get(session: Session, id: str) -> Post:
    row = session.get(Post, id, populate_existing=True)
    assert row is not None
    return row


def test_a_state_is_stored_as_it_is_and_replaced(session: Session) -> None:
    add_page(session, "1")
    row = PostStateRow("1", at(0), "limited", 4, "AbC", older_cursor="c", left_out=("x", "y"))
    upsert_post_states(session, [row])
    assert list_post_states(session) == {"1": row}
    later = replace(row, state="ok", code=None, answered_at=at(1), left_out=(), rows_limit=5)
    upsert_post_states(session, [later])
    assert list_post_states(session) == {"1": later}


def test_a_post_is_gone_by_two_refusals_at_least_a_day_apart(session: Session) -> None:
    add_page(session, "1")
    store(session, [post("a", at(0), 50), post("b", at(0), 50)], at(1))
    note_refused_posts(session, ["1_a"], now=at(5))
    note_refused_posts(session, ["1_a"], now=at(6) - timedelta(seconds=1))
    assert (get(session, "1_a").missed_at, get(session, "1_a").gone_at) == (at(5), None)
    note_answered_posts(session, ["1_a"])
    assert get(session, "1_a").missed_at is None, "it was there all the time"
    for number in (6, 7, 8):
        note_refused_posts(session, ["1_a"], now=at(number))
    assert (get(session, "1_a").missed_at, get(session, "1_a").gone_at) == (at(6), at(7))
    assert (get(session, "1_b").missed_at, get(session, "1_b").gone_at) == (None, None)


def test_what_is_known_of_posts(session: Session) -> None:
    add_page(session, "1")
    add_page(session, "2")
    store(session, [post("old", at(-9)), post("a", at(0), 50)], at(1, 12))
    store(session, [post("a", at(0), 60)], at(3, 12))
    store_paid_views(session, [PaidViews("1_a", 7, 10, 40), PaidViews("1_old", 7, None, None)])
    known = list_known_posts(session, ["1", "2"], at(-1))
    assert known == {
        "1": {"1_a": KnownPost("1_a", "1", at(0), "photo", 60, 7, None, frozenset({1, 3}))},
        "2": {},
    }
    assert (get(session, "1_a").views_paid, get(session, "1_a").views_unpaid) == (10, 40)
    assert get(session, "1_old").views_paid is None


def test_the_newest_fans_that_were_told(session: Session) -> None:
    add_page(session, "1", {0: 90, 1: 95, 2: None})
    add_page(session, "2")
    assert list_newest_fans(session, ["1", "2"]) == {"1": 95, "2": None}
