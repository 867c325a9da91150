"""Posts to ask about: as Facebook would list them, read once or day by day."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from storage.figures.filters import EVERY_PAGE, Filter
from storage.models import PostState
from storage.posts.analysis import Age, AgedPost, PostSet, load_post_set
from storage.posts.posts import StoredPosts, store_posts
from storage.posts.rows import PostFigures, PostKind, ReadPost
from tests.integration.figures.figure_rows import day

UTC_ZONE = ZoneInfo("UTC")
A_DAY = timedelta(days=1)


def at(number: int, hour: int = 12, minute: int = 0) -> datetime:
    """A time on the day with this number, which may be negative."""
    return datetime.combine(day(number), time(hour, minute), tzinfo=UTC)


def figures_of(views: int | None, **others: int | None) -> PostFigures:
    """Figures with a tenth of the views as reactions, and a fiftieth as each of the others."""
    if views is None:
        return PostFigures(**others)
    about = PostFigures(
        views=views,
        viewers=views,
        clicks=views // 50,
        reactions=views // 10,
        comments=views // 50,
        shares=views // 50,
    )
    return replace(about, **others)


def post(
    name: str,
    published_at: datetime,
    views: int | None = None,
    *,
    page_id: str = "1",
    kind: PostKind = "photo",
    message: str | None = None,
) -> ReadPost:
    """A post as it is listed; without ``views`` no figures came with it."""
    figures = None if views is None else figures_of(views)
    return ReadPost(f"{page_id}_{name}", page_id, published_at, kind, message, None, figures)


def store(session: Session, posts: Sequence[ReadPost], now: datetime) -> StoredPosts:
    """Store posts with their text."""
    return store_posts(session, posts, now=now, keeps_text=True)


def grown(views: int, age: timedelta) -> int:
    """What a post of so many views in the end has at an age: it grows for weeks."""
    return int(views * (1 - math.exp(-age / timedelta(days=5))))


def read_daily(session: Session, posts: Iterable[ReadPost], numbers: Iterable[int]) -> None:
    """Read posts at 6:05 on each of these days; their views are those that they get in the end."""
    posts = list(posts)
    for number in numbers:
        now = at(number, 6, 5)
        read = []
        for each in posts:
            age = now - each.published_at
            assert each.figures is not None
            if timedelta() < age < 90 * A_DAY:
                figures = figures_of(grown(each.figures.views or 0, age))
                read.append(replace(each, figures=figures))
        store(session, read, now)


def store_settled(
    session: Session,
    numbers: Iterable[int],
    views: int,
    *,
    page_id: str = "1",
    kind: PostKind = "photo",
) -> None:
    """A post on each of these days, read once, 120 days later: too late for any checkpoint."""
    for number in numbers:
        old = post(f"{kind}{number}", at(number), views, page_id=page_id, kind=kind)
        store(session, [old], at(number + 120))


def load(
    session: Session,
    since: int,
    until: int,
    age: Age = 7,
    filter: Filter = EVERY_PAGE,
    zone: ZoneInfo = UTC_ZONE,
) -> PostSet:
    """The posts of a period, by the numbers of its days."""
    return load_post_set(session, filter, day(since), day(until), zone, age)


def posts_of(posts: PostSet) -> list[AgedPost]:
    """All posts of a set, newest first."""
    return posts.list_posts(posts.newest)


def list_state(
    session: Session,
    page_id: str,
    since: int | None = -400,
    until: int = 0,
    *,
    state: str = "ok",
    reels_state: str | None = None,
) -> None:
    """How far a Page's posts were listed: from the begin of a day until noon of another."""
    session.add(
        PostState(
            page_id=page_id,
            state=state,
            asked_at=at(until),
            answered_at=at(until),
            covered_since=None if since is None else at(since, 0),
            covered_until=None if since is None else at(until),
            is_complete=False,
            rows_limit=25,
            left_out=[],
            reels_state=reels_state,
        )
    )
    session.flush()


def days(since: int, until: int) -> list[date]:
    """The days from one number to another, both included."""
    return [day(number) for number in range(since, until + 1)]
