"""Migrations: they make what the models say, once, and leave alone what is not theirs."""

from __future__ import annotations

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Event as Signal
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.orm import Session

from storage.accounts.archive import archive_pages
from storage.db.engine import Database, open_database
from storage.db.errors import NewerSchema, OldSchema, WrongInstallation
from storage.db.installation import bump_data_version, get_data_version
from storage.figures.filters import EVERY_PAGE
from storage.ledger.subjects import SUBJECTS, iterate_exchanged
from storage.migrations.migrate import FORMER_REVISIONS, find_marker, make_config, migrate
from storage.models import Base, Event, EventSubject, Installation, JobFailure, Page, Post
from storage.notes.saved_views import list_views, save_view
from storage.notes.tags import count_pages
from storage.people.person import THIS_COMPUTER
from tests.integration.storage_rows import LATER, NOW, insert_filled
from tests.old_database import make_old_database

pytestmark = pytest.mark.both_databases


def test_migrations_make_what_the_models_say(database: Database) -> None:
    # The comparison does not look at ``ddl_if``.
    of_postgresql = {"post_checkpoints_by_time"} if database.is_sqlite else set()
    options = {
        "compare_server_default": True,
        "include_object": lambda _object, name, *_: name not in of_postgresql,
    }
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
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
                    "post_checkpoints",
                    "posts",
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


def test_old_events_keep_what_they_are_about_without_names(empty_database: Database) -> None:
    """The rows as the first migration's program wrote them."""
    facts = {
        "connected": {"account_name": "Ann", "saved": 3, "added": 2, "is_known_account": False},
        "tagged": {"tag": "Brand", "pages": 5},
        "tag_renamed": {"tag": "Old", "new": "Brand"},
        "tag_deleted": {"tag": "Gone", "pages": 1},
        "noted": {"day": "2026-11-08", "text": "Campaign", "page": None, "tag": "Brand"},
        "note_deleted": {"day": "2026-11-08", "text": "Anna left", "page": "Café", "tag": None},
        "imported": {"file": "Café.csv", "import": 4, "days": 9},
        "frozen": {},
    }
    with empty_database.writing() as session:
        config = make_config()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "first")
        insert_filled(session, "grants", account_name="Ann", status="ok", status_at=NOW)
        insert_filled(session, "pages", id="10", name="Café", name_folded="cafe")
        insert_filled(session, "tags", name="Brand", name_folded="brand")
        insert_filled(session, "notes", day=date(2026, 11, 8), text="Campaign")
        insert_filled(session, "imports", id=4, file_name="Café.csv")
        insert_filled(session, "job_runs", status="done")
        insert_filled(session, "job_failures", page_id="10", account_name="Ann")
        for kind, of_kind in facts.items():
            name = "Ann" if kind == "connected" else "Zoe" if kind == "frozen" else None
            page_id = "10" if kind == "tagged" else None
            row = {"account_name": name, "kind": kind, "facts": of_kind, "page_id": page_id}
            insert_filled(session, "events", at=NOW, by="Ada", grant_id=None, **row)
        session.execute(text("INSERT INTO installation VALUES (1, 'sandbox', :now, 7)"), NOW_ROW)
    migrate(empty_database, "sandbox", NOW)
    with empty_database.reading() as session:
        events = {
            each.kind: each for each in session.scalars(select(Event).order_by(Event.sequence))
        }
        assert [each.sequence for each in events.values()] == list(range(1, len(facts) + 1))
        subjects = {each.pseudonym: each for each in session.scalars(select(EventSubject))}

        def find_id(event: Event, column: str) -> Any:
            pseudonym = getattr(event, SUBJECTS[column])
            return None if pseudonym is None else getattr(subjects[pseudonym], column)

        assert list(events) == list(facts), "in their order"
        assert {(each.at, each.by) for each in events.values()} == {(NOW, "Ada")}
        assert {
            kind: (each.facts, *(find_id(each, column) for column in list(SUBJECTS)[:4]))
            for kind, each in events.items()
        } == {
            "connected": ({"saved": 3, "added": 2}, 1, None, None, None),
            "tagged": ({"pages": 5}, None, "10", 1, None),
            "tag_renamed": ({}, None, None, 1, None),
            "tag_deleted": ({"pages": 1}, None, None, None, None),
            "noted": ({"day": "2026-11-08", "scope": "tag"}, None, None, 1, 1),
            "note_deleted": ({"day": "2026-11-08", "scope": "page"}, None, None, None, None),
            "imported": ({"days": 9}, None, None, None, None),
            "frozen": ({}, None, None, None, None),
        }
        assert find_id(events["imported"], "import_id") == 4
        assert list(iterate_exchanged(session)) == []
        (failure,) = session.scalars(select(JobFailure))
        assert failure.page_id == "10"


