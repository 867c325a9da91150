"""Account access: pauses an account, ends the pause, or ends its access to one Page or to all.

What that hits is loaded first. History stays; `fb.accounts.erase` deletes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fb.graph import oauth
from fb.graph.errors import AccessEnded, FacebookError
from fb.installation import Installation
from storage.accounts.grants import (
    forget_tokens,
    get_grant,
    list_held_pages,
    set_grant_status,
    withdraw_page_grants,
)
from storage.accounts.page_tokens import list_only_held
from storage.db.installation import bump_data_version
from storage.jobs.events import record_event
from storage.jobs.runs import list_active_kinds
from storage.people.person import Person, require


@dataclass(frozen=True)
class Cost:
    """What ending an account's access hits.

    ``held``: id → name of the Pages that it has access to, by name; ``only_held``: those of them
    that no other account reads, or could read after a pause. ``is_running``: a run is active, so
    that nothing can be erased.
    """

    grant_id: int
    account_id: str
    account_name: str
    held: Mapping[str, str]
    only_held: Mapping[str, str]
    is_running: bool


class NotRevoked(Exception):
    """Facebook did not confirm that the access has ended; nothing was changed here."""


def load_cost(installation: Installation, grant_id: int) -> Cost:
    """Return what ending an account's access hits. Raises GrantNotFound."""
    with installation.database.reading() as session:
        grant = get_grant(session, grant_id)
        held = list_held_pages(session, grant_id)
        return Cost(
            grant_id,
            grant.account_id,
            grant.account_name,
            dict(sorted(held.items(), key=lambda each: (each[1].casefold(), each[0]))),
            list_only_held(session, grant_id),
            bool(list_active_kinds(session)),
        )


def forget_page(installation: Installation, grant_id: int, page_id: str, *, by: Person) -> None:
    """Erase an account's access to one Page. Facebook is not told, and goes on offering the Page.

    Raises GrantNotFound.
    """
    now = installation.now()
    with installation.database.writing() as session:
        require(session, by, "operator")
        get_grant(session, grant_id)
        withdraw_page_grants(session, grant_id, [page_id], now, status="left_out")
        record_event(
            session,
            "page_access_forgotten",
            {},
            now,
            by=by,
            grant_id=grant_id,
            page_id=page_id,
        )


def freeze(installation: Installation, grant_id: int, *, by: Person) -> None:
    """Pause an account: its tokens are kept, and its Pages are not fetched. Only if it is ok."""
    _set_status(installation, grant_id, "frozen", only_from="ok", by=by)


def thaw(installation: Installation, grant_id: int, *, by: Person) -> None:
    """End the pause of an account. Does nothing if it is not paused."""
    _set_status(installation, grant_id, "ok", only_from="frozen", by=by)


def _set_status(
    installation: Installation, grant_id: int, status: str, only_from: str, *, by: Person
) -> None:
    now = installation.now()
    with installation.database.writing() as session:
        require(session, by, "operator")
        grant = get_grant(session, grant_id)
        if grant.status != only_from:
            return
        set_grant_status(session, grant_id, status, code=None, subcode=None, now=now)
        kind = "frozen" if status == "frozen" else "thawed"
        record_event(session, kind, {}, now, by=by, grant_id=grant_id)
        bump_data_version(session)


def disconnect(installation: Installation, grant_id: int, *, revoke: bool, by: Person) -> None:
    """Erase an account's tokens; its history stays. ``revoke`` also ends the access at Facebook.

    Raises `NotRevoked`, with nothing changed, when Facebook does not confirm the revocation. Access
    that Facebook has already ended counts as revoked.
    """
    if revoke:
        _revoke(installation, grant_id, by)
    now = installation.now()
    with installation.database.writing() as session:
        require(session, by, "operator")
        get_grant(session, grant_id)
        forget_tokens(session, grant_id, now)
        facts = {"revoked": revoke}
        record_event(session, "disconnected", facts, now, by=by, grant_id=grant_id)
        bump_data_version(session)


def _revoke(installation: Installation, grant_id: int, by: Person) -> None:
    with installation.database.reading() as session:
        require(session, by, "operator")
        grant = get_grant(session, grant_id)
        account_id, key_id, sealed = grant.account_id, grant.key_id, grant.sealed_user_token
    if key_id is None or sealed is None:
        if grant.status == "disconnected":
            return
        raise NotRevoked  # its encryption key was given up
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
