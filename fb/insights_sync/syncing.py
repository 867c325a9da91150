"""Fetches the daily insights of every Page that allows it: two years at first, then what lacks.

One run at a time, held by the database in a place of its own, so the day's snapshot never waits for
it. What was fetched is stored with the days it covers, in one transaction per fifty requests:
whoever goes on after a restart goes on there. No connection is judged here; the daily sync does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from fb.graph.batch import MAX_BATCH_ITEMS
from fb.graph.errors import (
    FacebookError,
)
from fb.graph.insights import Values, last_finished_day
from fb.insights_sync.judging import Asked, judge
from fb.insights_sync.run import InsightsRun
from fb.insights_sync.target import Target, count_all_steps, make_targets
from fb.installation import BACKGROUND_PATIENCE_SECONDS, Installation
from fb.observing import keep_observed
from fb.sync import NOT_ANSWERING, RunEnded
from fb.worker import WorkStopped, heartbeat
from storage.accounts.grants import list_working_grants
from storage.accounts.page_tokens import list_insight_tokens
from storage.insight_runs import beat_insight_run, finish_insight_run, start_insight_run
from storage.insights import (
    Span,
    StateRow,
    ValueRow,
    list_spans,
    upsert_spans,
    upsert_states,
    upsert_values,
)
from storage.metric_ledger import list_ledger, note_probes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class InsightsResult:
    """What a run came to.

    ``status``: done · stopped (a rate limit, or the dashboard stops) · failed · interrupted.
    ``pages_failed`` counts Pages that gave no insights this time, for whatever reason.
    """

    run_id: int
    status: str
    pages_total: int
    pages_failed: int
    values_count: int
    limited_until: datetime | None


def run_insights(
    installation: Installation,
    *,
    kind: str,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> InsightsResult:
    """Ask every Page for what lacks, the newest days first. ``on_progress`` counts requests.

    Raises `storage.errors.SyncRunning` while another run of this kind lives; what Facebook refuses
    is recorded per Page and never raised.
    """
    now = installation.now()
    newest = last_finished_day(now)
    # One transaction: what another run has stored meanwhile must not be taken back.
    with installation.database.writing() as session:
        targets = make_targets(list_insight_tokens(session), list_spans(session))
        names = [metric.name for metric in list_ledger(session) if metric.status == "live"]
        run_id = start_insight_run(
            session, kind=kind, pages_total=len(targets), steps_total=0, now=now
        )
    client = installation.client(patience_seconds=BACKGROUND_PATIENCE_SECONDS)
    run = InsightsRun(
        installation,
        client,
        run_id,
        targets,
        names,
        newest,
        now.date(),
        installation.worker.stopping,
        on_progress,
    )
    status = "failed"
    try:
        with heartbeat(lambda: _tell(run)):
            status = _go_round(run)
    except WorkStopped:
        status = "stopped"
    finally:
        result = _finish(run, status)
        client.close()
    return result


def _go_round(run: InsightsRun) -> str:
    """Ask every Page for one piece after another, so that none waits for another's two years."""
    try:
        while waiting := [target for target in run.targets if not target.is_over]:
            asked_count = 0
            left = count_all_steps(waiting, run.names, run.newest)
            run.steps_total = run.steps_done + left
            for start in range(0, len(waiting), MAX_BATCH_ITEMS):
                # On a new day its snapshot comes first, with all that Facebook allows of calls.
                if run.stop.is_set() or run.installation.now().date() != run.day:
                    raise RunEnded("stopped")
                asked_count += _ask_some(run, waiting[start : start + MAX_BATCH_ITEMS])
            if not asked_count:
                break
    except RunEnded as end:
        return end.status
    return "done" if run.limited is None else "stopped"


def _ask_some(run: InsightsRun, targets: list[Target]) -> int:
    """One piece of each of at most fifty Pages; return how many had one to ask for."""
    vault = run.installation.vault
    with run.installation.database.reading() as session:
        # A run may last for hours: an account that was disconnected or paused meanwhile is left.
        working = list_working_grants(session)
    run.left_grants.update({target.source.grant_id for target in targets} - working)
    asked = [
        (target, request)
        for target in targets
        if target.source.grant_id not in run.left_grants
        if (request := target.next_request(run.names, run.newest, vault)) is not None
    ]
    if not asked:
        return 0
    answers = run.ask([request for _, request in asked])
    _store(run, asked, answers)
    judge(run, asked, answers)
    run.on_progress(run.steps_done, max(run.steps_done, run.steps_total))
    if all(isinstance(answer, NOT_ANSWERING) for answer in answers):
        raise RunEnded("failed")
    return len(asked)


def _store(run: InsightsRun, asked: Asked, answers: Sequence[Values | FacebookError]) -> None:
    """Keep what came, with the days it covers, in one transaction."""
    now = run.installation.now()
    version = run.client.observed.version_served or run.installation.settings.graph_version
    rows: list[ValueRow] = []
    spans: list[tuple[str, str, Span]] = []
    states: list[StateRow] = []
    for (target, request), answer in zip(asked, answers, strict=True):
        if isinstance(answer, FacebookError):
            continue
        run.steps_done += 1
        run.answered.update(request.names)
        has_any = target.take(request, answer, run.newest)
        state = "ok" if has_any else "empty"
        states.append(StateRow(target.page_id, state, None, None, now, now if answer else None))
        if not has_any:
            continue
        rows += [
            ValueRow(target.page_id, name, day, value, now, version)
            for name, values in answer.items()
            for day, value in values.items()
        ]
        for name in request.names:
            grown = target.spans[name]
            spans.append((target.page_id, name, Span(grown.since, grown.until)))
    run.values_count += len(rows)
    with run.installation.database.writing() as session:
        if not _beat(session, run):
            raise RunEnded("interrupted")  # another run took the place, and asks for the same
        upsert_values(session, rows)
        upsert_spans(session, spans)
        upsert_states(session, states)


def _tell(run: InsightsRun) -> None:
    """Say in the database how far the run is."""
    with run.installation.database.writing() as session:
        _beat(session, run)


def _beat(session: Session, run: InsightsRun) -> bool:
    """The same in a transaction that is open; False when the run's place is no longer its own."""
    return beat_insight_run(
        session,
        run.run_id,
        steps_total=max(run.steps_done, run.steps_total),
        steps_done=run.steps_done,
        pages_failed=run.pages_failed,
        values_count=run.values_count,
        now=run.installation.now(),
    )


def _finish(run: InsightsRun, status: str) -> InsightsResult:
    now = run.installation.now()
    limited_until = None
    if run.limited is not None and run.limited.retry_after_seconds is not None:
        limited_until = now + timedelta(seconds=run.limited.retry_after_seconds)
    _tell(run)
    with run.installation.database.writing() as session:
        note_probes(session, run.answered.intersection(run.names), now=now)
        finish_insight_run(
            session,
            run.run_id,
            status=status,
            now=now,
            limited_until=limited_until,
            reason_code=run.limited.code if run.limited else None,
        )
    keep_observed(run.installation, run.client)
    log.info(
        "insights run %d: %d figures of %d Pages, %d Pages without, %s",
        run.run_id,
        run.values_count,
        len(run.targets),
        run.pages_failed,
        status,
    )
    return InsightsResult(
        run.run_id,
        status,
        len(run.targets),
        run.pages_failed,
        run.values_count,
        limited_until,
    )
