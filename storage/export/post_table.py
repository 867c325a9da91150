"""Post table export: makes a file of posts, with ids, times in UTC and the age of each figure.

A figure's column ends with Facebook's name of it. What Facebook did not tell is empty, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, func, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.export.csv_xlsx import Cell, Column, Format, make_file
from storage.metrics.posts import interaction_rate_percent
from storage.models import Post, PostCheckpoint, Snapshot
from storage.posts.analysis import Age, AgedPost, PostSet
from storage.posts.details import PostDetail, list_details

POSTS_AT_ONCE = 500
AN_HOUR = 3600

# https://developers.facebook.com/docs/graph-api/reference/insights
POST_COLUMNS = (
    Column("post_id", "text"),
    Column("page_id", "text"),
    Column("page_name", "text"),
    Column("post_url", "text"),
    Column("published_at_utc", "time"),
    Column("kind", "text"),
    Column("text", "text"),
    Column("reading_age_days", "number"),  # empty for the newest figures
    Column("read_at_utc", "time"),
    Column("age_when_read_hours", "number"),
    Column("views_post_media_view", "number"),
    Column("viewers_post_total_media_view_unique", "number"),
    Column("clicks_post_clicks", "number"),
    Column("reactions_post_reactions_by_type_total", "number"),
    Column("comments_post_activity_by_action_type", "number"),
    Column("shares_post_activity_by_action_type", "number"),
    Column("interactions", "number"),
    Column("engagements", "number"),
    Column("engagement_rate_percent_by_views", "percent"),
    Column("paid_percent_is_from_ads", "percent"),
    Column("paid_age_days", "number"),
    Column("followers_when_published", "number"),
    Column("interaction_rate_percent_by_followers", "percent"),
    Column("usual_views", "number"),
    Column("usual_posts", "number"),
    Column("usual_rests_on", "text"),
    Column("times_usual", "percent"),
    Column("gone_at_utc", "time"),
)


def export_posts(session: Session, posts: PostSet, numbers: Sequence[int], format: Format) -> bytes:
    """Return those posts of a set with these numbers as a file, in their order.

    Raises TooManyRows for an XLSX file.
    """
    return make_file(POST_COLUMNS, _iterate_rows(session, posts, numbers), format)


def _iterate_rows(
    session: Session, posts: PostSet, numbers: Sequence[int]
) -> Iterator[Sequence[Cell]]:
    for first in range(0, len(numbers), POSTS_AT_ONCE):
        some = posts.list_posts(numbers[first : first + POSTS_AT_ONCE])
        ids = [post.id for post in some]
        details = list_details(session, ids)
        others = _list_others(session, ids, posts.age)
        for post in some:
            if post.id in details:  # not erased meanwhile
                yield _row(post, details[post.id], posts.age, *others[post.id])


def _row(
    post: AgedPost,
    detail: PostDetail,
    age: Age,
    read_at: datetime | None,
    viewers: int | None,
    followers: int | None,
) -> Sequence[Cell]:
    age_seconds = None if read_at is None else (read_at - post.published_at).total_seconds()
    return (
        post.id,
        post.page_id,
        detail.page_name,
        detail.permalink,
        post.published_at,
        post.kind,
        detail.message,
        None if read_at is None else age,
        read_at,
        None if age_seconds is None else int(age_seconds // AN_HOUR),
        post.views,
        viewers,
        post.clicks,
        post.reactions,
        post.comments,
        post.shares,
        post.interactions,
        post.engagements,
        post.rate_percent,
        post.paid_percent,
        None if post.paid_percent is None else detail.paid_age_days,
        followers,
        interaction_rate_percent(post.interactions, followers),
        post.usual,
        post.usual_count,
        post.basis,
        post.times_usual,
        detail.gone_at,
    )


def _list_others(
    session: Session, ids: Sequence[str], age: Age
) -> dict[str, tuple[datetime | None, int | None, int | None]]:
    """Return by post id when its figures were read, its viewers, and its Page's followers."""
    post, checkpoint = table_of(Post), table_of(PostCheckpoint)
    is_of_age = (checkpoint.c.post_id == post.c.id) & (checkpoint.c.age_days == age)
    figures = post.c if age is None else checkpoint.c
    query = (
        select(post.c.id, figures.read_at, figures.viewers, _followers_of_day(session))
        .select_from(post.outerjoin(checkpoint, is_of_age))
        .where(post.c.id.in_(ids))
    )
    return {id: (*others,) for id, *others in session.execute(query)}


def _followers_of_day(session: Session) -> ColumnElement[Any]:
    """Return a Page's followers on the day (UTC) of a post, or the day before; else its fans.

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
