"""Metric ledger: keeps which of Facebook's daily metrics are live, retired or unconfirmed.

A metric that Facebook begins to refuse is retired on that day, and live again once it is answered.
Its history stays. Neither needs a change of code.
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
    """Add the metrics that the ledger lacks; stored ones stay unchanged."""
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
    """Return every metric, in the order of the screens."""
    columns = [getattr(InsightMetric, each.name) for each in fields(LedgerMetric)]
    query = select(*columns).order_by(InsightMetric.position, InsightMetric.name)
    return [LedgerMetric(*row) for row in session.execute(query)]


def retire_metrics(
    session: Session, names: Collection[str], *, day: date, now: datetime
) -> list[str]:
    """Retire the live ones of these metrics as of ``day``; return their names, sorted."""
    live = select(InsightMetric.name).where(
        InsightMetric.name.in_(names), InsightMetric.status == "live"
    )
    retired = sorted(session.scalars(live))
    if retired:
        _change(session, retired, status="retired", retired_on=day, probed_at=now)
        bump_data_version(session)
    return retired


def revive_metrics(session: Session, names: Collection[str], *, now: datetime) -> list[str]:
    """Mark these metrics as live; return the names of those that were not, sorted."""
    other = select(InsightMetric.name).where(
        InsightMetric.name.in_(names), InsightMetric.status != "live"
    )
    revived = sorted(session.scalars(other))
    if revived:
        _change(session, revived, status="live", retired_on=None, probed_at=now)
        bump_data_version(session)
    return revived


def note_probes(session: Session, names: Collection[str], *, now: datetime) -> None:
    """Store when Facebook last answered or refused these metrics; their status stays.

    A refused metric that is unconfirmed stays unconfirmed: it was never seen to work.
    """
    if names:
        _change(session, names, probed_at=now)


def _change(session: Session, names: Collection[str], **values: object) -> None:
    count_changed(
        session, update(InsightMetric).where(InsightMetric.name.in_(names)).values(**values)
    )
