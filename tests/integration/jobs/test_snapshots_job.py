"""The day's snapshot, over HTTP: what succeeds, what fails, and what is said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from fb.accounts.check import check_now
from fb.accounts.disconnect import disconnect, freeze, thaw
from fb.graph.client import GraphClient
from fb.graph.errors import AccessEnded, PermissionMissing, RateLimited
from fb.graph.pages import fetch_figures
from fb.installation import Installation
from fb.jobs.runner import ask, find_outcome
from fb.jobs.schedule import tick
from fb.jobs.snapshots import JOB, Chunk, is_due, run_snapshots
from fb.jobs.worker import heartbeat
from fb.log_facts import get_log_facts
from storage.accounts.archive import archive_pages
from storage.accounts.pages import PageReport
from storage.accounts.vault import Vault
from storage.db.engine import open_database
from storage.db.errors import JobRunning
from storage.jobs.runs import SNAPSHOTS, RunRecord, count_runs, finish_run, start_run
from storage.models import Attempt, Grant, JobFailure, JobLease, JobRun, PageGrant, Snapshot
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import Scene, opened_scene
from tests.integration.storage_rows import expire_leases
from tests.waiting import wait_until


@pytest.fixture
def scene(tmp_path: Path, live_database_url: str) -> Iterator[Scene]:
    with opened_scene(tmp_path, live_database_url) as scene:
        scene.traveller.connect()
        scene.clock.move(days=1)
        scene.sandbox.clear_faults()
        yield scene


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """One call at a time, so that their order is known."""
    monkeypatch.setattr("fb.jobs.runner.THREADS", 1)


def sync(scene: Scene) -> RunRecord:
    return run_snapshots(scene.installation, "manual")


def snapshots(scene: Scene) -> dict[str, tuple[int | None, int | None]]:
    today = scene.clock().date()
    with scene.installation.database.reading() as session:
        rows = session.execute(
            select(Snapshot.page_id, Snapshot.fans_count, Snapshot.followers_count).where(
                Snapshot.day == today
            )
        )
        return {id: (fans, followers) for id, fans, followers in rows}


def failures(scene: Scene, run_id: int) -> list[JobFailure]:
    with scene.installation.database.reading() as session:
        return list(session.scalars(select(JobFailure).where(JobFailure.run_id == run_id)))


def has_finished_run(scene: Scene) -> bool:
    with scene.installation.database.reading() as session:
        return session.scalars(select(JobRun.finished_at)).first() is not None


def connect_ben(scene: Scene) -> None:
    """Let a second account, who shares Pages with the first, connect."""
    ben = next(person for person in scene.sandbox.world.people if person.name == "Ben Ortiz")
    scene.traveller.connect(person=ben.id)


def bens_page_ids(scene: Scene) -> set[str]:
    with scene.installation.database.reading() as session:
        query = select(PageGrant.page_id).join(Grant).where(Grant.account_name == "Ben Ortiz")
        return set(session.scalars(query))


def grant_of(scene: Scene) -> Grant:
    with scene.installation.database.reading() as session:
        return session.scalars(select(Grant)).first() or pytest.fail("no grant")


@pytest.mark.usefixtures("one_thread")
def test_every_page_gets_the_figures_of_the_day(scene: Scene) -> None:
    told: list[tuple[int, int]] = []
    result = run_snapshots(
        scene.installation, "manual", on_progress=lambda done, of: told.append((done, of))
    )
    assert (result.status, result.pages_failed) == ("done", 0)
    assert result.pages_done == result.pages_total == len(snapshots(scene)) > 50
    assert told == [(50, result.pages_total), (result.pages_total, result.pages_total)]
    # A Page without fan count stays without: missing is missing, and 0 is 0.
    figures = snapshots(scene)
    assert {None, 0} < {fans for fans, _ in figures.values()}
    batches = [path for method, path in scene.sandbox.calls if method == "POST"]
    assert len(batches) == 2, "fifty Pages a call"
    sync(scene)
    assert snapshots(scene) == figures, "syncing twice is syncing once"


def test_an_archived_page_is_not_read(scene: Scene) -> None:
    with scene.installation.database.writing() as session:
        page_id = session.scalars(select(PageGrant.page_id).order_by(PageGrant.page_id)).first()
        archive_pages(session, [page_id or ""], scene.clock(), by=THIS_COMPUTER)
    result = sync(scene)
    assert result.pages_done == result.pages_total == len(snapshots(scene))
    assert page_id not in snapshots(scene)
    assert not is_due(scene.installation), "nothing is lacking"


@pytest.mark.usefixtures("one_thread")
def test_what_comes_fast_is_stored_together_within_two_seconds(scene: Scene) -> None:
    stored: list[int] = []

    def look(done: int, total: int) -> None:
        stored.append(len(snapshots(scene)))
        scene.clock.move(seconds=2)

    result = run_snapshots(scene.installation, "manual", on_progress=look)
    assert stored == [0, result.pages_done]


@pytest.mark.usefixtures("one_thread")
def test_what_was_fetched_is_kept_when_the_dashboard_stops(scene: Scene) -> None:
    stop = scene.installation.worker.stopping.set
    result = run_snapshots(scene.installation, "manual", on_progress=lambda done, total: stop())
    assert result.status == "stopped"
    assert result.pages_done == len(snapshots(scene)) == 50
    with scene.installation.database.reading() as session:
        assert session.scalars(select(JobRun.finished_at)).one() is not None
        assert session.scalars(select(JobLease)).all() == []
    assert is_due(scene.installation), "at once: Facebook had no part in it"


@pytest.mark.usefixtures("one_thread")
def test_midnight_parts_the_figures_of_two_days(scene: Scene) -> None:
    assert len(snapshots(scene)) == 0
    first_day = scene.clock().date()
    result = run_snapshots(
        scene.installation, "manual", on_progress=lambda done, total: scene.clock.move(days=1)
    )
    with scene.installation.database.reading() as session:
        query = select(Snapshot.day, func.count()).group_by(Snapshot.day).order_by(Snapshot.day)
        counts = {day: count for day, count in session.execute(query) if day >= first_day}
    assert list(counts.values()) == [50, result.pages_done - 50]


def test_one_sync_at_a_time(scene: Scene) -> None:
    now = scene.clock()
    with scene.installation.database.writing() as session:
        start_run(session, kind=SNAPSHOTS, started_by="manual", day=now.date(), now=now)
    with pytest.raises(JobRunning):
        sync(scene)
    assert not ask(scene.installation, JOB, by=THIS_COMPUTER)
    expire_leases(scene.installation.database)
    assert sync(scene).status == "done", "a run without a heartbeat is taken over"


def test_an_app_limit_ends_the_run_and_names_the_time(scene: Scene) -> None:
    scene.sandbox.inject("error", path="/", code=4, times=100)
    result = sync(scene)
    assert result.status == "stopped"
    assert result.pages_done == 0
    assert len(failures(scene, result.id)) == result.pages_total
    assert {failure.kind for failure in failures(scene, result.id)} == {"RateLimited"}
    assert grant_of(scene).status == "ok", "a limit is never a dead connection"
    assert not is_due(scene.installation), "the timer waits"
    scene.clock.move(hours=1, seconds=1)
    assert is_due(scene.installation)


def test_the_sandbox_limit_can_be_waited_out(scene: Scene) -> None:
    scene.sandbox.trouble = "rate limit"
    result = sync(scene)
    assert result.status == "stopped"
    assert grant_of(scene).status == "ok"
    scene.sandbox.trouble = "none"
    assert sync(scene).status == "stopped", "it is asked for nothing before"
    scene.clock.move(hours=1)
    assert sync(scene).status == "done"


def test_facebook_down_fails_the_run_and_keeps_the_connection(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fb.jobs.run.BACKGROUND_PATIENCE_SECONDS", 0.2)
    scene.sandbox.trouble = "Facebook is down"
    result = sync(scene)
    assert result.pages_done == 0
    assert result.pages_failed == result.pages_total
    assert grant_of(scene).status == "ok"
    assert snapshots(scene) == {}


def test_a_changed_password_marks_the_account_once_and_keeps_history(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(scene)
    scene.clock.move(days=1)
    scene.sandbox.trouble = "password changed"
    about: list[Mapping[str, int | str]] = []
    monkeypatch.setattr(caplog.handler, "emit", lambda record: about.append(get_log_facts()))
    result = sync(scene)
    # What a line of `fb.accounts.check` is about, which knows nothing of runs.
    grant_id = grant_of(scene).id
    assert {"job": "snapshots", "run": result.id, "account": grant_id} in about
    assert result.pages_done == 0
    assert {failure.kind for failure in failures(scene, result.id)} == {"AccessEnded"}
    grant = grant_of(scene)
    assert (grant.status, grant.reason_code, grant.reason_subcode) == ("needs_renewal", 190, 460)
    calls = len(scene.sandbox.calls)
    again = sync(scene)
    assert again.pages_failed == again.pages_total == result.pages_total, (
        "said again as long as it is so"
    )
    assert len(scene.sandbox.calls) == calls, "but dead access is not tried again"
    scene.sandbox.trouble = "none"
    scene.traveller.connect()
    assert grant_of(scene).status == "ok"
    assert sync(scene).pages_failed == 0
    with scene.installation.database.reading() as session:
        days = session.scalars(select(Snapshot.day).distinct().order_by(Snapshot.day)).all()
    assert len(days) == 3


def test_a_lost_role_costs_one_page_only(scene: Scene) -> None:
    person = scene.sandbox.world.people[0]
    with scene.installation.database.reading() as session:
        page_id = session.scalars(select(PageGrant.page_id)).first()
    assert page_id is not None
    scene.sandbox.remove_role(person.id, page_id)
    result = sync(scene)
    assert result.pages_failed == 1
    assert grant_of(scene).status == "ok"
    with scene.installation.database.reading() as session:
        lost = session.scalars(select(PageGrant).where(PageGrant.page_id == page_id)).one()
    assert (lost.status, lost.sealed_page_token) == ("role_lost", None)


def test_a_page_held_twice_is_read_through_the_other_account(scene: Scene) -> None:
    connect_ben(scene)
    scene.sandbox.end_access(scene.sandbox.world.people[0].id, 460)
    result = sync(scene)
    assert 0 < result.pages_done < result.pages_total
    assert set(snapshots(scene)) <= bens_page_ids(scene)
    assert not {failure.page_id for failure in failures(scene, result.id)} & bens_page_ids(scene)


@pytest.mark.parametrize("fault", ["cut", "null items"])
def test_what_passes_by_itself_is_tried_again(scene: Scene, fault: str) -> None:
    scene.sandbox.inject(fault, path="/", call=2)
    result = sync(scene)
    assert (result.status, result.pages_failed) == ("done", 0)


def test_the_timer_forgets_what_is_older_than_it_is_kept(scene: Scene) -> None:
    def count(model: type[Attempt | JobRun]) -> int:
        with scene.installation.database.reading() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    with scene.installation.database.writing() as session:
        for _ in range(2):
            now = scene.installation.now()
            run_id = start_run(session, kind=SNAPSHOTS, started_by="daily", day=now.date(), now=now)
            finish_run(session, run_id, status="done", now=now)
    freeze(scene.installation, 1, by=THIS_COMPUTER)  # nothing is due then
    scene.clock.move(days=28)
    tick(scene.installation)
    assert (count(Attempt), count(JobRun)) == (1, 2)
    scene.clock.move(days=2)
    tick(scene.installation)
    assert (count(Attempt), count(JobRun)) == (0, 2)
    scene.clock.move(days=730)
    tick(scene.installation)
    assert count(JobRun) == 1, "the newest stays: what is due next depends on it"


def test_the_timer_takes_the_snapshot_once_a_day(scene: Scene) -> None:
    assert is_due(scene.installation)
    tick(scene.installation)
    # A run that goes on is not due either: the next day counts from the end of this one.
    wait_until(lambda: has_finished_run(scene))
    assert len(snapshots(scene)) > 50
    assert not is_due(scene.installation)
    with scene.installation.database.reading() as session:
        assert count_runs(session, SNAPSHOTS) == 1
    scene.clock.move(days=1)
    assert is_due(scene.installation)


def test_an_unanswered_question_costs_no_page(scene: Scene) -> None:
    # Page tokens die, and when Facebook is asked about the account, it does not say.
    scene.sandbox.inject("error", path="/debug_token", code=200, times=9)
    scene.sandbox.end_access(scene.sandbox.world.people[0].id, 460)
    result = sync(scene)
    assert result.pages_failed == result.pages_total
    with scene.installation.database.reading() as session:
        rows = session.scalars(select(PageGrant).where(PageGrant.sealed_page_token.is_(None)))
        assert [row.status for row in rows if row.status == "role_lost"] == []
    scene.sandbox.clear_faults()
    sync(scene)
    assert grant_of(scene).reason_subcode == 460


@pytest.mark.usefixtures("one_thread")
def test_figures_read_beside_an_app_limit_are_kept(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limited(
        client: GraphClient, pages: Iterable[tuple[str, str]], record: type[PageReport]
    ) -> Iterator[Chunk]:
        for chunk in fetch_figures(client, pages, PageReport):
            error = RateLimited(code=4, scope="app", retry_after_seconds=None)
            yield [*chunk[:-1], (chunk[-1][0], error)]

    monkeypatch.setattr("fb.jobs.snapshots.fetch_figures", limited)
    result = sync(scene)
    assert result.status == "stopped"
    assert result.pages_done == len(snapshots(scene)) == 49


def test_the_lease_is_renewed_while_facebook_is_silent(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fb.jobs.runner.heartbeat", partial(heartbeat, every_seconds=0.05))
    scene.sandbox.inject("delay", path="/", seconds=2.0)
    seen: list[datetime] = []

    def look() -> None:
        with scene.installation.database.reading() as session:
            seen.extend(session.scalars(select(JobLease.expires_at).where(JobLease.unit == "")))

    with heartbeat(look, every_seconds=0.1):
        assert sync(scene).status == "done"
    assert len(set(seen)) > 5


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session waits a fifth of a second for the lock; to be in force before it is opened."""
    monkeypatch.setattr("storage.db.engine.LOCK_PATIENCE_SECONDS", 0.2)


