"""Whether everything still works: facts about accounts and about how fresh the figures are.

Facts only; which of them is trouble, and what is said about it, is for the screens to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, exists, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from storage.accounts.connection_states import CONNECTION_STATES, ConnectionState, connection_rank
from storage.figures.provenance import find_provenance
from storage.models import Grant, Page, PageGrant, Snapshot

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
    """What hangs on one account.

    ``pages``: the saved Pages of its newest list, whatever it may do there. ``usable_count``: how
    many of them it keeps a token for. ``sole_held``: of these, Pages that no other account reads,
    or could after a pause; disconnecting ends their figures. ``missing``, ``no_access`` and
    ``role_lost``: Pages without a token from this account, since the newest list lacks them, since
    Facebook sent none, or since it refuses the Page now; of the last only those that no other
    account reads, or could after a pause. ``last_snapshot_at``: when a figure of any of its Pages
    was last fetched, through whichever account; None: never.
    """

    pages: NamedPages
    usable_count: int
    sole_held: NamedPages
    missing: NamedPages
    no_access: NamedPages
    role_lost: NamedPages
    last_snapshot_at: datetime | None


@dataclass(frozen=True)
class Freshness:
    """How fresh the figures are."""

    last_refreshed_at: datetime | None  # when a figure was last fetched; None: never
    last_day: date | None  # the newest day with a snapshot up to today
    has_readable: bool  # any Page could be read now, by some account


def find_grant_health(session: Session) -> dict[int, GrantHealth]:
    """What hangs on every account, also on a disconnected one, by the id of its grant."""
    pages = _pages_of_grants(session)
    fetched = _last_snapshots(session)
    return {
        grant_id: _grant_health(status, pages.get(grant_id, []), fetched.get(grant_id))
        for grant_id, status in session.execute(select(Grant.id, Grant.status))
    }


def get_freshness(session: Session, today: date) -> Freshness:
    """How fresh the figures are on the UTC day ``today``."""
    newest = find_provenance(session, today)
    readable = select(Page.id).where(_is_read()).limit(1)
    return Freshness(
        last_refreshed_at=None if newest is None else newest.fetched_at,
        last_day=None if newest is None else newest.day,
        has_readable=session.scalar(readable) is not None,
    )


def count_cut_off(session: Session, grant_id: int) -> int:
    """How many Pages wait for a grant that Facebook ended: no other account reads them now."""
    waiting = connection_rank() == CONNECTION_STATES.index("needs_renewal")
    pages = select(func.count()).select_from(Page).where(waiting)
    others = select(Grant.id).where(Grant.status == "needs_renewal", Grant.id != grant_id)
    if session.scalar(others.limit(1)) is not None:
        # Else every Page that waits waits for this one.
        is_held = and_(PageGrant.grant_id == grant_id, PageGrant.sealed_page_token.is_not(None))
        pages = pages.join(PageGrant, PageGrant.page_id == Page.id).where(is_held)
    return session.execute(pages).scalar_one()


def list_role_lost(session: Session) -> dict[int, NamedPages]:
    """`GrantHealth.role_lost` by grant, of the grants that have any."""
    # Spelled out, as the index has it, which holds these alone.
    other, other_grant = aliased(PageGrant), aliased(Grant)
    is_kept = exists().where(
        other.page_id == PageGrant.page_id,
        other.sealed_page_token.is_not(None),
        other_grant.id == other.grant_id,
        other_grant.status.in_(KEEPING),
    )
    statement = (
        select(PageGrant.grant_id, Page.name)
        .join(Page, Page.id == PageGrant.page_id)
        .where(PageGrant.status == literal_column("'role_lost'"), ~is_kept)
        .order_by(Page.name_folded, Page.id)
    )
    names: dict[int, list[str]] = {}
    for grant_id, name in session.execute(statement):
        names.setdefault(grant_id, []).append(name)
    return {grant_id: _named(found) for grant_id, found in names.items()}


def count_connections(session: Session) -> dict[ConnectionState, int]:
    """How many Pages are in each state, best first; states that no Page is in are absent."""
    rank = connection_rank().label("rank")
    statement = select(rank, func.count(Page.id)).group_by(rank).order_by(rank)
    return {CONNECTION_STATES[place]: count for place, count in session.execute(statement)}


class _HeldPage(NamedTuple):
    name: str
    status: str
    has_token: bool
    keepers_count: int  # accounts that read the Page or could after a pause, this one included


def _pages_of_grants(session: Session) -> dict[int, list[_HeldPage]]:
    """What each account holds, in order of names: one scan for all accounts together."""
    has_token = PageGrant.sealed_page_token.is_not(None)
    is_kept = and_(has_token, Grant.status.in_(KEEPING))
    over_all = (
        select(
            PageGrant.page_id,
            func.count(case((is_kept, 1))).label("keepers_count"),
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
    status: str, held: Sequence[_HeldPage], last_snapshot_at: datetime | None
) -> GrantHealth:
    usable = [page for page in held if page.has_token]
    itself = 1 if status in KEEPING else 0
    return GrantHealth(
        pages=_named(page.name for page in held if page.status not in ("missing", "left_out")),
        usable_count=len(usable),
        sole_held=_named(page.name for page in usable if page.keepers_count == itself),
        missing=_named(page.name for page in held if page.status == "missing"),
        no_access=_named(page.name for page in held if page.status == "no_access"),
        role_lost=_named(
            page.name for page in held if page.status == "role_lost" and page.keepers_count == 0
        ),
        last_snapshot_at=last_snapshot_at,
    )


def _named(names: Iterable[str]) -> NamedPages:
    every = list(names)
    return NamedPages(len(every), tuple(every[:NAMES_SHOWN]))


def _is_read() -> ColumnElement[bool]:
    """Whether an account could read a Page now."""
    return connection_rank() <= CONNECTION_STATES.index("works_in_part")
