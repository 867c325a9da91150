"""Posts of a period: figures at one age, what is usual, and summaries that hold on any day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from storage.accounts.archive import archive_pages
from storage.figures.filters import Filter
from storage.models import Post
from storage.people.person import THIS_COMPUTER
from storage.posts.analysis import (
    PostSet,
    PostSort,
    compare_kinds,
    find_when,
    in_order,
    list_hashtags,
    load_post_set,
    summarize,
)
from storage.posts.details import find_post
from storage.posts.rows import PostFigures
from tests.integration.figures.figure_rows import add_page, day
from tests.integration.posts.post_rows import (
    A_DAY,
    UTC_ZONE,
    at,
    figures_of,
    grown,
    load,
    post,
    posts_of,
    read_daily,
    store,
    store_settled,
)

SORTS: tuple[PostSort, ...] = ("views", "published", "times_usual", "paid")


def median_of(posts: PostSet, number: int) -> float | None:
    return summarize(posts, at(number, 6, 5)).median_views


def test_equal_periods_show_no_change_on_whatever_day_one_asks(session: Session) -> None:
    """Newest figures would: the second period's posts had less time to grow."""
    add_page(session, "1")
    posts = [post(str(n), at(n), 10_000) for n in range(0, 56, 2)]
    asked = differing = 0
    for number in range(85):
        read_daily(session, posts, [number])
        before, after = load(session, 0, 27), load(session, 28, 55)
        if median_of(after, number) is not None:
            assert median_of(after, number) == median_of(before, number)
            asked += 1
            newest = [median_of(replace_age(session, each), number) for each in (before, after)]
            differing += newest[0] != newest[1]
    assert asked > 30
    assert differing > 30, "at newest figures every one of these days would show a fall"


def replace_age(session: Session, posts: PostSet) -> PostSet:
    return load_post_set(session, Filter(), posts.since, posts.until, posts.zone, None)


def test_a_page_whose_posts_are_all_alike_is_always_at_its_usual(session: Session) -> None:
    add_page(session, "1")
    posts = [post(str(n), at(n), 10_000, kind="link" if n % 3 else "photo") for n in range(40)]
    read_daily(session, posts, range(75))
    aged = posts_of(load(session, 0, 39))
    assert [each.times_usual for each in aged].count(None) == 8, "those before have no eight"
    assert {each.times_usual for each in aged} == {1.0, None}
    assert {each.basis for each in aged} == {"kind", "page", None}
    by_id = {each.id: each for each in aged}
    assert (by_id["1_8"].basis, by_id["1_8"].usual_count) == ("page", 8)
    assert (by_id["1_39"].basis, by_id["1_39"].usual_count) == ("kind", 13)
    without = load_post_set(session, Filter(), day(0), day(39), UTC_ZONE, 7, with_usual=False)
    assert {(each.usual, each.times_usual) for each in posts_of(without)} == {(None, None)}
    assert summarize(without, at(75)) == summarize(load(session, 0, 39), at(75))


@pytest.mark.both_databases
def test_figures_are_those_of_the_age(session: Session) -> None:
    add_page(session, "1")
    photo = post("a", at(1, 9))
    for age, views in ((1, 100), (7, 200), (50, 400)):
        store(
            session, [replace(photo, figures=figures_of(views))], photo.published_at + age * A_DAY
        )
    store(session, [post("b", at(3), 70, kind="link")], at(4))
    session.execute(update(Post).where(Post.id == "1_a").values(views_paid=25, views_unpaid=75))
    (link, aged) = posts_of(load(session, 0, 10))
    assert (aged.id, aged.published_at, aged.kind) == ("1_a", at(1, 9), "photo")
    assert (aged.views, aged.clicks) == (200, 4)
    assert (aged.reactions, aged.comments, aged.shares) == (20, 4, 4)
    assert (aged.interactions, aged.engagements, aged.rate_percent) == (28, 32, 16.0)
    assert aged.paid_percent == 25.0
    assert (link.views, link.rate_percent) == (None, None)
    assert [each.views for each in posts_of(load(session, 0, 10, 1))] == [70, 100]
    assert [each.views for each in posts_of(load(session, 0, 10, None))] == [70, 400]
    assert [each.views for each in posts_of(load(session, 0, 10, 28))] == [None, None]
    # From the first moment of a day to the last one, read as early and as late as is in time.
    for edge, after in ((at(20, 0), 7 * A_DAY), (at(20, 23, 59), timedelta(hours=203.9))):
        store(session, [post(f"{after}", edge, 90)], edge + after)
    assert [each.views for each in posts_of(load(session, 20, 20))] == [90, 90]


