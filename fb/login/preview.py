"""What the operator sees before anything is saved: which Pages are new, kept, missing, unusable."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from fb.login.found import Found
from storage.accounts.grants import find_grant_by_account, list_grants
from storage.accounts.staging import Sight, Standing, list_sights, list_standings, list_unlisted

PageState = Literal["new", "kept"]
Usability = Literal["usable", "works_in_part", "cannot_be_used"]

# A Page needs this task for insights; Pages of the New Pages Experience name it otherwise.
ANALYZE_TASKS = frozenset({"ANALYZE", "PROFILE_PLUS_ANALYZE", "PROFILE_PLUS_FULL_CONTROL"})


@dataclass(frozen=True)
class PreviewPage:
    """One Page of Facebook's answer. ``reasons`` say why it is not fully usable, worst first:

    "no_access" · "needs_pages_read_engagement" · "no_analyze" · "not_published".
    """

    id: str
    name: str
    category: str | None
    fans: int | None
    state: PageState
    usability: Usability
    reasons: tuple[str, ...]
    is_left_out: bool = False  # unticked


@dataclass(frozen=True)
class MissingPage:
    """A Page that is connected through this account today and is not in the new answer."""

    id: str
    name: str


@dataclass(frozen=True)
class Preview:
    """The difference that saving would make. ``digest`` names exactly this difference."""

    account_id: str
    account_name: str
    is_known_account: bool
    other_accounts: tuple[str, ...]
    pages: tuple[PreviewPage, ...]
    missing: tuple[MissingPage, ...]
    declined: tuple[str, ...]
    basic_only: bool
    digest: str

    @property
    def usable(self) -> tuple[PreviewPage, ...]:
        """The Pages that can be saved, in Facebook's order."""
        return tuple(page for page in self.pages if page.usability != "cannot_be_used")

    @property
    def left_out(self) -> frozenset[str]:
        """The ids of the Pages that are unticked."""
        return frozenset(page.id for page in self.pages if page.is_left_out)

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
class Difference:
    """How an attempt's Pages stand to the database at one moment, without what is shown of them."""

    account_id: str
    grant_id: int | None
    renewed_at: datetime | None
    pages: tuple[Standing, ...]
    missing: tuple[MissingPage, ...]

    @property
    def is_known_account(self) -> bool:
        return self.grant_id is not None

    @property
    def usable(self) -> tuple[Standing, ...]:
        """The Pages that can be saved, in Facebook's order."""
        return tuple(page for page in self.pages if page.has_access)

    @property
    def digest(self) -> str:
        """Names this difference; without what Facebook said of a Page, which stays as staged."""
        standings = "\n".join([f"{id} {known:d}{usable:d}" for id, known, usable in self.pages])
        renewed_at = self.renewed_at.isoformat() if self.renewed_at else ""
        shown = [self.account_id, renewed_at, standings, [page.id for page in self.missing]]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def compare(session: Session, attempt_id: str, account_id: str) -> Difference:
    """Compare what an attempt staged with what the database holds now."""
    grant = find_grant_by_account(session, account_id)
    unlisted = list_unlisted(session, attempt_id, grant.id) if grant else []
    missing = [MissingPage(id, name) for id, name in unlisted]
    return Difference(
        account_id=account_id,
        grant_id=grant.id if grant else None,
        renewed_at=grant.renewed_at if grant else None,
        pages=tuple(list_standings(session, attempt_id)),
        missing=tuple(sorted(missing, key=lambda page: (page.name.casefold(), page.id))),
    )


def build_preview(session: Session, attempt_id: str, found: Found) -> Preview:
    """Show the difference that saving would make now."""
    difference = compare(session, attempt_id, found.account_id)
    others = tuple(
        other.account_name
        for other in list_grants(session)
        if other.account_id != found.account_id and other.status != "disconnected"
    )
    return Preview(
        account_id=found.account_id,
        account_name=found.account_name,
        is_known_account=difference.is_known_account,
        other_accounts=others,
        pages=tuple(
            _preview_page(sight, basic_only=found.basic_only)
            for sight in list_sights(session, attempt_id)
        ),
        missing=difference.missing,
        declined=found.declined,
        basic_only=found.basic_only,
        digest=difference.digest,
    )


def _preview_page(sight: Sight, *, basic_only: bool) -> PreviewPage:
    reasons = []
    if not sight.has_access:
        reasons.append("no_access")
    if basic_only:
        reasons.append("needs_pages_read_engagement")
    if not ANALYZE_TASKS.intersection(sight.tasks):
        reasons.append("no_analyze")
    if sight.is_published is False:
        reasons.append("not_published")
    usability: Usability = "works_in_part" if reasons else "usable"
    return PreviewPage(
        id=sight.page_id,
        name=sight.name,
        category=sight.category,
        fans=sight.fans_count,
        state="kept" if sight.is_known else "new",
        usability=usability if sight.has_access else "cannot_be_used",
        reasons=tuple(reasons),
        is_left_out=sight.is_left_out,
    )
