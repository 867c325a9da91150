"""Databases to test on: SQLite files, and for tests marked ``both_databases`` PostgreSQL as well.

A migrated database is a copy of a template: migrating each one anew would take most of the time.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from storage.accounts.vault import Vault
from storage.db.engine import Database, open_database
from storage.ledger.ledger_keys import attach_vault
from storage.migrations.migrate import migrate
from tests.integration.facebook.traveller import APP_ID
from tests.integration.storage_rows import KEY
from tests.postgres import execute, serving_postgres
from tests.present import NOW

SANDBOX = "sandbox"
LIVE = f"live:{APP_ID}"

_names = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that is marked ``both_databases`` once on each."""
    is_marked = metafunc.definition.get_closest_marker("both_databases") is not None
    if is_marked and "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """Which of the two databases this run of the test uses."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the test run, on a socket of its own."""
    with serving_postgres() as url:
        yield url


class Templates:
    """Migrated databases to copy, by backend and marker; each is made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: set[str] = set()

    def get_sqlite(self, marker: str) -> Path:
        """The path of a migrated SQLite file."""
        path = self._folder / marker.replace(":", "-") / "pagekeeper.db"
        self._migrate_once(f"sqlite:///{path}", marker)
        return path

    def get_postgres(self, server: str, marker: str) -> str:
        """The name of a migrated database of the server."""
        name = marker.replace(":", "-")
        url = _url_of(server, name)
        if url not in self._made:
            _create_database(server, name, "template0")
        self._migrate_once(url, marker)
        return name

    def _migrate_once(self, url: str, marker: str) -> None:
        if url not in self._made:
            database = open_database(url)
            migrate(database, marker, NOW)
            database.close()
            self._made.add(url)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Migrated databases to copy."""
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def empty_database_url(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The URL of a database without any table."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty' / 'pagekeeper.db'}"
    else:
        yield from _fresh_on_postgres(request.getfixturevalue("postgres_url"), "template0")


@pytest.fixture
def database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated, empty database, marked "sandbox"."""
    yield from _migrated(backend, SANDBOX, tmp_path, request)


@pytest.fixture
def live_database_url(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The URL of a migrated, empty database, marked for live mode with the tests' app."""
    yield from _migrated(backend, LIVE, tmp_path, request)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database, marked "sandbox"."""
    database = open_database(database_url)
    attach_vault(database, Vault([KEY]))
    yield database
    database.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that writes to the database, committed when the test is over."""
    with database.writing() as session:
        yield session


@pytest.fixture
def empty_database(empty_database_url: str) -> Iterator[Database]:
    """A database without any table."""
    database = open_database(empty_database_url)
    attach_vault(database, Vault([KEY]))
    yield database
    database.close()


def copy_sqlite(templates: Templates, marker: str, folder: Path) -> str:
    """The URL of a migrated, empty SQLite file in a new folder."""
    folder.mkdir(mode=0o700)
    shutil.copy(templates.get_sqlite(marker), folder / "pagekeeper.db")
    return f"sqlite:///{folder / 'pagekeeper.db'}"


def _migrated(
    backend: str, marker: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    templates: Templates = request.getfixturevalue("templates")
    if backend == "sqlite":
        yield copy_sqlite(templates, marker, tmp_path / "data")
    else:
        server = request.getfixturevalue("postgres_url")
        yield from _fresh_on_postgres(server, templates.get_postgres(server, marker))


def _fresh_on_postgres(server: str, template: str) -> Iterator[str]:
    name = f"test_{next(_names)}"
    _create_database(server, name, template)
    try:
        yield _url_of(server, name)
    finally:
        execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _create_database(server: str, name: str, template: str) -> None:
    # Of the two ways the faster one for a template of forty tables.
    execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')


def _url_of(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)
