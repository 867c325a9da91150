"""Job runner: executes one run of a job under a lease, unit by unit, and records its outcome.

A unit is usually one account. All units get turns until none has work left, several at once (see
`fb.jobs.turns`). The runner handles for all jobs: threads, leases and heartbeat, progress,
failures, rate limits, accounts that an operator disconnects or pauses during a run, and the pause
after a failed run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NoReturn, TypeVar

from sqlalchemy.orm import Session

from fb.graph.client import GraphClient
from fb.graph.errors import FacebookError, RateLimited, TemporarilyDown, TransportFailed
from fb.graph.rate_limits import Observed
from fb.installation import BACKGROUND_PATIENCE_SECONDS, Installation
from fb.jobs.rate_governor import RETRY_AFTER, RateGovernor
from fb.jobs.telemetry import save_telemetry
from fb.jobs.turns import Turns
from fb.jobs.worker import WorkStopped, heartbeat
from fb.log_facts import log_facts
from storage.accounts.grants import list_resting_grants
from storage.db.errors import JobRunning
from storage.jobs.leases import (
    LEASE_SECONDS,
    WHOLE_RUN,
    end_unit,
    list_unit_leases,
    release_unit,
    renew_leases,
    take_lease,
)
from storage.jobs.rate_limits import find_app_limit
from storage.jobs.runs import (
    FailureRow,
    JobKind,
    RunRecord,
    StartedBy,
    add_progress,
    count_runs,
    drop_failures,
    find_active_run,
    find_last_run,
    find_run,
    finish_run,
    record_failures,
)

log = logging.getLogger(__name__)

MANUAL: StartedBy = "manual"
DAILY: StartedBy = "daily"
COMMAND: StartedBy = "command"
NOT_ANSWERING = (TransportFailed, TemporarilyDown)

# Calls to Facebook at once in one run: it takes a third of the time. From about eight on it is the
# computer that takes the time.
THREADS = 4

# How often a run looks what workers have done of it.
PARTS_SECONDS = 0.25

# A failed run is tried again when Facebook's rate limit has ended, or after RETRY_AFTER, doubled
# each time, so that a Page that is always refused does not cost a call every hour.
MAX_PAUSE = timedelta(hours=6)

Unit = TypeVar("Unit", int, str)  # an account's grant id, or a name
AnyRun = TypeVar("AnyRun", bound="Run")
OnProgress = Callable[[int, int], None]


def ignore_progress(done: int, total: int) -> None:
    """Do nothing: the default of ``on_progress``."""


@dataclass(frozen=True)
class Spread:
    """How workers share a run. ``do_part`` does the part of one account, by the ids of run and
    grant. ``list_open`` reads what was done of a run, and returns the accounts that have something
    left to do.
    """

    do_part: Callable[[Installation, int, int], object]
    list_open: Callable[[Any], list[int]]


@dataclass(frozen=True)
class Job:
    """A kind of background work. ``run`` takes ``started_by`` ("manual", "daily", …).

    Without ``spread`` the process that has begun a run does all of it.
    """

    kind: JobKind
    is_due: Callable[[Installation], bool]
    run: Callable[[Installation, StartedBy], object]
    spread: Spread | None = None


class RunEnded(Exception):
    """The run has to end now. ``cause`` is Facebook's error, if that is the reason."""

    def __init__(self, status: str, cause: FacebookError | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.cause = cause


@dataclass
class Run:
    """One run while this process executes it; several threads share it, as `Turns` says.

    ``counts`` are this process's increments to the counters of the run's row. ``failures`` maps a
    Page id to the refused account's grant id and the reason. `storing` writes the changes of both.
    ``left_grants`` are accounts that an operator disconnected or paused during the run,
    ``limited_grants`` those that reached a rate limit of their own. ``dropped_fields`` are unknown
    to Facebook. ``leased_unit``: the only unit whose lease is this process's, where several
    processes work on the run; None: all are.
    """

    installation: Installation
    kind: JobKind
    id: int
    on_progress: OnProgress = ignore_progress
    graph_url: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    failures: dict[str, tuple[int | None, FailureRow]] = field(default_factory=dict)
    limited: RateLimited | None = None
    left_grants: set[int] = field(default_factory=set)
    limited_grants: dict[int, RateLimited] = field(default_factory=dict)
    held_units: set[str] = field(default_factory=set)
    leased_unit: str | None = None
    dropped_fields: set[str] = field(default_factory=set)
    turns: Turns = field(default_factory=Turns)
    governor: RateGovernor = field(init=False)
    _stored_counts: dict[str, int] = field(default_factory=dict)
    _stored_failures: dict[str, tuple[int | None, FailureRow]] = field(default_factory=dict)
    # Both by thread: its client, and the account that it works on.
    _clients: dict[int, GraphClient] = field(default_factory=dict)
    _grant_ids: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.governor = RateGovernor(self.installation, self.turns)

    @property
    def client(self) -> GraphClient:
        """This thread's Graph client, created at first use and closed with the run."""
        thread = threading.get_ident()
        if thread not in self._clients:
            client = self.installation.client(
                patience_seconds=BACKGROUND_PATIENCE_SECONDS,
                graph_url=self.graph_url,
                sleep=self.sleep,
                waiting=self.turns.waiting,
            )
            client.observed.dropped_fields = self.dropped_fields
            self._clients[thread] = client
        return self._clients[thread]

    @property
    def graph_version(self) -> str:
        """The Graph version that answers; before the first answer, the requested one."""
        return self._version_served or self.installation.settings.graph_version

    @property
    def _version_served(self) -> str | None:
        versions = (client.observed.version_served for client in self._clients.values())
        return next(filter(None, versions), None)

    def count(self, name: str, more: int) -> None:
        """Add to a counter of the run, e.g. "steps_done"."""
        self.counts[name] = self.counts.get(name, 0) + more

    def check_stop(self) -> None:
        """Raise `RunEnded` when the dashboard is stopping, or another thread has ended the run.

        Also when the app's rate limit is nearly reached. To be called before a call to Facebook.
        """
        if self.installation.worker.stopping.is_set() or self.turns.is_ending:
            raise RunEnded("stopped")
        self.heed_usage()

    def begin_unit(self, unit: int | str) -> None:
        """Note what this thread works on."""
        if isinstance(unit, int):
            self._grant_ids[threading.get_ident()] = unit

    def heed_limits(self, units: Sequence[int | str]) -> None:
        """Read which limits are in force. Raises `RunEnded` when the whole app is limited."""
        grant_ids = [unit for unit in units if isinstance(unit, int)]
        for owner, error in self.governor.load(grant_ids) if grant_ids else ():
            if owner is None:
                self.limited = error
                raise RunEnded("stopped", error)
            self.limited_grants[owner] = error

    def heed_usage(self) -> None:
        """Go by the usage that Facebook has reported to this thread. Raises as `check_stop`."""
        limit = self._take_usage()
        if limit is not None:
            self.end_by_limit(limit)

    def _take_usage(self) -> RateLimited | None:
        thread = threading.get_ident()
        if thread not in self._clients or thread not in self._grant_ids:
            return None
        readings = self._clients[thread].observed.take_usage()
        return self.governor.heed(readings, self._grant_ids[thread])

    def sleep(self, seconds: float) -> None:
        """Let other threads work for a while. Raises as `check_stop`."""
        with self.turns.waiting():
            self.installation.worker.sleep(seconds)
        self.check_stop()

    def is_left(self, grant_id: int) -> bool:
        """Whether an operator has disconnected or paused an account since the run began.

        A run lasts minutes or hours, so this is read from the database. The failures of such an
        account are removed from the run.
        """
        with self.installation.database.reading() as session:
            is_left = grant_id in list_resting_grants(session)
        if is_left:
            self.left_grants.add(grant_id)
            kept = {id: entry for id, entry in self.failures.items() if entry[0] != grant_id}
            self.failures = kept
        return is_left

    def may_ask(self, grant_id: int) -> bool:
        """False for an account that is rate-limited, or disconnected or paused by an operator.

        For one with something left to read: because of a limit the run is then incomplete.
        """
        self.limited = self.limited_grants.get(grant_id, self.limited)
        return grant_id not in self.limited_grants and grant_id not in self.left_grants

    def note_limit(self, error: RateLimited, grant_id: int) -> None:
        """Ask an account for nothing more. Raises `RunEnded` when the whole app is limited."""
        if error.scope == "app":
            self.end_by_limit(error)
        self.heed_usage()
        if grant_id not in self.limited_grants:
            self.governor.note_limit(error, grant_id)
        self.limited = self.limited_grants[grant_id] = error

    def end_by_limit(self, error: RateLimited) -> NoReturn:
        """End the run by a limit of the whole app."""
        self.limited = error
        self._take_usage()
        self.governor.note_limit(error, None)
        raise RunEnded("stopped", error)

    def record_failure(self, page_id: str, grant_id: int, error: FacebookError) -> None:
        """Add a failure: the Page could not be fetched through this account."""
        row = FailureRow(
            page_id=page_id,
            grant_id=grant_id,
            kind=type(error).__name__,
            code=error.code,
            subcode=error.subcode,
            trace_id=error.trace_id,
        )
        self.failures[page_id] = (grant_id, row)

    @contextmanager
    def storing(self) -> Iterator[Session]:
        """Open a transaction that also writes the run's progress and renews its leases.

        Raises `RunEnded`, and stores nothing, when the run has lost its lease: this process did not
        renew it for 60 s (for example a sleeping laptop), and another run took it.
        """
        with self.installation.database.writing() as session:
            yield session
            if not renew_leases(session, self.id, self.leased_unit):
                raise RunEnded("interrupted")
            self.store_progress(session)
        self._stored_counts, self._stored_failures = dict(self.counts), dict(self.failures)

    def take_over_failures(self, failures: Iterable[FailureRow]) -> None:
        """Take failures that are stored already, of this process or another, as those so far."""
        self.failures = {row.page_id: (row.grant_id, row) for row in failures}
        self._stored_failures = dict(self.failures)

    def store_progress(self, session: Session) -> None:
        """Write the counts and failures that are new since the last `storing`."""
        stored_counts, stored_failures = self._stored_counts, self._stored_failures
        increments = {
            name: count - stored_counts.get(name, 0) for name, count in self.counts.items()
        }
        more_failures = len(self.failures) - len(stored_failures)
        increments["pages_failed"] = increments.get("pages_failed", 0) + more_failures
        add_progress(session, self.id, **increments)
        drop_failures(session, self.id, stored_failures.keys() - self.failures.keys())
        new = self.failures.items() - stored_failures.items()
        record_failures(session, self.id, [row for _, (_, row) in sorted(new)])

    def close(self) -> None:
        """Close the clients, and store their telemetry."""
        if self._clients:
            observed = Observed(self._version_served, self.governor.usage, self.dropped_fields)
            save_telemetry(self.installation, observed)
        for client in self._clients.values():
            client.close()


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
                _share(run, units, spread)
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
    threads: int,
) -> None:
    """Do the part of one account in a run that another process has begun, and note how it ended.

    The parameters as of `execute`.
    """
    run.leased_unit = str(grant_id)

    def work() -> None:
        run.heed_limits([grant_id])
        with heartbeat(partial(_renew, run)):
            run.turns.work(
                [grant_id],
                lambda unit: _take_turn(run, unit, work_on),
                threads=threads,
                per_unit=threads,
            )

    status, cause = "failed", None
    try:
        status, cause = _end_of(work)
    finally:
        try:
            end(run, status, cause)
            if run.leased_unit in run.held_units:
                # Of a limit the run learns by itself.
                outcome = "done" if run.limited is not None else status
                with run.storing() as session:
                    end_unit(session, run.id, run.leased_unit, outcome)
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


