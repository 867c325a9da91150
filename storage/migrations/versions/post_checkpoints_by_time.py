"""Adds an index of checkpoints by time on PostgreSQL, which would read those of all years."""

from __future__ import annotations

from alembic import op

revision = "post_checkpoints_by_time"
down_revision = "posts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.create_index("post_checkpoints_by_time", "post_checkpoints", ["age_days", "read_at"])
