"""One attempt after Facebook's answer: watch it, then save or discard what it brought.

The attempt's id stands in the URL and is a name, not a permission: whoever watches, saves or
discards needs the attempt's cookie as well.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from fb.installation import Installation
from fb.login.found import get_found
from fb.login.preview import Preview, build_preview, compare
from fb.login.save import save_found
from fb.login.start import cookie_name
from fb.login.state import hash_nonce
from fb.settings import Settings
from storage.accounts import staging
from storage.accounts.attempts import claim, find_attempt, record_outcome
from storage.models import Attempt

# A reading whose heart has not beaten for so long was cut off: by a restart, most likely.
HEARTBEAT_LIFETIME = timedelta(seconds=60)


class PreviewOvertaken(Exception):
    """The database moved on since the preview was shown: show the new difference instead."""


class AttemptGone(Exception):
    """Saved or discarded already, expired, or not this browser's; ``status`` says which."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class AttemptView:
    """One attempt, as far as this browser may see it.

    ``status``: open · reading · ready · saved · discarded · failed · interrupted · expired ·
    other_browser · unknown. The last two carry nothing else.
    """

    status: str
    account_name: str | None = None
    step: str | None = None
    pages_read: int | None = None
    pages_total: int | None = None
    access_until: datetime | None = None
    failure: Mapping[str, Any] | None = None
    outcome: Mapping[str, Any] | None = None
    preview: Preview | None = None
    preview_expires_at: datetime | None = None
    ended_at: datetime | None = None


def get_view(
    installation: Installation, attempt_id: str, cookies: Mapping[str, str], now: datetime
) -> AttemptView:
    """Return what this browser may see of an attempt; never raises for an id from a URL."""
    with installation.database.reading() as session:
        attempt = find_attempt(session, attempt_id)
        if attempt is None:
            return AttemptView("unknown")
        if not _is_this_browser(attempt, cookies, installation.settings):
            return AttemptView("other_browser")
        status = _status(attempt, now)
        preview = None
        if status == "ready":
            found, _ = get_found(attempt)
            preview = build_preview(session, attempt_id, found)
        return AttemptView(
            status=status,
            account_name=attempt.account_name,
            step=attempt.step,
            pages_read=attempt.pages_read,
            pages_total=attempt.pages_total,
            access_until=attempt.access_until,
            failure=attempt.failure,
            outcome=attempt.outcome,
            preview=preview,
            preview_expires_at=attempt.preview_expires_at,
            ended_at=attempt.ended_at,
        )


def leave_out(
    installation: Installation,
    attempt_id: str,
    cookies: Mapping[str, str],
    now: datetime,
    page_ids: frozenset[str],
) -> None:
    """Remember which Pages are unticked, for a reload. Raises `AttemptGone` when all is over."""
    with installation.database.writing() as session:
        _get_ready(session, installation, attempt_id, cookies, now)
        staging.leave_out(session, attempt_id, page_ids)


def save(
    installation: Installation,
    attempt_id: str,
    cookies: Mapping[str, str],
    now: datetime,
    *,
    page_ids: frozenset[str],
    digest: str,
) -> dict[str, Any]:
    """Save the ticked Pages in one transaction and return what was done, in numbers.

    Only once per attempt, and only the difference named by ``digest``. Raises `PreviewOvertaken`
    when the database has moved on since, `AttemptGone` when there is nothing left to save.
    """
    with installation.database.writing() as session:
        attempt = _get_ready(session, installation, attempt_id, cookies, now)
        found, sealed = get_found(attempt)
        difference = compare(session, attempt_id, found.account_id)
        if difference.digest != digest:
            raise PreviewOvertaken
        if not claim(
            session, id=attempt_id, nonce_hash=attempt.nonce_hash, status_to="saved", now=now
        ):
            raise AttemptGone("saved")
        outcome = save_found(session, attempt_id, found, sealed, difference, page_ids, now)
        record_outcome(session, attempt_id, outcome)
    return outcome


def discard(
    installation: Installation, attempt_id: str, cookies: Mapping[str, str], now: datetime
) -> None:
    """Throw away what was found. Raises `AttemptGone` when there was none left."""
    with installation.database.writing() as session:
        attempt = _get_ready(session, installation, attempt_id, cookies, now)
        if not claim(
            session, id=attempt_id, nonce_hash=attempt.nonce_hash, status_to="discarded", now=now
        ):
            raise AttemptGone("discarded")
        staging.erase_staged(session, attempt_id)


def _get_ready(
    session: Session,
    installation: Installation,
    attempt_id: str,
    cookies: Mapping[str, str],
    now: datetime,
) -> Attempt:
    attempt = find_attempt(session, attempt_id)
    if attempt is None:
        raise AttemptGone("unknown")
    if not _is_this_browser(attempt, cookies, installation.settings):
        raise AttemptGone("other_browser")
    if (status := _status(attempt, now)) != "ready":
        raise AttemptGone(status)
    return attempt


def _is_this_browser(attempt: Attempt, cookies: Mapping[str, str], settings: Settings) -> bool:
    nonce = cookies.get(cookie_name(attempt.id, settings), "")
    return secrets.compare_digest(hash_nonce(nonce), attempt.nonce_hash)


def _status(attempt: Attempt, now: datetime) -> str:
    if attempt.status == "open" and attempt.expires_at <= now:
        return "expired"
    if attempt.status == "reading":
        beat = attempt.heartbeat_at
        return "reading" if beat and now - beat <= HEARTBEAT_LIFETIME else "interrupted"
    if attempt.status == "ready":
        until = attempt.preview_expires_at
        return "ready" if until and now < until and attempt.sealed_user_token else "expired"
    return attempt.status
