"""Column types: maps Python types to columns for all tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    MetaData,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import DeclarativeBase, mapped_column

from storage.models.folding import fold

# Value of `by` where nobody signs in; else see `storage.people.person`.
THIS_COMPUTER_KEY = "this computer"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on every database; a naive one is a programming error and raises."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was handed to the database")
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        # SQLite keeps text without a zone; all of it is UTC by this decorator.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# BigInteger: Facebook may send any number, and a large one must not make a whole run fail.
GraphCode = Annotated[int, mapped_column(BigInteger)]


class Base(DeclarativeBase):
    """Base of all models, with the one map from Python types to columns."""

    type_annotation_map: ClassVar = {
        str: Text,
        datetime: UtcDateTime,
        date: Date,
        # none_as_null: an absent value is NULL in these columns too, not the JSON word "null".
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
    }
    # Every constraint has a name, so that a later migration can drop it on both databases.
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )


def folded_name(context: DefaultExecutionContext) -> str:
    """Return the default of ``name_folded``: see storage/models/folding.py."""
    row = context.get_current_parameters()  # type: ignore[no-untyped-call]  # SQLAlchemy left it so
    return fold(row["name"])
