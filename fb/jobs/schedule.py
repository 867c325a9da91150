"""Schedule: starts the jobs that are due, the most urgent first.

Called every 30 s while the dashboard runs, since a missed day can't be fetched later.
"""

from __future__ import annotations

from fb.installation import Installation
from fb.jobs import insights, pictures, sandbox_history, snapshots
from fb.jobs.runner import DAILY, find_active, start
from storage.accounts.attempts import wipe_expired
from storage.jobs.runs import SNAPSHOTS


def tick(installation: Installation) -> None:
    """Wipe expired previews, then start the jobs that are due.

    The day's snapshot comes first, and the other jobs wait for it. While the sandbox's history is
    made, no other job starts. With a wrong key nothing is done.
    """
    if not installation.can_open_tokens:
        return
    with installation.database.writing() as session:
        wipe_expired(session, installation.now())
    if installation.sandbox is not None and sandbox_history.find_progress(installation) is not None:
        if sandbox_history.is_due(installation):
            start(installation, sandbox_history.JOB, DAILY)
        return
    if snapshots.JOB.is_due(installation):
        start(installation, snapshots.JOB, DAILY)
    elif find_active(installation, SNAPSHOTS) is None:
        for job in (insights.JOB, pictures.JOB):
            if job.is_due(installation):
                start(installation, job, DAILY)
