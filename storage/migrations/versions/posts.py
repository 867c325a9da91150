"""Adds posts with their readings at fixed ages, and metrics of posts to the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "posts"
down_revision = "page_moves"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger()) for name in names]


def upgrade() -> None:
    op.add_column(
        "insight_metrics", sa.Column("scope", sa.Text(), nullable=False, server_default="page")
    )
    op.add_column(
        "job_runs", sa.Column("posts_new", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("published_at", TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("permalink", sa.Text()),
        *_numbers("views", "viewers", "clicks", "link_clicks", "reactions", "comments", "shares"),
        *_numbers("video_views", "watch_ms", "views_paid", "views_unpaid"),
        sa.Column("paid_age_days", sa.Integer()),
        sa.Column("read_at", TIME),
        sa.Column("first_seen_at", TIME, nullable=False),
        sa.Column("missed_at", TIME),
        sa.Column("gone_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_posts_page_id", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("posts_by_page", "posts", ["page_id", "published_at", "kind"])
    op.create_index("posts_by_time", "posts", ["published_at", "page_id"])
    op.create_table(
        "post_checkpoints",
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("age_days", sa.Integer(), nullable=False),
        sa.Column("read_at", TIME, nullable=False),
        *_numbers("views", "viewers", "clicks", "reactions", "comments", "shares", "video_views"),
        sa.PrimaryKeyConstraint("post_id", "age_days", name="pk_post_checkpoints"),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name="fk_post_checkpoints_post_id", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "post_states",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.BigInteger()),
        sa.Column("trace_id", sa.Text()),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("answered_at", TIME),
        sa.Column("covered_since", TIME),
        sa.Column("covered_until", TIME),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("older_cursor", sa.Text()),
        sa.Column("rows_limit", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reels_state", sa.Text()),
        sa.Column("reels_asked_at", TIME),
        sa.PrimaryKeyConstraint("page_id", name="pk_post_states"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_post_states_page_id", ondelete="CASCADE"
        ),
    )
