"""Upsert: writes many rows with one statement, on either database."""

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
    """What becomes of a row that is there already: the new one's columns take the old ones' place.

    The columns of ``first_only`` stay as they are; those of ``unless_null`` stay where the new
    value is NULL; a row whose ``newest_by`` is older than what is stored changes nothing.
    ``special`` says in SQL what else a column becomes: ``excluded`` is the new row there, and the
    table's own name the old one.
    """

    first_only: Collection[str] = ()
    unless_null: Collection[str] = ()
    newest_by: str | None = None
    special: Mapping[str, str] = field(default_factory=dict)

    def changes(self, model: type[Base], names: Iterable[str]) -> dict[str, str]:
        """What each column becomes that changes at all, in SQL."""
        table, left = model.__tablename__, (*_keys(model), *self.first_only)
        plain = {name: f"excluded.{name}" for name in names if name not in left}
        kept = {name: f"coalesce({plain[name]}, {table}.{name})" for name in self.unless_null}
        return {**plain, **kept, **self.special}

    def condition(self, model: type[Base]) -> str | None:
        """When it changes, in SQL; None for always."""
        by = self.newest_by
        if by is None:
            return None
        return f"excluded.{by} >= {model.__tablename__}.{by}"


OVERWRITE = Conflict()


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
    conflict: Conflict = OVERWRITE,
) -> None:
    """Insert ``rows``, all with the same columns, or update those whose primary key is there."""
    if not rows:
        return
    changes = conflict.changes(model, rows[0])
    condition = conflict.condition(model)
    # One statement and a list of parameters: a multi-row VALUES is ten times slower.
    statement = insert_into(session, model).on_conflict_do_update(
        index_elements=_keys(model),
        set_={name: text(change) for name, change in changes.items()},
        where=text(condition) if condition else None,
    )
    session.execute(statement, rows)


def count_changed(session: Session, statement: UpdateBase) -> int:
    """Execute an UPDATE or DELETE and return how many rows it took.

    Objects that the session has loaded before are not refreshed by it.
    """
    result = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)
    return result.rowcount


def _keys(model: type[Base]) -> list[str]:
    return [column.name for column in table_of(model).primary_key]
