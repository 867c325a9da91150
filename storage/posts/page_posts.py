"""Posts by Page: how often each Page publishes, what is not covered, and the days with posts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import Session

from storage.db.text import storable
from storage.db.upsert import table_of
from storage.figures.filters import A_DAY, Filter, filter_conditions
from storage.metrics.posts import MAX_POSTS_A_YEAR, posts_per_week
from storage.models import Page, Post, PostState
from storage.posts.zone_days import begin_of, end_of

RHYTHM_DAYS = 28  # days that posts per week are of
SILENT_DAYS = 14
RhythmKey = Literal["posts_per_week", "last_post"]
A_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Rhythm:
    """How often one Page publishes, over the 28 days up to a day.

    ``per_week`` is "at least" where ``is_covered`` is False: the listing does not reach back so
    far. ``last_at``: its newest post, None without any.
    """

    posts_count: int
    per_week: float
    is_covered: bool
    last_at: datetime | None

    @property
    def is_known(self) -> bool:
        """Whether ``per_week`` says anything: "at least 0" does not."""
        return self.is_covered or self.posts_count > 0


@dataclass(frozen=True, eq=False)
class Rhythms:
    """How often the Pages of a filter publish. ``by_page``: Pages whose posts were listed.

    ``silent_ids``: those without a post in the 14 days up to ``until``. Days are of ``zone``.
    """

    until: date
    zone: ZoneInfo
    by_page: Mapping[str, Rhythm]
    silent_ids: frozenset[str]

    @property
    def posts_count(self) -> int:
        """Posts of all Pages in the 28 days."""
        return sum(each.posts_count for each in self.by_page.values())

    @property
    def posting_count(self) -> int:
        """Pages that published in the 28 days."""
        return sum(1 for each in self.by_page.values() if each.posts_count)

    def list_values(self, key: RhythmKey) -> dict[str, float]:
        """Return "posts_per_week" or "last_post" by Page id, to sort by; unknown ones are absent.

        The last post is in seconds since 1970.
        """
        if key == "posts_per_week":
            return {id: each.per_week for id, each in self.by_page.items() if each.is_known}
        return {id: each.last_at.timestamp() for id, each in self.by_page.items() if each.last_at}


def load_rhythms(session: Session, filter: Filter, until: date, zone: ZoneInfo) -> Rhythms:
    """Return how often the Pages of ``filter`` publish, up to the end of ``until`` in ``zone``.

    A Page whose listing ended before the day before ``until`` is not covered, and not silent: what
    it published since then is unknown.
    """
    silent_since = begin_of(until - (SILENT_DAYS - 1) * A_DAY, zone)
    statement = _select_rhythms(filter, until, zone, silent_since)
    by_page, silent_ids = {}, set()
    for id, count, last_at, is_covered, is_silence in session.connection().execute(statement).all():
        by_page[id] = Rhythm(count, posts_per_week(count, RHYTHM_DAYS), is_covered, last_at)
        if is_silence and (last_at is None or last_at < silent_since):
            silent_ids.add(id)
    return Rhythms(until, zone, by_page, frozenset(silent_ids))


def _select_rhythms(
    filter: Filter, until: date, zone: ZoneInfo, silent_since: datetime
) -> Select[Any]:
    """Select for each listed Page the number of its posts in the days of a rhythm, its last post,
    whether it is covered in these days, and whether it is since ``silent_since``.
    """
    begin = begin_of(until - (RHYTHM_DAYS - 1) * A_DAY, zone)
    end = end_of(until, zone)
    post, state, page = table_of(Post), table_of(PostState), table_of(Page)
    recent = (
        select(
            post.c.page_id,
            func.count().label("posts_count"),
            func.max(post.c.published_at).label("last_at"),
        )
        .where(post.c.published_at >= begin, post.c.published_at < end)
        .group_by(post.c.page_id)
        .subquery()
    )
    needed_until = begin_of(until - A_DAY, zone)
    # Run only for Pages without a post in these days.
    older = table_of(Post).alias()
    last_at = (
        select(func.max(older.c.published_at))
        .where(older.c.page_id == state.c.page_id, older.c.published_at < begin)
        .correlate(state)
        .scalar_subquery()
    )
    return (
        select(
            state.c.page_id,
            func.coalesce(recent.c.posts_count, 0),
            func.coalesce(recent.c.last_at, last_at),
            # Compared here: making times of them takes as long as the rest.
            *(
                and_(state.c.covered_since <= since, state.c.covered_until >= needed_until)
                for since in (begin, silent_since)
            ),
        )
        .select_from(
            state.join(page, page.c.id == state.c.page_id).outerjoin(
                recent, recent.c.page_id == state.c.page_id
            )
        )
        .where(state.c.covered_since.is_not(None), *filter_conditions(filter, until))
    )


@dataclass(frozen=True)
class Coverage:
    """What the posts of a period do not include, in numbers of Pages.

    ``pages_count``: Pages of the filter. ``unread``: no listing yet. ``reels_refused``: Reels
    without views, or not listed. ``later_than``: Pages whose posts are listed from a day after the
    period's first on, and the latest of these days. ``too_few_likes``, ``no_permission``,
    ``no_role``, ``access_ended``: of the last answer. ``incomplete``: Pages with so many posts that
    Facebook may leave some out (600 a year).
    """

    pages_count: int
    unread: int
    reels_refused: int
    later: int
    later_than: date | None
    too_few_likes: int
    no_permission: int
    no_role: int
    access_ended: int
    incomplete: int


def find_coverage(session: Session, filter: Filter, since: date, until: date) -> Coverage:
    """Return what the posts from ``since`` to ``until`` (UTC) do not include."""
    page, state, post = table_of(Page), table_of(PostState), table_of(Post)
    begin, end = begin_of(since, ZoneInfo("UTC")), end_of(until, ZoneInfo("UTC"))
    of_year = (post.c.published_at >= end - A_YEAR, post.c.published_at < end)
    count = select(func.count()).where(post.c.page_id == page.c.id, *of_year)
    statement = (
        select(
            state.c.state,
            state.c.reels_state,
            state.c.covered_since,
            count.correlate(page).scalar_subquery().label("posts_count"),
        )
        .select_from(page.outerjoin(state, state.c.page_id == page.c.id))
        .where(*filter_conditions(filter, until))
    )
    rows = session.connection().execute(statement).all()
    listed = [row for row in rows if row.covered_since is not None]
    later = [row.covered_since for row in listed if row.covered_since >= begin + A_DAY]
    states = Counter(row.state for row in rows)
    return Coverage(
        pages_count=len(rows),
        unread=len(rows) - len(listed),
        reels_refused=sum(1 for row in rows if row.reels_state == "refused"),
        later=len(later),
        later_than=max(later).date() if later else None,
        too_few_likes=states["too_few_likes"],
        no_permission=states["no_permission"],
        no_role=states["no_role_for_posts"],
        access_ended=states["access_ended"],
        incomplete=sum(1 for row in listed if _is_incomplete(row, end)),
    )


def list_post_days(
    session: Session, page_id: str, since: date, until: date, zone: ZoneInfo
) -> dict[date, int]:
    """Return the number of posts of a Page by day of publishing, in ``zone``."""
    table = table_of(Post).c
    times = session.connection().scalars(
        select(table.published_at)
        .where(
            table.page_id == storable(page_id),
            table.published_at >= begin_of(since, zone),
            table.published_at < end_of(until, zone),
        )
        .order_by(table.published_at)
    )
    return dict(Counter(each.astimezone(zone).date() for each in times))


def has_posts(session: Session) -> bool:
    """Return whether any post is stored."""
    return bool(session.scalar(select(exists().select_from(table_of(Post)))))


def _is_incomplete(row: Any, end: datetime) -> bool:
    """Return whether a Page publishes so many posts that Facebook may leave some out.

    A Page that is not listed for a year yet is judged by the days that are.
    """
    listed_days = (end - max(row.covered_since, end - A_YEAR)).days
    days_count = min(max(listed_days, RHYTHM_DAYS), A_YEAR.days)
    is_many: bool = row.posts_count * A_YEAR.days >= MAX_POSTS_A_YEAR * days_count
    return is_many
