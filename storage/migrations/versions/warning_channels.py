"""Stores where warnings go, which have gone out, and the calendar's secret addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "warning_channels"
down_revision = "event_chain"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "warning_channels",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("sealed_settings", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text()),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("last_sent_at", TIME),
        sa.Column("last_failed_at", TIME),
        sa.Column("failure", sa.Text()),
        sa.Column("failure_status", sa.Integer()),
        sa.PrimaryKeyConstraint("channel", name="pk_warning_channels"),
    )
    op.create_table(
        "warning_topics",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.PrimaryKeyConstraint("topic", name="pk_warning_topics"),
    )
    op.create_table(
        "warning_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Integer()),
        sa.Column("page_id", sa.Text()),
        sa.Column("claimed_at", TIME, nullable=False),
        sa.Column("tries_count", sa.Integer(), nullable=False),
        sa.Column("try_after", TIME, nullable=False),
        sa.Column("sent_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_warning_deliveries"),
        sa.UniqueConstraint("channel", "key", name="uq_warning_deliveries_once"),
        sa.CheckConstraint("tries_count > 0", name="warning_deliveries_tried"),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name="fk_warning_deliveries_grant_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_warning_deliveries_page_id", ondelete="CASCADE"
        ),
    )
    for column in ("grant_id", "page_id"):
        op.create_index(f"ix_warning_deliveries_{column}", "warning_deliveries", [column])
    op.create_table(
        "calendar_feeds",
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME),
        sa.PrimaryKeyConstraint("secret_hash", name="pk_calendar_feeds"),
    )
