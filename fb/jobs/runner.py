"""Job runner: starts jobs, executes a run of one unit by unit, and records its outcome.

A unit is usually one account. All units get turns until none has work left, several at once (see
`fb.jobs.turns`), or workers do them (see `fb.jobs.sharing`). What a run knows and stores is in
`fb.jobs.run`; here are its threads, heartbeat and end, and the pause after a failed one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy.orm import Session

from fb.graph.errors import FacebookError, TemporarilyDown, TransportFailed
from fb.installation import Installation
from fb.jobs.rate_governor import RETRY_AFTER
from fb.jobs.run import Run, RunEnded
from fb.jobs.sharing import HANDED_BACK, LIMITED, Spread, share
from fb.jobs.worker import WorkStopped, heartbeat
from fb.log_facts import log_facts
from storage.db.errors import JobRunning
from storage.jobs.events import record_event
from storage.jobs.leases import end_unit, take_lease
from storage.jobs.rate_limits import find_app_limit
from storage.jobs.runs import (
    JobKind,
    RunRecord,
    StartedBy,
    count_runs,
    find_active_run,
    find_last_run,
    find_run,
    finish_run,
)
from storage.people.person import Person, require

log = logging.getLogger(__name__)

MANUAL: StartedBy = "manual"
DAILY: StartedBy = "daily"
COMMAND: StartedBy = "command"
NOT_ANSWERING = (TransportFailed, TemporarilyDown)

# Calls to Facebook at once in one run: it takes a third of the time. From about eight on it is the
# computer that takes the time.
THREADS = 4

# A failed run is tried again when Facebook's rate limit has ended, or after RETRY_AFTER, doubled
# each time, so that a Page that is always refused does not cost a call every hour.
MAX_PAUSE = timedelta(hours=6)

Unit = TypeVar("Unit", int, str)  # an account's grant id, or a name
AnyRun = TypeVar("AnyRun", bound=Run)


@dataclass(frozen=True)
class Job:
    """A kind of background work. ``run`` takes ``started_by`` ("manual", "daily", …).

    Without ``spread`` the process that has begun a run does all of it.
    """

    kind: JobKind
    is_due: Callable[[Installation], bool]
    run: Callable[[Installation, StartedBy], object]
    spread: Spread | None = None


def execute(
    run: AnyRun,
    units: Sequence[Unit],
    work_on: Callable[[AnyRun, Unit], bool],
    end: Callable[[AnyRun, str, FacebookError | None], None] = lambda run, status, cause: None,
    *,
    threads: int | None = None,
    threads_per_unit: int = 1,
    spread: Spread | None = None,
) -> RunRecord:
    """Work on all units until none has work left, finish the run, and return its record.

    ``work_on(run, unit)`` does one step of a unit and returns whether there was one. All units take
    turns, so that none waits until another is complete. ``end(run, status, cause)`` may store what
    is left, and correct counts and failures before they are written for the last time.
    ``threads``: THREADS, or less for a job that says why. With ``spread`` the units are
    accounts, and workers do them where there are workers.
    """

    def work() -> None:
        run.heed_limits(units)
        with heartbeat(partial(_renew, run)):
            if spread is not None and run.installation.jobs.spreads:
                share(run, units, spread)
            else:
                run.turns.work(
                    units,
                    lambda unit: _take_turn(run, unit, work_on),
                    threads=threads or THREADS,
                    per_unit=threads_per_unit,
                )

    began = time.monotonic()
    log.info("%(job)s run %(run)d begins", {"job": run.kind, "run": run.id})
    status, cause = "failed", None
    try:
        status, cause = _end_of(work)
    finally:
        try:
            try:
                end(run, status, cause)
            except RunEnded as ended:
                status = ended.status
            record = _finish(run, status)
        finally:
            run.close()
    log.info(
        "%(job)s run %(run)d: %(done)d of %(total)d Pages, %(failed)d failed, %(status)s after "
        "%(seconds).1f s",
        {
            "job": run.kind,
            "run": run.id,
            "done": record.pages_done,
            "total": record.pages_total,
            "failed": record.pages_failed,
            "status": record.status,
            "seconds": round(time.monotonic() - began, 3),
        },
    )
    return record


def execute_part(
    run: AnyRun,
    grant_id: int,
    work_on: Callable[[AnyRun, int], bool],
    end: Callable[[AnyRun, str, FacebookError | None], None],
    *,
    threads: int = 1,
) -> None:
    """Do the part of one account in a run that another process has begun, and note how it ended.

    The parameters as of `execute`.
    """
    run.leased_unit = str(grant_id)

    def work() -> None:
        if not _take_unit(run, grant_id):
            return  # another process works on it
        run.heed_limits([grant_id])
        with heartbeat(partial(_renew, run)):
            run.turns.work(
                [grant_id],
                lambda unit: _take_turn(run, unit, work_on),
                threads=threads,
                per_unit=threads,
            )

    began = time.monotonic()
    status, cause = "failed", None
    try:
        status, cause = _end_of(work)
    finally:
        try:
            end(run, status, cause)
            if run.leased_unit in run.held_units:
                outcome = status
                if run.limited is not None:
                    outcome = LIMITED
                elif status == "stopped" and run.installation.worker.stopping.is_set():
                    outcome = HANDED_BACK
                with run.storing() as session:
                    end_unit(session, run.id, run.leased_unit, outcome)
                log.info(
                    "%(job)s run %(run)d: account %(account)d %(outcome)s after %(seconds).1f s",
                    {
                        "job": run.kind,
                        "run": run.id,
                        "account": grant_id,
                        "outcome": outcome,
                        "seconds": round(time.monotonic() - began, 3),
                    },
                )
        except RunEnded:
            log.info("%(job)s run %(run)d is over", {"job": run.kind, "run": run.id})
        finally:
            run.close()


def _end_of(work: Callable[[], object]) -> tuple[str, FacebookError | None]:
    """Do the work of a run; return its status after that, and Facebook's error that ended it."""
    try:
        work()
    except RunEnded as ended:
        return ended.status, ended.cause
    except WorkStopped:
        return "stopped", None
    return "done", None


