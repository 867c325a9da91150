"""Brings a database to this version's tables, or refuses before anything in it is touched."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, select, text
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.db.errors import DatabaseBusy, NewerSchema, OldSchema, WrongInstallation
from storage.insights.metric_ledger import seed_ledger
from storage.models import Base, Installation

MIGRATIONS = Path(__file__).parent / "migrations"
WAL_TRIES = 200
WAL_PAUSE_SECONDS = 0.05
ANOTHER_PROGRAM = "another program"
# The migrations before they became one: what they made can't be brought to the tables of today.
FORMER_REVISIONS = frozenset({"0001", "0002", "0003", "0004", "0005"})

# Alembic keeps its context in a global of the module. Always taken after the database's own lock.
_alembic_lock = threading.Lock()


def migrate(database: Database, marker: str, now: datetime) -> None:
    """Create or upgrade the tables of the installation ``marker``; the first time, mark them.

    One transaction under a lock: whoever comes second waits and finds the work done. Raises
    WrongInstallation (another mode, another app, another program's tables), NewerSchema and
    OldSchema with the database exactly as it was, and DatabaseUnreachable.
    """
    script = ScriptDirectory.from_config(make_config())
    with database.reading() as session:
        is_current = _is_current(session.connection(), script, marker)
    if not is_current:
        with database.writing() as session:
            _upgrade(session, script, marker, now)
    if database.is_sqlite:
        _keep_log_beside(database)


def find_marker(connection: Connection) -> str | None:
    """Whose database this is; None when it is empty, ``another program`` when it was never ours."""
    inspector = inspect(connection)
    tables = set(inspector.get_table_names())
    if "installation" not in tables:
        ours = set(Base.metadata.tables) | {"alembic_version"}
        return ANOTHER_PROGRAM if tables & ours else None
    columns = {column["name"] for column in inspector.get_columns("installation")}
    if not {"id", "marker"} <= columns:
        return ANOTHER_PROGRAM
    marker = connection.execute(select(Installation.marker)).scalar()
    return ANOTHER_PROGRAM if marker is None else marker


def _is_current(connection: Connection, script: ScriptDirectory, marker: str) -> bool:
    """True when nothing is left to do; raises when the database is not ours to migrate."""
    found = find_marker(connection)
    if found is None:
        return False
    if found != marker:
        raise WrongInstallation(found, marker)
    revision = _find_revision(connection)
    if revision in FORMER_REVISIONS:
        raise OldSchema(revision)
    if revision not in {script_revision.revision for script_revision in script.walk_revisions()}:
        raise NewerSchema(str(revision))
    return bool(revision == script.get_current_head())


def _upgrade(session: Session, script: ScriptDirectory, marker: str, now: datetime) -> None:
    connection = session.connection()
    # Somebody may have been faster between the look and the lock.
    if _is_current(connection, script, marker):
        return
    config = make_config()
    config.attributes["connection"] = connection
    with _alembic_lock:
        command.upgrade(config, "head")
    _mark(session, marker, now)
    seed_ledger(session)


def _find_revision(connection: Connection) -> str | None:
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _mark(session: Session, marker: str, now: datetime) -> None:
    if session.execute(select(Installation.id)).scalar() is None:
        session.execute(
            insert(Installation).values(id=1, marker=marker, created_at=now, data_version=0)
        )


def _keep_log_beside(database: Database) -> None:
    """Switch SQLite to WAL, where readers and the writer don't wait for each other.

    It is a property of the file and lasts, so it is set here, once the file is known to be ours.
    The switch needs the file alone and is refused without waiting, hence the patience; whoever
    holds it is most likely doing the same.
    """
    with database.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        for _ in range(WAL_TRIES):
            with contextlib.suppress(sqlite3.OperationalError):
                if driver.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",):
                    return
            time.sleep(WAL_PAUSE_SECONDS)
    raise DatabaseBusy


def make_config() -> Config:
    """Alembic's configuration; a connection has to be put among its ``attributes``."""
    config = Config()
    # "%" begins an interpolation in Alembic's configuration.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