def test_pages_of_the_version_before_are_not_archived(empty_database: Database) -> None:
    with empty_database.writing() as session:
        config = make_config()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "nameless_events")
        insert_filled(session, "pages", id="10", name="Café", name_folded="cafe")
        insert_filled(session, "snapshots", page_id="10", day=NOW.date(), fans_count=5)
        insert_filled(session, "tags", name="Brand", name_folded="brand")
        session.execute(text("INSERT INTO installation VALUES (1, 'sandbox', :now, 7)"), NOW_ROW)
    migrate(empty_database, "sandbox", NOW)
    with empty_database.writing() as session:
        (page,) = session.scalars(select(Page))
        assert (page.name, page.archived_at) == ("Café", None)
        assert count_pages(session, filter=EVERY_PAGE, until=NOW.date()) == 1
        assert list_views(session, of=THIS_COMPUTER) == []
        assert archive_pages(session, ["10"], LATER, by=THIS_COMPUTER) == 1
        assert save_view(session, "Mine", "archived=yes", LATER, by=THIS_COMPUTER).name == "Mine"
        assert get_data_version(session) > 7


def test_texts_of_the_version_before_are_found(empty_database: Database) -> None:
    """More of them than the migration reads at once, and a post without one."""
    with empty_database.writing() as session:
        config = make_config()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "post_checkpoints_by_time")
        insert_filled(session, "pages", id="10", name="Café", name_folded="cafe")
        session.execute(
            text(
                "INSERT INTO posts (id, page_id, published_at, kind, message, first_seen_at)"
                " WITH RECURSIVE numbers (n) AS"
                " (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1001)"
                " SELECT '10_' || n, '10', :now, 'photo', CASE WHEN n > 0 THEN 'CAFÉ' END, :now"
                " FROM numbers"
            ),
            NOW_ROW,
        )
        session.execute(text("INSERT INTO installation VALUES (1, 'sandbox', :now, 7)"), NOW_ROW)
    migrate(empty_database, "sandbox", NOW)
    with empty_database.reading() as session:
        folded = session.scalars(select(Post.message_folded)).all()
        assert Counter(folded) == {"cafe": 1001, None: 1}


NOW_ROW = {"now": NOW.replace(tzinfo=None)}


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


def test_of_two_upgrades_at_once_one_waits_and_finds_it_done(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    old = open_database(empty_database_url)
    with old.writing() as session:
        config = make_config()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "nameless_events")
        session.execute(text("INSERT INTO installation VALUES (1, 'sandbox', :now, 7)"), NOW_ROW)
    old.close()
    is_upgrading, is_other_waiting = Signal(), Signal()
    upgrades: list[str] = []
    upgrade, wait_for_lock = command.upgrade, Database._wait_for_lock

    def upgrade_slowly(config: Any, revision: str) -> None:
        upgrades.append(revision)
        is_upgrading.set()
        assert is_other_waiting.wait(10)
        upgrade(config, revision)

    def wait(database: Database, session: Session) -> None:
        if is_upgrading.is_set():
            is_other_waiting.set()
        wait_for_lock(database, session)

    monkeypatch.setattr(command, "upgrade", upgrade_slowly)
    monkeypatch.setattr(Database, "_wait_for_lock", wait)
    caplog.set_level("INFO", "storage")

    def start() -> None:
        database = open_database(empty_database_url)
        migrate(database, "sandbox", NOW)
        with database.writing() as session:
            bump_data_version(session)
        database.close()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(start)
        assert is_upgrading.wait(10)
        pool.submit(start).result(20)
        first.result(20)
    assert upgrades == ["head"]
    head = ScriptDirectory.from_config(make_config()).get_current_head()
    assert sorted(caplog.messages) == [
        f"another process has brought the database to revision {head}",
        f"the database is upgraded from revision nameless_events to {head}",
    ]


def test_an_older_process_writes_nothing_once_a_newer_one_has_migrated(
    empty_database: Database, empty_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "storage")
    migrate(empty_database, "sandbox", NOW)
    assert "the database was empty: its tables are made" in caplog.text
    newer = open_database(empty_database_url)
    with newer.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    content = _content(newer)
    with pytest.raises(NewerSchema), empty_database.writing() as session:
        bump_data_version(session)
    assert _content(newer) == content
    newer.close()
    with empty_database.reading() as session:
        assert get_data_version(session) == 0, "what it still understands can be read"
        with pytest.raises(NewerSchema):
            empty_database.check_revision(session)


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
