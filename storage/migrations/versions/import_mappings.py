"""Remembers the columns of an imported file for the next one with the same header."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "import_mappings"
down_revision = "first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("imports", sa.Column("header_hash", sa.Text()))
    op.add_column("imports", sa.Column("mapping", sa.JSON()))
    op.create_index("ix_imports_header_hash", "imports", ["header_hash"])
