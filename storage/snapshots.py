"""The figures of one Page on one day (UTC), as Facebook reported them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from storage.installation import bump_data_version
from storage.models import Grant, PageGrant, Snapshot
from storage.upsert import Conflict, upsert

# The newest report of a day wins, except that what Facebook once reported for a day was so, and can
# never be asked for again: a newer report that lacks a figure leaves the day's figure in place.
NEWEST_REPORT = Conflict(unless_null=("fans_count", "followers_count"), newest_by="fetched_at")


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One Page, one day. A count is None where Facebook reported none; never zero for that."""

    page_id: str
    day: date
    fans_count: int | None
    followers_count: int | None
    source: str
    fetched_at: datetime
    graph_version: str | None


def upsert_snapshots(session: Session, rows: Iterable[SnapshotRow]) -> None:
    """Store snapshots of Pages that are stored already; the newest report of a day wins.

    A report fetched earlier than the one that is stored changes nothing, and a newer one that lacks
    a figure leaves the day's figure in place.
    """
    parameters = [
        {
            "page_id": row.page_id,
            "day": row.day,
            "fans_count": row.fans_count,
            "followers_count": row.followers_count,
            "source": row.source,
            "fetched_at": row.fetched_at,
            "graph_version": row.graph_version,
        }
        for row in rows
    ]
    upsert(session, Snapshot, parameters, NEWEST_REPORT)
    if parameters:
        bump_data_version(session)


def list_days(session: Session, *, since: date, until: date) -> list[date]:
    """Return the days from ``since`` to ``until``, both included, that have a snapshot."""
    query = select(Snapshot.day).where(Snapshot.day.between(since, until)).distinct()
    return list(session.scalars(query.order_by(Snapshot.day)))


def list_pages_without_snapshot(session: Session, day: date) -> list[str]:
    """Return the ids of the Pages that a sync could read and that have no snapshot of ``day``."""
    has_snapshot = exists().where(Snapshot.page_id == PageGrant.page_id, Snapshot.day == day)
    query = (
        select(PageGrant.page_id)
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(Grant.status == "ok", PageGrant.sealed_page_token.is_not(None), ~has_snapshot)
        .distinct()
        .order_by(PageGrant.page_id)
    )
    return list(session.scalars(query))
