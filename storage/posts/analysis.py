"""Post analysis: the posts of a period at one age, what is usual for their Pages, and summaries.

One load brings every post of the period and those before it that it is measured by; the tiles, the
order of the table, kinds, times and hashtags are computed from it without asking again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import compress, repeat
from statistics import fmean
from sys import intern
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, FromClause, Select, and_, false, func, select, true
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.figures.filters import Filter, filter_conditions, name_conditions
from storage.metrics import posts as metrics
from storage.models import Page, Post, PostCheckpoint
from storage.posts.rows import PostKind
from storage.posts.usual import Age as Age
from storage.posts.usual import Basis as Basis
from storage.posts.usual import Usual, find_usual, is_reading, measure_columns
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
    so that it may be known where ``views`` are not.
    """

    id: str
    page_id: str
    published_at: datetime
    kind: PostKind
    is_gone: bool
    views: int | None
    clicks: int | None
    reactions: int | None
    comments: int | None
    shares: int | None
    interactions: int | None
    engagements: int | None
    rate_percent: float | None
    paid_percent: float | None
    usual: float | None
    usual_count: int | None
    basis: Basis | None
    times_usual: float | None


@dataclass(frozen=True, eq=False)
class PostSet:
    """The posts published from ``since`` to ``until`` (days in ``zone``), in no order.

    They fit the whole filter; ``all_count`` is their number before kind, text and "without gone
    ones" narrowed them. From ``page_ids`` on these are columns, as in `AgedPost`, whose objects are
    made for the posts that are shown: one for each post of 90 days would take longer than to find
    them. ``seconds``: when each was published, as Unix time.
    """

    since: date
    until: date
    zone: ZoneInfo
    age: Age
    all_count: int
    usual: Usual
    page_ids: Sequence[str]
    kinds: Sequence[PostKind]
    seconds: Sequence[int]
    views: Sequence[int | None]
    ids: Sequence[str]
    is_gone: Sequence[bool]
    clicks: Sequence[int | None]
    reactions: Sequence[int | None]
    comments: Sequence[int | None]
    shares: Sequence[int | None]
    views_paid: Sequence[int | None]
    views_unpaid: Sequence[int | None]

    @cached_property
    def interactions(self) -> Sequence[int | None]:
        return [*map(metrics.interactions, self.reactions, self.comments, self.shares)]

    @cached_property
    def engagements(self) -> Sequence[int | None]:
        return [*map(metrics.engagements, self.interactions, self.clicks)]

    @cached_property
    def rate_percent(self) -> Sequence[float | None]:
        return [*map(metrics.engagement_rate_percent, self.engagements, self.views)]

    @cached_property
    def paid_percent(self) -> Sequence[float | None]:
        return [*map(metrics.paid_share_percent, self.views_paid, self.views_unpaid)]

    @cached_property
    def times_usual(self) -> Sequence[float | None]:
        return [*map(metrics.times_usual, self.usual.own_views, self.usual.views)]

    @cached_property
    def newest(self) -> Sequence[int]:
        """The numbers of the posts in the columns, newest first; by id in the same second."""
        numbers = sorted(range(len(self.ids)), key=self.ids.__getitem__)
        return sorted(numbers, key=self.seconds.__getitem__, reverse=True)

    def __len__(self) -> int:
        return len(self.ids)

    def list_posts(self, numbers: Iterable[int]) -> list[AgedPost]:
        """Return the posts with these numbers, in their order."""
        return [
            AgedPost(
                id=self.ids[number],
                page_id=self.page_ids[number],
                published_at=datetime.fromtimestamp(self.seconds[number], UTC),
                kind=self.kinds[number],
                is_gone=self.is_gone[number],
                views=self.views[number],
                clicks=self.clicks[number],
                reactions=self.reactions[number],
                comments=self.comments[number],
                shares=self.shares[number],
                interactions=self.interactions[number],
                engagements=self.engagements[number],
                rate_percent=self.rate_percent[number],
                paid_percent=self.paid_percent[number],
                usual=self.usual.views[number],
                usual_count=self.usual.posts_counts[number],
                basis=self.usual.bases[number],
                times_usual=self.times_usual[number],
            )
            for number in numbers
        ]


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
    needed; that takes half the time.
    """
    post = table_of(Post).c
    # By Page, not by time: posts and checkpoints of a Page lie together, which is several times
    # faster to read.
    condition = post.page_id.in_(select(Page.id).where(*filter_conditions(filter, until)))
    begin, end = begin_of(since, zone), end_of(until, zone)
    fits = name_conditions(search, post.message_folded)
    if kinds:
        fits.append(post.kind.in_(kinds))
    if not with_gone:
        fits.append(post.gone_at.is_(None))
    statement = _select_posts(session, age, begin, end, fits).where(condition)
    columns: list[list[Any]] = [[] for _ in statement.selected_columns]
    # Not all rows at once: collecting garbage among so many objects takes a tenth of the time.
    for rows in session.connection().execute(statement).partitions(POSTS_AT_ONCE):
        for column, values in zip(columns, zip(*rows, strict=True), strict=True):
            column += values
    is_asked = columns.pop()
    # Else a year of posts would hold each Page's id a hundred times.
    columns[1:3] = ([*map(intern, column)] for column in columns[1:3])
    usual = Usual(*repeat([None] * sum(is_asked), 4))
    if with_usual:
        usual = find_usual(session, condition, begin, columns[:5], is_asked, age)
    _, *shown = ([*compress(column, is_asked)] for column in columns)
    return PostSet(since, until, zone, age, len(is_asked), usual, *shown)


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
    told = _list_told(posts)
    views = [each for number in told if (each := posts.views[number]) is not None]
    rates = [(posts.engagements[number], posts.views[number]) for number in told]
    interactions = [each for number in told if (each := posts.interactions[number]) is not None]
    too_young = _count_too_young(posts, now)
    return PostSummary(
        posts_count=len(posts),
        pages_count=len(set(posts.page_ids)),
        days_count=days_count,
        per_week=metrics.posts_per_week(len(posts), days_count),
        median_views=metrics.median_of(views),
        with_views_count=len(views),
        too_young_count=too_young,
        missed_count=len(posts) - len(views) - too_young,
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
    levelled: dict[PostKind, list[float | None]] = defaultdict(list)
    for kind, times_usual in zip(posts.kinds, posts.times_usual, strict=True):
        levelled[kind].append(times_usual)
    told: dict[PostKind, list[int]] = defaultdict(list)
    for number in _list_told(posts):
        told[posts.kinds[number]].append(number)
    return tuple(
        KindRow(
            kind=kind,
            posts_count=len(times_usual),
            share_percent=100 * len(times_usual) / len(posts),
            median_views=metrics.median_of(posts.views[number] for number in told[kind]),
            median_times_usual=metrics.median_of(times_usual),
            rate_percent=metrics.pooled_rate_percent(
                (posts.engagements[number], posts.views[number]) for number in told[kind]
            ),
        )
        for kind, times_usual in sorted(levelled.items(), key=lambda each: (-len(each[1]), each[0]))
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
    for seconds, times_usual in zip(posts.seconds, posts.times_usual, strict=True):
        if times_usual is not None:
            # No zone changes its hours but at a quarter of an hour.
            quarter = seconds // 900
            if quarter not in hours:
                local = datetime.fromtimestamp(seconds, posts.zone)
                hours[quarter] = local.weekday(), local.hour // 3
            weekday, block = hours[quarter]
            for cell in ((weekday, None), (None, block), (weekday, block)):
                cells[cell].append(times_usual)

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
    if not posts.ids:
        return ()
    table = table_of(Post).c
    times = dict(zip(posts.ids, posts.times_usual, strict=True))
    statement = select(table.id, table.message).where(
        table.message.contains("#", autoescape=True),
        table.published_at >= datetime.fromtimestamp(min(posts.seconds), UTC),
        table.published_at < datetime.fromtimestamp(max(posts.seconds) + 1, UTC),
    )
    if len(times) <= POSTS_AT_ONCE:
        statement = statement.where(table.id.in_(times))
    else:
        # All of them; but then SQLite reads by Page, see `load_post_set`.
        statement = statement.where(table.page_id.in_(select(Page.id)))
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


def in_order(posts: PostSet, sort: PostSort, descending: bool) -> list[int]:
    """Return the numbers of the posts in order: unknown values last in both directions, equal ones
    by views, then newest first.
    """
    values = getattr(posts, _SORTED_BY.get(sort, sort))
    views = [-1 if each is None else each for each in posts.views]
    numbers = sorted(posts.newest, key=views.__getitem__, reverse=True)
    known = [number for number in numbers if values[number] is not None]
    unknown = [number for number in numbers if values[number] is None]
    known.sort(key=values.__getitem__, reverse=descending)
    return known + unknown


_SORTED_BY = {"published": "seconds", "paid": "paid_percent", "rate": "rate_percent"}


def _list_told(posts: PostSet) -> Sequence[int]:
    """Return the numbers of the posts whose figures are of the age: the newest ones of a post that
    is gone are not of now.
    """
    numbers = range(len(posts))
    if posts.age is not None:
        return numbers
    return [number for number in numbers if not posts.is_gone[number]]


def _count_too_young(posts: PostSet, now: datetime) -> int:
    if posts.age is None:
        return 0
    old_since = (now - timedelta(days=posts.age) - metrics.CHECKPOINTS[posts.age]).timestamp()
    return sum(
        1
        for seconds, is_gone, views in zip(posts.seconds, posts.is_gone, posts.views, strict=True)
        if seconds > old_since and not is_gone and views is None
    )


def _select_posts(
    session: Session,
    age: Age,
    begin: datetime,
    end: datetime,
    fits: Sequence[ColumnElement[bool]],
) -> Select[Any]:
    """Select posts with their figures at an age.

    `measure_columns`, the others in the order of `PostSet`, and whether all of ``fits`` is true.
    """
    post, checkpoint = table_of(Post), table_of(PostCheckpoint)
    source: FromClause = post
    figures: FromClause = post
    if age is not None:
        source = post.outerjoin(checkpoint, is_reading(session, age, begin, end))
        figures = checkpoint
    columns = [
        *measure_columns(session, figures),
        post.c.id,
        post.c.gone_at.is_not(None).label("is_gone"),
        *(figures.c[name] for name in ("clicks", "reactions", "comments", "shares")),
        post.c.views_paid,
        post.c.views_unpaid,
        func.coalesce(and_(true(), *fits), false()),
    ]
    statement = select(*columns).select_from(source)
    return statement.where(post.c.published_at >= begin, post.c.published_at < end)
