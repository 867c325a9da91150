"""Adds people, their sessions and sign-ins, and a start screen for each.

Attempts name who began them, and requests to delete who asked.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "people"
down_revision = "procrastinate_tables"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
THIS_COMPUTER = "this computer"


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column(
            "address",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text()),
        sa.Column("subject", sa.Text()),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("removed_at", TIME),
        sa.CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="people_have_a_role"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("address", name="uq_people_address"),
        sa.UniqueConstraint("issuer", "subject", name="uq_people_issuer"),
    )
    op.create_table(
        "sign_in_sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_sessions"),
        sa.UniqueConstraint("secret_hash", name="uq_sign_in_sessions_secret_hash"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_sign_in_sessions_person_id"),
    )
    op.create_index("ix_sign_in_sessions_person_id", "sign_in_sessions", ["person_id"])
    op.create_table(
        "sign_in_attempts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("back_to", sa.Text(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_attempts"),
    )
    op.create_table(
        "start_views",
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("view_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("by", name="pk_start_views"),
        sa.ForeignKeyConstraint(
            ["view_id"],
            ["saved_views.id"],
            name="fk_start_views_view_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_start_views_view_id", "start_views", ["view_id"])
    views = sa.table("saved_views", sa.column("id"), sa.column("is_start", sa.Boolean()))
    of_this_computer = sa.select(sa.literal(THIS_COMPUTER), views.c.id).where(views.c.is_start)
    start_views = sa.table("start_views", sa.column("by"), sa.column("view_id"))
    op.execute(sa.insert(start_views).from_select(["by", "view_id"], of_this_computer))
    op.drop_index("saved_views_one_start", "saved_views")
    op.drop_column("saved_views", "is_start")
    op.add_column(
        "attempts", sa.Column("by", sa.Text(), nullable=False, server_default=THIS_COMPUTER)
    )
    op.add_column("deletion_requests", sa.Column("asked_by", sa.Text()))


def downgrade() -> None:
    """Who did what would be gone."""
    raise NotImplementedError
