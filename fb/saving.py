"""Writes what an operator has seen and ticked: grant, Pages, page grants, today's snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from fb.listing import ListedPage, PageFields
from fb.preview import Preview
from fb.reading import Result
from storage.events import record_event
from storage.grants import GrantFacts, save_grant
from storage.installation import bump_data_version
from storage.pages import (
    PageGrantRow,
    PageRow,
    list_page_names,
    mark_missing,
    upsert_page_grants,
    upsert_pages,
)
from storage.pictures import upsert_picture_sources
from storage.snapshots import SnapshotRow, upsert_snapshots
from storage.vault import PURPOSE_PAGE_TOKEN, PURPOSE_USER_TOKEN, Vault


def save_result(
    session: Session,
    vault: Vault,
    result: Result,
    preview: Preview,
    page_ids: frozenset[str],
    now: datetime,
) -> dict[str, Any]:
    """Store the ticked Pages and their access; return the outcome in numbers.

    Pages that Facebook no longer lists, sends no access for, or that were unticked keep their
    history; what access this account still had to them is erased.
    """
    ticked = page_ids & {page.id for page in preview.usable}
    chosen = [page for page in result.listing.pages if page.fields.id in ticked]
    left_out = [page.id for page in preview.usable if page.id not in ticked]
    no_access = [page.id for page in preview.pages if page.usability == "cannot_be_used"]
    sealed = vault.seal(PURPOSE_USER_TOKEN, result.account_id, result.user_token)
    grant_id = save_grant(session, _grant_facts(result), sealed, now)
    describe_pages(session, [page.fields for page in chosen], result.graph_version, result.read_at)
    upsert_page_grants(
        session, grant_id, [_page_grant(vault, result.account_id, page) for page in chosen], now
    )
    mark_missing(session, grant_id, [page.id for page in preview.missing], now)
    mark_missing(session, grant_id, left_out, now, status="left_out")
    mark_missing(session, grant_id, no_access, now, status="no_access")
    upsert_snapshots(
        session,
        [
            snapshot_row(page.fields, result.read_at, result.graph_version)
            for page in chosen
            # With the basics alone nobody asked for figures: that is no snapshot without figures.
            if page.fields.depth != "basic"
        ],
    )
    upsert_picture_sources(
        session,
        {p.fields.id: picture_url(p.fields) for p in chosen if p.fields.depth == "full"},
        now,
    )
    outcome = {
        "account_name": result.account_name,
        "saved": len(chosen),
        "added": sum(page.state == "new" for page in preview.usable if page.id in ticked),
        "kept": sum(page.state == "kept" for page in preview.usable if page.id in ticked),
        "missing": len(preview.missing),
        "is_known_account": preview.is_known_account,
    }
    kind = "renewed" if preview.is_known_account else "connected"
    record_event(session, kind, result.account_name, outcome, now)
    bump_data_version(session)
    return outcome


def _grant_facts(result: Result) -> GrantFacts:
    return GrantFacts(
        account_id=result.account_id,
        account_name=result.account_name,
        granted=result.granted,
        declined=result.declined,
        issued_at=result.issued_at,
        expires_at=result.expires_at,
        data_access_expires_at=result.data_access_expires_at,
    )


def _page_grant(vault: Vault, account_id: str, page: ListedPage) -> PageGrantRow:
    assert page.access_token is not None  # only such Pages are usable
    owner = f"{account_id}/{page.fields.id}"
    return PageGrantRow(
        page_id=page.fields.id,
        tasks=page.tasks,
        sealed=vault.seal(PURPOSE_PAGE_TOKEN, owner, page.access_token),
        status="ok",
    )


def describe_pages(
    session: Session, described: Sequence[PageFields], graph_version: str | None, at: datetime
) -> None:
    """Store what Facebook says of Pages; what it refused to say leaves the last description be."""
    known = list_page_names(session, [f.id for f in described if f.depth != "full"])
    upsert_pages(session, [page_row(f, graph_version) for f in described if f.id not in known], at)


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
