"""What the worker does between Facebook's answer and the preview: exchange, identify, list.

What was found waits in the attempt's rows, tokens sealed, until the operator saves or discards it.
Nothing of it is stored elsewhere, and the authorization code lives in this call alone.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Unpack

from fb import oauth
from fb.errors import FacebookError
from fb.found import Found, dump_found
from fb.graph import GraphClient
from fb.installation import Installation
from fb.jobs.telemetry import save_telemetry
from fb.jobs.worker import heartbeat
from fb.listing import ListedPage, fetch_pages
from fb.staging import stage
from storage.attempts import Progress, beat, fail_attempt, finish_reading
from storage.staging import stage_pages

log = logging.getLogger(__name__)

PREVIEW_LIFETIME = timedelta(minutes=30)
# A screen looks once a second; telling it more often costs a transaction each.
TELL_EVERY = timedelta(seconds=0.5)
# A short-lived user token lives one to two hours, a long-lived one about sixty days. Whatever lives
# less than a week is not what was asked for, and page tokens made from it would die within hours.
SHORTEST_LONG_LIFE = timedelta(days=7)


@dataclass(frozen=True)
class Answer:
    """What Facebook answered to one trip; lives in the worker alone."""

    found: Found
    user_token: str = field(repr=False)
    pages: tuple[ListedPage, ...] = field(repr=False)


class NotLongLived(Exception):
    """Facebook answered the long-lived exchange with access that ends within days."""


class WrongToken(Exception):
    """The token is not valid, not of this app, or not of the person whom ``/me`` names."""


def read_pages(installation: Installation, attempt_id: str, code: str) -> None:
    """Exchange ``code`` once, read every Page, and leave what was found for the preview.

    Ends in status "ready", or in "failed" with the kind of failure; never raises for what Facebook
    does. A process that dies in here leaves a heartbeat that grows old.
    """
    client = installation.client()
    heart = Heart(installation, attempt_id)
    try:
        with heartbeat(heart.beat):
            answer = _read(installation, client, heart, code)
    except FacebookError as error:
        _fail(installation, attempt_id, _facts_of(error))
    except NotLongLived:
        _fail(installation, attempt_id, {"kind": "not_long_lived"})
    except WrongToken:
        _fail(installation, attempt_id, {"kind": "wrong_token"})
    else:
        _keep(installation, attempt_id, answer)
    finally:
        save_telemetry(installation, client)
        client.close()


class Heart:
    """Shows that a reading is alive and how far it is: every TELL_EVERY at most, all at once."""

    def __init__(self, installation: Installation, attempt_id: str) -> None:
        self._installation = installation
        self._attempt_id = attempt_id
        self._told_at = installation.now()
        self._untold: Progress = {}
        # It also beats by itself, beside a call that takes long.
        self._lock = threading.Lock()

    def beat(self, **progress: Unpack[Progress]) -> None:
        """Tell what there is to tell, or keep it for a later beat."""
        with self._lock:
            self._untold |= progress
            now = self._installation.now()
            if now - self._told_at >= TELL_EVERY:
                with self._installation.database.writing() as session:
                    beat(session, self._attempt_id, now, **self._untold)
                self._told_at, self._untold = now, {}


def _read(installation: Installation, client: GraphClient, heart: Heart, code: str) -> Answer:
    settings = installation.settings
    short = oauth.exchange_code(client, redirect_uri=settings.redirect_uri, code=code)
    heart.beat(step="identity")
    token = oauth.exchange_for_long_lived(client, short.token).token
    facts = oauth.debug_token(client, token)
    heart.beat(access_until=facts.expires_at)
    identity = oauth.fetch_identity(client, token)
    _check(facts, identity, settings.app_id, installation.now())
    heart.beat(account_name=identity.name)
    permissions = oauth.fetch_permissions(client, token)
    heart.beat(step="listing")
    listing = fetch_pages(
        client, token, lambda read, total: heart.beat(pages_read=read, pages_total=total)
    )
    found = Found(
        account_id=identity.id,
        account_name=identity.name,
        granted=permissions.granted,
        declined=permissions.declined,
        issued_at=facts.issued_at,
        expires_at=facts.expires_at,
        data_access_expires_at=facts.data_access_expires_at,
        basic_only=listing.basic_only,
        read_at=installation.now(),
        graph_version=client.observed.version_served or settings.graph_version,
    )
    return Answer(found, token, listing.pages)


def _check(facts: oauth.TokenFacts, identity: oauth.Identity, app_id: str, now: datetime) -> None:
    is_ours = facts.is_valid and facts.app_id == app_id
    if not is_ours or facts.type not in ("USER", "SYSTEM_USER") or facts.user_id != identity.id:
        raise WrongToken
    if facts.expires_at is not None and facts.expires_at - now < SHORTEST_LONG_LIFE:
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


def _keep(installation: Installation, attempt_id: str, answer: Answer) -> None:
    """Seal every token at once, then leave the rest as it is: it says less than a preview shows."""
    account_id = answer.found.account_id
    sealed = installation.vault.seal_user_token(account_id, answer.user_token)
    pages = stage(installation.vault, account_id, answer.pages)
    now = installation.now()
    with installation.database.writing() as session:
        is_ready = finish_reading(
            session,
            attempt_id,
            account_id=account_id,
            account_name=answer.found.account_name,
            access_until=answer.found.expires_at,
            found=dump_found(answer.found),
            sealed=sealed,
            now=now,
            preview_expires_at=now + PREVIEW_LIFETIME,
        )
        if is_ready:
            stage_pages(session, attempt_id, pages)
    log.info("attempt %s read %d Pages", attempt_id, len(pages))
