"""The ledger of Facebook's daily figures: which names are live, and what becomes of them.

A name that Facebook begins to refuse is retired that day, and comes back once it is answered again;
its history stays. Nobody has to change code for either.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storage.db.installation import bump_data_version
from storage.db.upsert import count_changed, insert_into
from storage.insights.metric_seed import SEED
from storage.models import InsightMetric


def seed_ledger(session: Session) -> None:
    """Write the names that the ledger lacks; those that are there stay as they are."""
    rows = [
        {"position": position, "probed_at": None, **asdict(row)}
        for position, row in enumerate(SEED)
    ]
    statement = insert_into(session, InsightMetric).on_conflict_do_nothing(index_elements=["name"])
    session.execute(statement, rows)


@dataclass(frozen=True)
class LedgerMetric:
    """One metric of the ledger; columns as of `storage.models.InsightMetric`."""

    name: str
    label: str
    unit: str
    kind: str
    meaning: str
    status: str
    retired_on: date | None
    replaced_by: str | None
    probed_at: datetime | None


def list_ledger(session: Session) -> list[LedgerMetric]:
    """Return every metric, in the order in which they are shown."""
    columns = [getattr(InsightMetric, each.name) for each in fields(LedgerMetric)]
    query = select(*columns).order_by(InsightMetric.position, InsightMetric.name)
    return [LedgerMetric(*row) for row in session.execute(query)]


def retire_metrics(
    session: Session, names: Collection[str], *, day: date, now: datetime
) -> list[str]:
    """Mark live names that Facebook refuses, as of ``day``; return those that were live."""
    live = select(InsightMetric.name).where(
        InsightMetric.name.in_(names), InsightMetric.status == "live"
    )
    found = sorted(session.scalars(live))
    if found:
        _change(session, found, status="retired", retired_on=day, probed_at=now)
        bump_data_version(session)
    return found


def revive_metrics(session: Session, names: Collection[str], *, now: datetime) -> list[str]:
    """Mark names that Facebook answers as live; return those that were not."""
    other = select(InsightMetric.name).where(
        InsightMetric.name.in_(names), InsightMetric.status != "live"
    )
    found = sorted(session.scalars(other))
    if found:
        _change(session, found, status="live", retired_on=None, probed_at=now)
        bump_data_version(session)
    return found


def note_probes(session: Session, names: Collection[str], *, now: datetime) -> None:
    """Remember when Facebook last answered or refused these names; what they are does not change.

    An unconfirmed name that is refused stays unconfirmed: it was never seen to work.
    """
    if names:
        _change(session, names, probed_at=now)


def _change(session: Session, names: Collection[str], **values: object) -> None:
    count_changed(
        session, update(InsightMetric).where(InsightMetric.name.in_(names)).values(**values)
    )
