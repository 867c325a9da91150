"""Tables of accounts: grants and attempts, and the Pages that they hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import THIS_COMPUTER_KEY, Base, GraphCode, folded_name


class Grant(Base):
    """One account's consent.

    ``status``: ok · needs_renewal (Facebook ended it, or the key that sealed its tokens is lost:
    then none is kept) · frozen (an operator paused it) · disconnected (no token is kept).
    ``reason_code`` and ``reason_subcode`` are Graph's; KEY_GIVEN_UP (`storage.accounts.grants`) is
    ours.
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
    checked_at: Mapped[datetime | None]  # when Facebook last answered whether its access is valid


class PageGrant(Base):
    """What one grant may do on one Page.

    ``status``: ok · no_access (Facebook sent no token) · missing (not in the newest list) ·
    left_out (the operator unticked it) · role_lost (Facebook refused this Page alone). Only ``ok``
    keeps a token, and none under a grant without one: this status does not include the grant's.
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


class SeenPage(Base):
    """A Page that Facebook named on an account's last trip without giving access to it.

    ``kind``: not_ticked (left unticked in the dialog) · in_portfolio (in a business portfolio, and
    not granted) · not_listed (granted, and not in the list). Most of them are in no other table, so
    that no total or list counts them.
    """

    __tablename__ = "seen_pages"

    grant_id: Mapped[int] = mapped_column(
        ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True
    )
    page_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    name: Mapped[str]  # the id where Facebook sent none
    name_folded: Mapped[str] = mapped_column(
        Text().with_variant(Text(collation="C"), "postgresql"), default=folded_name
    )
    kind: Mapped[str]
    seen_at: Mapped[datetime]


class PageMove(Base):
    """A Page to which Facebook gave another id; the Page of the new id may not be stored yet.

    ``taken_at``: when an operator took its history along; then ``taken`` has the keys of the rows
    that went, by table, and ``was_archived_at`` is what the old Page had before: see
    `storage.figures.moved_history`.
    """

    __tablename__ = "page_moves"

    old_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    new_id: Mapped[str] = mapped_column(index=True)
    seen_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    taken: Mapped[dict[str, Any] | None]
    was_archived_at: Mapped[datetime | None]


class Page(Base):
    """One Facebook Page, as Facebook described it last. A detail that Facebook left out is NULL."""

    __tablename__ = "pages"
    __table_args__ = (
        # The order of every list of Pages.
        Index("pages_by_name", "name_folded", "id"),
        Index(
            "pages_archived",
            "id",
            sqlite_where=text("archived_at IS NOT NULL"),
            postgresql_where=text("archived_at IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    # For search and order: see storage/models/folding.py. Every insert derives it from ``name``; an
    # upsert must name it among its columns. Both databases compare it byte by byte.
    name_folded: Mapped[str] = mapped_column(
        Text().with_variant(Text(collation="C"), "postgresql"), default=folded_name
    )
    category: Mapped[str | None]
    about: Mapped[str | None]
    website: Mapped[str | None]
    link: Mapped[str | None]
    username: Mapped[str | None]
    phone: Mapped[str | None]
    emails: Mapped[list[str] | None]
    location: Mapped[dict[str, Any] | None]
    verification_status: Mapped[str | None]
    is_published: Mapped[bool | None]
    is_new_page_experience: Mapped[bool | None]
    first_seen_at: Mapped[datetime] = mapped_column(index=True)
    described_at: Mapped[datetime]
    graph_version: Mapped[str | None]
    archived_at: Mapped[datetime | None]  # since then it is left out of totals, lists and jobs


class PageChange(Base):
    """The value that a detail of a Page had until ``changed_at``, when a new one was first seen.

    ``field`` is a column of ``pages``; ``was`` is {"value": the earlier value}.
    """

    __tablename__ = "page_changes"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    field: Mapped[str] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime] = mapped_column(primary_key=True)
    was: Mapped[dict[str, Any]]


class Picture(Base):
    """A Page's picture. ``content`` is NULL until it is fetched, and for a silhouette."""

    __tablename__ = "pictures"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    source_url: Mapped[
        str | None
    ]  # Facebook's signed link: expires within a month, carries no token
    source_path: Mapped[str | None]  # the link's path: changes with the picture only
    source_at: Mapped[datetime | None]  # when Facebook gave it
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_type: Mapped[str | None]
    etag: Mapped[str | None]
    fetched_at: Mapped[datetime | None]


class Attempt(Base):
    """One trip to Facebook and back.

    ``status`` goes open → reading → ready → saved | discarded, or to failed from open and reading.
    "Interrupted" and "expired" are not stored: they follow from ``heartbeat_at`` and the expiries.
    The sealed result is kept only while the status is "ready".
    """

    __tablename__ = "attempts"
    __table_args__ = (
        CheckConstraint(
            "sealed_result IS NULL OR status = 'ready'", name="attempts_result_only_while_ready"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    nonce_hash: Mapped[str]
    binding: Mapped[str]  # hash of the settings at its start; they must be the same at its return
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    consumed_at: Mapped[datetime | None]
    status: Mapped[str]
    heartbeat_at: Mapped[datetime | None]
    step: Mapped[str | None]  # "exchange" | "identity" | "listing"
    pages_read: Mapped[int | None]
    pages_total: Mapped[int | None]
    account_name: Mapped[str | None]  # NULL once it has ended
    access_until: Mapped[datetime | None]  # NULL once it has ended
    failure: Mapped[dict[str, Any] | None]  # {"kind": …, plain values}; no text of Facebook
    sealed_result: Mapped[str | None]
    key_id: Mapped[str | None]
    unticked: Mapped[list[str] | None]  # ids of Pages that the operator will not save
    preview_expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]  # {"saved": n, "added": n, "kept": n, "missing": n, …}
    # The grant it was saved as; erasing the account erases its attempts.
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"))
    # The grant that it was begun to renew; another account may come back.
    expected_grant_id: Mapped[int | None] = mapped_column(
        ForeignKey("grants.id", ondelete="SET NULL")
    )
    by: Mapped[str] = mapped_column(server_default=THIS_COMPUTER_KEY)  # who began it
