"""Migration: brings a database to this version's tables or refuses it unchanged, and empties it."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, insert, inspect, select, text
from sqlalchemy.orm import Session

from storage.db.engine import Database, note_erasure
from storage.db.errors import DatabaseBusy, NewerSchema, OldSchema, WrongInstallation
from storage.db.installation import bump_data_version
from storage.insights.metric_ledger import seed_ledger
from storage.models import (
    Base,
    Installation,
    PersonRow,
    SignInAttempt,
    SignInSession,
    VaultKey,
)

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent
WAL_TRIES = 200
WAL_PAUSE_SECONDS = 0.05
ANOTHER_PROGRAM = "another program"
# Revisions from before the first migration: no migration leads on from them.
FORMER_REVISIONS = frozenset({"0001", "0002", "0003", "0004", "0005"})

NEVER_ERASED = {
    each.__tablename__ for each in (Installation, VaultKey, PersonRow, SignInSession, SignInAttempt)
}

# Alembic keeps its context in a module global. Always taken after the database's own lock.
_alembic_lock = threading.Lock()


def migrate(database: Database, marker: str, now: datetime) -> None:
    """Create or upgrade the tables of the installation ``marker``; a new database gets the marker.

    One transaction under a lock: a second process waits and finds nothing left to do. What was done
    is logged. From then on ``database`` refuses to write once a newer version has migrated it.
    Raises WrongInstallation (another mode, app or program), NewerSchema and OldSchema with the
    database unchanged, and DatabaseUnreachable.
    """
    script = ScriptDirectory.from_config(make_config())
    head = script.get_current_head()
    with database.reading() as session:
        is_current = _is_current(session.connection(), script, marker)
    if not is_current:
        with database.writing() as session:
            before = _upgrade(session, script, marker, now)
        _log_upgrade(before, head)
    database.revision = head
    if database.is_sqlite:
        _switch_to_wal(database)


def is_known_revision(revision: str | None) -> bool:
    """Return whether this version can migrate a database of this schema revision."""
    return _is_known(ScriptDirectory.from_config(make_config()), revision)


def find_marker(connection: Connection) -> str | None:
    """Return the database's marker; None when it is empty, ANOTHER_PROGRAM when it is not ours."""
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


def erase_everything(session: Session) -> None:
    """Delete all accounts, Pages, history, runs and records.

    The installation's marker, the canaries and who may sign in stay. So does the data version,
    which goes on counting: if it began again, the caches would return screens from before. The
    ledger of Facebook's metrics is seeded again.
    """
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in NEVER_ERASED:
            session.execute(delete(table))
    seed_ledger(session)
    note_erasure(session)
    bump_data_version(session)


def _is_current(connection: Connection, script: ScriptDirectory, marker: str) -> bool:
    """Return whether nothing is left to do; raise when this program must not migrate it."""
    stored_marker = find_marker(connection)
    if stored_marker is None:
        return False
    if stored_marker != marker:
        raise WrongInstallation(stored_marker, marker)
    revision = _find_revision(connection)
    if revision in FORMER_REVISIONS:
        raise OldSchema(revision)
    if not _is_known(script, revision):
        raise NewerSchema(str(revision))
    return bool(revision == script.get_current_head())


def _is_known(script: ScriptDirectory, revision: str | None) -> bool:
    return revision in {script_revision.revision for script_revision in script.walk_revisions()}


def _upgrade(session: Session, script: ScriptDirectory, marker: str, now: datetime) -> str | None:
    """Migrate to the newest revision, and return the one before; None for a new database."""
    connection = session.connection()
    # Another process may have migrated it before this one got the lock.
    if _is_current(connection, script, marker):
        return script.get_current_head()
    before = None if find_marker(connection) is None else _find_revision(connection)
    config = make_config()
    config.attributes["connection"] = connection
    with _alembic_lock:
        command.upgrade(config, "head")
    _mark(session, marker, now)
    seed_ledger(session)
    return before


def _log_upgrade(before: str | None, after: str | None) -> None:
    revisions = {"before": before, "after": after}
    if before is None:
        log.info("the database was empty: its tables are made, revision %(after)s", revisions)
    elif before == after:
        log.info("another process has brought the database to revision %(after)s", revisions)
    else:
        log.info("the database is upgraded from revision %(before)s to %(after)s", revisions)


def _find_revision(connection: Connection) -> str | None:
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _mark(session: Session, marker: str, now: datetime) -> None:
    if session.execute(select(Installation.id)).scalar() is None:
        session.execute(
            insert(Installation).values(id=1, marker=marker, created_at=now, data_version=0)
        )


def _switch_to_wal(database: Database) -> None:
    """Switch SQLite to WAL mode, in which readers and the writer don't wait for each other.

    The mode is stored in the file, so it is set only once the file is known to be ours. SQLite
    refuses the switch at once while another connection has the file open, hence the retries.
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
    """Return Alembic's configuration; the caller puts a connection into its ``attributes``."""
    config = Config()
    # "%" begins an interpolation in Alembic's configuration.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
