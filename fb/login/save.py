"""Save: stores the Pages that the operator ticked in the preview, once, or discards the result."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from fb.accounts.check import INDISPENSABLE_PERMISSION, PERMISSION_DENIED
from fb.installation import Installation
from fb.login.attempt import (
    AttemptGone,
    Difference,
    DiffRow,
    LoginResult,
    compare,
    get_ready_attempt,
    open_result,
)
from storage.accounts.attempts import claim_attempt, record_outcome, record_unticked
from storage.accounts.grants import (
    PageAccess,
    save_grant,
    set_grant_status,
    upsert_page_grants,
    withdraw_page_grants,
)
from storage.accounts.seen_pages import Sighting, replace_sightings
from storage.accounts.vault import Vault
from storage.figures.snapshots import store_reports
from storage.jobs.events import record_event
from storage.people.person import Person

log = logging.getLogger(__name__)


class PreviewOvertaken(Exception):
    """The database has changed since the preview was loaded. Show the new preview."""


def leave_out(
    installation: Installation,
    attempt_id: str,
    cookies: Mapping[str, str],
    page_ids: frozenset[str],
    *,
    by: Person,
) -> None:
    """Store which Pages are unticked, for a reload. Raises `AttemptGone`."""
    with installation.database.writing() as session:
        get_ready_attempt(session, installation, attempt_id, cookies, by=by)
        record_unticked(session, attempt_id, page_ids)


def discard(
    installation: Installation,
    attempt_id: str,
    cookies: Mapping[str, str],
    now: datetime,
    *,
    by: Person,
) -> None:
    """Erase the result of an attempt. Raises `AttemptGone` when there is none."""
    with installation.database.writing() as session:
        attempt = get_ready_attempt(session, installation, attempt_id, cookies, by=by)
        if not claim_attempt(
            session, id=attempt_id, nonce_hash=attempt.nonce_hash, status_to="discarded", now=now
        ):
            raise AttemptGone("expired")  # just now: no other writer came between
    log.info("attempt %(attempt)s discarded", {"attempt": attempt_id})


def save(
    installation: Installation,
    attempt_id: str,
    cookies: Mapping[str, str],
    now: datetime,
    *,
    page_ids: frozenset[str],
    digest: str,
    by: Person,
) -> dict[str, Any]:
    """Save the ticked Pages in one transaction and return the numbers for the screen.

    An attempt can be saved once, and only with the ``digest`` of the current difference. An
    archived Page stays archived, and its access is stored for when it is brought back. Pages that
    are unticked, no longer listed, or listed without a token keep their history; the tokens that
    this account had for them are erased.

    Raises:
        PreviewOvertaken: the database has changed since the preview.
        AttemptGone: there is no result to save.
    """
    with installation.database.writing() as session:
        attempt = get_ready_attempt(session, installation, attempt_id, cookies, by=by)
        result = open_result(installation.vault, attempt)
        difference = compare(session, result)
        if difference.digest != digest:
            raise PreviewOvertaken
        if not claim_attempt(
            session, id=attempt_id, nonce_hash=attempt.nonce_hash, status_to="saved", now=now
        ):
            raise AttemptGone("expired")  # just now: no other writer came between
        ticked = [row for row in difference.usable if row.page_id in page_ids]
        grant_id = _store(session, installation.vault, result, difference, ticked, now)
        outcome = _outcome(result, difference, ticked)
        record_outcome(session, attempt_id, grant_id, outcome)
        record_event(
            session,
            "renewed" if difference.is_known_account else "connected",
            {name: outcome[name] for name in ("saved", "added", "kept", "missing")},
            now,
            by=by,
            grant_id=grant_id,
        )
    log.info(
        "attempt %(attempt)s saved: account %(account)d, %(pages)d Pages",
        {"attempt": attempt_id, "account": grant_id, "pages": len(ticked)},
    )
    return outcome


def _store(
    session: Session,
    vault: Vault,
    result: LoginResult,
    difference: Difference,
    ticked: list[DiffRow],
    now: datetime,
) -> int:
    account = result.account
    sealed = vault.seal_user_token(account.account_id, result.user_token)
    grant_id = save_grant(session, account, sealed, now)
    if not _reads_figures(result):
        # As the next check of the account would find: no figure can be fetched through it.
        set_grant_status(
            session, grant_id, "needs_renewal", code=PERMISSION_DENIED, subcode=None, now=now
        )
    # An archived Page stays archived: its access is renewed, but it is not read.
    reports = [row.listed.page for row in ticked if not row.is_archived]
    store_reports(session, reports, result.read_at, result.graph_version)
    accesses = [
        PageAccess(
            row.page_id,
            row.listed.tasks,
            vault.seal_page_token(account.account_id, row.page_id, row.listed.access_token or ""),
        )
        for row in ticked
    ]
    upsert_page_grants(session, grant_id, accesses, now)
    if difference.is_known_account:
        ticked_ids = {row.page_id for row in ticked}
        withdrawn = {
            "missing": [page_id for page_id, _ in difference.missing],
            "left_out": [r.page_id for r in difference.usable if r.page_id not in ticked_ids],
            "no_access": [row.page_id for row in difference.rows if not row.has_access],
        }
        for status, page_ids in withdrawn.items():
            withdraw_page_grants(session, grant_id, page_ids, now, status=status)
    replace_sightings(session, grant_id, _list_sightings(result, difference), now)
    return grant_id


def _list_sightings(result: LoginResult, difference: Difference) -> list[Sighting]:
    """Return what Facebook named only, with the missing Pages that were left unticked there."""
    unticked = [
        Sighting(page_id, name, "not_ticked")
        for page_id, name in difference.missing
        if result.ticked_ids is not None and page_id not in result.ticked_ids
    ]
    return [*result.seen, *unticked]


def _outcome(result: LoginResult, difference: Difference, ticked: list[DiffRow]) -> dict[str, Any]:
    kept_count = sum(row.is_known for row in ticked)
    return {
        "account_name": result.account.account_name,
        "saved": len(ticked),
        "added": len(ticked) - kept_count,
        "kept": kept_count,
        "missing": len(difference.missing),
        "is_known_account": difference.is_known_account,
        "reads_figures": _reads_figures(result),
    }


def _reads_figures(result: LoginResult) -> bool:
    return INDISPENSABLE_PERMISSION in result.account.granted
