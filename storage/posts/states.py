"""Post states: stores how far each Page's posts are read, paid views, and which posts are gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from storage.accounts.page_tokens import page_ids_of
from storage.db.text import storable_or_none
from storage.db.upsert import count_changed, table_of, upsert
from storage.models import Post, PostState

# Between two refusals of a post alone, before it counts as gone.
GONE_AFTER = timedelta(days=1)
ROWS_LIMIT = 25  # posts of a listing, unless Facebook wants less data


@dataclass(frozen=True)
class PostStateRow:
    """How far a Page's posts are read; columns as of `storage.models.PostState`."""

    page_id: str
    asked_at: datetime
    state: str = "ok"
    code: int | None = None
    trace_id: str | None = None
    answered_at: datetime | None = None
    covered_since: datetime | None = None
    covered_until: datetime | None = None
    is_complete: bool = False
    older_cursor: str | None = None
    rows_limit: int = ROWS_LIMIT
    left_out: tuple[str, ...] = ()
    reels_state: str | None = None
    reels_asked_at: datetime | None = None


@dataclass(frozen=True)
class PaidViews:
    """Views of a post at 7 or 28 days, paid and unpaid; None where Facebook does not tell them."""

    post_id: str
    age_days: int
    paid: int | None
    unpaid: int | None


def list_post_states(session: Session, *, held_by: int | None = None) -> dict[str, PostStateRow]:
    """Return the states of all Pages whose posts were asked for, by Page id.

    ``held_by``: only of those that this grant holds.
    """
    columns = [getattr(PostState, each.name) for each in fields(PostStateRow)]
    names = [each.name for each in fields(PostStateRow)]
    rows: dict[str, PostStateRow] = {}
    query = select(*columns)
    if held_by is not None:
        query = query.where(PostState.page_id.in_(page_ids_of(held_by)))
    for row in session.execute(query):
        values = dict(zip(names, row, strict=True))
        rows[values["page_id"]] = PostStateRow(**{**values, "left_out": tuple(values["left_out"])})
    return rows


def upsert_post_states(session: Session, rows: Sequence[PostStateRow]) -> None:
    """Store the states of Pages."""
    plain = [{**vars(row), "left_out": list(row.left_out)} for row in rows]
    for row in plain:
        row["trace_id"] = storable_or_none(row["trace_id"])
        row["older_cursor"] = storable_or_none(row["older_cursor"])
    upsert(session, PostState, plain)


def store_paid_views(session: Session, rows: Sequence[PaidViews]) -> None:
    """Store paid and unpaid views of stored posts; the later age replaces the earlier one."""
    table = table_of(Post)
    statement = (
        update(table)
        .where(table.c.id == bindparam("this_id"))
        .values(
            views_paid=bindparam("new_paid"),
            views_unpaid=bindparam("new_unpaid"),
            paid_age_days=bindparam("new_age"),
        )
    )
    if rows:
        session.execute(
            statement,
            [
                {
                    "this_id": row.post_id,
                    "new_paid": row.paid,
                    "new_unpaid": row.unpaid,
                    "new_age": row.age_days,
                }
                for row in rows
            ],
        )


def note_refused_posts(session: Session, ids: Collection[str], *, now: datetime) -> None:
    """Store that Facebook refused these posts alone: a second time, a day later, they are gone."""
    if not ids:
        return
    is_there = (Post.id.in_(ids), Post.gone_at.is_(None))
    gone = update(Post).where(*is_there, Post.missed_at <= now - GONE_AFTER)
    count_changed(session, gone.values(gone_at=now))
    missed = update(Post).where(*is_there, Post.missed_at.is_(None))
    count_changed(session, missed.values(missed_at=now))


def note_answered_posts(session: Session, ids: Collection[str]) -> None:
    """Store that Facebook still has these posts, though no listing showed them."""
    if ids:
        count_changed(session, update(Post).where(Post.id.in_(ids)).values(missed_at=None))
