"""Stores requests to delete an account or a Page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "deletion_requests"
down_revision = "report_headings"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "deletion_requests",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id_hash", sa.Text(), nullable=False),
        sa.Column("hash_key_id", sa.Text(), nullable=False),
        sa.Column("sealed_id", sa.Text()),
        sa.Column("key_id", sa.Text()),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("finished_at", TIME),
        sa.PrimaryKeyConstraint("code_hash", name="pk_deletion_requests"),
        sa.CheckConstraint(
            "(sealed_id IS NOT NULL) = (status = 'pending')",
            name="deletion_requests_sealed_while_pending",
        ),
    )
