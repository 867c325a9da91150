"""One database, opened: short sessions for reading, and one writer at a time for changing it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session

from storage.db.driver_errors import hide_rows, translated_errors
from storage.db.errors import DatabaseUnreachable, StorageError

# An import of a million rows holds the lock for half a minute, and no run may fail of that.
LOCK_PATIENCE_SECONDS = 60
CONNECT_TIMEOUT_SECONDS = 5
# Any number will do, as long as every Pagekeeper takes the same one.
WRITER_LOCK = 7_220_451_003
ERASED = "erased sealed values"

_READING = "pagekeeper_reading"


class Database:
    """A database and its pool of connections; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.shown_url = engine.url.render_as_string(hide_password=True)
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._reader = engine.execution_options(
            **{_READING: True},
            # One screen is many statements: all of them see the same moment.
            **({} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}),
            postgresql_readonly=True,
        )

    def __repr__(self) -> str:
        return f"Database({self.shown_url})"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment and can't write. Never waits for a writer.

        Objects stay readable after it is closed. Raises DatabaseUnreachable, DatabaseBusy.
        """
        session = Session(self._reader, autoflush=False, expire_on_commit=False)
        try:
            with translated_errors():
                yield session
        finally:
            session.close()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one transaction: committed at the end, rolled back on any exception.

        One writer at a time, on both databases, so that two transactions can neither deadlock nor
        overwrite what the other has just read. Keep it short: no network inside.
        Raises DatabaseUnreachable, DatabaseBusy (after waiting LOCK_PATIENCE_SECONDS).
        """
        with translated_errors():
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                self._lock(session.connection())
                yield session
            if session.info.get(ERASED):
                self._clear_log()

    def ping(self) -> bool:
        """Whether the database answers."""
        try:
            with self.reading() as session:
                session.execute(text("SELECT 1"))
        except StorageError:
            return False
        return True

    def close(self) -> None:
        """Close every pooled connection (SQLite then folds its log into the file)."""
        self.engine.dispose()

    def _lock(self, connection: Connection) -> None:
        """SQLite is locked by its BEGIN IMMEDIATE already."""
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})

    def _clear_log(self) -> None:
        """Fold SQLite's log into the file, where secure_delete has zeroed what was erased.

        As far as readers allow at this moment; what they hold back goes with the next one.
        """
        if not self.is_sqlite:
            return
        with self.engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            assert driver is not None
            cursor = driver.cursor()
            # Outside a transaction, and without waiting: a long reader must not hold up a Save.
            cursor.execute("PRAGMA busy_timeout = 0")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            cursor.execute(f"PRAGMA busy_timeout = {LOCK_PATIENCE_SECONDS * 1000}")
            cursor.close()


def open_database(url: str) -> Database:
    """Open the database at ``url`` (``sqlite:///…`` or ``postgresql+psycopg://…``).

    A missing SQLite file is created here, readable by its owner only, so that no connection ever
    makes it with the permissions of the day. PostgreSQL is first spoken to when it is used.
    Raises DatabaseUnreachable when the file can't be made.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        _create_file(parsed)
        engine = create_engine(
            parsed,
            hide_parameters=True,  # an error would print tokens and nonces
            pool_size=10,
            max_overflow=20,
            # The driver's own BEGINs are off: _begin says which kind each transaction is.
            connect_args={"isolation_level": None, "timeout": LOCK_PATIENCE_SECONDS},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(
            parsed,
            hide_parameters=True,
            pool_size=10,
            max_overflow=20,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_SECONDS,
                # Compiling a statement (jit) takes PostgreSQL longer than any of ours runs.
                "options": f"-c lock_timeout={LOCK_PATIENCE_SECONDS * 1000} -c jit=off",
            },
        )
        event.listen(engine, "handle_error", hide_rows)
    return Database(engine)


def note_erasure(session: Session) -> None:
    """Say that sealed values are erased in this transaction, so that no log keeps a copy."""
    session.info[ERASED] = True


def _create_file(url: URL) -> None:
    if not url.database or url.database == ":memory:":
        raise ValueError("a database in memory would be another one for every connection")
    path = Path(url.database)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        # Another process may have been faster with the very same file.
        if not path.is_file():
            raise DatabaseUnreachable("its file can't be created") from error


def _prepare_sqlite(driver_connection: Any, _record: Any) -> None:
    """Nothing here writes to the file: it may belong to somebody else (migrate looks first)."""
    cursor = driver_connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # erased tokens are overwritten with zeros
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Readers see a snapshot and can't write; writers take the lock before they read anything.

    A transaction that read first and wants to write later is refused at once, without waiting,
    when somebody wrote in between: hence IMMEDIATE.
    """
    is_reading = bool(connection.get_execution_options().get(_READING))
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if is_reading else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
