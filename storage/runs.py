"""Executions of a sync: one at a time, with what each could not read and why.

A run holds its place as long as its heart beats. The unique column ``active`` decides between two
that start at once; a run whose process died gives way to the next one after HEARTBEAT_LIFETIME.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.errors import SyncRunning
from storage.installation import bump_data_version
from storage.models import Page, Run, RunFailure
from storage.text import storable_or_none
from storage.upsert import count_changed, insert_into, table_of, upsert

HEARTBEAT_LIFETIME = timedelta(seconds=60)


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

    A run without a heartbeat for HEARTBEAT_LIFETIME is marked "interrupted" and gives way.
    Raises SyncRunning while another one lives.
    """
    is_dead = (Run.active == 1, Run.heartbeat_at < now - HEARTBEAT_LIFETIME)
    count_changed(
        session,
        update(Run).where(*is_dead).values(active=None, status="interrupted", finished_at=now),
    )
    statement = (
        insert_into(session, Run)
        .values(
            kind=kind,
            day=day,
            started_at=now,
            heartbeat_at=now,
            active=1,
            status="running",
            pages_total=pages_total,
            pages_done=0,
            pages_failed=0,
        )
        .on_conflict_do_nothing(index_elements=["active"])
        .returning(table_of(Run).c.id)
    )
    run_id: int | None = session.execute(statement).scalar_one_or_none()
    if run_id is None:
        raise SyncRunning(session.scalar(select(Run.id).where(Run.active == 1)))
    return run_id


def beat_run(
    session: Session, run_id: int, *, pages_done: int, pages_failed: int, now: datetime
) -> bool:
    """Show that a run is alive, and how far. False when another one has taken its place."""
    statement = update(Run).where(Run.id == run_id, Run.active == 1)
    changes = {"heartbeat_at": now, "pages_done": pages_done, "pages_failed": pages_failed}
    return count_changed(session, statement.values(changes)) == 1


def finish_run(
    session: Session,
    run_id: int,
    *,
    status: str,
    pages_done: int,
    pages_failed: int,
    now: datetime,
    limited_until: datetime | None = None,
    reason_code: int | None = None,
) -> bool:
    """End a run and free its place. False when another one had taken it: then it stays so."""
    statement = update(Run).where(Run.id == run_id, Run.active == 1)
    ended = count_changed(
        session,
        statement.values(
            status=status,
            active=None,
            heartbeat_at=now,
            finished_at=now,
            pages_done=pages_done,
            pages_failed=pages_failed,
            limited_until=limited_until,
            reason_code=reason_code,
        ),
    )
    bump_data_version(session)
    return ended == 1


def record_failures(session: Session, run_id: int, rows: Sequence[FailureRow]) -> None:
    """Keep why Pages could not be read; the last reason of a Page stands."""
    plain = [{"run_id": run_id, **asdict(row)} for row in rows]
    for row in plain:
        for name in ("account_name", "trace_id"):
            row[name] = storable_or_none(row[name])
    upsert(session, RunFailure, plain)


def find_active_run(session: Session, now: datetime) -> Run | None:
    """Return the run under way; None also when its heart has stopped."""
    is_alive = (Run.active == 1, Run.heartbeat_at >= now - HEARTBEAT_LIFETIME)
    return session.scalar(
        select(Run).where(*is_alive), execution_options={"populate_existing": True}
    )


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
