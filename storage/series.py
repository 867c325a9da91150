"""One Page's figures day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import Snapshot


@dataclass(frozen=True)
class DayFigure:
    """One snapshot as it is stored. Counts are None where Facebook reported none; 0 is 0."""

    day: date
    fans: int | None
    followers: int | None
    source: str
    fetched_at: datetime
    graph_version: str | None


def get_page_series(session: Session, page_id: str, *, since: date, until: date) -> list[DayFigure]:
    """The snapshots of `since` to `until`, both included, oldest first; missing days are absent."""
    statement = (
        select(
            Snapshot.day,
            Snapshot.fans_count,
            Snapshot.followers_count,
            Snapshot.source,
            Snapshot.fetched_at,
            Snapshot.graph_version,
        )
        .where(Snapshot.page_id == page_id, Snapshot.day.between(since, until))
        .order_by(Snapshot.day)
    )
    return [DayFigure(*row) for row in session.execute(statement)]
