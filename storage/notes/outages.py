"""Outages: lists the days without a snapshot of a chart's Pages, with the cause of each.

The causes, what is known of them and what is not: `storage.metrics.outages`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache

from sqlalchemy import Date, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from storage.jobs.runs import SNAPSHOTS
from storage.metrics.outages import (
    DISCONNECTED,
    ENDED,
    FROZEN,
    NOT_CONNECTED,
    DayFacts,
    find_cause,
)
from storage.models import Event, EventSubject, JobFailure, JobRun, Page, PageGrant, Snapshot
from storage.notes.timeline_events import A_DAY, Scope

# What an event makes of an account: why it can't be used, or None where it can be.
_STATES: Mapping[str, str | None] = {
    "connected": None,
    "renewed": None,
    "thawed": None,
    "needs_renewal": ENDED,
    "key_given_up": ENDED,
    "disconnected": DISCONNECTED,
    "deauthorized": DISCONNECTED,
    "frozen": FROZEN,
}


@dataclass(frozen=True)
class Outage:
    """Days, both ends included, without a snapshot of any Page of a chart that has older ones.

    ``cause``: as of `storage.metrics.outages.find_cause`, the same on all of the days.
    """

    since: date
    until: date
    cause: str


def list_outages(session: Session, scope: Scope, *, since: date, until: date) -> list[Outage]:
    """Return the outages of ``scope`` from ``since`` to ``until``, both included, oldest first.

    Days before the first figure are no outage. Nor is one missing day at the end: today, before its
    snapshot is taken. ``until`` is at most today.
    """
    first_day = _find_first_day(session, scope)
    if first_day is None:
        return []
    days = _list_days(session, scope, since, until)
    first = max(since, first_day)
    last = max(days, default=first - A_DAY)
    end = last if (until - last).days < 2 else until
    missing = [first + A_DAY * number for number in range((end - first).days + 1)]
    missing = [day for day in missing if day not in days]
    return _join(missing, _find_causes(session, scope, missing)) if missing else []


def _find_first_day(session: Session, scope: Scope) -> date | None:
    """Return the first day with a figure of the scope; for every Page, with a snapshot."""
    if scope.is_every_page:  # one look-up in the index instead of one per Page
        return session.scalar(select(func.min(Snapshot.day)))
    has_figure = or_(Snapshot.fans_count.is_not(None), Snapshot.followers_count.is_not(None))
    first_day = (
        select(Snapshot.day)
        .where(Snapshot.page_id == Page.id, has_figure)
        .order_by(Snapshot.day)
        .limit(1)
        .correlate(Page)
        .scalar_subquery()
    )
    return session.scalar(select(func.min(first_day)).where(scope.contains(Page.id)))


def _list_days(session: Session, scope: Scope, since: date, until: date) -> set[date]:
    """Return the days on which the scope has a snapshot."""
    if scope.page_id is not None:
        statement = select(Snapshot.day).where(
            Snapshot.page_id == scope.page_id, Snapshot.day.between(since, until)
        )
    else:
        statement = _every_day()
        if not scope.is_every_page:
            # One look-up in the index for each day: a day has thousands of snapshots.
            day = statement.selected_columns.day
            of_scope = scope.contains(Snapshot.page_id)
            statement = statement.where(exists().where(Snapshot.day == day, of_scope))
    return set(session.connection().scalars(statement, {"since": since, "until": until}).all())


@cache
def _every_day() -> Select[date]:
    """Select the days with any snapshot, each from the one before: DISTINCT would read all rows."""
    since, until = (bindparam(name, type_=Date()) for name in ("since", "until"))
    first = select(func.min(Snapshot.day).label("day")).where(Snapshot.day.between(since, until))
    days = first.cte("days", recursive=True)
    following = (
        select(func.min(Snapshot.day))
        .where(Snapshot.day > days.c.day, Snapshot.day <= until)
        .correlate(days)
        .scalar_subquery()
    )
    days = days.union_all(select(following).where(days.c.day.is_not(None)))
    return select(days.c.day).where(days.c.day.is_not(None))


def _find_causes(session: Session, scope: Scope, days: Sequence[date]) -> list[str]:
    """Return the cause of each of ``days``, which are in order and not none."""
    is_meant = JobRun.day.between(days[0], days[-1])
    columns = (JobRun.day, JobRun.kind, JobRun.status, JobRun.reason_code)
    runs: dict[date, list[tuple[str, str, int | None]]] = {}
    for day, kind, status, code in session.execute(select(*columns).where(is_meant).distinct()):
        runs.setdefault(day, []).append((kind, status, code))
    first_seen = select(func.min(Page.first_seen_at)).where(scope.contains(Page.id))
    connected_at = session.scalar(first_seen)
    kept_since = session.scalar(select(func.min(JobRun.day)).where(JobRun.kind == SNAPSHOTS))
    failures = _find_failures(session, scope, days)
    states = _list_states(session, scope)
    causes = []
    for day in days:
        of_day = runs.get(day, [])
        refreshes = [(status, code) for kind, status, code in of_day if kind == SNAPSHOTS]
        facts = DayFacts(
            is_before_connect=connected_at is not None and day < connected_at.date(),
            failure=failures.get(day),
            off=_why_off(states, day),
            statuses=frozenset(status for status, _ in refreshes),
            is_limited=any(code is not None for _, code in refreshes),
            has_runs=bool(of_day),
            keeps_runs=kept_since is not None and kept_since < day,
        )
        causes.append(find_cause(facts))
    return causes


def _find_failures(session: Session, scope: Scope, days: Sequence[date]) -> dict[date, str]:
    """Return by day the error that most Pages met in the last refresh with failures."""
    number = func.count()
    failures = (
        select(JobRun.day, JobFailure.kind)
        .join(JobFailure, JobFailure.run_id == JobRun.id)
        .where(JobRun.kind == SNAPSHOTS, JobRun.day.between(days[0], days[-1]))
        .group_by(JobRun.day, JobRun.id, JobFailure.kind)
        .order_by(JobRun.id, number, JobFailure.kind)
    )
    if not scope.is_every_page:
        failures = failures.where(scope.contains(JobFailure.page_id))
    by_day: dict[date, str] = {}
    for day, kind in session.execute(failures):
        by_day[day] = kind
    return by_day


def _list_states(session: Session, scope: Scope) -> list[list[tuple[datetime, str | None]]]:
    """Return for each account that holds a Page of the scope what it was since when, in order."""
    held = select(PageGrant.grant_id).where(scope.contains(PageGrant.page_id)).distinct()
    states: dict[int, list[tuple[datetime, str | None]]] = {id: [] for id in session.scalars(held)}
    events = (
        select(EventSubject.grant_id, Event.at, Event.kind, Event.facts)
        .join(EventSubject, EventSubject.pseudonym == Event.account)
        .where(Event.kind.in_(_STATES))
        .order_by(Event.at, Event.sequence)
    )
    for grant_id, at, kind, facts in session.connection().execute(events):
        if grant_id in states and facts.get("scope") != "page":
            states[grant_id].append((at, _STATES[kind]))
    return list(states.values())


def _why_off(states: Sequence[Sequence[tuple[datetime, str | None]]], day: date) -> list[str]:
    """Return why each account could not be used on the whole of ``day``; empty if one could be."""
    begin = datetime.combine(day, time(), UTC)
    off: list[str] = []
    for account in states:
        before = [state for at, state in account if at < begin]
        during = [state for at, state in account if begin <= at < begin + A_DAY]
        state = before[-1] if before else NOT_CONNECTED if account else None
        if state is None or None in during:
            return []
        off.append(state)
    return off


def _join(days: Sequence[date], causes: Collection[str]) -> list[Outage]:
    """Return the days as outages: consecutive days of one cause are one."""
    outages: list[Outage] = []
    for day, cause in zip(days, causes, strict=True):
        last = outages[-1] if outages else None
        if last is not None and last.until == day - A_DAY and last.cause == cause:
            outages[-1] = Outage(last.since, day, cause)
        else:
            outages.append(Outage(day, day, cause))
    return outages
