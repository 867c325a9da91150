"""One Page's posts in a run: what is covered, what is due, and what came to nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fb.jobs.post_page import KEPT_SPAN, cover, cover_older
from storage.posts.due import (
    KnownPost,
    count_missed,
    find_due_alone,
    find_due_paid,
    find_unlisted,
)
from storage.posts.states import PostStateRow
from tests.present import NOW

A_DAY = timedelta(days=1)
FRESH = PostStateRow("1", NOW)


def known(id: str = "1_1", *, days: float = 1, kind: str = "photo", **facts: object) -> KnownPost:
    post = KnownPost(id, "1", NOW - days * A_DAY, kind, 50, None, None)
    return replace(post, **facts)  # type: ignore[arg-type]  # fields by name


def test_a_first_listing_covers_what_it_reached_and_goes_on_from_there() -> None:
    state = cover(FRESH, reached=NOW - 110 * A_DAY, cursor="c", now=NOW)
    assert (state.covered_since, state.covered_until) == (NOW - 110 * A_DAY, NOW)
    assert (state.is_complete, state.older_cursor) == (False, "c")
    older = cover_older(state, reached=NOW - 170 * A_DAY, cursor="d", now=NOW)
    assert (older.covered_since, older.older_cursor) == (NOW - 170 * A_DAY, "d")
    assert older.covered_until == NOW
    later = cover(older, reached=NOW - 57 * A_DAY, cursor="e", now=NOW + A_DAY)
    assert later.covered_since == NOW - 170 * A_DAY, "a shorter listing uncovers nothing"
    assert (later.covered_until, later.older_cursor) == (NOW + A_DAY, "d")


def test_a_listing_that_ended_has_all_there_is() -> None:
    state = cover(FRESH, reached=NOW - 3 * A_DAY, cursor=None, now=NOW)
    assert (state.is_complete, state.older_cursor) == (True, None)
    assert state.covered_since == NOW - KEPT_SPAN
    empty = cover_older(
        replace(FRESH, covered_since=NOW - 90 * A_DAY, covered_until=NOW),
        reached=None,
        cursor=None,
        now=NOW,
    )
    assert (empty.is_complete, empty.covered_since) == (True, NOW - KEPT_SPAN)


def test_two_years_are_enough() -> None:
    state = cover(FRESH, reached=NOW - 110 * A_DAY, cursor="c", now=NOW)
    older = cover_older(state, reached=NOW - 731 * A_DAY, cursor="d", now=NOW)
    assert (older.is_complete, older.older_cursor) == (True, None)


def test_after_a_gap_the_coverage_begins_anew() -> None:
    state = cover(FRESH, reached=NOW - 800 * A_DAY, cursor="c", now=NOW)
    later = NOW + 90 * A_DAY
    cut = cover(state, reached=later - 40 * A_DAY, cursor="d", now=later)
    assert (cut.covered_since, cut.covered_until) == (later - 40 * A_DAY, later)
    assert (cut.is_complete, cut.older_cursor) == (False, "d")


def test_a_listing_that_was_cut_proves_nothing_gone() -> None:
    post, reel = known("1_1", days=5), known("1_2", days=5, kind="reel")
    old = known("1_3", days=40)
    gone = known("1_4", days=5, gone_at=NOW)
    posts = [post, reel, old, gone]
    since = NOW - 31 * A_DAY
    assert find_unlisted(posts, (), posts_since=None, reels_since=None) == []
    assert find_unlisted(posts, (), posts_since=since, reels_since=None) == ["1_1"]
    assert find_unlisted(posts, (), posts_since=None, reels_since=since) == ["1_2"]
    assert find_unlisted(posts, {"1_1"}, posts_since=since, reels_since=since) == ["1_2"]


def test_reels_are_asked_alone_at_the_age_of_a_checkpoint_only() -> None:
    reels = [
        known("early", days=0.9, kind="reel"),
        known("due", days=1.2, kind="reel"),
        known("written", days=7.1, kind="reel", ages=frozenset({7})),
        known("between", days=5, kind="reel"),
        known("last", days=28, kind="reel", ages=frozenset({7})),
        known("photo", days=1.2),
        known("told", days=1.2, kind="reel"),
        known("gone", days=1.2, kind="reel", gone_at=NOW),
    ]
    assert find_due_alone(reels, {"told"}, NOW, reels_only=True) == ["due", "last"]
    assert "photo" in find_due_alone(reels, {"told"}, NOW, reels_only=False)


def test_paid_views_are_asked_at_seven_and_twenty_eight_days() -> None:
    posts = [
        known("three", days=3),
        known("seven", days=7.5),
        known("asked", days=7.5, paid_age_days=7),
        known("late", days=8.6),
        known("month", days=30, paid_age_days=7),
        known("unseen", days=7.5, views=0),
        known("untold", days=7.5, views=None),
        known("gone", days=7.5, gone_at=NOW),
    ]
    assert find_due_paid(posts, NOW) == {"seven": 7, "month": 28}


def test_a_checkpoint_is_missed_when_its_margin_ended_without_a_reading() -> None:
    yesterday = NOW - A_DAY
    assert count_missed([known(days=2.5)], yesterday, NOW) == 1, "its margin ends at this moment"
    assert count_missed([known(days=2.49)], yesterday, NOW) == 0, "there still is time"
    assert count_missed([known(days=3.5)], yesterday, NOW) == 0, "it was counted yesterday"
    assert count_missed([known(days=2.5, ages=frozenset({1}))], yesterday, NOW) == 0
    assert count_missed([known(days=2.5, views=None)], yesterday, NOW) == 0, "nothing is told"
    assert count_missed([known(days=2.5)], None, NOW) == 0, "nobody watched"
    assert count_missed([known(days=40)], NOW - 60 * A_DAY, NOW) == 4, "after two months off"