def test_an_unknown_part_makes_the_whole_unknown(session: Session) -> None:
    add_page(session, "1")
    figures = PostFigures(views=500, reactions=3, comments=0)
    store(session, [replace(post("a", at(0)), figures=figures)], at(7))
    (aged,) = posts_of(load(session, 0, 0))
    assert (aged.reactions, aged.comments, aged.shares) == (3, 0, None)
    assert (aged.interactions, aged.engagements, aged.rate_percent) == (None, None, None)


def test_days_and_hours_are_those_of_the_zone(session: Session) -> None:
    add_page(session, "1")
    store(session, [post("a", at(0, 23, 30)), post("b", at(1, 22, 59))], at(2))
    tokyo, utc = ZoneInfo("Asia/Tokyo"), UTC_ZONE
    assert [each.id for each in posts_of(load(session, 1, 1, zone=tokyo))] == ["1_a"]
    assert [each.id for each in posts_of(load(session, 1, 1, zone=utc))] == ["1_b"]


def test_two_posts_of_one_second_keep_their_order(session: Session) -> None:
    add_page(session, "1")
    names = ["c", "a", "b"]
    store(session, [post(name, at(0), 10) for name in names], at(7))
    for sort in SORTS:
        for descending in (True, False):
            posts = load(session, 0, 0)
            ordered = in_order(posts, sort, descending)
            assert [posts.ids[number] for number in ordered] == ["1_a", "1_b", "1_c"]


def test_unknown_values_are_last_in_both_directions(session: Session) -> None:
    add_page(session, "1")
    read = {"a": (0, 5), "b": (1, 9), "c": (2, 5), "d": (3, None), "e": (4, None)}
    posts = [post(name, at(n), views) for name, (n, views) in read.items()]
    for each in posts:
        store(session, [each], each.published_at + 7 * A_DAY)

    def order(descending: bool) -> str:
        posts = load(session, 0, 9)
        return "".join(posts.ids[n][-1] for n in in_order(posts, "views", descending))

    assert (order(True), order(False)) == ("bcaed", "cabed")


@pytest.mark.both_databases
def test_old_posts_are_measured_by_settled_figures_until_readings_are_enough(
    session: Session,
) -> None:
    add_page(session, "1")
    store_settled(session, range(-60, -52), 100)
    store_settled(session, [-50], 300)
    store(session, [post("young", at(-49), 300)], at(-40))
    store(session, [post("video", at(-48), 50, kind="video")], at(-10))
    by_id = {each.id: each for each in posts_of(load(session, -60, -40))}
    old, young, video = by_id["1_photo-50"], by_id["1_young"], by_id["1_video"]
    assert (old.views, old.usual, old.usual_count, old.basis) == (None, 100, 8, "settled_kind")
    assert old.times_usual == 3.0, "its newest views, though none at 7 days are known"
    assert young.basis is None, "read when it was 9 days old: newest figures still grow"
    assert (video.basis, video.usual_count, video.times_usual) == ("settled_page", 9, 0.5)
    (alone,) = posts_of(load(session, -48, -48))
    assert alone == video, "whether what measures it lies in the period or before"
    newest = {each.id: each for each in posts_of(load(session, -60, -40, None))}
    assert {name: each.basis for name, each in newest.items()} == {
        name: each.basis for name, each in by_id.items()
    }
    assert by_id["1_photo-53"].usual is None, "seven before it"


def test_only_half_a_year_before_a_post_measures_it(session: Session) -> None:
    add_page(session, "1")
    add_page(session, "2")
    for page_id, target in (("1", -10), ("2", -9)):
        store_settled(session, range(-190, -182), 100, page_id=page_id)
        store_settled(session, [target], 100, page_id=page_id)
    counts = {each.page_id: each.usual_count for each in posts_of(load(session, -20, 0, None))}
    assert counts == {"1": 8, "2": None}


def test_usual_below_twenty_views_is_no_measure(session: Session) -> None:
    add_page(session, "1")
    store_settled(session, range(-60, -52), 19)
    store_settled(session, [-50], 300)
    newest = posts_of(load(session, -50, -50, None))
    assert [(each.usual, each.times_usual) for each in newest] == [(19, None)]