def _share(run: Run, units: Sequence[int | str], spread: Spread) -> None:
    """Have workers do the accounts of a run, and then what is left of them."""
    run.leased_unit = WHOLE_RUN
    open_units = list(units)
    while open_units:
        _wait_for_parts(run, open_units, spread)
        open_units = [*spread.list_open(run)]
        run.heed_limits(units)
        for grant_id, _ in run.failures.values():
            if grant_id is not None:
                run.may_ask(grant_id)  # notes a limit for which something was not read


def _wait_for_parts(run: Run, units: Sequence[int | str], spread: Spread) -> None:
    """Have workers do these accounts, and wait until all are done.

    An account that no worker does is deferred: again when its worker has died or is stopping, and
    once in LEASE_SECONDS, should a job be lost. Raises `RunEnded` when one of them has failed.
    """
    waiting, outcomes = {str(unit) for unit in units}, set[str]()
    deferred_at: dict[str, float] = {}
    while waiting:
        run.check_stop()
        with run.installation.database.reading() as session:
            leases = {lease.unit: lease for lease in list_unit_leases(session, run.id)}
        for lease in leases.values():
            if lease.outcome is not None:
                with run.storing() as session:
                    release_unit(session, run.id, lease.unit)
                if lease.outcome != "stopped":
                    waiting.discard(lease.unit)
                    outcomes.add(lease.outcome)
            if lease.outcome is not None or lease.is_alive:
                deferred_at.pop(lease.unit, None)
        for unit in sorted(waiting - {lease.unit for lease in leases.values() if lease.is_alive}):
            now = time.monotonic()
            if now - deferred_at.get(unit, -LEASE_SECONDS) >= LEASE_SECONDS:
                deferred_at[unit] = now
                _defer_part(run, int(unit), spread)
        run.installation.worker.sleep(PARTS_SECONDS)
    if outcomes - {"done"}:
        raise RunEnded("failed")


