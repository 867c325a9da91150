"""Queries of the screen Posts: one record with everything that it shows, cached by `pages.cache`.

Answers are shared by all tabs and must not be changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from pages.cache import is_remembered, remembered, remembered_large
from pages.records import ROWS
from pages.text.periods import ALL_TIME, NOTHING, Period, compared
from storage.figures.filters import EVERY_PAGE, Filter
from storage.posts.analysis import (
    Age,
    AgedPost,
    HashtagRow,
    KindRow,
    PostSet,
    PostSort,
    PostSummary,
    WhenPosted,
    compare_kinds,
    find_when,
    in_order,
    list_hashtags,
    load_post_set,
    summarize,
)
from storage.posts.details import PostDetail, PostHistory, find_post, list_details
from storage.posts.page_posts import Coverage, find_coverage, has_posts
from storage.posts.rows import PostKind


@dataclass(frozen=True)
class PostView:
    """Which posts the screen shows, and the age of their figures; None for the newest ones.

    ``kinds``: empty for all. ``search``: words that must all occur in the text.
    """

    period: Period
    filter: Filter = EVERY_PAGE
    age: Age = 7
    kinds: tuple[PostKind, ...] = ()
    search: str = ""
    with_gone: bool = True


@dataclass(frozen=True)
class PostListing:
    """The rows of the table; ``number`` is the page of ROWS rows, from 1, at most the last."""

    sort: PostSort = "times_usual"
    descending: bool = True
    number: int = 1


class PostRow(NamedTuple):
    """One row of the table."""

    post: AgedPost
    detail: PostDetail


@dataclass(frozen=True, eq=False)
class Posts:
    """Everything that the screen shows of the posts of a period, at ``now``. Equal only to itself.

    ``view.period`` begins with the oldest post where it is that of all time. ``before`` are the
    tiles of the period before at the same age; None for no comparison. ``is_whole``: every post of
    the period is listed; ``is_whole_before``: those of the period before, too. ``rows_count`` is
    the number of posts that fit everything, ``all_count`` that before kind, text and "Without gone
    posts" narrowed them.
    """

    view: PostView
    zone: ZoneInfo
    now: datetime
    summary: PostSummary
    before: PostSummary | None
    is_whole: bool
    is_whole_before: bool
    rows: tuple[PostRow, ...]
    rows_count: int
    all_count: int
    kinds: tuple[KindRow, ...]
    when: WhenPosted
    hashtags: tuple[HashtagRow, ...]
    coverage: Coverage

    @property
    def has_readings(self) -> bool:
        """Whether a post has figures at the age."""
        return bool(self.summary.with_views_count or self.summary.interactions_count)

    @property
    def lacks_most(self) -> bool:
        """Whether most posts that are old enough have no reading at the age, as on the first day.

        A few have one even then: those that are as old as that by chance.
        """
        return self.summary.with_views_count < self.summary.missed_count


@dataclass(frozen=True)
class OnePost:
    """One post with its history, and what is missing of its Page's posts on that day."""

    history: PostHistory
    coverage: Coverage


has_any_posts = remembered(has_posts)
find_posts_coverage = remembered(find_coverage)


def load_posts(
    session: Session, view: PostView, listing: PostListing, zone: ZoneInfo, now: datetime
) -> Posts:
    """Load the posts of a view. ``now`` is cut to the hour, for the cache."""
    posts = _load_without_rows(session, view, zone, _hour_of(now))
    return replace(posts, rows=_list_rows(session, view, listing, zone))


def are_remembered(session: Session, view: PostView, zone: ZoneInfo, now: datetime) -> bool:
    """Whether `load_posts` has the answer in the cache, but for the order of the rows."""
    return is_remembered(_load_without_rows, session, view, zone, _hour_of(now))


def _hour_of(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


@remembered
def _load_without_rows(session: Session, view: PostView, zone: ZoneInfo, now: datetime) -> Posts:
    posts = load_set(session, view, zone)
    shown = view
    if view.period.label == ALL_TIME and len(posts):
        # Not from Facebook's first day on, or there would be no posts a week.
        since = datetime.fromtimestamp(min(posts.seconds), zone).date()
        posts, shown = replace(posts, since=since), replace(view, period=_begun(view.period, since))
    previous = None if view.age is None else view.period.previous
    before = previous and summarize(_load_before(session, view, *previous, zone), now)
    coverage = find_posts_coverage(session, view.filter, posts.since, posts.until)
    return Posts(
        view=shown,
        zone=zone,
        now=now,
        summary=summarize(posts, now),
        before=before,
        is_whole=_is_whole(coverage),
        is_whole_before=bool(
            previous and _is_whole(find_posts_coverage(session, view.filter, *previous))
        ),
        rows=(),
        rows_count=len(posts),
        all_count=posts.all_count,
        kinds=compare_kinds(posts),
        when=find_when(posts),
        hashtags=list_hashtags(session, posts),
        coverage=coverage,
    )


@remembered
def _list_rows(
    session: Session, view: PostView, listing: PostListing, zone: ZoneInfo
) -> tuple[PostRow, ...]:
    posts = load_set(session, view, zone)
    ordered = in_order(posts, listing.sort, listing.descending)
    last_page = max(0, len(ordered) - 1) // ROWS
    first = min(listing.number - 1, last_page) * ROWS
    shown = posts.list_posts(ordered[first : first + ROWS])
    details = list_details(session, [post.id for post in shown])
    return tuple(PostRow(post, details[post.id]) for post in shown if post.id in details)


def _begun(period: Period, since: date) -> Period:
    return compared(replace(period, since=since, comparison=NOTHING))


@remembered_large
def load_set(session: Session, view: PostView, zone: ZoneInfo) -> PostSet:
    """The posts of a view."""
    return load_post_set(
        session,
        view.filter,
        view.period.since,
        view.period.until,
        zone,
        view.age,
        kinds=view.kinds,
        search=view.search,
        with_gone=view.with_gone,
    )


def _load_before(
    session: Session, view: PostView, since: date, until: date, zone: ZoneInfo
) -> PostSet:
    """The posts of the period before, of which only the tiles are needed."""
    return load_post_set(
        session,
        view.filter,
        since,
        until,
        zone,
        view.age,
        kinds=view.kinds,
        search=view.search,
        with_gone=view.with_gone,
        with_usual=False,
    )


def _is_whole(coverage: Coverage) -> bool:
    missing = (coverage.unread, coverage.later, coverage.reels_refused, coverage.incomplete)
    return not any((*missing, coverage.no_permission, coverage.no_role))


@remembered
def find_one_post(session: Session, post_id: str, zone: ZoneInfo) -> OnePost | None:
    """Everything about one post; None when it is not stored."""
    history = find_post(session, post_id)
    if history is None:
        return None
    day = history.detail.published_at.astimezone(zone).date()
    of_page = Filter(page_ids=(history.detail.page_id,), archived=None)
    return OnePost(history, find_coverage(session, of_page, day, day))