def _take_turn(run: AnyRun, unit: Unit, work_on: Callable[[AnyRun, Unit], bool]) -> bool:
    run.begin_unit(unit)
    run.check_stop()
    if not _take_unit(run, unit):
        return False  # another process works on it
    facts = {"job": run.kind, "run": run.id} | ({"account": unit} if isinstance(unit, int) else {})
    with log_facts(**facts):
        had_work = work_on(run, unit)
        run.heed_usage()
    return had_work


def _take_unit(run: Run, unit: int | str) -> bool:
    if str(unit) not in run.held_units:
        with run.storing() as session:
            is_free = take_lease(session, run.kind, str(unit), run.id, run.holder)
        if not is_free:
            return False
        run.held_units.add(str(unit))
    return True


def _renew(run: Run) -> None:
    with run.installation.database.writing() as session:
        run.renew_leases(session)


def _finish(run: Run, status: str) -> RunRecord:
    now = run.installation.now()
    limited_until = None
    if run.limited is not None and status != "interrupted":
        status = "stopped"
        if run.limited.retry_after_seconds is not None:
            limited_until = now + timedelta(seconds=run.limited.retry_after_seconds)
    with run.installation.database.writing() as session:
        if find_run(session, run.id) is None:  # the sandbox was emptied
            raise WorkStopped
        if status != "interrupted":  # else what it counted last was not stored
            run.store_progress(session)
        finish_run(
            session,
            run.id,
            status=status,
            limited_until=limited_until,
            reason_code=run.limited.code if run.limited else None,
            now=now,
        )
        record = find_run(session, run.id)
        assert record is not None
        return record


def find_active(installation: Installation, kind: JobKind) -> RunRecord | None:
    """Return the active run, None when there is none or its lease has expired."""
    with installation.database.reading() as session:
        return find_active_run(session, kind)


def find_outcome(installation: Installation, kind: JobKind) -> RunRecord | None:
    """Return the newest run when it has ended; None before the first run and while it is active."""
    with installation.database.reading() as session:
        run = find_last_run(session, kind)
    return None if run is None or run.status == "running" else run


def start(installation: Installation, job: Job) -> bool:
    """Have the worker run a job that is due. False when a run is active or the key is wrong."""
    if not installation.can_open_tokens or find_active(installation, job.kind) is not None:
        return False
    _defer(installation, job, DAILY)
    return True


def ask(installation: Installation, job: Job, *, by: Person) -> bool:
    """Have the worker run a job because somebody asks for it; False as `start` says it."""
    with installation.database.writing() as session:
        require(session, by, "operator")
        if not installation.can_open_tokens or find_active_run(session, job.kind) is not None:
            return False
        record_event(session, "run_asked", {"job": job.kind}, installation.now(), by=by)
    _defer(installation, job, MANUAL)
    return True


def _defer(installation: Installation, job: Job, started_by: StartedBy) -> None:
    installation.jobs.defer(
        "run",
        lambda kind, started_by: run_now(installation, job, started_by),
        once=f"{started_by} {job.kind}",
        kind=job.kind,
        started_by=started_by,
    )


def run_now(installation: Installation, job: Job, started_by: StartedBy) -> None:
    """Run a job, unless another process has done so since it was asked for."""
    if started_by == DAILY and not job.is_due(installation):
        return  # another process has run it while this one waited for a thread
    try:
        job.run(installation, started_by)
    except JobRunning:
        log.info("%(job)s: another run is under way already", {"job": job.kind})


def is_time_to_try(session: Session, kind: JobKind, now: datetime) -> bool:
    """Whether a job with something to do may run (again) at ``now``.

    False while a run is active, until the end of Facebook's last rate limit for the kind, and of
    that for the app. True for the first
    run of a day and after a run that was interrupted by the end of the dashboard. Any other run
    waits RETRY_AFTER, doubled with each run of the day, at most MAX_PAUSE.
    """
    if find_active_run(session, kind) is not None or find_app_limit(session, now) is not None:
        return False
    last = find_last_run(session, kind)
    if last is None:
        return True
    if last.limited_until is not None and last.limited_until > now:
        return False
    is_cut_off = last.status in ("running", "interrupted") or (
        last.status == "stopped" and (last.limited_until is not None or last.reason_code is None)
    )
    if is_cut_off or last.finished_at is None or last.day != now.date():
        return True
    runs_count = count_runs(session, kind, now.date())
    pause = min(RETRY_AFTER * (1 << min(runs_count - 1, 5)), MAX_PAUSE)
    return now >= last.finished_at + pause
