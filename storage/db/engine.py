"""Database engine: opens a database, and hands out sessions for reading and for writing.

Failures of the drivers become errors of `storage.db.errors`. The drivers' own texts are stripped of
everything that may be secret.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from storage.db.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseUnreachable,
    NewerSchema,
    RightMissing,
    StorageError,
)

log = logging.getLogger(__name__)

# An import of a million rows holds the lock for half a minute.
LOCK_PATIENCE_SECONDS = 60
# A reader waits for nobody but another program that has locked SQLite's file exclusively.
READER_PATIENCE_SECONDS = 5
# A session that had to wait for the lock longer than this has WAITED in its ``info``.
MIN_WAIT_SECONDS = 1.0
CONNECT_TIMEOUT_SECONDS = 5
# A person waits for it.
COMPACT_PATIENCE_SECONDS = 20
# The key of PostgreSQL's advisory lock: any number, but the same in every Pagekeeper.
WRITER_LOCK = 7_220_451_003
ERASED = "erased sealed values"
WAITED = "waited for the lock"

_READING = "pagekeeper_reading"
_FIND_REVISION = text("SELECT version_num FROM alembic_version")
_check_stop: ContextVar[Callable[[], object] | None] = ContextVar("check_stop", default=None)


@contextmanager
def outwait_writers(check_stop: Callable[[], object]) -> Iterator[None]:
    """Within this block, and in this thread, `Database.writing` waits for the lock without end.

    For work that nobody watches: what it has fetched must not be lost to a long writer.
    ``check_stop`` is called every LOCK_PATIENCE_SECONDS, and raises to give up.
    """
    token = _check_stop.set(check_stop)
    try:
        yield
    finally:
        _check_stop.reset(token)


class Database:
    """A database with its pool of connections; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        # What each session that writes has in its ``info``.
        self.writer_info: dict[Any, Any] = {}
        # The schema revision that this process works with; None until it has migrated.
        self.revision: str | None = None
        self._reader = engine.execution_options(
            **{_READING: True},
            # A screen needs many statements, and all of them must see the same state.
            **({} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}),
            postgresql_readonly=True,
        )

    def __repr__(self) -> str:
        return f"Database({self.engine.dialect.name})"  # its address may hold passwords

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that sees one state of the database and can't write.

        It never waits for a writer.

        Objects stay readable after it is closed. Raises DatabaseUnreachable, DatabaseBusy.
        """
        session = Session(self._reader, autoflush=False, expire_on_commit=False)
        try:
            with _translated_errors():
                yield session
        finally:
            session.close()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session in one transaction: committed at the end, rolled back on any exception.

        There is one writer at a time on both databases, so two transactions can neither deadlock
        nor overwrite what the other has just read. Keep it short: no network calls inside.
        Raises DatabaseUnreachable, DatabaseBusy (after waiting LOCK_PATIENCE_SECONDS; never within
        `outwait_writers`), and NewerSchema: a migration holds the same lock, so a process never
        writes to tables that a newer version has made.
        """
        with _translated_errors():
            with Session(self.engine, expire_on_commit=False, info=self.writer_info) as session:
                self._wait_for_lock(session)
                self.check_revision(session)
                yield session
                session.commit()
            if session.info.get(ERASED):
                self._clear_log()

    def check_revision(self, session: Session) -> None:
        """Raise NewerSchema if another version has migrated the database since this one did."""
        if self.revision is None:
            return
        revision = session.execute(_FIND_REVISION).scalar()
        if revision != self.revision:
            raise NewerSchema(str(revision))

    def ping(self) -> bool:
        """Whether the database answers."""
        try:
            with self.reading() as session:
                session.execute(text("SELECT 1"))
        except StorageError:
            return False
        return True

    def measure_clock(self, now: Callable[[], datetime]) -> timedelta:
        """Return by how much the database's clock is ahead of ``now``; 0 on SQLite, which has none.

        Between the two lies at most the time that the question takes.
        """
        if self.is_sqlite:
            return timedelta()
        with self.reading() as session:
            session.execute(text("SELECT 1"))  # the connection is open by now
            theirs: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return theirs - now()

    def close(self) -> None:
        """Close every pooled connection (SQLite then writes its log into the file)."""
        self.engine.dispose()

    def compact(self) -> bool:
        """Write SQLite's file anew, so that nothing that was deleted is left in it.

        secure_delete is not enough: where a full page of the file was split, copies of its rows
        stay in the free space of its halves (measured: 2 to 6 of 58,000). Takes as long, and as
        much room on the disk, as copying the file. False when another program had the file open for
        too long, or the disk was full. Does nothing on PostgreSQL.
        """
        if not self.is_sqlite:
            return True
        with self.engine.connect() as connection:
            connection.info.pop(_READING, None)  # the next transaction sets its own pragmas
            driver = connection.connection.dbapi_connection
            assert driver is not None
            cursor = driver.cursor()
            try:
                cursor.execute("PRAGMA query_only = OFF")
                cursor.execute(f"PRAGMA busy_timeout = {COMPACT_PATIENCE_SECONDS * 1000}")
                cursor.execute("VACUUM")
                ((is_busy, *_),) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except sqlite3.OperationalError:
                return False
            finally:
                cursor.close()
        return not is_busy

    def _wait_for_lock(self, session: Session) -> None:
        began = time.monotonic()
        while True:
            try:
                with _translated_errors():
                    self._lock(session.connection())
                break
            except DatabaseBusy:
                session.rollback()
                if (check_stop := _check_stop.get()) is None:
                    raise
                check_stop()
                log.warning(
                    "another program holds the database since %(seconds)d s; waiting on",
                    {"seconds": round(time.monotonic() - began)},
                )
        if time.monotonic() - began > MIN_WAIT_SECONDS:
            session.info[WAITED] = True

    def _lock(self, connection: Connection) -> None:
        """Take PostgreSQL's lock for writers; SQLite's BEGIN IMMEDIATE has locked it already."""
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})

    def _clear_log(self) -> None:
        """Write SQLite's log into the file, where secure_delete has zeroed what was erased.

        Pages of the log that a reader still needs stay until the next erasure.
        """
        if not self.is_sqlite:
            return
        with self.engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            assert driver is not None
            connection.info.pop(_READING, None)  # the next transaction sets its own pragmas
            cursor = driver.cursor()
            # Outside a transaction, and without waiting: a long reader must not hold up a Save.
            cursor.execute("PRAGMA busy_timeout = 0")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            cursor.close()


