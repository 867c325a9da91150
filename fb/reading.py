"""What the worker does between Facebook's answer and the preview: exchange, identify, list.

The result lies sealed in the attempt's row until the operator saves or discards it. Nothing of it
is stored elsewhere, and the authorization code lives in this call alone.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fb import oauth
from fb.errors import FacebookError
from fb.graph import GraphClient
from fb.installation import Installation
from fb.listing import Listing, fetch_pages, pack_listing, unpack_listing
from fb.observing import keep_observed
from storage.attempts import beat, fail_attempt, finish_reading
from storage.vault import PURPOSE_ATTEMPT

log = logging.getLogger(__name__)

PREVIEW_LIFETIME = timedelta(minutes=30)
# A screen looks once a second; telling it more often costs a transaction each.
TELL_EVERY = timedelta(seconds=0.5)
# A short-lived user token lives one to two hours, a long-lived one about sixty days. Whatever lives
# less than a week is not what was asked for, and page tokens made from it would die within hours.
SHORTEST_LONG_LIFE = timedelta(days=7)


@dataclass(frozen=True)
class Result:
    """What one trip brought home. Sealed as JSON; never logged, cached or shown as a whole."""

    account_id: str
    account_name: str
    user_token: str = field(repr=False)
    granted: tuple[str, ...]
    declined: tuple[str, ...]
    issued_at: datetime | None
    expires_at: datetime | None
    data_access_expires_at: datetime | None
    listing: Listing = field(repr=False)
    read_at: datetime
    graph_version: str | None


class NotLongLived(Exception):
    """Facebook answered the long-lived exchange with access that ends within days."""


class WrongToken(Exception):
    """The token is not valid, not of this app, or not of the person whom ``/me`` names."""


def read_pages(installation: Installation, attempt_id: str, code: str) -> None:
    """Exchange ``code`` once, read every Page, and leave the sealed result for the preview.

    Ends in status "ready", or in "failed" with the kind of failure; never raises for what Facebook
    does. A process that dies in here leaves a heartbeat that grows old.
    """
    client = installation.client()
    try:
        result = _read(installation, client, attempt_id, code)
    except FacebookError as error:
        _fail(installation, attempt_id, _facts_of(error))
    except NotLongLived:
        _fail(installation, attempt_id, {"kind": "not_long_lived"})
    except WrongToken:
        _fail(installation, attempt_id, {"kind": "wrong_token"})
    else:
        _keep(installation, attempt_id, result)
    finally:
        keep_observed(installation, client)
        client.close()


def _read(installation: Installation, client: GraphClient, attempt_id: str, code: str) -> Result:
    settings = installation.settings

    def progress(**facts: Any) -> None:
        with installation.database.writing() as session:
            beat(session, attempt_id, installation.now(), **facts)

    told_at = installation.now()

    def count(read: int, total: int | None) -> None:
        nonlocal told_at
        if installation.now() - told_at >= TELL_EVERY:
            told_at = installation.now()
            progress(pages_read=read, pages_total=total)

    short = oauth.exchange_code(client, redirect_uri=settings.redirect_uri, code=code)
    progress(step="identity")
    token = oauth.exchange_for_long_lived(client, short.token).token
    facts = oauth.debug_token(client, token)
    progress(step="identity", access_until=facts.expires_at)
    identity = oauth.fetch_identity(client, token)
    _check(facts, identity, settings.app_id, installation.now())
    progress(step="identity", account_name=identity.name)
    permissions = oauth.fetch_permissions(client, token)
    progress(step="listing")
    listing = fetch_pages(client, token, count)
    return Result(
        account_id=identity.id,
        account_name=identity.name,
        user_token=token,
        granted=permissions.granted,
        declined=permissions.declined,
        issued_at=facts.issued_at,
        expires_at=facts.expires_at,
        data_access_expires_at=facts.data_access_expires_at,
        listing=listing,
        read_at=installation.now(),
        graph_version=client.observed.version_served or settings.graph_version,
    )


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


def _keep(installation: Installation, attempt_id: str, result: Result) -> None:
    sealed = installation.vault.seal(PURPOSE_ATTEMPT, attempt_id, dumps_result(result))
    now = installation.now()
    with installation.database.writing() as session:
        finish_reading(
            session, attempt_id, sealed=sealed, now=now, preview_expires_at=now + PREVIEW_LIFETIME
        )
    log.info("attempt %s read %d Pages", attempt_id, len(result.listing.pages))


_TIMES = ("issued_at", "expires_at", "data_access_expires_at", "read_at")


def dumps_result(result: Result) -> str:
    """Return the result as JSON text, to be sealed at once."""
    plain = {name: getattr(result, name) for name in Result.__dataclass_fields__}
    plain["listing"] = pack_listing(result.listing)
    for name in _TIMES:
        plain[name] = plain[name].isoformat() if plain[name] else None
    return json.dumps(plain, separators=(",", ":"))


def loads_result(text: str) -> Result:
    """Read back what `dumps_result` wrote."""
    plain = json.loads(text)
    plain["listing"] = unpack_listing(plain["listing"])
    for name in _TIMES:
        plain[name] = datetime.fromisoformat(plain[name]) if plain[name] else None
    for name in ("granted", "declined"):
        plain[name] = tuple(plain[name])
    return Result(**plain)
