"""Facebook's daily figures of Pages: which days were asked for, their values, how Pages answered.

Days are Facebook's: they end at midnight Pacific time. Snapshots are days in UTC, and the two are
never put into one subtraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.db.text import storable_or_none
from storage.db.upsert import Conflict, upsert
from storage.models import InsightMetric, InsightSpan, InsightState, InsightValue

# Facebook revises its newest days; what it says later is what counts.
NEWEST = Conflict(newest_by="fetched_at")
KEPT_ANSWER = Conflict(unless_null=("answered_at",))


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One figure; columns as of `storage.models.InsightValue`."""

    page_id: str
    metric: str
    day: date
    value: int
    fetched_at: datetime
    graph_version: str | None


@dataclass(frozen=True)
class Span:
    """The days for which a Page was asked for a metric, both included, without holes."""

    since: date
    until: date


@dataclass(frozen=True)
class StateRow:
    """How a Page answered; columns as of `storage.models.InsightState`."""

    page_id: str
    state: str
    code: int | None
    trace_id: str | None
    asked_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True)
class InsightDay:
    """One figure of one Page and metric, with where it came from."""

    day: date
    value: int
    fetched_at: datetime
    graph_version: str | None


@dataclass(frozen=True)
class PageMetric:
    """A metric of the ledger with history for a Page, and the days it was asked for."""

    name: str
    label: str
    unit: str
    kind: str
    meaning: str
    status: str
    retired_on: date | None
    replaced_by: str | None  # the label of the metric in its place
    since: date
    until: date


def list_spans(session: Session) -> dict[str, dict[str, Span]]:
    """Return page id → metric → the days it was asked for."""
    spans: dict[str, dict[str, Span]] = {}
    query = select(InsightSpan.page_id, InsightSpan.metric, InsightSpan.since, InsightSpan.until)
    for page_id, metric, since, until in session.execute(query):
        spans.setdefault(page_id, {})[metric] = Span(since, until)
    return spans


def upsert_values(session: Session, rows: Sequence[ValueRow]) -> None:
    """Store figures; what was fetched last of a day counts."""
    upsert(
        session,
        InsightValue,
        [
            {
                "page_id": row.page_id,
                "metric": row.metric,
                "day": row.day,
                "value": row.value,
                "fetched_at": row.fetched_at,
                "graph_version": row.graph_version,
            }
            for row in rows
        ],
        NEWEST,
    )


def upsert_spans(session: Session, spans: Sequence[tuple[str, str, Span]]) -> None:
    """Store which days a Page (first) was asked for a metric (second)."""
    rows = [
        {"page_id": page_id, "metric": metric, "since": span.since, "until": span.until}
        for page_id, metric, span in spans
    ]
    upsert(session, InsightSpan, rows)


def upsert_states(session: Session, rows: Sequence[StateRow]) -> None:
    """Store how Pages answered; a row without ``answered_at`` keeps the one before."""
    plain = [asdict(row) for row in rows]
    for row in plain:
        row["trace_id"] = storable_or_none(row["trace_id"])
    upsert(session, InsightState, plain, KEPT_ANSWER)


def find_insight_state(session: Session, page_id: str) -> InsightState | None:
    """Return how the Page answered last; None when it was never asked."""
    return session.scalar(
        select(InsightState).where(InsightState.page_id == page_id),
        execution_options={"populate_existing": True},
    )


def list_page_metrics(session: Session, page_id: str) -> list[PageMetric]:
    """Return the metrics that a Page was asked for and answered, in the order of the ledger."""
    has_value = (
        select(InsightValue.day)
        .where(InsightValue.page_id == page_id, InsightValue.metric == InsightMetric.name)
        .limit(1)
        .exists()
    )
    query = (
        select(InsightMetric, InsightSpan.since, InsightSpan.until)
        .join(InsightSpan, InsightSpan.metric == InsightMetric.name)
        .where(InsightSpan.page_id == page_id, has_value)
        .order_by(InsightMetric.position, InsightMetric.name)
    )
    found = session.execute(query).all()
    rows = session.execute(select(InsightMetric.name, InsightMetric.label))
    labels: dict[str, str] = {name: label for name, label in rows}  # noqa: C416 (rows are no pairs)
    return [
        PageMetric(
            metric.name,
            metric.label,
            metric.unit,
            metric.kind,
            metric.meaning,
            metric.status,
            metric.retired_on,
            labels.get(metric.replaced_by or ""),
            since,
            until,
        )
        for metric, since, until in found
    ]


def get_insight_series(
    session: Session, page_id: str, metric: str, *, since: date, until: date
) -> list[InsightDay]:
    """The figures of `since` to `until` (Pacific), both included, oldest first.

    A day for which Facebook gave none is absent.
    """
    query = (
        select(
            InsightValue.day,
            InsightValue.value,
            InsightValue.fetched_at,
            InsightValue.graph_version,
        )
        .where(
            InsightValue.page_id == page_id,
            InsightValue.metric == metric,
            InsightValue.day.between(since, until),
        )
        .order_by(InsightValue.day)
    )
    return [InsightDay(*row) for row in session.execute(query)]
