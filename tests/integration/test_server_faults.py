"""What is around the program fails: a database that stops or is full, clocks, a silent Facebook.

A second process is a second installation on the same database, with a clock of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import select

from fb.graph.client import GraphClient
from fb.graph.pages import fetch_figures
from fb.installation import Installation, open_installation
from fb.jobs import snapshots
from fb.jobs.runner import run_now
from fb.jobs.schedule import tick
from fb.jobs.snapshots import Chunk, run_snapshots
from fb.login.attempt import AttemptGone
from fb.login.start import ReturnRefused
from fb.settings import read_settings
from storage.accounts.attempts import PREVIEW_SECONDS, TRIP_SECONDS
from storage.accounts.pages import PageReport
from storage.csv_import.importer import import_figures
from storage.db.clock import read_clock
from storage.db.errors import DatabaseFull, DatabaseUnreachable, JobRunning
from storage.jobs.runs import SNAPSHOTS
from storage.models import Grant, JobFailure, JobRun, Page, Snapshot
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import MovableClock, Scene, Traveller, opened_scene
from tests.integration.killing import dump
from tests.integration.notes.csv_files import file_of
from tests.integration.storage_rows import age_attempts, expire_leases, full_disk
from tests.postgres import find_server
from tests.present import TODAY
from tests.waiting import wait_until

PAGES = 57
# The database's clock goes on while a test runs.
SLACK_SECONDS = 60
# What a refresh writes beside figures: its own record, and that the account was checked.
WITHOUT = ("job_runs", "job_leases", "observations", "grants")


@pytest.fixture
def scene(tmp_path: Path, live_database_url: str) -> Iterator[Scene]:
    """Anna's Pages, at noon of the day after she connected."""
    with opened_scene(tmp_path, live_database_url) as scene:
        scene.traveller.connect()
        scene.clock.at = (scene.clock.at + timedelta(days=1)).replace(hour=12)
        scene.sandbox.clear_faults()
        yield scene


@contextmanager
def opened_beside(scene: Scene, clock: MovableClock) -> Iterator[Installation]:
    """Another process of the same installation."""
    settings = scene.installation.settings
    startup = open_installation(read_settings({}, settings.root), now=clock, settings=settings)
    assert startup.installation is not None, startup.error
    try:
        yield startup.installation
    finally:
        startup.installation.close()


def list_runs(scene: Scene) -> list[tuple[str, int]]:
    """Status and read Pages of each refresh, oldest first."""
    with scene.installation.database.reading() as session:
        runs = session.scalars(select(JobRun).where(JobRun.kind == SNAPSHOTS).order_by(JobRun.id))
        return [(run.status, run.pages_done) for run in runs]


def count_figures(scene: Scene) -> dict[int, int]:
    """How many Pages have figures, by how many days ago."""
    today = scene.clock().date()
    with scene.installation.database.reading() as session:
        days = session.scalars(select(Snapshot.day)).all()
    return {ago: sum((today - day).days == ago for day in days) for ago in (0, 1)}


def count_batches(scene: Scene) -> int:
    return sum(method == "POST" for method, _ in scene.sandbox.calls)


def wait_for_end(scene: Scene, runs: int) -> None:
    """Wait until there are so many refreshes, and all have ended."""
    wait_until(lambda: len(list_runs(scene)) >= runs)
    wait_until(lambda: "running" not in dict(list_runs(scene)))
    assert len(list_runs(scene)) == runs


