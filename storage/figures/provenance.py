"""Provenance: finds the time and source of the newest figures, and the span of all snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.figures.snapshots import FROM_FACEBOOK
from storage.models import Snapshot


@dataclass(frozen=True)
class Provenance:
    """The origin of the snapshots of one day.

    ``fetched_at`` is their newest time. ``sources``: "snapshot" for Facebook, "import:<id>" for a
    file. Both tuples are sorted, without duplicates.
    """

    day: date
    fetched_at: datetime
    sources: tuple[str, ...]
    graph_versions: tuple[str, ...]


def find_span(session: Session) -> tuple[date, date] | None:
    """Return the first and last day with a snapshot of any Page; None without any."""
    # Two subqueries are two look-ups in the index; min and max in one SELECT would scan it.
    first, last = (
        select(day).scalar_subquery() for day in (func.min(Snapshot.day), func.max(Snapshot.day))
    )
    first_day, last_day = session.execute(select(first, last)).one()
    return None if first_day is None else (first_day, last_day)


def find_provenance(session: Session, until: date) -> Provenance | None:
    """Return the origin of the newest day with snapshots up to ``until``; None without any."""
    newest = select(func.max(Snapshot.day)).where(Snapshot.day <= until).scalar_subquery()
    kind = (Snapshot.fans_source, Snapshot.followers_source, Snapshot.graph_version)
    rows = session.execute(
        select(
            func.max(Snapshot.day).label("day"),
            func.max(Snapshot.fetched_at).label("fetched_at"),
            *kind,
        )
        .where(Snapshot.day == newest)
        .group_by(*kind)
    ).all()
    if not rows:
        return None
    sources = {
        source
        for row in rows
        # A day without any figure is a report of Facebook: a file has none.
        for source in {row.fans_source, row.followers_source} - {None} or {FROM_FACEBOOK}
    }
    return Provenance(
        rows[0].day,
        max(row.fetched_at for row in rows),
        tuple(sorted(sources)),
        tuple(sorted({row.graph_version for row in rows if row.graph_version})),
    )
