"""Changes many rows at once, in the words of whichever database it is, and counts them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Table, UpdateBase, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from storage.models import Base


def table_of(model: type[Base]) -> Table:
    """The table of a model: statements on it skip the ORM, which costs more than the SQL."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def insert_into(session: Session, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An ``INSERT`` that knows ``on_conflict_…`` for the session's database."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table_of(model))
    return postgresql.insert(table_of(model))


def upsert(
    session: Session,
    model: type[Base],
    rows: Sequence[dict[str, Any]],
    *,
    conflict: Collection[str] | None = None,
    first_only: Collection[str] = (),
    unless_null: Collection[str] = (),
    newest_by: str | None = None,
) -> None:
    """Insert ``rows``, all with the same columns, or update those that are there by ``conflict``.

    ``conflict`` is the primary key unless given. On an update the columns of ``first_only`` stay as
    they are; those of ``unless_null`` stay where the new value is NULL; and a row whose
    ``newest_by`` is older than what is stored changes nothing.
    """
    if not rows:
        return
    table = table_of(model)
    keys = list(conflict or [column.name for column in table.primary_key])
    # One statement and a list of parameters: a multi-row VALUES is ten times slower.
    statement = insert_into(session, model)
    new: Any = statement.excluded
    changes: dict[str, ColumnElement[Any]] = {}
    for name in rows[0]:
        if name in keys or name in first_only:
            continue
        is_kept = name in unless_null
        changes[name] = func.coalesce(new[name], table.c[name]) if is_kept else new[name]
    if not changes:
        session.execute(statement.on_conflict_do_nothing(index_elements=keys), rows)
        return
    is_newest = None if newest_by is None else new[newest_by] >= table.c[newest_by]
    session.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changes, where=is_newest), rows
    )


def count_changed(session: Session, statement: UpdateBase) -> int:
    """Execute an UPDATE or DELETE and return how many rows it took.

    Objects that the session has loaded before are not refreshed by it.
    """
    result = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)
    return result.rowcount
