"""The program is killed at any moment of what it does, and does it again.

In the end the database holds what it holds when nothing has happened: nothing is lost, half there
or there twice. ``make faults`` chooses another moment in each round.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import event, inspect, select, text

from fb.accounts.erase import erase, load_erasure
from fb.graph import client, http
from fb.jobs.insights import run_insights
from fb.jobs.posts import run_posts
from fb.jobs.runner import COMMAND
from fb.jobs.snapshots import run_snapshots
from fb.sandbox import make_world
from storage.accounts.keys import check_keys, rotate_keys
from storage.accounts.vault import Vault
from storage.csv_import.importer import import_figures
from storage.db.engine import Database, open_database
from storage.migrations.migrate import make_config, migrate
from storage.models import Base, Event, Grant, Page
from storage.people.person import THIS_COMPUTER
from tests.faults import ROUND
from tests.integration.conftest import LIVE, SANDBOX, Templates, copy_sqlite
from tests.integration.facebook.traveller import Scene, opened_scene
from tests.integration.killing import die, run_until_killed
from tests.integration.notes.csv_files import file_of
from tests.integration.storage_rows import KEY, OTHER_KEY, insert_filled
from tests.present import NOW, TODAY

# In `make test` one database and one moment; `make faults` has both, and a moment for each round.
BACKENDS = ("sqlite", "postgresql") if ROUND in os.environ else ("sqlite",)
pytestmark = pytest.mark.parametrize("backend", BACKENDS, indirect=True)

PAGES = 2
# Of these, a killed program leaves more than one that was left alone: runs, trips, what was read.
WITHOUT = {
    *("attempts", "job_runs", "job_failures", "job_leases", "observations"),
    *("installation", "events", "event_subjects", "ledger_keys"),
}
# A number that was given to a row that never came to be is not given again; and when Facebook was
# last asked for a retired metric is noted at the end of a run that did.
WITHOUT_COLUMNS = {"id", "grant_id", "import_id", "run_id", "probed_at"}

Contents = dict[str, Counter[str]]


@dataclass(frozen=True)
class Work:
    """``prepare`` returns what ``do`` needs. ``do`` is what is killed, and done again."""

    do: Callable[[Scene, Any], object]
    prepare: Callable[[Scene], Any] = lambda scene: None
    is_told_once: bool = False  # what it records as an event


def connect(scene: Scene, _: object) -> None:
    # On this thread: the threads of a pool don't go along into the process that is killed.
    def work_here(name: str, work: Callable[[], object]) -> None:
        work()

    scene.installation.worker.submit = work_here  # type: ignore[method-assign]
    scene.traveller.connect()


def save(scene: Scene, trip: Any) -> None:
    attempt_id, preview = trip
    if scene.traveller.look(attempt_id).status == "ready":  # else the screen shows the outcome
        scene.traveller.save(attempt_id, preview)


def on_the_next_day(scene: Scene) -> None:
    scene.traveller.connect()
    scene.clock.move(days=1)


def take_snapshots(scene: Scene, _: object) -> None:
    run_snapshots(scene.installation, COMMAND)


def fetch_insights(scene: Scene, _: object) -> None:
    run_insights(scene.installation, COMMAND)


def read_posts(scene: Scene, _: object) -> None:
    run_posts(scene.installation, COMMAND)


def rotate(scene: Scene, _: object) -> None:
    vault = Vault([OTHER_KEY, KEY])
    with scene.installation.database.writing() as session:
        check_keys(session, vault, NOW)
    rotate_keys(scene.installation.database, vault, NOW, by=THIS_COMPUTER)


def choose_account(scene: Scene) -> Any:
    on_the_next_day(scene)
    take_snapshots(scene, None)
    with scene.installation.database.reading() as session:
        (account_id,) = session.scalars(select(Grant.account_id))
    erasure = load_erasure(scene.installation, "account", account_id)
    assert erasure is not None
    return erasure


def erase_account(scene: Scene, erasure: Any) -> None:
    erase(scene.installation, erasure, by=THIS_COMPUTER)


def write_file(scene: Scene) -> Any:
    scene.traveller.connect()
    with scene.installation.database.reading() as session:
        ids = session.scalars(select(Page.id)).all()
    days = [TODAY - timedelta(days=number) for number in range(1, 60)]
    return file_of((id, day, 100, None) for id in ids for day in days)


def take_in(scene: Scene, figures: Any) -> None:
    with scene.installation.database.writing() as session:
        import_figures(session, figures, "past.csv", NOW, by=THIS_COMPUTER)


WORKS = {
    "connects": Work(connect),
    "saves": Work(save, lambda scene: scene.traveller.travel(), is_told_once=True),
    "takes snapshots": Work(take_snapshots, on_the_next_day),
    "fetches insights": Work(fetch_insights, on_the_next_day),
    "reads posts": Work(read_posts, on_the_next_day),
    "rotates keys": Work(rotate, on_the_next_day),
    "erases an account": Work(erase_account, choose_account, is_told_once=True),
    "imports a file": Work(take_in, write_file, is_told_once=True),
}


@pytest.mark.fault(
    "the program is killed at any moment of a connect, save, refresh, rotation, erasure or import",
    "what there is when nothing happens, once the same is done again",
)
@pytest.mark.parametrize("name", WORKS)
def test_killed_at_any_moment_it_does_the_same_again(
    tmp_path: Path, live_database_url: str, templates: Templates, name: str
) -> None:
    work = WORKS[name]
    calm_url = copy_sqlite(templates, LIVE, tmp_path / "calm")
    with opened(tmp_path / "calm", calm_url) as scene:
        prepared = work.prepare(scene)
        moments = count_moments(scene.installation.database, lambda: work.do(scene, prepared))
        expected, told = read_contents(scene.installation.database)
    with opened(tmp_path / "killed", live_database_url) as scene:
        database, prepared = scene.installation.database, work.prepare(scene)
        kill(database, choose_moment(moments), lambda: work.do(scene, prepared))
        expire_leases(database)
        work.do(scene, prepared)
        found, told_after = read_contents(database)
    assert found == expected
    if work.is_told_once:
        assert told_after == told


@pytest.mark.fault(
    "the program is killed at any moment of a migration",
    "the tables and rows of an undisturbed one, after the next start",
)
@pytest.mark.parametrize("revision", ["", "first", "nameless_events"])
def test_killed_while_it_migrates_it_begins_again(
    tmp_path: Path, empty_database: Database, revision: str
) -> None:
    calm = open_database(f"sqlite:///{tmp_path / 'calm' / 'pagekeeper.db'}")
    for database in (calm, empty_database):
        make_older(database, revision)
    moments = count_moments(calm, lambda: migrate(calm, SANDBOX, NOW))
    kill(
        empty_database,
        choose_moment(moments),
        lambda: migrate(empty_database, SANDBOX, NOW),
    )
    migrate(empty_database, SANDBOX, NOW)
    assert read_tables(empty_database) == read_tables(calm)
    assert read_contents(empty_database) == read_contents(calm)
    calm.close()


def make_older(database: Database, revision: str) -> None:
    """Let a database be as an older version has left it, with a Page and a figure."""
    if not revision:
        return
    with database.writing() as session:
        config = make_config()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, revision)
        insert_filled(session, "pages", id="10", name="A", name_folded="a")
        insert_filled(session, "snapshots", page_id="10", fans_count=5)
        insert_filled(session, "installation", id=1, marker=SANDBOX)


def opened(folder: Path, url: str) -> Any:
    return opened_scene(folder, url, world=make_world(pages=PAGES), key=KEY)


def choose_moment(moments: int) -> int:
    return random.Random(os.environ.get(ROUND, "0")).randint(1, moments)


def count_moments(database: Database, do: Callable[[], object]) -> int:
    """Do it undisturbed, and return the number of its statements, commits and calls."""
    with listening(database, lambda: None) as counted:
        do()
    return counted.total()


def kill(database: Database, moment: int, do: Callable[[], object]) -> None:
    """Do it in a copy of this process, which dies before its step number ``moment``."""
    passed = Counter[str]()

    def pass_or_die() -> None:
        passed["steps"] += 1
        if passed["steps"] == moment:
            die()

    def do_and_die() -> None:
        with listening(database, pass_or_die):
            do()
        die()

    run_until_killed(database, do_and_die)


@contextmanager
def listening(database: Database, note: Callable[[], object]) -> Iterator[Counter[str]]:
    """Count each statement, commit and call to Facebook, and ``note`` it before it is made."""
    counted = Counter[str]()
    exchange = http.exchange

    def pass_on(*arguments: Any, **options: Any) -> Any:
        counted["calls"] += 1
        note()
        return exchange(*arguments, **options)

    def count(*_: object) -> None:
        counted["statements"] += 1
        note()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "exchange", pass_on)
        for name in ("before_cursor_execute", "commit"):
            event.listen(database.engine, name, count)
        try:
            yield counted
        finally:
            for name in ("before_cursor_execute", "commit"):
                event.remove(database.engine, name, count)


def expire_leases(database: Database) -> None:
    """Let the minute go by after which a dead run's place is free."""
    with database.writing() as session:
        session.execute(text("DELETE FROM job_leases"))


def read_tables(database: Database) -> dict[str, list[str]]:
    """The columns of each table."""
    with database.reading() as session:
        tables = inspect(session.connection())
        return {
            name: sorted(column["name"] for column in tables.get_columns(name))
            for name in tables.get_table_names()
        }


def read_contents(database: Database) -> tuple[Contents, Counter[str]]:
    """The rows of the tables without what differs by nature, and how often each event stands."""
    found: Contents = {}
    with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            if table.name not in WITHOUT:
                found[table.name] = Counter(
                    write_row(row) for row in session.execute(select(table)).mappings()
                )
        return found, Counter(session.scalars(select(Event.kind)))


def write_row(row: Mapping[Any, Any]) -> str:
    """A row without ports and numbers that count up; of what is sealed, whether it is there."""
    values = {
        name: value is not None if name.startswith("sealed_") else value
        for name, value in row.items()
        if name not in WITHOUT_COLUMNS or isinstance(value, str)
    }
    text = repr(sorted(values.items()))
    return re.sub(r"import:[0-9]+|127\.0\.0\.1:[0-9]+", "#", text)
