"""Writes what an operator has seen and ticked: grant, Pages, page grants, today's snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from fb.found import Found
from fb.listing import PageFields
from fb.preview import Difference
from storage.grants import save_grant
from storage.jobs.events import record_event
from storage.page_changes import record_changes
from storage.pages import PageRow, list_page_names, mark_missing, upsert_pages
from storage.saving import save_staged
from storage.snapshots import SnapshotRow
from storage.staging import erase_staged
from storage.vault import Sealed


def save_found(
    session: Session,
    attempt_id: str,
    found: Found,
    sealed: Sealed,
    difference: Difference,
    page_ids: frozenset[str],
    now: datetime,
) -> dict[str, Any]:
    """Store the ticked Pages and their access; return the outcome in numbers.

    ``sealed`` is the user access token. Pages that Facebook no longer lists, sends no access for,
    or that were unticked keep their history; what access this account still had to them is erased.
    Nothing is staged afterwards.
    """
    ticked = [page for page in difference.usable if page.page_id in page_ids]
    left_out = [page.page_id for page in difference.usable if page.page_id not in page_ids]
    no_access = [page.page_id for page in difference.pages if not page.has_access]
    erase_staged(session, attempt_id, left_out)
    grant_id = save_grant(session, found.grant_facts, sealed, now)
    save_staged(
        session,
        attempt_id,
        grant_id,
        read_at=found.read_at,
        graph_version=found.graph_version,
        now=now,
    )
    if difference.is_known_account:
        mark_missing(session, grant_id, [page.id for page in difference.missing], now)
        mark_missing(session, grant_id, left_out, now, status="left_out")
        mark_missing(session, grant_id, no_access, now, status="no_access")
    erase_staged(session, attempt_id)
    kept_count = sum(page.is_known for page in ticked)
    outcome = {
        "account_name": found.account_name,
        "saved": len(ticked),
        "added": len(ticked) - kept_count,
        "kept": kept_count,
        "missing": len(difference.missing),
        "is_known_account": difference.is_known_account,
    }
    kind = "renewed" if difference.is_known_account else "connected"
    record_event(session, kind, found.account_name, outcome, now)
    return outcome


def describe_pages(
    session: Session, described: Sequence[PageFields], graph_version: str | None, at: datetime
) -> None:
    """Store what Facebook says of Pages; what it refused to say leaves the last description be."""
    known = list_page_names(session, [f.id for f in described if f.depth != "full"])
    rows = [page_row(f, graph_version) for f in described if f.id not in known]
    record_changes(session, map(vars, rows), at)
    upsert_pages(session, rows, at)


def page_row(fields: PageFields, graph_version: str | None) -> PageRow:
    """Return what Facebook says of a Page as the database keeps it."""
    return PageRow(
        id=fields.id,
        name=fields.name,
        category=fields.category,
        about=fields.about,
        website=fields.website,
        link=fields.link,
        username=fields.username,
        phone=fields.phone,
        emails=list(fields.emails) if fields.emails is not None else None,
        location=fields.location,
        verification_status=fields.verification_status,
        is_published=fields.is_published,
        is_new_page_experience=fields.is_new_page_experience,
        graph_version=graph_version,
    )


def snapshot_row(
    fields: PageFields, fetched_at: datetime, graph_version: str | None
) -> SnapshotRow:
    """Return the figures of a Page as the snapshot of the UTC day on which they were fetched."""
    return SnapshotRow(
        page_id=fields.id,
        day=fetched_at.date(),
        fans_count=fields.fan_count,
        followers_count=fields.followers_count,
        source="snapshot",
        fetched_at=fetched_at,
        graph_version=graph_version,
    )


def picture_url(fields: PageFields) -> str | None:
    """Return the link to a Page's picture; a silhouette says less than the Page's initial."""
    return None if fields.picture_is_silhouette else fields.picture_url
