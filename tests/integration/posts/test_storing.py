"""Storing posts: what a reading writes, what it never changes, and what goes with a Page."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.accounts.erasure import erase_pages
from storage.db.text import REPLACEMENT
from storage.models import Base, Post, PostCheckpoint, PostState
from storage.posts.details import find_post, list_details
from storage.posts.posts import StoredPosts, store_posts
from storage.posts.rows import MAX_MESSAGE, PostFigures
from tests.integration.figures.figure_rows import add_page
from tests.integration.killing import dump
from tests.integration.posts.post_rows import A_DAY, at, figures_of, list_state, post, store

PUBLISHED = at(0)


def checkpoints(session: Session) -> dict[int, tuple[datetime, int | None]]:
    rows = session.execute(
        select(PostCheckpoint.age_days, PostCheckpoint.read_at, PostCheckpoint.views)
    )
    return {age: (read_at, views) for age, read_at, views in rows}


@pytest.mark.both_databases
def test_readings_become_checkpoints_and_stay_as_they_were(session: Session) -> None:
    add_page(session, "1")
    first = store(session, [post("a", PUBLISHED, 10)], at(0, 20))
    assert first == StoredPosts(new_count=1, readings_count=1, checkpoints_count=0)
    second = store(session, [post("a", PUBLISHED, 30)], at(1, 20))
    assert second == StoredPosts(new_count=0, readings_count=1, checkpoints_count=1)
    before = dump(session)
    assert store(session, [post("a", PUBLISHED, 30)], at(1, 20)).checkpoints_count == 0
    assert dump(session) == before, "reading twice changes nothing"
    store(session, [post("a", PUBLISHED, 45)], at(1, 23))
    store(session, [post("a", PUBLISHED, 40)], at(7, 13))
    assert checkpoints(session) == {1: (at(1, 20), 30), 7: (at(7, 13), 40)}, "3 was not read"
    history = find_post(session, "1_a")
    assert history is not None
    assert history.detail.figures == figures_of(40), "it fell, and what came is stored"
    assert history.detail.first_seen_at == at(0, 20)
    assert history.detail.read_at == at(7, 13)
    assert [reading.figures for reading in history.readings] == [figures_of(30), figures_of(40)]


A_SECOND = timedelta(seconds=1)
MARGINS = {1: 1.5, 3: 1.5, 7: 1.5, 28: 3, 90: 10}  # days


def test_a_reading_counts_from_the_age_on_until_its_margin_has_passed(session: Session) -> None:
    add_page(session, "1")
    counting: dict[timedelta, int | None] = {-A_DAY: None}
    for age_days, margin in MARGINS.items():
        begin, end = age_days * A_DAY, (age_days + margin) * A_DAY
        counting |= {begin - A_SECOND: None, begin: age_days, end - A_SECOND: age_days, end: None}
    read_at = at(0)
    posts = [post(str(age), read_at - age, 5) for age in counting]
    stored = store(session, posts, read_at)
    rows = session.execute(select(PostCheckpoint.post_id, PostCheckpoint.age_days))
    made = {row.post_id: row.age_days for row in rows}
    assert {age: made.get(f"1_{age}") for age in counting} == counting
    assert stored.checkpoints_count == len(made) == 10


def test_a_post_without_figures_keeps_those_it_had(session: Session) -> None:
    add_page(session, "1")
    store(session, [post("a", PUBLISHED, 30)], at(1, 20))
    listed = replace(post("a", PUBLISHED), kind="reel")
    nothing = replace(listed, figures=PostFigures())
    for each in (listed, nothing):
        stored = store(session, [each], at(3, 20))
        assert (stored.readings_count, stored.checkpoints_count) == (0, 0)
    detail = list_details(session, ["1_a"])["1_a"]
    assert (detail.kind, detail.figures.views, detail.read_at) == ("reel", 30, at(1, 20))


def test_a_gone_post_that_is_listed_again_is_there(session: Session) -> None:
    add_page(session, "1")
    store(session, [post("a", PUBLISHED, 30)], at(1))
    session.execute(update(Post).values(missed_at=at(2), gone_at=at(3)))
    store(session, [post("a", PUBLISHED, 31)], at(4))
    detail = list_details(session, ["1_a", "1_unknown"])["1_a"]
    assert (detail.missed_at, detail.gone_at) == (None, None)


@pytest.mark.both_databases
def test_text_is_cut_made_storable_or_not_kept(session: Session) -> None:
    add_page(session, "1")
    texts = {
        "long": "é" * 60_000,
        "nul": "a\0b\ud800c",
        "cut": "x" * (MAX_MESSAGE - 1) + "\N{GRINNING FACE}y",
        "none": None,
    }
    posts = [post(name, PUBLISHED, message=message) for name, message in texts.items()]
    store(session, posts, at(1))
    details = list_details(session, [each.id for each in posts])
    assert details["1_long"].message == "é" * MAX_MESSAGE
    assert details["1_nul"].message == f"a{REPLACEMENT}b{REPLACEMENT}c"
    assert details["1_cut"].message == "x" * (MAX_MESSAGE - 1) + "\N{GRINNING FACE}"
    assert details["1_none"].message is None
    store_posts(session, posts, now=at(2), keeps_text=False)
    assert set(session.execute(select(Post.message, Post.message_folded))) == {(None, None)}


@pytest.mark.both_databases
def test_posts_go_with_their_page(session: Session) -> None:
    for page_id in ("1", "2"):
        add_page(session, page_id)
        list_state(session, page_id)
        store(session, [post("a", PUBLISHED, 9, page_id=page_id)], PUBLISHED + A_DAY)
    erase_pages(session, ["1"])
    models: tuple[type[Base], ...] = (Post, PostCheckpoint, PostState)
    for model in models:
        assert session.scalar(select(func.count()).select_from(model)) == 1
    assert find_post(session, "1_a") is None
    assert find_post(session, "2_a") is not None
