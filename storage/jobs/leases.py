"""Job lease: the right to work on one unit of a job for 60 s, renewed by a heartbeat.

A unit is whatever may be worked on once at a time: the whole run of a kind (`WHOLE_RUN`), or one
account within it. A process that dies stops renewing, and another one may take the unit.

Leases are compared by the database's own clock, so the clocks of several machines don't matter,
nor does the sandbox's, which jumps by days.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, literal_column, update
from sqlalchemy.orm import Session

from storage.db.upsert import count_changed, insert_into, table_of
from storage.models import JobLease

LEASE_SECONDS = 60
WHOLE_RUN = ""


def take_lease(session: Session, kind: str, unit: str, run_id: int) -> bool:
    """Take a unit for a run. False while a lease on it has not expired, whoever holds it."""
    table = table_of(JobLease)
    values = {"run_id": run_id, "expires_at": clock(session, LEASE_SECONDS)}
    statement = (
        insert_into(session, JobLease)
        .values(kind=kind, unit=unit, **values)
        .on_conflict_do_update(
            index_elements=["kind", "unit"],
            set_=values,
            where=table.c.expires_at < clock(session),
        )
        .returning(table.c.run_id)
    )
    return session.execute(statement).scalar_one_or_none() is not None


def renew_leases(session: Session, run_id: int) -> bool:
    """Prolong all leases of a run. False when it holds none any more: another run took its place.

    A lease that has expired without another taker is renewed too.
    """
    statement = update(JobLease).where(JobLease.run_id == run_id)
    return count_changed(session, statement.values(expires_at=clock(session, LEASE_SECONDS))) > 0


def release_leases(session: Session, run_id: int) -> None:
    """Give back all leases of a run."""
    count_changed(session, delete(JobLease).where(JobLease.run_id == run_id))


def clock(session: Session, plus_seconds: int = 0) -> ColumnElement[Any]:
    """Return an SQL expression: the database's present time, some seconds later.

    Not ``now()``: on PostgreSQL that is when the transaction began, and a writer may have waited
    for its turn since.
    """
    if session.get_bind().dialect.name == "sqlite":
        # As SQLAlchemy writes a time: UTC, with six digits of a second.
        return literal_column(
            f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '{plus_seconds:+d} seconds')"
        )
    return literal_column(f"clock_timestamp() + interval '{plus_seconds} seconds'")
