"""Topics: messages beside the warnings of accounts, which operators switch on one by one.

What is due is asked every half minute and costs a few look-ups; what a message says is loaded when
it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.figures.filters import METRICS, filter_of_tag
from storage.figures.unusual import list_wide_days
from storage.jobs.runs import SNAPSHOTS, find_last_run
from storage.models import Goal, Grant, Page, Snapshot, Tag, UnusualDay
from storage.warnings.due import Due

Topic = Literal["no_snapshot", "unusual_day", "goal_missed", "week"]
TOPICS: tuple[Topic, ...] = get_args(Topic)

A_DAY = timedelta(days=1)
# So long after its day a message is still sent, if the dashboard was off.
LATE_DAYS = 3
NAMES_SHOWN = 3
MAX_TAGS = 100


@dataclass(frozen=True)
class UnusualNames:
    """The Pages that rose or fell beyond their noise on a day, and the tags of which many did.

    ``page_names``: the first NAMES_SHOWN of ``pages_count``.
    """

    pages_count: int
    page_names: tuple[str, ...]
    tag_names: tuple[str, ...]


def list_topics_due(session: Session, now: datetime, topics: Mapping[str, datetime]) -> list[Due]:
    """Return the messages of these topics that are due at ``now``.

    ``topics``: those that are switched on, and since when; of days before that nothing is due.
    """
    find = {
        "no_snapshot": _no_snapshot,
        "unusual_day": _unusual_day,
        "goal_missed": _goals_missed,
        "week": _week,
    }
    today = now.date()
    return [
        due
        for topic in TOPICS
        if topic in topics
        for due in find[topic](session, today)
        if due.at.date() >= topics[topic].date() - A_DAY
    ]


def load_unusual_names(session: Session, day: date) -> UnusualNames:
    """Return what was unusual on a day."""
    is_meant = (UnusualDay.day == day, Page.archived_at.is_(None))
    query = select(Page.id, Page.name).join(UnusualDay, UnusualDay.page_id == Page.id)
    rows = session.execute(query.where(*is_meant).order_by(Page.name_folded, Page.id)).all()
    names = {row.id: row.name for row in rows}  # a Page may be unusual in both metrics
    tags = session.execute(select(Tag.id, Tag.name).order_by(Tag.name_folded).limit(MAX_TAGS))
    tag_names = [
        name
        for tag_id, name in tags.all()
        if any(
            list_wide_days(
                session, since=day, until=day, metric=metric, filter=filter_of_tag(tag_id)
            )
            for metric in METRICS
        )
    ]
    shown = tuple(names.values())[:NAMES_SHOWN]
    return UnusualNames(len(names), shown, tuple(tag_names[:NAMES_SHOWN]))


def _no_snapshot(session: Session, today: date) -> Iterator[Due]:
    """No Page has figures of yesterday, though an account could be read."""
    yesterday = today - A_DAY
    newest = session.scalar(select(func.max(Snapshot.day)).where(Snapshot.day <= yesterday))
    is_readable = session.scalar(select(Grant.id).where(Grant.status == "ok").limit(1)) is not None
    if newest is not None and newest < yesterday and is_readable:
        yield Due(f"no_snapshot:{yesterday}", "no_snapshot", "", _midnight(yesterday))


def _unusual_day(session: Session, today: date) -> Iterator[Due]:
    """The newest day whose figures were all taken has an unusual Page."""
    run = find_last_run(session, SNAPSHOTS)
    if run is None or run.status != "done" or run.day < today - LATE_DAYS * A_DAY:
        return
    is_of_day = (UnusualDay.metric.in_(METRICS), UnusualDay.day == run.day)
    if session.scalar(select(UnusualDay.page_id).where(*is_of_day).limit(1)) is not None:
        yield Due(f"unusual_day:{run.day}", "unusual_day", "", _midnight(run.day))


def _goals_missed(session: Session, today: date) -> Iterator[Due]:
    """A goal's day is over, and its newest figure up to that day is below the target."""
    since = today - LATE_DAYS * A_DAY
    query = (
        select(Goal, Page.name)
        .join(Page, Page.id == Goal.page_id)
        .where(Goal.due_day.between(since, today - A_DAY), Page.archived_at.is_(None))
        .order_by(Goal.due_day, Page.name_folded, Goal.page_id, Goal.metric)
    )
    for goal, name in session.execute(query).all():
        figure = Snapshot.fans_count if goal.metric == "fans" else Snapshot.followers_count
        is_known = (Snapshot.page_id == goal.page_id, Snapshot.day <= goal.due_day)
        newest = select(figure).where(*is_known, figure.is_not(None))
        reached = session.scalar(newest.order_by(Snapshot.day.desc()).limit(1))
        if reached is not None and reached < goal.target:
            key = f"goal_missed:{goal.page_id}:{goal.metric}:{goal.due_day}:{goal.target}"
            facts = {"reached": reached, "target": goal.target, "metric": goal.metric}
            at = _midnight(goal.due_day)
            yield Due(key, "goal_missed", name, at, page_id=goal.page_id, facts=facts)


def _week(session: Session, today: date) -> Iterator[Due]:
    """The week that ended on Sunday, from Monday on."""
    sunday = today - timedelta(days=today.weekday() + 1)
    if today - sunday <= LATE_DAYS * A_DAY:
        yield Due(f"week:{sunday}", "week", "", _midnight(sunday))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
