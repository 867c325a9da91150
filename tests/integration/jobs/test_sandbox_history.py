"""The sandbox's own time: history at the first Save, Fast-forward, Start over, and the restart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from fb.installation import Installation
from fb.jobs import pictures, sandbox_history, snapshots
from fb.jobs.posts import run_posts
from fb.jobs.schedule import tick
from fb.jobs.snapshots import run_snapshots
from fb.jobs.worker import WorkStopped
from storage.jobs.runs import POSTS, SNAPSHOTS, count_runs
from storage.models import Grant, JobRun, Page, Picture, Post, PostCheckpoint, Snapshot
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.own_sandbox import connect, is_finished, opened_sandbox
from tests.integration.facebook.traveller import START
from tests.waiting import wait_until


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with opened_sandbox(tmp_path) as installation:
        connect(installation)
        yield installation


def days(installation: Installation) -> list[int]:
    """How many Pages have a snapshot on each day, oldest day first."""
    with installation.database.reading() as session:
        query = select(Snapshot.day, func.count()).group_by(Snapshot.day).order_by(Snapshot.day)
        return [count for _, count in session.execute(query)]


def test_history_is_made_by_the_real_sync(installation: Installation) -> None:
    assert sandbox_history.make_history(installation, days=5, by=THIS_COMPUTER)
    assert not sandbox_history.make_history(installation, days=5, by=THIS_COMPUTER), "one at a time"
    wait_until(lambda: is_finished(installation))
    counts = days(installation)
    assert len(counts) == 6, "five days before, and today's from Save"
    assert min(counts) == max(counts) > 50
    assert installation.now() == START, "history does not move the clock"
    with installation.database.reading() as session:
        runs_count = count_runs(session, SNAPSHOTS)
        started_by = set(session.scalars(select(JobRun.started_by).where(JobRun.kind == SNAPSHOTS)))
        totals = session.scalars(select(func.sum(Snapshot.fans_count)).group_by(Snapshot.day)).all()
        described = session.scalars(select(Page.described_at).distinct()).all()
    assert (runs_count, started_by) == (5, {"history"})
    assert len(set(totals)) == 6, "each day has figures of its own"
    assert described == [START], "a made-up past says nothing of the Page today"


def test_fast_forward_moves_the_clock_with_a_snapshot_on_each_day(
    installation: Installation,
) -> None:
    assert sandbox_history.fast_forward(installation, 3, by=THIS_COMPUTER)
    wait_until(lambda: is_finished(installation))
    assert installation.now() == START + timedelta(days=3)
    assert len(days(installation)) == 4


def test_fast_forward_makes_figures_of_posts_come_due(installation: Installation) -> None:
    with installation.database.writing() as session:
        page_ids = session.scalars(select(Page.id).order_by(Page.id)).all()
        session.execute(update(Page).where(Page.id.not_in(page_ids[:3])).values(archived_at=START))
    run_posts(installation, "manual")
    sandbox_history.fast_forward(installation, 10, by=THIS_COMPUTER)
    wait_until(lambda: is_finished(installation))
    with installation.database.reading() as session:
        runs = session.scalars(
            select(JobRun).where(JobRun.kind == POSTS, JobRun.started_by == "fast_forward")
        ).all()
        new = select(Post.id).where(
            Post.published_at.between(START, START + timedelta(days=2)), Post.views.is_not(None)
        )
        ids = session.scalars(new).all()
        rows = session.execute(select(PostCheckpoint.post_id, PostCheckpoint.age_days))
        ages = {(post_id, age) for post_id, age in rows}
    assert [run.status for run in runs] == ["done"] * 10
    assert sum(run.steps_total - run.steps_done for run in runs) == 0, "none was missed"
    assert ids
    assert {(id, age) for id in ids for age in (1, 3, 7)} <= ages


def test_an_interrupted_history_goes_on_after_a_restart(tmp_path: Path) -> None:
    with opened_sandbox(tmp_path) as installation:
        connect(installation)
        sandbox_history.make_history(installation, days=12, by=THIS_COMPUTER)
        wait_until(lambda: len(days(installation)) >= 3)
        installation.worker.stopping.set()
    with opened_sandbox(tmp_path) as again:
        assert 2 < len(days(again)) < 13
        progress = sandbox_history.find_progress(again)
        assert progress is not None
        assert 0 < progress.steps_done < progress.steps_total == 12
        tick(again)
        wait_until(lambda: is_finished(again))
        assert len(days(again)) == 13


def test_start_over_empties_everything(installation: Installation) -> None:
    sandbox_history.fast_forward(installation, 1, by=THIS_COMPUTER)
    wait_until(lambda: is_finished(installation))
    sandbox_history.start_over(installation, by=THIS_COMPUTER)
    assert days(installation) == []
    assert installation.now() == START
    with installation.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Grant)) == 0
    connect(installation)
    assert len(days(installation)) == 1


def test_a_job_under_which_the_sandbox_is_emptied_just_ends(installation: Installation) -> None:
    def empty(done: int, total: int) -> None:
        sandbox_history.start_over(installation, by=THIS_COMPUTER)

    with pytest.raises(WorkStopped):
        run_snapshots(installation, "manual", on_progress=empty)
    assert days(installation) == []


def test_pictures_come_in_pieces_and_hold_no_snapshot_up(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count_stored() -> int:
        with installation.database.reading() as session:
            is_stored = Picture.content.is_not(None)
            return session.scalar(select(func.count()).select_from(Picture).where(is_stored)) or 0

    monkeypatch.setattr("fb.jobs.pictures.MAX_PICTURES", 25)
    snapshots.JOB.run(installation, "manual")
    assert count_stored() == 0, "they are a job of their own"
    pieces = []
    while pictures.is_due(installation):  # at once after the piece before
        pieces.append(pictures.fetch_due_pictures(installation, "manual"))
    assert pieces[0] == 25
    assert sum(pieces) == count_stored() > 30
    with installation.database.reading() as session:
        types = set(session.scalars(select(Picture.content_type).where(Picture.etag.is_not(None))))
    assert types <= {"image/png", "image/jpeg", "image/webp"}
