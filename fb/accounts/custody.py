"""Custody: hands page access tokens to programs that an operator has allowed to have them.

Every token is counted in the database before it is handed out. This is accounting and no barrier:
who can read the database and the encryption keys can open every token without it.

    CustodyError              .page_id .nearest
    ├── PageUnknown           the Page is not stored here, or it is archived
    ├── PageHasNewId          .new_id; Facebook gave the Page another id
    ├── NotAllowed            no operator has allowed the program this permission on this Page
    ├── NoAccess              no account gives access to the Page any more
    ├── AccountFrozen         an operator has frozen every account that could
    ├── AccountEnded          Facebook has ended the access of every account that could
    ├── PermissionNotGranted  no account was granted the permission
    ├── RoleTooLow            no account has the task on the Page that the permission needs
    └── KeysWrong             the token is sealed with a key that is not set

Every text here says what to do next, and is safe to show and to log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypeVar

from fb.accounts.check import AccountState, is_refused_alone, lose_page, note_move
from fb.graph.client import appsecret_proof
from fb.graph.errors import AccessEnded, PageMoved
from fb.installation import Installation
from storage.accounts.allowances import count_handout, is_allowed
from storage.accounts.archive import list_archived
from storage.accounts.connection_states import TASKS_THAT_ANALYZE
from storage.accounts.page_moves import find_move
from storage.accounts.page_tokens import PageHolding, list_holdings
from storage.accounts.pages import list_page_names
from storage.db.errors import SealBroken, WrongKey
from storage.db.text import storable

T = TypeVar("T")

# Tasks of which an account needs one on the Page, for each permission that a program can have. A
# full-control role of the New Pages Experience includes them all; no task is needed for counts.
# https://developers.facebook.com/docs/pages-api/overview#tasks
_FULL = "PROFILE_PLUS_FULL_CONTROL"
NEEDED_TASKS: Mapping[str, tuple[str, ...]] = {
    "pages_messaging": ("MESSAGING", "PROFILE_PLUS_MESSAGING", _FULL),
    "pages_manage_metadata": (
        *("MANAGE", "CREATE_CONTENT", "MODERATE"),
        *("PROFILE_PLUS_MANAGE", "PROFILE_PLUS_CREATE_CONTENT", "PROFILE_PLUS_MODERATE", _FULL),
    ),
    "pages_read_engagement": (),
    "read_insights": TASKS_THAT_ANALYZE,
}


class CustodyError(Exception):
    """No page access token was handed out."""

    sentence: ClassVar[str] = "No page access token was handed out."

    def __init__(self, page_id: str, nearest: Sequence[PageHolding] = ()) -> None:
        """``nearest``: the holdings that met every condition before the one that failed."""
        super().__init__(self.sentence)
        self.page_id = page_id
        self.nearest = tuple(nearest)


class PageUnknown(CustodyError):
    sentence = "This Page is not connected here, or it is archived. Look it up on Overview."


class PageHasNewId(CustodyError):
    sentence = "Facebook gave this Page another id. Ask for the access by its new id."

    def __init__(self, page_id: str, new_id: str) -> None:
        super().__init__(page_id)
        self.new_id = new_id

    def __str__(self) -> str:
        return f"{self.sentence} It is {self.new_id}."


class NotAllowed(CustodyError):
    sentence = (
        "This program may not use this Page for that. Allow it on the screen Connections, under "
        "Programs."
    )


class NoAccess(CustodyError):
    sentence = (
        "No account gives access to this Page any more. Connect one that manages it, on the screen "
        "Connections."
    )


class AccountFrozen(CustodyError):
    sentence = "The account of this Page is frozen. Unfreeze it on the screen Connections."


class AccountEnded(CustodyError):
    sentence = (
        "Facebook has ended the access to this Page. Renew its account on the screen Connections."
    )


class PermissionNotGranted(CustodyError):
    sentence = (
        "Facebook was not asked for that permission, or it was declined. Renew the account on the "
        "screen Connections and leave the permission ticked."
    )


class RoleTooLow(CustodyError):
    sentence = (
        "No connected account has the role on this Page that it takes. Ask one of the Page's "
        "admins for it, or to connect."
    )


class KeysWrong(CustodyError):
    sentence = (
        "The access is sealed with an encryption key that is not set. Put it back into "
        "TOKEN_ENCRYPTION_KEYS; if it is lost, the doctor says how to go on without it."
    )


@dataclass(frozen=True)
class PageAccess:
    """A page access token with what a call to Graph needs beside it.

    ``appsecret_proof`` goes with every call, since Facebook may demand it:
    https://developers.facebook.com/docs/graph-api/guides/secure-requests#appsecret_proof
    ``graph_url`` ends in the version. Neither token nor proof may be logged or stored.
    """

    page_id: str
    grant_id: int
    graph_url: str
    access_token: str = field(repr=False)
    appsecret_proof: str = field(repr=False)


def page_access_token(
    installation: Installation,
    page_id: str,
    *,
    consumer: str,
    permission: str,
    without: Collection[int] = (),
) -> PageAccess:
    """Return a token of the healthiest account that may use ``permission`` on the Page.

    Accounts with the ids ``without`` are passed over. The count of the token is committed before
    this returns. Raises a CustodyError; a refusal for want of an allowance is counted too.
    """
    now = installation.now()
    with installation.database.writing() as session:
        is_stored = storable(page_id) == page_id and list_page_names(session, [page_id])
        move = find_move(session, page_id) if is_stored else None
        if move is not None:
            raise PageHasNewId(page_id, move.new_id)
        if not is_stored or list_archived(session, [page_id]):
            raise PageUnknown(page_id)
        allowed = is_allowed(session, consumer, permission, page_id)
        if allowed:
            usable = choose(page_id, list_holdings(session, page_id), permission, now)
            left = [each for each in usable if each.grant_id not in without]
            if not left:
                raise AccountEnded(page_id)
            access = _open_first(installation, page_id, left)
        count_handout(session, consumer, permission, page_id, now, is_refused=not allowed)
    if not allowed:
        raise NotAllowed(page_id)
    return access


def use_page_access(
    installation: Installation,
    page_id: str,
    call: Callable[[PageAccess], T],
    *,
    consumer: str,
    permission: str,
) -> T:
    """Return ``call(access)``. If Facebook has ended the access, another account takes over.

    ``call`` raises `fb.graph.errors.AccessEnded` then, as the Graph client does. The account is
    checked, and is called dead only if Facebook says so. A new id of the Page is remembered, and
    raises PageHasNewId. Every other error of ``call`` passes.
    """
    failed: set[int] = set()
    while True:
        access = page_access_token(
            installation, page_id, consumer=consumer, permission=permission, without=failed
        )
        read_at = installation.now()
        try:
            return call(access)
        except AccessEnded as error:
            failed.add(access.grant_id)
            record_refusal(installation, access, error, read_at)
        except PageMoved as error:
            note_move(installation, page_id, error)
            raise PageHasNewId(page_id, error.new_id) from None


def record_refusal(
    installation: Installation, access: PageAccess, error: AccessEnded, read_at: datetime
) -> None:
    """Ask Facebook about the account whose token was refused, and keep the answer.

    ``read_at``: when the token was read; an account that was renewed since then stays as it is. An
    account that is alive only lost this Page.
    """
    client = installation.client()
    try:
        if not is_refused_alone(installation, client, AccountState(access.grant_id), error):
            return
    finally:
        client.close()
    lose_page(installation, access.page_id, access.grant_id, error, read_at)


def choose(
    page_id: str, holdings: Sequence[PageHolding], permission: str, now: datetime
) -> list[PageHolding]:
    """Return the holdings that may use ``permission``, the healthiest first; never none.

    Those whose data access has ended come last; else the order is kept. Raises the CustodyError
    that names what is lacking for the ones that came nearest.
    """
    steps: tuple[tuple[type[CustodyError], Callable[[PageHolding], bool]], ...] = (
        (NoAccess, lambda each: each.token is not None),
        (AccountEnded, lambda each: each.grant_status in ("ok", "frozen")),
        (AccountFrozen, lambda each: each.grant_status == "ok"),
        (PermissionNotGranted, lambda each: permission in each.granted_permissions),
        (RoleTooLow, lambda each: has_task(each.tasks, permission)),
    )
    left = list(holdings)
    for error, is_met in steps:
        nearest, left = left, [each for each in left if is_met(each)]
        if not left:
            raise error(page_id, nearest)
    return sorted(left, key=lambda each: has_data_access_ended(each, now))


def has_task(tasks: Sequence[str], permission: str) -> bool:
    """Return whether one of these tasks on a Page is enough for ``permission``."""
    needed = NEEDED_TASKS.get(permission, ())
    return not needed or any(task in needed for task in tasks)


def has_data_access_ended(holding: PageHolding, now: datetime) -> bool:
    """Return whether the 90 days of the account's data access are over."""
    at = holding.data_access_expires_at
    return at is not None and at <= now


def _open_first(
    installation: Installation, page_id: str, holdings: Sequence[PageHolding]
) -> PageAccess:
    """Open the first token that opens. Raises KeysWrong when none does."""
    settings = installation.settings
    for token in (each.token for each in holdings):
        if token is None:
            continue
        try:
            secret = installation.vault.open_page_token(
                token.account_id, page_id, token.key_id, token.sealed_page_token
            )
        except (WrongKey, SealBroken):
            continue
        return PageAccess(
            page_id=page_id,
            grant_id=token.grant_id,
            graph_url=f"{settings.graph_url}/{settings.graph_version}",
            access_token=secret,
            appsecret_proof=appsecret_proof(settings.app_secret, secret),
        )
    raise KeysWrong(page_id)
