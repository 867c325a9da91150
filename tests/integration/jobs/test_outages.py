"""Days without a snapshot, lived through with the sandbox: each says why, as far as it is known."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from fb.accounts.disconnect import freeze, thaw
from fb.jobs.schedule import tick
from fb.jobs.snapshots import run_snapshots
from storage.jobs.runs import delete_old_runs
from storage.models import Grant
from storage.notes.outages import Outage, list_outages
from storage.notes.timeline_events import Scope
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import START, Scene, opened_scene

FIRST = START.date()
ALL = Scope()

pytestmark = pytest.mark.both_databases


def outages(scene: Scene, scope: Scope = ALL) -> dict[str, list[int]]:
    """The days of each cause, as numbers from the day of the first connect on."""
    until = scene.clock().date()
    with scene.installation.database.reading() as session:
        found = list_outages(session, scope, since=FIRST, until=until)
    days: dict[str, list[int]] = {}
    for each in found:
        days.setdefault(each.cause, []).extend(numbers_of(each))
    return days


def numbers_of(outage: Outage) -> range:
    return range(number_of(outage.since), number_of(outage.until) + 1)


def number_of(day: date) -> int:
    return (day - FIRST).days


def sync(scene: Scene) -> str:
    return run_snapshots(scene.installation, "daily", only_lacking=True).status


def test_each_day_says_why(
    tmp_path: Path, live_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fb.jobs.run.BACKGROUND_PATIENCE_SECONDS", 0.1)
    with opened_scene(tmp_path, live_database_url) as scene:
        installation, next_day = scene.installation, timedelta(days=1)
        scene.traveller.connect()
        scene.clock.at += next_day  # 1
        assert sync(scene) == "done"
        scene.clock.at += next_day  # 2: a limit
        scene.sandbox.inject("error", path="/", code=4, times=100)
        assert sync(scene) == "stopped"
        scene.sandbox.clear_faults()
        scene.clock.at += next_day * 3  # 3 and 4: nobody was there; 5: Facebook is down
        scene.sandbox.trouble = "Facebook is down"
        assert sync(scene) == "failed"
        scene.sandbox.trouble = "none"
        scene.clock.at += next_day  # 6: the server stops in the middle
        installation.worker.stopping.set()
        assert sync(scene) == "stopped"
        installation.worker.stopping.clear()
        with installation.database.reading() as session:
            grant_id = session.scalars(select(Grant.id)).one()
        freeze(installation, grant_id, by=THIS_COMPUTER)
        scene.clock.at += next_day  # 7: frozen
        tick(installation)
        scene.clock.at += next_day  # 8
        thaw(installation, grant_id, by=THIS_COMPUTER)
        scene.sandbox.trouble = "password changed"
        sync(scene)
        scene.clock.at += next_day  # 9: nothing is due, since no account can be used
        tick(installation)
        scene.clock.at += next_day  # 10
        scene.sandbox.trouble = "none"
        scene.traveller.connect()
        expected = {
            "RateLimited": [2],
            "not_running": [3, 4],
            "TemporarilyDown": [5],
            "cut_off": [6],
            "frozen": [7],
            "AccessEnded": [8],
            "ended": [9],
        }
        assert outages(scene) == expected
        some_page = next(iter(scene.sandbox.world.pages)).id
        assert outages(scene, Scope(page_id=some_page)) == expected

        with installation.database.writing() as session:
            delete_old_runs(session, scene.clock() - timedelta(days=3, hours=1))
        assert outages(scene) == {
            "unknown": [2, 3, 4, 5, 6],
            "frozen": [7],
            "AccessEnded": [8],
            "ended": [9],
        }


def test_a_page_without_access_is_told_from_one_that_nobody_read(
    tmp_path: Path, live_database_url: str
) -> None:
    with opened_scene(tmp_path, live_database_url) as scene:
        person = scene.sandbox.world.people[0]
        scene.traveller.connect()
        roles = person.roles
        assert isinstance(roles, dict)
        lost = scene.sandbox.world.pages[next(iter(roles))].id
        scene.sandbox.remove_role(person.id, lost)
        for _ in range(3):
            scene.clock.move(days=1)
            assert sync(scene) == "done"
        assert outages(scene) == {}
        first, *_ = outages(scene, Scope(page_id=lost)).items()
        assert outages(scene, Scope(page_id=lost)) == {first[0]: [1], "left_out": [2, 3]}
        assert first[0] in ("AccessEnded", "NotFound", "PermissionMissing")
