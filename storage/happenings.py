"""What befell the Pages of a chart, found in what is stored: consents, days without a snapshot,
imports, and figures that Facebook ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.models import (
    DayOrigin,
    Event,
    Grant,
    Import,
    InsightMetric,
    Page,
    PageGrant,
    PageTag,
    Snapshot,
)
from storage.origins import find_span

A_DAY = timedelta(days=1)
# Of a larger group an import is taken to be meant: looking through all their snapshots takes long.
MOST_SEARCHED = 500


@dataclass(frozen=True)
class Consent:
    """An account was connected or renewed. ``is_first``: of one Page, it came here that day."""

    day: date
    kind: Literal["connected", "renewed"]
    account_name: str
    added_count: int
    is_first: bool = False


@dataclass(frozen=True)
class Outage:
    """Days, both included, on which no Page of the chart has a snapshot though some had before."""

    since: date
    until: date


@dataclass(frozen=True)
class Imported:
    """A file of past figures was taken in, and not undone."""

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
    """Whose chart it is: one Page's, a tag's, or everybody's when neither is named."""

    page_id: str | None = None
    tag_id: int | None = None

    def holds(self, page_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        """A condition: the Page belongs to it."""
        if self.page_id is not None:
            return page_id == self.page_id
        if self.tag_id is not None:
            return page_id.in_(select(PageTag.page_id).where(PageTag.tag_id == self.tag_id))
        return true()

    @property
    def is_everybody(self) -> bool:
        """Whether every Page belongs to it."""
        return self.page_id is None and self.tag_id is None


def list_consents(session: Session, scope: Scope, *, since: date, until: date) -> list[Consent]:
    """When accounts that hold a Page of ``scope`` gave or renewed their access, oldest first.

    Accounts are told by their names, as events are; what was before a single Page came here does
    not concern it.
    """
    events = (
        select(Event)
        .where(Event.kind.in_(["connected", "renewed"]))
        .where(Event.at >= _midnight(since), Event.at < _midnight(until + A_DAY))
        .order_by(Event.at, Event.id)
    )
    if not scope.is_everybody:
        held = select(PageGrant.grant_id).where(scope.holds(PageGrant.page_id))
        names = select(Grant.account_name).where(Grant.id.in_(held))
        events = events.where(Event.account_name.in_(names))
    came = _came_here(session, scope)
    return [
        Consent(
            event.at.date(),
            "connected" if event.kind == "connected" else "renewed",
            event.account_name or "",
            int(event.facts.get("added") or 0),
            is_first=event.at.date() == came,
        )
        for event in session.scalars(events)
        if came is None or event.at.date() >= came
    ]


def list_outages(session: Session, scope: Scope, *, since: date, until: date) -> list[Outage]:
    """The runs of days from ``since`` to ``until`` without any snapshot of ``scope``, in order.

    Before the first figure nobody was counting: that is no outage. One missing day at the end is
    today before its snapshot; ``until`` is at most today.
    """
    began = _first_day(session, scope)
    if began is None:
        return []
    there = set(session.scalars(_days_of(scope, since, until)))
    first = max(since, began)
    last = max(there, default=first - A_DAY)
    end = last if (until - last).days < 2 else until
    return _runs_without(there, first, end)


def list_imports(session: Session, scope: Scope, *, since: date, until: date) -> list[Imported]:
    """The files of past figures for ``scope`` that were taken in from ``since`` to ``until``."""
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
        for id, at, file_name in session.execute(imports)
        if _has_imported(session, scope, id)
    ]


def list_retired(session: Session, *, since: date, until: date) -> list[Retired]:
    """The metrics that Facebook was first seen to refuse from ``since`` to ``until``."""
    retired = (
        select(InsightMetric.retired_on, InsightMetric.label, InsightMetric.replaced_by)
        .where(InsightMetric.retired_on.between(since, until))
        .order_by(InsightMetric.retired_on, InsightMetric.position)
    )
    return [Retired(day, label, new) for day, label, new in session.execute(retired) if day]


def _came_here(session: Session, scope: Scope) -> date | None:
    if scope.page_id is None:
        return None
    at = session.scalar(select(Page.first_seen_at).where(Page.id == scope.page_id))
    return at.date() if at is not None else None


def _first_day(session: Session, scope: Scope) -> date | None:
    """The first day with a figure of the scope; with a snapshot, when it is everybody."""
    if scope.is_everybody:  # one look, and not one at every Page
        days = find_span(session)
        return None if days is None else days[0]
    pages = select(func.min(Page.fans_since), func.min(Page.followers_since))
    found = session.execute(pages.where(scope.holds(Page.id))).one()
    return min((first for first in found if first is not None), default=None)


def _days_of(scope: Scope, since: date, until: date) -> Select[date]:
    """The days on which the scope has a snapshot."""
    if scope.page_id is not None:
        of_page = select(Snapshot.day).where(Snapshot.page_id == scope.page_id)
        return of_page.where(Snapshot.day.between(since, until))
    found = select(DayOrigin.day).where(DayOrigin.day.between(since, until)).distinct()
    if scope.is_everybody:
        return found
    # One look into the index for each day: snapshots themselves are thousands a day.
    days = found.subquery()
    any_snapshot = (
        select(Snapshot.page_id)
        .where(Snapshot.day == days.c.day, scope.holds(Snapshot.page_id))
        .limit(1)
        .correlate(days)
        .scalar_subquery()
    )
    return select(days.c.day).where(any_snapshot.is_not(None))


def _runs_without(there: Collection[date], first: date, last: date) -> list[Outage]:
    outages: list[Outage] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day in there:
            continue
        if outages and outages[-1].until == day - A_DAY:
            outages[-1] = Outage(outages[-1].since, day)
        else:
            outages.append(Outage(day, day))
    return outages


def _has_imported(session: Session, scope: Scope, import_id: int) -> bool:
    if scope.is_everybody:
        return True
    if scope.tag_id is not None:
        pages = select(func.count()).select_from(PageTag).where(PageTag.tag_id == scope.tag_id)
        if (session.scalar(pages) or 0) > MOST_SEARCHED:
            return True
    imported = select(Snapshot.day).where(
        Snapshot.source == f"import:{import_id}", scope.holds(Snapshot.page_id)
    )
    return session.scalar(imported.limit(1)) is not None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
