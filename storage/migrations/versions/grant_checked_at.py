"""Remembers when an account's access was last checked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "grant_checked_at"
down_revision = "token_custody"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("grants", sa.Column("checked_at", sa.DateTime(timezone=True)))
