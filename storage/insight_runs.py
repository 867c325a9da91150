"""Executions of fetching insights: one at a time, beside the place that a snapshot sync takes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.models import InsightRun
from storage.places import find_holder, hold_place, leave_place, take_place


def start_insight_run(
    session: Session, *, kind: str, pages_total: int, steps_total: int, now: datetime
) -> int:
    """Take the one place and return the run's id. Raises SyncRunning while another one lives."""
    return take_place(
        session,
        InsightRun,
        now,
        kind=kind,
        pages_total=pages_total,
        pages_failed=0,
        steps_total=steps_total,
        steps_done=0,
        values_count=0,
    )


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
    return hold_place(
        session,
        InsightRun,
        run_id,
        now,
        steps_total=steps_total,
        steps_done=steps_done,
        pages_failed=pages_failed,
        values_count=values_count,
    )


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
    return leave_place(
        session,
        InsightRun,
        run_id,
        now,
        status=status,
        limited_until=limited_until,
        reason_code=reason_code,
    )


def find_active_insight_run(session: Session, now: datetime) -> InsightRun | None:
    """Return the run under way; None also when its heart has stopped."""
    return find_holder(session, InsightRun, now)


def find_last_insight_run(session: Session) -> InsightRun | None:
    """Return the run that began last, whatever became of it."""
    query = select(InsightRun).order_by(InsightRun.id.desc()).limit(1)
    return session.scalar(query, execution_options={"populate_existing": True})


def count_insight_runs(session: Session, *, since: datetime) -> int:
    """Return how many runs began at ``since`` or later."""
    query = select(func.count()).select_from(InsightRun).where(InsightRun.started_at >= since)
    return session.scalar(query) or 0
