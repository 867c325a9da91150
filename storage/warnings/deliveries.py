"""Deliveries: lets one server at a time take on a warning for a channel, and records what was sent.

A claim is a row that is committed before the message is sent, with the time at which it may be
claimed again. So two servers never send the same warning, and a server that dies in between loses
none. One that dies after sending and before it records so sends again: a message has the
warning's key in it, by which its receiver may drop the second.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from storage.db.upsert import count_changed, insert_into, table_of
from storage.models import WarningDelivery
from storage.warnings.due import Due, DueKind

# The first is longer than sending takes. After the last the warning is given up.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 720, 720, 720))
MAX_TRIES = len(PAUSES) + 1
# Of one message; more follow in the next.
MAX_CLAIMED = 50
# What was sent is forgotten so long after it was due.
KEPT = timedelta(days=60)


def claim(
    session: Session,
    channel: str,
    due: Sequence[Due],
    now: datetime,
    but: Collection[DueKind] = (),
) -> list[Due]:
    """Take on the warnings that nobody has sent, or is sending, through this channel.

    The caller commits, then sends them, and ends with `record_sent`. Warnings that are no longer
    due are dropped: an account was renewed, or a nearer day has passed. Those of the kinds ``but``
    are left to another process.
    """
    _drop_overtaken(session, channel, due, now)
    mine = (each for each in due if each.kind not in but)
    claimed = (each for each in mine if _claim(session, channel, each, now))
    return list(islice(claimed, MAX_CLAIMED))


def has_open(
    session: Session,
    channel: str,
    due: Collection[Due],
    now: datetime,
    but: Collection[DueKind] = (),
) -> bool:
    """Whether `claim` would take on any."""
    rows = session.scalars(select(WarningDelivery).where(WarningDelivery.channel == channel))
    held = {
        row.key
        for row in rows
        if row.sent_at is not None or row.try_after > now or row.tries_count >= MAX_TRIES
    }
    return any(each.key not in held and each.kind not in but for each in due)


def record_sent(session: Session, channel: str, due: Collection[Due], now: datetime) -> None:
    """Store that these were sent."""
    keys = [each.key for each in due]
    is_meant = (WarningDelivery.channel == channel, WarningDelivery.key.in_(keys))
    count_changed(session, update(WarningDelivery).where(*is_meant).values(sent_at=now))


def forget_tries(session: Session, channel: str) -> None:
    """Forget what could not be sent through a channel: it was set up anew, so all is tried again.

    The tries of a message that is being sent at this moment are forgotten too; it may then come
    twice.
    """
    is_open = (WarningDelivery.channel == channel, WarningDelivery.sent_at.is_(None))
    count_changed(session, delete(WarningDelivery).where(*is_open))


def _claim(session: Session, channel: str, due: Due, now: datetime) -> bool:
    table = table_of(WarningDelivery)
    first = insert_into(session, WarningDelivery).values(
        channel=channel,
        key=due.key,
        grant_id=due.grant_id,
        page_id=due.page_id,
        claimed_at=now,
        tries_count=1,
        try_after=now + PAUSES[0],
    )
    statement = first.on_conflict_do_nothing(index_elements=["channel", "key"])
    if session.execute(statement.returning(table.c.id)).first() is not None:
        return True
    is_meant = (WarningDelivery.channel == channel, WarningDelivery.key == due.key)
    tries = session.scalar(select(WarningDelivery.tries_count).where(*is_meant)) or MAX_TRIES
    if tries >= MAX_TRIES:
        return False
    pause = PAUSES[min(tries, len(PAUSES) - 1)]
    again = update(WarningDelivery).where(
        *is_meant,
        WarningDelivery.tries_count == tries,
        WarningDelivery.sent_at.is_(None),
        WarningDelivery.try_after <= now,
    )
    changes = {"tries_count": tries + 1, "try_after": now + pause}
    return count_changed(session, again.values(changes)) == 1


def _drop_overtaken(session: Session, channel: str, due: Sequence[Due], now: datetime) -> None:
    is_due: ColumnElement[bool] = WarningDelivery.key.in_([each.key for each in due])
    is_open_or_old = WarningDelivery.sent_at.is_(None) | (WarningDelivery.sent_at < now - KEPT)
    is_dropped = and_(WarningDelivery.channel == channel, ~is_due, is_open_or_old)
    count_changed(session, delete(WarningDelivery).where(is_dropped))
