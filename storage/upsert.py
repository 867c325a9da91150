"""Changes many rows at once, in the words of whichever database it is, and counts them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, CursorResult, Table, UpdateBase, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from storage.models import Base


@dataclass(frozen=True)
class Conflict:
    """What becomes of a row that is there already: the new one's columns take the old ones' place.

    The columns of ``first_only`` stay as they are; those of ``unless_null`` stay where the new
    value is NULL; a row whose ``newest_by`` is older than what is stored changes nothing, unless
    ``always_when``, in SQL, holds.
    ``special`` says in SQL what else a column becomes: ``excluded`` is the new row there, and the
    table's own name the old one.
    """

    first_only: Collection[str] = ()
    unless_null: Collection[str] = ()
    newest_by: str | None = None
    always_when: str | None = None
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
        is_newer = f"excluded.{by} >= {model.__tablename__}.{by}"
        return f"{is_newer} OR {self.always_when}" if self.always_when else is_newer


OVERWRITE = Conflict()

# From so many rows on PostgreSQL takes them as arrays; below, the list is as quick.
ROWS_WORTH_ARRAYS = 100
ROWS_AT_ONCE = 20_000


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
    if len(rows) >= ROWS_WORTH_ARRAYS and _can_be_arrays(session, model, rows):
        _upsert_arrays(session, model, rows, conflict)
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


def _upsert_arrays(
    session: Session, model: type[Base], rows: Sequence[dict[str, Any]], conflict: Conflict
) -> None:
    """As upsert on PostgreSQL, a column at a time: it answers each row of a list by itself."""
    connection, names = session.connection(), list(rows[0])
    for first in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[first : first + ROWS_AT_ONCE]
        given = [_column_of(connection, model, name, some) for name in names]
        arrays = [each for each in given if each.is_array]
        taken = iter(range(len(arrays)))
        chosen = [f"a{next(taken)}" if each.is_array else each.mark for each in given]
        statement = (
            f"INSERT INTO {model.__tablename__} ({', '.join(names)}) SELECT {', '.join(chosen)}"  # noqa: S608 (names alone)
            f" FROM unnest({', '.join(each.mark for each in arrays)})"
            f" AS given({', '.join(f'a{place}' for place in range(len(arrays)))})"
            f" ON CONFLICT ({', '.join(_keys(model))}) {_action(model, names, conflict)}"
        )
        values = [each.value for each in given if not each.is_array]
        values += [each.value for each in arrays]
        connection.exec_driver_sql(statement, tuple(values))


@dataclass(frozen=True)
class _Given:
    """A column of rows for one statement: an array, or what all of them have."""

    mark: str
    value: Any
    is_array: bool


def _column_of(
    connection: Connection, model: type[Base], name: str, rows: Sequence[dict[str, Any]]
) -> _Given:
    kind, dialect = table_of(model).c[name].type, connection.dialect
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    values = list(map(itemgetter(name), rows))
    # The driver takes its time over every element.
    is_array = name in _keys(model) or values.count(values[0]) < len(values)
    given = values if is_array else values[:1]
    if convert is not None:
        given = [convert(value) for value in given]
    if is_array:
        return _Given(f"%s::{postgresql.ARRAY(kind).compile(dialect)}", given, True)
    return _Given(f"%s::{kind.compile(dialect)}", given[0], False)


def _can_be_arrays(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> bool:
    """Whether `_upsert_arrays` means the same: it fills in no default, and no row meets another."""
    if session.get_bind().dialect.name == "sqlite":
        return False
    if any(
        column.default is not None and column.name not in rows[0] for column in table_of(model).c
    ):
        return False
    return len(set(map(itemgetter(*_keys(model)), rows))) == len(rows)


def count_changed(session: Session, statement: UpdateBase) -> int:
    """Execute an UPDATE or DELETE and return how many rows it took.

    Objects that the session has loaded before are not refreshed by it.
    """
    result = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)
    return result.rowcount


def _keys(model: type[Base]) -> list[str]:
    return [column.name for column in table_of(model).primary_key]


def _action(model: type[Base], names: Iterable[str], conflict: Conflict) -> str:
    changes = ", ".join(f"{name} = {new}" for name, new in conflict.changes(model, names).items())
    condition = conflict.condition(model)
    return f"DO UPDATE SET {changes}" + (f" WHERE {condition}" if condition else "")
