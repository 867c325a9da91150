"""Login start: begins an attempt, and accepts its return from Facebook once."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from fb.graph.oauth import authorization_url
from fb.installation import Installation
from fb.login.attempt import cookie_name, is_trip_over
from fb.login.fetch import fetch_account
from fb.login.state import (
    StateError,
    StateMalformed,
    StateSigner,
    hash_nonce,
    new_nonce,
)
from fb.settings import Settings
from storage.accounts.attempts import (
    PREVIEW_SECONDS,
    TRIP_SECONDS,
    consume_attempt,
    create_attempt,
    fail_attempt,
    find_attempt,
    withdraw_attempt,
)
from storage.db.text import storable
from storage.models import Attempt
from storage.people.person import Person, require

log = logging.getLogger(__name__)

COOKIE_LIFETIME = timedelta(seconds=TRIP_SECONDS + PREVIEW_SECONDS)
MAX_CODE_LENGTH = 4096
# Facebook sends several of these for a refusal, and not always "error".
ERROR_NAMES = ("error", "error_code", "error_reason", "error_message", "error_description")


@dataclass(frozen=True)
class StartedAttempt:
    """A new attempt. ``nonce`` is for the browser's cookie only."""

    id: str
    nonce: str = field(repr=False)
    authorization_url: str = field(repr=False)


