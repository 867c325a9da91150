"""Job lease: the right to work on one unit of a job for 60 s, renewed by a heartbeat.

A unit is the whole run of a kind (`WHOLE_RUN`) or one account within it; one run at a time may work
on a unit. A process that dies stops renewing, and after 60 s another one may take the unit.

Leases are compared with the database's own clock: the clocks of several machines may differ, and
the sandbox's clock jumps by days.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, literal, select, update
from sqlalchemy.orm import Session

from storage.db.clock import clock
from storage.db.engine import WAITED
from storage.db.upsert import count_changed, insert_into, table_of
from storage.models import JobLease

LEASE_SECONDS = 60
WHOLE_RUN = ""


def take_lease(
    session: Session, kind: str, unit: str, run_id: int, holder: str | None = None
) -> bool:
    """Take the lease on a unit for a run. False while an unexpired lease on it exists.

    ``holder`` tells apart the processes that work on one run.

    A session that had to wait for the lock takes over no lease: a run that waited for the same
    lock could not renew its own, and does so next.
    """
    table = table_of(JobLease)
    is_expired = table.c.expires_at < clock(session)
    values = {
        "run_id": run_id,
        "holder": holder,
        "expires_at": clock(session, LEASE_SECONDS),
        "outcome": None,
    }
    statement = (
        insert_into(session, JobLease)
        .values(kind=kind, unit=unit, **values)
        .on_conflict_do_update(
            index_elements=["kind", "unit"],
            set_=values,
            where=and_(is_expired, literal(not session.info.get(WAITED))),
        )
        .returning(table.c.run_id)
    )
    return session.execute(statement).scalar_one_or_none() is not None


def renew_leases(
    session: Session, run_id: int, unit: str | None = None, holder: str | None = None
) -> bool:
    """Prolong the leases of a run by 60 s: all, or where each process has its own that on ``unit``
    alone, and only while it is that of ``holder``. False when there is none: another run has taken
    over, or another process.

    An expired lease is renewed too, unless another has taken it.
    """
    statement = update(JobLease).where(JobLease.run_id == run_id)
    if unit is not None:
        statement = statement.where(JobLease.unit == unit)
    if holder is not None:
        statement = statement.where(JobLease.holder == holder)
    return count_changed(session, statement.values(expires_at=clock(session, LEASE_SECONDS))) > 0


def end_unit(session: Session, run_id: int, unit: str, outcome: str) -> None:
    """Note how the work on a unit ended, for the process that has begun the run."""
    statement = update(JobLease).where(JobLease.run_id == run_id, JobLease.unit == unit)
    count_changed(session, statement.values(outcome=outcome))


@dataclass(frozen=True)
class UnitLease:
    """The lease on a unit. ``outcome`` is None while it is worked on; ``is_alive``: not expired."""

    unit: str
    is_alive: bool
    outcome: str | None


def list_unit_leases(session: Session, run_id: int) -> list[UnitLease]:
    """Return the leases of a run on its units, without that on the whole run."""
    leases = table_of(JobLease).c
    query = select(leases.unit, leases.expires_at >= clock(session), leases.outcome)
    is_of_a_unit = (leases.run_id == run_id, leases.unit != WHOLE_RUN)
    return [UnitLease(*row) for row in session.execute(query.where(*is_of_a_unit))]


def release_units(session: Session, run_id: int, units: Collection[str]) -> None:
    """Delete the leases of a run on some units."""
    is_of_them = (JobLease.run_id == run_id, JobLease.unit.in_(units))
    count_changed(session, delete(JobLease).where(*is_of_them))


def find_lease_end(session: Session, kind: str) -> datetime | None:
    """Return when the lease on the whole run of a kind ends or ended; None without one."""
    is_held = (JobLease.kind == kind, JobLease.unit == WHOLE_RUN)
    return session.scalar(select(JobLease.expires_at).where(*is_held))


def release_leases(session: Session, run_id: int) -> None:
    """Delete all leases of a run."""
    count_changed(session, delete(JobLease).where(JobLease.run_id == run_id))
