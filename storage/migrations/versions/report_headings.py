"""Stores the titles and logos of reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "report_headings"
down_revision = "saved_views_and_archive"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_headings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer()),
        sa.Column("title", sa.Text()),
        sa.Column("logo", sa.LargeBinary()),
        sa.Column("logo_type", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report_headings"),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name="fk_report_headings_tag_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_report_headings_tag_id", "report_headings", ["tag_id"])
