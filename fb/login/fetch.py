"""Login fetch: exchanges the code, identifies the account and lists its Pages, in the worker.

The result is sealed in the attempt's row until the operator saves or discards it, and stored
nowhere else. The authorization code is never stored.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence, Set
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Unpack

from fb.graph import oauth
from fb.graph.businesses import iterate_business_pages
from fb.graph.client import GraphClient
from fb.graph.debug_token import TokenFacts, debug_token
from fb.graph.errors import FacebookError
from fb.graph.pages import fetch_pages
from fb.installation import Installation
from fb.jobs.telemetry import save_telemetry
from fb.jobs.worker import heartbeat
from fb.log_facts import log_facts
from fb.login.attempt import HEARTBEAT_SECONDS, LoginResult
from storage.accounts.attempts import (
    Progress,
    fail_attempt,
    record_progress,
    store_result,
)
from storage.accounts.grants import GrantFacts
from storage.accounts.pages import PageReport
from storage.accounts.seen_pages import SeenKind, Sighting

log = logging.getLogger(__name__)

# A screen polls once a second, and each report costs a transaction.
REPORT_EVERY = timedelta(seconds=0.5)
# A short-lived user access token lasts one to two hours, a long-lived one about 60 days.
# https://developers.facebook.com/docs/facebook-login/guides/access-tokens
MIN_LONG_LIFETIME = timedelta(days=7)


LIST_PERMISSION = "pages_show_list"
# Facebook lists the Pages of businesses only with it.
BUSINESS_PERMISSION = "business_management"
MAX_BUSINESS_PAGES = 5_000


class NotLongLived(Exception):
    """The token of the long-lived exchange expires in less than MIN_LONG_LIFETIME."""


class WrongToken(Exception):
    """The token is not valid, or belongs to another app or to another account than ``/me``."""


def fetch_account(installation: Installation, attempt_id: str, code: str) -> None:
    """Exchange ``code`` once, list every Page, and store the sealed result for the preview.

    The attempt ends in status "ready", or in "failed" with the kind of failure; errors of Facebook
    are not raised. When the process ends in here, the attempt's heartbeat stops.
    """
    client = installation.client()
    progress = ProgressReport(installation, attempt_id)
    try:
        with heartbeat(progress.add, HEARTBEAT_SECONDS), log_facts(attempt=attempt_id):
            result = _fetch(installation, client, progress, code)
    except FacebookError as error:
        _fail(installation, attempt_id, _facts_of(error))
    except NotLongLived:
        _fail(installation, attempt_id, {"kind": "not_long_lived"})
    except WrongToken:
        _fail(installation, attempt_id, {"kind": "wrong_token"})
    else:
        _keep(installation, attempt_id, result)
    finally:
        save_telemetry(installation, client.observed)
        client.close()


class ProgressReport:
    """Writes progress and heartbeat into an attempt's row, at most once per REPORT_EVERY.

    Progress in between is kept and written with the next call. Thread-safe.
    """

    def __init__(self, installation: Installation, attempt_id: str) -> None:
        self._installation = installation
        self._attempt_id = attempt_id
        self._written_at = installation.now()
        self._pending: Progress = {}
        # The heartbeat's thread calls `add` as well.
        self._lock = threading.Lock()

    def add(self, **progress: Unpack[Progress]) -> None:
        """Write this progress with all that is pending, or keep it for a later call."""
        with self._lock:
            self._pending |= progress
            now = self._installation.now()
            if now - self._written_at >= REPORT_EVERY:
                with self._installation.database.writing() as session:
                    record_progress(session, self._attempt_id, **self._pending)
                self._written_at, self._pending = now, {}


def _fetch(
    installation: Installation, client: GraphClient, progress: ProgressReport, code: str
) -> LoginResult:
    settings = installation.settings
    short_lived = oauth.exchange_code(client, redirect_uri=settings.redirect_uri, code=code)
    progress.add(step="identity")
    token = oauth.exchange_for_long_lived(client, short_lived)
    facts = debug_token(client, token)
    progress.add(access_until=facts.expires_at)
    identity = oauth.fetch_identity(client, token)
    _check(facts, identity, settings.app_id, installation.now())
    progress.add(account_name=identity.name)
    permissions = oauth.fetch_permissions(client, token)
    progress.add(step="listing")
    listing = fetch_pages(
        client,
        token,
        PageReport,
        lambda read, total: progress.add(pages_read=read, pages_total=total),
    )
    ticked_ids = facts.granular.get(LIST_PERMISSION)
    listed_ids = {listed.page.id for listed in listing.pages}
    account = GrantFacts(
        account_id=identity.id,
        account_name=identity.name,
        granted=permissions.granted,
        declined=permissions.declined,
        issued_at=facts.issued_at,
        expires_at=facts.expires_at,
        data_access_expires_at=facts.data_access_expires_at,
    )
    return LoginResult(
        account=account,
        user_token=token,
        pages=listing.pages,
        basic_only=listing.basic_only,
        read_at=installation.now(),
        graph_version=client.observed.version_served or settings.graph_version,
        seen=_list_seen(client, token, permissions.granted, listed_ids, ticked_ids),
        ticked_ids=ticked_ids,
    )


def _list_seen(
    client: GraphClient,
    token: str,
    granted: Sequence[str],
    listed_ids: Set[str],
    ticked_ids: Sequence[str] | None,
) -> tuple[Sighting, ...]:
    """Return the Pages that Facebook names without listing them: ticked, or of a business.

    They only tell where a missing Page is, so that no error in reading them fails the trip.
    """
    if LIST_PERMISSION not in granted:
        return ()
    names = {page_id: page_id for page_id in ticked_ids or () if page_id not in listed_ids}
    if BUSINESS_PERMISSION in granted:
        try:
            for page_id, name in islice(iterate_business_pages(client, token), MAX_BUSINESS_PAGES):
                if page_id not in listed_ids:
                    names[page_id] = name
        except FacebookError as error:
            log.warning("Pages of businesses could not be read: %s", error)

    def kind_of(page_id: str) -> SeenKind:
        if ticked_ids is None:
            return "in_portfolio"
        return "not_listed" if page_id in ticked_ids else "not_ticked"

    return tuple(Sighting(page_id, name, kind_of(page_id)) for page_id, name in names.items())


def _check(facts: TokenFacts, identity: oauth.Identity, app_id: str, now: datetime) -> None:
    is_ours = facts.is_valid and facts.app_id == app_id
    if not is_ours or facts.type not in ("USER", "SYSTEM_USER") or facts.user_id != identity.id:
        raise WrongToken
    if facts.expires_at is not None and facts.expires_at - now < MIN_LONG_LIFETIME:
        raise NotLongLived


def _facts_of(error: FacebookError) -> dict[str, Any]:
    return {
        "kind": type(error).__name__,
        "code": error.code,
        "subcode": error.subcode,
        "trace_id": error.trace_id,
    }


def _fail(installation: Installation, attempt_id: str, failure: dict[str, Any]) -> None:
    log.warning(
        "attempt %(attempt)s failed: %(failure)s %(code)s",
        {"attempt": attempt_id, "failure": failure["kind"], "code": failure.get("code", "")},
    )
    with installation.database.writing() as session:
        fail_attempt(session, attempt_id, failure, installation.now())


def _keep(installation: Installation, attempt_id: str, result: LoginResult) -> None:
    sealed = installation.vault.seal_login_result(attempt_id, result.to_json())
    with installation.database.writing() as session:
        store_result(
            session,
            attempt_id,
            sealed,
            account_name=result.account.account_name,
            access_until=result.account.expires_at,
        )
    log.info(
        "attempt %(attempt)s read %(pages)d Pages",
        {"attempt": attempt_id, "pages": len(result.pages)},
    )
