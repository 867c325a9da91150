"""/metrics: what Prometheus reads, and who may."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from fb.installation import Startup
from fb.jobs.procrastinate_jobs import AT_ONCE
from fb.jobs.snapshots import run_snapshots
from fb.jobs.worker import THREADS
from fb.settings import read_settings
from fb.web.metrics_route import make_metrics_routes
from storage.db.engine import Database
from storage.db.errors import DatabaseUnreachable
from storage.jobs.runs import POSTS, start_run
from storage.models import Grant, Page
from tests.integration.facebook.traveller import Scene, opened_scene
from tests.integration.jobs.worker_kit import ACCOUNTS, Works, on_postgresql, opened_works
from tests.waiting import wait_until

TOKEN = "metrics-token-of-the-tests-0123456789abcdef"
USAGE = '{"1":[{"type":"pages","estimated_time_to_regain_access":90}]}'
WITH_TOKEN = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def works(tmp_path: Path, live_database_url: str) -> Iterator[Works]:
    with opened_works(tmp_path, live_database_url) as works:
        yield works


def client_of(scene: Scene | Works, token: str | None = TOKEN) -> TestClient:
    settings = replace(scene.installation.settings, metrics_token=token)
    report = replace(read_settings({}, Path("/nonexistent")), mode="live", settings=settings)
    routes = make_metrics_routes(lambda: Startup(report, scene.installation, None), lambda: 3)
    return TestClient(Starlette(routes=routes))


def read_metrics(client: TestClient) -> dict[str, float]:
    """Every sample by its name and the values of its labels: "pages connected"."""
    answer = client.get("/metrics", headers=WITH_TOKEN)
    assert answer.status_code == 200
    return {
        " ".join(
            [sample.name.removeprefix("pagekeeper_"), *filter(None, sample.labels.values())]
        ): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.both_databases
def test_prometheus_reads_figures_without_names(
    tmp_path: Path, live_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened_scene(tmp_path, live_database_url) as scene, client_of(scene) as client:
        first = read_metrics(client)
        assert first["graph_calls_total answered"] == 0
        assert first["pages connected"] == 0
        assert "newest_snapshot_age_seconds" not in first
        scene.traveller.connect()
        calls = read_metrics(client)["graph_calls_total answered"]
        scene.clock.move(days=1)
        assert read_metrics(client)["job_due snapshots"] == 1
        headers = {"x-business-use-case-usage": USAGE}
        scene.sandbox.inject("error", path="/", code=4, times=100, headers=headers)
        run = run_snapshots(scene.installation, "manual")
        assert run.limited_until is not None
        with scene.installation.database.writing() as session:
            start_run(session, kind=POSTS, started_by="daily", day=run.day, now=scene.clock())
            names = [*session.query(Page.name), *session.query(Page.id), *session.query(Grant.id)]
        scene.clock.move(minutes=10)
        metrics = read_metrics(client)
        text = client.get("/metrics", headers=WITH_TOKEN).text
        assert metrics["pages connected"] > 10
        assert metrics["newest_snapshot_age_seconds"] == 24 * 3600 + 600
        assert metrics["job_running snapshots"] == 0
        assert (metrics["job_running posts"], metrics["job_last_age_seconds posts"]) == (1, 600)
        assert metrics["job_last_status snapshots stopped"] == 1
        assert metrics["job_last_status snapshots done"] == 0
        assert metrics["job_last_failed_pages snapshots"] == run.pages_total
        assert metrics["job_last_duration_seconds snapshots"] == 0
        assert "job_last_duration_seconds posts" not in metrics, "it runs"
        assert metrics["job_due snapshots"] == 0, "the limit is not over"
        assert metrics["limit_end_timestamp_seconds app"] == run.limited_until.timestamp()
        assert "limit_end_timestamp_seconds account" not in metrics
        assert metrics["graph_calls_total answered"] == calls + 2, "about the account"
        refused = metrics["graph_calls_total 4 RateLimited"]
        assert refused in (50, 57), "the second call may have been on its way"
        assert (metrics["open_sessions"], metrics["database_reachable"]) == (3, 1)
        assert 0 <= metrics["database_connections_in_use"] < 30
        assert all(f'"{each}"' not in text for (each,) in names)

        def fail(self: Database) -> None:
            raise DatabaseUnreachable

        monkeypatch.setattr(Database, "reading", fail)
        lost = read_metrics(client)
        assert (lost["database_reachable"], lost["graph_calls_total 4 RateLimited"]) == (0, refused)
        assert "pages connected" not in lost


def test_the_jobs_of_a_process_that_does_them_itself(tmp_path: Path) -> None:
    go_on = threading.Event()
    with (
        opened_scene(tmp_path, f"sqlite:///{tmp_path}/data/test.db") as scene,
        client_of(scene) as client,
    ):
        assert read_queue(client) == (0, 0, 0, 0, 1)
        worker = scene.installation.worker
        worker.submit("fails", lambda: 1 / 0)
        wait_until(lambda: worker.count() == (0, 0, 1))
        for _ in range(THREADS + 2):
            worker.submit("hangs", lambda: go_on.wait(20))
        wait_until(lambda: read_queue(client) == (2, THREADS, 1, 0, 1))
        go_on.set()
        wait_until(lambda: read_queue(client) == (0, 0, 1, 0, 1))


@on_postgresql
def test_the_jobs_of_all_workers(works: Works) -> None:
    with client_of(works) as client:
        assert read_queue(client) == (0, 0, 0, 0, 0), "no worker"
        assert works.ask()
        works.change(
            "UPDATE pagekeeper_jobs.procrastinate_events SET at = at - interval '90 seconds'"
        )
        waiting, running, failed, oldest_seconds, workers = read_queue(client)
        assert (waiting, running, failed, workers) == (1, 0, 0, 0)
        assert 90 <= oldest_seconds < 150
        works.connect_all()
        works.hold(*ACCOUNTS)
        for _ in range(2):
            works.serve_here()
        accounts = 2 * AT_ONCE["snapshots"]
        state = (len(ACCOUNTS) - accounts, 1 + accounts, 0)
        wait_until(lambda: read_queue(client)[:3] == state)
        assert read_queue(client)[4] == 2
        works.let_go()
        wait_until(lambda: read_queue(client) == (0, 0, 0, 0, 2))


def read_queue(client: TestClient) -> tuple[float, ...]:
    """How many jobs wait, run and have failed, the age of the oldest, and how many workers."""
    metrics = read_metrics(client)
    states = [metrics[f"queue_jobs {state}"] for state in ("waiting", "running", "failed")]
    return (*states, metrics["queue_oldest_seconds"], metrics["queue_workers"])


def test_metrics_are_for_whoever_has_the_token(tmp_path: Path) -> None:
    with opened_scene(tmp_path, f"sqlite:///{tmp_path}/data/test.db") as scene:
        with client_of(scene, token=None) as client:
            for headers in ({}, WITH_TOKEN, {"authorization": "Bearer None"}):
                assert client.get("/metrics", headers=headers).status_code == 404
        with client_of(scene) as client:
            for sent in ("", TOKEN, f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN} ", "Bearer \xe9"):
                header = (b"authorization", sent.encode("latin-1"))
                answer = client.get("/metrics", headers=[header])
                assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
                assert "pagekeeper_" not in answer.text
            assert client.post("/metrics", headers=WITH_TOKEN).status_code == 405
