"""Schedule: starts the jobs that are due, the most urgent first.

Called every 30 s while the dashboard runs, since a missed day can't be fetched later.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from fb.accounts.removal import finish_pending
from fb.installation import Installation
from fb.jobs import checks, insights, pictures, posts, sandbox_history, snapshots, warnings
from fb.jobs.engine import Work
from fb.jobs.runner import DAILY, Job, find_active, run_now, start
from storage.accounts.allowances import delete_old_handouts
from storage.accounts.attempts import delete_old_attempts, wipe_expired
from storage.accounts.keys import find_missing_keys
from storage.jobs.runs import SNAPSHOTS, JobKind, StartedBy, delete_old_runs

log = logging.getLogger(__name__)

AFTER_SNAPSHOTS = (checks.JOB, insights.JOB, posts.JOB, pictures.JOB)
JOBS: Mapping[JobKind, Job] = {
    job.kind: job for job in (warnings.JOB, snapshots.JOB, *AFTER_SNAPSHOTS)
}


def find_work(installation: Installation) -> dict[str, Work]:
    """Return what a worker does with a job that was deferred, by the name of the job.

    "run" begins a run; an account of one has the name of the run's kind.
    """

    def run(kind: JobKind, started_by: StartedBy) -> None:
        run_now(installation, JOBS[kind], started_by)

    parts: dict[str, Work] = {
        kind: partial(job.spread.do_part, installation)
        for kind, job in JOBS.items()
        if job.spread is not None
    }
    return {"run": run, **parts}


def watch(installation: Installation) -> None:
    """Do what a dashboard has to do even where workers do the jobs: notice a newer version and
    missing keys, and send warnings, since the week's is written by its screens.

    Raises NewerSchema as `tick` does.
    """
    _check(installation)
    if installation.can_open_tokens and warnings.JOB.is_due(installation):
        installation.worker.submit("warnings", lambda: run_now(installation, warnings.JOB, DAILY))


def tick(installation: Installation) -> None:
    """Wipe expired previews and what is older than it is kept, delete what people asked to have
    deleted, then start the jobs that are due.

    Deletions come first, since a run holds them up. The day's snapshot comes next, and the other
    jobs wait for it; only warnings, which ask Facebook for nothing, are sent meanwhile. While the
    sandbox's history is made, no other job starts. While an encryption key is missing nothing is
    done. Raises NewerSchema, with nothing done, once a newer version has migrated the database.
    """
    _check(installation)
    if not installation.can_open_tokens:
        return
    now, settings = installation.now(), installation.settings
    with installation.database.writing() as session:
        wipe_expired(session)
        delete_old_attempts(session, now - timedelta(days=settings.keep_attempts_days))
        delete_old_runs(session, now - timedelta(days=settings.keep_runs_days))
        delete_old_handouts(session, now - timedelta(days=settings.keep_runs_days))
    finish_pending(installation)
    if warnings.JOB.is_due(installation):
        start(installation, warnings.JOB)
    if installation.sandbox is not None and sandbox_history.find_progress(installation) is not None:
        if sandbox_history.is_due(installation):
            start(installation, sandbox_history.JOB)
        return
    if snapshots.JOB.is_due(installation):
        start(installation, snapshots.JOB)
    elif find_active(installation, SNAPSHOTS) is None:
        for job in AFTER_SNAPSHOTS:
            if job.is_due(installation):
                start(installation, job)


def list_due(installation: Installation) -> list[JobKind]:
    """Return the kinds of the jobs that could start now; some wait for the day's snapshot."""
    return [kind for kind, job in JOBS.items() if job.is_due(installation)]


def _check(installation: Installation) -> None:
    """Notice a newer version, a key that a command has sealed with and that is not here, and one
    that was given up.
    """
    with installation.database.reading() as session:
        installation.database.check_revision(session)
        keys = find_missing_keys(session, installation.vault)
    if keys != installation.keys:
        log.warning("encryption keys that are missing: %s", ", ".join(keys.unopenable) or "none")
        installation.keys = keys
