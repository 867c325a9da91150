"""What the operator sees before anything is saved: which Pages are new, kept, missing, unusable."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from fb.listing import ListedPage
from fb.reading import Result
from storage.grants import find_grant_by_account, list_grants
from storage.pages import list_page_ids_of_grant, list_page_names

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
    def new_count(self) -> int:
        return sum(page.state == "new" for page in self.usable)

    @property
    def kept_count(self) -> int:
        return sum(page.state == "kept" for page in self.usable)

    @property
    def cannot_count(self) -> int:
        return len(self.pages) - len(self.usable)


def build_preview(session: Session, result: Result) -> Preview:
    """Compare what Facebook answered with what the database holds now."""
    grant = find_grant_by_account(session, result.account_id)
    held = list_page_ids_of_grant(session, grant.id, with_token=True) if grant else set()
    listed = [page.fields.id for page in result.listing.pages]
    names = list_page_names(session, [*listed, *held])
    pages = tuple(
        _preview_page(page, page.fields.id in names, basic_only=result.listing.basic_only)
        for page in result.listing.pages
    )
    missing = tuple(
        sorted(
            (MissingPage(id, names.get(id, id)) for id in held.difference(listed)),
            key=lambda page: (page.name.casefold(), page.id),
        )
    )
    others = tuple(
        other.account_name
        for other in list_grants(session)
        if other.account_id != result.account_id and other.status != "disconnected"
    )
    return Preview(
        account_id=result.account_id,
        account_name=result.account_name,
        is_known_account=grant is not None,
        other_accounts=others,
        pages=pages,
        missing=missing,
        declined=result.declined,
        basic_only=result.listing.basic_only,
        digest=_digest(result, pages, missing, grant.renewed_at.isoformat() if grant else ""),
    )


def _preview_page(page: ListedPage, is_known: bool, *, basic_only: bool) -> PreviewPage:
    fields = page.fields
    reasons = []
    if page.access_token is None:
        reasons.append("no_access")
    if basic_only:
        reasons.append("needs_pages_read_engagement")
    if not ANALYZE_TASKS.intersection(page.tasks):
        reasons.append("no_analyze")
    if fields.is_published is False:
        reasons.append("not_published")
    usability: Usability = "works_in_part" if reasons else "usable"
    return PreviewPage(
        id=fields.id,
        name=fields.name,
        category=fields.category,
        fans=fields.fan_count,
        state="kept" if is_known else "new",
        usability="cannot_be_used" if page.access_token is None else usability,
        reasons=tuple(reasons),
    )


def _digest(
    result: Result,
    pages: tuple[PreviewPage, ...],
    missing: tuple[MissingPage, ...],
    renewed_at: str,
) -> str:
    shown = [
        result.account_id,
        renewed_at,
        [[page.id, page.state, page.usability] for page in pages],
        [page.id for page in missing],
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()
