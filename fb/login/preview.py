"""Preview: loads an attempt for its browser, with its Pages: new, kept, missing or unusable."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from fb.installation import Installation
from fb.login.attempt import (
    DiffRow,
    LoginResult,
    compare,
    is_slow,
    is_this_browsers,
    open_result,
    status_of,
)
from storage.accounts.attempts import find_attempt
from storage.accounts.connection_states import may_analyze
from storage.accounts.grants import list_grants
from storage.accounts.seen_pages import Sighting
from storage.models.folding import fold
from storage.people.person import Person, require

PageState = Literal["new", "kept"]
Usability = Literal["usable", "works_in_part", "cannot_be_used"]


@dataclass(frozen=True)
class PreviewPage:
    """One Page of Facebook's answer.

    ``reasons`` why it is not fully usable, worst first: "no_access" ·
    "needs_pages_read_engagement" · "no_analyze" · "not_published". ``is_held``: the account gives
    access to it until now.
    """

    id: str
    name: str
    category: str | None
    fans: int | None
    state: PageState
    usability: Usability
    reasons: tuple[str, ...]
    is_held: bool = False
    is_left_out: bool = False  # unticked
    is_archived: bool = False  # by an operator; it stays so

    def matches(self, search: str) -> bool:
        """Whether the name contains ``search``, without regard to case and accents."""
        return fold(search) in fold(self.name)


@dataclass(frozen=True)
class MissingPage:
    """A Page that is connected through this account now and is not in the new answer."""

    id: str
    name: str


@dataclass(frozen=True)
class Preview:
    """The changes that saving would make. ``digest`` identifies exactly these changes.

    ``expected_account`` is the name of the account that was to be renewed, when another one came
    back from Facebook: the operator has to decide before Save. ``seen``: Pages that Facebook named
    without listing them; they can't be saved.
    """

    account_id: str
    account_name: str
    is_known_account: bool
    other_accounts: tuple[str, ...]
    pages: tuple[PreviewPage, ...]
    missing: tuple[MissingPage, ...]
    declined: tuple[str, ...]
    basic_only: bool
    digest: str
    expected_account: str | None = None
    seen: tuple[Sighting, ...] = ()

    @property
    def usable(self) -> tuple[PreviewPage, ...]:
        """The Pages that can be saved, in Facebook's order."""
        return tuple(page for page in self.pages if page.usability != "cannot_be_used")

    @property
    def left_out(self) -> frozenset[str]:
        """The ids of the Pages that are unticked."""
        return frozenset(page.id for page in self.pages if page.is_left_out)

    @property
    def archived(self) -> tuple[PreviewPage, ...]:
        """The Pages that can be saved and are archived here."""
        return tuple(page for page in self.usable if page.is_archived)

    def list_dropped(self, unticked: Set[str]) -> list[str]:
        """Return the names of the Pages to which this account would no longer give access.

        First those that Facebook no longer gives (missing, or without a token), then the unticked.
        """
        lost = [page for page in self.pages if page.is_held and page.usability == "cannot_be_used"]
        left_out = [page for page in self.usable if page.is_held and page.id in unticked]
        missing = [page.name for page in self.missing]
        return [*missing, *(page.name for page in (*lost, *left_out))]

    @property
    def new_count(self) -> int:
        return sum(page.state == "new" for page in self.usable)

    @property
    def kept_count(self) -> int:
        return sum(page.state == "kept" for page in self.usable)

    @property
    def cannot_count(self) -> int:
        return len(self.pages) - len(self.usable)


@dataclass(frozen=True)
class AttemptView:
    """One attempt, as far as this browser may see it.

    ``status``: open · reading · ready · saved · discarded · failed · interrupted · expired ·
    other_browser · other_person · unknown. With the last three, all other fields are empty.
    ``is_slow``: "reading", and it takes unusually long. ``renews``: the id of the grant that it was
    begun to renew.
    """

    status: str
    is_slow: bool = False
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
    renews: int | None = None


def get_view(
    installation: Installation,
    attempt_id: str,
    cookies: Mapping[str, str],
    *,
    by: Person,
) -> AttemptView:
    """Return an attempt as this browser and person may see it.

    An unknown id gives status "unknown".
    """
    with installation.database.reading() as session:
        require(session, by, "operator")
        attempt = find_attempt(session, attempt_id)
        if attempt is None:
            return AttemptView("unknown")
        if not is_this_browsers(attempt, cookies, installation.settings):
            return AttemptView("other_browser")
        if attempt.by != by.key:
            return AttemptView("other_person")
        status = status_of(session, attempt)
        preview = None
        if status == "ready":
            result = open_result(installation.vault, attempt)
            preview = build_preview(
                session, result, frozenset(attempt.unticked or ()), attempt.expected_grant_id
            )
        return AttemptView(
            status=status,
            is_slow=is_slow(session, attempt),
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
            renews=attempt.expected_grant_id,
        )


def build_preview(
    session: Session,
    result: LoginResult,
    unticked: frozenset[str],
    expected_grant_id: int | None = None,
) -> Preview:
    """Return the changes that saving would make now, for the screen."""
    difference = compare(session, result)
    account = result.account
    others = [each for each in list_grants(session) if each.account_id != account.account_id]
    return Preview(
        account_id=account.account_id,
        account_name=account.account_name,
        is_known_account=difference.is_known_account,
        other_accounts=tuple(o.account_name for o in others if o.status != "disconnected"),
        pages=tuple(
            _preview_page(row, basic_only=result.basic_only, is_left_out=row.page_id in unticked)
            for row in difference.rows
        ),
        missing=tuple(MissingPage(id, name) for id, name in difference.missing),
        declined=tuple(account.declined),
        basic_only=result.basic_only,
        digest=difference.digest,
        seen=result.seen,
        expected_account=next((o.account_name for o in others if o.id == expected_grant_id), None),
    )


def _preview_page(row: DiffRow, *, basic_only: bool, is_left_out: bool) -> PreviewPage:
    page = row.listed.page
    reasons = []
    if not row.has_access:
        reasons.append("no_access")
    if basic_only:
        reasons.append("needs_pages_read_engagement")
    if not may_analyze(row.listed.tasks):
        reasons.append("no_analyze")
    if page.is_published is False:
        reasons.append("not_published")
    usability: Usability = "works_in_part" if reasons else "usable"
    return PreviewPage(
        id=page.id,
        name=page.name,
        category=page.category,
        fans=page.fans_count,
        state="kept" if row.is_known else "new",
        usability=usability if row.has_access else "cannot_be_used",
        reasons=tuple(reasons),
        is_held=row.is_held,
        is_left_out=is_left_out,
        is_archived=row.is_archived,
    )
