"""Where the newest figures of all Pages together come from: day, time, source and Graph version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.engine import remembered
from storage.models import Snapshot


@dataclass(frozen=True)
class Origin:
    """What is known about the snapshots of one day.

    ``fetched_at`` is the newest time of them. ``sources`` are as in `storage.models.Snapshot`;
    both tuples are sorted and without doubles.
    """

    day: date
    fetched_at: datetime
    sources: tuple[str, ...]
    graph_versions: tuple[str, ...]


def find_span(session: Session) -> tuple[date, date] | None:
    """The first and the last day with a snapshot of any Page; None before the first."""
    # As two look-ups in an index; asked for together both databases read all of it.
    first = select(func.min(Snapshot.day)).scalar_subquery()
    last = select(func.max(Snapshot.day)).scalar_subquery()
    found = session.execute(select(first, last)).one()
    return None if found[0] is None else (found[0], found[1])


def find_origin(session: Session, until: date) -> Origin | None:
    """Where the figures of the newest day up to ``until`` come from; None: there are none."""
    day = session.scalar(select(func.max(Snapshot.day)).where(Snapshot.day <= until))
    if day is None:
        return None
    known = remembered(session, "origins")
    if day not in known:
        known[day] = _origin_of(session, day)
    found: Origin = known[day]
    return found


def _origin_of(session: Session, day: date) -> Origin:
    kinds = (Snapshot.source, Snapshot.graph_version)
    statement = select(*kinds, func.max(Snapshot.fetched_at).label("at")).group_by(*kinds)
    rows = session.execute(statement.where(Snapshot.day == day)).all()
    return Origin(
        day,
        max(row.at for row in rows),
        tuple(sorted({row.source for row in rows})),
        tuple(sorted({row.graph_version for row in rows if row.graph_version})),
    )
