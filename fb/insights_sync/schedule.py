"""When to fetch insights, and who is fetching: button, timer, and what a screen may watch."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial

from fb.insights_sync.syncing import run_insights
from fb.installation import Installation
from storage.accounts.page_tokens import has_insight_token
from storage.errors import SyncRunning
from storage.insight_runs import (
    count_insight_runs,
    find_active_insight_run,
    find_last_insight_run,
)
from storage.models import InsightRun

log = logging.getLogger(__name__)

DAILY = "daily"
# A run that was cut short is tried again after an hour, then two, then four, as the sync is.
RETRY_AFTER = timedelta(hours=1)
LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True)
class InsightsProgress:
    """A run under way: requests done of those there are, as far as is known yet."""

    kind: str
    started_at: datetime
    steps_total: int
    steps_done: int
    pages_total: int


@dataclass(frozen=True)
class InsightsOutcome:
    """How the newest run ended; ``limited_until`` where Facebook named a time."""

    status: str
    finished_at: datetime | None
    pages_total: int
    pages_failed: int
    limited_until: datetime | None
    reason_code: int | None


def start_insights(installation: Installation, kind: str) -> bool:
    """Have the worker fetch. False when that happens already, or stored access can't be opened."""
    if not installation.can_open_tokens or find_insights_progress(installation) is not None:
        return False
    installation.worker.submit(f"{kind} insights", partial(_fetch, installation, kind))
    return True


def _fetch(installation: Installation, kind: str) -> None:
    if kind == DAILY and not is_insights_due(installation):
        return  # asked for while the threads were busy, and done by another since
    try:
        run_insights(installation, kind=kind)
    except SyncRunning:
        log.info("insights are being fetched already; this run is left to that one")


def find_insights_progress(installation: Installation) -> InsightsProgress | None:
    """Return the run under way, None when there is none or its heart stopped beating."""
    with installation.database.reading() as session:
        run = find_active_insight_run(session, installation.now())
    if run is None:
        return None
    return InsightsProgress(
        run.kind, run.started_at, run.steps_total, run.steps_done, run.pages_total
    )


def find_insights_outcome(installation: Installation) -> InsightsOutcome | None:
    """Return how the newest run that is over ended; None before the first."""
    with installation.database.reading() as session:
        run = find_last_insight_run(session)
    if run is None or run.status == "running":
        return None
    return InsightsOutcome(
        run.status,
        run.finished_at,
        run.pages_total,
        run.pages_failed,
        run.limited_until,
        run.reason_code,
    )


def is_insights_due(installation: Installation) -> bool:
    """True when no run has been through on the present day (UTC) and it is time to try (again).

    A run that the dashboard's own end cut off goes on at once; one that Facebook limited waits for
    the time it named.
    """
    now = installation.now()
    midnight = datetime.combine(now.date(), time(), tzinfo=UTC)
    with installation.database.reading() as session:
        if find_active_insight_run(session, now) is not None:
            return False
        last = find_last_insight_run(session)
        runs_count = count_insight_runs(session, since=midnight)
        return _is_time(last, runs_count, midnight, now) and has_insight_token(session)


def _is_time(last: InsightRun | None, runs_count: int, midnight: datetime, now: datetime) -> bool:
    if last is None or last.finished_at is None:
        return True
    if last.limited_until is not None and last.limited_until > now:
        return False
    if last.status == "interrupted" or last.started_at < midnight:
        return True
    if last.status == "done":
        return False
    if last.status == "stopped" and (last.limited_until is not None or last.reason_code is None):
        return True
    pause = min(RETRY_AFTER * (1 << min(runs_count - 1, 5)), LONGEST_PAUSE)
    return now >= last.finished_at + pause
