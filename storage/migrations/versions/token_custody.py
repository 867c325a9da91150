"""Stores which programs may have page access tokens, and counts what they get."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "token_custody"
down_revision = "deletion_requests"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "token_allowances",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("page_id", sa.Text()),
        sa.Column("tag_id", sa.Integer()),
        sa.Column("allowed_at", TIME, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_token_allowances"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_token_allowances_page_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name="fk_token_allowances_tag_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "(page_id IS NULL) <> (tag_id IS NULL)", name="token_allowances_page_or_tag"
        ),
    )
    for name in ("page", "tag"):
        column = f"{name}_id"
        op.create_index(f"ix_token_allowances_{column}", "token_allowances", [column])
        is_given = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"token_allowances_{name}",
            "token_allowances",
            ["consumer", "permission", column],
            unique=True,
            sqlite_where=is_given,
            postgresql_where=is_given,
        )
    op.create_table(
        "token_handouts",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("hour", TIME, nullable=False),
        sa.Column("handed_out_count", sa.Integer(), nullable=False),
        sa.Column("refused_count", sa.Integer(), nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint(
            "page_id", "consumer", "permission", "hour", name="pk_token_handouts"
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_token_handouts_page_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_token_handouts_hour", "token_handouts", ["hour"])
