"""Sandbox history job: makes 90 days of history after the first Save, and fast-forwards the clock.

Each day is a real run of the snapshot job, and on fast-forward of the posts job, so that posts have
figures at every age. The planned and the finished days are in the run's row, so the job continues
after a restart, and every tab shows its progress.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from sqlalchemy.orm import Session

from fb.installation import Installation
from fb.jobs import insights, pictures, posts
from fb.jobs.run import Run, RunEnded
from fb.jobs.runner import Job, execute, find_active, start
from fb.jobs.snapshots import run_snapshots
from storage.db.errors import JobRunning
from storage.db.installation import bump_data_version
from storage.jobs.events import record_event
from storage.jobs.rate_limits import forget_limits
from storage.jobs.runs import (
    FAST_FORWARD,
    POSTS,
    SANDBOX_HISTORY,
    SNAPSHOTS,
    RunRecord,
    StartedBy,
    find_active_run,
    find_last_run,
    start_run,
)
from storage.migrations.migrate import erase_everything
from storage.people.person import Person, require

HISTORY_DAYS = 90
HISTORY: StartedBy = "history"
# The time of day at which snapshots of the history count as fetched.
_HOUR_OF_HISTORY = time(6, 5, tzinfo=UTC)


def make_history(installation: Installation, days: int = HISTORY_DAYS, *, by: Person) -> bool:
    """Take snapshots of the ``days`` days before the sandbox's today.

    Today has its snapshot from Save. Returns False when history is being made already.
    """
    since = installation.now().date() - timedelta(days=days)
    return _begin(installation, HISTORY, since, days, by)


def fast_forward(installation: Installation, days: int, *, by: Person) -> bool:
    """Move the sandbox's clock on by ``days``, day by day, with a snapshot on each day.

    Returns False when history is being made already.
    """
    since = installation.now().date() + timedelta(days=1)
    return _begin(installation, FAST_FORWARD, since, days, by)


def find_progress(installation: Installation) -> RunRecord | None:
    """Return the unfinished history run, None when there is none. Its steps are days.

    The run may be inactive; the timer then continues it.
    """
    with installation.database.reading() as session:
        return find_unfinished(session)


def find_unfinished(session: Session) -> RunRecord | None:
    """Return the unfinished history run that ``session`` sees, or None."""
    run = find_last_run(session, SANDBOX_HISTORY)
    return run if run is not None and run.steps_done < run.steps_total else None


def set_trouble(installation: Installation, trouble: str, *, by: Person) -> None:
    """Have the sandbox make a trouble of `fb.sandbox.TROUBLES` instead of the one before."""
    with installation.database.writing() as session:
        require(session, by, "operator")
        forget_limits(session)  # they were part of the trouble before
        installation.sandbox.trouble = trouble


def start_over(installation: Installation, *, by: Person) -> None:
    """Empty the sandbox and its database: accounts, Pages, history, and the moved clock."""
    with installation.database.writing() as session:
        require(session, by, "admin")
        erase_everything(session)
        installation.sandbox.start_over()


def is_due(installation: Installation) -> bool:
    """True when there is an unfinished history and no run is active."""
    with installation.database.reading() as session:
        return (
            find_unfinished(session) is not None
            and find_active_run(session, SANDBOX_HISTORY) is None
        )


def _begin(
    installation: Installation, started_by: StartedBy, since: date, days: int, by: Person
) -> bool:
    try:
        with installation.database.writing() as session:
            require(session, by, "operator")
            if find_unfinished(session) is not None:
                return False
            run_id = _start_run(session, installation, started_by, since, days, 0)
            if started_by == FAST_FORWARD:
                facts = {"job": SANDBOX_HISTORY}
                record_event(session, "run_asked", facts, installation.now(), by=by)
    except JobRunning:
        return False
    installation.worker.submit(
        f"{started_by} {SANDBOX_HISTORY}",
        partial(_execute, installation, run_id, started_by, since, range(days)),
    )
    return True


def _go_on(installation: Installation, started_by: StartedBy) -> None:
    """Run the remaining days of an unfinished history, with the ``started_by`` of its row."""
    with installation.database.writing() as session:
        before = find_unfinished(session)
        if before is None:
            return
        days, days_done = before.steps_total, before.steps_done
        run_id = _start_run(session, installation, before.started_by, before.day, days, days_done)
    _execute(installation, run_id, before.started_by, before.day, range(days_done, days))


JOB = Job(SANDBOX_HISTORY, is_due, _go_on)


def _start_run(
    session: Session,
    installation: Installation,
    started_by: StartedBy,
    since: date,
    days: int,
    days_done: int,
) -> int:
    bump_data_version(session)  # the screens remember whether a history is made
    return start_run(
        session,
        kind=SANDBOX_HISTORY,
        started_by=started_by,
        day=since,
        steps_total=days,
        steps_done=days_done,
        now=installation.now(),
    )


def _execute(
    installation: Installation, run_id: int, started_by: StartedBy, since: date, numbers: range
) -> None:
    days = iter([since + timedelta(days=number) for number in numbers])

    def work_on(run: Run, unit: str) -> bool:
        day = next(days, None)
        if day is None:
            return False
        _take_day(run, started_by, day)
        return True

    run = Run(installation, SANDBOX_HISTORY, run_id)
    if execute(run, ["days"], work_on).status == "done":
        start(installation, insights.JOB)
        start(installation, posts.JOB)
        start(installation, pictures.JOB)


def _take_day(run: Run, started_by: StartedBy, day: date) -> None:
    """Take the snapshots of one day; on fast-forward the sandbox's clock moves to it first."""
    installation = run.installation
    # Running refreshes end first, so that their day does not change in the middle.
    while any(find_active(installation, kind) is not None for kind in (SNAPSHOTS, POSTS)):
        installation.worker.sleep(1)
    if started_by == FAST_FORWARD:
        installation.sandbox.advance(max((day - installation.now().date()).days, 0))
    try:
        if started_by == FAST_FORWARD:
            run_snapshots(installation, FAST_FORWARD)
            posts.run_posts(installation, FAST_FORWARD)
        else:
            run_snapshots(
                installation,
                HISTORY,
                at=datetime.combine(day, _HOUR_OF_HISTORY),
                graph_url=f"{installation.settings.graph_url}/at/{day.isoformat()}",
            )
    except JobRunning:
        raise RunEnded("stopped") from None  # another run has just begun; the timer continues
    run.check_stop()  # a day that may be incomplete is done again after the restart
    run.count("steps_done", 1)
    with run.storing():
        pass  # the progress
