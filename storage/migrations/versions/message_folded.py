"""Adds the texts of posts in the form by which they are searched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models.folding import fold

revision = "message_folded"
down_revision = "post_checkpoints_by_time"
branch_labels = None
depends_on = None

POSTS_AT_ONCE = 1_000
POSTS = sa.table("posts", sa.column("id"), sa.column("message"), sa.column("message_folded"))


def upgrade() -> None:
    op.add_column("posts", sa.Column("message_folded", sa.Text()))
    connection = op.get_bind()
    with_text = (
        sa.select(POSTS.c.id, POSTS.c.message)
        .where(POSTS.c.message.is_not(None), POSTS.c.id > sa.bindparam("after"))
        .order_by(POSTS.c.id)
        .limit(POSTS_AT_ONCE)
    )
    change = (
        POSTS.update()
        .where(POSTS.c.id == sa.bindparam("this_id"))
        .values(message_folded=sa.bindparam("folded"))
    )
    after = ""
    while posts := connection.execute(with_text, {"after": after}).all():
        connection.execute(
            change, [{"this_id": id, "folded": fold(message)} for id, message in posts]
        )
        after = posts[-1].id
