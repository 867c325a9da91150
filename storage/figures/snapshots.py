"""Snapshots: stores Graph's reports on Pages, and figures by UTC day, each with its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, case, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from storage.accounts.archive import archived_ids
from storage.accounts.page_tokens import page_ids_of
from storage.accounts.pages import PageReport, list_page_names, upsert_pages
from storage.accounts.pictures import upsert_picture_sources
from storage.db.installation import bump_data_version
from storage.db.upsert import Conflict, count_changed, table_of, upsert
from storage.figures.unusual import judge
from storage.models import Grant, PageGrant, Snapshot

FROM_FACEBOOK = "snapshot"

# Of two reports on a day the newer one counts, for each figure on its own. A newer report without a
# figure does not erase it: Facebook can't be asked again for an earlier day. A report of Facebook
# counts before a file, even when it was fetched earlier.
_COUNTS = (
    "(excluded.{metric}_count IS NOT NULL AND (snapshots.{metric}_count IS NULL"
    " OR (excluded.{metric}_source = 'snapshot') > (snapshots.{metric}_source = 'snapshot')"
    " OR (excluded.{metric}_source = 'snapshot') = (snapshots.{metric}_source = 'snapshot')"
    " AND excluded.fetched_at >= snapshots.fetched_at))"
)
_IS_FILE = (
    "(coalesce({row}.fans_source, {row}.followers_source, 'snapshot') <> 'snapshot'"
    " AND coalesce({row}.followers_source, {row}.fans_source, 'snapshot') <> 'snapshot')"
)
_OLD_IS_FILE, _NEW_IS_FILE = (_IS_FILE.format(row=row) for row in ("snapshots", "excluded"))
_HAS_NONE = "({row}.fans_count IS NULL AND {row}.followers_count IS NULL)"
# Between a file and Facebook, a report without any figure does not count.
_COUNTS_AS_WHOLE = (
    f"CASE WHEN {_NEW_IS_FILE} = {_OLD_IS_FILE} THEN excluded.fetched_at >= snapshots.fetched_at"
    f" WHEN {_HAS_NONE.format(row='excluded')} THEN 1 = 0"
    f" WHEN {_HAS_NONE.format(row='snapshots')} THEN 1 = 1"
    f" ELSE {_OLD_IS_FILE} END"
)


def _if(condition: str, name: str) -> str:
    return f"CASE WHEN {condition} THEN excluded.{name} ELSE snapshots.{name} END"


NEWEST_REPORT = Conflict(
    special={
        f"{metric}_{part}": _if(_COUNTS.format(metric=metric), f"{metric}_{part}")
        for metric in ("fans", "followers")
        for part in ("count", "source")
    }
    | {name: _if(_COUNTS_AS_WHOLE, name) for name in ("fetched_at", "graph_version")}
)


def source_of_day(fans_source: str | None, followers_source: str | None) -> str:
    """Return the source that a screen names for a day: Facebook, if any figure is from Facebook.

    Also for a day without any figure, since files have no such days.
    """
    sources = {fans_source, followers_source} - {None, FROM_FACEBOOK}
    if len(sources) == 1 and FROM_FACEBOOK not in (fans_source, followers_source):
        return str(sources.pop())
    return FROM_FACEBOOK


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A report on one Page and day (UTC). A count is None when none was reported.

    ``source``: FROM_FACEBOOK, or "import:<id>" for a file.
    """

    page_id: str
    day: date
    fans_count: int | None
    followers_count: int | None
    source: str
    fetched_at: datetime
    graph_version: str | None


def upsert_snapshots(session: Session, rows: Iterable[SnapshotRow]) -> None:
    """Store reports on stored Pages, and judge again which of their days are unusual.

    Each figure of a day comes from the newest report that has it; Facebook counts before a file.
    """
    parameters: list[dict[str, Any]] = [
        {
            "page_id": row.page_id,
            "day": row.day,
            "fans_count": row.fans_count,
            "followers_count": row.followers_count,
            "fans_source": None if row.fans_count is None else row.source,
            "followers_source": None if row.followers_count is None else row.source,
            "fetched_at": row.fetched_at,
            "graph_version": row.graph_version,
        }
        for row in rows
    ]
    if not parameters:
        return
    # In the order of the primary key, an import of many days touches each page of the file once.
    parameters.sort(key=itemgetter("page_id", "day"))
    upsert(session, Snapshot, parameters, NEWEST_REPORT)
    days = [row["day"] for row in parameters]
    judge(session, {row["page_id"] for row in parameters}, min(days), max(days))
    bump_data_version(session)


