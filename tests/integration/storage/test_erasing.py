"""Erasing an account or a Page: nothing about it is left in any table.

The rows are made from the models, so that a new table or column is looked through without a change
here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    Table,
    Text,
    delete,
    insert,
    select,
)
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.models import Base, UtcDateTime
from tests.integration.storage_rows import NOW

ERASED, KEPT = "erased", "kept"
IDS = {ERASED: 7, KEPT: 8}
# What identifies the installation, and the ledger of metrics, filled when a database is made.
FILLED = {"installation", "vault_keys", "insight_metrics"}
# Columns that name an account or a Page in a table that does not go with it, and why they may.
NAMING = {"grants": {"account_id", "account_name", "grant_id"}, "pages": {"page_id", "page_name"}}
OWNERS = pytest.mark.parametrize("owner", ["grants", "pages"])


def belongs_to(table: Table, owner: str) -> bool:
    return table.name == owner or owner in {key.column.table.name for key in table.foreign_keys}


def value_of(column: Column[Any], mark: str) -> Any:
    """A value of the column's type, with the mark in every text."""
    if column.name.startswith("sealed_"):  # only where the status says so
        return None
    values: dict[type, Any] = {
        Boolean: True,
        Integer: IDS.get(mark, 1),
        Text: mark,
        JSON: {"a": [mark]},
        LargeBinary: mark.encode(),
        Date: NOW.date(),
        UtcDateTime: NOW,
    }
    return next(value for kind, value in values.items() if isinstance(column.type, kind))


def fill(session: Session, owner: str) -> None:
    """Fill every table with a row for the erased and one for the kept owner.

    Rows that belong to no owner say neither's mark; tables with a text for a key get one of them.
    """
    first_keys: dict[tuple[str, str], Any] = {}  # of the newest row, by its table and mark
    for table in Base.metadata.sorted_tables:
        if table.name in FILLED:
            key = next(iter(table.primary_key))
            first_keys[table.name, ""] = session.scalars(select(key).limit(1)).first()
            continue
        is_owned = belongs_to(table, owner)
        has_number = isinstance(next(iter(table.primary_key)).type, Integer)
        is_one_row = table.name == "installation"
        for mark in (ERASED, KEPT) if is_owned or (has_number and not is_one_row) else ("",):
            row = {}
            for column in table.c:
                target = next((key.column.table.name for key in column.foreign_keys), None)
                if target is None:
                    is_own = is_owned or column.primary_key
                    says = mark if is_own else f"row {IDS.get(mark, 0)}"
                    row[column.name] = value_of(column, says)
                elif target == owner or not column.nullable:
                    keys = (first_keys.get((target, each)) for each in (mark, "", KEPT))
                    row[column.name] = next(key for key in keys if key is not None)
                else:
                    row[column.name] = None
            session.execute(insert(table).values(row))
            first_keys[table.name, mark] = row[next(iter(table.primary_key)).name]


def tables_that_name(session: Session, mark: str) -> Iterator[str]:
    for table in Base.metadata.sorted_tables:
        if any(mark in str(value) for row in session.execute(select(table)) for value in row):
            yield table.name


@OWNERS
def test_nothing_is_left_of_what_was_erased(database: Database, owner: str) -> None:
    with database.writing() as session:
        fill(session, owner)
        owned = [each.name for each in Base.metadata.sorted_tables if belongs_to(each, owner)]
        assert list(tables_that_name(session, ERASED)) == owned
        table = Base.metadata.tables[owner]
        key = IDS[ERASED] if owner == "grants" else ERASED
        session.execute(delete(table).where(table.c.id == key))
    with database.reading() as session:
        assert list(tables_that_name(session, ERASED)) == []
        assert list(tables_that_name(session, KEPT)) == owned, "another one's rows are left alone"


@OWNERS
def test_every_column_that_names_an_owner_goes_with_it(owner: str) -> None:
    loose = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.c
        if column.name in NAMING[owner] and not belongs_to(table, owner)
    }
    assert loose == set()
