"""Which accounts may read a Page's insights: the permission granted, and a task that allows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.accounts.connection_states import TASKS_THAT_ANALYZE
from storage.models import Grant, PageGrant

PERMISSION = "read_insights"

Access = Literal["ok", "no_permission", "no_task", "no_access"]


@dataclass(frozen=True)
class InsightSource:
    """A page access token that may read a Page's insights, as far as is known here."""

    page_id: str
    grant_id: int
    account_id: str
    key_id: str
    sealed_page_token: str = field(repr=False)


def list_insight_sources(session: Session) -> list[InsightSource]:
    """Return every token that may read insights: permission granted, and a task that allows it.

    The most recently renewed grant comes first, whole, so that the best token of a Page comes
    first; within a grant by Page id.
    """
    query = (
        select(
            PageGrant.page_id,
            PageGrant.grant_id,
            Grant.account_id,
            PageGrant.key_id,
            PageGrant.sealed_page_token,
            PageGrant.tasks,
            Grant.granted_permissions,
        )
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(
            Grant.status == "ok",
            PageGrant.sealed_page_token.is_not(None),
            PageGrant.key_id.is_not(None),
        )
        .order_by(Grant.renewed_at.desc(), Grant.id.desc(), PageGrant.page_id)
    )
    return [
        InsightSource(page_id, grant_id, account_id, key_id or "", token or "")
        for page_id, grant_id, account_id, key_id, token, tasks, granted in session.execute(query)
        if PERMISSION in granted and _may_analyze(tasks)
    ]


def has_insight_source(session: Session) -> bool:
    """Whether there is any Page to ask."""
    query = (
        select(PageGrant.tasks, Grant.granted_permissions)
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(Grant.status == "ok", PageGrant.sealed_page_token.is_not(None))
    )
    return any(
        PERMISSION in granted and _may_analyze(tasks) for tasks, granted in session.execute(query)
    )


def find_insight_access(session: Session, page_id: str) -> Access:
    """Say whether any account here may read a Page's insights, and else what is missing.

    "no_access" when no working account holds the Page at all.
    """
    query = (
        select(PageGrant.tasks, Grant.granted_permissions)
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(
            PageGrant.page_id == page_id,
            Grant.status == "ok",
            PageGrant.sealed_page_token.is_not(None),
        )
    )
    holders = [
        (_may_analyze(tasks), PERMISSION in granted) for tasks, granted in session.execute(query)
    ]
    if not holders:
        return "no_access"
    if (True, True) in holders:
        return "ok"
    return "no_permission" if any(may_analyze for may_analyze, _ in holders) else "no_task"


def _may_analyze(tasks: Sequence[str]) -> bool:
    return any(task in TASKS_THAT_ANALYZE for task in tasks)
