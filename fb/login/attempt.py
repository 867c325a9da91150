"""Attempt: whose it is, where it stands, what it brought, and what saving that would change.

The attempt's id stands in the URL and is a name, not a permission: to see, save or discard it takes
the attempt's cookie as well.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from fb.graph.pages import ListedPage
from fb.installation import Installation
from fb.login.state import hash_nonce
from fb.settings import Settings
from storage.accounts.attempts import find_attempt
from storage.accounts.grants import GrantFacts, find_grant_by_account, list_held_pages
from storage.accounts.pages import PageReport, list_page_names, with_tuples
from storage.accounts.vault import Vault
from storage.jobs.leases import LEASE_SECONDS
from storage.models import Attempt

HEARTBEAT_LIFETIME = timedelta(seconds=LEASE_SECONDS)


class AttemptGone(Exception):
    """Saved or discarded already, expired, or not this browser's; ``status`` says which."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class LoginResult:
    """What one trip to Facebook brought: an account, its user access token, and its Pages.

    ``basic_only``: Facebook gave the names of the Pages only. ``read_at`` is the moment at which
    the figures of the Pages were read.
    """

    account: GrantFacts
    user_token: str = field(repr=False)
    pages: tuple[ListedPage[PageReport], ...] = field(repr=False)
    basic_only: bool
    read_at: datetime
    graph_version: str | None

    def to_json(self) -> str:
        """The result as text, tokens and all: to be sealed and never to be logged."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    @staticmethod
    def from_json(text: str) -> LoginResult:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        account = values["account"]
        for name in ("issued_at", "expires_at", "data_access_expires_at"):
            account[name] = account[name] and datetime.fromisoformat(account[name])
        for name in ("granted", "declined"):
            account[name] = tuple(account[name])
        values["account"] = GrantFacts(**account)
        values["read_at"] = datetime.fromisoformat(values["read_at"])
        values["pages"] = tuple(
            ListedPage(
                PageReport(**with_tuples(listed["page"])),
                tuple(listed["tasks"]),
                listed["access_token"],
            )
            for listed in values["pages"]
        )
        return LoginResult(**values)


@dataclass(frozen=True)
class DiffRow:
    """A Page of a result, and whether it is stored already, whichever account brought it."""

    listed: ListedPage[PageReport]
    is_known: bool

    @property
    def page_id(self) -> str:
        return self.listed.page.id

    @property
    def has_access(self) -> bool:
        """Whether Facebook sent a page access token. Without one the Page can't be saved."""
        return self.listed.access_token is not None


@dataclass(frozen=True)
class Difference:
    """What saving a result would change, as the database stands at one moment.

    ``missing`` are Pages, as (id, name) by name, that the account's grant has a token for and that
    are not in the result. ``renewed_at`` is the grant's; None for an account that is new.
    """

    account_id: str
    grant_id: int | None
    renewed_at: datetime | None
    rows: tuple[DiffRow, ...]
    missing: tuple[tuple[str, str], ...]

    @property
    def is_known_account(self) -> bool:
        return self.grant_id is not None

    @property
    def usable(self) -> tuple[DiffRow, ...]:
        """The Pages that can be saved, in Facebook's order."""
        return tuple(row for row in self.rows if row.has_access)

    @property
    def digest(self) -> str:
        """A hash of this difference, without what Facebook said of a Page: that can't change."""
        rows = [[row.page_id, row.is_known, row.has_access] for row in self.rows]
        renewed_at = self.renewed_at.isoformat() if self.renewed_at else ""
        shown = [self.account_id, renewed_at, rows, [page_id for page_id, _ in self.missing]]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def cookie_name(attempt_id: str, settings: Settings) -> str:
    """Return the name of an attempt's cookie; on https it may only be set by this very host."""
    prefix = "__Host-" if settings.redirect_uri.startswith("https://") else ""
    return f"{prefix}pagekeeper-{attempt_id}"


def is_this_browsers(attempt: Attempt, cookies: Mapping[str, str], settings: Settings) -> bool:
    """Whether a browser holds the attempt's cookie."""
    nonce = cookies.get(cookie_name(attempt.id, settings), "")
    return secrets.compare_digest(hash_nonce(nonce), attempt.nonce_hash)


def status_of(attempt: Attempt, now: datetime) -> str:
    """The stored status, or "interrupted" or "expired" where the time says so."""
    if attempt.status == "open" and attempt.expires_at <= now:
        return "expired"
    if attempt.status == "reading":
        heartbeat_at = attempt.heartbeat_at
        is_alive = heartbeat_at is not None and now - heartbeat_at <= timedelta(
            seconds=LEASE_SECONDS
        )
        return "reading" if is_alive else "interrupted"
    if attempt.status == "ready":
        until = attempt.preview_expires_at
        return "ready" if until and now < until and attempt.sealed_result else "expired"
    return attempt.status


def get_ready_attempt(
    session: Session,
    installation: Installation,
    attempt_id: str,
    cookies: Mapping[str, str],
    now: datetime,
) -> Attempt:
    """Return an attempt of this browser whose result waits. Raises `AttemptGone`."""
    attempt = find_attempt(session, attempt_id)
    if attempt is None:
        raise AttemptGone("unknown")
    if not is_this_browsers(attempt, cookies, installation.settings):
        raise AttemptGone("other_browser")
    if (status := status_of(attempt, now)) != "ready":
        raise AttemptGone(status)
    return attempt


def open_result(vault: Vault, attempt: Attempt) -> LoginResult:
    """Open the result that waits in a ready attempt. Raises as `Vault.open` does."""
    key_id, sealed = attempt.key_id or "unknown", attempt.sealed_result or ""
    return LoginResult.from_json(vault.open_login_result(attempt.id, key_id, sealed))


def compare(session: Session, result: LoginResult) -> Difference:
    """Compare a result with what the database holds now."""
    grant = find_grant_by_account(session, result.account.account_id)
    listed_ids = [listed.page.id for listed in result.pages]
    stored = list_page_names(session, listed_ids)
    held = list_held_pages(session, grant.id) if grant else {}
    missing = [(id, name) for id, name in held.items() if id not in set(listed_ids)]
    return Difference(
        account_id=result.account.account_id,
        grant_id=grant.id if grant else None,
        renewed_at=grant.renewed_at if grant else None,
        rows=tuple(DiffRow(listed, listed.page.id in stored) for listed in result.pages),
        missing=tuple(sorted(missing, key=lambda page: (page[1].casefold(), page[0]))),
    )
