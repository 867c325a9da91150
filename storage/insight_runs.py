"""Executions of fetching insights: one at a time, beside the place that a snapshot sync takes.

As `storage.runs`: a run holds its place as long as its heart beats, and gives way to the next one
after HEARTBEAT_LIFETIME.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.errors import SyncRunning
from storage.installation import bump_data_version
from storage.models import InsightRun
from storage.runs import HEARTBEAT_LIFETIME
from storage.upsert import count_changed, insert_into, table_of


def start_insight_run(
    session: Session, *, kind: str, pages_total: int, steps_total: int, now: datetime
) -> int:
    """Take the one place and return the run's id. Raises SyncRunning while another one lives."""
    is_dead = (InsightRun.active == 1, InsightRun.heartbeat_at < now - HEARTBEAT_LIFETIME)
    count_changed(
        session,
        update(InsightRun)
        .where(*is_dead)
        .values(active=None, status="interrupted", finished_at=now),
    )
    statement = (
        insert_into(session, InsightRun)
        .values(
            kind=kind,
            started_at=now,
            heartbeat_at=now,
            active=1,
            status="running",
            pages_total=pages_total,
            pages_failed=0,
            steps_total=steps_total,
            steps_done=0,
            values_count=0,
        )
        .on_conflict_do_nothing(index_elements=["active"])
        .returning(table_of(InsightRun).c.id)
    )
    run_id: int | None = session.execute(statement).scalar_one_or_none()
    if run_id is None:
        raise SyncRunning(session.scalar(select(InsightRun.id).where(InsightRun.active == 1)))
    return run_id


def beat_insight_run(
    session: Session,
    run_id: int,
    *,
    steps_total: int,
    steps_done: int,
    pages_failed: int,
    values_count: int,
    now: datetime,
) -> bool:
    """Show that a run is alive, and how far. False when another one has taken its place."""
    statement = update(InsightRun).where(InsightRun.id == run_id, InsightRun.active == 1)
    changes = {
        "heartbeat_at": now,
        "steps_total": steps_total,
        "steps_done": steps_done,
        "pages_failed": pages_failed,
        "values_count": values_count,
    }
    return count_changed(session, statement.values(changes)) == 1


def finish_insight_run(
    session: Session,
    run_id: int,
    *,
    status: str,
    now: datetime,
    limited_until: datetime | None = None,
    reason_code: int | None = None,
) -> bool:
    """End a run and free its place. False when another one had taken it: then it stays so."""
    statement = update(InsightRun).where(InsightRun.id == run_id, InsightRun.active == 1)
    ended = count_changed(
        session,
        statement.values(
            status=status,
            active=None,
            heartbeat_at=now,
            finished_at=now,
            limited_until=limited_until,
            reason_code=reason_code,
        ),
    )
    bump_data_version(session)
    return ended == 1


def find_active_insight_run(session: Session, now: datetime) -> InsightRun | None:
    """Return the run under way; None also when its heart has stopped."""
    is_alive = (InsightRun.active == 1, InsightRun.heartbeat_at >= now - HEARTBEAT_LIFETIME)
    return session.scalar(
        select(InsightRun).where(*is_alive), execution_options={"populate_existing": True}
    )


def find_last_insight_run(session: Session) -> InsightRun | None:
    """Return the run that began last, whatever became of it."""
    query = select(InsightRun).order_by(InsightRun.id.desc()).limit(1)
    return session.scalar(query, execution_options={"populate_existing": True})


def count_insight_runs(session: Session, *, since: datetime) -> int:
    """Return how many runs began at ``since`` or later."""
    query = select(func.count()).select_from(InsightRun).where(InsightRun.started_at >= since)
    return session.scalar(query) or 0
