"""Provenance: from when and from where the figures of the newest day are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.figures.snapshots import FROM_FACEBOOK
from storage.models import Snapshot


@dataclass(frozen=True)
class Provenance:
    """What is known about the snapshots of one day.

    ``fetched_at`` is the newest time of them. ``sources``: "snapshot" for Facebook, "import:<id>"
    for a file; both tuples are sorted and without doubles.
    """

    day: date
    fetched_at: datetime
    sources: tuple[str, ...]
    graph_versions: tuple[str, ...]


def find_span(session: Session) -> tuple[date, date] | None:
    """The first and the last day with a snapshot of any Page; None before the first."""
    # Two look-ups in an index; asked for together they would read all of it.
    first, last = (
        select(day).scalar_subquery() for day in (func.min(Snapshot.day), func.max(Snapshot.day))
    )
    first_day, last_day = session.execute(select(first, last)).one()
    return None if first_day is None else (first_day, last_day)


def find_provenance(session: Session, until: date) -> Provenance | None:
    """Where the figures of the newest day up to ``until`` come from; None: there are none."""
    newest = select(func.max(Snapshot.day)).where(Snapshot.day <= until).scalar_subquery()
    kind = (Snapshot.fans_source, Snapshot.followers_source, Snapshot.graph_version)
    rows = session.execute(
        select(Snapshot.day, func.max(Snapshot.fetched_at).label("fetched_at"), *kind)
        .where(Snapshot.day == newest)
        .group_by(Snapshot.day, *kind)
    ).all()
    if not rows:
        return None
    sources = {
        source
        for row in rows
        # Only Facebook reports a day without any figure.
        for source in {row.fans_source, row.followers_source} - {None} or {FROM_FACEBOOK}
    }
    return Provenance(
        rows[0].day,
        max(row.fetched_at for row in rows),
        tuple(sorted(sources)),
        tuple(sorted({row.graph_version for row in rows if row.graph_version})),
    )