@pytest.mark.fault(
    "PostgreSQL is stopped amid a refresh, and started again",
    "what was read; the timer goes on, and reads the rest",
)
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_postgresql_stops_and_comes_back(
    scene: Scene,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server, asked = find_server(postgres_url), list[int]()

    def stopping(
        client: GraphClient, pages: Iterable[tuple[str, str]], record: type[PageReport]
    ) -> Iterator[Chunk]:
        tokens = list(pages)
        chunks = list(fetch_figures(client, tokens, record))
        asked.append(len(tokens))
        if len(asked) == 2:
            server.stop()
        yield from chunks

    monkeypatch.setattr("fb.jobs.snapshots.fetch_figures", stopping)
    monkeypatch.setattr("fb.jobs.snapshots.MAX_UNSTORED", 1)
    monkeypatch.setattr("fb.jobs.runner.THREADS", 1)
    try:
        tick(scene.installation)
        wait_until(lambda: "daily snapshots ended by DatabaseUnreachable" in caplog.text)
        with pytest.raises(DatabaseUnreachable):
            tick(scene.installation)
    finally:
        server.ensure_postgres_running()
    assert count_figures(scene) == {0: 50, 1: PAGES}
    tick(scene.installation)
    assert list_runs(scene) == [("running", 50)], "its lease ends after a minute"
    expire_leases(scene.installation.database)
    tick(scene.installation)
    wait_for_end(scene, runs=2)
    assert list_runs(scene) == [("interrupted", 50), ("done", PAGES - 50)]
    assert count_figures(scene) == {0: PAGES, 1: PAGES}
    assert asked == [50, PAGES - 50, PAGES - 50]


@pytest.mark.fault(
    "the disk of the SQLite database is full",
    "every row; it is told, and goes on once there is room",
)
def test_a_full_disk(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    database = scene.installation.database
    with database.reading() as session:
        ids = session.scalars(select(Page.id)).all()
        before = dump(session, *WITHOUT)
    days = [TODAY - timedelta(days=number) for number in range(1, 60)]
    figures = file_of((id, day, 100, None) for id in ids for day in days)

    def take_in() -> None:
        with database.writing() as session:
            import_figures(session, figures, "past.csv", scene.clock(), by=THIS_COMPUTER)

    with full_disk(database):
        with pytest.raises(DatabaseFull):
            take_in()
        scene.installation.worker.submit(
            "manual snapshots", partial(run_now, scene.installation, snapshots.JOB, "manual")
        )
        wait_until(lambda: "manual snapshots ended by DatabaseFull" in caplog.text)
        with database.reading() as session:
            assert dump(session, *WITHOUT) == before
    take_in()
    # Whether the end of the run could be written depends on the last bytes of the file.
    expire_leases(database)
    scene.clock.move(hours=1)
    tick(scene.installation)
    wait_for_end(scene, runs=2)
    assert list_runs(scene)[1] == ("done", PAGES)
    assert count_figures(scene)[0] == PAGES


@pytest.mark.fault(
    "the timers of two dashboards fall due at once on a new day",
    "one refresh, which reads each Page once",
)
@pytest.mark.both_databases
def test_two_timers_at_once_on_a_new_day(scene: Scene) -> None:
    start_line, go_on = threading.Barrier(2), threading.Event()

    def tick_at_once(installation: Installation) -> None:
        start_line.wait()
        tick(installation)

    with opened_beside(scene, scene.clock) as other, ThreadPoolExecutor(2) as pool:
        scene.sandbox.inject("hold", path="/", times=9, until=go_on)
        list(pool.map(tick_at_once, (scene.installation, other)))
        wait_until(lambda: count_batches(scene) == 2)
        tick(other)  # the next one finds the first under way
        go_on.set()
        wait_for_end(scene, runs=1)
    assert list_runs(scene) == [("done", PAGES)]
    assert count_batches(scene) == 2, "fifty Pages a call"
    assert count_figures(scene) == {0: PAGES, 1: PAGES}


@pytest.mark.fault(
    "the clocks of two dashboards are five minutes off, ahead and behind",
    "one refresh at a time; every trip, read by one and saved by another",
)
@pytest.mark.both_databases
def test_clocks_that_differ_by_five_minutes(scene: Scene) -> None:
    with opened_off(scene, timedelta(minutes=5)) as everybody:
        _, ahead, behind = everybody
        for first, second in ((ahead, behind), (behind, ahead)):
            travel_by_two(scene, first, second, everybody)
            refresh_by_one(scene, first, second)


@pytest.mark.fault(
    "the clocks of three dashboards are an hour off, ahead and behind",
    "every trip in time, begun, read and saved by one each; none that is over",
)
@pytest.mark.both_databases
def test_trips_between_clocks_that_differ_by_an_hour(scene: Scene) -> None:
    with opened_off(scene, timedelta(hours=1)) as everybody:
        for installations in permutations(everybody):
            cookies: dict[str, str] = {}
            travel_by_three(
                scene, *(Traveller(each, scene.graph_url, cookies) for each in installations)
            )


@contextmanager
def opened_off(scene: Scene, off: timedelta) -> Iterator[tuple[Installation, ...]]:
    """Three dashboards: one whose clock is the database's, one ahead of it, and one behind."""
    with scene.installation.database.reading() as session:
        now = scene.clock.at = read_clock(session)  # which nobody can move
    with ExitStack() as stack:
        others = (
            stack.enter_context(opened_beside(scene, MovableClock(at)))
            for at in (now + off, now - off)
        )
        yield scene.installation, *others


def travel_by_three(scene: Scene, first: Traveller, second: Traveller, third: Traveller) -> None:
    """Set out at one dashboard, come back to another, save at a third: just in time and too late.

    A browser keeps its cookies wherever it goes.
    """
    everybody = (first, second, third)
    back = first.answer(first.set_out())
    let_pass(scene, TRIP_SECONDS - SLACK_SECONDS)
    attempt_id = second.come_back(back)
    preview = second.wait(attempt_id).preview
    assert preview is not None
    let_pass(scene, PREVIEW_SECONDS - SLACK_SECONDS)
    late = [each.answer(each.set_out()) for each in everybody]  # which wipes what has expired
    assert {each.look(attempt_id).status for each in everybody} == {"ready"}
    assert third.save(attempt_id, preview)["kept"] == PAGES

    attempt_id = second.come_back(first.answer(first.set_out()))
    preview = second.wait(attempt_id).preview
    assert preview is not None
    let_pass(scene, PREVIEW_SECONDS)
    assert {each.look(attempt_id).status for each in everybody} == {"expired"}
    with pytest.raises(AttemptGone, match="expired"):
        third.save(attempt_id, preview)
    for back in late:
        with pytest.raises(ReturnRefused, match="expired"):
            second.come_back(back)


def let_pass(scene: Scene, seconds: int) -> None:
    with scene.installation.database.writing() as session:
        age_attempts(session, seconds=seconds)


def travel_by_two(
    scene: Scene, first: Installation, second: Installation, everybody: Iterable[Installation]
) -> None:
    """Set out at one dashboard, come back to another, and save at the first."""
    go_on = threading.Event()
    scene.sandbox.clear_faults()
    scene.sandbox.inject("hold", path="me/accounts", until=go_on)
    start_of, end_of = (Traveller(each, scene.graph_url) for each in (first, second))
    back = start_of.answer(start_of.set_out())
    end_of.cookies = start_of.cookies
    attempt_id = end_of.come_back(back)
    wait_until(lambda: any("me/accounts" in path for _, path in scene.sandbox.calls))
    for installation in everybody:
        traveller = Traveller(installation, scene.graph_url, start_of.cookies)
        view = traveller.look(attempt_id)
        assert (view.status, view.is_slow) == ("reading", False)
    go_on.set()
    preview = end_of.wait(attempt_id).preview
    assert preview is not None
    assert start_of.save(attempt_id, preview)["kept"] == PAGES


def refresh_by_one(scene: Scene, first: Installation, second: Installation) -> None:
    """While one dashboard reads, another neither begins nor takes over; afterwards it may."""
    go_on = threading.Event()
    scene.sandbox.clear_faults()
    scene.sandbox.inject("hold", path="/", times=2, until=go_on)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(run_snapshots, first, "manual")
        wait_until(lambda: count_batches(scene) == 2)
        assert not snapshots.is_due(second)
        with pytest.raises(JobRunning):
            run_snapshots(second, "manual")
        go_on.set()
        record = run.result()
    assert (record.status, record.pages_done) == ("done", PAGES)
    assert run_snapshots(second, "manual").status == "done"


@pytest.mark.fault(
    "Facebook takes calls and never answers", "every connection; the timer goes on an hour later"
)
def test_facebook_hangs(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    assert GraphClient.__init__.__kwdefaults__ is not None
    ends = threading.Event()
    scene.sandbox.inject("hold", times=100, until=ends)
    with monkeypatch.context() as patch:  # afterwards a slow machine has time again
        patch.setattr("fb.jobs.run.BACKGROUND_PATIENCE_SECONDS", 0.2)
        patch.setattr("fb.graph.client._MIN_TIMEOUT_SECONDS", 0.1)
        patch.setitem(GraphClient.__init__.__kwdefaults__, "read_timeout_seconds", 0.3)
        record = run_snapshots(scene.installation, "manual")
    ends.set()
    assert (record.status, record.pages_done, record.pages_failed) == ("failed", 0, PAGES)
    with scene.installation.database.reading() as session:
        assert set(session.scalars(select(JobFailure.kind))) == {"Unreachable"}
        assert session.scalars(select(Grant.status)).all() == ["ok"]
    scene.sandbox.clear_faults()
    tick(scene.installation)
    assert len(list_runs(scene)) == 1
    scene.clock.move(hours=1)
    tick(scene.installation)
    wait_for_end(scene, runs=2)
    assert count_figures(scene) == {0: PAGES, 1: PAGES}
