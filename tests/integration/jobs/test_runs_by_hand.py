"""Runs that somebody asks for: recorded with the person; those of timer and commands are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from fb.accounts.check import check_now
from fb.jobs import sandbox_history
from fb.jobs.runner import COMMAND, DAILY, ask, find_outcome, run_now, start
from fb.jobs.snapshots import JOB
from storage.jobs.events import list_events
from storage.jobs.runs import SNAPSHOTS, start_run
from storage.models import JobRun
from storage.people.person import Person
from tests.integration.facebook.own_sandbox import opened_sandbox
from tests.integration.facebook.traveller import Scene, opened_scene
from tests.integration.storage_rows import NOW, add_grant
from tests.people import sign_in
from tests.waiting import wait_until


@pytest.fixture
def scene(tmp_path: Path, live_database_url: str) -> Iterator[Scene]:
    with opened_scene(tmp_path, live_database_url) as scene:
        yield scene


@pytest.fixture
def ann(scene: Scene) -> Person:
    with scene.installation.database.writing() as session:
        return sign_in(session, "ann@agency.example")


def asked(scene: Scene) -> list[tuple[str | None, object]]:
    """Who asked for runs of which job, the newest first."""
    with scene.installation.database.reading() as session:
        events = [each for each in list_events(session) if each.kind == "run_asked"]
    return [(each.by, each.facts["job"]) for each in events]


def test_a_refresh_by_hand_names_who_asked_and_one_by_the_timer_nobody(
    scene: Scene, ann: Person
) -> None:
    assert ask(scene.installation, JOB, by=ann)
    wait_until(lambda: find_outcome(scene.installation, SNAPSHOTS) is not None)
    assert asked(scene) == [(ann.key, "snapshots")]
    with scene.installation.database.reading() as session:
        assert session.scalars(select(JobRun.started_by)).all() == ["manual"]
    run_now(scene.installation, JOB, COMMAND)
    start(scene.installation, JOB)
    assert len(asked(scene)) == 1


@pytest.mark.parametrize("hindrance", ["active", "key"])
def test_what_can_not_begin_is_not_recorded(scene: Scene, ann: Person, hindrance: str) -> None:
    installation = scene.installation
    if hindrance == "key":
        installation.keys = type(installation.keys)(ok=False, unopenable=("lost",))
    else:
        with installation.database.writing() as session:
            start_run(session, kind=SNAPSHOTS, started_by=DAILY, day=NOW.date(), now=NOW)
    assert not ask(installation, JOB, by=ann)
    assert asked(scene) == []


def test_a_check_by_hand_names_who_asked(scene: Scene, ann: Person) -> None:
    with scene.installation.database.writing() as session:
        grant_id = add_grant(session, scene.installation.vault, "1", ["10"])
    check_now(scene.installation, grant_id, by=ann)
    assert asked(scene) == [(ann.key, "checks")]


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_fast_forward_names_who_asked_and_the_first_history_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_asked: bool
) -> None:
    with opened_sandbox(tmp_path) as installation:
        monkeypatch.setattr(installation.worker, "submit", lambda *_: None)
        with installation.database.writing() as session:
            ann = sign_in(session, "ann@agency.example")
        begin = sandbox_history.fast_forward if is_asked else sandbox_history.make_history
        assert begin(installation, 1, by=ann)
        with installation.database.reading() as session:
            newest = list_events(session)[0]
        if is_asked:
            assert (newest.by, newest.facts) == (ann.key, {"job": "sandbox_history"})
        else:
            assert newest.kind == "let_in"
