"""Login fetch: exchanges the code, identifies the account and lists its Pages, in the worker.

The result is sealed in the attempt's row until the operator saves or discards it, and stored
nowhere else. The authorization code is never stored.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import Any, Unpack

from fb.graph import oauth
from fb.graph.client import GraphClient
from fb.graph.debug_token import TokenFacts, debug_token
from fb.graph.errors import FacebookError
from fb.graph.pages import fetch_pages
from fb.installation import Installation
from fb.jobs.telemetry import save_telemetry
from fb.jobs.worker import heartbeat
from fb.login.attempt import LoginResult
from storage.accounts.attempts import (
    Progress,
    fail_attempt,
    record_progress,
    store_result,
)
from storage.accounts.grants import GrantFacts
from storage.accounts.pages import PageReport

log = logging.getLogger(__name__)

PREVIEW_LIFETIME = timedelta(minutes=30)
# A screen polls once a second, and each report costs a transaction.
REPORT_EVERY = timedelta(seconds=0.5)
# A short-lived user access token lasts one to two hours, a long-lived one about 60 days.
# https://developers.facebook.com/docs/facebook-login/guides/access-tokens
MIN_LONG_LIFETIME = timedelta(days=7)


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
        with heartbeat(progress.add):
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
        save_telemetry(installation, client)
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
                    record_progress(session, self._attempt_id, now, **self._pending)
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
    )


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
    log.warning("attempt %s failed: %s %s", attempt_id, failure["kind"], failure.get("code", ""))
    with installation.database.writing() as session:
        fail_attempt(session, attempt_id, failure, installation.now())


def _keep(installation: Installation, attempt_id: str, result: LoginResult) -> None:
    sealed = installation.vault.seal_login_result(attempt_id, result.to_json())
    now = installation.now()
    with installation.database.writing() as session:
        store_result(
            session,
            attempt_id,
            sealed,
            account_name=result.account.account_name,
            access_until=result.account.expires_at,
            now=now,
            preview_expires_at=now + PREVIEW_LIFETIME,
        )
    log.info("attempt %s read %d Pages", attempt_id, len(result.pages))
