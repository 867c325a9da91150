"""Account check: asks Facebook whether an account's access is valid, and records the answer.

It is made once a day (`fb.jobs.checks`), before each snapshot run, after each use that Facebook
refused, and when an operator asks for it. Only what Facebook says of the access changes an account:
that it ended, that its data access ended, that a permission was withdrawn. A rate limit, a failure
of Facebook and an unreadable answer change nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from fb.graph import oauth
from fb.graph.batch import MAX_BATCH_ITEMS, BatchItem
from fb.graph.client import GraphClient
from fb.graph.debug_token import TokenFacts, debug_token
from fb.graph.errors import (
    ENDED_CODES,
    ENDED_SUBCODES,
    AccessEnded,
    FacebookError,
    PageMoved,
    RateLimited,
)
from fb.graph.pages import fetch_figures
from fb.installation import Installation
from storage.accounts.grants import (
    get_grant,
    record_check,
    record_expiries,
    record_permissions,
    set_grant_status,
    set_page_grant_status,
)
from storage.accounts.page_moves import list_missing, remember_move
from storage.accounts.page_tokens import list_page_tokens
from storage.accounts.pages import PageReport
from storage.jobs.events import record_event
from storage.jobs.runs import CHECKS
from storage.people.person import Person, require

log = logging.getLogger(__name__)

# Subcodes of code 190.
EXPIRED_BY_TIME = 463
ROLE_LOST = 492  # the person no longer has a role on the Page
# "the user hasn't engaged the app in longer than 90 days":
# https://developers.facebook.com/docs/facebook-login/auth-vs-data
DATA_ACCESS_ENDED = 493
INVALID_TOKEN = 190
PERMISSION_DENIED = 10
# How long it is asked of a missing Page whether it has another id.
LOOKED_FOR = timedelta(days=7)
# Facebook sends no fan or follower count without it.
INDISPENSABLE_PERMISSION = "pages_read_engagement"


@dataclass
class AccountState:
    """The state of one account while its Pages are fetched.

    ``is_alive`` is True until Facebook reports the end of the access. ``was_answered``: the last
    check had an answer about the token. ``has_run_out``: the user access token has expired by time,
    so only its page access tokens can still work. ``limited``: the account's rate limit, if it has
    reached one.
    """

    grant_id: int
    is_alive: bool = True
    was_answered: bool = False
    was_asked_again: bool = False
    has_run_out: bool = False
    limited: RateLimited | None = None


def check_account(
    installation: Installation,
    client: GraphClient,
    account: AccountState,
    *,
    reads_a_page: bool = True,
) -> None:
    """Check the account's user access token with ``debug_token`` and store the answer.

    Sets ``is_alive``. An error that is not about the token (a rate limit, Facebook down) changes
    nothing. When the 90 days of its data access are over, the account has ended.

    A valid token is used: it reads the permissions. When it has expired by time alone, its page
    access tokens can still work, and its expiry reminds the operator to renew. So a Page is read
    then, unless ``reads_a_page`` is False because the Pages are fetched next anyway; when Facebook
    refuses all, or there is none, the account has ended.
    """
    account.was_answered = False
    asked_at = installation.now()
    with installation.database.reading() as session:
        grant = get_grant(session, account.grant_id)
        key_id, sealed = grant.key_id, grant.sealed_user_token
        account_id, data_access_ends_at = grant.account_id, grant.data_access_expires_at
    if key_id is None or sealed is None:
        account.is_alive = False
        return
    token = installation.vault.open_user_token(account_id, key_id, sealed)
    try:
        facts = debug_token(client, token)
    except RateLimited as error:
        account.limited = error
        return
    except FacebookError as error:
        log.warning(
            "account %(account)d could not be checked: %(error)s",
            {"account": account.grant_id, "error": str(error)},
        )
        return
    account.has_run_out = not facts.is_valid and facts.error_subcode == EXPIRED_BY_TIME
    # Facebook does not name it for every expired token.
    data_access_ends_at = facts.data_access_expires_at or data_access_ends_at
    if not facts.is_valid and not account.has_run_out:
        if _is_about_token(facts):
            _end(installation, account, asked_at, facts.error_code, facts.error_subcode)
        else:
            log.warning(
                "account %(account)d: code %(code)s of debug_token",
                {"account": account.grant_id, "code": facts.error_code},
            )
    elif data_access_ends_at is not None and data_access_ends_at <= asked_at:
        _confirm(installation, account, asked_at, facts, None)
        _end(installation, account, asked_at, INVALID_TOKEN, DATA_ACCESS_ENDED)
    else:
        _check_use(installation, client, account, asked_at, facts, token)
        if account.has_run_out and reads_a_page:
            _read_a_page(installation, client, account)


def check_now(installation: Installation, grant_id: int, *, by: Person) -> AccountState:
    """Check one account now. An account that needed renewal and is valid is ok again.

    What Facebook answers is stored even if the person may not ask any more by then.
    """
    with installation.database.writing() as session:
        require(session, by, "operator")
        record_event(session, "run_asked", {"job": CHECKS}, installation.now(), by=by)
    account = AccountState(grant_id)
    client = installation.client()
    try:
        check_account(installation, client, account)
    finally:
        client.close()
    return account


def is_refused_alone(
    installation: Installation, client: GraphClient, account: AccountState, error: AccessEnded
) -> bool:
    """Whether Facebook has ended the access to one Page, and not that to its whole account.

    ``error`` is the refusal of the Page. Unless it names the lost role, the account is checked, the
    first time that this is asked of it.
    """
    if error.subcode == ROLE_LOST:
        return account.is_alive
    if not account.was_asked_again:
        account.was_asked_again = True
        check_account(installation, client, account)
    return account.is_alive and account.was_answered


def lose_page(
    installation: Installation,
    page_id: str,
    grant_id: int,
    error: AccessEnded,
    token_read_at: datetime,
) -> None:
    """Store that an account that is alive may not read a Page any more, unless renewed since."""
    with installation.database.writing() as session:
        set_page_grant_status(
            session,
            page_id,
            grant_id,
            "role_lost",
            code=error.code,
            subcode=error.subcode,
            now=installation.now(),
            token_read_at=token_read_at,
        )


def note_move(installation: Installation, page_id: str, error: PageMoved) -> None:
    """Store that Facebook gave a Page another id; what is known already is not stored again."""
    with installation.database.writing() as session:
        remember_move(session, page_id, error.new_id, installation.now())


def _is_about_token(facts: TokenFacts) -> bool:
    """Whether an invalid token has ended: not, for example, because the app's id is wrong."""
    if facts.error_code is None:
        return True
    return facts.error_code in ENDED_CODES or facts.error_subcode in ENDED_SUBCODES


