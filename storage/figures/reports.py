"""Reports: stores what Graph answered about Pages, their details and the figures of the day."""

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
    """Store what Graph answered about Pages: details, changes, picture links, the day's figures.

    The figures become the snapshot of the UTC day of ``fetched_at``; with the basics alone nobody
    asked for figures, and that is no snapshot without figures. An answer of less than full depth
    leaves details and picture as they are, unless the Page is new.
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
    """Store nothing of the answers but the day's figures, of Pages that are stored already."""
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
