"""How well each Page is connected, and where the snapshots of each day come from, kept at hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Spelled out rather than imported from storage.models: a migration stays as it was on its day.
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Both are filled by `storage.migrate`, from what they follow from."""
    op.add_column(
        "pages", sa.Column("connection", sa.Integer(), nullable=False, server_default="6")
    )
    op.create_index("pages_by_connection", "pages", ["connection", "position"])
    is_lost = sa.text("status = 'role_lost'")
    op.create_index(
        "page_grants_role_lost",
        "page_grants",
        ["grant_id"],
        sqlite_where=is_lost,
        postgresql_where=is_lost,
    )
    op.create_table(
        "day_origins",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("graph_version", sa.Text(), nullable=False),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("day", "source", "graph_version", name="pk_day_origins"),
    )
