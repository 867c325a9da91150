"""Page moves: stores to which Pages Facebook gave another id, and finds both ids of a Page.

Facebook answers the old id of such a Page with code 21, which names the new one. The Page of the
new id is stored when an account that holds it is connected or renewed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session, aliased

from storage.accounts.pages import MAX_IDS
from storage.db.installation import bump_data_version
from storage.db.upsert import count_changed, upsert
from storage.jobs.events import record_event
from storage.models import Page, PageGrant, PageMove


@dataclass(frozen=True)
class MovedPage:
    """A Page that has another id now; ``new_name`` is None while that Page is not stored.

    ``taken_at``: when its history was taken along; None: it is still under the old id.
    """

    old_id: str
    old_name: str
    new_id: str
    new_name: str | None
    taken_at: datetime | None


def remember_move(session: Session, old_id: str, new_id: str, now: datetime) -> bool:
    """Store that Facebook gave a stored Page another id; False where that changes nothing.

    So it is for a Page whose history was taken along already, and for ids that lead in a circle.
    """
    if session.get(Page, old_id) is None:
        return False
    moves = {move.old_id: move.new_id for move in session.scalars(select(PageMove))}
    known = session.get(PageMove, old_id, populate_existing=True)
    if known is not None and (known.new_id == new_id or known.taken_at is not None):
        return False
    step: str | None = new_id
    while step is not None and step != old_id:
        step = moves.pop(step, None)
    if step == old_id:
        return False
    upsert(session, PageMove, [{"old_id": old_id, "new_id": new_id, "seen_at": now}])
    if known is None:
        record_event(session, "page_moved", {}, now, page_id=old_id)
    bump_data_version(session)
    return True


def forget_moves(session: Session, page_ids: Iterable[str]) -> None:
    """Forget moves of Pages that Facebook answers under their old id again.

    Those whose history was taken along stay.
    """
    moved = session.scalars(select(PageMove.old_id).where(PageMove.taken_at.is_(None))).all()
    answered = set(moved).intersection(page_ids) if moved else ()
    for page_id in answered:
        count_changed(session, delete(PageMove).where(PageMove.old_id == page_id))
    if answered:
        bump_data_version(session)


def list_missing(session: Session, grant_id: int, since: datetime, *, limit: int) -> list[str]:
    """Return the ids of Pages that an account's list lacks since a time or later, the newest first.

    Those that are archived, or known to have another id, are left out.
    """
    query = (
        select(PageGrant.page_id)
        .join(Page, Page.id == PageGrant.page_id)
        .where(
            PageGrant.grant_id == grant_id,
            PageGrant.status == "missing",
            PageGrant.status_at >= since,
            PageGrant.page_id.not_in(select(PageMove.old_id)),
            Page.archived_at.is_(None),
        )
        .order_by(PageGrant.status_at.desc(), PageGrant.page_id)
        .limit(limit)
    )
    return list(session.scalars(query))


def find_move(session: Session, old_id: str) -> MovedPage | None:
    """Return the move of a Page; None where Facebook gave it no other id."""
    return next(iter(_list(session, PageMove.old_id == old_id)), None)


def list_moves(session: Session, page_ids: Collection[str]) -> dict[str, MovedPage]:
    """Return the moves of at most MAX_IDS Pages, by their old id."""
    ids = list(page_ids)[:MAX_IDS]
    return {each.old_id: each for each in _list(session, PageMove.old_id.in_(ids))}


def list_moves_around(session: Session, page_id: str) -> list[MovedPage]:
    """Return the move of a Page, then the moves to it, the newest first."""
    moves = _list(session, or_(PageMove.old_id == page_id, PageMove.new_id == page_id))
    return sorted(moves, key=lambda each: each.old_id != page_id)


def list_other_ids(
    session: Session, page_ids: Collection[str], *, follows_history: bool = False
) -> set[str]:
    """Return the earlier ids of these Pages; each is stored.

    With ``follows_history`` also the ids to which their history was taken along, and the earlier
    ids of those.
    """
    moves = session.execute(select(PageMove.old_id, PageMove.new_id, PageMove.taken_at)).all()
    links = {(new, old) for old, new, _ in moves}
    if follows_history:
        links |= {(old, new) for old, new, taken_at in moves if taken_at is not None}
    ids = set(page_ids)
    while more := {other for id, other in links if id in ids and other not in ids}:
        ids |= more
    return ids.difference(page_ids)


def _list(session: Session, condition: ColumnElement[bool]) -> list[MovedPage]:
    old, new = aliased(Page), aliased(Page)
    query = (
        select(PageMove.old_id, old.name, PageMove.new_id, new.name, PageMove.taken_at)
        .join(old, old.id == PageMove.old_id)
        .outerjoin(new, new.id == PageMove.new_id)
        .where(condition)
        .order_by(PageMove.seen_at.desc(), PageMove.old_id)
    )
    return [MovedPage(*row) for row in session.execute(query)]
