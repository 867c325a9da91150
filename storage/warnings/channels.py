"""Channels: stores where warnings go, sealed, and how the newest messages fared."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Literal

from sqlalchemy import Update, delete, insert, select, update
from sqlalchemy.orm import Session

from storage.accounts.vault import Vault
from storage.db.engine import note_erasure
from storage.db.upsert import count_changed, upsert
from storage.jobs.events import record_event
from storage.models import WarningChannel, WarningTopic
from storage.people.person import TIMER, Person, require
from storage.warnings.deliveries import forget_tries

Channel = Literal["email", "webhook", "slack"]
CHANNELS: tuple[Channel, ...] = ("email", "webhook", "slack")


@dataclass(frozen=True)
class ChannelRecord:
    """A channel that is set up; columns as of `storage.models.WarningChannel`."""

    channel: Channel
    sealed_settings: str = field(repr=False)
    key_id: str | None
    set_at: datetime
    last_sent_at: datetime | None
    last_failed_at: datetime | None
    failure: str | None
    failure_status: int | None


def list_channels(session: Session) -> list[ChannelRecord]:
    """Return the channels that are set up, in the order of CHANNELS."""
    rows = session.scalars(select(WarningChannel), execution_options={"populate_existing": True})
    names = [each.name for each in fields(ChannelRecord)]
    records = [ChannelRecord(**{name: getattr(row, name) for name in names}) for row in rows]
    return sorted(records, key=lambda record: CHANNELS.index(record.channel))


def set_channel(
    session: Session,
    vault: Vault,
    channel: Channel,
    settings: str,
    now: datetime,
    *,
    by: Person,
) -> None:
    """Set up a channel, or change it; what could not be sent is tried again."""
    require(session, by, "admin")
    sealed = vault.seal_channel(channel, settings)
    row = {
        "channel": channel,
        "sealed_settings": sealed.text,
        "key_id": sealed.key_id,
        "set_at": now,
        "last_sent_at": None,
        "last_failed_at": None,
        "failure": None,
        "failure_status": None,
    }
    upsert(session, WarningChannel, [row])
    note_erasure(session)
    forget_tries(session, channel)
    record_event(session, "channel_set", {"channel": channel}, now, by=by)


def remove_channel(session: Session, channel: Channel, now: datetime, *, by: Person) -> None:
    """Forget a channel. What was sent through it stays known, so it is not sent again."""
    require(session, by, "admin")
    if count_changed(session, delete(WarningChannel).where(WarningChannel.channel == channel)):
        note_erasure(session)
        record_event(session, "channel_removed", {"channel": channel}, now, by=by)


def record_success(session: Session, channel: Channel, count: int, now: datetime) -> None:
    """Store that a message with ``count`` warnings was sent; a test has none."""
    changes = {"last_sent_at": now, "failure": None, "failure_status": None}
    count_changed(session, _of(channel).values(changes))
    if count:
        facts = {"channel": channel, "count": count}
        record_event(session, "warnings_sent", facts, now, by=TIMER)


def record_failure(
    session: Session, channel: Channel, failure: str, status: int | None, now: datetime
) -> None:
    """Store why a message could not be sent. Only the first failure in a row is an event."""
    was_fine = _of(channel).where(WarningChannel.failure.is_(None))
    changes = {"last_failed_at": now, "failure": failure, "failure_status": status}
    if count_changed(session, was_fine.values(changes)):
        facts = {"channel": channel, "reason": failure, "status": status}
        record_event(session, "warnings_failed", facts, now, by=TIMER)
    else:
        count_changed(session, _of(channel).values(changes))


def list_topics(session: Session) -> dict[str, datetime]:
    """Return the topics that are switched on, with the time since when."""
    return {row.topic: row.since for row in session.scalars(select(WarningTopic))}


def switch_topic(session: Session, topic: str, now: datetime, *, is_on: bool, by: Person) -> None:
    """Switch a topic on or off."""
    require(session, by, "admin")
    count_changed(session, delete(WarningTopic).where(WarningTopic.topic == topic))
    if is_on:
        session.execute(insert(WarningTopic).values(topic=topic, since=now))
    record_event(session, "topic_switched", {"topic": topic, "is_on": int(is_on)}, now, by=by)


def _of(channel: Channel) -> Update:
    return update(WarningChannel).where(WarningChannel.channel == channel)
