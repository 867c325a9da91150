"""Token allowances: which programs may have which page access tokens, and what they got.

A program (consumer) has nothing until an operator allows it a permission on a Page, or on the Pages
of a tag. Each write of an operator is recorded as an event, and so is the first token that a
program gets for a Page in an hour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from storage.db.text import storable
from storage.db.upsert import count_changed, insert_into, table_of
from storage.jobs.events import record_event
from storage.models import Page, PageGrant, PageTag, Tag, TokenAllowance, TokenHandout
from storage.people.person import Person, require

CONSUMER_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")
AN_HOUR = timedelta(hours=1)
MAX_LISTED = 200


@dataclass(frozen=True)
class Allowance:
    """What one program may have: ``permission`` on one Page, or on the Pages of a tag.

    ``name`` is the Page's or the tag's; ``pages_count`` is 1 for a Page.
    """

    id: int
    consumer: str
    permission: str
    page_id: str | None
    tag_id: int | None
    name: str
    pages_count: int


@dataclass(frozen=True)
class Use:
    """What one program got for one Page and permission since a time."""

    consumer: str
    permission: str
    page_id: str
    page_name: str
    handed_out_count: int
    refused_count: int
    last_at: datetime


def allow(
    session: Session,
    consumer: str,
    permission: str,
    now: datetime,
    *,
    page_id: str | None = None,
    tag_id: int | None = None,
    by: Person,
) -> bool:
    """Allow a program a permission on a Page or on the Pages of a tag; False if it was allowed.

    Exactly one of ``page_id`` and ``tag_id`` is given. Raises ValueError for a name that doesn't
    match CONSUMER_NAME.
    """
    require(session, by, "admin")
    if not CONSUMER_NAME.fullmatch(consumer):
        raise ValueError("a program's name has small letters, digits and hyphens")
    values = {
        "consumer": consumer,
        "permission": permission,
        "page_id": page_id,
        "tag_id": tag_id,
        "allowed_at": now,
        "by": by.key,
    }
    insert = insert_into(session, TokenAllowance).values(values).on_conflict_do_nothing()
    new_id = session.execute(insert.returning(table_of(TokenAllowance).c.id)).scalar_one_or_none()
    if new_id is None:
        return False
    facts = {"consumer": consumer, "permission": permission}
    record_event(session, "token_allowed", facts, now, by=by, page_id=page_id, tag_id=tag_id)
    return True


def withdraw(session: Session, allowance_id: int, now: datetime, *, by: Person) -> bool:
    """Take an allowance back; False when it is gone already. The program's next request fails."""
    require(session, by, "admin")
    row = session.get(TokenAllowance, allowance_id)
    if row is None:
        return False
    facts = {"consumer": row.consumer, "permission": row.permission}
    ids = {"page_id": row.page_id, "tag_id": row.tag_id}
    record_event(session, "token_withdrawn", facts, now, by=by, **ids)
    count_changed(session, delete(TokenAllowance).where(TokenAllowance.id == allowance_id))
    return True


def is_allowed(session: Session, consumer: str, permission: str, page_id: str) -> bool:
    """Return whether a program may have a Page's token for a permission."""
    tags = select(PageTag.tag_id).where(PageTag.page_id == page_id)
    query = select(TokenAllowance.id).where(
        TokenAllowance.consumer == consumer,
        TokenAllowance.permission == permission,
        or_(TokenAllowance.page_id == page_id, TokenAllowance.tag_id.in_(tags)),
    )
    return session.scalar(query.limit(1)) is not None


