"""Posts: stores what was read of posts, and the checkpoints that a reading makes.

A checkpoint is written once, by the first reading in its margin, and never changes. Nothing is
interpolated: without a reading in time there is no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from storage.db.text import storable, storable_or_none
from storage.db.upsert import Conflict, insert_into, table_of, upsert
from storage.metrics.posts import find_checkpoint
from storage.models import Post, PostCheckpoint
from storage.models.folding import fold
from storage.posts.rows import MAX_MESSAGE, PostFigures, ReadPost

FIGURES = tuple(each.name for each in fields(PostFigures))
CHECKPOINT_FIGURES = tuple(name for name in FIGURES if name not in ("link_clicks", "watch_ms"))
# The first time stays; a post that is listed again is there.
SEEN = Conflict(first_only=("first_seen_at",))


@dataclass(frozen=True)
class StoredPosts:
    """What a call of `store_posts` wrote: new posts, posts with figures, and checkpoints."""

    new_count: int
    readings_count: int
    checkpoints_count: int


def store_posts(
    session: Session, posts: Sequence[ReadPost], *, now: datetime, keeps_text: bool
) -> StoredPosts:
    """Store posts that were read at ``now``, and the checkpoints that are due.

    Figures of a post without a reading stay. A value may fall: what came is stored.
    ``keeps_text``: without it the text of posts is not stored. A post that was gone is there again.
    """
    facts = [_facts(post, now, keeps_text=keeps_text) for post in posts]
    known = _list_known(session, [post.id for post in posts])
    upsert(session, Post, facts, SEEN)
    told = [(post, post.figures) for post in posts if post.figures and post.figures.is_told]
    return StoredPosts(
        new_count=len({post.id for post in posts} - known),
        readings_count=store_figures(session, [(p.id, f) for p, f in told], now=now),
        checkpoints_count=store_checkpoints(
            session, [(p.id, p.published_at, f) for p, f in told], now=now
        ),
    )


def store_figures(
    session: Session, figures: Sequence[tuple[str, PostFigures]], *, now: datetime
) -> int:
    """Store the newest figures of stored posts, by post id; return how many posts they are of."""
    table = table_of(Post)
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in (*FIGURES, "read_at")}
    statement = update(table).where(table.c.id == bindparam("this_id")).values(values)
    if figures:
        session.execute(
            statement,
            [
                {
                    "this_id": id,
                    "new_read_at": now,
                    **{f"new_{name}": value for name, value in vars(each).items()},
                }
                for id, each in figures
            ],
        )
    return len(figures)


def store_checkpoints(
    session: Session, read: Sequence[tuple[str, datetime, PostFigures]], *, now: datetime
) -> int:
    """Write the checkpoints of posts read at ``now`` that are due; return how many were written.

    ``read``: post id, when it was published, and its figures.
    """
    rows: list[dict[str, Any]] = []
    for id, published_at, figures in read:
        age_days = find_checkpoint(now - published_at)
        if age_days is not None:
            values = {name: getattr(figures, name) for name in CHECKPOINT_FIGURES}
            rows.append({"post_id": id, "age_days": age_days, "read_at": now, **values})
    if not rows:
        return 0
    stored = session.execute(
        select(PostCheckpoint.post_id, PostCheckpoint.age_days).where(
            PostCheckpoint.post_id.in_([row["post_id"] for row in rows])
        )
    )
    known = {tuple(row) for row in stored}
    rows = [row for row in rows if (row["post_id"], row["age_days"]) not in known]
    keys = ["post_id", "age_days"]
    statement = insert_into(session, PostCheckpoint).on_conflict_do_nothing(index_elements=keys)
    if rows:
        session.execute(statement, rows)
    return len(rows)


def _facts(post: ReadPost, now: datetime, *, keeps_text: bool) -> dict[str, Any]:
    message = None
    if keeps_text and post.message is not None:
        message = storable(post.message[:MAX_MESSAGE])
    return {
        "id": storable(post.id),
        "page_id": post.page_id,
        "published_at": post.published_at,
        "kind": post.kind,
        "message": message,
        "message_folded": None if message is None else fold(message),
        "permalink": storable_or_none(post.permalink),
        "first_seen_at": now,
        "missed_at": None,
        "gone_at": None,
    }


def _list_known(session: Session, ids: Sequence[str]) -> set[str]:
    return set(session.scalars(select(Post.id).where(Post.id.in_(ids))))
