"""Whether everything still works: facts about accounts and about how fresh the figures are.

Facts only; which of them is trouble, and what is said about it, is for the screens to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from storage.connection_states import (
    CONNECTION_STATES,
    ConnectionState,
    connection_rank,
    is_readable,
)
from storage.models import Grant, Page, PageGrant, Snapshot
from storage.origins import find_origin

# Enough to say "Café Lindenhof, Optik Keller and 44 more".
NAMES_SHOWN = 3
# What a grant's status is while it reads its Pages, or would after a pause.
KEEPING = ("ok", "frozen")


@dataclass(frozen=True)
class NamedPages:
    """Some Pages: how many, and the first few names in order."""

    count: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class GrantHealth:
    """One account, and what hangs on it.

    ``pages``: the saved Pages of its newest list, whatever it may do there. ``usable_count``: how
    many of them it keeps a token for. ``sole_held``: of these, Pages that no other account reads,
    or could after a pause; disconnecting ends their figures. ``cut_off``: of these, Pages that no
    account can read at present; none while the grant works. ``missing``, ``no_access`` and
    ``role_lost``: Pages without a token from this account, since the newest list lacks them, since
    Facebook sent none, or since it refuses the Page now; of the last only those that no other
    account reads, or could after a pause. ``last_snapshot_at``: when a figure of any of its Pages
    was last fetched, through whichever account; None: never.
    """

    grant_id: int
    account_id: str
    account_name: str
    status: str  # ok · needs_renewal · frozen · disconnected
    status_at: datetime
    reason_code: int | None
    reason_subcode: int | None
    expires_at: datetime | None  # None: never, or Facebook did not say
    data_access_expires_at: datetime | None
    last_used_at: datetime | None
    pages: NamedPages
    usable_count: int
    sole_held: NamedPages
    cut_off: NamedPages
    missing: NamedPages
    no_access: NamedPages
    role_lost: NamedPages
    last_snapshot_at: datetime | None


@dataclass(frozen=True)
class Freshness:
    """How fresh the figures are.

    ``last_refreshed_at``: when a figure was last fetched; None: never. ``lacking_today``: Pages
    that an account could read now and that have no snapshot of today.
    """

    last_refreshed_at: datetime | None
    last_day: date | None  # the newest day with a snapshot up to today
    has_today: bool  # any Page has a snapshot of today
    readable_count: int  # Pages that an account could read now
    lacking_today: NamedPages


def list_grant_health(session: Session, *, with_last_snapshots: bool = True) -> list[GrantHealth]:
    """Every account, also a disconnected one, by name. Which is worst is for the screen to say.

    Without last snapshots ``last_snapshot_at`` is not looked up, which takes as long as all else
    with thousands of Pages: for whoever does not read it.
    """
    pages = _pages_of_grants(session)
    fetched = _last_snapshots(session) if with_last_snapshots else {}
    grants = session.execute(select(Grant).order_by(Grant.account_name, Grant.id)).scalars()
    return [
        _grant_health(grant, pages.get(grant.id, []), fetched.get(grant.id)) for grant in grants
    ]


def get_freshness(session: Session, today: date) -> Freshness:
    """How fresh the figures are on the UTC day ``today``."""
    newest = find_origin(session, today)
    last_day = None if newest is None else newest.day
    readable = select(PageGrant.page_id).join(Grant).where(is_readable())
    # As one set out of the covering index: a look-up for every Page takes four times as long.
    of_today = select(Snapshot.page_id).where(Snapshot.day == today)
    lacking = select(Page.name, func.count().over()).where(
        Page.id.in_(readable), Page.id.not_in(of_today)
    )
    found = session.execute(lacking.order_by(Page.name_folded, Page.id).limit(NAMES_SHOWN)).all()
    readable_count = select(func.count()).select_from(Page).where(Page.id.in_(readable))
    return Freshness(
        last_refreshed_at=None if newest is None else newest.fetched_at,
        last_day=last_day,
        has_today=last_day == today,
        readable_count=session.execute(readable_count).scalar_one(),
        lacking_today=NamedPages(found[0][1] if found else 0, tuple(name for name, _ in found)),
    )


def count_connections(session: Session) -> dict[ConnectionState, int]:
    """How many Pages are in each state, best first; states that no Page is in are absent."""
    ranks = select(connection_rank().label("rank")).select_from(Page).subquery()
    statement = select(ranks.c.rank, func.count()).group_by(ranks.c.rank).order_by(ranks.c.rank)
    return {CONNECTION_STATES[rank]: count for rank, count in session.execute(statement)}


class _HeldPage(NamedTuple):
    name: str
    status: str
    has_token: bool
    keepers_count: int  # accounts that read the Page or could after a pause, this one included
    readers_count: int  # of these, accounts that work now


def _pages_of_grants(session: Session) -> dict[int, list[_HeldPage]]:
    """What each account holds, in order of names: one scan for all accounts together."""
    has_token = PageGrant.sealed_page_token.is_not(None)
    is_kept = and_(has_token, Grant.status.in_(KEEPING))
    over_all = (
        select(
            PageGrant.page_id,
            func.count(case((is_kept, 1))).label("keepers_count"),
            func.count(case((is_readable(), 1))).label("readers_count"),
        )
        .join(Grant, Grant.id == PageGrant.grant_id)
        .group_by(PageGrant.page_id)
        .subquery()
    )
    statement = (
        select(
            PageGrant.grant_id,
            Page.name,
            PageGrant.status,
            has_token,
            over_all.c.keepers_count,
            over_all.c.readers_count,
        )
        .join(Page, Page.id == PageGrant.page_id)
        .join(over_all, over_all.c.page_id == PageGrant.page_id)
        .order_by(Page.name_folded, Page.id)
    )
    held: dict[int, list[_HeldPage]] = {}
    for row in session.execute(statement):
        held.setdefault(row[0], []).append(_HeldPage._make(row[1:]))
    return held


def _last_snapshots(session: Session) -> dict[int, datetime]:
    """When a figure was last fetched, by grant."""
    newest = (
        select(Snapshot.fetched_at)
        .where(Snapshot.page_id == PageGrant.page_id)
        .order_by(Snapshot.day.desc())
        .limit(1)
        .correlate(PageGrant)
        .scalar_subquery()
    )
    statement = select(PageGrant.grant_id, func.max(newest).label("fetched_at"))
    statement = statement.group_by(PageGrant.grant_id)
    return {row.grant_id: row.fetched_at for row in session.execute(statement)}


def _grant_health(
    grant: Grant, held: Sequence[_HeldPage], last_snapshot_at: datetime | None
) -> GrantHealth:
    usable = [page for page in held if page.has_token]
    itself = 1 if grant.status in KEEPING else 0
    return GrantHealth(
        grant_id=grant.id,
        account_id=grant.account_id,
        account_name=grant.account_name,
        status=grant.status,
        status_at=grant.status_at,
        reason_code=grant.reason_code,
        reason_subcode=grant.reason_subcode,
        expires_at=grant.expires_at,
        data_access_expires_at=grant.data_access_expires_at,
        last_used_at=grant.last_used_at,
        pages=_named(page for page in held if page.status not in ("missing", "left_out")),
        usable_count=len(usable),
        sole_held=_named(page for page in usable if page.keepers_count == itself),
        cut_off=_named(page for page in usable if page.readers_count == 0),
        missing=_named(page for page in held if page.status == "missing"),
        no_access=_named(page for page in held if page.status == "no_access"),
        role_lost=_named(
            page for page in held if page.status == "role_lost" and page.keepers_count == 0
        ),
        last_snapshot_at=last_snapshot_at,
    )


def _named(pages: Iterable[_HeldPage]) -> NamedPages:
    names = [page.name for page in pages]
    return NamedPages(len(names), tuple(names[:NAMES_SHOWN]))
