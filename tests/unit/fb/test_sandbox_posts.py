"""The made-up posts: what a Page publishes, which posts are awkward, and how figures grow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fb.sandbox import make_world
from fb.sandbox.world import posts, shop_names
from fb.sandbox.world.post_figures import count_figures
from fb.sandbox.world.posts import Post, find_post, iterate_posts
from fb.sandbox.world.world import Page

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
A_DAY = timedelta(days=1)
WORLD = make_world()
BY_NAME = {page.name: page for page in WORLD.pages}
FIRST_POSTS = [
    ("122110570500000001", "link", 5997),
    ("122110570500000000", "photo", 19536),
]


def list_posts(page: Page, days: int = 365, now: datetime = NOW) -> list[Post]:
    """The posts of the last days, the newest first."""
    newest_first = iterate_posts(page, now)
    return list(takewhile(lambda post: now - post.created_at < days * A_DAY, newest_first))


def test_most_pages_post_about_three_times_a_week() -> None:
    counts = {page.name: len(list_posts(page)) for page in WORLD.pages}
    assert 130 < median(counts.values()) < 190
    assert 650 < counts.pop(posts.BUSY) < 750
    assert max(counts.values()) < 260
    assert counts[shop_names.BARE] == 0
    newest = [found[0].created_at for page in WORLD.pages if (found := list_posts(page))]
    assert 1 <= sum(NOW - at > 14 * A_DAY for at in newest) <= 12, "some are silent"


def test_a_week_has_the_same_posts_in_another_process() -> None:
    """Written down once: posts in a database must be found again."""
    found = list_posts(WORLD.pages[0], 7)
    views = [count_figures(post, NOW + 90 * A_DAY).views for post in found]
    written = [(post.number, post.kind, count) for post, count in zip(found, views, strict=True)]
    assert written == FIRST_POSTS


@given(st.sampled_from(WORLD.pages), st.integers(-30_000, 30_000))
def test_any_moment_has_posts_in_order_that_are_found_by_number(page: Page, hours: int) -> None:
    moment = NOW + timedelta(hours=hours)
    found = list_posts(page, 60, moment)
    assert all(newer.created_at >= older.created_at for newer, older in pairwise(found))
    assert len({post.id for post in found}) == len(found)
    for post in found:
        assert post.created_at <= post.published_at <= moment
        assert find_post(page, post.number) is post
        assert post.id == f"{page.id}_{post.number}"


@pytest.mark.parametrize("number", ["", "1", "0" * 14, "9" * 18, "９" * 14, "-1", "1" * 19])
def test_other_numbers_are_no_posts(number: str) -> None:
    assert find_post(WORLD.pages[0], number) is None


def test_the_id_of_a_page_is_no_post_of_it() -> None:
    assert not [page for page in WORLD.pages if find_post(page, page.id)]


AWKWARD: dict[str, Callable[[Post], bool]] = {
    posts.DELETES: lambda post: post.deleted_at is not None,
    posts.BOOSTS: lambda post: post.views_paid > 0,
    posts.PLANS: lambda post: post.published_at > post.created_at,
    posts.BACKDATES: lambda post: post.backdated_at is not None,
    posts.WRITES_AT_LENGTH: lambda post: len(post.message or "") == 60_000,
    "<script>alert(1)</script> & Söhne": lambda post: (post.message or "").startswith("="),
    "مقهى الياسمين": lambda post: "\u0645" in (post.message or ""),
    "Hofladen Apfelgarten": lambda post: post.message is None,
}


@pytest.mark.parametrize("name", AWKWARD)
def test_some_posts_are_awkward_on_purpose(name: str) -> None:
    """Each is there on a fresh sandbox, and never all of a Page's posts."""
    page = BY_NAME[name]
    ever = [
        post
        for week in range(NOW.toordinal() // 7 - 26, NOW.toordinal() // 7)
        for post in posts.list_week(page, week)
    ]
    assert 0 < sum(map(AWKWARD[name], ever)) < len(ever)


def test_a_planned_post_appears_and_a_deleted_one_leaves() -> None:
    planned = next(p for p in list_posts(BY_NAME[posts.PLANS]) if AWKWARD[posts.PLANS](p))
    page = BY_NAME[posts.PLANS]
    assert planned not in list_posts(page, now=planned.published_at - A_DAY)
    assert planned in list_posts(page, now=planned.published_at)
    page = BY_NAME[posts.DELETES]
    earlier = list_posts(page, now=NOW - 60 * A_DAY)
    gone = [post for post in earlier if not post.is_visible(NOW)]
    assert gone
    assert not set(gone) & set(list_posts(page))


def test_figures_grow_and_level_off_and_those_of_a_few_fall() -> None:
    falls = 0
    for page in WORLD.pages[::4]:
        for post in list_posts(page, 90):
            readings = [
                count_figures(post, post.published_at + days * A_DAY)
                for days in (0, 0.5, 1, 3, 7, 28, 90)
            ]
            views = [reading.views for reading in readings]
            assert views[0] == 0
            assert views[1:5] == sorted(views[1:5])
            falls += views[-1] < views[-3]
            for reading in readings:
                assert reading.viewers <= reading.views
                assert 0 not in reading.reactions_by_type.values()
    assert 1 <= falls <= 60


def test_photos_and_evenings_do_better_than_links_and_mornings() -> None:
    """A fresh sandbox has something to tell."""
    times_usual: dict[str, list[float]] = defaultdict(list)
    for page in WORLD.pages:
        settled = [post for post in list_posts(page, 208) if NOW - post.created_at > 28 * A_DAY]
        views = [count_figures(post, NOW).views for post in settled]
        usual = median(views) if len(views) >= 8 else 0
        for post, count in zip(settled, views, strict=True):
            if usual >= 20:
                times_usual[post.kind].append(count / usual)
                times_usual[f"{post.created_at.hour // 3}"].append(count / usual)
                times_usual["all"].append(count / usual)
    assert median(times_usual["photo"]) > 1.8 * median(times_usual["link"])
    assert median(times_usual["reel"]) > median(times_usual["video"])
    assert median(times_usual["6"]) > 1.3 * median(times_usual["2"])
    assert max(times_usual["all"]) > 5
    assert 0.9 < median(times_usual["all"]) < 1.1
