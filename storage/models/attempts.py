"""Attempts: trips to Facebook and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class Attempt(Base):
    """One trip to Facebook and back.

    ``status`` goes open → reading → ready → saved | discarded, or to failed from open and reading.
    "Interrupted" and "expired" are not stored: they follow from ``heartbeat_at`` and the expiries.
    What Facebook answered waits here, sealed, while "ready", and nowhere else.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        CheckConstraint(
            "sealed_result IS NULL OR status = 'ready'", name="attempts_result_only_while_ready"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    nonce_hash: Mapped[str]
    binding: Mapped[str]  # hash of the settings it began with, which it has to come back to
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    consumed_at: Mapped[datetime | None]
    status: Mapped[str]
    heartbeat_at: Mapped[datetime | None]
    step: Mapped[str | None]  # "exchange" | "identity" | "listing"
    pages_read: Mapped[int | None]
    pages_total: Mapped[int | None]
    account_name: Mapped[str | None]  # gone when it ends
    access_until: Mapped[datetime | None]  # gone when it ends
    failure: Mapped[dict[str, Any] | None]  # {"kind": …, plain facts}; never a text from Facebook
    sealed_result: Mapped[str | None]
    key_id: Mapped[str | None]
    unticked: Mapped[list[str] | None]  # ids of Pages that the operator does not want saved
    preview_expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]  # {"saved": n, "added": n, "kept": n, "missing": n, …}
    # The grant that it was saved as: erasing an account takes its trips along.
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"))
