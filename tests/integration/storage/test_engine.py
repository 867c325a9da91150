"""The database as such: files, transactions, locks, and what errors and names give away."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from storage.db.engine import WAITED, Database, open_database, outwait_writers
from storage.db.errors import DatabaseBusy, DatabaseUnreachable
from storage.db.installation import bump_data_version, get_data_version
from storage.migrations.migrate import find_marker
from storage.models import Attempt, Event
from tests.integration.storage_rows import NOW
from tests.waiting import wait_until

pytestmark = pytest.mark.both_databases


def test_file_and_folder_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "pagekeeper.db"
    database = open_database(f"sqlite:///{path}")
    with database.writing() as session:
        session.execute(text("CREATE TABLE t (a TEXT)"))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    database.close()


def test_log_files_are_the_owners_alone(tmp_path: Path, database: Database) -> None:
    if not database.is_sqlite:
        return
    with database.writing() as session:
        bump_data_version(session)
    folder = tmp_path / "data"
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == dict.fromkeys(
        ["pagekeeper.db", "pagekeeper.db-wal", "pagekeeper.db-shm"], 0o600
    )


def test_sqlite_is_set_as_promised(database: Database) -> None:
    if not database.is_sqlite:
        return
    with database.reading() as session:
        pragmas = ("journal_mode", "foreign_keys", "secure_delete", "query_only", "busy_timeout")
        found = {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in pragmas}
    assert found == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "secure_delete": 1,
        "query_only": 1,
        "busy_timeout": 5_000,
    }
    with database.writing() as session:
        assert session.execute(text("PRAGMA busy_timeout")).scalar() == 60_000


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="in memory"):
        open_database("sqlite://")


@pytest.mark.parametrize("name", ["a folder", "a file that is no database"])
def test_what_is_no_database_is_unreachable(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.db"
    if name == "a folder":
        path.mkdir()
    else:
        path.write_text("no database " * 100)
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(DatabaseUnreachable), database.reading() as session:
        session.execute(text("SELECT * FROM sqlite_master"))
    with pytest.raises(DatabaseUnreachable), database.writing() as session:
        session.execute(text("SELECT * FROM sqlite_master"))
    database.close()


def test_a_file_in_the_way_of_the_folder_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnreachable):
        open_database(f"sqlite:///{tmp_path / 'file' / 'pagekeeper.db'}")


def test_a_server_that_is_not_there_is_unreachable() -> None:
    options = "password=hunter2&sslpassword=hunter2&passfile=/hunter2"
    database = open_database(f"postgresql+psycopg://someone:hunter2@127.0.0.1:1/none?{options}")
    assert not database.ping()
    with pytest.raises(DatabaseUnreachable) as caught, database.reading() as session:
        session.execute(text("SELECT 1"))
    for shown in (str(caught.value), repr(caught.value), repr(database)):
        assert "hunter2" not in shown
    database.close()


def test_writing_commits_and_an_exception_undoes_all_of_it(database: Database) -> None:
    assert database.ping()
    with database.writing() as session:
        bump_data_version(session)

    def break_off() -> None:
        with database.writing() as session:
            bump_data_version(session)
            raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        break_off()
    with database.reading() as session:
        assert get_data_version(session) == 1
        assert find_marker(session.connection()) == "sandbox"


def test_reading_can_not_write(database: Database) -> None:
    with pytest.raises((SQLAlchemyError, DatabaseUnreachable)), database.reading() as session:
        bump_data_version(session)
    with database.writing() as session:
        assert get_data_version(session) == 0


def test_a_reader_sees_one_moment_and_never_waits_for_the_writer(database: Database) -> None:
    with database.reading() as reader:
        assert get_data_version(reader) == 0
        with database.writing() as writer:
            bump_data_version(writer)
            with database.reading() as other:
                assert get_data_version(other) == 0
        assert get_data_version(reader) == 0
    with database.reading() as reader:
        assert get_data_version(reader) == 1


def test_many_threads_write_and_none_is_lost_or_locked_out(database: Database) -> None:
    def work(number: int) -> None:
        for _ in range(10):
            with database.writing() as session:
                seen = get_data_version(session)  # read first, write then: loses without the lock
                session.execute(
                    insert(Event).values(sequence=seen, at=NOW, kind="frozen", facts={"seen": seen})
                )
                bump_data_version(session)
            with database.reading() as session:
                assert get_data_version(session) > seen

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    with database.reading() as session:
        assert get_data_version(session) == 80
        seen = sorted(event.facts["seen"] for event in session.scalars(select(Event)))
    assert seen == list(range(80))


def test_a_writer_that_waits_too_long_is_told_so(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.db.engine.LOCK_PATIENCE_SECONDS", 0.1)
    database = open_database(database_url)
    with database.writing(), pytest.raises(DatabaseBusy), database.writing():
        pass
    with database.writing() as session:
        bump_data_version(session)
    database.close()


def test_work_in_the_background_outwaits_a_writer(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits longer than a session may, and can be stopped."""
    monkeypatch.setattr("storage.db.engine.LOCK_PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr("storage.db.engine.MIN_WAIT_SECONDS", 0.1)
    database = open_database(database_url)
    holds, tries = threading.Event(), list[int]()

    def hold() -> None:
        with database.writing():
            holds.set()
            wait_until(lambda: len(tries) >= 2)

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert holds.wait(10)
        with outwait_writers(lambda: tries.append(1)), database.writing() as session:
            bump_data_version(session)
            assert session.info[WAITED]
        holder.result()
    assert len(tries) >= 2
    with outwait_writers(tries.clear), database.writing() as session:
        assert WAITED not in session.info

    def stop() -> None:
        raise InterruptedError

    with (
        database.writing(),
        outwait_writers(stop),
        pytest.raises(InterruptedError),
        database.writing(),
    ):
        pass
    with database.reading() as session:
        assert get_data_version(session) == 1
    database.close()


def test_errors_in_statements_stay_what_they_are(database: Database) -> None:
    with pytest.raises(SQLAlchemyError, match="nowhere"), database.reading() as session:
        session.execute(text("SELECT * FROM nowhere"))


def test_errors_do_not_print_what_was_bound(database: Database) -> None:
    nonce = "0123456789abcdef-the-nonce"
    with pytest.raises(IntegrityError) as caught, database.writing() as session:
        session.execute(insert(Attempt).values(id="a", nonce_hash=nonce))
    assert nonce not in str(caught.value)


@pytest.mark.both_databases
def test_the_clock_of_the_database_is_compared_with_ours(database: Database) -> None:
    real_now = datetime.fromtimestamp(time_machine.escape_hatch.time.time(), UTC)
    difference = database.measure_clock(lambda: real_now - timedelta(minutes=5))
    if database.is_sqlite:
        assert difference == timedelta()
    else:
        assert timedelta(minutes=5) <= difference < timedelta(minutes=5, seconds=2)
