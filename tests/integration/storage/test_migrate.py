"""Migrations: they make what the models say, once, and leave alone what is not theirs."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text

from storage.db.engine import Database, open_database
from storage.db.errors import NewerSchema, OldSchema, WrongInstallation
from storage.db.installation import bump_data_version, get_data_version
from storage.migrations.migrate import FORMER_REVISIONS, find_marker, migrate
from storage.models import Base, Installation
from tests.integration.storage_rows import LATER, NOW
from tests.old_database import make_old_database

pytestmark = pytest.mark.both_databases


def test_migrations_make_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_make_the_same_constraints_as_the_models(
    empty_database: Database, database: Database
) -> None:
    """What compare_metadata does not look at: primary keys, checks, names, row ids."""
    Base.metadata.create_all(empty_database.engine)
    with empty_database.engine.connect() as ours, database.engine.connect() as migrated:
        assert _shape(ours) == _shape(migrated)
        if database.is_sqlite:
            assert (
                _rowless(ours)
                == _rowless(migrated)
                == [
                    "insight_values",
                    "snapshots",
                    "unusual_days",
                ]
            )


def _shape(connection: Connection) -> dict[str, Any]:
    inspector = inspect(connection)
    return {
        table: (
            inspector.get_pk_constraint(table),
            sorted(inspector.get_check_constraints(table), key=repr),
            sorted(inspector.get_unique_constraints(table), key=repr),
            sorted(inspector.get_foreign_keys(table), key=repr),
            sorted(map(_told, inspector.get_indexes(table))),
            [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)],
        )
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def _told(index: Any) -> str:
    """A partial index says so in an object that equals itself alone."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return repr({**index, "dialect_options": options})


def _rowless(connection: Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%' ORDER BY name"
    return list(connection.execute(text(query)).scalars())


def test_the_first_migration_marks_the_database(empty_database: Database) -> None:
    migrate(empty_database, "live:123456789012345", NOW)
    with empty_database.reading() as session:
        assert find_marker(session.connection()) == "live:123456789012345"
        assert get_data_version(session) == 0
        assert session.scalars(select(Installation)).one().created_at == NOW


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.writing() as session:
        bump_data_version(session)
    migrate(database, "sandbox", LATER)
    with database.reading() as session:
        assert get_data_version(session) == 1
        assert session.scalars(select(Installation)).one().created_at == NOW


def test_the_log_lies_beside_a_file_that_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.touch(mode=0o600)
    database = open_database(f"sqlite:///{path}")
    migrate(database, "sandbox", NOW)
    with database.reading() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    database.close()


def test_many_migrate_at_once_and_one_does_it(empty_database_url: str) -> None:
    def start(_: int) -> str | None:
        database = open_database(empty_database_url)
        migrate(database, "sandbox", NOW)
        with database.reading() as session:
            marker = find_marker(session.connection())
        database.close()
        return marker

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(start, range(4))) == ["sandbox"] * 4


def test_of_two_modes_at_once_one_is_refused(empty_database_url: str) -> None:
    def start(marker: str) -> str:
        database = open_database(empty_database_url)
        try:
            migrate(database, marker, NOW)
        except WrongInstallation as error:
            return f"refused {error.wanted}"
        finally:
            database.close()
        return "migrated"

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(start, ["sandbox", "live:123456789012345"]))
    assert results in (
        ["migrated", "refused live:123456789012345"],
        ["refused sandbox", "migrated"],
    )


def _content(database: Database) -> list[Any]:
    """Every row of every table, to compare."""
    with database.engine.connect() as connection:
        names = sorted(inspect(connection).get_table_names())
        return [(name, connection.execute(text(f"SELECT * FROM {name}")).all()) for name in names]


def test_another_mode_is_refused_and_nothing_touched(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "data" / "pagekeeper.db"
    before = path.read_bytes() if path.exists() else None
    database = open_database(database_url)
    content = _content(database)
    with pytest.raises(WrongInstallation) as caught:
        migrate(database, "live:123456789012345", LATER)
    assert (caught.value.found, caught.value.wanted) == ("sandbox", "live:123456789012345")
    assert _content(database) == content
    database.close()
    if before is not None:
        assert path.read_bytes() == before
        assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "table",
    [
        "CREATE TABLE pages (id INTEGER)",
        "CREATE TABLE installation (name TEXT)",
        "CREATE TABLE installation (id INTEGER, marker TEXT)",
    ],
)
def test_another_programs_file_is_refused_byte_for_byte(tmp_path: Path, table: str) -> None:
    path = tmp_path / "theirs.db"
    theirs = sqlite3.connect(path)
    theirs.execute(table)
    theirs.commit()
    theirs.close()
    before = path.read_bytes()
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(WrongInstallation) as caught:
        migrate(database, "sandbox", NOW)
    database.close()
    assert caught.value.found == "another program"
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["theirs.db"]


def test_other_tables_in_a_shared_database_are_left_alone(empty_database: Database) -> None:
    with empty_database.writing() as session:
        session.execute(text("CREATE TABLE spatial_ref_sys (id INTEGER)"))
    migrate(empty_database, "sandbox", NOW)
    with empty_database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM spatial_ref_sys")).scalar() == 0


def test_a_newer_schema_is_refused_and_nothing_touched(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    content = _content(database)
    with pytest.raises(NewerSchema) as caught:
        migrate(database, "sandbox", LATER)
    assert caught.value.revision == "9999"
    assert _content(database) == content


@pytest.mark.parametrize("revision", sorted(FORMER_REVISIONS))
def test_an_old_schema_is_refused_byte_for_byte(tmp_path: Path, revision: str) -> None:
    path = make_old_database(tmp_path / "old.db", "sandbox", revision)
    before = path.read_bytes()
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(OldSchema) as caught:
        migrate(database, "sandbox", LATER)
    database.close()
    assert caught.value.revision == revision
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["old.db"]


def test_a_failing_migration_leaves_no_trace(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr("storage.migrations.migrate._mark", fail)
    with pytest.raises(RuntimeError, match="out of luck"):
        migrate(empty_database, "sandbox", NOW)
    assert _content(empty_database) == []
    monkeypatch.undo()
    migrate(empty_database, "sandbox", NOW)
