"""Insight values: stores Facebook's daily metrics of Pages, the requested days, and Pages' states.

A day ends at midnight Pacific time. Days of snapshots are in UTC, so values and snapshots are never
subtracted from each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.accounts.page_tokens import page_ids_of
from storage.db.text import storable_or_none
from storage.db.upsert import Conflict, upsert
from storage.insights.metric_ledger import MetricFacts, columns_of
from storage.models import InsightMetric, InsightSpan, InsightState, InsightValue

# Facebook revises its newest days; the value fetched last counts.
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
    """The days for which a metric was requested, both ends included, without gaps."""

    since: date
    until: date


@dataclass(frozen=True)
class StateRow:
    """The state of a Page's insights; columns as of `storage.models.InsightState`."""

    page_id: str
    state: str
    code: int | None
    trace_id: str | None
    asked_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True)
class InsightDay:
    """One value of one Page and metric, with its origin."""

    day: date
    value: int
    fetched_at: datetime
    graph_version: str | None


@dataclass(frozen=True)
class PageMetric(MetricFacts):
    """A metric with values for a Page, and the days that were requested, both ends included.

    Unlike in the ledger, ``replaced_by`` is the label of the metric in its place.
    """

    since: date
    until: date


def list_spans(session: Session, *, held_by: int | None = None) -> dict[str, dict[str, Span]]:
    """Return page id → metric → the requested days.

    ``held_by``: only of Pages that this grant holds.
    """
    spans: dict[str, dict[str, Span]] = {}
    query = select(InsightSpan.page_id, InsightSpan.metric, InsightSpan.since, InsightSpan.until)
    if held_by is not None:
        query = query.where(InsightSpan.page_id.in_(page_ids_of(held_by)))
    for page_id, metric, since, until in session.execute(query):
        spans.setdefault(page_id, {})[metric] = Span(since, until)
    return spans


def upsert_values(session: Session, rows: Sequence[ValueRow]) -> None:
    """Store values; of several values of a day the one fetched last counts."""
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
    """Store the requested days, given as (page id, metric, days)."""
    rows = [
        {"page_id": page_id, "metric": metric, "since": span.since, "until": span.until}
        for page_id, metric, span in spans
    ]
    upsert(session, InsightSpan, rows)


def upsert_states(session: Session, rows: Sequence[StateRow]) -> None:
    """Store the states of Pages; a row without ``answered_at`` keeps the stored one."""
    plain = [asdict(row) for row in rows]
    for row in plain:
        row["trace_id"] = storable_or_none(row["trace_id"])
    upsert(session, InsightState, plain, KEPT_ANSWER)


def find_insight_state(session: Session, page_id: str) -> InsightState | None:
    """Return the state of the last request; None when the Page was never requested."""
    return session.scalar(
        select(InsightState).where(InsightState.page_id == page_id),
        execution_options={"populate_existing": True},
    )


def list_page_metrics(session: Session, page_id: str) -> list[PageMetric]:
    """Return the metrics with values for a Page, in the order of the ledger."""
    has_value = (
        select(InsightValue.day)
        .where(InsightValue.page_id == page_id, InsightValue.metric == InsightMetric.name)
        .limit(1)
        .exists()
    )
    columns = [*columns_of(MetricFacts), InsightSpan.since, InsightSpan.until]
    query = (
        select(*columns)
        .join(InsightSpan, InsightSpan.metric == InsightMetric.name)
        .where(InsightSpan.page_id == page_id, has_value)
        .order_by(InsightMetric.position, InsightMetric.name)
    )
    metrics = [PageMetric(*row) for row in session.execute(query)]
    rows = session.execute(select(InsightMetric.name, InsightMetric.label))
    labels: dict[str, str] = {name: label for name, label in rows}  # noqa: C416 (rows are no pairs)
    return [replace(each, replaced_by=labels.get(each.replaced_by or "")) for each in metrics]


def get_insight_series(
    session: Session, page_id: str, metric: str, *, since: date, until: date
) -> list[InsightDay]:
    """Return the values from `since` to `until` (Pacific), both included, oldest first.

    A day without a value of Facebook is absent.
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
