"""Grants: stores consents of accounts and what each may do on a Page, with sealed tokens.

Functions that change a status return whether it changed; the caller records the event.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from storage.accounts.vault import Sealed
from storage.db.engine import note_erasure
from storage.db.errors import GrantNotFound
from storage.db.installation import bump_data_version
from storage.db.text import storable
from storage.db.upsert import Conflict, count_changed, insert_into, table_of, upsert
from storage.models import Grant, Page, PageGrant

# A ``reason_code`` of ours: the key that sealed the grant's tokens is lost. Graph's are positive.
KEY_GIVEN_UP = -1

_GRANTED_ANEW = Conflict(
    special={
        "status_at": "CASE WHEN page_grants.status = excluded.status"
        " THEN page_grants.status_at ELSE excluded.status_at END"
    }
)


@dataclass(frozen=True)
class GrantFacts:
    """An account's consent as Facebook describes it. A time is None for "never" and "not named"."""

    account_id: str
    account_name: str
    granted: Sequence[str]
    declined: Sequence[str]
    issued_at: datetime | None
    expires_at: datetime | None
    data_access_expires_at: datetime | None


@dataclass(frozen=True)
class PageAccess:
    """An account's tasks on a Page, as Facebook names them, and the sealed page access token."""

    page_id: str
    tasks: Sequence[str]
    sealed: Sealed


def save_grant(session: Session, facts: GrantFacts, sealed: Sealed, now: datetime) -> int:
    """Store a new grant or renew the account's, with status "ok". Return its id."""
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
        checked_at=now,
    )
    table, new = table_of(Grant), insert.excluded
    changes: dict[str, ColumnElement[Any]] = {
        c.name: new[c.name] for c in table.c if c.name not in ("id", "created_at")
    }
    changes["status_at"] = case((table.c.status == "ok", table.c.status_at), else_=new.status_at)
    statement = insert.on_conflict_do_update(index_elements=["account_id"], set_=changes)
    grant_id = int(session.execute(statement.returning(table.c.id)).scalar_one())
    note_erasure(session)  # of the earlier token
    bump_data_version(session)
    return grant_id


def upsert_page_grants(
    session: Session, grant_id: int, accesses: Sequence[PageAccess], now: datetime
) -> None:
    """Store page grants with status "ok", for Pages that are stored already.

    Older tokens of the same grant are overwritten.
    """
    if not accesses:
        return
    rows = [
        {
            "page_id": access.page_id,
            "grant_id": grant_id,
            "tasks": list(access.tasks),
            "sealed_page_token": access.sealed.text,
            "key_id": access.sealed.key_id,
            "status": "ok",
            "status_at": now,
            "reason_code": None,
            "reason_subcode": None,
            "granted_at": now,
        }
        for access in accesses
    ]
    upsert(session, PageGrant, rows, _GRANTED_ANEW)
    note_erasure(session)
    bump_data_version(session)


def list_grants(session: Session) -> list[Grant]:
    """Return every grant, also disconnected ones, by account name."""
    query = select(Grant).order_by(Grant.account_name, Grant.id)
    return list(session.scalars(query, execution_options={"populate_existing": True}))


def list_resting_grants(session: Session) -> set[int]:
    """Return the ids of the grants that an operator has disconnected or paused."""
    is_resting = Grant.status.in_(("disconnected", "frozen"))
    return set(session.scalars(select(Grant.id).where(is_resting)))


def find_grant_by_account(session: Session, account_id: str) -> Grant | None:
    """Return the account's grant, of any status; None without one."""
    query = select(Grant).where(Grant.account_id == account_id)
    return session.scalar(query, execution_options={"populate_existing": True})


def get_grant(session: Session, grant_id: int) -> Grant:
    """Return one grant. Raises GrantNotFound."""
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
    """Set a grant's status with Graph's code; return whether the status changed.

    A disconnected grant stays disconnected, since it has no token. With ``token_read_at`` a grant
    renewed since then keeps its status: the answer was about its earlier token.
    """
    conditions = [Grant.id == grant_id, Grant.status != "disconnected"]
    if token_read_at is not None:
        conditions.append(Grant.renewed_at <= token_read_at)
    change = update(Grant).where(*conditions, Grant.status != status)
    values = {"status": status, "status_at": now, "reason_code": code, "reason_subcode": subcode}
    if count_changed(session, change.values(values)):
        bump_data_version(session)
        return True
    is_another_reason = or_(
        Grant.reason_code.is_distinct_from(code), Grant.reason_subcode.is_distinct_from(subcode)
    )
    reason = update(Grant).where(*conditions, Grant.status == status, is_another_reason)
    if count_changed(session, reason.values(reason_code=code, reason_subcode=subcode)):
        bump_data_version(session)
    return False


def forget_tokens(
    session: Session,
    grant_id: int,
    now: datetime,
    *,
    status: str = "disconnected",
    code: int | None = None,
) -> None:
    """Erase a grant's user access token and page access tokens, and nothing else.

    Page grants keep their status; the grant's own ``status``, with its reason ``code``, makes them
    unusable.
    """
    erase_pages = update(PageGrant).where(PageGrant.grant_id == grant_id)
    count_changed(session, erase_pages.values(sealed_page_token=None, key_id=None))
    erase_grant = update(Grant).where(Grant.id == grant_id)
    count_changed(
        session,
        erase_grant.values(
            sealed_user_token=None,
            key_id=None,
            status=status,
            status_at=case((Grant.status == status, Grant.status_at), else_=now),
            reason_code=code,
            reason_subcode=None,
        ),
    )
    note_erasure(session)
    bump_data_version(session)


