"""Attempt: checks an attempt's browser and status, opens its result, compares it with the database.

The id of an attempt is in the URL and gives no permission: to see, save or discard an attempt, a
browser also needs its cookie, and the person is the one who began it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from fb.graph.pages import ListedPage
from fb.installation import Installation
from fb.login.state import hash_nonce
from fb.settings import Settings
from storage.accounts.archive import list_archived
from storage.accounts.attempts import find_attempt
from storage.accounts.grants import GrantFacts, find_grant_by_account, list_held_pages
from storage.accounts.pages import PageReport, list_page_names, with_tuples
from storage.accounts.seen_pages import Sighting
from storage.accounts.vault import Vault
from storage.db.clock import read_clock
from storage.models import Attempt
from storage.people.person import Person, require

HEARTBEAT_SECONDS = 5.0
_HEARTBEAT_LIFETIME = timedelta(seconds=20)
# Facebook usually confirms the sign-in and sends the first Pages in less.
_USUAL_TIME = timedelta(seconds=10)


class AttemptGone(Exception):
    """An attempt can't be saved or discarded. ``status``: "saved", "expired", "other_browser", …

    "other_person": somebody else of the same browser began it.
    """

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class LoginResult:
    """The result of one attempt: an account, its user access token, and its Pages.

    ``basic_only``: Facebook sent only the basic fields of the Pages. ``read_at`` is when the
    figures of the Pages were fetched. ``seen`` are Pages that Facebook named without listing them.
    ``ticked_ids``: the ids of the Pages that were ticked in the dialog; None: not restricted.
    """

    account: GrantFacts
    user_token: str = field(repr=False)
    pages: tuple[ListedPage[PageReport], ...] = field(repr=False)
    basic_only: bool
    read_at: datetime
    graph_version: str | None
    seen: tuple[Sighting, ...] = ()
    ticked_ids: tuple[str, ...] | None = None

    def to_json(self) -> str:
        """Return the result as JSON. It contains the tokens: seal it, and never log it."""
        return json.dumps(self, default=_plain)

    @staticmethod
    def from_json(text: str) -> LoginResult:
        """Read the text of `to_json`."""
        values = json.loads(text)
        account = values["account"]
        for name in ("issued_at", "expires_at", "data_access_expires_at"):
            account[name] = account[name] and datetime.fromisoformat(account[name])
        for name in ("granted", "declined"):
            account[name] = tuple(account[name])
        values["account"] = GrantFacts(**account)
        values["read_at"] = datetime.fromisoformat(values["read_at"])
        # An earlier version sealed neither.
        values["seen"] = tuple(Sighting(**each) for each in values.get("seen", ()))
        if values.get("ticked_ids") is not None:
            values["ticked_ids"] = tuple(values["ticked_ids"])
        values["pages"] = tuple(
            ListedPage(
                PageReport(**with_tuples(listed["page"])),
                tuple(listed["tasks"]),
                listed["access_token"],
            )
            for listed in values["pages"]
        )
        return LoginResult(**values)


def _plain(value: object) -> Any:
    """Return a time as text, and a record as a dict: `asdict` also copies, five times slower."""
    return value.isoformat() if isinstance(value, datetime) else vars(value)


@dataclass(frozen=True)
class DiffRow:
    """A Page of a result. ``is_known``: it is stored already, through any account.

    ``is_held``: the account's grant has a token for it now. ``is_archived``: an operator has
    archived it. It stays so, and is not read.
    """

    listed: ListedPage[PageReport]
    is_known: bool
    is_held: bool = False
    is_archived: bool = False

    @property
    def page_id(self) -> str:
        return self.listed.page.id

    @property
    def has_access(self) -> bool:
        """Whether Facebook sent a page access token. Without one the Page can't be saved."""
        return self.listed.access_token is not None


