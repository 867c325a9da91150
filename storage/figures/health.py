"""Health: loads the state of accounts and their Pages, and the age of the figures.

Archived Pages are left out: nobody has to do anything about them.

The screens decide what of it is a problem, and how it is worded.
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

# As in "Café Lindenhof, Optik Keller, Bäckerei Krone and 44 more".
NAMES_SHOWN = 3
# Statuses of a grant that reads its Pages, now or after a pause.
KEEPING = ("ok", "frozen")


@dataclass(frozen=True)
class NamedPages:
    """The number of some Pages, and their first NAMES_SHOWN names in order."""

    count: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class GrantHealth:
    """The Pages that depend on one account.

    ``pages``: the saved Pages of its newest list. ``usable_count``: the number of Pages for which
    it has a token, or had one until its key was lost. ``sole_held``: those of them that no other
    account reads, or could read after a pause; disconnecting this account ends their figures. Three
    groups have no token: ``missing`` (not in its newest list), ``no_access`` (none was sent) and
    ``role_lost`` (Facebook refuses the Page; only Pages that no other account reads, or could read
    after a pause). ``last_snapshot_at``: newest time at which a figure of its Pages was fetched,
    through any account; None: never.
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
    """The age of the figures."""

    last_refreshed_at: datetime | None  # when a figure was last fetched; None: never
    last_day: date | None  # the newest day with a snapshot up to today
    has_readable: bool  # some account could read a Page now


def find_grant_health(session: Session) -> dict[int, GrantHealth]:
    """Return the health of every account, also of disconnected ones, by the id of its grant."""
    pages = _pages_of_grants(session)
    fetched = _last_snapshots(session)
    return {
        grant_id: _grant_health(status, pages.get(grant_id, []), fetched.get(grant_id))
        for grant_id, status in session.execute(select(Grant.id, Grant.status))
    }


def get_freshness(session: Session, today: date) -> Freshness:
    """Return the age of the figures; ``today`` is a UTC day, and later snapshots are ignored."""
    newest = find_provenance(session, today)
    readable = select(Page.id).where(_is_read(), Page.archived_at.is_(None)).limit(1)
    return Freshness(
        last_refreshed_at=None if newest is None else newest.fetched_at,
        last_day=None if newest is None else newest.day,
        has_readable=session.scalar(readable) is not None,
    )


def count_cut_off(session: Session) -> int:
    """Return the number of Pages that no account reads until an ended grant is renewed."""
    waiting = connection_rank() == CONNECTION_STATES.index("needs_renewal")
    is_counted = Page.archived_at.is_(None)
    count = select(func.count()).select_from(Page).where(waiting, is_counted)
    return session.execute(count).scalar_one()


def list_role_lost(session: Session) -> dict[int, NamedPages]:
    """Return `GrantHealth.role_lost` by grant; grants without such Pages are absent."""
    # A literal, so that the partial index on this status is used.
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
        .where(Page.archived_at.is_(None))
        .order_by(Page.name_folded, Page.id)
    )
    names: dict[int, list[str]] = {}
    for grant_id, name in session.execute(statement):
        names.setdefault(grant_id, []).append(name)
    return {grant_id: _named(page_names) for grant_id, page_names in names.items()}


def count_connections(session: Session) -> dict[ConnectionState, int]:
    """Return the number of Pages in each state, best first; states without Pages are absent."""
    rank = connection_rank().label("rank")
    statement = select(rank, func.count(Page.id)).where(Page.archived_at.is_(None))
    statement = statement.group_by(rank).order_by(rank)
    return {CONNECTION_STATES[index]: count for index, count in session.execute(statement)}


class _HeldPage(NamedTuple):
    name: str
    status: str
    has_token: bool
    keepers_count: int  # accounts that read the Page, or could after a pause, including this one


def _pages_of_grants(session: Session) -> dict[int, list[_HeldPage]]:
    """Return the Pages of each grant, by name; one statement for all grants."""
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
        .where(Page.archived_at.is_(None))
        .order_by(Page.name_folded, Page.id)
    )
    held: dict[int, list[_HeldPage]] = {}
    for row in session.execute(statement):
        held.setdefault(row[0], []).append(_HeldPage._make(row[1:]))
    return held


def _last_snapshots(session: Session) -> dict[int, datetime]:
    """Return the newest time at which a figure was fetched, by grant."""
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
    # Of a grant whose encryption key is lost: the Pages that it had a token for.
    is_over = status == "needs_renewal"
    usable = [page for page in held if page.has_token or (is_over and page.status == "ok")]
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
    """Select whether some account could read a Page now."""
    return connection_rank() <= CONNECTION_STATES.index("works_in_part")
