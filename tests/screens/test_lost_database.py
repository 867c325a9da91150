"""A database that goes away, is held, or is upgraded meanwhile is said in words on every screen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from fb.jobs.schedule import tick
from fb.settings import read_settings
from pages import resources
from pages.text import wording
from storage.db.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseUnreachable,
    NewerSchema,
    StorageError,
)
from tests.screens.conftest import FakeSandbox, Stage, words_of


@pytest.mark.fault(
    "the database goes away, is locked or full while a screen is open", "the reason, in words"
)
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DatabaseUnreachable(), "database_unreachable"),
        (DatabaseBusy(), "database_held"),
        (DatabaseFull(), "database_full"),
    ],
)
@pytest.mark.parametrize("screen", ["overview", "connections", "connect"])
def test_every_screen_says_what_became_of_the_database(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    screen: str,
    error: StorageError,
    kind: str,
) -> None:
    def reading() -> None:
        raise error

    monkeypatch.setattr(stage.installation.database, "reading", reading)
    said = words_of(stage.open(screen))
    expected = wording.STARTUP_ERRORS[kind]
    assert expected.title in said
    assert expected.sentence in said


@pytest.mark.fault(
    "a newer version upgrades the database of a running one",
    "the older one writes nothing and says so",
)
@pytest.mark.parametrize("screen", ["overview", "setup"])
def test_every_screen_says_that_a_newer_version_has_upgraded_the_database(
    stage: Stage, screen: str
) -> None:
    with stage.installation.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'newer'"))
    said = words_of(stage.open(screen))
    expected = wording.STARTUP_ERRORS["newer_schema"]
    assert expected.title in said
    assert expected.sentence in said
    with pytest.raises(NewerSchema):
        tick(stage.installation)


def test_after_an_upgrade_the_older_process_ends_its_work(
    fresh_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(fresh_data, tmp_path / "data")
    report = read_settings({}, tmp_path)
    monkeypatch.setattr(resources, "get_report", lambda: report)
    monkeypatch.setattr(resources, "get_sandbox", FakeSandbox)
    resources.get_startup.clear()
    try:
        older = resources.get_installation()
        with older.database.writing() as session:
            session.execute(text("UPDATE alembic_version SET version_num = 'newer'"))
        startup = resources.open_anew()
        assert startup is resources.get_startup()
        assert startup.error is not None
        assert startup.error.kind == "newer_schema"
        assert older.worker.stopping.is_set(), "no more jobs"
    finally:
        resources.get_startup.clear()
