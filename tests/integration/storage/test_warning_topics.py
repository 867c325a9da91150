"""Topics that operators switch on: each is due on its days, and not before it was switched on."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from storage.accounts.vault import Vault
from storage.figures.snapshots import SnapshotRow, upsert_snapshots
from storage.jobs.runs import SNAPSHOTS, finish_run, start_run
from storage.models import Goal, Grant, Page, Snapshot, UnusualDay
from storage.notes.goals import GoalRow, set_goal
from storage.people.person import THIS_COMPUTER
from storage.warnings import channels
from storage.warnings.topics import (
    TOPICS,
    UnusualNames,
    list_topics_due,
    load_unusual_names,
)
from tests.integration.storage_rows import KEY, NOW, add_grant

DAY = timedelta(days=1)
TODAY = NOW.date()
LONG_AGO = NOW - 90 * DAY


def due_keys(
    session: Session, topic: str, now: datetime = NOW, since: datetime = LONG_AGO
) -> list[str]:
    return [each.key for each in list_topics_due(session, now, {topic: since})]


def add_snapshot(session: Session, page_id: str, day: date, fans: int | None) -> None:
    at = datetime.combine(day, time(6), UTC)
    row = SnapshotRow(
        page_id=page_id,
        day=day,
        fans_count=fans,
        followers_count=None,
        source="snapshot",
        fetched_at=at,
        graph_version="v26.0",
    )
    upsert_snapshots(session, [row])


@pytest.fixture(autouse=True)
def page(session: Session) -> None:
    """A Page of an account, with nothing measured."""
    add_grant(session, Vault([KEY]), "1", ["10"], LONG_AGO)
    session.execute(delete(Snapshot))


def test_nothing_is_due_that_is_not_switched_on(session: Session) -> None:
    add_snapshot(session, "10", TODAY - 5 * DAY, 1)
    assert list_topics_due(session, NOW, {}) == []
    assert len(list_topics_due(session, NOW, dict.fromkeys(TOPICS, LONG_AGO))) >= 1


def test_a_day_without_figures_is_told_the_day_after(session: Session) -> None:
    assert due_keys(session, "no_snapshot") == [], "there were never any"
    add_snapshot(session, "10", TODAY - 2 * DAY, 1)
    yesterday = TODAY - DAY
    assert due_keys(session, "no_snapshot") == [f"no_snapshot:{yesterday}"]
    add_snapshot(session, "10", TODAY, 1)
    assert due_keys(session, "no_snapshot") == [f"no_snapshot:{yesterday}"], "today's is no help"
    assert due_keys(session, "no_snapshot", since=NOW + DAY) == []
    session.execute(update(Grant).values(status="frozen"))
    assert due_keys(session, "no_snapshot") == [], "nobody wanted any"
    session.execute(update(Grant).values(status="ok"))
    add_snapshot(session, "10", yesterday, None)
    assert due_keys(session, "no_snapshot") == []


def test_an_unusual_day_is_told_once_its_snapshot_is_done(session: Session) -> None:
    row = {"metric": "fans", "day": TODAY, "page_id": "10", "direction": "fell"}
    session.execute(insert(UnusualDay).values(row))
    assert due_keys(session, "unusual_day") == []
    run_id = start_run(session, kind=SNAPSHOTS, started_by="daily", day=TODAY, now=NOW)
    assert due_keys(session, "unusual_day") == []
    finish_run(session, run_id, status="done", now=NOW)
    assert due_keys(session, "unusual_day") == [f"unusual_day:{TODAY}"]
    assert due_keys(session, "unusual_day", NOW + 4 * DAY) == []
    assert load_unusual_names(session, TODAY) == UnusualNames(1, ("Page 10",), ())
    session.execute(update(Page).values(archived_at=NOW))
    assert load_unusual_names(session, TODAY).pages_count == 0


def test_a_goal_is_missed_when_its_day_is_over_and_its_figure_is_below(session: Session) -> None:
    due_day = TODAY - DAY
    set_goal(session, "10", "fans", GoalRow(100, due_day), LONG_AGO, by=THIS_COMPUTER)
    assert due_keys(session, "goal_missed") == [], "nobody knows"
    add_snapshot(session, "10", due_day - DAY, 99)
    add_snapshot(session, "10", due_day, None)
    add_snapshot(session, "10", TODAY, 100)
    key = f"goal_missed:10:fans:{due_day}:100"
    assert due_keys(session, "goal_missed") == [key]
    (due,) = list_topics_due(session, NOW, {"goal_missed": LONG_AGO})
    assert (due.page_id, due.name, due.facts["reached"]) == ("10", "Page 10", 99)
    assert due_keys(session, "goal_missed", NOW - DAY) == [], "its day is not over"
    assert due_keys(session, "goal_missed", NOW + 3 * DAY) == [], "it is long over"
    add_snapshot(session, "10", due_day, 100)
    assert due_keys(session, "goal_missed") == []
    session.execute(delete(Goal))


def test_the_week_is_told_from_monday_on_if_it_ended_after_the_switch(session: Session) -> None:
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    before = monday - 30 * DAY
    for weekday in range(7):
        keys = due_keys(session, "week", monday + weekday * DAY, since=before)
        assert keys == (["week:2026-11-22"] if weekday < 3 else []), weekday
    assert due_keys(session, "week", monday, since=monday) == ["week:2026-11-22"]
    assert due_keys(session, "week", monday + DAY, since=monday + DAY) == []


def test_a_topic_is_switched_on_and_off(session: Session) -> None:
    channels.switch_topic(session, "week", NOW, is_on=True, by=THIS_COMPUTER)
    assert channels.list_topics(session) == {"week": NOW}
    channels.switch_topic(session, "week", NOW, is_on=False, by=THIS_COMPUTER)
    assert channels.list_topics(session) == {}
