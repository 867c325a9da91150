"""Events: records actions of operators and changes of connections, and lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from storage.db.text import storable_or_none
from storage.models import Event


def record_event(
    session: Session,
    kind: str,
    account_name: str | None,
    facts: Mapping[str, Any],
    now: datetime,
    *,
    by: str | None = None,
    grant_id: int | None = None,
    page_id: str | None = None,
) -> None:
    """Record one event. ``facts`` are plain numbers and names: no token and no text of Facebook.

    ``by``: the operator; None for what Pagekeeper noticed itself. ``grant_id`` and ``page_id``: its
    subject. Erasing the subject erases the event, disconnecting does not.
    """
    session.execute(
        insert(Event).values(
            at=now,
            kind=kind,
            account_name=storable_or_none(account_name),
            facts=dict(facts),
            by=by,
            grant_id=grant_id,
            page_id=page_id,
        )
    )


@dataclass(frozen=True)
class EventRecord:
    """One event. ``facts`` are the values of its sentence; ``by`` is None for Pagekeeper itself."""

    at: datetime
    kind: str
    account_name: str | None
    facts: Mapping[str, Any]
    by: str | None
    grant_id: int | None
    page_id: str | None


def list_events(session: Session, *, limit: int = 25, offset: int = 0) -> list[EventRecord]:
    """Return ``limit`` events from ``offset`` on, newest first."""
    columns = (
        Event.at,
        Event.kind,
        Event.account_name,
        Event.facts,
        Event.by,
        Event.grant_id,
        Event.page_id,
    )
    query = select(*columns).order_by(Event.at.desc(), Event.id.desc()).limit(limit).offset(offset)
    return [EventRecord(*row) for row in session.execute(query)]


def count_events(session: Session) -> int:
    """Return the number of all events."""
    return session.scalar(select(func.count()).select_from(Event)) or 0
