"""Removal: ends access and deletes data when Facebook says so, or a person asks the operator.

Whatever was connected or renewed after the request is left alone, so that an old request that is
sent again does nothing. A deletion is stored before it is done: while a run is active, or when the
dashboard stops in between, it waits, and the timer does it.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from fb.accounts import erase
from fb.addresses import DELETION_PATH
from fb.graph.json_values import to_id
from fb.graph.signed_request import SignedRequest, SignedRequestError, read_signed_request
from fb.installation import Installation
from storage.accounts.deletion_requests import (
    PendingRequest,
    RequestOutcome,
    add_request,
    finish_request,
    list_pending,
)
from storage.accounts.deletions import find_deleted_at
from storage.accounts.erasure import Erasure, ErasureKind, drop_unsaved, find_erasure
from storage.accounts.grants import (
    find_grant_by_account,
    forget_tokens,
    list_page_holders,
    withdraw_page_grants,
)
from storage.db.errors import JobRunning, SealBroken, WrongKey
from storage.jobs.events import record_event
from storage.people.person import Person, of_record, require

log = logging.getLogger(__name__)

MAX_PASTED_IDS = 100


class Unreadable(Exception):
    """A pasted text has neither ids nor a signed request of Facebook; its text says why."""


@dataclass(frozen=True)
class Removal:
    """An account or a Page that a person asks to have deleted.

    ``erasure`` is what goes; None when it is not stored, or was connected or renewed after
    ``asked_at`` (``is_renewed``). ``has_access``: it is an account that is still connected.
    ``deleted_at``: when it was erased last, if ever.
    """

    kind: ErasureKind
    id: str
    asked_at: datetime
    erasure: Erasure | None
    is_renewed: bool
    has_access: bool
    deleted_at: datetime | None


def verify(installation: Installation, text: str) -> SignedRequest:
    """Return what Facebook signed for this app. Raises SignedRequestError."""
    return read_signed_request(text, installation.settings.app_secret, installation.now())


def deauthorize(installation: Installation, request: SignedRequest) -> None:
    """End the access of an account that removed the app, or every access to a Page that did.

    Its tokens are erased, its history stays. What is unknown here, has no token any more, or was
    renewed after the request is left alone.
    """
    now = installation.now()
    log.info("Facebook reports that the app was removed (%s)", request.kind)
    with installation.database.writing() as session:
        if request.kind == "account":
            grant = find_grant_by_account(session, request.id)
            if grant is None or grant.status == "disconnected":
                return
            if grant.renewed_at > request.issued_at:
                return
            forget_tokens(session, grant.id, now)
            record_event(session, "deauthorized", {"scope": "account"}, now, grant_id=grant.id)
        else:
            for grant_id in list_page_holders(session, request.id, request.issued_at):
                withdraw_page_grants(session, grant_id, [request.id], now, status="no_access")
                record_event(
                    session,
                    "deauthorized",
                    {"scope": "page"},
                    now,
                    grant_id=grant_id,
                    page_id=request.id,
                )


def request_deletion(
    installation: Installation, kind: ErasureKind, id: str, asked_at: datetime
) -> str:
    """Store that Facebook asks to delete an account or a Page; return the confirmation code.

    The code has 128 random bits, in hex. It is the same for what is not stored here. The deletion
    itself is `finish_pending`.
    """
    with installation.database.writing() as session:
        return _request(session, installation, kind, id, asked_at, None)


def _request(
    session: Session,
    installation: Installation,
    kind: ErasureKind,
    id: str,
    asked_at: datetime,
    asker: Person | None,
) -> str:
    code = secrets.token_hex(16)
    add_request(
        session,
        installation.vault,
        kind,
        id,
        code=code,
        asked_at=asked_at,
        now=installation.now(),
        asked_by=None if asker is None else asker.key,
    )
    return code


def status_url(installation: Installation, code: str) -> str:
    """Return the address that tells a person what has become of the request."""
    return f"{installation.settings.redirect_origin}{DELETION_PATH}{code}"


def finish_pending(installation: Installation) -> bool:
    """Do the deletions that were asked for; may be called at any time and by several at once.

    False when they have to wait: a run is active, or another program uses the database's file,
    where traces would be left.
    """
    with installation.database.reading() as session:
        try:
            pending = list_pending(session, installation.vault)
        except (WrongKey, SealBroken) as error:
            log.error("deletion requests can't be read: %s", type(error).__name__)
            return False
    if not pending:
        return True
    erasures = []
    for each in pending:
        erasure = erase.load_erasure(installation, each.kind, each.id, each.asked_at)
        if erasure is not None:
            asker = None if each.asked_by is None else of_record(each.asked_by)
            erasures.append((erasure, asker))
    is_clean = True
    try:
        if erasures:
            is_clean = erase.erase_as_asked(installation, erasures)
    except JobRunning:
        is_clean = False
        log.info("deletion requests wait for a run to end")
    with installation.database.reading() as session:
        outcomes = [_find_outcome(session, installation, each) for each in pending]
    if not erasures and "erased" in outcomes:
        # An earlier try ended before the file was clean.
        is_clean = erase.clean(installation)
    if not is_clean and None not in outcomes:
        log.warning("deletion requests wait: the database's file is in use")
    is_done = True
    with installation.database.writing() as session:
        for request, outcome in zip(pending, outcomes, strict=True):
            if outcome is None or (outcome == "erased" and not is_clean):
                is_done = False
                continue
            if outcome == "absent":
                # What a trip to Facebook has read before the request may be this account.
                drop_unsaved(session, begun_until=request.asked_at)
            finish_request(session, request.code_hash, outcome, installation.now())
    return is_done


def _find_outcome(
    session: Session, installation: Installation, request: PendingRequest
) -> RequestOutcome | None:
    """Return how a request ended, None while it waits.

    It is told from what is stored, since another process may have done the deletion.
    """
    if find_erasure(session, request.kind, request.id, request.asked_at) is not None:
        return None
    if find_erasure(session, request.kind, request.id) is not None:
        return "renewed"
    deleted_at = find_deleted_at(session, installation.vault, request.kind, request.id)
    is_by_request = deleted_at is not None and deleted_at >= request.received_at
    return "erased" if is_by_request else "absent"


def read_pasted(installation: Installation, text: str) -> list[Removal]:
    """Return what an operator pasted, each once: ids of accounts or Pages, or a signed request.

    An id that is not stored is taken for an account's. Raises Unreadable.
    """
    text = text.strip()
    if "." in text:
        try:
            request = verify(installation, text)
        except SignedRequestError as error:
            raise Unreadable(f"This is no signed request of Facebook's: {error}.") from None
        with installation.database.reading() as session:
            return [_removal(session, installation, request.kind, request.id, request.issued_at)]
    ids = list(dict.fromkeys(re.split(r"[\s,;]+", text)))
    if len(ids) > MAX_PASTED_IDS:
        raise Unreadable(f"These are more than {MAX_PASTED_IDS} ids. Paste them in parts.")
    if any(to_id(id) is None for id in ids):
        raise Unreadable("Ids of Facebook have digits only, up to 32.")
    now = installation.now()
    with installation.database.reading() as session:
        return [_removal(session, installation, _kind_of(session, id), id, now) for id in ids]


def _kind_of(session: Session, id: str) -> ErasureKind:
    is_page = find_grant_by_account(session, id) is None and find_erasure(session, "page", id)
    return "page" if is_page else "account"


def _removal(
    session: Session, installation: Installation, kind: ErasureKind, id: str, asked_at: datetime
) -> Removal:
    erasure = find_erasure(session, kind, id, asked_at)
    grant = find_grant_by_account(session, id) if kind == "account" else None
    return Removal(
        kind,
        id,
        asked_at,
        erasure,
        is_renewed=erasure is None and find_erasure(session, kind, id) is not None,
        has_access=grant is not None and grant.status != "disconnected",
        deleted_at=find_deleted_at(session, installation.vault, kind, id),
    )


def remove(
    installation: Installation, removals: Sequence[Removal], *, by: Person
) -> tuple[list[str], bool]:
    """Delete what an operator has seen; return the confirmation codes, and whether all is done.

    What is not done yet waits as `finish_pending` says, and is done by the timer.
    """
    with installation.database.writing() as session:
        require(session, by, "admin")
        codes = [
            _request(session, installation, each.kind, each.id, each.asked_at, by)
            for each in removals
        ]
    return codes, finish_pending(installation)