def test_a_gone_post_counts_in_posts_and_not_in_medians_before_its_age(session: Session) -> None:
    add_page(session, "1")
    posts = [post(str(n), at(n), 100) for n in range(5)]
    read_daily(session, [*posts, post("gone", at(2), 100_000)], range(1, 6))
    session.execute(update(Post).where(Post.id == "1_gone").values(gone_at=at(7)))
    read_daily(session, posts, range(6, 14))
    at_7, newest = (summarize(load(session, 0, 6, age), at(13)) for age in (7, None))
    for summary in (at_7, newest):
        assert (summary.posts_count, summary.per_week) == (6, 6.0)
        assert (summary.with_views_count, summary.missed_count) == (5, 1)
        assert summary.median_views is not None
        assert summary.median_views < 100
    assert summarize(load(session, 0, 6), at(8)).missed_count == 1, "it has not too little time"
    at_1 = summarize(load(session, 0, 6, 1), at(13))
    assert at_1.with_views_count == 6, "it was there when it was a day old"
    without = load_post_set(session, Filter(), day(0), day(6), UTC_ZONE, 7, with_gone=False)
    assert (len(without), without.all_count) == (5, 6)


def test_a_backdated_post_is_measured_by_its_first_publication(session: Session) -> None:
    """Facebook shows the date that a person chose, and tells the first one."""
    add_page(session, "1")
    store(session, [post("a", at(-200), 500)], at(0))
    assert posts_of(load(session, -10, 0, None)) == []
    (aged,) = posts_of(load(session, -200, -200))
    assert aged.views is None, "no reading in time, and nothing is made up"


def test_summaries_say_how_many_posts_they_rest_on(session: Session) -> None:
    add_page(session, "1")
    for n in (0, 1, 2, 3):
        store(session, [post(str(n), at(n), 1000 * (n + 1))], at(n + 7))
    store(session, [post("missed", at(4)), post("due", at(6)), post("young", at(9))], at(10))
    summary = summarize(load(session, 0, 13), at(13, 13))
    assert (summary.posts_count, summary.pages_count, summary.days_count) == (7, 1, 14)
    assert summary.per_week == 3.5
    assert (summary.with_views_count, summary.missed_count, summary.too_young_count) == (4, 1, 2)
    assert summary.median_views is None, "four are too few"
    assert summary.interactions_count == summary.rate_count == 4
    assert summary.interactions_per_post == 350.0
    assert summary.rate_percent == pytest.approx(16.0)
    store(session, [post("4", at(5), 10)], at(12))
    assert summarize(load(session, 0, 13), at(13)).median_views == 2000
    nothing = summarize(load(session, -30, -20), at(13))
    assert (nothing.posts_count, nothing.interactions_per_post) == (0, None)


def test_kinds_are_compared_with_their_minimum(session: Session) -> None:
    add_page(session, "1")
    read_daily(session, [post(str(n), at(n), 10_000) for n in range(15)], range(25))
    read_daily(session, [post(f"l{n}", at(n, 9), 100, kind="link") for n in range(4)], range(25))
    photos, links = compare_kinds(load(session, 0, 20))
    assert (photos.kind, photos.posts_count) == ("photo", 15)
    assert photos.share_percent == pytest.approx(100 * 15 / 19)
    assert photos.median_views == grown(10_000, timedelta(days=7, hours=18, minutes=5))
    assert photos.median_times_usual == 1.0
    assert (links.median_views, links.median_times_usual) == (None, None)
    assert links.rate_percent is not None, "pooled, of 100 views and more"


def test_when_posts_did_well_is_levelled_by_page_and_needs_its_minima(session: Session) -> None:
    for page_id, views in (("1", 1_000), ("2", 100_000)):
        add_page(session, page_id)
        posts = []
        for n in range(60):
            for hour in (9, 20):
                times = 2 if hour == 20 else 1
                posts.append(post(f"{n}-{hour}", at(n, hour), times * views, page_id=page_id))
        for each in posts:
            store(session, [each], each.published_at + 7 * A_DAY)
    few = find_when(load(session, 56, 59))
    assert (few.posts_count, few.grid) == (16, ())
    assert [cell.posts_count for cell in few.blocks] == [0, 0, 0, 8, 0, 0, 8, 0]
    assert {cell.median_times_usual for cell in few.weekdays} == {None}, "four a day are too few"
    whole = find_when(load(session, 0, 59))
    assert whole.posts_count == 240 - 2 * 8
    assert len(whole.grid) == 56
    assert sum(cell.posts_count for cell in whole.grid) == whole.posts_count
    assert sum(cell.posts_count for cell in whole.weekdays) == whole.posts_count
    medians = {cell.block: cell.median_times_usual for cell in whole.blocks}
    assert medians == {**dict.fromkeys(range(8)), 3: 2 / 3, 6: 2.0}
    tokyo = find_when(load(session, 0, 59, zone=ZoneInfo("Asia/Tokyo")))
    assert [cell.posts_count > 0 for cell in tokyo.blocks] == [
        number in (1, 6) for number in range(8)
    ]
    cell = next(c for c in tokyo.grid if c.weekday == day(30).weekday() and c.block == 6)
    assert cell.posts_count >= 14


