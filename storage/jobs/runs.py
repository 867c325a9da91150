"""Job runs: starts and ends runs, at most one of a kind at a time, and keeps their failures."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Select, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from storage.db.clock import clock
from storage.db.errors import JobRunning
from storage.db.installation import bump_data_version
from storage.db.text import storable_or_none
from storage.db.upsert import count_changed, insert_into, table_of, upsert
from storage.jobs.leases import WHOLE_RUN, release_leases, take_lease
from storage.models import Grant, JobFailure, JobLease, JobRun, Page

JobKind = Literal[
    "snapshots", "insights", "posts", "pictures", "checks", "warnings", "sandbox_history"
]
# The trigger of a run; `history` and `fast_forward` exist in the sandbox only.
StartedBy = Literal["manual", "daily", "command", "history", "fast_forward"]
RUN_STATUSES = ("running", "done", "stopped", "failed", "interrupted")  # of `JobRun.status`
FAST_FORWARD: StartedBy = "fast_forward"
SNAPSHOTS: JobKind = "snapshots"
INSIGHTS: JobKind = "insights"
POSTS: JobKind = "posts"
PICTURES: JobKind = "pictures"
CHECKS: JobKind = "checks"
WARNINGS: JobKind = "warnings"
SANDBOX_HISTORY: JobKind = "sandbox_history"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunRecord:
    """One run; columns as of `storage.models.JobRun`."""

    id: int
    kind: str
    started_by: StartedBy
    day: date
    started_at: datetime
    finished_at: datetime | None
    status: str
    pages_total: int
    pages_done: int
    pages_failed: int
    steps_total: int
    steps_done: int
    values_count: int
    limited_until: datetime | None
    reason_code: int | None
    posts_new: int = 0


# Without the ORM, and made once: every rerun asks for runs.
_SELECT_RUN = select(*(table_of(JobRun).c[field.name] for field in fields(RunRecord)))


@dataclass(frozen=True)
class FailureRow:
    """A Page that a run could not read. ``kind`` is the class name of the error."""

    page_id: str
    grant_id: int | None
    kind: str
    code: int | None
    subcode: int | None
    trace_id: str | None


@dataclass(frozen=True)
class Failure(FailureRow):
    """A failure with the present names of the Page and of the account that was refused."""

    page_name: str
    account_name: str | None


def start_run(
    session: Session,
    *,
    kind: JobKind,
    started_by: StartedBy,
    day: date,
    now: datetime,
    pages_total: int = 0,
    steps_total: int = 0,
    steps_done: int = 0,
) -> int:
    """Begin a run, take the lease on its kind, and return the run's id.

    Earlier runs of the kind that never ended are marked "interrupted". Raises JobRunning while
    the lease of one has not expired; the transaction must then be rolled back.
    """
    run_id: int = session.execute(
        insert_into(session, JobRun)
        .values(
            kind=kind,
            started_by=started_by,
            day=day,
            started_at=now,
            status="running",
            pages_total=pages_total,
            pages_done=0,
            pages_failed=0,
            steps_total=steps_total,
            steps_done=steps_done,
            values_count=0,
        )
        .returning(table_of(JobRun).c.id)
    ).scalar_one()
    if not take_lease(session, kind, WHOLE_RUN, run_id):
        is_held = (JobLease.kind == kind, JobLease.unit == WHOLE_RUN)
        raise JobRunning(session.scalar(select(JobLease.run_id).where(*is_held)))
    count_changed(session, delete(JobLease).where(JobLease.kind == kind, JobLease.run_id != run_id))
    is_dead = (JobRun.kind == kind, JobRun.status == "running", JobRun.id != run_id)
    interrupted = {"status": "interrupted", "finished_at": now}
    if count_changed(session, update(JobRun).where(*is_dead).values(interrupted)):
        log.warning(
            "%(job)s run %(run)d takes over from one that died", {"job": kind, "run": run_id}
        )
    return run_id


def add_progress(session: Session, run_id: int, **increments: int) -> None:
    """Add to counters of a run: ``pages_done=50`` adds fifty."""
    changes = {name: getattr(JobRun, name) + more for name, more in increments.items() if more}
    if changes:
        count_changed(session, update(JobRun).where(JobRun.id == run_id).values(changes))


def finish_run(
    session: Session,
    run_id: int,
    *,
    status: str,
    now: datetime,
    limited_until: datetime | None = None,
    reason_code: int | None = None,
) -> bool:
    """End a run and delete its leases. False when the run had already been ended by another one."""
    ended = {
        "status": status,
        "finished_at": now,
        "limited_until": limited_until,
        "reason_code": reason_code,
    }
    is_running = (JobRun.id == run_id, JobRun.status == "running")
    was_running = count_changed(session, update(JobRun).where(*is_running).values(ended)) == 1
    release_leases(session, run_id)
    bump_data_version(session)
    return was_running


def find_active_run(session: Session, kind: JobKind) -> RunRecord | None:
    """Return the running run of this kind; None when there is none or its lease has expired."""
    runs, leases = table_of(JobRun).c, table_of(JobLease).c
    holds_lease = (
        leases.run_id == runs.id,
        leases.kind == kind,
        leases.unit == WHOLE_RUN,
        leases.expires_at >= clock(session),
    )
    return _find(session, _SELECT_RUN.where(*holds_lease))


def list_active_kinds(session: Session) -> set[str]:
    """Return the kinds of which a run is active."""
    is_held = (JobLease.unit == WHOLE_RUN, JobLease.expires_at >= clock(session))
    return set(session.scalars(select(JobLease.kind).where(*is_held)))


def find_run(session: Session, run_id: int) -> RunRecord | None:
    """Return one run; None when it does not exist."""
    return _find(session, _SELECT_RUN.where(table_of(JobRun).c.id == run_id))


def find_last_run(session: Session, kind: JobKind) -> RunRecord | None:
    """Return the newest run of this kind; None when there is none."""
    return next(iter(list_runs(session, kind, limit=1)), None)


def list_last_runs(session: Session) -> list[RunRecord]:
    """Return the newest run of each kind that has one."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.kind)
    query = _SELECT_RUN.where(JobRun.id.in_(newest)).order_by(JobRun.kind)
    return [RunRecord(*row) for row in session.execute(query)]


