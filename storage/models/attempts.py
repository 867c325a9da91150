"""Trips to Facebook and back, and what one brought, until it is saved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class Attempt(Base):
    """One trip to Facebook and back.

    ``status`` goes open → reading → ready → saved | discarded, or to failed from open and reading.
    "Interrupted" and "expired" are not stored: they follow from ``heartbeat_at`` and the expiries.
    What Facebook answered waits here and in ``attempt_pages`` while "ready", and nowhere else.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        CheckConstraint(
            "sealed_user_token IS NULL OR status = 'ready'", name="attempts_token_only_while_ready"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    nonce_hash: Mapped[str]
    marker: Mapped[str]
    redirect_uri: Mapped[str]
    graph_url: Mapped[str]
    dialog_url: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    consumed_at: Mapped[datetime | None]
    status: Mapped[str]
    heartbeat_at: Mapped[datetime | None]
    step: Mapped[str | None]  # "exchange" | "identity" | "listing"
    pages_read: Mapped[int | None]
    pages_total: Mapped[int | None]
    account_name: Mapped[str | None]
    access_until: Mapped[datetime | None]
    failure: Mapped[dict[str, Any] | None]  # {"kind": …, plain facts}; never a text from Facebook
    account_id: Mapped[str | None]  # whose token it is; gone with it, as is what was found
    sealed_user_token: Mapped[str | None]
    key_id: Mapped[str | None]
    found: Mapped[dict[str, Any] | None]  # permissions, expiries, …: see fb/found.py; no secret
    preview_expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]  # {"saved": n, "added": n, "kept": n, "missing": n, …}


class AttemptPage(Base):
    """A Page that an attempt found, ready to be saved: columns as in the tables it goes to.

    The page access token is sealed for its owner from the start; NULL when Facebook sent none.
    """

    __tablename__ = "attempt_pages"

    attempt_id: Mapped[str] = mapped_column(
        ForeignKey("attempts.id", ondelete="CASCADE"), primary_key=True
    )
    page_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]  # in Facebook's order, from 0
    depth: Mapped[str]  # how much was asked for: "full" | "figures" | "basic"
    tasks: Mapped[list[str]]
    sealed_page_token: Mapped[str | None]
    key_id: Mapped[str | None]
    fans_count: Mapped[int | None] = mapped_column(BigInteger)
    followers_count: Mapped[int | None] = mapped_column(BigInteger)
    name: Mapped[str]
    name_folded: Mapped[str]
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
    picture_url: Mapped[str | None]
    picture_path: Mapped[str | None]
    is_left_out: Mapped[bool] = mapped_column(server_default=false())  # unticked by the operator
