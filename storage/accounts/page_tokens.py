"""Page tokens: which page access tokens may be used, for what, and which Pages have none left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from storage.accounts.connection_states import may_analyze
from storage.models import Grant, PageGrant

INSIGHTS_PERMISSION = "read_insights"

InsightAccess = Literal["ok", "no_permission", "no_task", "no_access"]


@dataclass(frozen=True)
class PageToken:
    """A sealed page access token under a grant that works, and whose it is.

    ``tasks`` are what the account may do on the Page, ``permissions`` what it granted to the app.
    """

    page_id: str
    grant_id: int
    account_id: str
    account_name: str
    tasks: tuple[str, ...]
    permissions: tuple[str, ...]
    key_id: str
    sealed_page_token: str = field(repr=False)

    @property
    def may_read_insights(self) -> bool:
        """Whether permission and task for insights are there, as far as is known here."""
        return INSIGHTS_PERMISSION in self.permissions and may_analyze(self.tasks)


@dataclass(frozen=True)
class CutOffPage:
    """A Page that no account can read any more, since Facebook ended the access to it.

    With the account that held it last, and Graph's code and subcode.
    """

    page_id: str
    grant_id: int
    account_name: str
    code: int | None
    subcode: int | None


def list_page_tokens(session: Session) -> list[PageToken]:
    """Return every page access token under a grant that works.

    The most recently renewed grant comes first, whole; so for a Page that several accounts hold,
    the best token to try comes first. Within a grant by Page id.
    """
    query = _working(
        PageGrant.page_id,
        PageGrant.grant_id,
        Grant.account_id,
        Grant.account_name,
        PageGrant.tasks,
        Grant.granted_permissions,
        PageGrant.key_id,
        PageGrant.sealed_page_token,
    ).order_by(Grant.renewed_at.desc(), Grant.id.desc(), PageGrant.page_id)
    return [
        PageToken(
            page_id=page_id,
            grant_id=grant_id,
            account_id=account_id,
            account_name=account_name,
            tasks=tuple(tasks),
            permissions=tuple(permissions),
            key_id=key_id,
            sealed_page_token=sealed,
        )
        for (
            page_id,
            grant_id,
            account_id,
            account_name,
            tasks,
            permissions,
            key_id,
            sealed,
        ) in session.execute(query)
    ]


def list_insight_tokens(session: Session) -> list[PageToken]:
    """Return those that may read insights, in the same order."""
    return [token for token in list_page_tokens(session) if token.may_read_insights]


def has_insight_token(session: Session) -> bool:
    """Whether there is any Page whose insights may be read."""
    query = _working(PageGrant.tasks, Grant.granted_permissions)
    return any(
        INSIGHTS_PERMISSION in permissions and may_analyze(tasks)
        for tasks, permissions in session.execute(query)
    )


def find_insight_access(session: Session, page_id: str) -> InsightAccess:
    """Say whether any account here may read a Page's insights, and else what is missing.

    "no_access" when no working account holds the Page at all.
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
    """Return the Pages whose every access needs renewal, each once, by id.

    Paused and disconnected accounts don't count: what an operator ended is not missed.
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
            Grant.account_name,
            Grant.reason_code,
            Grant.reason_subcode,
        )
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(
            Grant.status == "needs_renewal",
            PageGrant.sealed_page_token.is_not(None),
            ~is_readable,
        )
        .order_by(PageGrant.page_id, Grant.renewed_at)
    )
    # Of several accounts the one renewed last.
    return list({row[0]: CutOffPage(*row) for row in session.execute(query)}.values())


def _working(*columns: InstrumentedAttribute[Any]) -> Select[Any]:
    """Select from the page grants that have a token, under grants that work."""
    return (
        select(*columns)
        .join_from(PageGrant, Grant, Grant.id == PageGrant.grant_id)
        .where(
            Grant.status == "ok",
            PageGrant.sealed_page_token.is_not(None),
            PageGrant.key_id.is_not(None),
        )
    )
