"""Workers share a refresh: who asks, who reads, and that the outcome is that of one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from fb.accounts.disconnect import freeze
from fb.commands.worker_command import worker_command
from storage.models import Grant, JobFailure
from storage.people.person import THIS_COMPUTER
from tests.integration.conftest import LIVE, Templates, copy_sqlite
from tests.integration.facebook.traveller import MovableClock
from tests.integration.jobs.worker_kit import (
    ACCOUNTS,
    PAGES,
    PATIENCE_SECONDS,
    QUEUE,
    WorkerProcess,
    Works,
    on_postgresql,
    opened_works,
    page_ids_of,
)
from tests.integration.killing import dump
from tests.integration.storage_rows import page_token, user_token
from tests.waiting import wait_until

ALL = len(ACCOUNTS) * PAGES


@pytest.fixture
def works(tmp_path: Path, live_database_url: str) -> Iterator[Works]:
    with opened_works(tmp_path, live_database_url) as works:
        yield works


@on_postgresql
def test_two_workers_do_what_a_dashboard_asks_for(works: Works) -> None:
    works.connect_all()
    works.hold(*ACCOUNTS)
    workers = [works.start_worker() for _ in range(2)]
    wait_until(lambda: works.graph.waiting.total() == 8, PATIENCE_SECONDS)
    works.let_go()
    wait_until(lambda: works.count_today() == ALL and not works.is_running())
    assert [(run.started_by, run.status) for run in works.runs()] == [("daily", "done")]
    works.graph.reads.clear()
    works.hold(*ACCOUNTS)
    assert works.ask()
    wait_until(lambda: works.graph.waiting.total() == 8)
    assert len(+works.graph.waiting) == 4, "two accounts in each of the two"
    run = works.active_run()
    assert run is not None
    assert (run.pages_total, run.pages_done) == (ALL, 0)
    assert works.ask() is False, "one is under way"
    check_arguments(works)
    works.graph.held = frozenset(ACCOUNTS[:1])
    works.let_go()
    wait_until(lambda: not works.is_running())
    run = works.last_run()
    assert (run.status, run.started_by, run.pages_failed) == ("done", "manual", 0)
    assert run.pages_done == run.pages_total == works.count_today() == ALL
    assert set(works.graph.reads.values()) == {1}
    assert sum(works.installation.calls.read().values()) == 0, (
        "the dashboard asked Facebook for nothing"
    )
    assert works.installation.worker.count() == (0, 0, 0)
    wait_until(lambda: works.query(f"SELECT id FROM {QUEUE}") == [])
    assert [worker.end() for worker in workers] == [0, 0]
    assert works.counts().workers == 0
    for worker in workers:
        check_log(worker, works)
    begun = [f"run {run.id} begins" in worker.written for worker in workers]
    assert sorted(begun) == [False, True], "the other one did accounts of it alone"


def check_arguments(works: Works) -> None:
    """What jobs are called with: ids and code words, of a run that is under way."""
    rows = works.query(f"SELECT task_name, args FROM {QUEUE}")
    run_id = works.last_run().id
    assert [args for name, args in rows if name == "run"] == [
        {"kind": "snapshots", "started_by": "manual"}
    ]
    of_accounts = [args for name, args in rows if name == "snapshots"]
    assert len(of_accounts) == len(rows) - 1
    grant_ids = sorted(works.grant_ids.values())
    assert sorted(of_accounts, key=lambda args: args["grant_id"]) == [
        {"run_id": run_id, "grant_id": grant_id} for grant_id in grant_ids
    ]


def check_log(worker: WorkerProcess, works: Works) -> None:
    """Nothing went wrong, and nothing is told that may not be."""
    secrets = [works.settings[name] for name in works.settings if "SECRET" in name]
    secrets += [works.settings["TOKEN_ENCRYPTION_KEYS"], works.graph.url.removeprefix("http://")]
    secrets += [user_token(account) for account in ACCOUNTS]
    secrets += [page_token(account, page_ids_of(account)[0]) for account in ACCOUNTS]
    secrets += ["Account 90", "Page 90", "procrastinate", "Traceback", "ended by", "ERROR"]
    assert [secret for secret in secrets if secret in worker.written] == []


@on_postgresql
def test_a_run_tells_its_progress_while_workers_read(works: Works) -> None:
    works.connect_all()
    for _ in range(2):
        works.serve_here()
    works.hold(ACCOUNTS[0])
    assert works.ask()

    wait_until(lambda: (run := works.active_run()) is not None and run.pages_done == ALL - PAGES)
    works.let_go()
    wait_until(lambda: not works.is_running())
    assert works.last_run().pages_done == ALL


@on_postgresql
def test_workers_stop_before_facebook_limits_the_app(works: Works) -> None:
    works.connect_all()
    for _ in range(2):
        works.serve_here()
    works.graph.app_percent = 96
    run = works.refresh()
    assert (run.status, run.reason_code, run.limited_until is None) == ("stopped", None, False)
    assert run.pages_done == works.count_today() == works.graph.reads.total() < ALL
    asked = works.graph.calls_count
    assert works.refresh().status == "stopped"
    assert works.graph.calls_count == asked


Prepare = Callable[[Works], None]


def refused_and_left(works: Works) -> None:
    """One account may not read what two others hold, of which one may; a third is left amid."""
    works.connect("950", page_ids_of(ACCOUNTS[0]) + page_ids_of(ACCOUNTS[1]), days_ago=1)
    works.graph.refused = {"950", ACCOUNTS[0]}  # the one connected last is asked first
    works.hold(ACCOUNTS[5])


def leave(works: Works) -> None:
    wait_until(lambda: works.graph.waiting[ACCOUNTS[5]] == 2)
    freeze(works.installation, works.grant_ids[ACCOUNTS[5]], by=THIS_COMPUTER)
    works.let_go()


def limited(works: Works) -> None:
    """Two accounts are limited; the Pages of one are held by another, too."""
    works.connect("950", page_ids_of(ACCOUNTS[0]), days_ago=1)
    works.graph.limited = {"950": 25, ACCOUNTS[2]: 25}


def app_limited(works: Works) -> None:
    works.graph.app_percent = 100


def not_answering(works: Works) -> None:
    works.graph.down = set(ACCOUNTS)


def nothing(works: Works) -> None:
    pass


@pytest.mark.parametrize(
    ("prepare", "meanwhile", "status", "done", "failed"),
    [
        (refused_and_left, leave, "done", ALL - PAGES - 20, PAGES),
        (limited, nothing, "stopped", ALL - PAGES, PAGES),
        (app_limited, nothing, "stopped", 0, ALL),
        (not_answering, nothing, "failed", 0, ALL),
    ],
)
@on_postgresql
def test_workers_leave_what_one_process_leaves(
    tmp_path: Path,
    live_database_url: str,
    templates: Templates,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Prepare,
    meanwhile: Prepare,
    status: str,
    done: int,
    failed: int,
) -> None:
    monkeypatch.setattr("fb.jobs.run.BACKGROUND_PATIENCE_SECONDS", 0.0)
    url = copy_sqlite(templates, LIVE, tmp_path / "one")
    outcomes = []
    for workers, address in (("dashboard", url), ("procrastinate", live_database_url)):
        with opened_works(tmp_path, address, MovableClock(), workers=workers) as works:
            works.connect_all()
            prepare(works)
            if workers == "procrastinate":
                for _ in range(2):
                    works.serve_here()
            works.ask()
            meanwhile(works)
            run = works.wait_for_end()
            outcomes.append(outcome_of(works))
            assert works.graph.reads.total() == len(works.graph.reads) == run.pages_done
    for name in outcomes[0]:
        assert outcomes[0][name] == outcomes[1][name], name
    assert (run.status, run.pages_done, run.pages_failed) == (status, done, failed)


def outcome_of(works: Works) -> dict[str, set[str]]:
    """Every row, but those with what is random.

    Of a limit that another worker has met the code is not known, only until when it lasts; where
    Facebook named no time, that is the time that this program waits.
    """
    random = ("grants", "page_grants", "vault_keys", "ledger_keys", "events", "event_subjects")
    with works.installation.database.reading() as session:
        rows = dump(session, "installation", "job_runs", "job_failures", *random)
        rows["states"] = {str(session.scalars(select(Grant.status).order_by(Grant.id)).all())}
        failures = select(JobFailure.page_id, JobFailure.grant_id, JobFailure.kind)
        rows["failures"] = {str(row) for row in session.execute(failures)}
    run = works.last_run()
    return rows | {"run": {str(replace(run, reason_code=None, limited_until=None))}}


def test_a_worker_beside_dashboards_that_do_the_jobs(tmp_path: Path, templates: Templates) -> None:
    url = copy_sqlite(templates, LIVE, tmp_path / "data")
    with opened_works(tmp_path, url, workers="dashboard") as works:
        works.connect_all()
        worker = works.launch()
        wait_until(lambda: works.count_today() == ALL and not works.is_running(), PATIENCE_SECONDS)
        assert [(run.started_by, run.status) for run in works.runs()] == [("daily", "done")]
        assert worker.end() == 0
        assert "does the jobs as a dashboard does" in worker.written
        check_log(worker, works)


@on_postgresql
def test_a_worker_refuses_what_a_newer_version_has_migrated(works: Works) -> None:
    works.change("UPDATE alembic_version SET version_num = 'later'")
    worker = works.launch()
    assert worker.process.wait(PATIENCE_SECONDS) == 2
    assert "A newer Pagekeeper has written to" in worker.written
    assert "Traceback" not in worker.written


@pytest.mark.parametrize("workers", ["dashboard", "procrastinate"])
@on_postgresql
def test_a_worker_ends_when_a_newer_version_migrates(
    works: Works,
    workers: str,
    monkeypatch: pytest.MonkeyPatch,
    redacted_logging: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("fb.jobs.engine.LOOK_SECONDS", 0.1)
    monkeypatch.setattr("fb.jobs.procrastinate_jobs.LOOK_SECONDS", 0.1)
    monkeypatch.setattr("fb.commands.terminal.ROOT", works.folder)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    for name, value in works.settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WORKERS", workers)
    works.connect_all()
    with ThreadPoolExecutor(1) as pool:
        code = pool.submit(worker_command)
        wait_until(lambda: works.count_today() == ALL and works.is_idle())
        works.change("UPDATE alembic_version SET version_num = 'later'")
        assert code.result(PATIENCE_SECONDS) == 2
    assert "has to be restarted on the newer version" in capsys.readouterr().out
