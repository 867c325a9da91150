"""Snapshot job: takes the day's snapshot of every Page of every account.

It is started by button, by timer and by cron, and once for each day of the sandbox's history. Each
Page is fetched with its own page access token. A Page of several accounts is tried with each before
it counts as failed. A second run on a day only updates the newest figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from fb.accounts.check import AccountState, check_account, is_refused_alone, lose_page
from fb.graph.errors import AccessEnded, FacebookError, PageMoved, RateLimited
from fb.graph.pages import fetch_figures
from fb.installation import Installation
from fb.jobs.pictures import fetch_due_pictures
from fb.jobs.runner import (
    DAILY,
    NOT_ANSWERING,
    Job,
    OnProgress,
    Run,
    RunEnded,
    execute,
    ignore_progress,
    is_time_to_try,
)
from storage.accounts.page_moves import forget_moves, remember_move
from storage.accounts.page_tokens import (
    CutOffPage,
    PageToken,
    list_cut_off_pages,
    list_page_tokens,
)
from storage.accounts.pages import PageReport
from storage.figures.snapshots import list_pages_without_snapshot, store_figures, store_reports
from storage.jobs.runs import SNAPSHOTS, FailureRow, RunRecord, StartedBy, start_run

# Storing 50 Pages costs nearly as much as storing 500, so what comes fast is stored together. A
# crash loses at most this many fetched Pages, and the run's progress stands still for this long.
MAX_UNSTORED = 500
STORE_EVERY = timedelta(seconds=2)

Chunk = list[tuple[str, PageReport | FacebookError]]


@dataclass(kw_only=True)
class SnapshotsRun(Run):
    """A run of the snapshot job.

    ``page_tokens`` are the page access tokens by grant id, the account to be tried first in front.
    ``at`` is the time whose figures are fetched, None for now. ``done`` are the fetched Pages' ids,
    ``unstored`` the reports among them that wait to be stored, the newest fetched at
    ``fetched_at``.
    """

    at: datetime | None
    started_at: datetime
    stored_at: datetime
    fetched_at: datetime
    page_tokens: dict[int, list[PageToken]]
    page_ids: frozenset[str]
    done: set[str] = field(default_factory=set)
    unstored: list[PageReport] = field(default_factory=list)


def run_snapshots(
    installation: Installation,
    started_by: StartedBy,
    *,
    at: datetime | None = None,
    graph_url: str | None = None,
    only_lacking: bool = False,
    on_progress: OnProgress = ignore_progress,
) -> RunRecord:
    """Fetch every readable Page once and store the day's snapshots.

    The day of a snapshot is the UTC day on which it was fetched, or that of ``at`` when the sandbox
    makes history. With ``only_lacking``, Pages that have a snapshot of the day are skipped.
    ``on_progress(done, total)`` counts Pages.

    Pages whose only access has ended count as failed in every run, since they have no snapshot. An
    account that an operator disconnects or pauses during the run is not used any more, and its
    Pages do not count.

    Raises `storage.db.errors.JobRunning` while another run is active. Errors of Facebook are
    recorded per Page and never raised.
    """
    now = installation.now()
    day = (at or now).date()
    with installation.database.writing() as session:
        page_tokens = list_page_tokens(session)
        if only_lacking:
            lacking = set(list_pages_without_snapshot(session, day))
            page_tokens = [
                page_token for page_token in page_tokens if page_token.page_id in lacking
            ]
        cut_off = list_cut_off_pages(session)
        page_ids = frozenset([r.page_id for r in page_tokens] + [page.page_id for page in cut_off])
        run_id = start_run(
            session,
            kind=SNAPSHOTS,
            started_by=started_by,
            day=day,
            pages_total=len(page_ids),
            now=now,
        )
    by_account: dict[int, list[PageToken]] = {}
    for page_token in page_tokens:
        by_account.setdefault(page_token.grant_id, []).append(page_token)
    run = SnapshotsRun(
        installation,
        SNAPSHOTS,
        run_id,
        on_progress,
        graph_url,
        at=at,
        started_at=now,
        stored_at=now,
        fetched_at=at or now,
        page_tokens=by_account,
        page_ids=page_ids,
    )
    run.failures = {page.page_id: (None, _cut_off_failure(page)) for page in cut_off}
    return execute(run, list(by_account), _read_account, _end)


def is_due(installation: Installation) -> bool:
    """True when a readable Page has no snapshot of today and it is time to try (again)."""
    now = installation.now()
    with installation.database.reading() as session:
        if not list_pages_without_snapshot(session, now.date()):
            return False
        return is_time_to_try(session, SNAPSHOTS, now)


def _run(installation: Installation, started_by: StartedBy) -> None:
    run_snapshots(installation, started_by, only_lacking=started_by == DAILY)
    fetch_due_pictures(installation, started_by)


JOB = Job(SNAPSHOTS, is_due, _run)


def _read_account(run: SnapshotsRun, grant_id: int) -> bool:
    """Fetch the Pages of one account that have not been fetched, all in one turn."""
    account = AccountState(grant_id)
    page_tokens = [r for r in run.page_tokens[grant_id] if r.page_id not in run.done]
    if not page_tokens or run.is_left(grant_id):
        return False
    if run.at is None:
        check_account(run.installation, run.client, account, reads_a_page=False)
    try:
        _fetch_figures(run, account, page_tokens)
    finally:
        _store(run)
    return False


def _fetch_figures(run: SnapshotsRun, account: AccountState, page_tokens: list[PageToken]) -> None:
    by_page = {page_token.page_id: page_token for page_token in page_tokens}
    for chunk in _fetch_chunks(run, page_tokens):
        run.check_stop()
        _add(run, [answer for _, answer in chunk if isinstance(answer, PageReport)])
        refused = {id: answer for id, answer in chunk if isinstance(answer, FacebookError)}
        _judge_refusals(run, account, by_page, refused)
        run.on_progress(len(run.done) + len(run.failures), len(run.page_ids))
        if refused and all(isinstance(answer, NOT_ANSWERING) for _, answer in chunk):
            raise RunEnded("failed", next(iter(refused.values())))
        if account.limited is not None:
            run.limited = account.limited
            _fail_unread(run, page_tokens, account.limited)
            return
        if run.is_left(account.grant_id):
            return


def _fetch_chunks(run: Run, page_tokens: list[PageToken]) -> Iterator[Chunk]:
    vault = run.installation.vault
    tokens = (
        (r.page_id, vault.open_page_token(r.account_id, r.page_id, r.key_id, r.sealed_page_token))
        for r in page_tokens
    )
    return fetch_figures(run.client, tokens, PageReport)


def _add(run: SnapshotsRun, reports: list[PageReport]) -> None:
    """Add fetched Pages, remove their earlier failures in this run, and store when it is time."""
    now = run.installation.now()
    fetched_at = run.at or now
    if fetched_at.date() != run.fetched_at.date():
        _store(run)  # what was fetched before midnight belongs to its own day
    run.fetched_at = fetched_at
    run.unstored += reports
    run.done.update(report.id for report in reports)
    run.failures = {id: entry for id, entry in run.failures.items() if id not in run.done}
    if len(run.unstored) >= MAX_UNSTORED or now - run.stored_at >= STORE_EVERY:
        _store(run)


def _store(run: SnapshotsRun) -> None:
    """Store the figures of the Pages that wait for it."""
    reports, run.unstored = run.unstored, []
    if not reports:
        return
    run.count("pages_done", len(reports))
    with run.storing() as session:
        # History stores figures only: a past day must not overwrite the Page's details of today.
        store = store_reports if run.at is None else store_figures
        store(session, reports, run.fetched_at, run.graph_version)
        forget_moves(session, [report.id for report in reports])
    run.stored_at = run.installation.now()


def _judge_refusals(
    run: SnapshotsRun,
    account: AccountState,
    page_tokens: dict[str, PageToken],
    refused: dict[str, FacebookError],
) -> None:
    """Record why Pages were refused, which have a new id, and whose access has ended."""
    if not refused:
        return
    for error in refused.values():
        if isinstance(error, RateLimited) and error.scope == "app":
            run.note_limit(error)
    for page_id, error in refused.items():
        page_token = page_tokens[page_id]
        run.record_failure(page_id, page_token.grant_id, error)
        if isinstance(error, RateLimited):
            account.limited = error
        elif (
            isinstance(error, AccessEnded)
            and run.at is None
            # An invalid page access token does not tell whether the account's access has ended.
            and is_refused_alone(run.installation, run.client, account, error)
        ):
            lose_page(run.installation, page_id, page_token.grant_id, error, run.started_at)
    with run.storing() as session:  # the failures, too
        for page_id, error in refused.items():
            if isinstance(error, PageMoved):
                remember_move(session, page_id, error.new_id, run.installation.now())


def _cut_off_failure(page: CutOffPage) -> FailureRow:
    return FailureRow(
        page_id=page.page_id,
        grant_id=page.grant_id,
        kind=AccessEnded.__name__,
        code=page.code,
        subcode=page.subcode,
        trace_id=None,
    )


def _fail_unread(run: SnapshotsRun, page_tokens: Iterable[PageToken], cause: FacebookError) -> None:
    """Record ``cause`` as the failure of every Page that was not fetched."""
    for page_token in page_tokens:
        is_open = page_token.page_id not in run.done and page_token.page_id not in run.failures
        if is_open and page_token.grant_id not in run.left_grants:
            run.record_failure(page_token.page_id, page_token.grant_id, cause)


def _end(run: SnapshotsRun, status: str, cause: FacebookError | None) -> None:
    if cause is not None:
        _fail_unread(run, chain.from_iterable(run.page_tokens.values()), cause)
    if status == "done":
        # Pages of accounts that were disconnected or paused during the run do not count.
        run.count("pages_total", len(run.done) + len(run.failures) - len(run.page_ids))
