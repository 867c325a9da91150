"""Due posts: finds what is to be asked about single posts, and which checkpoints came too late.

A listing brings most figures. One call each is spent only on Reels at the age of a checkpoint, on
paid views at 7 and 28 days, and on posts that a complete listing lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.metrics.posts import CHECKPOINTS, find_checkpoint
from storage.models import Page, Post, PostCheckpoint, Snapshot

PAID_AGES = (7, 28)


@dataclass(frozen=True)
class KnownPost:
    """A stored post, as far as the job needs it. ``ages`` are those of its checkpoints."""

    id: str
    page_id: str
    published_at: datetime
    kind: str
    views: int | None
    paid_age_days: int | None
    gone_at: datetime | None
    ages: frozenset[int] = frozenset()


def list_known_posts(
    session: Session, page_ids: Collection[str], since: datetime
) -> dict[str, dict[str, KnownPost]]:
    """Return the stored posts of Pages that were published from ``since`` on: Page → post id."""
    is_meant = (Post.page_id.in_(page_ids), Post.published_at >= since)
    ages: dict[str, set[int]] = {}
    checkpoints = (
        select(PostCheckpoint.post_id, PostCheckpoint.age_days)
        .join(Post, Post.id == PostCheckpoint.post_id)
        .where(*is_meant)
    )
    for post_id, age_days in session.execute(checkpoints):
        ages.setdefault(post_id, set()).add(age_days)
    columns = (Post.id, Post.page_id, Post.published_at, Post.kind, Post.views)
    query = select(*columns, Post.paid_age_days, Post.gone_at).where(*is_meant)
    known: dict[str, dict[str, KnownPost]] = {page_id: {} for page_id in page_ids}
    for row in session.execute(query):
        post = KnownPost(*row, ages=frozenset(ages.get(row.id, ())))
        known[post.page_id][post.id] = post
    return known


def list_newest_fans(session: Session, page_ids: Collection[str]) -> dict[str, int | None]:
    """Return the fans of Pages in their newest snapshots with fans; None without any."""
    newest = (
        select(Snapshot.fans_count)
        .where(Snapshot.page_id == Page.id, Snapshot.fans_count.is_not(None))
        .order_by(Snapshot.day.desc())
        .limit(1)
        .correlate(Page)
        .scalar_subquery()
    )
    rows = session.execute(select(Page.id, newest).where(Page.id.in_(page_ids)))
    return {page_id: fans for page_id, fans in rows}  # noqa: C416 (rows are no pairs)


def find_due_alone(
    posts: Iterable[KnownPost], told: Collection[str], now: datetime, *, reels_only: bool
) -> list[str]:
    """Return the posts at the age of a checkpoint that is not written, and that were not ``told``.

    ``reels_only``: only Reels, whose figures no listing tells.
    """
    return [
        post.id
        for post in posts
        if (post.kind == "reel" or not reels_only)
        and post.gone_at is None
        and post.id not in told
        and (age := find_checkpoint(now - post.published_at)) is not None
        and age not in post.ages
    ]


def find_due_paid(posts: Iterable[KnownPost], now: datetime) -> dict[str, int]:
    """Return post id → age in days of the posts whose paid views are to be asked.

    A post without views has no paid ones.
    """
    return {
        post.id: age
        for post in posts
        if post.views
        and post.gone_at is None
        and (post.paid_age_days or 0) < PAID_AGES[-1]
        and (age := find_checkpoint(now - post.published_at)) in PAID_AGES
        and (post.paid_age_days or 0) < age
    }


def find_unlisted(
    posts: Iterable[KnownPost],
    listed: Collection[str],
    *,
    posts_since: datetime | None,
    reels_since: datetime | None,
) -> list[str]:
    """Return the posts that a complete listing should have had, and had not.

    The listing of posts is complete from ``posts_since`` on, that of Reels from ``reels_since`` on;
    None: it was cut, which proves nothing.
    """
    since = {True: reels_since, False: posts_since}
    return [
        post.id
        for post in posts
        if post.gone_at is None
        and post.id not in listed
        and (limit := since[post.kind == "reel"]) is not None
        and post.published_at >= limit
    ]


def count_missed(posts: Iterable[KnownPost], last_read_at: datetime | None, now: datetime) -> int:
    """Return how many checkpoints came to nothing since the reading at ``last_read_at``.

    Their margins ended without a reading. Posts without any figures are not counted, nor is
    anything before the first reading.
    """
    if last_read_at is None:
        return 0
    return sum(
        last_read_at < post.published_at + timedelta(days=days) + margin <= now
        and days not in post.ages
        for post in posts
        if post.views is not None and post.gone_at is None
        for days, margin in CHECKPOINTS.items()
    )
