"""Goals: stores how many people a Page should reach by which day, each write with its event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage.db.installation import bump_data_version
from storage.db.upsert import count_changed, upsert
from storage.figures.filters import Metric
from storage.jobs.events import record_event
from storage.models import Goal
from storage.people.person import Person, require


@dataclass(frozen=True)
class GoalRow:
    """``target`` people by the end of ``due_day`` (UTC)."""

    target: int
    due_day: date


def set_goal(
    session: Session,
    page_id: str,
    metric: Metric,
    goal: GoalRow,
    now: datetime,
    *,
    by: Person,
) -> None:
    """Store or replace the goal of a stored Page. The caller has checked its values."""
    require(session, by, "operator")
    row = {
        "page_id": page_id,
        "metric": metric,
        "target": goal.target,
        "due_day": goal.due_day,
        "created_at": now,
        "by": by.key,
    }
    upsert(session, Goal, [row])
    facts = {"metric": metric, "target": goal.target, "due_day": goal.due_day.isoformat()}
    record_event(session, "goal_set", facts, now, by=by, page_id=page_id)
    bump_data_version(session)


def remove_goal(
    session: Session, page_id: str, metric: Metric, now: datetime, *, by: Person
) -> bool:
    """Delete a goal; False when there was none."""
    require(session, by, "operator")
    statement = delete(Goal).where(Goal.page_id == page_id, Goal.metric == metric)
    is_removed = count_changed(session, statement) > 0
    if is_removed:
        record_event(session, "goal_removed", {"metric": metric}, now, by=by, page_id=page_id)
        bump_data_version(session)
    return is_removed


def find_goal(session: Session, page_id: str, metric: Metric) -> GoalRow | None:
    """Return a Page's goal; None when it has none."""
    query = select(Goal.target, Goal.due_day).where(Goal.page_id == page_id, Goal.metric == metric)
    row = session.execute(query).one_or_none()
    return None if row is None else GoalRow(*row)
