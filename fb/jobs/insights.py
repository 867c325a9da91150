"""Insights job: fetches the daily insights of every Page that allows it, two years at first.

It has its own lease, so the day's snapshot never waits for it. Figures and spans are stored in one
transaction per 50 requests, so a run after a restart continues there. An account that is refused is
checked; only the snapshot job gives up one Page of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fb.accounts.check import AccountState, check_account, note_move
from fb.graph.batch import MAX_BATCH_ITEMS
from fb.graph.errors import AccessEnded, FacebookError, PageMoved
from fb.graph.insights import Values, last_finished_day
from fb.installation import Installation
from fb.jobs.insight_page import InsightPage, InsightsRun, count_all_steps, make_pages
from fb.jobs.metric_probe import Requests, judge_answers
from fb.jobs.run import OnProgress, RunEnded, ignore_progress
from fb.jobs.runner import NOT_ANSWERING, Job, execute, execute_part, is_time_to_try
from fb.jobs.sharing import Spread, find_shared
from storage.accounts.page_tokens import has_insight_token, list_insight_tokens
from storage.db.installation import bump_data_version
from storage.insights.metric_ledger import list_ledger, note_probes
from storage.insights.values import (
    Span,
    StateRow,
    ValueRow,
    list_spans,
    upsert_spans,
    upsert_states,
    upsert_values,
)
from storage.jobs.runs import (
    INSIGHTS,
    RunRecord,
    StartedBy,
    find_last_run,
    start_run,
)


def run_insights(
    installation: Installation, started_by: StartedBy, *, on_progress: OnProgress = ignore_progress
) -> RunRecord:
    """Fetch the missing days of every Page, the newest first. ``on_progress`` counts requests.

    ``pages_failed`` of the record counts the Pages that were given up. Raises
    `storage.db.errors.JobRunning` while another run is active. Errors of Facebook are recorded per
    Page and never raised.
    """
    now = installation.now()
    # One transaction: spans from before another run's end would be outdated, and overwrite newer.
    with installation.database.writing() as session:
        pages = make_pages(list_insight_tokens(session), list_spans(session))
        names = [metric.name for metric in list_ledger(session) if metric.status == "live"]
        run_id = start_run(
            session,
            kind=INSIGHTS,
            started_by=started_by,
            day=now.date(),
            pages_total=len(pages),
            now=now,
        )
    run = InsightsRun(
        installation,
        INSIGHTS,
        run_id,
        on_progress,
        pages=pages,
        names=names,
        newest=last_finished_day(now),
        day=now.date(),
    )
    grant_ids = list(dict.fromkeys(source.grant_id for page in pages for source in page.sources))
    if not installation.jobs.spreads:  # else each part estimates its own
        for grant_id in grant_ids:
            _estimate_steps(run, grant_id)
    return execute(run, grant_ids, _fetch_from_account, _end, spread=SPREAD)


def _fetch_part(installation: Installation, run_id: int, grant_id: int) -> None:
    """Fetch the insights of the Pages that an account is the first to be asked for."""
    with installation.database.reading() as session:
        record = find_shared(session, INSIGHTS, run_id)
        if record is None:
            return
        tokens = list_insight_tokens(session, held_by=grant_id)
        pages = make_pages(tokens, list_spans(session, held_by=grant_id))
        names = [metric.name for metric in list_ledger(session) if metric.status == "live"]
    run = InsightsRun(
        installation,
        INSIGHTS,
        run_id,
        pages=[page for page in pages if page.source.grant_id == grant_id],
        names=names,
        newest=last_finished_day(installation.now()),
        day=record.day,
    )
    execute_part(run, grant_id, _fetch_from_account, _end)


SPREAD = Spread(_fetch_part)


def is_due(installation: Installation) -> bool:
    """True when no run is done for today (UTC) and it is time to try (again)."""
    now = installation.now()
    with installation.database.reading() as session:
        last = find_last_run(session, INSIGHTS)
        if last is not None and last.day == now.date() and last.status == "done":
            return False
        return is_time_to_try(session, INSIGHTS, now) and has_insight_token(session)


JOB = Job(INSIGHTS, is_due, run_insights, SPREAD)


def _fetch_from_account(run: InsightsRun, grant_id: int) -> bool:
    """Make one request for each Page of an account; return False when all are complete."""
    pages = _estimate_steps(run, grant_id)
    requests_count = 0
    for start in range(0, len(pages), MAX_BATCH_ITEMS):
        run.check_stop()
        # On a new day the snapshot comes first and needs the rate limit.
        if run.installation.now().date() != run.day:
            raise RunEnded("stopped")
        if not run.may_ask(grant_id) or run.is_left(grant_id):
            break
        requests_count += _fetch(run, grant_id, pages[start : start + MAX_BATCH_ITEMS])
    if requests_count:
        # Not with each transaction: the screens then compute all their answers anew.
        with run.storing() as session:
            bump_data_version(session)
    return requests_count > 0


def _estimate_steps(run: InsightsRun, grant_id: int) -> list[InsightPage]:
    """Estimate the requests that are left for an account; return its Pages that are not over."""
    pages = [
        page
        for page in run.pages
        if not page.is_over and run.is_turn_of(grant_id, page.source.grant_id)
    ]
    run.steps_left[grant_id] = count_all_steps(pages, run.names, run.newest)
    return pages


def _fetch(run: InsightsRun, grant_id: int, pages: Iterable[InsightPage]) -> int:
    """Make the next request of each of at most 50 Pages; return the number of requests."""
    requests = [
        (page, request)
        for page in pages
        if (request := page.next_request(run.names, run.newest, run.vault)) is not None
    ]
    if not requests:
        return 0
    answers = run.ask([request for _, request in requests])
    _store(run, grant_id, requests, answers)
    judge_answers(run, requests, answers)
    for (page, _), answer in zip(requests, answers, strict=True):
        if isinstance(answer, PageMoved):
            note_move(run.installation, page.page_id, answer)
    _check_refused(run, grant_id, answers)
    done = run.counts["steps_done"]
    run.on_progress(done, max(done, run.counts["steps_total"]))
    if all(isinstance(answer, NOT_ANSWERING) for answer in answers):
        raise RunEnded("failed")
    return len(requests)


def _check_refused(
    run: InsightsRun, grant_id: int, answers: Sequence[Values | FacebookError]
) -> None:
    """Check an account whose access was refused, once a run."""
    is_refused = any(isinstance(answer, AccessEnded) for answer in answers)
    if is_refused and grant_id not in run.checked_grants:
        run.checked_grants.add(grant_id)
        check_account(run.installation, run.client, AccountState(grant_id))


def _store(
    run: InsightsRun,
    grant_id: int,
    requests: Requests,
    answers: Sequence[Values | FacebookError],
) -> None:
    """Store figures, spans and states in one transaction."""
    now, version = run.installation.now(), run.graph_version
    rows: list[ValueRow] = []
    spans: list[tuple[str, str, Span]] = []
    states: list[StateRow] = []
    for (page, request), answer in zip(requests, answers, strict=True):
        if isinstance(answer, FacebookError):
            continue
        run.count("steps_done", 1)
        run.steps_left[grant_id] -= 1
        run.answered.update(request.names)
        has_any = page.take(request, answer, run.newest)
        state = "ok" if has_any else "empty"
        states.append(StateRow(page.page_id, state, None, None, now, now if answer else None))
        if not has_any:
            continue
        rows += [
            ValueRow(page.page_id, name, day, value, now, version)
            for name, values in answer.items()
            for day, value in values.items()
        ]
        spans += [(page.page_id, name, page.spans[name]) for name in request.names]
    run.count("values_count", len(rows))
    _count_steps_and_failures(run)
    with run.storing() as session:
        upsert_values(session, rows)
        upsert_spans(session, spans)
        upsert_states(session, states)


def _count_steps_and_failures(run: InsightsRun) -> None:
    done = run.counts.setdefault("steps_done", 0)
    run.counts["steps_total"] = done + max(sum(run.steps_left.values()), 0)
    run.counts["pages_failed"] = run.pages_failed


def _end(run: InsightsRun, status: str, cause: FacebookError | None) -> None:
    _count_steps_and_failures(run)
    with run.installation.database.writing() as session:
        note_probes(session, run.answered.intersection(run.names), now=run.installation.now())
