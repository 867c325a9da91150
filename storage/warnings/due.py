"""Due warnings: computes from the accounts what operators have to be told now.

A warning has a stable key, so that it goes out once. It names its subject as it is stored now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import Grant

# Days before an expiry, or before the end of data access, on which operators are warned. When the
# dashboard was off on some of them, only the nearest one that has passed is told.
THRESHOLDS = (14, 7, 3, 1)

AccountKind = Literal["access_ends", "access_ran_out", "data_access_ends", "access_ended"]
DueKind = AccountKind | Literal["no_snapshot", "unusual_day", "goal_missed", "week"]


@dataclass(frozen=True)
class Due:
    """One warning. ``key`` holds ids and days, no names.

    ``name``: of the account or the Page; empty for all Pages. ``at``: when access or data access
    ends, or has ended; of a day, its beginning (UTC). ``facts``: of a missed goal "reached",
    "target" and "metric"; the sender loads those of other topics.
    """

    key: str
    kind: DueKind
    name: str
    at: datetime
    grant_id: int | None = None
    page_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Ending:
    """A day on which an account's access or data access ends."""

    grant_id: int
    kind: Literal["access_ends", "data_access_ends"]
    account_name: str
    at: datetime


def list_due(session: Session, now: datetime) -> list[Due]:
    """Return every warning that is due at ``now``, whether it has gone out or not, soonest first.

    A frozen account gives none: an operator has paused it. A disconnected one has no access.
    """
    query = select(Grant).where(Grant.status.in_(("ok", "needs_renewal"))).order_by(Grant.id)
    grants = session.scalars(query, execution_options={"populate_existing": True})
    due = [each for grant in grants for each in due_of_grant(grant, now)]
    return sorted(due, key=lambda each: each.at)


def due_of_grant(grant: Grant, now: datetime) -> Iterator[Due]:
    """Yield the warnings of one account: that it has ended, or how near its ends are.

    The end of data access gives none once it has passed: the check of that day ends the account.
    """
    name = grant.account_name
    if grant.status == "needs_renewal":
        key = f"access_ended:{grant.id}:{grant.status_at:%Y-%m-%dT%H:%M:%S}"
        yield Due(key, "access_ended", name, grant.status_at, grant.id)
        return
    for ending in _endings(grant):
        left = ending.at - now
        passed = [days for days in THRESHOLDS if left <= timedelta(days=days)]
        key = f"{ending.kind}:{grant.id}:{ending.at:%Y-%m-%d}"
        if left > timedelta(0) and passed:
            yield Due(f"{key}:{min(passed)}", ending.kind, name, ending.at, grant.id)
        elif left <= timedelta(0) and ending.kind == "access_ends":
            yield Due(f"{key}:0", "access_ran_out", name, ending.at, grant.id)


def list_endings(session: Session) -> list[Ending]:
    """Return the days on which access or data access of a living account ends, soonest first."""
    grants = session.scalars(select(Grant).where(Grant.status.in_(("ok", "frozen"))))
    endings = [each for grant in grants for each in _endings(grant)]
    return sorted(endings, key=lambda each: (each.at, each.grant_id, each.kind))


def _endings(grant: Grant) -> Iterator[Ending]:
    if grant.expires_at is not None:
        yield Ending(grant.id, "access_ends", grant.account_name, grant.expires_at)
    if grant.data_access_expires_at is not None:
        at = grant.data_access_expires_at
        yield Ending(grant.id, "data_access_ends", grant.account_name, at)
