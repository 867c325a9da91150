"""Queue: counts the jobs that wait in Procrastinate's tables on PostgreSQL, and their workers.

Procrastinate alone writes to them; they stand in a schema of their own.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text, cast, column, func, select, table
from sqlalchemy.orm import Session

from storage.db.clock import clock, read_clock

QUEUE_SCHEMA = "pagekeeper_jobs"
# A process shows every 10 s that it lives.
DEAD_SECONDS = 30

_JOBS = table("procrastinate_jobs", column("id"), column("status"), schema=QUEUE_SCHEMA)
_EVENTS = table(
    "procrastinate_events", column("job_id"), column("type"), column("at"), schema=QUEUE_SCHEMA
)
_WORKERS = table("procrastinate_workers", column("last_heartbeat"), schema=QUEUE_SCHEMA)


def count_queue(session: Session) -> tuple[int, int, int, float, int]:
    """Return how many jobs wait, are being done and have failed, the age in seconds of the oldest
    that waits, and how many queues are served: each of a process counts.
    """
    status = cast(_JOBS.c.status, Text)
    by_status = select(status, func.count()).group_by(status)
    counts = {name: int(count) for name, count in session.execute(by_status)}
    oldest_at: datetime | None = session.scalar(
        select(func.min(_EVENTS.c.at))
        .join_from(_EVENTS, _JOBS, _JOBS.c.id == _EVENTS.c.job_id)
        .where(status == "todo", cast(_EVENTS.c.type, Text) == "deferred")
    )
    is_alive = _WORKERS.c.last_heartbeat > clock(session, -DEAD_SECONDS)
    age = 0.0 if oldest_at is None else (read_clock(session) - oldest_at).total_seconds()
    return (
        counts.get("todo", 0),
        counts.get("doing", 0),
        counts.get("failed", 0),
        max(age, 0.0),
        session.scalar(select(func.count()).select_from(_WORKERS).where(is_alive)) or 0,
    )
