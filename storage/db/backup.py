"""Backup: copies a database into one file while others use it, and looks into such a file.

A copy of SQLite is a database of its own; one of PostgreSQL is a dump in pg_dump's custom format.
Neither holds an encryption key.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, func, make_url, select
from sqlalchemy.orm import Session

from storage.db.errors import BackupRefused
from storage.models import Base

SQLITE_BEGIN, DUMP_BEGIN = b"SQLite format 3\x00", b"PGDMP"
_END = r"\."  # of the rows of a COPY
_COPY = re.compile(r"COPY (?:\w+\.)?(\w+) \((.*)\) FROM stdin;")
_ESCAPES = {r"\\": "\\", r"\t": "\t", r"\n": "\n", r"\r": "\r"}


@dataclass
class Contents:
    """What a backup holds: its marker, schema revision, and rows by table.

    ``canaries`` are the sealed texts of `storage.models.VaultKey` by the id of their key.
    """

    marker: str | None = None
    revision: str | None = None
    rows: dict[str, int] = field(default_factory=dict)
    canaries: dict[str, str] = field(default_factory=dict)


def back_up(url: str, path: Path, environment: Mapping[str, str]) -> None:
    """Write a copy of the database into a new file that only its owner may read (mode 0600).

    It is of one moment and disturbs nobody. ``environment``: that of pg_dump. Raises BackupRefused
    with the file removed; a file that is there already is left alone.
    """
    with _created(path):
        if make_url(url).get_backend_name() == "sqlite":
            _copy_sqlite(Path(str(make_url(url).database)), path)
        else:
            _dump(make_url(url), path, environment)


def read_backup(path: Path) -> Contents:
    """Check that a backup is whole, and return what it holds; nothing is written or restored.

    Raises BackupRefused.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(len(SQLITE_BEGIN))
    except OSError as error:
        raise BackupRefused(f"{path} can't be read ({error.strerror}).") from None
    if begin == SQLITE_BEGIN:
        return _read_sqlite(path)
    if begin.startswith(DUMP_BEGIN):
        return _read_dump(path)
    raise BackupRefused(f"{path} is neither a copy of SQLite nor a dump of PostgreSQL.")


def count_rows(session: Session) -> dict[str, int]:
    """Return the number of rows of each table of the living database."""
    return {
        table.name: session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


@contextmanager
def _created(path: Path) -> Iterator[None]:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise BackupRefused(f"{path} is there already. Choose another name.") from None
    except OSError as error:
        raise BackupRefused(f"{path} can't be written ({error.strerror}).") from None
    try:
        yield
        with path.open("rb") as file:
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def _copy_sqlite(source: Path, path: Path) -> None:
    try:
        with (
            closing(_opened(source, "mode=ro")) as living,
            closing(sqlite3.connect(path)) as copy,
        ):
            # In one step: a copy in pieces begins anew after each write of another process.
            living.backup(copy)
            # Else the copy would need a second file beside it as soon as it is opened.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise BackupRefused(f"The database can't be copied ({_name(error)}).") from None


def _dump(url: URL, path: Path, environment: Mapping[str, str]) -> None:
    program = _find("pg_dump")
    words = ["--format=custom", "--no-password", f"--file={path}"]
    # The password is in the environment: everybody on this machine can read a program's words.
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell
        [program, *words], env={**environment, **_environment_of(url)}, capture_output=True
    )
    if done.returncode:
        raise BackupRefused(
            f"pg_dump failed (exit code {done.returncode}). It must reach the database and must "
            "not be older than its server."
        )


def _read_sqlite(path: Path) -> Contents:
    try:
        with closing(_opened(path, "mode=ro&immutable=1")) as copy:
            if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise BackupRefused(f"{path} is damaged. Make another backup.")
            if copy.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise BackupRefused(f"{path} lacks rows that others need. Make another backup.")
            tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_schema")}
            contents = Contents()
            for table in Base.metadata.sorted_tables:
                if table.name in tables:
                    query = f"SELECT count(*) FROM {table.name}"  # noqa: S608 - a name of ours
                    (contents.rows[table.name],) = copy.execute(query).fetchone()
            if "installation" in tables:
                contents.marker = _first(copy, "SELECT marker FROM installation")
            if "alembic_version" in tables:
                contents.revision = _first(copy, "SELECT version_num FROM alembic_version")
            if "vault_keys" in tables:
                query = "SELECT key_id, sealed_canary FROM vault_keys"
                contents.canaries = dict(copy.execute(query).fetchall())
            return contents
    except sqlite3.Error as error:
        raise BackupRefused(f"{path} can't be read ({_name(error)}).") from None


def _read_dump(path: Path) -> Contents:
    """Read the whole dump as SQL: a part that is missing or damaged ends it with an error."""
    words = [_find("pg_restore"), "--data-only", "--file=-", str(path)]
    with subprocess.Popen(  # noqa: S603 - as above
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace"
    ) as program:
        assert program.stdout is not None
        contents = _read_sql(line.rstrip("\n") for line in program.stdout)
    if program.returncode:
        raise BackupRefused(f"{path} is damaged. Make another backup.")
    return contents


def _read_sql(lines: Iterator[str]) -> Contents:
    contents = Contents()
    for line in lines:
        match = _COPY.fullmatch(line)
        if match is None:
            continue
        table, names = match[1], [name.strip(' "') for name in match[2].split(",")]
        count = 0
        for row in iter(partial(next, lines, _END), _END):
            count += 1
            if table in ("alembic_version", "installation", "vault_keys"):
                _take(
                    contents, table, dict(zip(names, map(_unescape, row.split("\t")), strict=True))
                )
        if table in Base.metadata.tables:
            contents.rows[table] = count
    return contents


def _take(contents: Contents, table: str, row: Mapping[str, str]) -> None:
    match table:
        case "alembic_version":
            contents.revision = row["version_num"]
        case "installation":
            contents.marker = row["marker"]
        case "vault_keys":
            contents.canaries[row["key_id"]] = row["sealed_canary"]


def _find(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise BackupRefused(
            f"{program} is not installed here. It comes with PostgreSQL's client (on Debian: "
            "apt install postgresql-client)."
        )
    return found


def _environment_of(url: URL) -> Mapping[str, str]:
    host = url.host or url.query.get("host")
    values = {
        "PGHOST": host if isinstance(host, str) else None,
        "PGPORT": None if url.port is None else str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
    }
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _unescape(text: str) -> str:
    return re.sub(r"\\[\\tnr]", lambda match: _ESCAPES[match[0]], text)


def _opened(path: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.resolve()))}?{options}", uri=True)


def _first(connection: sqlite3.Connection, query: str) -> str | None:
    row = connection.execute(query).fetchone()
    return None if row is None else str(row[0])


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", type(error).__name__)
