"""Reports: stores Graph's answers about Pages as details, picture links and snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from storage.accounts.pages import PageReport, list_page_names, upsert_pages
from storage.accounts.pictures import upsert_picture_sources
from storage.figures.snapshots import FROM_FACEBOOK, SnapshotRow, upsert_snapshots


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
