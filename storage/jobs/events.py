"""Events: what people did with accounts, tags, notes and imports, and what ended a connection."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from storage.models import Event
from storage.text import storable_or_none


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
    """Keep one event. ``facts`` are plain numbers and names: never a token, never Facebook's text.

    ``by``: the person who did it; None for what Pagekeeper noticed by itself. ``grant_id`` and
    ``page_id``: what it is about; the event is erased with it, and outlives a disconnect.
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


def list_events(session: Session, *, limit: int = 25, offset: int = 0) -> list[Event]:
    """Return events, newest first."""
    query = select(Event).order_by(Event.at.desc(), Event.id.desc()).limit(limit).offset(offset)
    return list(session.scalars(query))


def count_events(session: Session) -> int:
    """How many events there are."""
    return session.scalar(select(func.count()).select_from(Event)) or 0
