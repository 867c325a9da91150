"""Stores which Pages Facebook gave another id, and what of their history was taken along."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "page_moves"
down_revision = "warning_channels"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "page_moves",
        sa.Column("old_id", sa.Text(), nullable=False),
        sa.Column("new_id", sa.Text(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("taken_at", TIME),
        sa.Column("taken", sa.JSON()),
        sa.Column("was_archived_at", TIME),
        sa.PrimaryKeyConstraint("old_id", name="pk_page_moves"),
        sa.ForeignKeyConstraint(
            ["old_id"], ["pages.id"], name="fk_page_moves_old_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_page_moves_new_id", "page_moves", ["new_id"])
