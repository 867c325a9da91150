"""Upsert: inserts or updates many rows with one statement, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CursorResult, Table, UpdateBase, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from storage.models import Base


@dataclass(frozen=True)
class Conflict:
    """How a new row changes a stored one with the same key. By default it overwrites every column.

    Columns of ``first_only`` keep the stored value. Columns of ``unless_null`` keep it where the
    new value is NULL. A new row with an older ``newest_by`` column changes nothing. ``special``
    gives SQL for single columns; in it ``excluded`` is the new row, and the table's name the stored
    one.
    """

    first_only: Collection[str] = ()
    unless_null: Collection[str] = ()
    newest_by: str | None = None
    special: Mapping[str, str] = field(default_factory=dict)

    def changes(self, model: type[Base], names: Iterable[str]) -> dict[str, str]:
        """Return the SQL of the new value, for each column that changes."""
        table, unchanged = model.__tablename__, (*_keys(model), *self.first_only)
        plain = {name: f"excluded.{name}" for name in names if name not in unchanged}
        kept = {name: f"coalesce({plain[name]}, {table}.{name})" for name in self.unless_null}
        return {**plain, **kept, **self.special}

    def condition(self, model: type[Base]) -> str | None:
        """Return the SQL condition under which the row changes; None for always."""
        by = self.newest_by
        if by is None:
            return None
        return f"excluded.{by} >= {model.__tablename__}.{by}"


OVERWRITE = Conflict()


def table_of(model: type[Base]) -> Table:
    """Return a model's table: statements on it skip the ORM, which costs more than the SQL."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def insert_into(session: Session, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Return an ``INSERT`` with the ``on_conflict_…`` methods of the session's database."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table_of(model))
    return postgresql.insert(table_of(model))


def upsert(
    session: Session,
    model: type[Base],
    rows: Sequence[dict[str, Any]],
    conflict: Conflict = OVERWRITE,
) -> None:
    """Insert ``rows`` (all have the same columns); update those whose primary key is stored."""
    if not rows:
        return
    changes = conflict.changes(model, rows[0])
    condition = conflict.condition(model)
    # One statement with a list of parameters: a multi-row VALUES is ten times slower.
    statement = insert_into(session, model).on_conflict_do_update(
        index_elements=_keys(model),
        set_={name: text(change) for name, change in changes.items()},
        where=text(condition) if condition else None,
    )
    session.execute(statement, rows)


def count_changed(session: Session, statement: UpdateBase) -> int:
    """Execute an UPDATE or DELETE and return the number of rows that it changed.

    Objects already loaded in the session are not refreshed.
    """
    result = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)
    return result.rowcount


def _keys(model: type[Base]) -> list[str]:
    return [column.name for column in table_of(model).primary_key]
