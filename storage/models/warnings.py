"""Tables of warnings: where they go, which have gone out, and the calendar's addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class WarningChannel(Base):
    """A way out of the dashboard: where to, sealed, and how the newest messages fared.

    ``failure`` is a code word of `fb.warnings.target.Failure`, None since the last success;
    ``failure_status`` the HTTP or SMTP status that came with it.
    """

    __tablename__ = "warning_channels"

    channel: Mapped[str] = mapped_column(primary_key=True)  # "email" | "webhook" | "slack"
    sealed_settings: Mapped[str]
    key_id: Mapped[str | None]
    set_at: Mapped[datetime]
    last_sent_at: Mapped[datetime | None]
    last_failed_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    failure_status: Mapped[int | None]


class WarningTopic(Base):
    """A kind of message beside the warnings of accounts that an operator has switched on."""

    __tablename__ = "warning_topics"

    topic: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class WarningDelivery(Base):
    """A warning that a server has taken on for a channel, once for each.

    The row is written before the message is sent. What was not sent by ``try_after`` may be taken
    on again, also by another server; ``sent_at`` ends it.
    """

    __tablename__ = "warning_deliveries"
    __table_args__ = (
        UniqueConstraint("channel", "key", name="uq_warning_deliveries_once"),
        CheckConstraint("tries_count > 0", name="warning_deliveries_tried"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    channel: Mapped[str]
    key: Mapped[str]  # of `storage.warnings.due.Due`; holds ids, no names
    grant_id: Mapped[int | None] = mapped_column(
        ForeignKey("grants.id", ondelete="CASCADE"), index=True
    )
    page_id: Mapped[str | None] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), index=True
    )
    claimed_at: Mapped[datetime]  # for the first try
    tries_count: Mapped[int]
    try_after: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class CalendarFeed(Base):
    """A secret address of the calendar of expiries. Deleting the row revokes it."""

    __tablename__ = "calendar_feeds"

    secret_hash: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
