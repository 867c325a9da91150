"""Timeline events: lists consents, imports and retired metrics for the days of a chart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.csv_import.importer import is_from_import
from storage.models import (
    Event,
    EventSubject,
    Grant,
    Import,
    InsightMetric,
    Page,
    PageGrant,
    PageTag,
    Snapshot,
)

A_DAY = timedelta(days=1)
# Tags of more Pages count as part of every import: searching all their snapshots takes too long.
MAX_SEARCHED_PAGES = 500


@dataclass(frozen=True)
class Consent:
    """An account was connected or renewed. ``is_first``: on the day the chart's Page was added."""

    day: date
    kind: Literal["connected", "renewed"]
    account_name: str | None  # None once the account is erased
    added_count: int
    is_first: bool = False


@dataclass(frozen=True)
class Imported:
    """A file of past figures was imported; the import was not undone."""

    day: date
    file_name: str


@dataclass(frozen=True)
class Retired:
    """Facebook began to refuse one of its metrics."""

    day: date
    label: str
    replaced_by: str | None


@dataclass(frozen=True)
class Scope:
    """The Pages of a chart: one Page, those of some tags, or every Page when neither is given."""

    page_id: str | None = None
    tag_ids: tuple[int, ...] = ()

    def contains(self, page_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        """Return the condition that a Page belongs to the chart."""
        if self.page_id is not None:
            return page_id == self.page_id
        if self.tag_ids:
            return page_id.in_(select(PageTag.page_id).where(PageTag.tag_id.in_(self.tag_ids)))
        return true()

    @property
    def is_every_page(self) -> bool:
        """Return whether every Page belongs to the chart."""
        return self.page_id is None and not self.tag_ids


def list_consents(session: Session, scope: Scope, *, since: date, until: date) -> list[Consent]:
    """Return the consents of accounts that hold a Page of ``scope``, oldest first.

    For a single Page those from before it was added are left out.
    """
    events = (
        select(Event.at, Event.kind, Grant.account_name, Event.facts)
        .outerjoin(EventSubject, EventSubject.pseudonym == Event.account)
        .outerjoin(Grant, Grant.id == EventSubject.grant_id)
        .where(Event.kind.in_(["connected", "renewed"]))
        .where(Event.at >= _midnight(since), Event.at < _midnight(until + A_DAY))
        .order_by(Event.at, Event.sequence)
    )
    if not scope.is_every_page:
        held = select(PageGrant.grant_id).where(scope.contains(PageGrant.page_id))
        events = events.where(EventSubject.grant_id.in_(held))
    added_on = _find_first_seen(session, scope)
    return [
        Consent(
            event.at.date(),
            "connected" if event.kind == "connected" else "renewed",
            event.account_name,
            int(event.facts.get("added") or 0),
            is_first=event.at.date() == added_on,
        )
        for event in session.connection().execute(events)
        if added_on is None or event.at.date() >= added_on
    ]


def list_imports(session: Session, scope: Scope, *, since: date, until: date) -> list[Imported]:
    """Return imports with figures of ``scope``, made from ``since`` to ``until``, oldest first."""
    imports = (
        select(Import.id, Import.imported_at, Import.file_name)
        .where(Import.undone_at.is_(None))
        .where(
            Import.imported_at >= _midnight(since), Import.imported_at < _midnight(until + A_DAY)
        )
        .order_by(Import.imported_at, Import.id)
    )
    return [
        Imported(at.date(), file_name)
        for id, at, file_name in session.connection().execute(imports)
        if _has_imported(session, scope, id)
    ]


def list_retired(session: Session, *, since: date, until: date) -> list[Retired]:
    """Return the metrics that Facebook first refused from ``since`` to ``until``, oldest first."""
    retired = (
        select(InsightMetric.retired_on, InsightMetric.label, InsightMetric.replaced_by)
        .where(InsightMetric.scope == "page", InsightMetric.retired_on.between(since, until))
        .order_by(InsightMetric.retired_on, InsightMetric.position)
    )
    return [
        Retired(day, label, new) for day, label, new in session.connection().execute(retired) if day
    ]


def _find_first_seen(session: Session, scope: Scope) -> date | None:
    if scope.page_id is None:
        return None
    at = session.scalar(select(Page.first_seen_at).where(Page.id == scope.page_id))
    return at.date() if at is not None else None


def _has_imported(session: Session, scope: Scope, import_id: int) -> bool:
    if scope.is_every_page:
        return True
    if scope.tag_ids:
        pages = select(func.count()).select_from(PageTag).where(PageTag.tag_id.in_(scope.tag_ids))
        if (session.scalar(pages) or 0) > MAX_SEARCHED_PAGES:
            return True
    imported = select(Snapshot.day).where(
        is_from_import(import_id), scope.contains(Snapshot.page_id)
    )
    return session.scalar(imported.limit(1)) is not None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
