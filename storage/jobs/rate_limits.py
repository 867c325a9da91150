"""Rate limits: keeps how much of Facebook's allowances is used, and until when it refuses.

One row for the app, and one for each account that is near its limit or beyond it. Every process
reads them before it asks Facebook.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage.db.upsert import count_changed, upsert
from storage.jobs.observations import LIMIT
from storage.models import Grant, Observation

# Facebook counts the use of the last hour; what it reported before says nothing any more.
# https://developers.facebook.com/docs/graph-api/overview/rate-limiting
COUNTED_SPAN = timedelta(hours=1)
_APP = "app"


@dataclass(frozen=True)
class Limit:
    """The use of one allowance.

    ``grant_id`` is None for that of the whole app. ``percent`` is None where Facebook reported
    none. Nothing may be asked before ``until``; None: it may.
    """

    grant_id: int | None
    percent: int | None
    until: datetime | None


def store_limit(session: Session, limit: Limit, now: datetime) -> None:
    """Store the newest state of an allowance, and delete those that are over.

    Of one that is used up only another refusal changes the state: an answer that says less was
    under way before.
    """
    in_force = {_key(each.grant_id): each for each in list_limits(session, now)}
    is_over = (Observation.key.startswith(LIMIT), Observation.key.not_in(in_force))
    count_changed(session, delete(Observation).where(*is_over))
    before = in_force.get(_key(limit.grant_id))
    if before is not None and before.until is not None and limit.until is None:
        return
    until = None if limit.until is None else limit.until.isoformat()
    row = {
        "key": _key(limit.grant_id),
        "value": {"percent": limit.percent, "until": until},
        "observed_at": now,
    }
    upsert(session, Observation, [row])


def list_limits(session: Session, now: datetime) -> list[Limit]:
    """Return the allowances whose use still counts, or that are used up; the app's in front."""
    query = (
        select(Observation.key, Observation.value, Observation.observed_at)
        .where(Observation.key.startswith(LIMIT))
        .order_by(Observation.key)
    )
    limits = []
    for key, value, observed_at in session.execute(query):
        until = None if value["until"] is None else datetime.fromisoformat(value["until"])
        is_over = now - observed_at >= COUNTED_SPAN if until is None else until <= now
        if not is_over:
            owner = key.removeprefix(LIMIT)
            grant_id = None if owner == _APP else int(owner)
            limits.append(Limit(grant_id, value["percent"], until))
    return sorted(limits, key=lambda limit: limit.grant_id or 0)


def find_app_limit(session: Session, now: datetime) -> datetime | None:
    """Return until when the whole app may ask for nothing; None when it may."""
    limits = list_limits(session, now)
    return next((limit.until for limit in limits if limit.grant_id is None), None)


def list_limits_by_name(session: Session, now: datetime) -> list[tuple[str | None, Limit]]:
    """Return the same with the accounts' names; None for the app. Erased accounts are left out."""
    limits = list_limits(session, now)
    ids = [limit.grant_id for limit in limits if limit.grant_id is not None]
    names: dict[int | None, str | None] = {None: None}
    for id, name in session.execute(select(Grant.id, Grant.account_name).where(Grant.id.in_(ids))):
        names[id] = name
    return [(names[each.grant_id], each) for each in limits if each.grant_id in names]


def forget_limits(session: Session) -> None:
    """Delete all, for a sandbox whose trouble is over."""
    count_changed(session, delete(Observation).where(Observation.key.startswith(LIMIT)))


def _key(grant_id: int | None) -> str:
    return LIMIT + (_APP if grant_id is None else str(grant_id))