def list_allowances(session: Session) -> list[Allowance]:
    """Return the first MAX_LISTED allowances, by program, then tags before Pages, by name."""
    pages_count = (
        select(func.count()).select_from(PageTag).where(PageTag.tag_id == TokenAllowance.tag_id)
    )
    query = (
        select(
            TokenAllowance,
            func.coalesce(Tag.name, Page.name),
            pages_count.correlate(TokenAllowance).scalar_subquery(),
        )
        .outerjoin(Tag, Tag.id == TokenAllowance.tag_id)
        .outerjoin(Page, Page.id == TokenAllowance.page_id)
        .order_by(
            TokenAllowance.consumer,
            TokenAllowance.page_id.is_not(None),
            func.coalesce(Tag.name_folded, Page.name_folded),
            TokenAllowance.permission,
        )
        .limit(MAX_LISTED)
    )
    return [
        Allowance(
            id=row.id,
            consumer=row.consumer,
            permission=row.permission,
            page_id=row.page_id,
            tag_id=row.tag_id,
            name=name,
            pages_count=1 if row.page_id is not None else count,
        )
        for row, name, count in session.execute(query)
    ]


def count_handout(
    session: Session,
    consumer: str,
    permission: str,
    page_id: str,
    now: datetime,
    *,
    is_refused: bool,
) -> None:
    """Count one token that a program gets, or is refused, for a stored Page.

    The first one that it gets in an hour is recorded as an event.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    table = table_of(TokenHandout)
    row = {"page_id": page_id, "consumer": consumer, "permission": permission, "hour": hour}
    counts = {"handed_out_count": int(not is_refused), "refused_count": int(is_refused)}
    insert = insert_into(session, TokenHandout).values(**row, **counts, last_at=now)
    statement = insert.on_conflict_do_update(
        index_elements=list(row),
        set_={name: table.c[name] + more for name, more in counts.items()} | {"last_at": now},
    )
    total = session.execute(statement.returning(table.c.handed_out_count)).scalar_one()
    if total == 1 and not is_refused:
        facts = {"consumer": consumer, "permission": permission}
        record_event(session, "token_handed_out", facts, now, page_id=page_id)


def list_uses(session: Session, since: datetime, *, grant_id: int | None = None) -> list[Use]:
    """Return what programs got and were refused from a time on, newest first; at most MAX_LISTED.

    Hours count whole: the one of ``since`` from its beginning. With ``grant_id`` only for the Pages
    that the account holds; which of a Page's accounts gave the access is not kept.
    """
    last_at = func.max(TokenHandout.last_at)
    query = (
        select(
            TokenHandout.consumer,
            TokenHandout.permission,
            TokenHandout.page_id,
            Page.name,
            func.sum(TokenHandout.handed_out_count),
            func.sum(TokenHandout.refused_count),
            last_at,
        )
        .join(Page, Page.id == TokenHandout.page_id)
        .where(TokenHandout.hour > since - AN_HOUR)
        .group_by(TokenHandout.consumer, TokenHandout.permission, TokenHandout.page_id, Page.name)
        .order_by(last_at.desc(), TokenHandout.consumer, TokenHandout.page_id)
        .limit(MAX_LISTED)
    )
    if grant_id is not None:
        held = (PageGrant.grant_id == grant_id, PageGrant.sealed_page_token.is_not(None))
        query = query.where(TokenHandout.page_id.in_(select(PageGrant.page_id).where(*held)))
    return [Use(*row) for row in session.execute(query)]


def find_last_use(session: Session, page_id: str) -> Use | None:
    """Return the newest token that a program got for a Page, with its counts of that hour."""
    query = (
        select(
            TokenHandout.consumer,
            TokenHandout.permission,
            TokenHandout.page_id,
            Page.name,
            TokenHandout.handed_out_count,
            TokenHandout.refused_count,
            TokenHandout.last_at,
        )
        .join(Page, Page.id == TokenHandout.page_id)
        .where(TokenHandout.page_id == storable(page_id), TokenHandout.handed_out_count > 0)
        .order_by(TokenHandout.last_at.desc())
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else Use(*row)


def delete_old_handouts(session: Session, before: datetime) -> int:
    """Delete the counts of hours before a time; return how many."""
    return count_changed(session, delete(TokenHandout).where(TokenHandout.hour < before))
