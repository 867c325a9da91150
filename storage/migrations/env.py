"""Alembic environment: runs migrations on the connection of `migrate`, in its transaction."""

from __future__ import annotations

from alembic import context

from storage.models import Base

connection = context.config.attributes["connection"]
# Batch mode, because SQLite can't alter most of a table in place. The caller's transaction holds
# the lock.
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
