"""Tables of posts: their newest figures, those at fixed ages, and how far posts are read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, GraphCode


class Post(Base):
    """One post that a Page published (Reels too, no stories), with its newest lifetime figures.

    Figures are as Facebook told them last, at ``read_at``; NULL where it told none, never 0. They
    may fall. A post older than 90 days is no longer read. ``views_paid`` and ``views_unpaid`` are
    of one answer, asked when the post was ``paid_age_days`` old (7 or 28).
    """

    __tablename__ = "posts"
    __table_args__ = (
        # Without the kind, what is usual for a thousand Pages would read every row of half a year.
        Index("posts_by_page", "page_id", "published_at", "kind"),
        Index("posts_by_time", "published_at", "page_id"),
        # Ids begin with the Page's: its posts lie together, as their checkpoints do.
        {"sqlite_with_rowid": False},
    )

    id: Mapped[str] = mapped_column(primary_key=True)  # "<page id>_<post id>"
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    published_at: Mapped[datetime]
    kind: Mapped[str]  # a `storage.posts.rows.PostKind`
    message: Mapped[str | None]  # the first 2,000 characters
    permalink: Mapped[str | None]
    views: Mapped[int | None] = mapped_column(BigInteger)
    viewers: Mapped[int | None] = mapped_column(BigInteger)
    clicks: Mapped[int | None] = mapped_column(BigInteger)
    link_clicks: Mapped[int | None] = mapped_column(BigInteger)
    reactions: Mapped[int | None] = mapped_column(BigInteger)
    comments: Mapped[int | None] = mapped_column(BigInteger)
    shares: Mapped[int | None] = mapped_column(BigInteger)
    video_views: Mapped[int | None] = mapped_column(BigInteger)
    watch_ms: Mapped[int | None] = mapped_column(BigInteger)
    views_paid: Mapped[int | None] = mapped_column(BigInteger)
    views_unpaid: Mapped[int | None] = mapped_column(BigInteger)
    paid_age_days: Mapped[int | None]
    read_at: Mapped[datetime | None]  # when Facebook told figures last; NULL: never
    first_seen_at: Mapped[datetime]
    missed_at: Mapped[datetime | None]  # the first refusal of the post alone since it was last seen
    gone_at: Mapped[datetime | None]  # the second refusal, at least a day after the first
    message_folded: Mapped[str | None]  # by which it is searched: see storage/models/folding.py


class PostCheckpoint(Base):
    """The figures of one post at a fixed age, written once by the first reading that is in time.

    See `storage.metrics.posts.find_checkpoint` for the ages and their margins.
    """

    __tablename__ = "post_checkpoints"
    __table_args__ = (
        # PostgreSQL would read the checkpoints of all years for those of a month. SQLite, where
        # they lie together by Page, would only have a larger file.
        Index("post_checkpoints_by_time", "age_days", "read_at").ddl_if(dialect="postgresql"),
        {"sqlite_with_rowid": False},
    )

    post_id: Mapped[str] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True
    )
    age_days: Mapped[int] = mapped_column(primary_key=True)
    read_at: Mapped[datetime]
    views: Mapped[int | None] = mapped_column(BigInteger)
    viewers: Mapped[int | None] = mapped_column(BigInteger)
    clicks: Mapped[int | None] = mapped_column(BigInteger)
    reactions: Mapped[int | None] = mapped_column(BigInteger)
    comments: Mapped[int | None] = mapped_column(BigInteger)
    shares: Mapped[int | None] = mapped_column(BigInteger)
    video_views: Mapped[int | None] = mapped_column(BigInteger)


class PostState(Base):
    """How far a Page's posts have been read, and Facebook's last answer about them.

    ``state``: ok · empty (figures of no post) · too_few_likes · no_permission · no_role_for_posts ·
    access_ended · not_answering · limited · refused. The code and trace are Graph's.

    The posts from ``covered_since`` until ``covered_until`` have been listed without a gap; both
    are NULL before the first listing. ``older_cursor``: where the listing of older posts goes on;
    NULL with ``is_complete``, when two years or the Page's first post are reached.
    """

    __tablename__ = "post_states"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    state: Mapped[str]
    code: Mapped[GraphCode | None]
    trace_id: Mapped[str | None]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]  # when a listing came last
    covered_since: Mapped[datetime | None]
    covered_until: Mapped[datetime | None]
    is_complete: Mapped[bool]
    older_cursor: Mapped[str | None]
    rows_limit: Mapped[int]  # posts per listing: 25, less where Facebook wanted less data
    left_out: Mapped[list[str]]  # metrics that Facebook refuses for this Page alone
    reels_state: Mapped[str | None]  # ok · refused; NULL: not asked yet
    reels_asked_at: Mapped[datetime | None]
