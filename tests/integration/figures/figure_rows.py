"""Pages with the figures and holders that a test of the read queries needs, in one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from storage.figures.snapshots import SnapshotRow, upsert_snapshots
from storage.models import Grant, Page, PageGrant
from tests.present import TODAY

# Day 0 of every test; day -1 is the one before.
ORIGIN = TODAY - timedelta(days=21)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def day(number: int) -> date:
    """The day with this number."""
    return ORIGIN + timedelta(days=number)


def fetched_at(number: int) -> datetime:
    """When the snapshot of that day was fetched."""
    return datetime.combine(day(number), time(6, 5), tzinfo=UTC)


def add_page(
    session: Session,
    page_id: str,
    fans: Mapping[int, int | None] | None = None,
    followers: Mapping[int, int | None] | None = None,
    *,
    name: str | None = None,
    first_seen_at: datetime = LONG_AGO,
    **facts: Any,
) -> None:
    """A Page and its snapshots; see `list_snapshots`."""
    values = {"name": name or f"Page {page_id}", "described_at": LONG_AGO, **facts}
    session.execute(insert(Page).values(id=page_id, first_seen_at=first_seen_at, **values))
    upsert_snapshots(session, list_snapshots(page_id, fans, followers))


def list_snapshots(
    page_id: str,
    fans: Mapping[int, int | None] | None = None,
    followers: Mapping[int, int | None] | None = None,
) -> list[SnapshotRow]:
    """Snapshots of a Page: a day that stands in either mapping has one."""
    fans, followers = fans or {}, followers or {}
    return [
        SnapshotRow(
            page_id=page_id,
            day=day(number),
            fans_count=fans.get(number),
            followers_count=followers.get(number),
            source="snapshot",
            fetched_at=fetched_at(number),
            graph_version="v26.0",
        )
        for number in sorted({*fans, *followers})
    ]


def add_grant(session: Session, account_id: str, status: str = "ok", **facts: Any) -> int:
    """An account; returns the id of its grant."""
    has_token = status != "disconnected"
    values = {
        "account_name": f"Account {account_id}",
        "sealed_user_token": "sealed" if has_token else None,
        "key_id": "key" if has_token else None,
        "granted_permissions": [],
        "declined_permissions": [],
        "status_at": LONG_AGO,
        "created_at": LONG_AGO,
        "renewed_at": LONG_AGO,
        **facts,
    }
    statement = insert(Grant).values(account_id=account_id, status=status, **values)
    return session.execute(statement.returning(Grant.id)).scalar_one()


def hold(
    session: Session,
    grant_id: int,
    page_id: str,
    status: str = "ok",
    *,
    tasks: Sequence[str] = ("ANALYZE",),
    has_token: bool | None = None,
) -> None:
    """What a grant may do on a Page; with a token exactly when the status is ok, unless said."""
    keeps = status == "ok" if has_token is None else has_token
    session.execute(
        insert(PageGrant).values(
            page_id=page_id,
            grant_id=grant_id,
            tasks=list(tasks),
            sealed_page_token="sealed" if keeps else None,
            key_id="key" if keeps else None,
            status=status,
            status_at=LONG_AGO,
            granted_at=LONG_AGO,
        )
    )