def withdraw_page_grants(
    session: Session,
    grant_id: int,
    page_ids: Iterable[str],
    now: datetime,
    *,
    status: str = "missing",
) -> None:
    """Take Pages from a grant: their page access tokens are erased, the Pages and history stay.

    ``status`` is "missing", "left_out" or "no_access". Pages without a page grant are ignored.
    """
    parameters = [{"this_page_id": page_id} for page_id in page_ids]
    if not parameters:
        return
    table = table_of(PageGrant)
    statement = (
        update(table)
        .where(table.c.grant_id == grant_id, table.c.page_id == bindparam("this_page_id"))
        .values(_without_token(status, None, None, now))
    )
    session.execute(statement, parameters)
    note_erasure(session)
    bump_data_version(session)


def list_held_pages(session: Session, grant_id: int) -> dict[str, str]:
    """Return id → name of the Pages that a grant has a token for, or had until its key was lost.

    In no order.
    """
    is_lost = and_(Grant.status == "needs_renewal", PageGrant.status == "ok")
    query = (
        select(Page.id, Page.name)
        .join(PageGrant, PageGrant.page_id == Page.id)
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(Grant.id == grant_id, or_(PageGrant.sealed_page_token.is_not(None), is_lost))
    )
    return {row.id: row.name for row in session.execute(query)}


def list_page_holders(session: Session, page_id: str, granted_until: datetime) -> list[int]:
    """Return the ids of the grants with a token for a Page that was granted by a time."""
    query = select(PageGrant.grant_id).where(
        PageGrant.page_id == page_id,
        PageGrant.sealed_page_token.is_not(None),
        PageGrant.granted_at <= granted_until,
    )
    return list(session.scalars(query.order_by(PageGrant.grant_id)))


def set_page_grant_status(
    session: Session,
    page_id: str,
    grant_id: int,
    status: str,
    *,
    code: int | None,
    subcode: int | None,
    now: datetime,
    token_read_at: datetime | None = None,
) -> bool:
    """Set a page grant's status with Graph's code; return whether the status changed.

    Any status but "ok" erases the page access token. With ``token_read_at`` a page grant renewed
    since then is unchanged: the answer was about its earlier token.
    """
    conditions = [PageGrant.page_id == page_id, PageGrant.grant_id == grant_id]
    if token_read_at is not None:
        conditions.append(PageGrant.granted_at <= token_read_at)
    statement = update(PageGrant).where(*conditions, PageGrant.status != status)
    if status == "ok":
        values: dict[str, Any] = {"status": "ok", "status_at": now}
        values |= {"reason_code": None, "reason_subcode": None}
    else:
        values = _without_token(status, code, subcode, now)
        note_erasure(session)
    changed = count_changed(session, statement.values(values)) > 0
    if changed:
        bump_data_version(session)
    return changed


def list_unchecked_grants(session: Session, before: datetime) -> list[int]:
    """Return the ids of the grants whose last check was before a time, or that never had one.

    Disconnected and frozen ones are left out: nothing is asked through them.
    """
    is_due = or_(Grant.checked_at.is_(None), Grant.checked_at < before)
    query = select(Grant.id).where(
        Grant.status.in_(("ok", "needs_renewal")), Grant.sealed_user_token.is_not(None), is_due
    )
    return list(session.scalars(query.order_by(Grant.id)))


def record_check(session: Session, grant_id: int, now: datetime, *, is_alive: bool) -> None:
    """Store that Facebook answered at ``now`` whether this grant's access is valid.

    ``is_alive``: it is, so it was also used. The version of the data stays: no figure depends on
    it.
    """
    values = {"checked_at": now} | ({"last_used_at": now} if is_alive else {})
    count_changed(session, update(Grant).where(Grant.id == grant_id).values(values))


def record_permissions(
    session: Session, grant_id: int, *, granted: Sequence[str], declined: Sequence[str]
) -> None:
    """Store the permissions that Facebook reports as granted and declined."""
    grant = get_grant(session, grant_id)
    # Compared here: PostgreSQL can't compare JSON. Facebook's order means nothing.
    if set(grant.granted_permissions) == set(granted) and set(grant.declined_permissions) == set(
        declined
    ):
        return
    count_changed(
        session,
        update(Grant)
        .where(Grant.id == grant_id)
        .values(granted_permissions=list(granted), declined_permissions=list(declined)),
    )
    bump_data_version(session)


def record_expiries(
    session: Session,
    grant_id: int,
    *,
    expires_at: datetime | None,
    data_access_expires_at: datetime | None,
) -> None:
    """Store the expiries that Facebook reports; None for "never" and "not named"."""
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


def _without_token(
    status: str, code: int | None, subcode: int | None, now: datetime
) -> dict[str, Any]:
    return {
        "status": status,
        "status_at": case((PageGrant.status == status, PageGrant.status_at), else_=now),
        "reason_code": code,
        "reason_subcode": subcode,
        "sealed_page_token": None,
        "key_id": None,
    }
