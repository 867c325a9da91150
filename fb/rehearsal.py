"""The sandbox's own time: 90 days of history at the first Save, and Fast-forward.

Both run the real sync, day after day. The plan is stored, so that a server that was killed in the
middle goes on where it stopped, and every tab sees the same progress.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from sqlalchemy.orm import Session

from fb.insights_sync.schedule import start_insights
from fb.installation import Installation
from fb.picture_sync import fetch_due_pictures
from fb.sync import run_sync
from storage.erasure import erase_everything
from storage.errors import SyncRunning
from storage.observations import find_observation, forget_observation, record_observation
from storage.runs import find_active_run

log = logging.getLogger(__name__)

HISTORY_DAYS = 90
_PLAN = "rehearsal"
# When in the day a made-up past snapshot was "fetched": as a cron job would have done it.
_HOUR_OF_HISTORY = time(6, 5, tzinfo=UTC)
_running = threading.Lock()


@dataclass(frozen=True)
class RehearsalProgress:
    """How far the sandbox is. ``what``: history · fast_forward; both numbers count days."""

    what: str
    done: int
    total: int


def make_history(installation: Installation, days: int = HISTORY_DAYS) -> bool:
    """Sync the ``days`` days before the sandbox's present one. False if a plan is under way.

    The present day has its snapshot from Save; ``days`` changes need one snapshot more than days.
    """
    today = installation.now().date()
    return _begin(installation, "history", today - timedelta(days=days), today - timedelta(days=1))


def fast_forward(installation: Installation, days: int) -> bool:
    """Move the sandbox's clock on by ``days``, one after another, with a sync on each."""
    since = installation.now().date() + timedelta(days=1)
    return _begin(installation, "fast_forward", since, since + timedelta(days=days - 1))


def find_rehearsal(installation: Installation) -> RehearsalProgress | None:
    """Return the progress of an unfinished plan, None when there is none."""
    with installation.database.reading() as session:
        return rehearsal_in(session)


def rehearsal_in(session: Session) -> RehearsalProgress | None:
    """The same as one session sees it."""
    plan = find_observation(session, _PLAN)
    if plan is None:
        return None
    since, until, upcoming = (date.fromisoformat(plan[k]) for k in ("since", "until", "next"))
    return RehearsalProgress(plan["what"], (upcoming - since).days, (until - since).days + 1)


def resume_rehearsal(installation: Installation) -> bool:
    """Go on with an unfinished plan unless that is happening already. True if there is one."""
    if find_rehearsal(installation) is None:
        return False
    if not _running.locked():
        installation.worker.submit("rehearsal", partial(_run_plan, installation))
    return True


def start_over(installation: Installation) -> None:
    """Empty the sandbox and its database: accounts, Pages, history, and the moved clock."""
    with installation.database.writing() as session:
        erase_everything(session)
        installation.sandbox.start_over()


def _begin(installation: Installation, what: str, since: date, until: date) -> bool:
    now = installation.now()
    with installation.database.writing() as session:
        if find_observation(session, _PLAN) is not None:
            return False
        plan = {
            "what": what,
            "since": since.isoformat(),
            "until": until.isoformat(),
            "next": since.isoformat(),
        }
        record_observation(session, _PLAN, plan, now)
    return resume_rehearsal(installation)


def _run_plan(installation: Installation) -> None:
    if not _running.acquire(blocking=False):
        return
    try:
        while (day := _next_day(installation)) is not None:
            if installation.worker.stopping.is_set():
                return
            _live_through(installation, *day)
        start_insights(installation, "daily")
        fetch_due_pictures(installation)
    except SyncRunning:
        log.info("another sync runs; the rehearsal goes on after it")
    finally:
        _running.release()


def _next_day(installation: Installation) -> tuple[str, date] | None:
    now = installation.now()
    with installation.database.writing() as session:
        plan = find_observation(session, _PLAN)
        if plan is None:
            return None
        upcoming = date.fromisoformat(plan["next"])
        if upcoming > date.fromisoformat(plan["until"]):
            forget_observation(session, _PLAN)
            return None
        return str(plan["what"]), upcoming if plan["what"] == "history" else max(
            upcoming, now.date()
        )


def _wait_for_other_runs(installation: Installation) -> None:
    """Let a refresh finish first: a day passing in the middle would look like a stopped heart."""
    while True:
        with installation.database.reading() as session:
            if find_active_run(session, installation.now()) is None:
                return
        installation.worker.nap(1)


def _live_through(installation: Installation, what: str, day: date) -> None:
    present = installation.now()
    if what == "history":
        run_sync(
            installation,
            kind="history",
            at=datetime.combine(day, _HOUR_OF_HISTORY),
            graph_url=f"{installation.settings.graph_url}/at/{day.isoformat()}",
        )
    else:
        _wait_for_other_runs(installation)
        installation.sandbox.advance((day - present.date()).days)
        run_sync(installation, kind=what)
    if installation.worker.stopping.is_set():
        return  # this day may be half done: it is done again after the restart
    with installation.database.writing() as session:
        plan = find_observation(session, _PLAN)
        if plan is not None:
            upcoming = (day + timedelta(days=1)).isoformat()
            record_observation(session, _PLAN, {**plan, "next": upcoming}, installation.now())
