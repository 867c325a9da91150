"""Saves views of Overview under a name, and marks the Pages that are archived."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "saved_views_and_archive"
down_revision = "nameless_events"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("pages", sa.Column("archived_at", TIME))
    is_archived = sa.text("archived_at IS NOT NULL")
    op.create_index(
        "pages_archived", "pages", ["id"], sqlite_where=is_archived, postgresql_where=is_archived
    )
    folded = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", folded, nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("is_start", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.UniqueConstraint("name_folded", name="uq_saved_views_name_folded"),
    )
    op.create_index(
        "saved_views_one_start",
        "saved_views",
        ["is_start"],
        unique=True,
        sqlite_where=sa.text("is_start = 1"),
        postgresql_where=sa.text("is_start"),
    )


def downgrade() -> None:
    """The views and the archive are gone."""
    raise NotImplementedError