class ReturnRefused(Exception):
    """A return from Facebook is not accepted; nothing was changed.

    ``kind``: "nothing" (no parameters) · "incomplete" · "repeated" · "malformed" · "forged" ·
    "expired" · "other_browser" · "other_person" (who began it has left the browser to somebody
    else) · "used" · "other_settings" · "wrong_key" · "error" (without a state; ``code`` is
    Facebook's number, if it sent one).
    """

    def __init__(
        self, kind: str, attempt_id: str | None = None, *, code: int | None = None
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.attempt_id = attempt_id
        self.code = code


def start_attempt(
    installation: Installation,
    now: datetime,
    *,
    replaced: Mapping[str, str] | None = None,
    expected_grant_id: int | None = None,
    by: Person,
) -> StartedAttempt:
    """Store a new attempt and return it with its authorization URL.

    ``expected_grant_id`` is the grant that is to be renewed; an unknown one is ignored. Facebook
    does not learn it: its dialog shows whoever is signed in there. ``replaced`` are attempts of the
    same browser (id and nonce, as its cookies say) that end here if they are still open.
    """
    settings = installation.settings
    attempt_id, nonce = secrets.token_hex(16), new_nonce()
    with installation.database.writing() as session:
        create_attempt(
            session,
            id=attempt_id,
            nonce_hash=hash_nonce(nonce),
            binding=_binding(settings),
            now=now,
            expected_grant_id=expected_grant_id,
            by=by,
        )
        for old_id, old_nonce in (replaced or {}).items():
            if storable(old_id) == old_id:  # a cookie may carry text that the database refuses
                withdraw_attempt(session, id=old_id, nonce_hash=hash_nonce(old_nonce))
    url = authorization_url(
        dialog_url=settings.dialog_url,
        version=settings.graph_version,
        app_id=settings.app_id,
        redirect_uri=settings.redirect_uri,
        scopes=settings.scopes,
        config_id=settings.config_id,
        state=_signer(settings).sign(attempt_id, hash_nonce(nonce)),
    )
    log.info("attempt %(attempt)s begins", {"attempt": attempt_id})
    return StartedAttempt(attempt_id, nonce, url)


def accept_return(
    installation: Installation,
    parameters: Mapping[str, Sequence[str]],
    cookies: Mapping[str, str],
    now: datetime,
    *,
    by: Person,
) -> str:
    """Consume the returned attempt, have the worker fetch its account, and return its id.

    Of all returns with one state, only the first is accepted, in time and from the same browser and
    person. Raises `ReturnRefused` for every other, and NotAllowed. Facebook's texts
    (``error_description``, …) are never shown or stored.
    """
    code, state, failure = _read_parameters(parameters)
    settings = installation.settings
    attempt_id, nonce_hash = _verify(installation, state, cookies)
    if not installation.can_open_tokens:
        raise ReturnRefused("wrong_key", attempt_id)
    with installation.database.writing() as session:
        require(session, by, "operator")
        attempt = find_attempt(session, attempt_id)
        if attempt is not None and attempt.by != by.key:
            raise ReturnRefused("other_person", attempt_id)
        consumed = consume_attempt(
            session, id=attempt_id, nonce_hash=nonce_hash, binding=_binding(settings)
        )
        if not consumed:
            attempt = find_attempt(session, attempt_id)
            raise ReturnRefused(_refusal_kind(attempt, settings), attempt_id)
        if failure is not None:
            fail_attempt(session, attempt_id, failure, now)
    if failure is not None:
        log.info(
            "attempt %(attempt)s: %(failure)s %(code)s",
            {"attempt": attempt_id, "failure": failure["kind"], "code": failure["code"] or ""},
        )
    else:
        installation.worker.submit(
            f"fetching the account of attempt {attempt_id}",
            partial(fetch_account, installation, attempt_id, code),
        )
    return attempt_id


def _read_parameters(
    parameters: Mapping[str, Sequence[str]],
) -> tuple[str, str, dict[str, Any] | None]:
    """Return code, state, and the facts of the failure if Facebook sent an error, not a code."""
    for name in ("code", "state", "error", "error_code"):
        if len(parameters.get(name, ())) > 1:
            raise ReturnRefused("repeated")
    code, state = ("".join(parameters.get(name, ())) for name in ("code", "state"))
    failure = None
    if any(name in parameters for name in ERROR_NAMES):
        failure = _read_failure(parameters)
    if not code and not state and failure is None:
        raise ReturnRefused("nothing")
    if not state and failure is not None:
        raise ReturnRefused("error", code=failure["code"])
    if not state or (not code and failure is None):
        raise ReturnRefused("incomplete")
    if len(code) > MAX_CODE_LENGTH:
        raise ReturnRefused("malformed")
    return code, state, failure


def _read_failure(parameters: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the kind of failure, and Facebook's number.

    Facebook also answers "access_denied" when nobody cancelled. An ``error_code`` without ``error``
    is how it refuses an app that is not live for this person.
    """
    error, number = ("".join(parameters.get(name, ())) for name in ("error", "error_code"))
    kinds = {"access_denied": "cancelled", "": "cancelled_or_not_live"}
    code = int(number) if re.fullmatch("[0-9]{1,10}", number) else None
    return {"kind": kinds.get(error, "dialog_error"), "code": code}


def _verify(installation: Installation, state: str, cookies: Mapping[str, str]) -> tuple[str, str]:
    settings = installation.settings
    try:
        verified = _signer(settings).verify(state)
    except StateMalformed:
        raise ReturnRefused("malformed") from None
    except StateError:
        raise ReturnRefused("forged") from None
    nonce = cookies.get(cookie_name(verified.attempt_id, settings), "")
    if not secrets.compare_digest(hash_nonce(nonce), verified.nonce_hash):
        # Perhaps it is the same browser: its cookie ends some time after the trip.
        with installation.database.reading() as session:
            attempt = find_attempt(session, verified.attempt_id)
            is_over = attempt is None or is_trip_over(session, attempt)
        raise ReturnRefused("expired" if is_over else "other_browser")
    return verified.attempt_id, verified.nonce_hash


def _refusal_kind(attempt: Attempt | None, settings: Settings) -> str:
    if attempt is None:
        return "expired"
    if attempt.consumed_at is not None:
        return "used"
    return "expired" if attempt.binding == _binding(settings) else "other_settings"


def _binding(settings: Settings) -> str:
    """Return a hash of the settings that must be the same at start and return."""
    bound = (settings.marker, settings.redirect_uri, settings.graph_url, settings.dialog_url)
    return hashlib.sha256("\n".join(bound).encode()).hexdigest()


def _signer(settings: Settings) -> StateSigner:
    return StateSigner(settings.state_secret, settings.mode, settings.app_id)
