"""Refused insights: finds which metric a refusal is about, and keeps the ledger of their names.

Facebook refuses a whole request for one name it does not know (any more), and says not which. So
each name is asked alone. A name is retired when a Page that answers others refuses it and no Page
answers it at that moment; refused by some Pages and answered by others, it is skipped for those
that refuse it. Connections are not judged here: whether an account or a role has ended is the
snapshot job's to say.
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

# How many Pages are asked name by name before it is settled that the trouble is theirs.
MAX_WITNESSES = 3
MAX_SPLITS = 3

Requests = list[tuple[InsightPage, InsightRequest]]


def judge_answers(
    run: InsightsRun, requests: Requests, answers: Sequence[Values | FacebookError]
) -> None:
    """Draw the consequences of a call for its Pages and metrics, and keep why Pages are given up.

    A refused Page goes on with another account's access, with fewer days, without a metric, or not
    at all.
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
    """Draw the consequence of a refusal; False when its names have to be asked one by one."""
    if isinstance(error, RateLimited):
        run.note_limit(error)
        run.limited_grants.add(page.source.grant_id)
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
    """Judge Pages that refused several names at once with code 100.

    ``refused``: each with the names it was asked for; ``answered``: the names that other Pages
    answered in the same call; ``refusals``: by Page id. Afterwards either names are retired, or
    names are skipped for a Page, or the Page is given up; whatever is left goes on.
    """
    witnesses = refused if answered else refused[:MAX_WITNESSES]
    refusing: list[tuple[InsightPage, set[str]]] = []
    for page, names in witnesses:
        given, taken = _ask_alone(run, page, names)
        # A Page that was asked for one name alone may have answered the others before.
        if taken and (given or page.fresh.difference(names)):
            refusing.append((page, taken))
        else:  # it refuses all names, or none of them alone
            page.give_up(refusals[page.page_id])
    dead = {name for _, taken in refusing for name in taken}.difference(answered)
    alive = {*answered, *_answered_elsewhere(run, dead, {page.page_id for page, _ in refused})}
    for page, taken in refusing:
        page.skipped |= taken & alive
    _retire(run, dead - alive)
    for page, _ in refused:
        page.tried += 1
        if not dead and (not answered or page.tried >= MAX_SPLITS):
            page.give_up(refusals[page.page_id])


def _answered_elsewhere(
    run: InsightsRun, names: Collection[str], refused: Collection[str]
) -> set[str]:
    """Return which of these names a Page still answers that answered all of them in this run."""
    doubted = sorted(run.answered.intersection(names))
    if doubted:
        for page in run.pages:
            may_ask = not page.is_over and run.may_ask(page.source.grant_id)
            if may_ask and page.page_id not in refused and page.fresh.issuperset(doubted):
                return _ask_alone(run, page, doubted)[0]
    return set()


def _ask_alone(
    run: InsightsRun, page: InsightPage, names: Collection[str]
) -> tuple[set[str], set[str]]:
    """Return the names that the Page answers, and those that it refuses with code 100."""
    requests = page.request_each(names, run.newest, run.vault)
    answers = dict(zip(names, run.ask(requests), strict=True))
    given = {name for name, answer in answers.items() if not isinstance(answer, FacebookError)}
    taken = {
        name
        for name, answer in answers.items()
        if isinstance(answer, FacebookError) and answer.code == INVALID and answer.subcode is None
    }
    return given, taken


def _retire(run: InsightsRun, names: Collection[str]) -> None:
    """Mark names as retired on the installation's present day, and ask for them no more."""
    if not names:
        return
    now = run.installation.now()
    with run.installation.database.writing() as session:
        retire_metrics(session, names, day=now.date(), now=now)
    run.names = [name for name in run.names if name not in names]
    log.warning("Facebook refuses %d metrics now: %s", len(names), ", ".join(sorted(names)))


def _probe_others(run: InsightsRun, page: InsightPage) -> None:
    """Ask a Page that answers for every name that is not live: one that is answered comes back."""
    with run.installation.database.reading() as session:
        others = [row.name for row in list_ledger(session) if row.status != "live"]
    given, taken = _ask_alone(run, page, others)
    now = run.installation.now()
    with run.installation.database.writing() as session:
        revive_metrics(session, given, now=now)
        note_probes(session, taken, now=now)
        ledger = list_ledger(session)
    run.names = [row.name for row in ledger if row.status == "live"]
    if given:
        log.info("Facebook answers %d more metrics: %s", len(given), ", ".join(sorted(given)))
