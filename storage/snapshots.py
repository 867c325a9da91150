"""The figures of one Page on one day (UTC), as Facebook reported them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter

import numpy as np
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from storage import columns, marks, origins
from storage.arrays import Positions
from storage.chosen import Chosen, chosen_by_id
from storage.installation import bump_data_version
from storage.models import Grant, PageGrant, Snapshot
from storage.stored_figures import iterate_windows, list_stored_figures
from storage.upsert import Conflict, table_of, upsert

# The newest report of a day wins, except that what Facebook once reported for a day was so, and can
# never be asked for again: a newer report that lacks a figure leaves the day's figure in place.
# Before an operator's file Facebook's own report counts, also one that was on its way meanwhile.
NEWEST_REPORT = Conflict(
    unless_null=("fans_count", "followers_count"),
    newest_by="fetched_at",
    always_when="snapshots.source <> 'snapshot' AND excluded.source = 'snapshot'",
)


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
    every = list(rows)
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
        for row in every
    ]
    # As both databases keep them: an import of many days touches a place in the file once.
    parameters.sort(key=itemgetter("page_id", "day"))
    if parameters:
        chosen = chosen_by_id(session, {row.page_id for row in every})
        with keeping(session, chosen, {row.day for row in every}):
            upsert(session, Snapshot, parameters, NEWEST_REPORT)
        bump_data_version(session)


@contextmanager
def keeping(session: Session, chosen: Chosen, days: Collection[date]) -> Iterator[None]:
    """Let what is kept of all Pages together follow what is written within to these snapshots.

    It is read back from what is stored then, so the two can't drift apart whatever the change was.
    """
    before = origins.look(session, chosen, days)
    yield
    columns.assign_positions(session)
    positions, after = _follow(session, chosen, days)
    marks.remark(session, positions, days)
    origins.keep_origins(session, before, after)


def rebuild_columns(session: Session) -> None:
    """Make anew what is kept of all Pages together: after a bulk load, or a migration."""
    columns.clear(session)
    origins.clear(session)
    columns.assign_positions(session)
    days = list(session.scalars(select(Snapshot.day).distinct().order_by(Snapshot.day)))
    positions, found = _follow(session, Chosen("SELECT id AS page_id FROM pages"), days)
    marks.remark(session, positions, days)
    origins.keep_origins(session, {}, found)


def _follow(
    session: Session, chosen: Chosen, days: Collection[date]
) -> tuple[Positions, origins.Look]:
    """Bring the columns up to date; return whose, and where the snapshots come from."""
    positions, seen = [np.empty(0, np.int64)], {}
    for first, last in iterate_windows(days):
        found = list_stored_figures(session, chosen, first, last)
        positions.append(columns.refresh(session, chosen, first, last, found))
        seen.update({each.kind: each.fetched_at for each in found})
    return np.unique(np.concatenate(positions)), seen


def delete_snapshots(session: Session, *, source: str) -> int:
    """Delete every snapshot that came from ``source``; return how many there were."""
    of_source = Snapshot.source == source
    found = session.execute(select(Snapshot.page_id, Snapshot.day).where(of_source)).all()
    if not found:
        return 0
    session.execute(delete(table_of(Snapshot)).where(of_source))
    page_ids, days = {row.page_id for row in found}, {row.day for row in found}
    chosen = chosen_by_id(session, page_ids)
    positions = columns.forget(session, chosen, days)
    _follow(session, chosen, days)
    marks.remark(session, positions, days)
    origins.forget_origin(session, source)
    bump_data_version(session)
    return len(found)


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
