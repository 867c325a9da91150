"""The one place that a run of a kind takes: held as long as its heart beats, by one at a time.

The unique column ``active`` decides between two that start at once; a run whose process died gives
way to the next one after HEARTBEAT_LIFETIME.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storage.errors import SyncRunning
from storage.installation import bump_data_version
from storage.models import InsightRun, Run
from storage.upsert import count_changed, insert_into, table_of

HEARTBEAT_LIFETIME = timedelta(seconds=60)

AnyRun = TypeVar("AnyRun", Run, InsightRun)


def take_place(session: Session, model: type[AnyRun], now: datetime, **columns: Any) -> int:
    """Begin a run with these columns and return its id.

    One without a heartbeat for HEARTBEAT_LIFETIME is marked "interrupted" and gives way. Raises
    SyncRunning while another one lives.
    """
    is_dead = (model.active == 1, model.heartbeat_at < now - HEARTBEAT_LIFETIME)
    interrupted = {"active": None, "status": "interrupted", "finished_at": now}
    count_changed(session, update(model).where(*is_dead).values(interrupted))
    statement = (
        insert_into(session, model)
        .values(started_at=now, heartbeat_at=now, active=1, status="running", **columns)
        .on_conflict_do_nothing(index_elements=["active"])
        .returning(table_of(model).c.id)
    )
    run_id: int | None = session.execute(statement).scalar_one_or_none()
    if run_id is None:
        raise SyncRunning(session.scalar(select(model.id).where(model.active == 1)))
    return run_id


def hold_place(
    session: Session, model: type[AnyRun], run_id: int, now: datetime, **columns: Any
) -> bool:
    """Show that a run is alive, and how far. False when another one has taken its place."""
    statement = update(model).where(model.id == run_id, model.active == 1)
    return count_changed(session, statement.values(heartbeat_at=now, **columns)) == 1


def leave_place(
    session: Session, model: type[AnyRun], run_id: int, now: datetime, **columns: Any
) -> bool:
    """End a run and free its place. False when another one had taken it: then it stays so."""
    ended = hold_place(session, model, run_id, now, active=None, finished_at=now, **columns)
    bump_data_version(session)
    return ended


def find_holder(session: Session, model: type[AnyRun], now: datetime) -> AnyRun | None:
    """Return the run under way; None also when its heart has stopped."""
    is_alive = (model.active == 1, model.heartbeat_at >= now - HEARTBEAT_LIFETIME)
    return session.scalar(
        select(model).where(*is_alive), execution_options={"populate_existing": True}
    )
