"""Post analysis: the posts of a period at one age, what is usual for their Pages, and summaries.

One load brings every post of the period and those before it that it is measured by; the tiles, the
order of the table, kinds, times and hashtags are computed from it without asking again.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import repeat
from operator import attrgetter, itemgetter
from statistics import fmean
from sys import intern
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, FromClause, Select, func, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from storage.db.text import storable
from storage.db.upsert import table_of
from storage.figures.filters import MAX_SEARCH, Filter, filter_conditions
from storage.metrics import posts as metrics
from storage.models import Page, Post, PostCheckpoint, Snapshot
from storage.models.folding import fold
from storage.posts.rows import PostKind
from storage.posts.usual import NO_USUAL, Usual, find_usual, measure_columns
from storage.posts.usual import Age as Age
from storage.posts.usual import Basis as Basis
from storage.posts.zone_days import begin_of, end_of

# Databases limit the parameters of one statement (SQLite: 32,766).
POSTS_AT_ONCE = 1_000

_HASHTAG = re.compile(r"(?<!\w)#\w+")


class AgedPost(NamedTuple):
    """One post with its figures at the age of its set; None where that reading is missing.

    ``published_at`` is to the second, as Facebook tells it.
    ``interactions``, ``engagements`` and ``rate_percent`` as in `storage.metrics.posts`. ``usual``:
    the median views of ``usual_count`` earlier posts of its Page, by ``basis``; all None where they
    are too few. ``times_usual``: views divided by usual; with a "settled" basis the newest views,
    so that it may be known where ``views`` are not. ``followers``: of its Page on the day (UTC) it
    was published, or the day before; fans where Facebook told no followers.
    """

    id: str
    page_id: str
    published_at: datetime
    kind: PostKind
    is_gone: bool
    views: int | None
    viewers: int | None
    clicks: int | None
    reactions: int | None
    comments: int | None
    shares: int | None
    interactions: int | None
    engagements: int | None
    rate_percent: float | None
    paid_percent: float | None
    followers: int | None
    usual: float | None
    usual_count: int | None
    basis: Basis | None
    times_usual: float | None


@dataclass(frozen=True, eq=False)
class PostSet:
    """The posts published from ``since`` to ``until`` (days in ``zone``), newest first.

    ``posts`` fit the whole filter; ``all_count`` is their number before kind, text and "without
    gone ones" narrowed them.
    """

    since: date
    until: date
    zone: ZoneInfo
    age: Age
    posts: tuple[AgedPost, ...]
    all_count: int


def load_post_set(
    session: Session,
    filter: Filter,
    since: date,
    until: date,
    zone: ZoneInfo,
    age: Age,
    *,
    kinds: Collection[PostKind] = (),
    search: str = "",
    with_gone: bool = True,
    with_usual: bool = True,
) -> PostSet:
    """Return the posts that the Pages of ``filter`` published in a period.

    ``search``: words that must all occur in the text, ignoring case and accents. ``kinds``: empty
    for all. Usual is of all kinds and texts, and of posts that are gone, whatever is asked for.
    ``with_usual``: without it usual is None everywhere, for a set of which only the tiles are
    needed; that takes a third of the time.
    """
    words = fold(storable(search)[:MAX_SEARCH]).split()
    post = table_of(Post).c
    # By Page, not by time: posts and checkpoints of a Page lie together, which is several times
    # faster to read.
    condition = post.page_id.in_(select(Page.id).where(*filter_conditions(filter, until)))
    begin = begin_of(since, zone)
    statement = _select_posts(session, age, with_text=bool(words)).where(
        post.published_at >= begin, post.published_at < end_of(until, zone), condition
    )
    rows = list(session.connection().execute(statement).all())
    rows.sort(key=attrgetter("id"))  # posts of one second keep their order
    rows.sort(key=itemgetter(2), reverse=True)
    numbers = [
        number
        for number, row in enumerate(rows)
        if (not kinds or row.kind in kinds)
        and (with_gone or not row.is_gone)
        and (not words or (row.message and _has_words(row.message, words)))
    ]
    usual: Iterable[Usual] = repeat(NO_USUAL, len(numbers))
    if with_usual:
        usual = find_usual(session, condition, begin, rows, numbers, age)
    posts = tuple(_aged(rows[number], each) for number, each in zip(numbers, usual, strict=True))
    return PostSet(since, until, zone, age, posts, len(rows))


@dataclass(frozen=True)
class PostSummary:
    """The tiles. ``days_count`` is the length of the period.

    ``per_week`` counts gone posts too. ``median_views`` of the ``with_views_count`` posts that have
    a reading at the age, None below MIN_MEDIAN_POSTS; ``too_young_count`` are younger than the age,
    or so little older that their reading may still come; ``missed_count`` are all others: not read
    in time, without views at Facebook, or gone before. Under newest figures every gone one is: its
    figures are not of now. ``rate_percent`` is pooled over posts. ``interactions_per_post`` is the
    mean of ``interactions_count`` posts.
    """

    posts_count: int
    pages_count: int
    days_count: int
    per_week: float
    median_views: float | None
    with_views_count: int
    too_young_count: int
    missed_count: int
    rate_percent: float | None
    rate_count: int
    interactions_per_post: float | None
    interactions_count: int


def summarize(posts: PostSet, now: datetime) -> PostSummary:
    """Return the tiles of a set at ``now``."""
    days_count = (posts.until - posts.since).days + 1
    told = _told(posts)
    views = [post.views for post in told if post.views is not None]
    rates = [(post.engagements, post.views) for post in told]
    interactions = [post.interactions for post in told if post.interactions is not None]
    too_young = sum(1 for post in posts.posts if _is_too_young(post, posts.age, now))
    return PostSummary(
        posts_count=len(posts.posts),
        pages_count=len({post.page_id for post in posts.posts}),
        days_count=days_count,
        per_week=metrics.posts_per_week(len(posts.posts), days_count),
        median_views=metrics.median_of(views),
        with_views_count=len(views),
        too_young_count=too_young,
        missed_count=len(posts.posts) - len(views) - too_young,
        rate_percent=metrics.pooled_rate_percent(rates),
        rate_count=sum(1 for e, v in rates if e is not None and v is not None),
        interactions_per_post=fmean(interactions) if interactions else None,
        interactions_count=len(interactions),
    )


@dataclass(frozen=True)
class KindRow:
    """One kind of post: how many, their share of all in percent, and medians; None below 5."""

    kind: PostKind
    posts_count: int
    share_percent: float
    median_views: float | None
    median_times_usual: float | None
    rate_percent: float | None


def compare_kinds(posts: PostSet) -> tuple[KindRow, ...]:
    """Return a row for each kind in the set, most posts first."""
    counts = Counter(post.kind for post in posts.posts)
    told: dict[PostKind, list[AgedPost]] = defaultdict(list)
    for post in _told(posts):
        told[post.kind].append(post)
    levelled: dict[PostKind, list[float | None]] = defaultdict(list)
    for post in posts.posts:
        levelled[post.kind].append(post.times_usual)
    return tuple(
        KindRow(
            kind=kind,
            posts_count=count,
            share_percent=100 * count / len(posts.posts),
            median_views=metrics.median_of(post.views for post in told[kind]),
            median_times_usual=metrics.median_of(levelled[kind]),
            rate_percent=metrics.pooled_rate_percent(
                (post.engagements, post.views) for post in told[kind]
            ),
        )
        for kind, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    )


@dataclass(frozen=True)
class WhenCell:
    """Posts of one weekday (0 is Monday) and block of three hours (0 is 0:00 to 3:00).

    None stands for all of them. ``median_times_usual``: None below 5 posts that have it.
    """

    weekday: int | None
    block: int | None
    posts_count: int
    median_times_usual: float | None


@dataclass(frozen=True)
class WhenPosted:
    """When posts did well: both strips, and the grid of 7 × 8 from 200 posts on, else empty.

    ``posts_count``: posts with times usual. The hours are of the set's zone.
    """

    posts_count: int
    weekdays: tuple[WhenCell, ...]
    blocks: tuple[WhenCell, ...]
    grid: tuple[WhenCell, ...]


def find_when(posts: PostSet) -> WhenPosted:
    """Return when posts did well, each levelled by what is usual for its Page."""
    cells: dict[tuple[int | None, int | None], list[float]] = defaultdict(list)
    hours: dict[int, tuple[int, int]] = {}
    for post in posts.posts:
        if post.times_usual is not None:
            # No zone changes its hours but at a quarter of an hour.
            quarter = int(post.published_at.timestamp()) // 900
            if quarter not in hours:
                local = post.published_at.astimezone(posts.zone)
                hours[quarter] = local.weekday(), local.hour // 3
            weekday, block = hours[quarter]
            for cell in ((weekday, None), (None, block), (weekday, block)):
                cells[cell].append(post.times_usual)

    def cell_of(weekday: int | None, block: int | None) -> WhenCell:
        values = cells.get((weekday, block), [])
        return WhenCell(weekday, block, len(values), metrics.median_of(values))

    count = sum(len(values) for (_, block), values in cells.items() if block is None)
    has_grid = count >= metrics.MIN_GRID_POSTS
    return WhenPosted(
        posts_count=count,
        weekdays=tuple(cell_of(weekday, None) for weekday in range(7)),
        blocks=tuple(cell_of(None, block) for block in range(8)),
        grid=tuple(cell_of(w, b) for w in range(7) for b in range(8)) if has_grid else (),
    )


@dataclass(frozen=True)
class HashtagRow:
    """One hashtag, casefolded with its "#", in at least 5 posts."""

    hashtag: str
    posts_count: int
    median_times_usual: float | None


def list_hashtags(session: Session, posts: PostSet, limit: int = 25) -> tuple[HashtagRow, ...]:
    """Return the hashtags of a set, most posts first, each counted once a post."""
    if not posts.posts:
        return ()
    table = table_of(Post).c
    times = {post.id: post.times_usual for post in posts.posts}
    statement = select(table.id, table.message).where(
        table.message.contains("#", autoescape=True),
        table.published_at >= posts.posts[-1].published_at,
        table.published_at < posts.posts[0].published_at + timedelta(seconds=1),
    )
    if len(times) <= POSTS_AT_ONCE:
        statement = statement.where(table.id.in_(times))
    found: dict[str, list[float | None]] = defaultdict(list)
    for id, message in session.connection().execute(statement):
        if id in times:
            for hashtag in {each.casefold() for each in _HASHTAG.findall(message)}:
                found[hashtag].append(times[id])
    rows = [
        HashtagRow(hashtag, len(values), metrics.median_of(values))
        for hashtag, values in found.items()
        if len(values) >= metrics.MIN_MEDIAN_POSTS
    ]
    return tuple(sorted(rows, key=lambda row: (-row.posts_count, row.hashtag))[:limit])


PostSort = Literal[
    "times_usual",
    "published",
    "views",
    "paid",
    "reactions",
    "comments",
    "shares",
    "clicks",
    "rate",
    "interactions",
]


def in_order(posts: PostSet, sort: PostSort, descending: bool) -> Sequence[AgedPost]:
    """Return the posts in order: unknown values last in both directions, equal ones by views, then
    newest first.
    """
    value_of = attrgetter(_SORTED_BY.get(sort, sort))
    known = [post for post in posts.posts if value_of(post) is not None]
    unknown = [post for post in posts.posts if value_of(post) is None]
    for some in (known, unknown):
        some.sort(key=_views_of, reverse=True)
    known.sort(key=value_of, reverse=descending)
    return [*known, *unknown]


_SORTED_BY = {"published": "published_at", "paid": "paid_percent", "rate": "rate_percent"}


def _has_words(message: str, words: Sequence[str]) -> bool:
    folded = fold(message)
    return all(word in folded for word in words)


def _views_of(post: AgedPost) -> int:
    return -1 if post.views is None else post.views


def _told(posts: PostSet) -> Sequence[AgedPost]:
    """Return the posts whose figures are of the age: the newest ones of a post that is gone are not
    of now.
    """
    if posts.age is not None:
        return posts.posts
    return [post for post in posts.posts if not post.is_gone]


def _is_too_young(post: AgedPost, age: Age, now: datetime) -> bool:
    if age is None or post.is_gone or post.views is not None:
        return False
    return now - post.published_at < timedelta(days=age) + metrics.CHECKPOINTS[age]


def _select_posts(session: Session, age: Age, *, with_text: bool) -> Select[Any]:
    """Select posts with their figures at an age, as `_aged` takes them."""
    post, checkpoint = table_of(Post), table_of(PostCheckpoint)
    source: FromClause = post
    figures: FromClause = post
    if age is not None:
        is_of_age = (checkpoint.c.post_id == post.c.id) & (checkpoint.c.age_days == age)
        source, figures = post.outerjoin(checkpoint, is_of_age), checkpoint
    columns = [
        *measure_columns(session, figures),
        post.c.id,
        post.c.gone_at.is_not(None).label("is_gone"),
        *(figures.c[name] for name in ("viewers", "clicks", "reactions", "comments", "shares")),
        post.c.views_paid,
        post.c.views_unpaid,
        _followers_of_day(session),
    ]
    if with_text:
        columns.append(post.c.message)
    return select(*columns).select_from(source)


def _followers_of_day(session: Session) -> ColumnElement[Any]:
    """Return a Page's followers on the day of a post, or the day before; else its fans.

    Both databases look for the day before only where the day itself has no figure.
    """
    post = table_of(Post)
    is_sqlite = session.get_bind().dialect.name == "sqlite"

    def on_day(days_before: int) -> ColumnElement[Any]:
        snapshot = table_of(Snapshot).alias()
        day: ColumnElement[Any]
        if is_sqlite:
            day = func.date(post.c.published_at, f"-{days_before} days")
        else:
            day = sql_cast(func.timezone("UTC", post.c.published_at), Date) - days_before
        return (
            select(func.coalesce(snapshot.c.followers_count, snapshot.c.fans_count))
            .where(snapshot.c.page_id == post.c.page_id, snapshot.c.day == day)
            .correlate(post)
            .scalar_subquery()
        )

    return func.coalesce(on_day(0), on_day(1))


def _aged(row: Sequence[Any], usual: Usual) -> AgedPost:
    page_id, kind, seconds, views, _, _, id, is_gone = row[:8]
    viewers, clicks, reactions, comments, shares, paid, unpaid, followers = row[8:16]
    interactions = metrics.interactions(reactions, comments, shares)
    engagements = metrics.engagements(interactions, clicks)
    return AgedPost(
        id,
        intern(page_id),  # else a year of posts would hold each Page's id a hundred times
        datetime.fromtimestamp(seconds, UTC),
        intern(kind),  # type: ignore[arg-type]  # one of the kinds
        bool(is_gone),
        views,
        viewers,
        clicks,
        reactions,
        comments,
        shares,
        interactions,
        engagements,
        metrics.engagement_rate_percent(engagements, views),
        metrics.paid_share_percent(paid, unpaid),
        followers,
        usual.views,
        usual.posts_count,
        usual.basis,
        metrics.times_usual(usual.own_views, usual.views),
    )