@pytest.mark.both_databases
def test_hashtags_count_once_a_post_whatever_their_case(session: Session) -> None:
    for page_id in ("1", "2"):
        add_page(session, page_id)
    texts = ["#Café #CAFÉ and e#mail", "yes #café!", "#café#brunch", "(#café)", "#Café 50%"]
    posts = [post(str(n), at(n), message=text) for n, text in enumerate(texts)]
    posts.append(post("other", at(2), page_id="2", message="#café"))
    store(session, posts, at(9))
    (row,) = list_hashtags(session, load(session, 0, 9, filter=Filter(page_ids=("1",))))
    assert (row.hashtag, row.posts_count, row.median_times_usual) == ("#café", 5, None)
    (row,) = list_hashtags(session, load(session, 0, 9))
    assert row.posts_count == 6
    assert list_hashtags(session, load(session, 0, 3, filter=Filter(page_ids=("1",)))) == ()
    assert list_hashtags(session, load(session, 20, 21)) == ()


def test_text_is_searched_without_case_and_accents(session: Session) -> None:
    add_page(session, "1")
    texts = {"a": "CAFÉ am Markt", "b": "the cafe\nis OPEN", "c": "100 % MARKT", "d": None}
    store(session, [post(name, at(0), message=text) for name, text in texts.items()], at(1))

    def found(search: str) -> str:
        posts = load_post_set(session, Filter(), day(0), day(0), UTC_ZONE, 7, search=search)
        assert posts.all_count == 4
        return "".join(each.id[-1] for each in posts_of(posts))

    assert found("café") == "ab"
    assert found("markt Cafe") == "a"
    assert found("%") == "c"
    assert found("  ") == "abcd"
    assert found("nothing") == ""


def test_pages_follow_the_filter_and_kinds_narrow(session: Session) -> None:
    for page_id in ("1", "2"):
        add_page(session, page_id)
        store(
            session, [post("a", at(0), page_id=page_id), post("b", at(1), page_id=page_id)], at(2)
        )
    store(session, [post("reel", at(0), kind="reel")], at(2))
    archive_pages(session, ["2"], at(3), by=THIS_COMPUTER)
    assert {each.page_id for each in posts_of(load(session, 0, 1))} == {"1"}
    archived = posts_of(load(session, 0, 1, filter=Filter(archived=True)))
    assert {each.page_id for each in archived} == {"2"}
    reels = load_post_set(session, Filter(), day(0), day(1), UTC_ZONE, 7, kinds=["reel", "text"])
    assert ([each.id for each in posts_of(reels)], reels.all_count) == (["1_reel"], 3)


def test_the_band_is_of_earlier_posts_of_the_kind_or_of_all(session: Session) -> None:
    add_page(session, "1")
    for n in range(1, 10):
        for age in (1, 7) if n < 9 else (1,):
            each = post(str(n), at(n), 100 * n)
            store(session, [each], each.published_at + age * A_DAY)
    store(session, [post("other", at(9), 10_000, kind="link")], at(10))
    store(session, [post("link", at(20), 10, kind="link"), post("photo", at(20), 10)], at(27))
    photo, link = find_post(session, "1_photo"), find_post(session, "1_link")
    assert photo is not None
    assert link is not None
    assert (photo.bands_of_kind, link.bands_of_kind) == (True, False)
    assert [band.posts_count for band in link.bands] == [10, 8]
    by_age = {band.age_days: band for band in photo.bands}
    assert set(by_age) == {1, 7}
    assert by_age[1].posts_count == 9
    assert (by_age[1].lower, by_age[1].median, by_age[1].upper) == (300, 500, 700)
    assert (by_age[7].lower, by_age[7].median, by_age[7].upper) == (275, 450, 625)
    first = find_post(session, "1_9")
    assert first is not None
    assert [band.posts_count for band in first.bands] == [8, 8]
    second = find_post(session, "1_8")
    assert second is not None
    assert second.bands == ()


def test_without_posts_there_are_only_empty_answers(session: Session) -> None:
    add_page(session, "1")
    assert len(load(session, -1, 0, filter=Filter(page_ids=("unknown",)))) == 0
    empty = load(session, 0, 0)
    assert compare_kinds(empty) == ()
    assert find_when(empty).posts_count == 0
    assert (posts_of(empty), in_order(empty, "views", True)) == ([], [])
