"""Account check: asks Facebook whether an account's access is valid, and records the answer."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from fb.graph import oauth
from fb.graph.client import GraphClient
from fb.graph.debug_token import TokenFacts, debug_token
from fb.graph.errors import AccessEnded, FacebookError, RateLimited
from fb.installation import Installation
from storage.accounts.grants import (
    get_grant,
    record_expiries,
    record_permissions,
    set_grant_status,
    touch_grant,
)
from storage.jobs.events import record_event

log = logging.getLogger(__name__)

EXPIRED_BY_TIME = 463
PERMISSION_DENIED = 10
# Facebook sends no fan or follower count without it.
INDISPENSABLE_PERMISSION = "pages_read_engagement"


@dataclass
class AccountState:
    """The state of one account while its Pages are fetched.

    ``is_alive`` is True until Facebook reports the end of the access. ``was_answered``: the last
    check had an answer about the token. ``limited``: the account's rate limit, if it has reached
    one.
    """

    grant_id: int
    is_alive: bool = True
    was_answered: bool = False
    was_asked_again: bool = False
    limited: RateLimited | None = None


def check_account(installation: Installation, client: GraphClient, account: AccountState) -> None:
    """Check the account's user access token with ``debug_token`` and store the answer.

    Sets ``is_alive``. An error that is not about the token (a rate limit, Facebook down) changes
    nothing. When a user access token has expired by time alone, its page access tokens still work,
    so the account's Pages can be fetched; its expiry reminds the operator to renew.
    """
    account.was_answered = False
    asked_at = installation.now()
    with installation.database.reading() as session:
        grant = get_grant(session, account.grant_id)
        key_id, sealed = grant.key_id, grant.sealed_user_token
        account_id = grant.account_id
    if key_id is None or sealed is None:
        account.is_alive = False
        return
    token = installation.vault.open_user_token(account_id, key_id, sealed)
    try:
        facts = debug_token(client, token)
    except AccessEnded as error:
        _end(installation, account, asked_at, error.code, error.subcode)
    except RateLimited as error:
        account.limited = error
    except FacebookError as error:
        log.warning("account %d could not be checked: %s", account.grant_id, error)
    else:
        if facts.is_valid or facts.error_subcode == EXPIRED_BY_TIME:
            _confirm(installation, account, facts)
            if facts.is_valid and INDISPENSABLE_PERMISSION not in facts.scopes:
                _check_permissions(installation, client, account, asked_at, token)
        else:
            _end(installation, account, asked_at, facts.error_code, facts.error_subcode)


def check_now(installation: Installation, grant_id: int) -> AccountState:
    """Check one account now. An account that needed renewal and is valid is ok again."""
    account = AccountState(grant_id)
    client = installation.client()
    try:
        check_account(installation, client, account)
    finally:
        client.close()
    return account


def _confirm(installation: Installation, account: AccountState, facts: TokenFacts) -> None:
    account.was_answered = True
    now = installation.now()
    with installation.database.writing() as session:
        touch_grant(session, account.grant_id, now)
        if facts.is_valid:
            record_expiries(
                session,
                account.grant_id,
                expires_at=facts.expires_at,
                data_access_expires_at=facts.data_access_expires_at,
            )
        if (
            get_grant(session, account.grant_id).status == "needs_renewal"
            and facts.is_valid
            and INDISPENSABLE_PERMISSION in facts.scopes
        ):
            set_grant_status(session, account.grant_id, "ok", code=None, subcode=None, now=now)


def _check_permissions(
    installation: Installation,
    client: GraphClient,
    account: AccountState,
    asked_at: datetime,
    token: str,
) -> None:
    """Store today's permissions, and end the account when the indispensable one is missing."""
    try:
        permissions = oauth.fetch_permissions(client, token)
    except FacebookError as error:
        log.warning("permissions of account %d could not be read: %s", account.grant_id, error)
        return
    with installation.database.writing() as session:
        record_permissions(
            session,
            account.grant_id,
            granted=permissions.granted,
            declined=permissions.declined,
        )
    if INDISPENSABLE_PERMISSION not in permissions.granted:
        _end(installation, account, asked_at, PERMISSION_DENIED, None)


def _end(
    installation: Installation,
    account: AccountState,
    asked_at: datetime,
    code: int | None,
    subcode: int | None,
) -> None:
    account.is_alive = False
    account.was_answered = True
    now = installation.now()
    with installation.database.writing() as session:
        grant = get_grant(session, account.grant_id)
        changed = set_grant_status(
            session,
            account.grant_id,
            "needs_renewal",
            code=code,
            subcode=subcode,
            now=now,
            token_read_at=asked_at,
        )
        if changed:
            facts = {"code": code, "subcode": subcode}
            record_event(
                session, "needs_renewal", grant.account_name, facts, now, grant_id=account.grant_id
            )
    log.warning("account %d needs renewal: code %s/%s", account.grant_id, code, subcode)
