"""Metrics route: answers Prometheus with figures about this dashboard, to whoever has the token.

They name no Page, account or person, and no id. https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy import QueuePool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from fb import __version__
from fb.installation import Installation, Startup
from fb.jobs.engine import Counts
from fb.jobs.schedule import list_due
from fb.web.routes import METHODS, GetStartup, only_get
from storage.accounts.connection_states import CONNECTION_STATES
from storage.db.errors import StorageError
from storage.figures.health import count_connections, get_freshness
from storage.jobs.rate_limits import list_limits
from storage.jobs.runs import RUN_STATUSES, list_active_kinds, list_last_runs

log = logging.getLogger(__name__)


def make_metrics_routes(
    get_startup: GetStartup, count_sessions: Callable[[], int]
) -> list[BaseRoute]:
    """Return the route. ``count_sessions`` counts the screens that are open in browsers."""
    registry = CollectorRegistry()
    registry.register(_Metrics(get_startup, count_sessions))
    ProcessCollector(registry=registry)

    def answer(startup: Startup, request: Request) -> Response:
        settings = startup.report.settings
        if settings is None or settings.metrics_token is None:
            return PlainTextResponse("Nothing here: METRICS_TOKEN is not set.", 404)
        # As bytes: texts with other than ASCII can't be compared in constant time.
        sent = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(sent, f"Bearer {settings.metrics_token}".encode()):
            challenge = {"WWW-Authenticate": "Bearer"}
            return PlainTextResponse("METRICS_TOKEN is needed.", 401, challenge)
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": content_type})

    return [Route("/metrics", only_get(get_startup, answer), methods=METHODS)]


class _Metrics(Collector):
    """Computes all metrics anew when they are asked for."""

    def __init__(self, get_startup: GetStartup, count_sessions: Callable[[], int]) -> None:
        self._get_startup = get_startup
        self._count_sessions = count_sessions

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; those of the database are absent while it does not answer."""
        startup = self._get_startup()
        yield InfoMetricFamily(
            "pagekeeper",
            "The program.",
            {"version": __version__, "mode": startup.report.mode},
        )
        yield _gauge("open_sessions", "Screens that are open in browsers.", self._count_sessions())
        stored: list[Metric] = []
        if startup.installation is not None:
            yield from _describe_process(startup.installation)
            try:
                stored = list(_describe_database(startup.installation))
            except StorageError as error:
                log.error("/metrics: %s", type(error).__name__)
        yield _gauge("database_reachable", "1 while the database answers, else 0.", bool(stored))
        yield from stored


def _describe_process(installation: Installation) -> Iterator[Metric]:
    calls = CounterMetricFamily(
        "pagekeeper_graph_calls",
        "Calls to Facebook by this process. Each item of a batch is one. outcome: answered, or the "
        "class of an error; code: Facebook's, where it sent one.",
        labels=("outcome", "code"),
    )
    for (outcome, code), count in sorted(installation.calls.read().items(), key=str):
        calls.add_metric((outcome, "" if code is None else str(code)), count)
    yield calls
    pool = installation.database.engine.pool
    assert isinstance(pool, QueuePool)
    yield _gauge(
        "database_connections_in_use",
        "Connections to the database that this process uses now.",
        pool.checkedout(),
    )


def _describe_database(installation: Installation) -> Iterator[Metric]:
    now = installation.now()
    with installation.database.reading() as session:
        connections = count_connections(session)
        freshness = get_freshness(session, now.date())
        runs = list_last_runs(session)
        active_kinds = list_active_kinds(session)
        limits = list_limits(session, now)
        counts = installation.jobs.count(session)
    due_kinds = list_due(installation)
    pages = _labelled("pages", "Pages, archived ones left out, by connection.", "state")
    for state in CONNECTION_STATES:
        pages.add_metric((state,), connections.get(state, 0))
    yield pages
    if freshness.last_refreshed_at is not None:
        yield _gauge(
            "newest_snapshot_age_seconds",
            "Seconds since a figure was last fetched.",
            (now - freshness.last_refreshed_at).total_seconds(),
        )
    due = _labelled("job_due", "1 where a job could start now, else 0.", "kind")
    running = _labelled("job_running", "1 where a job is running, in any process, else 0.", "kind")
    status = _labelled("job_last_status", "1 for the status of the newest run.", "kind", "status")
    age = _labelled("job_last_age_seconds", "Seconds since the newest run began.", "kind")
    duration = _labelled(
        "job_last_duration_seconds", "Seconds that the newest run took, once it has ended.", "kind"
    )
    failed = _labelled("job_last_failed_pages", "Pages that the newest run could not read.", "kind")
    limit_end = _labelled(
        "limit_end_timestamp_seconds",
        "When Facebook may be asked again, while a limit is in force: that of the app, or the last "
        "of the accounts'.",
        "scope",
    )
    for kind in sorted({*(run.kind for run in runs), *due_kinds}):
        due.add_metric((kind,), kind in due_kinds)
        running.add_metric((kind,), kind in active_kinds)
    for run in runs:
        for each in RUN_STATUSES:
            status.add_metric((run.kind, each), each == run.status)
        age.add_metric((run.kind,), (now - run.started_at).total_seconds())
        failed.add_metric((run.kind,), run.pages_failed)
        if run.finished_at is not None:
            seconds = (run.finished_at - run.started_at).total_seconds()
            duration.add_metric((run.kind,), seconds)
    for scope, of_scope in (
        ("app", [limit.until for limit in limits if limit.grant_id is None]),
        ("account", [limit.until for limit in limits if limit.grant_id is not None]),
    ):
        ends = [until.timestamp() for until in of_scope if until is not None]
        if ends:
            limit_end.add_metric((scope,), max(ends))
    yield from (due, running, status, age, duration, failed, limit_end)
    yield from _describe_queue(counts)


def _describe_queue(counts: Counts) -> Iterator[Metric]:
    queue = _labelled(
        "queue_jobs",
        "Jobs that wait, are being done or have failed: of all workers, else of this process.",
        "state",
    )
    for name in ("waiting", "running", "failed"):
        queue.add_metric((name,), getattr(counts, name))
    yield queue
    yield _gauge(
        "queue_oldest_seconds", "How long the oldest job waits for a worker.", counts.oldest_seconds
    )
    yield _gauge("queue_workers", "Workers that live, else 1.", counts.workers)


def _gauge(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"pagekeeper_{name}", documentation, value)


def _labelled(name: str, documentation: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"pagekeeper_{name}", documentation, labels=labels)
