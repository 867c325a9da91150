"""Page profile: loads one Page's details, the accounts that hold it, and its span of figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from storage.accounts.connection_states import CONNECTION_STATES, ConnectionState, grant_rank
from storage.accounts.pages import PageDetails, read_details
from storage.db.text import storable
from storage.models import Grant, Page, PageGrant, Picture, Snapshot


@dataclass(frozen=True)
class PageHolder:
    """An account that holds or held the Page, and the state of the Page's connection through it.

    ``status`` is the page grant's (ok, no_access, missing, left_out, role_lost), ``grant_status``
    the account's (ok, needs_renewal, frozen, disconnected), each with Graph's code. ``tasks`` are
    the account's tasks on the Page, as Facebook names them.
    """

    grant_id: int
    account_id: str
    account_name: str
    connection: ConnectionState
    status: str
    status_at: datetime
    reason_code: int | None
    reason_subcode: int | None
    grant_status: str
    grant_reason_code: int | None
    grant_reason_subcode: int | None
    tasks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PageProfile(PageDetails):
    """A Page as Facebook described it at ``described_at``, with its connection and figures.

    ``connection`` is the best of ``holders``, which come best first; without any it is
    "disconnected". ``first_day`` and ``last_day`` are of its figures; None without any.
    """

    first_seen_at: datetime
    described_at: datetime
    graph_version: str | None
    connection: ConnectionState
    holders: tuple[PageHolder, ...]
    first_day: date | None
    last_day: date | None
    picture_etag: str | None  # None: no picture is stored
    archived_at: datetime | None = None


def find_page_profile(session: Session, page_id: str) -> PageProfile | None:
    """Return a Page's profile; None when the Page is not stored."""
    if storable(page_id) != page_id:  # a URL may carry text that the database refuses
        return None
    page = session.get(Page, page_id, populate_existing=True)
    if page is None:
        return None
    holders = list_holders(session, [page_id]).get(page_id, [])
    has_figure = or_(Snapshot.fans_count.is_not(None), Snapshot.followers_count.is_not(None))
    days = select(func.min(Snapshot.day), func.max(Snapshot.day))
    first_day, last_day = session.execute(days.where(Snapshot.page_id == page_id, has_figure)).one()
    etag = select(Picture.etag).where(Picture.page_id == page_id)
    return PageProfile(
        **read_details(page),
        first_seen_at=page.first_seen_at,
        described_at=page.described_at,
        graph_version=page.graph_version,
        connection=holders[0].connection if holders else "disconnected",
        holders=tuple(holders),
        first_day=first_day,
        last_day=last_day,
        picture_etag=session.execute(etag).scalar_one_or_none(),
        archived_at=page.archived_at,
    )


def list_holders(session: Session, page_ids: Sequence[str]) -> dict[str, list[PageHolder]]:
    """Return the accounts of Pages: best connection first, of equal ones the one renewed last.

    Pages without any are absent.
    """
    rank = grant_rank()
    statement = (
        select(PageGrant, Grant, rank.label("rank"))
        .join(Grant, Grant.id == PageGrant.grant_id)
        .join(Page, Page.id == PageGrant.page_id)
        .where(PageGrant.page_id.in_(page_ids))
        .order_by(rank, Grant.renewed_at.desc(), Grant.id)
    )
    holders: dict[str, list[PageHolder]] = {}
    for held, grant, best in session.execute(statement):
        holder = PageHolder(
            grant_id=grant.id,
            account_id=grant.account_id,
            account_name=grant.account_name,
            connection=CONNECTION_STATES[best],
            status=held.status,
            status_at=held.status_at,
            reason_code=held.reason_code,
            reason_subcode=held.reason_subcode,
            grant_status=grant.status,
            grant_reason_code=grant.reason_code,
            grant_reason_subcode=grant.reason_subcode,
            tasks=tuple(held.tasks),
        )
        holders.setdefault(held.page_id, []).append(holder)
    return holders