@dataclass(frozen=True)
class Difference:
    """The changes that saving a result would make to the database now.

    ``missing`` are the Pages (id, name), ordered by name, for which the account's grant has a token
    and which are not in the result. ``renewed_at`` is the grant's, None for a new account.
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
        """A hash of this difference. Details of Pages are left out: a result's never change."""
        rows = [[r.page_id, r.is_known, r.is_archived, r.has_access] for r in self.rows]
        renewed_at = self.renewed_at.isoformat() if self.renewed_at else ""
        shown = [self.account_id, renewed_at, rows, [page_id for page_id, _ in self.missing]]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def cookie_name(attempt_id: str, settings: Settings) -> str:
    """Return the name of an attempt's cookie. On https only this exact host can set it."""
    prefix = "__Host-" if settings.redirect_uri.startswith("https://") else ""
    return f"{prefix}pagekeeper-{attempt_id}"


def is_this_browsers(attempt: Attempt, cookies: Mapping[str, str], settings: Settings) -> bool:
    """Whether a browser holds the attempt's cookie."""
    nonce = cookies.get(cookie_name(attempt.id, settings), "")
    return secrets.compare_digest(hash_nonce(nonce), attempt.nonce_hash)


def is_trip_over(session: Session, attempt: Attempt) -> bool:
    """Whether it is too late to come back from Facebook, also when somebody has in time."""
    return attempt.expires_at <= read_clock(session)


def status_of(session: Session, attempt: Attempt) -> str:
    """Return the stored status, or "interrupted" or "expired" by the database's clock."""
    if attempt.status == "open":
        return "expired" if is_trip_over(session, attempt) else "open"
    if attempt.status == "reading":
        heartbeat_at = attempt.heartbeat_at
        is_alive = heartbeat_at and read_clock(session) - heartbeat_at <= _HEARTBEAT_LIFETIME
        return "reading" if is_alive else "interrupted"
    if attempt.status == "ready":
        until = attempt.preview_expires_at
        is_kept = until and attempt.sealed_result and read_clock(session) < until
        return "ready" if is_kept else "expired"
    return attempt.status


def is_slow(session: Session, attempt: Attempt) -> bool:
    """Whether fetching takes unusually long: no Page so far, or no sign of life for 10 s."""
    if attempt.status != "reading":
        return False
    since = attempt.heartbeat_at if attempt.pages_read else attempt.consumed_at
    return since is not None and read_clock(session) - since > _USUAL_TIME


def get_ready_attempt(
    session: Session,
    installation: Installation,
    attempt_id: str,
    cookies: Mapping[str, str],
    *,
    by: Person,
) -> Attempt:
    """Return an attempt of this browser and person, whose result can be saved or discarded.

    Raises AttemptGone for any other.
    """
    require(session, by, "operator")
    attempt = find_attempt(session, attempt_id)
    if attempt is None:
        raise AttemptGone("unknown")
    if not is_this_browsers(attempt, cookies, installation.settings):
        raise AttemptGone("other_browser")
    if attempt.by != by.key:
        raise AttemptGone("other_person")
    if (status := status_of(session, attempt)) != "ready":
        raise AttemptGone(status)
    return attempt


def open_result(vault: Vault, attempt: Attempt) -> LoginResult:
    """Open the sealed result of a ready attempt. Raises the errors of `Vault.open`."""
    key_id, sealed = attempt.key_id or "unknown", attempt.sealed_result or ""
    return LoginResult.from_json(vault.open_login_result(attempt.id, key_id, sealed))


def compare(session: Session, result: LoginResult) -> Difference:
    """Compare a result with the database of ``session``."""
    grant = find_grant_by_account(session, result.account.account_id)
    listed_ids = [listed.page.id for listed in result.pages]
    stored = list_page_names(session, listed_ids)
    archived = list_archived(session, listed_ids)
    held = list_held_pages(session, grant.id) if grant else {}
    missing = [(id, name) for id, name in held.items() if id not in set(listed_ids)]
    return Difference(
        account_id=result.account.account_id,
        grant_id=grant.id if grant else None,
        renewed_at=grant.renewed_at if grant else None,
        rows=tuple(
            DiffRow(
                listed,
                is_known=listed.page.id in stored,
                is_held=listed.page.id in held,
                is_archived=listed.page.id in archived,
            )
            for listed in result.pages
        ),
        missing=tuple(sorted(missing, key=lambda page: (page[1].casefold(), page[0]))),
    )
