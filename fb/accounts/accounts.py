"""What an operator may do with a connected account: look, check, freeze, disconnect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from fb.accounts.check import AccountState, check_account
from fb.graph import oauth
from fb.graph.errors import AccessEnded, FacebookError
from fb.installation import Installation
from storage.accounts.grants import forget_tokens, get_grant, list_grants, set_grant_status
from storage.db.installation import bump_data_version
from storage.figures.health import GrantHealth, find_grant_health
from storage.jobs.events import record_event
from storage.models import Grant
from storage.models.base import THIS_COMPUTER

RENEW_AHEAD_DAYS = 14
_WORST_FIRST = ("needs_renewal", "expiring", "ok", "frozen", "disconnected")


@dataclass(frozen=True)
class Account:
    """One account and how it stands.

    ``state``: needs_renewal · expiring · ok · frozen · disconnected. ``ends_at`` is the sooner of
    the two expiries, None when neither is known; ``days_left`` counts to it and is negative after.
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
    granted: tuple[str, ...]
    declined: tuple[str, ...]


@dataclass(frozen=True)
class Connection(Account):
    """One account as the Connections screen shows it, with what hangs on it."""

    health: GrantHealth


class NotRevoked(Exception):
    """Facebook could not be told to end the access; nothing was changed here either."""


def list_accounts(session: Session, now: datetime) -> list[Account]:
    """Return every account, those that need the operator first, then by name."""
    accounts = [_account(grant, now) for grant in list_grants(session)]
    return sorted(accounts, key=lambda a: (_WORST_FIRST.index(a.state), a.account_name.casefold()))


def list_connections(installation: Installation, now: datetime) -> list[Connection]:
    """The same with what hangs on each, which takes a look at every Page."""
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
        granted=tuple(grant.granted_permissions),
        declined=tuple(grant.declined_permissions),
    )


def check_now(installation: Installation, grant_id: int) -> AccountState:
    """Ask Facebook about an account and record the answer; a revived one is ok again."""
    account = AccountState(grant_id)
    client = installation.client()
    try:
        check_account(installation, client, account)
    finally:
        client.close()
    return account


def freeze(installation: Installation, grant_id: int) -> None:
    """Pause an account: its tokens are kept and its Pages are not read."""
    _set_status(installation, grant_id, "frozen", only_from="ok")


def thaw(installation: Installation, grant_id: int) -> None:
    """End a pause."""
    _set_status(installation, grant_id, "ok", only_from="frozen")


def _set_status(installation: Installation, grant_id: int, status: str, only_from: str) -> None:
    now = installation.now()
    with installation.database.writing() as session:
        grant = get_grant(session, grant_id)
        if grant.status != only_from:
            return
        set_grant_status(session, grant_id, status, code=None, subcode=None, now=now)
        kind = "frozen" if status == "frozen" else "thawed"
        record_event(
            session, kind, grant.account_name, {}, now, by=THIS_COMPUTER, grant_id=grant_id
        )
        bump_data_version(session)


def disconnect(installation: Installation, grant_id: int, *, revoke: bool) -> None:
    """Erase an account's tokens and keep all history; with ``revoke`` end the access at Facebook.

    Raises `NotRevoked`, with nothing changed, when Facebook could not be told. Access that Facebook
    has ended already counts as revoked.
    """
    if revoke:
        _revoke(installation, grant_id)
    now = installation.now()
    with installation.database.writing() as session:
        grant = get_grant(session, grant_id)
        forget_tokens(session, grant_id, now)
        record_event(
            session,
            "disconnected",
            grant.account_name,
            {"revoked": revoke},
            now,
            by=THIS_COMPUTER,
            grant_id=grant_id,
        )
        bump_data_version(session)


def _revoke(installation: Installation, grant_id: int) -> None:
    with installation.database.reading() as session:
        grant = get_grant(session, grant_id)
        account_id, key_id, sealed = grant.account_id, grant.key_id, grant.sealed_user_token
    if key_id is None or sealed is None:
        return
    if not installation.can_open_tokens:
        raise NotRevoked
    token = installation.vault.open_user_token(account_id, key_id, sealed)
    client = installation.client()
    try:
        oauth.revoke(client, account_id, token)
    except AccessEnded:
        return
    except FacebookError:
        raise NotRevoked from None
    finally:
        client.close()
