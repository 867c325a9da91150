"""Post table export: makes a file of posts, with ids, times in UTC and the age of each figure.

A figure's column ends with Facebook's name of it. What Facebook did not tell is empty, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.export.csv_xlsx import Cell, Column, Format, make_file
from storage.models import PostCheckpoint
from storage.posts.analysis import Age, AgedPost
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
    Column("usual_views", "number"),
    Column("usual_posts", "number"),
    Column("usual_rests_on", "text"),
    Column("times_usual", "percent"),
    Column("gone_at_utc", "time"),
)


def export_posts(session: Session, posts: Sequence[AgedPost], age: Age, format: Format) -> bytes:
    """Return posts as a file, in their order. Raises TooManyRows for an XLSX file."""
    return make_file(POST_COLUMNS, _iterate_rows(session, posts, age), format)


def _iterate_rows(
    session: Session, posts: Sequence[AgedPost], age: Age
) -> Iterator[Sequence[Cell]]:
    for first in range(0, len(posts), POSTS_AT_ONCE):
        some = posts[first : first + POSTS_AT_ONCE]
        ids = [post.id for post in some]
        details = list_details(session, ids)
        read_at = {} if age is None else _list_read(session, ids, age)
        for post in some:
            detail = details.get(post.id)
            if detail is not None:  # not erased meanwhile
                at = detail.read_at if age is None else read_at.get(post.id)
                yield _row(post, detail, age, at)


def _row(post: AgedPost, detail: PostDetail, age: Age, read_at: datetime | None) -> Sequence[Cell]:
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
        post.viewers,
        post.clicks,
        post.reactions,
        post.comments,
        post.shares,
        post.interactions,
        post.engagements,
        post.rate_percent,
        post.paid_percent,
        None if post.paid_percent is None else detail.paid_age_days,
        post.followers,
        post.usual,
        post.usual_count,
        post.basis,
        post.times_usual,
        detail.gone_at,
    )


def _list_read(session: Session, ids: Sequence[str], age_days: int) -> dict[str, datetime]:
    """Return when the checkpoints of an age were read, by post id."""
    table = table_of(PostCheckpoint).c
    query = select(table.post_id, table.read_at).where(
        table.post_id.in_(ids), table.age_days == age_days
    )
    return dict(tuple(row) for row in session.execute(query))
