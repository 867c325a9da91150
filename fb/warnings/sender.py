"""Sender: sets up the channels of warnings, and sends through them what is due.

A channel's settings are stored sealed, as JSON. A message is claimed, sent, and recorded: see
`storage.warnings.deliveries`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from fb.installation import Installation
from fb.warnings import message
from fb.warnings.mail import EmailSettings, send_mail
from fb.warnings.target import SendFailed
from fb.warnings.webhook import SlackSettings, WebhookSettings, post_slack, post_webhook
from storage.db.errors import SealBroken, WrongKey
from storage.people.person import Person, require
from storage.warnings import channels, deliveries
from storage.warnings.channels import Channel, ChannelRecord
from storage.warnings.due import Due, DueKind, list_due
from storage.warnings.topics import Topic, list_topics_due, load_unusual_names

log = logging.getLogger(__name__)

ChannelSettings = EmailSettings | WebhookSettings | SlackSettings


@dataclass(frozen=True)
class Way:
    """A channel that is set up. ``shown`` says where it leads; None when it can't be opened."""

    record: ChannelRecord
    shown: str | None


def set_up(installation: Installation, settings: ChannelSettings, *, by: Person) -> None:
    """Store a channel's settings, sealed. Raises Wrong when they can't be right."""
    settings.check()
    with installation.database.writing() as session:
        channels.set_channel(
            session,
            installation.vault,
            _channel_of(settings),
            json.dumps(asdict(settings)),
            installation.now(),
            by=by,
        )


def keep_password(new: EmailSettings, old: EmailSettings | None) -> EmailSettings:
    """Return the new settings, with the old password when none is given.

    Only for the same server, port and user: nobody may have it sent elsewhere who does not know it.
    """
    if old is None or new.password or not new.user:
        return new
    is_same = (new.host, new.port, new.user) == (old.host, old.port, old.user)
    return replace(new, password=old.password) if is_same else new


def remove(installation: Installation, channel: Channel, *, by: Person) -> None:
    """Forget a channel."""
    with installation.database.writing() as session:
        channels.remove_channel(session, channel, installation.now(), by=by)


def list_ways(installation: Installation) -> list[Way]:
    """Return the channels that are set up."""
    with installation.database.reading() as session:
        records = channels.list_channels(session)
    return [_describe(installation, record) for record in records]


def find_settings(installation: Installation, channel: Channel) -> ChannelSettings | None:
    """Return the settings of a channel, with its secrets; None when it is not set up.

    Raises SendFailed when they can't be opened.
    """
    with installation.database.reading() as session:
        records = {record.channel: record for record in channels.list_channels(session)}
    return _open(installation, records[channel]) if channel in records else None


def send_test(installation: Installation, channel: Channel, *, by: Person) -> None:
    """Send a test message. Raises SendFailed, which is recorded, too."""
    with installation.database.reading() as session:
        require(session, by, "admin")
    _send(installation, channel, ())


def has_work(installation: Installation) -> bool:
    """Whether a warning waits to be sent through any channel."""
    now = installation.now()
    with installation.database.reading() as session:
        records = channels.list_channels(session)
        if not records:
            return False
        due, but = _list_due(session, now), _unwritable(installation)
        return any(deliveries.has_open(session, each.channel, due, now, but) for each in records)


def list_set_up(installation: Installation) -> list[Channel]:
    """Return the channels that are set up, without opening their settings."""
    with installation.database.reading() as session:
        return [record.channel for record in channels.list_channels(session)]


def send_due(installation: Installation, channel: Channel) -> int:
    """Send one message with what is due and was not sent through this channel; return how many.

    Raises SendFailed, which is recorded; the same warnings are tried again after a pause.
    """
    now = installation.now()
    with installation.database.writing() as session:
        due, but = _list_due(session, now), _unwritable(installation)
        claimed = deliveries.claim(session, channel, due, now, but)
    told = [each for due in claimed if (each := _complete(installation, due)) is not None]
    if told:
        _send(installation, channel, told)
    if len(told) < len(claimed):
        with installation.database.writing() as session:
            deliveries.record_sent(session, channel, claimed, now)
    return len(told)


def list_topics(installation: Installation) -> frozenset[str]:
    """Return the topics that are switched on."""
    with installation.database.reading() as session:
        return frozenset(channels.list_topics(session))


def switch_topic(installation: Installation, topic: Topic, *, is_on: bool, by: Person) -> None:
    """Switch a topic on or off."""
    with installation.database.writing() as session:
        channels.switch_topic(session, topic, installation.now(), is_on=is_on, by=by)


def _list_due(session: Session, now: datetime) -> list[Due]:
    topics = channels.list_topics(session)
    return [*list_due(session, now), *list_topics_due(session, now, topics)]


def _unwritable(installation: Installation) -> tuple[DueKind, ...]:
    """The kinds that this process can't write: the command line knows no screens."""
    return ("week",) if installation.write_week is None else ()


def _complete(installation: Installation, due: Due) -> Due | None:
    """Return a warning with its facts; None when there is nothing to tell after all."""
    day = due.at.date()
    with installation.database.reading() as session:
        if due.kind == "unusual_day":
            names = load_unusual_names(session, day)
            return replace(due, facts={"names": names}) if names.pages_count else None
        if due.kind == "week" and installation.write_week is not None:
            lines = installation.write_week(session, day)
            return replace(due, facts={"lines": lines}) if lines else None
    return due


def _send(installation: Installation, channel: Channel, due: Sequence[Due]) -> None:
    settings = installation.settings
    written = message.write(
        due, settings.redirect_origin, installation.now(), is_sandbox=settings.is_sandbox
    )
    try:
        stored = find_settings(installation, channel)
        if stored is None:
            return  # removed meanwhile
        allow_private = settings.allow_private_targets
        if isinstance(stored, EmailSettings):
            send_mail(stored, written, allow_private=allow_private)
        elif isinstance(stored, WebhookSettings):
            post_webhook(stored, written, allow_private=allow_private)
        else:
            post_slack(stored, written, allow_private=allow_private)
    except SendFailed as failed:
        log.warning("no warning could be sent by %s: %s", channel, failed.failure)
        with installation.database.writing() as session:
            channels.record_failure(
                session, channel, failed.failure, failed.status, installation.now()
            )
        raise
    with installation.database.writing() as session:
        deliveries.record_sent(session, channel, due, installation.now())
        channels.record_success(session, channel, len(due), installation.now())


def _describe(installation: Installation, record: ChannelRecord) -> Way:
    try:
        return Way(record, _open(installation, record).describe())
    except SendFailed:
        return Way(record, None)


def _open(installation: Installation, record: ChannelRecord) -> ChannelSettings:
    try:
        opened = installation.vault.open_channel(
            record.channel, record.key_id or "unknown", record.sealed_settings
        )
    except (WrongKey, SealBroken):
        raise SendFailed("sealed") from None
    values = json.loads(opened)
    if record.channel == "email":
        return EmailSettings(**{**values, "recipients": tuple(values["recipients"])})
    return WebhookSettings(**values) if record.channel == "webhook" else SlackSettings(**values)


def _channel_of(settings: ChannelSettings) -> Channel:
    if isinstance(settings, EmailSettings):
        return "email"
    return "webhook" if isinstance(settings, WebhookSettings) else "slack"