def _defer_part(run: Run, grant_id: int, spread: Spread) -> None:
    run.installation.jobs.defer(
        "account",
        lambda kind, run_id, grant_id: spread.do_part(run.installation, run_id, grant_id),
        once=f"{run.kind} {run.id} {grant_id}",
        kind=run.kind,
        run_id=run.id,
        grant_id=grant_id,
    )


def _take_turn(run: AnyRun, unit: Unit, work_on: Callable[[AnyRun, Unit], bool]) -> bool:
    run.begin_unit(unit)
    run.check_stop()
    if str(unit) not in run.held_units:
        with run.storing() as session:
            is_free = take_lease(session, run.kind, str(unit), run.id)
        if not is_free:
            return False  # another process works on it
        run.held_units.add(str(unit))
    facts = {"job": run.kind, "run": run.id} | ({"account": unit} if isinstance(unit, int) else {})
    with log_facts(**facts):
        had_work = work_on(run, unit)
        run.heed_usage()
    return had_work


def _renew(run: Run) -> None:
    with run.installation.database.writing() as session:
        renew_leases(session, run.id, run.leased_unit)


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


def start(installation: Installation, job: Job, started_by: StartedBy) -> bool:
    """Have the worker run a job. False when a run is active or the encryption key is wrong."""
    if not installation.can_open_tokens or find_active(installation, job.kind) is not None:
        return False
    installation.jobs.defer(
        "run",
        lambda kind, started_by: run_now(installation, job, started_by),
        once=f"{job.kind} run",
        kind=job.kind,
        started_by=started_by,
    )
    return True


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
