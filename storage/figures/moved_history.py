"""Moved history: takes the history of a Page along to its new id, and undoes that.

Rows change their Page, and nothing is written over: where the new id has the same day, goal, tag or
allowance, its own stays, and that of the old id is kept under the old id. The keys of the rows that
went are stored, so undoing moves exactly these back.

What goes, and what does not:

    snapshots, insight_values    figures go with their sources, so an import can still be undone
    page_changes, page_tags      go; so does what tags bring: notes and allowances of a tag
    notes, goals                 go
    posts                        go with their checkpoints and keep their ids, which begin with the
                                 old one; a post of the same second at the new id is the same post
    token_allowances             go: the program works for the same Page
    unusual_days                 are judged again for both
    archived_at                  the old Page is archived, the new one stays as it is
    page_grants, pictures        stay: they are of one id at Facebook
    insight_spans, _states,
    post_states                  stay: they tell what was requested under one id
    token_handouts, job_failures, events      stay: they tell what happened under one id
    saved_views                  name no Page
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from storage.accounts.page_moves import MovedPage, find_move
from storage.db.installation import bump_data_version
from storage.db.upsert import count_changed, table_of
from storage.figures.unusual import judge
from storage.jobs.events import record_event
from storage.models import (
    Base,
    Goal,
    InsightValue,
    Note,
    Page,
    PageChange,
    PageMove,
    PageTag,
    Post,
    Snapshot,
    TokenAllowance,
)
from storage.people.person import Person, require

A_DAY = timedelta(days=1)
Key = tuple[Any, ...]


@dataclass(frozen=True)
class _History:
    """A table whose rows go along.

    ``key``: the columns that name a row of one Page; where the last is "day", days without a gap
    are stored as one. ``unique``: the columns in which no row of one id may equal a row of the
    other.
    """

    model: type[Base]
    key: tuple[str, ...]
    unique: tuple[str, ...]

    @property
    def name(self) -> str:
        return str(self.model.__tablename__)


_HISTORIES = (
    _History(Snapshot, ("day",), ("day",)),
    _History(InsightValue, ("metric", "day"), ("metric", "day")),
    _History(PageChange, ("field", "changed_at"), ("field", "changed_at")),
    _History(PageTag, ("tag_id",), ("tag_id",)),
    _History(Note, ("id",), ("id",)),
    _History(Goal, ("metric",), ("metric",)),
    _History(Post, ("id",), ("published_at",)),
    _History(TokenAllowance, ("id",), ("consumer", "permission")),
)


@dataclass(frozen=True)
class MovePlan:
    """What taking a Page's history along moves now, and how much of each stays with the old id.

    By table: the number of rows that go, and of those that stay since the new id has its own.
    """

    page: MovedPage
    goes: Mapping[str, int]
    stays: Mapping[str, int]


def plan_move(session: Session, old_id: str) -> MovePlan | None:
    """Return what taking a Page's history along would do; stores nothing.

    None when the Page has not moved, was taken along already, or its new id is not stored yet.
    """
    page = find_move(session, old_id)
    if page is None or page.taken_at is not None or page.new_name is None:
        return None
    goes: dict[str, int] = {}
    stays: dict[str, int] = {}
    for history in _HISTORIES:
        keys, moving = _find_moving(session, history, old_id, page.new_id)
        goes[history.name], stays[history.name] = len(moving), len(keys) - len(moving)
    return MovePlan(page, goes, stays)


def take_along(session: Session, old_id: str, now: datetime, *, by: Person) -> int | None:
    """Move a Page's history to its new id, and archive the old one; return its days of figures.

    None, and nothing changes, where `plan_move` returns None, and where the new id has itself moved
    on. A run may be active: what it still stores for either id stays with that id.
    """
    require(session, by, "operator")
    new_id = session.scalar(select(PageMove.new_id).where(PageMove.old_id == old_id))
    if new_id is None or _is_taken(session, new_id):
        return None
    was_archived_at = select(Page.archived_at).where(Page.id == old_id).scalar_subquery()
    claim = update(PageMove).where(
        PageMove.old_id == old_id,
        PageMove.taken_at.is_(None),
        PageMove.new_id.in_(select(Page.id)),
    )
    if not count_changed(session, claim.values(taken_at=now, was_archived_at=was_archived_at)):
        return None
    moved = {each.name: _move(session, each, old_id, new_id) for each in _HISTORIES}
    taken = {name: _pack(keys) for name, keys in moved.items() if keys}
    of_move = update(PageMove).where(PageMove.old_id == old_id)
    count_changed(session, of_move.values(taken=taken))
    archive = update(Page).where(Page.id == old_id)
    count_changed(session, archive.values(archived_at=func.coalesce(Page.archived_at, now)))
    return _finish(session, "history_taken_along", (old_id, new_id), moved, now, by)


def undo_move(session: Session, old_id: str, now: datetime, *, by: Person) -> int | None:
    """Move the history that was taken along back to the old id; return its days of figures.

    What the new id got since then stays with it. The old Page is archived only if it was before.
    None, and nothing changes, when nothing was taken along, or when it went on to a third id: that
    has to be undone first.
    """
    require(session, by, "operator")
    move = session.get(PageMove, old_id, populate_existing=True)
    if move is None or _is_taken(session, move.new_id):
        return None
    new_id, taken = move.new_id, move.taken or {}
    was_archived_at = select(PageMove.was_archived_at).where(PageMove.old_id == old_id)
    bring_back = update(Page).where(Page.id == old_id)
    is_taken = update(PageMove).where(PageMove.old_id == old_id, PageMove.taken_at.is_not(None))
    if not count_changed(session, is_taken.values(taken_at=None, taken=None)):
        return None
    count_changed(session, bring_back.values(archived_at=was_archived_at.scalar_subquery()))
    moved = {
        each.name: _move(session, each, new_id, old_id, only=_unpack(each, taken.get(each.name)))
        for each in _HISTORIES
    }
    return _finish(session, "history_move_undone", (new_id, old_id), moved, now, by)


def _is_taken(session: Session, page_id: str) -> bool:
    is_taken = (PageMove.old_id == page_id, PageMove.taken_at.is_not(None))
    return session.scalar(select(PageMove.old_id).where(*is_taken)) is not None


def _finish(
    session: Session,
    kind: str,
    page_ids: tuple[str, str],
    moved: Mapping[str, Collection[Key]],
    now: datetime,
    by: Person,
) -> int:
    """Judge the days of both Pages again and record the event; return the days of figures."""
    days: list[date] = [key[0] for key in moved[Snapshot.__tablename__]]
    if days:
        judge(session, page_ids, min(days), max(days))
    record_event(session, kind, {"days": len(days)}, now, by=by, page_id=page_ids[1])
    bump_data_version(session)
    return len(days)


def _find_moving(
    session: Session, history: _History, from_id: str, to_id: str
) -> tuple[set[Key], set[Key]]:
    """Return the keys of a Page's rows, and those of them that another Page has no equal of."""
    table = table_of(history.model).c
    columns = [table[name] for name in (*history.key, *history.unique)]
    split = len(history.key)

    def list_rows(page_id: str) -> dict[Key, Key]:
        rows = session.execute(select(*columns).where(table.page_id == page_id))
        return {tuple(row[:split]): tuple(row[split:]) for row in rows}

    here, there = list_rows(from_id), set(list_rows(to_id).values())
    return set(here), {key for key, unique in here.items() if unique not in there}


