"""Keeps with every Page how well it is connected, so that no screen works it out for thousands.

Whoever changes a grant, a page grant or whether a Page is published calls this in the same
transaction. What is kept is read back from these, so the two can't drift apart.
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import ClauseElement, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from storage.accounts.connection_states import connection_rank
from storage.chosen import Chosen, chosen_by_id
from storage.models import Page


def keep_connections(session: Session, chosen: Chosen) -> None:
    """Let ``pages.connection`` of these Pages follow a change of what holds them."""
    session.connection().execute(chosen.bound(_keeping(session.get_bind().dialect.name)))


def keep_connection(session: Session, page_id: str) -> None:
    """The same for one Page."""
    keep_connections(session, chosen_by_id(session, [page_id]))


def keep_connections_of(session: Session, grant_id: int) -> None:
    """The same for every Page that a grant holds, or once held."""
    held = "SELECT page_id FROM page_grants WHERE grant_id = :grant_id"
    keep_connections(session, Chosen(held, {"grant_id": grant_id}))


def rebuild_connections(session: Session) -> None:
    """The same for all Pages: after a bulk load, or a migration."""
    keep_connections(session, Chosen("SELECT id AS page_id FROM pages"))


@lru_cache(2)
def _keeping(dialect_name: str) -> str:
    """The statement as text, made once: SQLAlchemy takes longer over it than the database."""
    rank = connection_rank()
    statement = update(Page).values(connection=rank).where(Page.connection != rank)
    return f"{_as_text(statement, dialect_name)} AND pages.id IN (chosen)"


def _as_text(clause: ClauseElement, dialect_name: str) -> str:
    dialect = sqlite if dialect_name == "sqlite" else postgresql
    # With names as marks nothing is doubled that `text` would double again.
    compiled = clause.compile(
        dialect=dialect.dialect(paramstyle="named"), compile_kwargs={"literal_binds": True}
    )
    return str(compiled)
