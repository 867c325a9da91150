"""Accounts' consents: sealed user access tokens, permissions, expiries, and whether they work.

Whoever changes a status also records the event; the functions here only change and say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, or_, select, update
from sqlalchemy.orm import Session

from storage.accounts.vault import Sealed
from storage.engine import note_erasure
from storage.errors import GrantNotFound
from storage.installation import bump_data_version
from storage.kept_connections import keep_connections_of
from storage.models import Grant, PageGrant
from storage.text import storable
from storage.upsert import count_changed, insert_into, table_of


@dataclass(frozen=True)
class GrantFacts:
    """What Facebook said of an account's consent. A time is None for "never" and for "not said"."""

    account_id: str
    account_name: str
    granted: Sequence[str]
    declined: Sequence[str]
    issued_at: datetime | None
    expires_at: datetime | None
    data_access_expires_at: datetime | None


def save_grant(session: Session, facts: GrantFacts, sealed: Sealed, now: datetime) -> int:
    """Store a new grant or renew the account's; either works from now on. Return its id."""
    insert = insert_into(session, Grant).values(
        account_id=facts.account_id,
        account_name=storable(facts.account_name),
        sealed_user_token=sealed.text,
        key_id=sealed.key_id,
        granted_permissions=list(facts.granted),
        declined_permissions=list(facts.declined),
        issued_at=facts.issued_at,
        expires_at=facts.expires_at,
        data_access_expires_at=facts.data_access_expires_at,
        status="ok",
        status_at=now,
        reason_code=None,
        reason_subcode=None,
        created_at=now,
        renewed_at=now,
        last_used_at=now,
    )
    table, new = table_of(Grant), insert.excluded
    changes: dict[str, ColumnElement[Any]] = {
        c.name: new[c.name] for c in table.c if c.name not in ("id", "created_at")
    }
    changes["status_at"] = case((table.c.status == "ok", table.c.status_at), else_=new.status_at)
    statement = insert.on_conflict_do_update(index_elements=["account_id"], set_=changes)
    grant_id = int(session.execute(statement.returning(table.c.id)).scalar_one())
    keep_connections_of(session, grant_id)
    note_erasure(session)  # of the token that was there before
    bump_data_version(session)
    return grant_id


def list_grants(session: Session) -> list[Grant]:
    """Every grant, also disconnected ones, by account name."""
    query = select(Grant).order_by(Grant.account_name, Grant.id)
    return list(session.scalars(query, execution_options={"populate_existing": True}))


def list_working_grants(session: Session) -> set[int]:
    """The ids of the grants that nobody has ended or paused."""
    return set(session.scalars(select(Grant.id).where(Grant.status == "ok")))


def list_resting_grants(session: Session) -> set[int]:
    """The ids of the grants that an operator has disconnected or paused."""
    is_resting = Grant.status.in_(("disconnected", "frozen"))
    return set(session.scalars(select(Grant.id).where(is_resting)))


def find_grant_by_account(session: Session, account_id: str) -> Grant | None:
    """Return the account's grant, of whatever status."""
    query = select(Grant).where(Grant.account_id == account_id)
    return session.scalar(query, execution_options={"populate_existing": True})


def get_grant(session: Session, grant_id: int) -> Grant:
    """Return one grant as the database has it now. Raises GrantNotFound."""
    grant = session.get(Grant, grant_id, populate_existing=True)
    if grant is None:
        raise GrantNotFound(grant_id)
    return grant


def set_grant_status(
    session: Session,
    grant_id: int,
    status: str,
    *,
    code: int | None,
    subcode: int | None,
    now: datetime,
    token_read_at: datetime | None = None,
) -> bool:
    """Record that a grant works or why it does not; return whether its status changed.

    A disconnected grant stays so: it has no token that could begin to work. With ``token_read_at``
    a grant renewed since then keeps its status: the answer was about the token before.
    """
    conditions = [Grant.id == grant_id, Grant.status != "disconnected"]
    if token_read_at is not None:
        conditions.append(Grant.renewed_at <= token_read_at)
    change = update(Grant).where(*conditions, Grant.status != status)
    values = {"status": status, "status_at": now, "reason_code": code, "reason_subcode": subcode}
    if count_changed(session, change.values(values)):
        keep_connections_of(session, grant_id)
        bump_data_version(session)
        return True
    is_another_reason = or_(
        Grant.reason_code.is_distinct_from(code), Grant.reason_subcode.is_distinct_from(subcode)
    )
    reason = update(Grant).where(*conditions, Grant.status == status, is_another_reason)
    if count_changed(session, reason.values(reason_code=code, reason_subcode=subcode)):
        bump_data_version(session)
    return False


def forget_tokens(session: Session, grant_id: int, now: datetime) -> None:
    """Disconnect: erase the grant's user access token and page access tokens, keep all else.

    Page grants keep their status; that they can't be used follows from the grant's.
    """
    erase_pages = update(PageGrant).where(PageGrant.grant_id == grant_id)
    count_changed(session, erase_pages.values(sealed_page_token=None, key_id=None))
    erase_grant = update(Grant).where(Grant.id == grant_id)
    count_changed(
        session,
        erase_grant.values(
            sealed_user_token=None,
            key_id=None,
            status="disconnected",
            status_at=case((Grant.status == "disconnected", Grant.status_at), else_=now),
            reason_code=None,
            reason_subcode=None,
        ),
    )
    keep_connections_of(session, grant_id)
    note_erasure(session)
    bump_data_version(session)


def touch_grant(session: Session, grant_id: int, now: datetime) -> None:
    """Note that Facebook has just answered this grant."""
    count_changed(session, update(Grant).where(Grant.id == grant_id).values(last_used_at=now))


def record_permissions(
    session: Session, grant_id: int, *, granted: Sequence[str], declined: Sequence[str]
) -> None:
    """Keep what Facebook says today of what the person allows."""
    changed = count_changed(
        session,
        update(Grant)
        .where(Grant.id == grant_id)
        .values(granted_permissions=list(granted), declined_permissions=list(declined)),
    )
    if changed:
        bump_data_version(session)


def record_expiries(
    session: Session,
    grant_id: int,
    *,
    expires_at: datetime | None,
    data_access_expires_at: datetime | None,
) -> None:
    """Store the ends that Facebook names now; None for "never" and for "not said"."""
    statement = update(Grant).where(
        Grant.id == grant_id,
        or_(
            Grant.expires_at.is_distinct_from(expires_at),
            Grant.data_access_expires_at.is_distinct_from(data_access_expires_at),
        ),
    )
    values = {"expires_at": expires_at, "data_access_expires_at": data_access_expires_at}
    if count_changed(session, statement.values(values)):
        bump_data_version(session)