def _check_use(
    installation: Installation,
    client: GraphClient,
    account: AccountState,
    asked_at: datetime,
    facts: TokenFacts,
    token: str,
) -> None:
    """Read the permissions with a valid token, and store them with the facts."""
    permissions: oauth.Permissions | None = None
    if facts.is_valid:
        try:
            permissions = oauth.fetch_permissions(client, token)
        except AccessEnded as error:
            _end(installation, account, asked_at, error.code, error.subcode)
            return
        except FacebookError as error:
            log.warning(
                "permissions of account %(account)d could not be read: %(error)s",
                {"account": account.grant_id, "error": str(error)},
            )
    _confirm(installation, account, asked_at, facts, permissions)
    if permissions is not None:
        _look_for_moved(installation, client, account, token)
    if permissions is not None and INDISPENSABLE_PERMISSION not in permissions.granted:
        _end(installation, account, asked_at, PERMISSION_DENIED, None)


def _look_for_moved(
    installation: Installation, client: GraphClient, account: AccountState, token: str
) -> None:
    """Ask where Pages are that have been missing from the account's list for a few days.

    A renewal drops the token of a Page's old id, perhaps before any refresh has met its new one.
    """
    since = installation.now() - LOOKED_FOR
    with installation.database.reading() as session:
        page_ids = list_missing(session, account.grant_id, since, limit=MAX_BATCH_ITEMS)
    if not page_ids:
        return
    answers = client.batch([BatchItem(page_id, "fields=id", token) for page_id in page_ids])
    for page_id, answer in zip(page_ids, answers, strict=True):
        if isinstance(answer, PageMoved):
            note_move(installation, page_id, answer)


def _confirm(
    installation: Installation,
    account: AccountState,
    asked_at: datetime,
    facts: TokenFacts,
    permissions: oauth.Permissions | None,
) -> None:
    """Store what Facebook says of a living token; not if the account was renewed since."""
    account.was_answered = True
    now = installation.now()
    with installation.database.writing() as session:
        grant = get_grant(session, account.grant_id)
        if grant.renewed_at > asked_at:
            return
        record_check(session, account.grant_id, now, is_alive=True)
        if facts.is_valid:
            record_expiries(
                session,
                account.grant_id,
                expires_at=facts.expires_at,
                data_access_expires_at=facts.data_access_expires_at,
            )
        if permissions is None:
            return
        record_permissions(
            session,
            account.grant_id,
            granted=permissions.granted,
            declined=permissions.declined,
        )
        if grant.status == "needs_renewal" and INDISPENSABLE_PERMISSION in permissions.granted:
            set_grant_status(session, account.grant_id, "ok", code=None, subcode=None, now=now)


def _read_a_page(installation: Installation, client: GraphClient, account: AccountState) -> None:
    """Read Pages of an account with their own page access tokens, until one answers."""
    asked_at, vault = installation.now(), installation.vault
    with installation.database.reading() as session:
        if get_grant(session, account.grant_id).status != "ok":
            return
        page_tokens = [
            each for each in list_page_tokens(session) if each.grant_id == account.grant_id
        ]
    tokens = (
        (r.page_id, vault.open_page_token(r.account_id, r.page_id, r.key_id, r.sealed_page_token))
        for r in page_tokens
    )
    code, subcode = INVALID_TOKEN, EXPIRED_BY_TIME
    has_moved = False
    for chunk in fetch_figures(client, tokens, PageReport):
        moved = {id: answer for id, answer in chunk if isinstance(answer, PageMoved)}
        for page_id, error in moved.items():
            note_move(installation, page_id, error)
            has_moved = True  # which is no word on the token
        for page_id, answer in chunk:
            if page_id in moved:
                continue
            if isinstance(answer, PageReport):
                return
            if not isinstance(answer, AccessEnded):
                account.was_answered = False
                account.limited = answer if isinstance(answer, RateLimited) else None
                return
            code, subcode = answer.code or code, answer.subcode or subcode
    if has_moved:
        account.was_answered = False
        return
    _end(installation, account, asked_at, code, subcode)


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
        record_check(session, account.grant_id, now, is_alive=False)
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
            record_event(session, "needs_renewal", facts, now, grant_id=account.grant_id)
    log.warning(
        "account %(account)d needs renewal: code %(code)s/%(subcode)s",
        {"account": account.grant_id, "code": code, "subcode": subcode},
    )
