"""Procrastinate jobs: jobs that wait in PostgreSQL until a worker does them, on any machine.

Its retries, locks and timers are not used: the leases of runs know what is under way, and each
worker looks every 30 s for what is due. https://procrastinate.readthedocs.io
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from psycopg_pool import NullConnectionPool, PoolTimeout
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from fb.jobs.engine import LOOK_SECONDS, Counts, Id, Work
from fb.jobs.worker import guarded
from storage.db.errors import DatabaseUnreachable
from storage.jobs.queue import DEAD_SECONDS, QUEUE_SCHEMA, count_queue

log = logging.getLogger(__name__)

# Jobs at once in a worker, by name. A run waits for its accounts, so these have threads of their
# own: one for each kind of run, and for accounts as many as make four calls at once, as in
# `fb.jobs.runner.THREADS`; in a snapshot each makes two.
AT_ONCE = {"run": 7, "snapshots": 2, "insights": 4, "posts": 4}
KEPT_HOURS = 72  # of a failed job
CONNECT_SECONDS = 5.0
MAX_PAUSE_SECONDS = 30.0


class JobFailed(Exception):
    """A job has failed. The log has said where; its text could hold anything."""


class ProcrastinateJobs:
    """An engine, as `fb.jobs.engine.Jobs`. Nothing is connected before it is needed."""

    def __init__(self, database_url: str) -> None:
        self.spreads = False
        url = make_url(database_url).set(drivername="postgresql")
        self._address: dict[str, Any] = {
            "conninfo": url.render_as_string(hide_password=False),
            "timeout": CONNECT_SECONDS,
            "kwargs": {
                "options": f"-c search_path={QUEUE_SCHEMA}",
                "connect_timeout": int(CONNECT_SECONDS),
            },
        }
        self._asking: NullConnectionPool[Any] | None = None
        self._lock = threading.Lock()
        self._is_stopping = False
        self._wake: Callable[[], object] = lambda: None
        # They quote arguments, and the texts of exceptions.
        for name in ("procrastinate", "psycopg.pool"):
            logging.getLogger(name).setLevel(logging.CRITICAL)

    def defer(self, name: str, work: Work, *, once: str, **ids: Id) -> None:
        """Store the job; a worker is told at once."""
        try:
            self._open_asking().configure_task(name, queue=name, queueing_lock=once).defer(**ids)
        except AlreadyEnqueued:
            return
        except (ConnectorException, PoolTimeout) as error:
            raise DatabaseUnreachable("its jobs can't be stored") from error

    def serve(self, work: Mapping[str, Work], look: Callable[[], object]) -> None:
        """Do what is deferred. When the database goes away, wait until it is back."""
        self.spreads = True
        asyncio.run(self._serve(work, look))

    def stop(self) -> None:
        """Let `serve` end when the jobs that it does have ended."""
        self._is_stopping = True
        self._wake()

    def count(self, session: Session) -> Counts:
        """Count the jobs of all processes."""
        waiting, running, failed, oldest_seconds, served = count_queue(session)
        return Counts(waiting, running, failed, oldest_seconds, served // len(AT_ONCE))

    def close(self) -> None:
        """Close what was opened to defer jobs."""
        with self._lock:
            if self._asking is not None:
                self._asking.close()
                self._asking = None

    def _open_asking(self) -> App:
        with self._lock:
            if self._asking is None:
                # A connection for each job: a pool that has lost the database pauses, ever longer.
                pool = NullConnectionPool(max_size=2, open=False, **self._address)
                pool.open()
                self._asking = pool
            app = App(connector=SyncPsycopgConnector())
            app.open(self._asking)
            return app

    async def _serve(self, work: Mapping[str, Work], look: Callable[[], object]) -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(_log_class)
        self._wake = lambda: loop.call_soon_threadsafe(stopped.set)
        pause = 1.0
        with ThreadPoolExecutor(sum(AT_ONCE.values()) + 1, thread_name_prefix="jobs") as pool:
            while not self._is_stopping:
                began = loop.time()
                try:
                    await self._serve_once(pool, work, look, stopped)
                except (ConnectorException, PoolTimeout, psycopg.Error) as error:
                    if loop.time() - began > MAX_PAUSE_SECONDS:
                        pause = 1.0  # it had worked meanwhile
                    log.error(
                        "the worker has lost the database (%(error)s); it tries again in "
                        "%(seconds)d s",
                        {"error": type(error).__name__, "seconds": pause},
                    )
                    await asyncio.wait([asyncio.ensure_future(stopped.wait())], timeout=pause)
                    pause = min(pause * 2, MAX_PAUSE_SECONDS)
        self._wake = lambda: None  # the loop is closed soon

    async def _serve_once(
        self,
        pool: ThreadPoolExecutor,
        work: Mapping[str, Work],
        look: Callable[[], object],
        stopped: asyncio.Event,
    ) -> None:
        """Work until `stop`, or until an exception ends one of the tasks."""
        app = App(connector=PsycopgConnector(min_size=1, max_size=4, **self._address))
        for name in AT_ONCE:
            app.task(name=name, queue=name)(_make_task(pool, name, work[name]))
        async with app.open_async():
            tasks: list[asyncio.Future[Any]] = [
                asyncio.ensure_future(
                    app.run_worker_async(
                        queues=[name],
                        concurrency=most,
                        install_signal_handlers=False,  # the command has its own
                        delete_jobs="successful",
                        stalled_worker_timeout=DEAD_SECONDS,
                    )
                )
                for name, most in AT_ONCE.items()
            ]
            tasks += [
                asyncio.ensure_future(_look_for_ever(app, pool, look)),
                asyncio.ensure_future(stopped.wait()),
            ]
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()  # Procrastinate then waits for the jobs that it does
            await asyncio.gather(*tasks, return_exceptions=True)
            for task in ended:
                task.result()


def _log_class(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what a task of Procrastinate raised, such as when it could not note the end of a job."""
    error = type(context.get("exception")).__name__
    log.error("a task of the worker was ended by %(error)s", {"error": error})


def _make_task(pool: ThreadPoolExecutor, name: str, do: Work) -> Callable[..., Any]:
    def do_guarded(ids: Mapping[str, Id]) -> None:
        facts = " ".join(str(id) for id in ids.values())
        if not guarded(f"{name} {facts}", lambda: do(**ids)):
            raise JobFailed

    async def task(**ids: Id) -> None:
        await asyncio.get_running_loop().run_in_executor(pool, do_guarded, ids)

    return task


async def _look_for_ever(app: App, pool: ThreadPoolExecutor, look: Callable[[], object]) -> None:
    manager = app.job_manager
    while True:
        await asyncio.get_running_loop().run_in_executor(pool, guarded, "the timer", look)
        # The run that needs it has it done again, by another job.
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_SECONDS):
            log.warning("job %(job)s: its worker has died", {"job": job.id})
            await manager.finish_job(job, Status.FAILED, delete_job=False)
        await manager.delete_old_jobs(KEPT_HOURS, include_failed=True, include_aborted=True)
        await asyncio.sleep(LOOK_SECONDS)