def open_database(url: str) -> Database:
    """Open the database at ``url`` (``sqlite:///…`` or ``postgresql+psycopg://…``).

    A missing SQLite file is created here, readable by its owner only: a connection would create it
    with the permissions of the process. PostgreSQL is contacted only when it is first used.
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
            # The driver's own BEGIN is off: _begin_sqlite chooses the kind of each transaction.
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
        event.listen(engine, "handle_error", _hide_rows)
    return Database(engine)


def note_erasure(session: Session) -> None:
    """Note that this transaction erases sealed values, so that its log is cleared after it."""
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
        # Another process may have created the same file first.
        if not path.is_file():
            raise DatabaseUnreachable("its file can't be created") from error


def _prepare_sqlite(driver_connection: Any, _record: Any) -> None:
    """Set up a connection without writing to the file: it may belong to another program."""
    cursor = driver_connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # erased tokens are overwritten with zeros
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction: a reader can't write, a writer takes the lock before it reads anything.

    Hence IMMEDIATE: SQLite refuses at once, without waiting, a transaction that reads first and
    writes later, if another one has written in between.
    """
    is_reading = bool(connection.get_execution_options().get(_READING))
    # Only where it changes: after such a pragma SQLite compiles every statement anew.
    if connection.info.get(_READING) != is_reading:
        connection.info.pop(_READING, None)
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if is_reading else 'OFF'}")
        patience = READER_PATIENCE_SECONDS if is_reading else LOCK_PATIENCE_SECONDS
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience * 1000}")
        connection.info[_READING] = is_reading
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Turn failures to reach or lock the database into our errors; others pass unchanged."""
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
        if getattr(error.orig, "sqlstate", None) == "42501":  # insufficient_privilege
            raise RightMissing from error
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
        return DatabaseFull()
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate == "53100":  # disk_full
        return DatabaseFull()
    if sqlstate in ("55P03", "40P01"):  # lock_not_available, deadlock_detected
        return DatabaseBusy()
    if sqlite_name or (sqlstate and sqlstate[:2] not in ("08", "28", "3D", "53", "57")):
        return None
    return DatabaseUnreachable()


def _hide_rows(context: ExceptionContext) -> None:
    """Remove from PostgreSQL's error text the values that hide_parameters leaves in it.

    PostgreSQL adds a DETAIL with the refused row or key, sealed tokens included. Only two classes
    of its messages name columns and constraints and never a value.
    """
    cause, shown = context.original_exception, context.sqlalchemy_exception
    if not isinstance(cause, psycopg.Error) or not cause.sqlstate:
        return
    is_harmless = cause.sqlstate.startswith(("23", "42"))  # constraints; syntax and access
    text = cause.diag.message_primary if is_harmless else None
    cause.args = (text or f"{type(cause).__name__} ({cause.sqlstate})",)
    if shown is not None:
        shown.args = cause.args
