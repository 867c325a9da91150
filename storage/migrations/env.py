"""Runs migrations on the connection that storage.migrate hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from storage.models import Base

connection = context.config.attributes["connection"]
# Batches, because SQLite can't alter most of a table in place. The transaction is the caller's,
# and it holds the lock.
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
