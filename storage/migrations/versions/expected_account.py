"""Stores which account a trip to Facebook was begun to renew, and which Pages it saw only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "expected_account"
down_revision = "grant_checked_at"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite adds a foreign key only by copying the table.
    with op.batch_alter_table("attempts") as attempts:
        attempts.add_column(sa.Column("expected_grant_id", sa.Integer()))
        attempts.create_foreign_key(
            "fk_attempts_expected_grant_id",
            "grants",
            ["expected_grant_id"],
            ["id"],
            ondelete="SET NULL",
        )
    op.create_table(
        "seen_pages",
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "name_folded",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("grant_id", "page_id", name="pk_seen_pages"),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name="fk_seen_pages_grant_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_seen_pages_page_id", "seen_pages", ["page_id"])
