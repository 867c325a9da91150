"""Metric probe: finds the metric that made Facebook refuse a request, and updates the ledger.

Facebook refuses a whole request for one unknown metric and does not name it. So each metric is
requested alone. A metric is retired when a Page that answers others refuses it and no Page answers
it. When some Pages refuse it and others answer it, it is skipped for the refusing ones. Only the
snapshot job changes the state of a connection.

https://developers.facebook.com/docs/graph-api/reference/insights
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from fb.graph.errors import AccessEnded, FacebookError, PermissionMissing, RateLimited, TooMuchData
from fb.graph.insights import INVALID, InsightRequest, Values
from fb.jobs.insight_page import InsightPage, InsightsRun, find_state
from storage.insights.metric_ledger import list_ledger, note_probes, retire_metrics, revive_metrics
from storage.insights.values import StateRow, upsert_states

log = logging.getLogger(__name__)

# The number of Pages whose metrics are requested alone before all refusing Pages are given up.
MAX_WITNESSES = 3
MAX_SPLITS = 3

Requests = list[tuple[InsightPage, InsightRequest]]


def judge_answers(
    run: InsightsRun, requests: Requests, answers: Sequence[Values | FacebookError]
) -> None:
    """Decide how each refused Page continues, and store why Pages are given up.

    A refused Page continues with another account's page grant, with fewer days, without a metric,
    or not at all.
    """
    refusals = {
        page.page_id: answer
        for (page, _), answer in zip(requests, answers, strict=True)
        if isinstance(answer, FacebookError)
    }
    answering = [pair for pair in requests if pair[0].page_id not in refusals]
    split = [
        (page, request.names)
        for page, request in requests
        if page.page_id in refusals and not _is_settled(run, page, refusals[page.page_id])
    ]
    if split:
        answered = {name for _, request in answering for name in request.names}
        _find_refused(run, split, answered, refusals)
    if answering and not run.was_probed:
        run.was_probed = True
        _probe_others(run, answering[0][0])
    _keep_failures(run, [page for page, _ in requests])


def _is_settled(run: InsightsRun, page: InsightPage, error: FacebookError) -> bool:
    """Handle a refusal; return False when each metric has to be requested alone."""
    if isinstance(error, RateLimited):
        run.note_limit(error, page.source.grant_id)
        page.give_up(error)
    elif isinstance(error, AccessEnded | PermissionMissing):
        page.try_next_source(error)
    elif isinstance(error, TooMuchData):
        page.halve(error)
    elif error.code == INVALID and error.subcode is None:
        return False
    else:
        page.give_up(error)
    return True


def _keep_failures(run: InsightsRun, pages: Sequence[InsightPage]) -> None:
    now = run.installation.now()
    rows = [
        StateRow(
            page.page_id,
            find_state(page.failure),
            page.failure.code,
            page.failure.trace_id,
            now,
            None,
        )
        for page in pages
        if page.failure is not None
    ]
    if rows:
        with run.installation.database.writing() as session:
            upsert_states(session, rows)


def _find_refused(
    run: InsightsRun,
    refused: Sequence[tuple[InsightPage, Collection[str]]],
    answered: Collection[str],
    refusals: Mapping[str, FacebookError],
) -> None:
    """Find the metrics for which Pages refused a request with code 100.

    ``refused`` are these Pages with the requested metrics, ``answered`` the metrics that other
    Pages answered in the same call, ``refusals`` the errors by Page id. Retires metrics, skips
    metrics for a Page, or gives a Page up.
    """
    witnesses = refused if answered else refused[:MAX_WITNESSES]
    refusing: list[tuple[InsightPage, set[str]]] = []
    for page, names in witnesses:
        own_answered, own_refused = _request_alone(run, page, names)
        # A Page with a request for one metric may have answered the others before.
        if own_refused and (own_answered or page.fresh.difference(names)):
            refusing.append((page, own_refused))
        else:  # it refuses all metrics, or none of them alone
            page.give_up(refusals[page.page_id])
    doubted = {name for _, names in refusing for name in names}.difference(answered)
    live = {*answered, *_answered_elsewhere(run, doubted, {page.page_id for page, _ in refused})}
    for page, own_refused in refusing:
        page.skipped |= own_refused & live
    _retire(run, doubted - live)
    for page, _ in refused:
        page.tried += 1
        if not doubted and (not answered or page.tried >= MAX_SPLITS):
            page.give_up(refusals[page.page_id])


def _answered_elsewhere(
    run: InsightsRun, names: Collection[str], refused: Collection[str]
) -> set[str]:
    """Return which of these metrics are still answered by a Page that answered them in this run."""
    doubted = sorted(run.answered.intersection(names))
    if doubted:
        for page in run.pages:
            may_ask = not page.is_over and run.may_ask(page.source.grant_id)
            if may_ask and page.page_id not in refused and page.fresh.issuperset(doubted):
                return _request_alone(run, page, doubted)[0]
    return set()


def _request_alone(
    run: InsightsRun, page: InsightPage, names: Collection[str]
) -> tuple[set[str], set[str]]:
    """Request each metric alone; return the answered ones and those refused with code 100."""
    requests = page.request_each(names, run.newest, run.vault)
    answers = dict(zip(names, run.ask(requests), strict=True))
    answered = {name for name, answer in answers.items() if not isinstance(answer, FacebookError)}
    refused = {
        name
        for name, answer in answers.items()
        if isinstance(answer, FacebookError) and answer.code == INVALID and answer.subcode is None
    }
    return answered, refused


def _retire(run: InsightsRun, names: Collection[str]) -> None:
    """Mark metrics as retired today, and stop requesting them."""
    if not names:
        return
    now = run.installation.now()
    with run.installation.database.writing() as session:
        retire_metrics(session, names, day=now.date(), now=now)
    run.names = [name for name in run.names if name not in names]
    log.warning("Facebook refuses %d metrics now: %s", len(names), ", ".join(sorted(names)))


def _probe_others(run: InsightsRun, page: InsightPage) -> None:
    """Request every metric that is not live from an answering Page; revive the answered ones."""
    with run.installation.database.reading() as session:
        others = [row.name for row in list_ledger(session) if row.status != "live"]
    answered, refused = _request_alone(run, page, others)
    now = run.installation.now()
    with run.installation.database.writing() as session:
        revive_metrics(session, answered, now=now)
        note_probes(session, refused, now=now)
        ledger = list_ledger(session)
    run.names = [row.name for row in ledger if row.status == "live"]
    if answered:
        log.info("Facebook answers %d more metrics: %s", len(answered), ", ".join(sorted(answered)))