@pytest.mark.fault(
    "another program locks the database for longer than anybody waits, amid a refresh",
    "the refresh: it waits on, and gives up no Page",
)
@pytest.mark.both_databases
@pytest.mark.usefixtures("little_patience")
def test_a_long_writer_does_not_end_a_run(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """It waits for the lock as it waits for Facebook."""
    go_on = threading.Event()
    scene.sandbox.inject("hold", path="/", times=2, until=go_on)
    assert ask(scene.installation, JOB, by=THIS_COMPUTER)
    wait_until(lambda: [method for method, _ in scene.sandbox.calls].count("POST") == 2)
    other = open_database(scene.installation.settings.database_url)
    with other.writing():
        go_on.set()
        wait_until(lambda: caplog.text.count("another program holds the database") >= 3)
        assert not has_finished_run(scene)
    other.close()
    wait_until(lambda: has_finished_run(scene))
    record = find_outcome(scene.installation, SNAPSHOTS)
    assert record is not None
    assert (record.status, record.pages_failed) == ("done", 0)
    assert record.pages_done == record.pages_total == len(snapshots(scene))


def test_a_daily_run_that_is_tried_again_asks_for_what_lacks_only(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def refusing_one(
        client: GraphClient, pages: Iterable[tuple[str, str]], record: type[PageReport]
    ) -> Iterator[Chunk]:
        tokens = list(pages)
        asked.append(len(tokens))
        for chunk in fetch_figures(client, tokens, PageReport):
            yield [(id, PermissionMissing(code=10) if id == unlucky else f) for id, f in chunk]

    with scene.installation.database.reading() as session:
        unlucky = session.scalars(select(PageGrant.page_id)).first()
    monkeypatch.setattr("fb.jobs.snapshots.fetch_figures", refusing_one)
    tomorrow = scene.clock.at + timedelta(days=1)
    scene.clock.at = tomorrow.replace(hour=6)  # all tries on one day
    pauses = []
    for run in range(4):
        hours = 0
        while not is_due(scene.installation):
            scene.clock.move(minutes=59, seconds=59)
            hours += 1
        tick(scene.installation)
        wait_until(lambda wanted=run + 1: count_of_runs(scene) == wanted)  # type: ignore[misc]
        pauses.append(hours)
    assert asked[0] + asked[1] > 50
    assert asked[2:] == [1, 1, 1]
    assert 0 == pauses[0] < pauses[1] < pauses[2] < pauses[3]


def test_a_withdrawn_permission_is_no_working_connection(scene: Scene) -> None:
    sync(scene)
    scene.sandbox.trouble = "permission withdrawn"
    result = sync(scene)
    assert result.pages_failed == result.pages_total
    grant = grant_of(scene)
    assert (grant.status, grant.reason_code) == ("needs_renewal", 10)
    assert "pages_read_engagement" not in grant.granted_permissions
    assert not check_now(scene.installation, grant.id, by=THIS_COMPUTER).is_alive
    assert grant_of(scene).status == "needs_renewal"
    scene.sandbox.trouble = "none"
    scene.traveller.connect()
    assert grant_of(scene).status == "ok"
    assert sync(scene).pages_failed == 0


def count_of_runs(scene: Scene) -> int:
    with scene.installation.database.reading() as session:
        is_over = (JobRun.kind == SNAPSHOTS, JobRun.finished_at.is_not(None))
        return session.scalar(select(func.count()).where(*is_over)) or 0


def test_with_a_wrong_key_the_timer_touches_nothing(scene: Scene) -> None:
    vault = scene.installation.vault
    scene.installation.vault = Vault([Fernet.generate_key().decode()])
    tick(scene.installation)
    assert count_of_runs(scene) == 0
    assert scene.installation.keys.unopenable == (vault.current_key_id,), "noticed meanwhile"
    scene.installation.vault = vault
    tick(scene.installation)
    assert scene.installation.can_open_tokens
    wait_until(lambda: count_of_runs(scene) == 1)


def test_frozen_accounts_are_left_alone(scene: Scene) -> None:
    grant = grant_of(scene)
    freeze(scene.installation, grant.id, by=THIS_COMPUTER)
    assert sync(scene).pages_total == 0
    assert not is_due(scene.installation)
    thaw(scene.installation, grant.id, by=THIS_COMPUTER)
    assert sync(scene).pages_failed == 0


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    "end", [partial(freeze, by=THIS_COMPUTER), partial(disconnect, revoke=True, by=THIS_COMPUTER)]
)
def test_an_account_that_the_operator_ends_meanwhile_is_asked_for_nothing_more(
    scene: Scene, end: Callable[[Installation, int], None]
) -> None:
    """What was loaded at the start of a run is not what may be used at its end."""
    connect_ben(scene)
    scene.clock.move(seconds=1)
    scene.traveller.connect()  # Anna's again: the newest token is tried first
    scene.clock.move(days=1)
    with scene.installation.database.reading() as session:
        grant = session.scalars(select(Grant).where(Grant.account_name != "Ben Ortiz")).one()
    asked: list[int] = []

    def end_it(done: int, total: int) -> None:
        if not asked:
            end(scene.installation, grant.id)
        asked.append(done)

    calls = len(scene.sandbox.calls)
    result = run_snapshots(scene.installation, "manual", on_progress=end_it)
    assert (result.status, result.pages_failed) == ("done", 0)
    assert len(snapshots(scene)) == result.pages_done == result.pages_total == asked[-1]
    batches = [path for method, path in scene.sandbox.calls[calls:] if method == "POST"]
    assert len(batches) == len(asked) == 3, "fifty of Anna's, Ben's, and hers that he holds, too"
    with scene.installation.database.reading() as session:
        total = session.scalars(select(JobRun.pages_total).order_by(JobRun.id.desc())).first()
        assert total == result.pages_total
    assert bens_page_ids(scene) <= set(snapshots(scene)), "the other account's are read as ever"


def test_what_an_ended_account_is_refused_meanwhile_is_no_failure(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = grant_of(scene)

    def ended(
        client: GraphClient, pages: Iterable[tuple[str, str]], record: type[PageReport]
    ) -> Iterator[Chunk]:
        disconnect(
            scene.installation, grant.id, revoke=True, by=THIS_COMPUTER
        )  # after the tokens were loaded
        chunks = list(fetch_figures(client, pages, PageReport))
        assert all(isinstance(answer, AccessEnded) for chunk in chunks for _, answer in chunk)
        yield from chunks

    monkeypatch.setattr("fb.jobs.snapshots.fetch_figures", ended)
    result = sync(scene)
    assert result.status == "done"
    assert (result.pages_total, result.pages_done, result.pages_failed) == (0, 0, 0)
    assert failures(scene, result.id) == []
    assert grant_of(scene).status == "disconnected"


def test_disconnect_erases_tokens_and_keeps_history(scene: Scene) -> None:
    grant = grant_of(scene)
    before = len(snapshots(scene)) + sync(scene).pages_done
    disconnect(scene.installation, grant.id, revoke=True, by=THIS_COMPUTER)
    assert grant_of(scene).sealed_user_token is None
    with scene.installation.database.reading() as session:
        kept = select(func.count()).select_from(PageGrant)
        assert session.scalar(kept.where(PageGrant.sealed_page_token.is_not(None))) == 0
        days = select(func.count()).select_from(Snapshot)
        assert session.scalar(days) == 2 * before
    assert ("DELETE", f"/v26.0/{grant.account_id}/permissions") in scene.sandbox.calls
    assert sync(scene).pages_total == 0


def test_check_now_finds_the_dead_and_the_revived(scene: Scene) -> None:
    grant = grant_of(scene)
    person = scene.sandbox.world.people[0]
    assert check_now(scene.installation, grant.id, by=THIS_COMPUTER).is_alive
    scene.sandbox.end_access(person.id, 460)
    assert not check_now(scene.installation, grant.id, by=THIS_COMPUTER).is_alive
    assert grant_of(scene).status == "needs_renewal"