def _move(
    session: Session,
    history: _History,
    from_id: str,
    to_id: str,
    only: Collection[Key] | None = None,
) -> set[Key]:
    """Give rows of one Page to another, where it has no equal; return their keys.

    ``only``: the keys of those that may go; None for all.
    """
    _, moving = _find_moving(session, history, from_id, to_id)
    keys = moving if only is None else moving.intersection(only)
    if keys:
        table = table_of(history.model)
        is_row = (table.c[name] == bindparam(f"key_{name}") for name in history.key)
        statement = update(table).where(table.c.page_id == from_id, *is_row).values(page_id=to_id)
        names = [f"key_{name}" for name in history.key]
        rows = [dict(zip(names, key, strict=True)) for key in sorted(keys)]
        session.execute(statement, rows)
    return keys


def _pack(keys: Iterable[Key]) -> list[list[Any]]:
    """Return keys as JSON, in order; days without a gap as one entry with the first and the last.

    Two years of eight metrics are 6,000 days.
    """
    packed: list[list[Any]] = []
    last: Key = ()
    for key in sorted(keys):
        *rest, end = key
        if isinstance(end, datetime):
            packed.append([*rest, end.isoformat()])
        elif not isinstance(end, date):
            packed.append([*key])
        elif last and last == (*rest, end - A_DAY):
            packed[-1][-1] = end.isoformat()
        else:
            packed.append([*rest, end.isoformat(), end.isoformat()])
        last = key
    return packed


def _unpack(history: _History, packed: Sequence[Sequence[Any]] | None) -> set[Key]:
    """Return what `_pack` was given."""
    keys: set[Key] = set()
    for entry in packed or ():
        if history.key[-1] == "changed_at":
            keys.add((*entry[:-1], datetime.fromisoformat(entry[-1])))
        elif history.key[-1] != "day":
            keys.add(tuple(entry))
        else:
            *rest, first, last = entry
            begin, end = date.fromisoformat(first), date.fromisoformat(last)
            days = ((end - begin).days) + 1
            keys.update((*rest, begin + number * A_DAY) for number in range(days))
    return keys
