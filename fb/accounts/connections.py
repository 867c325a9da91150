"""Connected accounts: lists each with its state, its expiries and its Pages.

An account that has to be renewed goes through the login again (`fb.login`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from fb.installation import Installation
from storage.accounts.grants import list_grants
from storage.figures.health import GrantHealth, find_grant_health
from storage.models import Grant
from storage.warnings.due import THRESHOLDS

# An account is "expiring" when fewer days than this are left: from the first warning on.
RENEW_AHEAD_DAYS = max(THRESHOLDS)
_WORST_FIRST = ("needs_renewal", "expiring", "ok", "frozen", "disconnected")


@dataclass(frozen=True)
class Account:
    """One account, its state and its expiries.

    ``state``: needs_renewal · expiring · ok · frozen · disconnected. ``ends_at`` is the earlier of
    the two expiries, None when neither is known. ``days_left`` are the days until then, negative
    afterwards. ``key_id``: the key with which its user access token is sealed.
    """

    grant_id: int
    account_id: str
    account_name: str
    state: str
    status_at: datetime
    reason_code: int | None
    reason_subcode: int | None
    expires_at: datetime | None
    data_access_expires_at: datetime | None
    ends_at: datetime | None
    days_left: int | None
    last_used_at: datetime | None
    issued_at: datetime | None
    checked_at: datetime | None
    key_id: str | None
    granted: tuple[str, ...]
    declined: tuple[str, ...]


@dataclass(frozen=True)
class Connection(Account):
    """One account as the Connections screen shows it, with the health of its Pages."""

    health: GrantHealth


def list_accounts(session: Session, now: datetime) -> list[Account]:
    """Return all accounts, those that need the operator first, then by name."""
    accounts = [_account(grant, now) for grant in list_grants(session)]
    return sorted(accounts, key=lambda a: (_WORST_FIRST.index(a.state), a.account_name.casefold()))


def list_connections(installation: Installation, now: datetime) -> list[Connection]:
    """Return the same accounts with the health of their Pages, which reads every Page."""
    with installation.database.reading() as session:
        health = find_grant_health(session)
        accounts = list_accounts(session, now)
    return [Connection(**vars(account), health=health[account.grant_id]) for account in accounts]


def _account(grant: Grant, now: datetime) -> Account:
    ends = [at for at in (grant.expires_at, grant.data_access_expires_at) if at is not None]
    ends_at = min(ends, default=None)
    days_left = (ends_at - now).days if ends_at is not None else None
    state = grant.status
    if state == "ok" and days_left is not None and days_left < RENEW_AHEAD_DAYS:
        state = "expiring"
    return Account(
        grant_id=grant.id,
        account_id=grant.account_id,
        account_name=grant.account_name,
        state=state,
        status_at=grant.status_at,
        reason_code=grant.reason_code,
        reason_subcode=grant.reason_subcode,
        expires_at=grant.expires_at,
        data_access_expires_at=grant.data_access_expires_at,
        ends_at=ends_at,
        days_left=days_left,
        last_used_at=grant.last_used_at,
        issued_at=grant.issued_at,
        checked_at=grant.checked_at,
        key_id=grant.key_id,
        granted=tuple(grant.granted_permissions),
        declined=tuple(grant.declined_permissions),
    )
