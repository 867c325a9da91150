"""Table ``attempts``: trips to Facebook and back."""

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