def list_runs(
    session: Session, kind: JobKind, *, limit: int = 25, offset: int = 0
) -> list[RunRecord]:
    """Return ``limit`` runs of one kind from ``offset`` on, newest first."""
    runs = table_of(JobRun).c
    query = _SELECT_RUN.where(runs.kind == kind).order_by(runs.id.desc())
    return [RunRecord(*row) for row in session.execute(query.limit(limit).offset(offset))]


def count_runs(session: Session, kind: JobKind, day: date | None = None) -> int:
    """Return the number of runs of one kind, or of those for ``day``."""
    query = select(func.count()).select_from(JobRun).where(JobRun.kind == kind)
    if day is not None:
        query = query.where(JobRun.day == day)
    return session.scalar(query) or 0


def delete_old_runs(session: Session, before: datetime) -> int:
    """Delete the runs that were started before a time, with their failures; return how many.

    The newest run of each kind stays: what is due next depends on it.
    """
    newest = select(func.max(JobRun.id)).group_by(JobRun.kind)
    is_old = (JobRun.started_at < before, JobRun.id.not_in(newest))
    return count_changed(session, delete(JobRun).where(*is_old))


def record_failures(session: Session, run_id: int, rows: Sequence[FailureRow]) -> None:
    """Store failures of a run; a later failure of the same Page replaces the earlier one."""
    plain = [{"run_id": run_id, **asdict(row)} for row in rows]
    for row in plain:
        row["trace_id"] = storable_or_none(row["trace_id"])
    upsert(session, JobFailure, plain)


def drop_failures(session: Session, run_id: int, page_ids: Collection[str]) -> None:
    """Delete the failures of Pages that were read after all, or are no longer part of the run."""
    table = table_of(JobFailure)
    is_meant = (table.c.run_id == run_id, table.c.page_id == bindparam("this_page_id"))
    if page_ids:
        parameters = [{"this_page_id": page_id} for page_id in page_ids]
        session.execute(delete(table).where(*is_meant), parameters)


def list_failures(session: Session, run_id: int, *, limit: int | None = None) -> list[Failure]:
    """Return the failures of a run, by account name, then by the Page's name."""
    query = (
        select(JobFailure, Page.name, Grant.account_name)
        .join(Page, Page.id == JobFailure.page_id)
        .outerjoin(Grant, Grant.id == JobFailure.grant_id)
        .where(JobFailure.run_id == run_id)
        .order_by(Grant.account_name, Page.name_folded, Page.id)
        .limit(limit)
    )
    names = [field.name for field in fields(FailureRow)]
    return [
        Failure(
            page_name=page_name,
            account_name=account_name,
            **{each: getattr(row, each) for each in names},
        )
        for row, page_name, account_name in session.execute(query)
    ]


def _find(session: Session, query: Select[Any]) -> RunRecord | None:
    row = session.execute(query).first()
    return None if row is None else RunRecord(*row)
