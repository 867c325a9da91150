"""Goals of Pages, on both databases."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from storage.db.installation import get_data_version
from storage.jobs.events import list_events
from storage.notes.goals import GoalRow, find_goal, remove_goal, set_goal
from storage.people.person import THIS_COMPUTER
from tests.integration.storage_rows import LATER, NOW, add_pages

pytestmark = pytest.mark.both_databases

BIG = GoalRow(10_000_000_000, date(2030, 12, 31))
SMALL = GoalRow(100_000, date(2026, 12, 31))


def test_a_goal_is_set_changed_and_removed(session: Session) -> None:
    add_pages(session, ["1", "2"])
    before = get_data_version(session)
    assert find_goal(session, "1", "fans") is None
    set_goal(session, "1", "fans", SMALL, NOW, by=THIS_COMPUTER)
    assert get_data_version(session) > before
    set_goal(session, "1", "followers", BIG, NOW, by=THIS_COMPUTER)
    set_goal(session, "1", "fans", BIG, LATER, by=THIS_COMPUTER)
    assert find_goal(session, "1", "fans") == BIG
    assert find_goal(session, "2", "fans") is None
    version = get_data_version(session)
    assert remove_goal(session, "1", "fans", LATER, by=THIS_COMPUTER) is True
    assert get_data_version(session) > version
    assert find_goal(session, "1", "fans") is None
    assert find_goal(session, "1", "followers") == BIG
    assert remove_goal(session, "1", "fans", LATER, by=THIS_COMPUTER) is False
    events = [(each.at, each.kind, each.page_name, each.facts) for each in list_events(session)]
    metric = {"metric": "fans"}
    assert events[-1] == (
        NOW,
        "goal_set",
        "Page 1",
        {**metric, "target": 100_000, "due_day": "2026-12-31"},
    )
    assert [event for event in events if event[1] == "goal_removed"] == [
        (LATER, "goal_removed", "Page 1", metric)
    ]
