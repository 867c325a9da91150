"""Many values in one condition, as one parameter of the statement."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session


def among(
    session: Session, column: ColumnElement[Any], values: Collection[str] | Collection[int]
) -> ColumnElement[bool]:
    """Whether a column is one of many texts or whole numbers.

    As a list of parameters a thousand of them take SQLAlchemy longer than the database, and their
    number is limited (SQLite: 32,766).
    """
    listed = list(values)
    if session.get_bind().dialect.name == "sqlite":
        items = func.json_each(json.dumps(listed)).table_valued("value")
        return column.in_(select(items.c.value))
    return column == any_(bindparam(None, listed, type_=postgresql.ARRAY(column.type)))
