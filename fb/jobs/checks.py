"""Check job: checks each day the accounts that no snapshot run has checked.

Those are accounts without Pages, accounts whose Pages were all read through others, and ended ones:
what ended them may be over, such as a security check. It has no Pages, so the counters of its runs
are 0.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from fb.accounts.check import AccountState, check_account
from fb.installation import Installation
from fb.jobs.run import Run
from fb.jobs.runner import Job, execute, is_time_to_try
from storage.accounts.grants import list_unchecked_grants
from storage.db.errors import GrantNotFound, JobRunning
from storage.jobs.runs import CHECKS, RunRecord, StartedBy, start_run


def run_checks(installation: Installation, started_by: StartedBy) -> RunRecord | None:
    """Check every account that was not checked today (UTC).

    None when there is none, and while another run is active. An account that Facebook did not
    answer for is tried again in a later run.
    """
    now = installation.now()
    with installation.database.reading() as session:
        grant_ids = list_unchecked_grants(session, _start_of_day(now))
    if not grant_ids:
        return None
    try:
        with installation.database.writing() as session:
            run_id = start_run(session, kind=CHECKS, started_by=started_by, day=now.date(), now=now)
    except JobRunning:
        return None
    return execute(Run(installation, CHECKS, run_id), grant_ids, _check)


def is_due(installation: Installation) -> bool:
    """True when an account was not checked today and it is time to try (again)."""
    now = installation.now()
    with installation.database.reading() as session:
        if not list_unchecked_grants(session, _start_of_day(now)):
            return False
        return is_time_to_try(session, CHECKS, now)


JOB = Job(CHECKS, is_due, run_checks)


def _start_of_day(now: datetime) -> datetime:
    return datetime.combine(now.date(), time(), UTC)


def _check(run: Run, grant_id: int) -> bool:
    if not run.may_ask(grant_id):
        return False
    account = AccountState(grant_id)
    try:
        check_account(run.installation, run.client, account)
    except GrantNotFound:
        return False  # erased since the run began
    if account.limited is not None:
        run.note_limit(account.limited, grant_id)
    return False
