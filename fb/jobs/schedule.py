"""Schedule: starts the jobs that are due, the most urgent first.

Called every 30 s while the dashboard runs, since a missed day can't be fetched later.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from fb.accounts.removal import finish_pending
from fb.installation import Installation
from fb.jobs import checks, insights, pictures, posts, sandbox_history, snapshots, warnings
from fb.jobs.runner import DAILY, find_active, start
from storage.accounts.allowances import delete_old_handouts
from storage.accounts.attempts import delete_old_attempts, wipe_expired
from storage.accounts.keys import find_missing_keys
from storage.jobs.runs import SNAPSHOTS, JobKind, delete_old_runs

log = logging.getLogger(__name__)

AFTER_SNAPSHOTS = (checks.JOB, insights.JOB, posts.JOB, pictures.JOB)


def tick(installation: Installation) -> None:
    """Wipe expired previews and what is older than it is kept, delete what people asked to have
    deleted, then start the jobs that are due.

    Deletions come first, since a run holds them up. The day's snapshot comes next, and the other
    jobs wait for it; only warnings, which ask Facebook for nothing, are sent meanwhile. While the
    sandbox's history is made, no other job starts. While an encryption key is missing nothing is
    done. Raises NewerSchema, with nothing done, once a newer version has migrated the database.
    """
    with installation.database.reading() as session:
        installation.database.check_revision(session)
    _look_at_keys(installation)
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
        start(installation, warnings.JOB, DAILY)
    if installation.sandbox is not None and sandbox_history.find_progress(installation) is not None:
        if sandbox_history.is_due(installation):
            start(installation, sandbox_history.JOB, DAILY)
        return
    if snapshots.JOB.is_due(installation):
        start(installation, snapshots.JOB, DAILY)
    elif find_active(installation, SNAPSHOTS) is None:
        for job in AFTER_SNAPSHOTS:
            if job.is_due(installation):
                start(installation, job, DAILY)


def list_due(installation: Installation) -> list[JobKind]:
    """Return the kinds of the jobs that could start now; some wait for the day's snapshot."""
    jobs = (warnings.JOB, snapshots.JOB, *AFTER_SNAPSHOTS)
    return [job.kind for job in jobs if job.is_due(installation)]


def _look_at_keys(installation: Installation) -> None:
    """Notice that a command has sealed with a key that is not here, or given up a lost one."""
    with installation.database.reading() as session:
        keys = find_missing_keys(session, installation.vault)
    if keys != installation.keys:
        log.warning("encryption keys that are missing: %s", ", ".join(keys.unopenable) or "none")
        installation.keys = keys
