"""Warning job: sends due warnings through every channel that operators have set up.

It does not ask Facebook, so it waits for no other job and no other job waits for it. A channel that
fails is tried again by its own pauses: see `storage.warnings.deliveries`.
"""

from __future__ import annotations

from contextlib import suppress

from fb.installation import Installation
from fb.jobs.run import Run
from fb.jobs.runner import Job, execute, find_active
from fb.warnings.sender import has_work, list_set_up, send_due
from fb.warnings.target import SendFailed
from storage.db.errors import JobRunning
from storage.jobs.runs import WARNINGS, RunRecord, StartedBy, start_run
from storage.warnings.channels import CHANNELS


def send_warnings(installation: Installation, started_by: StartedBy) -> RunRecord | None:
    """Send what is due, one message for each channel; None while another run is active."""
    now = installation.now()
    try:
        with installation.database.writing() as session:
            run_id = start_run(
                session, kind=WARNINGS, started_by=started_by, day=now.date(), now=now
            )
    except JobRunning:
        return None
    units: list[str] = list(list_set_up(installation))
    return execute(Run(installation, WARNINGS, run_id), units, _send, threads=1)  # there are few


def is_due(installation: Installation) -> bool:
    """True when a warning waits, and no other server is sending."""
    return find_active(installation, WARNINGS) is None and has_work(installation)


JOB = Job(WARNINGS, is_due, send_warnings)


def _send(run: Run, unit: str) -> bool:
    channel = next(each for each in CHANNELS if each == unit)
    with suppress(SendFailed):  # recorded with the channel, and shown on Setup
        run.count("values_count", send_due(run.installation, channel))
    return False
