"""Executions of a sync: one at a time, with what each could not read and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.models import Page, Run, RunFailure
from storage.places import find_holder, hold_place, leave_place, take_place
from storage.text import storable_or_none
from storage.upsert import upsert


@dataclass(frozen=True)
class FailureRow:
    """Why one Page could not be read. ``kind`` is the error's class name, never Facebook's text."""

    page_id: str
    account_name: str | None
    kind: str
    code: int | None
    subcode: int | None
    trace_id: str | None


@dataclass(frozen=True)
class Failure(FailureRow):
    """A failure with the Page's name as it is now."""

    page_name: str


def start_run(session: Session, *, kind: str, day: date, pages_total: int, now: datetime) -> int:
    """Take the one place for a sync and return the run's id.

    As `storage.places.take_place`: raises SyncRunning while another one lives.
    """
    return take_place(
        session,
        Run,
        now,
        kind=kind,
        day=day,
        pages_total=pages_total,
        pages_done=0,
        pages_failed=0,
    )


def beat_run(
    session: Session, run_id: int, *, pages_done: int, pages_failed: int, now: datetime
) -> bool:
    """Show that a run is alive, and how far. False when another one has taken its place."""
    return hold_place(session, Run, run_id, now, pages_done=pages_done, pages_failed=pages_failed)


def finish_run(
    session: Session,
    run_id: int,
    *,
    status: str,
    pages_total: int,
    pages_done: int,
    pages_failed: int,
    now: datetime,
    limited_until: datetime | None = None,
    reason_code: int | None = None,
) -> bool:
    """End a run and free its place. False when another one had taken it: then it stays so."""
    return leave_place(
        session,
        Run,
        run_id,
        now,
        status=status,
        pages_total=pages_total,
        pages_done=pages_done,
        pages_failed=pages_failed,
        limited_until=limited_until,
        reason_code=reason_code,
    )


def record_failures(session: Session, run_id: int, rows: Sequence[FailureRow]) -> None:
    """Keep why Pages could not be read; the last reason of a Page stands."""
    plain = [{"run_id": run_id, **asdict(row)} for row in rows]
    for row in plain:
        for name in ("account_name", "trace_id"):
            row[name] = storable_or_none(row[name])
    upsert(session, RunFailure, plain)


def find_active_run(session: Session, now: datetime) -> Run | None:
    """Return the run under way; None also when its heart has stopped."""
    return find_holder(session, Run, now)


def find_last_run(session: Session, day: date | None = None) -> Run | None:
    """Return the run that began last, of those for ``day`` where it is given."""
    query = select(Run).order_by(Run.id.desc()).limit(1)
    if day is not None:
        query = query.where(Run.day == day)
    return session.scalar(query, execution_options={"populate_existing": True})


def list_runs(session: Session, *, limit: int = 25, offset: int = 0) -> list[Run]:
    """Return runs, newest first."""
    query = select(Run).order_by(Run.id.desc()).limit(limit).offset(offset)
    return list(session.scalars(query, execution_options={"populate_existing": True}))


def count_runs(session: Session, day: date | None = None) -> int:
    """Return how many runs there ever were, or how many for ``day``."""
    query = select(func.count()).select_from(Run)
    if day is not None:
        query = query.where(Run.day == day)
    return session.scalar(query) or 0


def list_failures(
    session: Session, run_id: int, *, limit: int | None = None, offset: int = 0
) -> list[Failure]:
    """Return what a run could not read, by account, then by the Page's name."""
    query = (
        select(RunFailure, Page.name)
        .join(Page, Page.id == RunFailure.page_id)
        .where(RunFailure.run_id == run_id)
        .order_by(RunFailure.account_name, Page.name_folded, Page.id)
        .limit(limit)
        .offset(offset)
    )
    return [
        Failure(
            page_id=row.page_id,
            account_name=row.account_name,
            kind=row.kind,
            code=row.code,
            subcode=row.subcode,
            trace_id=row.trace_id,
            page_name=name,
        )
        for row, name in session.execute(query)
    ]
