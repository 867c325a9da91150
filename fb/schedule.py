"""When to sync, and who is syncing: the button, the daily timer, and what every tab may watch."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from fb.insights_sync.schedule import is_insights_due, start_insights
from fb.installation import Installation
from fb.picture_sync import fetch_due_pictures
from fb.rehearsal import resume_rehearsal
from fb.sync import run_sync
from storage.accounts.attempts import wipe_expired
from storage.errors import SyncRunning
from storage.runs import count_runs, find_active_run, find_last_run
from storage.snapshots import list_pages_without_snapshot

log = logging.getLogger(__name__)

DAILY = "daily"

# A run that failed in part is tried again when Facebook's limit has passed, or after an hour, then
# two, then four: a Page that stays refused must not cost a call an hour for ever.
RETRY_AFTER = timedelta(hours=1)
LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True)
class RunProgress:
    """A run under way, as its row tells."""

    run_id: int
    kind: str
    day: date
    started_at: datetime
    total: int
    done: int
    failed: int


def start_sync(installation: Installation, kind: str) -> bool:
    """Have the worker sync. False when one runs already, or the stored access can't be opened."""
    if not installation.can_open_tokens or find_progress(installation) is not None:
        return False
    installation.worker.submit(
        f"{kind} sync", partial(_sync_and_fetch_pictures, installation, kind)
    )
    return True


def _sync_and_fetch_pictures(installation: Installation, kind: str) -> None:
    if kind == DAILY and not is_due(installation):
        return  # asked for while the threads were busy, and done by another since
    try:
        run_sync(installation, kind=kind, only_lacking=kind == DAILY)
    except SyncRunning:
        log.info("another sync runs already; this one is left to it")
        return
    fetch_due_pictures(installation)


def find_progress(installation: Installation) -> RunProgress | None:
    """Return the run under way, None when there is none or its heart stopped beating."""
    with installation.database.reading() as session:
        return progress_in(session, installation.now())


def progress_in(session: Session, now: datetime) -> RunProgress | None:
    """The same as one session sees it."""
    run = find_active_run(session, now)
    if run is None:
        return None
    return RunProgress(
        run.id,
        run.kind,
        run.day,
        run.started_at,
        run.pages_total,
        run.pages_done,
        run.pages_failed,
    )


def is_due(installation: Installation) -> bool:
    """True when a readable Page lacks the present day's snapshot and it is time to try (again)."""
    now = installation.now()
    with installation.database.reading() as session:
        if find_active_run(session, now) is not None:
            return False
        if not list_pages_without_snapshot(session, now.date()):
            return False
        last = find_last_run(session, now.date())
        runs_count = count_runs(session, now.date())
    if last is None or last.finished_at is None:
        return True
    if last.limited_until is not None:
        return now >= last.limited_until
    pause = min(RETRY_AFTER * (1 << min(runs_count - 1, 5)), LONGEST_PAUSE)
    return now >= last.finished_at + pause


def tick(installation: Installation) -> None:
    """Do what the time asks for: expired previews, a rehearsal, the snapshot, then insights.

    Called every half minute while the dashboard runs: a day without a snapshot can never be
    fetched again.
    """
    if not installation.can_open_tokens:
        return  # with a wrong key nothing is touched
    with installation.database.writing() as session:
        wipe_expired(session, installation.now())
    if installation.sandbox is not None and resume_rehearsal(installation):
        return
    if is_due(installation):
        start_sync(installation, DAILY)
    elif find_progress(installation) is None and is_insights_due(installation):
        start_insights(installation, DAILY)  # the day's snapshot first: it can't be fetched later
