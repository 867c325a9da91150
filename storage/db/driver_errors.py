"""Turns the drivers' failures into ours, and takes out of their texts what must not be shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.db.errors import DatabaseBusy, DatabaseUnreachable, StorageError


def hide_rows(context: ExceptionContext) -> None:
    """Take out of PostgreSQL's error text what hide_parameters does not know of.

    It adds a DETAIL with the whole row or key that was refused, sealed tokens and all. Only two
    classes of its messages are sure to name columns and constraints and never a value.
    """
    cause, shown = context.original_exception, context.sqlalchemy_exception
    if not isinstance(cause, psycopg.Error) or not cause.sqlstate:
        return
    is_harmless = cause.sqlstate.startswith(("23", "42"))  # constraints; syntax and access
    text = cause.diag.message_primary if is_harmless else None
    cause.args = (text or f"{type(cause).__name__} ({cause.sqlstate})",)
    if shown is not None:
        shown.args = cause.args


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the driver's failures to reach or lock the database into ours; bugs stay as they are."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseBusy from error
    except OperationalError as error:
        ours = _translate(error)
        if ours is None:
            raise
        raise ours from error
    except DatabaseError as error:
        if "not a database" not in str(error.orig) and "malformed" not in str(error.orig):
            raise
        raise DatabaseUnreachable("the file is not a database") from error


def _translate(error: OperationalError) -> StorageError | None:
    cause = error.orig
    sqlite_name = getattr(cause, "sqlite_errorname", "")
    if sqlite_name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return DatabaseBusy()
    if sqlite_name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PERM", "SQLITE_AUTH")):
        return DatabaseUnreachable("its file can't be opened")
    if sqlite_name.startswith("SQLITE_READONLY"):
        return DatabaseUnreachable("its file can't be written")
    if sqlite_name.startswith("SQLITE_FULL"):
        return DatabaseUnreachable("the disk is full")
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate in ("55P03", "40P01"):  # lock_not_available, deadlock_detected
        return DatabaseBusy()
    if sqlite_name or (sqlstate and sqlstate[:2] not in ("08", "28", "3D", "53", "57")):
        return None
    return DatabaseUnreachable()
