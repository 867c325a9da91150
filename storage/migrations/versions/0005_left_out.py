"""Which of the Pages that Facebook listed the operator has unticked before saving."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "attempt_pages",
        sa.Column("is_left_out", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
