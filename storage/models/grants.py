"""Tables ``grants`` and ``page_grants``: consents of accounts, and what each may do on a Page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, GraphCode


class Grant(Base):
    """One account's consent.

    ``status``: ok · needs_renewal (Facebook ended it) · frozen (an operator paused it) ·
    disconnected (no token is kept). ``reason_code`` and ``reason_subcode`` are Graph's.
    """

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint(
            "sealed_user_token IS NULL OR status <> 'disconnected'",
            name="grants_no_token_when_disconnected",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    account_id: Mapped[str] = mapped_column(unique=True)
    account_name: Mapped[str]
    sealed_user_token: Mapped[str | None]
    key_id: Mapped[str | None]
    granted_permissions: Mapped[list[str]]
    declined_permissions: Mapped[list[str]]
    issued_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]  # NULL: never, or not named by Facebook
    data_access_expires_at: Mapped[datetime | None]
    status: Mapped[str]
    status_at: Mapped[datetime]
    reason_code: Mapped[GraphCode | None]
    reason_subcode: Mapped[GraphCode | None]
    created_at: Mapped[datetime]
    renewed_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]  # when Facebook last answered a request with its tokens


class PageGrant(Base):
    """What one grant may do on one Page.

    ``status``: ok · no_access (Facebook sent no token) · missing (not in the newest list) ·
    left_out (the operator unticked it) · role_lost (Facebook refused this Page alone). Only ``ok``
    keeps a token, and none under a disconnected grant: this status does not include the grant's.
    """

    __tablename__ = "page_grants"
    __table_args__ = (
        CheckConstraint(
            "sealed_page_token IS NULL OR status = 'ok'", name="page_grants_token_only_when_ok"
        ),
        Index(
            "page_grants_role_lost",
            "grant_id",
            sqlite_where=text("status = 'role_lost'"),
            postgresql_where=text("status = 'role_lost'"),
        ),
    )

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    grant_id: Mapped[int] = mapped_column(
        ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    tasks: Mapped[list[str]]
    sealed_page_token: Mapped[str | None]
    key_id: Mapped[str | None]
    status: Mapped[str]
    status_at: Mapped[datetime]
    reason_code: Mapped[GraphCode | None]
    reason_subcode: Mapped[GraphCode | None]
    granted_at: Mapped[datetime]
