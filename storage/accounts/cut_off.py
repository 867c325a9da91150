"""Pages that no account can read any more, since Facebook ended the access to them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from storage.models import Grant, PageGrant


@dataclass(frozen=True)
class CutOffPage:
    """One Page, and why the account that held it last can't read it: Graph's code and subcode."""

    page_id: str
    account_name: str
    code: int | None
    subcode: int | None


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
        select(PageGrant.page_id, Grant.account_name, Grant.reason_code, Grant.reason_subcode)
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(
            Grant.status == "needs_renewal",
            PageGrant.sealed_page_token.is_not(None),
            ~is_readable,
        )
        .order_by(PageGrant.page_id, Grant.renewed_at)
    )
    found = {row[0]: CutOffPage(*row) for row in session.execute(query)}
    return list(found.values())