def store_reports(
    session: Session, reports: Sequence[PageReport], fetched_at: datetime, graph_version: str | None
) -> None:
    """Store details, changes, picture links and figures of Pages.

    The figures become the snapshot of the UTC day of ``fetched_at``. A report of "basic" depth has
    no figures and makes no snapshot. A report of less than full depth changes neither details nor
    picture of a stored Page.
    """
    partial = [report.id for report in reports if report.depth != "full"]
    stored = list_page_names(session, partial)
    upsert_pages(
        session,
        [report for report in reports if report.id not in stored],
        fetched_at,
        graph_version=graph_version,
    )
    pictures = {report.id: report.picture_url for report in reports if report.depth == "full"}
    upsert_picture_sources(session, pictures, fetched_at)
    store_figures(session, reports, fetched_at, graph_version)


def store_figures(
    session: Session, reports: Sequence[PageReport], fetched_at: datetime, graph_version: str | None
) -> None:
    """Store only the figures of the reports; their Pages must be stored already."""
    upsert_snapshots(
        session,
        [
            SnapshotRow(
                page_id=report.id,
                day=fetched_at.date(),
                fans_count=report.fans_count,
                followers_count=report.followers_count,
                source=FROM_FACEBOOK,
                fetched_at=fetched_at,
                graph_version=graph_version,
            )
            for report in reports
            if report.depth != "basic"
        ],
    )


def delete_figures(session: Session, *, source: str) -> int:
    """Delete every figure with this source, and the snapshots left without any figure.

    Return the number of snapshots that lost a figure.
    """
    table = table_of(Snapshot)
    is_from = or_(table.c.fans_source == source, table.c.followers_source == source)
    days = session.execute(select(table.c.page_id, table.c.day).where(is_from)).all()
    if not days:
        return 0
    page_ids = {row.page_id for row in days}
    first, last = min(row.day for row in days), max(row.day for row in days)
    others = or_(table.c.fans_source != source, table.c.followers_source != source)
    count_changed(session, delete(table).where(is_from, ~others.is_(True)))
    values: dict[str, ColumnElement[Any]] = {}
    for metric in ("fans", "followers"):
        is_its = table.c[f"{metric}_source"].is_distinct_from(source)
        for name in (f"{metric}_count", f"{metric}_source"):
            values[name] = case((is_its, table.c[name]))
    count_changed(session, update(table).where(is_from).values(values))
    judge(session, page_ids, first, last)
    bump_data_version(session)
    return len(days)


def list_pages_with_snapshot(
    session: Session, day: date, since: datetime | None = None, *, held_by: int | None = None
) -> set[str]:
    """Return the ids of the Pages with a snapshot of ``day``, fetched at ``since`` or later.

    ``held_by``: only of those that this grant holds.
    """
    query = select(Snapshot.page_id).where(Snapshot.day == day)
    if since is not None:
        query = query.where(Snapshot.fetched_at >= since)
    if held_by is not None:
        query = query.where(Snapshot.page_id.in_(page_ids_of(held_by)))
    return set(session.scalars(query))


def list_pages_without_snapshot(session: Session, day: date) -> list[str]:
    """Return the ids of the readable Pages without a snapshot of ``day``, in order.

    An archived Page is not read.
    """
    has_snapshot = exists().where(Snapshot.page_id == PageGrant.page_id, Snapshot.day == day)
    query = (
        select(PageGrant.page_id)
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(Grant.status == "ok", PageGrant.sealed_page_token.is_not(None), ~has_snapshot)
        .where(PageGrant.page_id.not_in(archived_ids()))
        .distinct()
        .order_by(PageGrant.page_id)
    )
    return list(session.scalars(query))
