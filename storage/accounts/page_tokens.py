"""Page access tokens: lists the usable ones, those of one Page, and the Pages without any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from storage.accounts.archive import archived_ids
from storage.accounts.connection_states import may_analyze, may_list_posts
from storage.models import Grant, Page, PageGrant

INSIGHTS_PERMISSION = "read_insights"

_TOKEN_COLUMNS = (
    PageGrant.page_id,
    PageGrant.grant_id,
    Grant.account_id,
    PageGrant.key_id,
    PageGrant.sealed_page_token,
)
_BEST_FIRST = (Grant.renewed_at.desc(), Grant.id.desc(), PageGrant.page_id)

InsightAccess = Literal["ok", "no_permission", "no_task", "no_access"]


@dataclass(frozen=True)
class PageToken:
    """A sealed page access token under a grant with status "ok", with its account."""

    page_id: str
    grant_id: int
    account_id: str
    key_id: str
    sealed_page_token: str = field(repr=False)


@dataclass(frozen=True)
class PostToken(PageToken):
    """A token with which posts may be asked for, as far as Facebook last reported it.

    ``has_role``: the account's role may list them. ``may_read_figures``: it may read insights.
    """

    has_role: bool
    may_read_figures: bool


@dataclass(frozen=True)
class PageHolding:
    """What one account holds of a Page, whatever its state.

    ``grant_status`` and ``status`` are those of `storage.models.Grant` and `PageGrant`, and so are
    the other fields. ``token`` is None where no page access token is kept.
    """

    grant_id: int
    account_name: str
    grant_status: str
    status: str
    tasks: Sequence[str]
    granted_permissions: Sequence[str]
    declined_permissions: Sequence[str]
    granted_at: datetime
    data_access_expires_at: datetime | None
    checked_at: datetime | None
    last_used_at: datetime | None
    token: PageToken | None


@dataclass(frozen=True)
class CutOffPage:
    """A Page that no account can read any more, since their grants need renewal.

    The account is the one renewed last; ``code`` and ``subcode`` are Graph's.
    """

    page_id: str
    grant_id: int
    code: int | None
    subcode: int | None


def list_page_tokens(session: Session, *, held_by: int | None = None) -> list[PageToken]:
    """Return every page access token under a grant with status "ok".

    ``held_by``: only those of Pages that this grant holds. Ordered by grant, the most recently
    renewed first, then by Page id. So of several tokens for a Page the best one to try comes first.
    """
    query = _working(*_TOKEN_COLUMNS, held_by=held_by).order_by(*_BEST_FIRST)
    return [PageToken(*row) for row in session.execute(query)]


def list_holdings(session: Session, page_id: str) -> list[PageHolding]:
    """Return what each account holds of a Page, the account renewed last in front."""
    query = (
        select(PageGrant, Grant)
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(PageGrant.page_id == page_id)
        .order_by(*_BEST_FIRST)
    )
    rows = session.execute(query, execution_options={"populate_existing": True})
    return [
        PageHolding(
            grant_id=grant.id,
            account_name=grant.account_name,
            grant_status=grant.status,
            status=held.status,
            tasks=tuple(held.tasks),
            granted_permissions=tuple(grant.granted_permissions),
            declined_permissions=tuple(grant.declined_permissions),
            granted_at=held.granted_at,
            data_access_expires_at=grant.data_access_expires_at,
            checked_at=grant.checked_at,
            last_used_at=grant.last_used_at,
            token=None
            if held.sealed_page_token is None or held.key_id is None
            else PageToken(
                page_id, grant.id, grant.account_id, held.key_id, held.sealed_page_token
            ),
        )
        for held, grant in rows
    ]


def list_insight_tokens(session: Session, *, held_by: int | None = None) -> list[PageToken]:
    """Return the page access tokens that may read insights, as `list_page_tokens`."""
    columns = (*_TOKEN_COLUMNS, PageGrant.tasks, Grant.granted_permissions)
    query = _working(*columns, held_by=held_by)
    return [
        PageToken(*columns)
        for *columns, tasks, permissions in session.execute(query.order_by(*_BEST_FIRST))
        if _may_read_insights(tasks, permissions)
    ]


def list_post_tokens(session: Session, *, held_by: int | None = None) -> list[PostToken]:
    """Return every page access token, as `list_page_tokens`, those that read figures first."""
    columns = (*_TOKEN_COLUMNS, PageGrant.tasks, Grant.granted_permissions)
    query = _working(*columns, held_by=held_by)
    tokens = [
        PostToken(*[*columns, may_list_posts(tasks), _may_read_insights(tasks, permissions)])
        for *columns, tasks, permissions in session.execute(query.order_by(*_BEST_FIRST))
    ]
    return sorted(tokens, key=lambda token: not token.may_read_figures)


def has_page_token(session: Session) -> bool:
    """Return whether any Page may be read."""
    return session.scalar(_working(PageGrant.page_id).limit(1)) is not None


def has_insight_token(session: Session) -> bool:
    """Return whether the insights of any Page may be read."""
    query = _working(PageGrant.tasks, Grant.granted_permissions)
    return any(_may_read_insights(*row) for row in session.execute(query))


def find_insight_access(session: Session, page_id: str) -> InsightAccess:
    """Return "ok" when some account may read a Page's insights, else what is missing.

    "no_access": no grant with status "ok" has a token for the Page.
    """
    query = _working(PageGrant.tasks, Grant.granted_permissions).where(PageGrant.page_id == page_id)
    holders = [
        (may_analyze(tasks), INSIGHTS_PERMISSION in permissions)
        for tasks, permissions in session.execute(query)
    ]
    if not holders:
        return "no_access"
    if (True, True) in holders:
        return "ok"
    return "no_permission" if any(has_task for has_task, _ in holders) else "no_task"


def list_cut_off_pages(session: Session) -> list[CutOffPage]:
    """Return the Pages that can be read only after a renewal, each once, by id.

    Archived Pages and those of paused or disconnected accounts alone are left out: an operator
    ended those.
    """
    other, other_grant = aliased(PageGrant), aliased(Grant)
    is_readable = exists().where(
        other.page_id == PageGrant.page_id,
        other.sealed_page_token.is_not(None),
        other_grant.id == other.grant_id,
        other_grant.status == "ok",
    )
    query = (
        select(
            PageGrant.page_id,
            Grant.id,
            Grant.reason_code,
            Grant.reason_subcode,
        )
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(
            Grant.status == "needs_renewal",
            PageGrant.status == "ok",
            ~is_readable,
            PageGrant.page_id.not_in(archived_ids()),
        )
        .order_by(PageGrant.page_id, Grant.renewed_at)
    )
    # The last of several rows wins: the account renewed last.
    return list({row[0]: CutOffPage(*row) for row in session.execute(query)}.values())


def list_only_held(session: Session, grant_id: int) -> dict[str, str]:
    """Return id → name of the Pages that no other account reads, or could read after a pause.

    By name; archived ones are left out. A grant whose encryption key was lost counts as holding the
    Pages that it had a token for.
    """
    other, other_grant = aliased(PageGrant), aliased(Grant)
    is_kept = exists().where(
        other.page_id == PageGrant.page_id,
        other.grant_id != grant_id,
        other.sealed_page_token.is_not(None),
        other_grant.id == other.grant_id,
        other_grant.status.in_(("ok", "frozen")),
    )
    is_lost = and_(Grant.status == "needs_renewal", PageGrant.status == "ok")
    query = (
        select(Page.id, Page.name)
        .join(PageGrant, PageGrant.page_id == Page.id)
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(
            Grant.id == grant_id,
            or_(PageGrant.sealed_page_token.is_not(None), is_lost),
            ~is_kept,
            Page.archived_at.is_(None),
        )
        .order_by(Page.name_folded, Page.id)
    )
    return {row.id: row.name for row in session.execute(query)}


def _may_read_insights(tasks: Sequence[str], permissions: Sequence[str]) -> bool:
    """Return whether task and permission for insights were granted, as last reported."""
    return INSIGHTS_PERMISSION in permissions and may_analyze(tasks)


def page_ids_of(grant_id: int) -> Select[str]:
    """Return the query for the ids of the Pages that a grant holds."""
    return select(PageGrant.page_id).where(PageGrant.grant_id == grant_id)


def _working(*columns: InstrumentedAttribute[Any], held_by: int | None = None) -> Select[Any]:
    """Select from the page grants with a token, under grants with status "ok".

    ``held_by``: only of Pages that this grant holds. An archived Page is not read.
    """
    query = (
        select(*columns)
        .join_from(PageGrant, Grant, Grant.id == PageGrant.grant_id)
        .where(
            Grant.status == "ok",
            PageGrant.sealed_page_token.is_not(None),
            PageGrant.key_id.is_not(None),
            PageGrant.page_id.not_in(archived_ids()),
        )
    )
    if held_by is None:
        return query
    return query.where(PageGrant.page_id.in_(page_ids_of(held_by)))
