"""Page search: finds every Page that is or was connected, or that Facebook only named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from storage.accounts.connection_states import ConnectionState
from storage.accounts.page_moves import MovedPage, list_moves
from storage.accounts.page_profile import PageHolder, list_holders
from storage.accounts.seen_pages import SeenKind
from storage.db.text import storable
from storage.figures.filters import MAX_SEARCH, name_conditions
from storage.models import Grant, Page, SeenPage
from storage.models.folding import fold


@dataclass(frozen=True)
class SeenBy:
    """The account whose last trip named a Page without giving access; ``kind`` as in `Sighting`."""

    grant_id: int
    account_name: str
    kind: SeenKind


@dataclass(frozen=True)
class FoundPage:
    """A Page with its accounts.

    ``connection`` is the best of ``holders``, which come best first; None: it was never saved.
    ``seen_by``: the accounts whose last trip only named it, the newest first. ``move``: to another
    id; None without one.
    """

    id: str
    name: str
    is_published: bool | None
    archived_at: datetime | None
    connection: ConnectionState | None
    holders: tuple[PageHolder, ...] = ()
    seen_by: tuple[SeenBy, ...] = ()
    move: MovedPage | None = None


def find_pages(session: Session, search: str, *, limit: int) -> list[FoundPage]:
    """Return the first ``limit`` Pages by name that match: archived and disconnected ones, too.

    The name contains every word of ``search``, in any order, or the id is ``search``. Empty for a
    search without a word.
    """
    words = name_conditions(search)
    if not words:
        return []
    page_id = storable(search.strip()[:MAX_SEARCH])
    statement = (
        select(Page.id, Page.name, Page.is_published, Page.archived_at)
        .where(or_(and_(*words), Page.id == page_id))
        .order_by(Page.name_folded, Page.id)
        .limit(limit)
    )
    rows = session.execute(statement).all()
    ids = [row.id for row in rows]
    holders, seen = list_holders(session, ids), _list_seen(session, SeenPage.page_id.in_(ids))
    moves = list_moves(session, ids)
    stored = [
        FoundPage(
            *row,
            connection=holders[row.id][0].connection if row.id in holders else "disconnected",
            holders=tuple(holders.get(row.id, ())),
            seen_by=seen[row.id].seen_by if row.id in seen else (),
            move=moves.get(row.id),
        )
        for row in rows
    ]
    is_found = or_(
        and_(*name_conditions(search, SeenPage.name_folded)), SeenPage.page_id == page_id
    )
    only_seen = _list_seen(session, is_found, SeenPage.page_id.not_in(select(Page.id)))
    found = sorted([*stored, *only_seen.values()], key=lambda page: (fold(page.name), page.id))
    return found[:limit]


def _list_seen(session: Session, *conditions: ColumnElement[bool]) -> dict[str, FoundPage]:
    """Return the Pages that Facebook only named, by id; the newest name counts."""
    statement = (
        select(SeenPage, Grant.account_name)
        .join(Grant, Grant.id == SeenPage.grant_id)
        .where(*conditions)
        .order_by(SeenPage.seen_at.desc(), SeenPage.grant_id)
    )
    pages: dict[str, FoundPage] = {}
    for seen, account_name in session.execute(statement):
        by = SeenBy(seen.grant_id, account_name, cast("SeenKind", seen.kind))
        page = pages.get(seen.page_id) or FoundPage(seen.page_id, seen.name, None, None, None)
        pages[seen.page_id] = replace(page, seen_by=(*page.seen_by, by))
    return pages
