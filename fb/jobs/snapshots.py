"""Snapshot job: takes the day's snapshot of every Page of every account.

It is started by button, by timer and by cron, and once for each day of the sandbox's history. A
plan says which account reads which Page. The accounts are then read side by side, each Page with
its own page access token. A Page that its account can't read is read by the next one that holds it,
before it counts as failed. A second run on a day only updates the newest figures.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from fb.accounts.check import AccountState, check_account, is_refused_alone, lose_page
from fb.graph.batch import MAX_BATCH_ITEMS
from fb.graph.errors import AccessEnded, FacebookError, PageMoved, RateLimited
from fb.graph.pages import fetch_figures
from fb.installation import Installation
from fb.jobs.run import OnProgress, Run, RunEnded, ignore_progress
from fb.jobs.runner import DAILY, NOT_ANSWERING, Job, execute, execute_part, is_time_to_try
from fb.jobs.sharing import Spread, find_shared
from storage.accounts.page_moves import forget_moves, remember_move
from storage.accounts.page_tokens import (
    CutOffPage,
    PageToken,
    list_cut_off_pages,
    list_page_tokens,
)
from storage.accounts.pages import PageReport
from storage.figures.snapshots import (
    list_pages_with_snapshot,
    list_pages_without_snapshot,
    store_figures,
    store_reports,
)
from storage.jobs.runs import (
    SNAPSHOTS,
    FailureRow,
    RunRecord,
    StartedBy,
    find_run,
    list_failures,
    start_run,
)

# Storing 50 Pages costs nearly as much as storing 500, so what comes fast is stored together. A
# crash loses at most this many fetched Pages, and the run's progress stands still for this long.
MAX_UNSTORED = 500
STORE_EVERY = timedelta(seconds=1)
# Calls at once for one account: other programs use the allowances of its Pages, too.
BATCHES_AT_ONCE = 2

Chunk = list[tuple[str, PageReport | FacebookError]]


@dataclass(kw_only=True)
class SnapshotsRun(Run):
    """A run of the snapshot job.

    ``page_ids`` are all Pages of the run. ``waiting`` are by account (grant id) the Pages that it
    is to read next, ``further`` by Page the accounts after that one, ``readers`` by Page the
    account it is with. ``accounts`` are those that have begun, ``ended`` by account its Pages whose
    access Facebook has ended. ``at`` is the time whose figures are fetched, None for now. ``done``
    are the fetched Pages' ids, ``unstored`` the reports among them that wait to be stored, the
    newest fetched at ``fetched_at``.

    Where workers share the run: ``done_count`` is the number of Pages that they have fetched, and
    ``given`` are the Pages with each account that has been asked for them.
    """

    at: datetime | None
    started_at: datetime
    stored_at: datetime
    fetched_at: datetime
    page_ids: frozenset[str]
    waiting: dict[int, deque[PageToken]] = field(default_factory=dict)
    further: dict[str, deque[PageToken]] = field(default_factory=dict)
    readers: dict[str, int] = field(default_factory=dict)
    accounts: dict[int, AccountState] = field(default_factory=dict)
    ended: dict[int, dict[str, AccessEnded]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    done_count: int | None = None
    given: set[tuple[str, int]] = field(default_factory=set)
    unstored: list[PageReport] = field(default_factory=list)

    def hand_on(self, page_id: str) -> None:
        """Give a Page to the next account that holds it, if there is one."""
        further = self.further[page_id]
        if further:
            page_token = further.popleft()
            self.readers[page_id] = page_token.grant_id
            self.waiting[page_token.grant_id].append(page_token)


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
    run = _plan(installation, started_by, at, graph_url, on_progress, only_lacking=only_lacking)
    return execute(
        run,
        list(run.waiting),
        _read_account,
        _end,
        threads_per_unit=BATCHES_AT_ONCE,
        spread=SPREAD,
    )


def _plan(
    installation: Installation,
    started_by: StartedBy,
    at: datetime | None,
    graph_url: str | None,
    on_progress: OnProgress,
    *,
    only_lacking: bool,
) -> SnapshotsRun:
    """Begin a run, and give each of its Pages to the best of the accounts that hold it."""
    now = installation.now()
    day = (at or now).date()
    with installation.database.writing() as session:
        page_tokens = list_page_tokens(session)
        if only_lacking:
            lacking = set(list_pages_without_snapshot(session, day))
            page_tokens = [each for each in page_tokens if each.page_id in lacking]
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
        page_ids=page_ids,
    )
    for page_token in page_tokens:
        run.waiting.setdefault(page_token.grant_id, deque())
        run.further.setdefault(page_token.page_id, deque()).append(page_token)
    for page_id in run.further:
        run.hand_on(page_id)
    run.failures = {page.page_id: (None, _cut_off_failure(page)) for page in cut_off}
    return run


def _read_part(installation: Installation, run_id: int, grant_id: int) -> None:
    """Read the Pages that an account has to read in a run of another process."""
    now = installation.now()
    with installation.database.reading() as session:
        record = find_shared(session, SNAPSHOTS, run_id)
        if record is None:
            return
        run = SnapshotsRun(
            installation,
            SNAPSHOTS,
            run_id,
            at=None,
            started_at=record.started_at,
            stored_at=now,
            fetched_at=now,
            page_ids=frozenset(),
        )
        _find_open(session, run, record, grant_id)
        failures = list_failures(session, run_id)
    run.take_over_failures(row for row in failures if row.page_id in run.readers)
    execute_part(run, grant_id, _read_account, _end, threads=BATCHES_AT_ONCE)


def _list_open(run: SnapshotsRun) -> list[int]:
    """Return the accounts that have Pages to read which another account could not."""
    given = {(page_id, grant_id) for page_id, grant_id in run.readers.items()} | run.given
    with run.installation.database.reading() as session:
        record = find_run(session, run.id)
        assert record is not None
        run.take_over_failures(list_failures(session, run.id))
        run.given, run.done_count = given, record.pages_done
        if record.pages_done == len(run.page_ids):
            run.done = set(run.page_ids)
            return []
        _find_open(session, run, record)
    # An account is asked for a Page once in a run.
    return [
        grant_id
        for grant_id, page_tokens in run.waiting.items()
        if any((each.page_id, grant_id) not in given for each in page_tokens)
    ]


def _find_open(
    session: Session, run: SnapshotsRun, record: RunRecord, grant_id: int | None = None
) -> None:
    """Read from the database what was done of a run, and who reads next what is left.

    With ``grant_id`` of the Pages that this account holds, and what it is to read.
    """
    # The daily run reads what has no snapshot of the day; any other reads every Page anew.
    since = None if record.started_by == DAILY else record.started_at
    run.done = list_pages_with_snapshot(session, record.day, since, held_by=grant_id)
    refused_by = {row.page_id: row.grant_id for row in list_failures(session, run.id)}
    by_page: dict[str, list[PageToken]] = {}
    for page_token in list_page_tokens(session, held_by=grant_id):
        if page_token.page_id not in run.done:
            by_page.setdefault(page_token.page_id, []).append(page_token)
    run.waiting, run.further = {}, {}
    if grant_id is not None:
        run.waiting[grant_id] = deque()  # also where others read all of its Pages first
    for page_id, page_tokens in by_page.items():
        holders: list[int | None] = [each.grant_id for each in page_tokens]
        refused = refused_by.get(page_id)
        tried = holders.index(refused) + 1 if refused in holders else 0
        for next_one in page_tokens[tried : tried + 1]:
            if grant_id in (None, next_one.grant_id):
                run.further[page_id] = deque([next_one])
                run.waiting.setdefault(next_one.grant_id, deque())
                run.hand_on(page_id)


SPREAD = Spread(_read_part, _list_open)


def is_due(installation: Installation) -> bool:
    """True when a readable Page has no snapshot of today and it is time to try (again)."""
    now = installation.now()
    with installation.database.reading() as session:
        if not list_pages_without_snapshot(session, now.date()):
            return False
        return is_time_to_try(session, SNAPSHOTS, now)


def _run(installation: Installation, started_by: StartedBy) -> None:
    run_snapshots(installation, started_by, only_lacking=started_by == DAILY)


JOB = Job(SNAPSHOTS, is_due, _run, SPREAD)


def _read_account(run: SnapshotsRun, grant_id: int) -> bool:
    """Read the next 50 Pages of an account; False when nothing is left to do with it."""
    waiting = run.waiting[grant_id]
    if not waiting:
        return _judge_ended(run, grant_id)
    if run.is_left(grant_id) or not run.may_ask(grant_id):
        _hand_on_all(run, grant_id)
        return True
    account = run.accounts.get(grant_id)
    if account is None:
        account = run.accounts[grant_id] = AccountState(grant_id)
        if run.at is None:
            check_account(run.installation, run.client, account, reads_a_page=False)
            _note_limit_of(run, account)
            return True
    page_tokens = [waiting.popleft() for _ in range(min(MAX_BATCH_ITEMS, len(waiting)))]
    for chunk in _fetch_chunks(run, page_tokens):
        _take(run, grant_id, chunk)
    return True


def _hand_on_all(run: SnapshotsRun, grant_id: int) -> None:
    """Give up the Pages that an account was to read: an operator left it, or Facebook limits it."""
    limit, waiting = run.limited_grants.get(grant_id), run.waiting[grant_id]
    while waiting:
        page_id = waiting.popleft().page_id
        if limit is not None:
            run.record_failure(page_id, grant_id, limit)
        run.hand_on(page_id)


def _fetch_chunks(run: Run, page_tokens: list[PageToken]) -> Iterator[Chunk]:
    vault = run.installation.vault
    tokens = (
        (r.page_id, vault.open_page_token(r.account_id, r.page_id, r.key_id, r.sealed_page_token))
        for r in page_tokens
    )
    return fetch_figures(run.client, tokens, PageReport)


def _take(run: SnapshotsRun, grant_id: int, chunk: Chunk) -> None:
    """Take the answers to a call: figures, and why Pages were refused."""
    _add(run, [answer for _, answer in chunk if isinstance(answer, PageReport)])
    refused = {id: answer for id, answer in chunk if isinstance(answer, FacebookError)}
    if refused:
        _take_refusals(run, grant_id, refused)
    run.on_progress(len(run.done) + len(run.failures), len(run.page_ids))
    if refused and all(isinstance(answer, NOT_ANSWERING) for _, answer in chunk):
        raise RunEnded("failed", next(iter(refused.values())))
    for page_id in refused:
        run.hand_on(page_id)
    if refused:
        run.is_left(grant_id)  # what it was refused since then is no failure


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
    with run.storing() as session:
        # History stores figures only: a past day must not overwrite the Page's details of today.
        store = store_reports if run.at is None else store_figures
        store(session, reports, run.fetched_at, run.graph_version)
        forget_moves(session, [report.id for report in reports])
        run.count("pages_done", len(reports))
    run.stored_at = run.installation.now()


def _take_refusals(run: SnapshotsRun, grant_id: int, refused: dict[str, FacebookError]) -> None:
    """Record why Pages were refused, which have a new id, and what is limited."""
    limits = [error for error in refused.values() if isinstance(error, RateLimited)]
    for limit in sorted(limits, key=lambda error: error.scope != "app"):
        run.note_limit(limit, grant_id)
    for page_id, error in refused.items():
        run.record_failure(page_id, grant_id, error)
        if isinstance(error, AccessEnded) and run.at is None:
            run.ended.setdefault(grant_id, {})[page_id] = error
    with run.storing() as session:  # the failures, too
        for page_id, error in refused.items():
            if isinstance(error, PageMoved):
                remember_move(session, page_id, error.new_id, run.installation.now())


def _judge_ended(run: SnapshotsRun, grant_id: int) -> bool:
    """Find out whether Facebook has ended the access to single Pages, or to their account.

    An invalid page access token does not tell. Returns False when there is nothing to judge, or
    another thread still reads Pages of the account.
    """
    if grant_id not in run.ended or not run.turns.is_alone(grant_id):
        return False
    account = run.accounts[grant_id]
    for page_id, error in run.ended.pop(grant_id).items():
        if not run.is_left(grant_id) and is_refused_alone(
            run.installation, run.client, account, error
        ):
            lose_page(run.installation, page_id, grant_id, error, run.started_at)
    _note_limit_of(run, account)
    return True


def _note_limit_of(run: SnapshotsRun, account: AccountState) -> None:
    if account.limited is not None:
        run.note_limit(account.limited, account.grant_id)


def _cut_off_failure(page: CutOffPage) -> FailureRow:
    return FailureRow(
        page_id=page.page_id,
        grant_id=page.grant_id,
        kind=AccessEnded.__name__,
        code=page.code,
        subcode=page.subcode,
        trace_id=None,
    )


def _end(run: SnapshotsRun, status: str, cause: FacebookError | None) -> None:
    """Store what waits for it, and count: ``cause`` is the failure of every Page not fetched."""
    if status != "interrupted":  # else another run has taken over
        _store(run)
    if cause is not None:
        for page_id, grant_id in run.readers.items():
            is_open = page_id not in run.done and page_id not in run.failures
            if is_open and grant_id not in run.left_grants:
                run.record_failure(page_id, grant_id, cause)
    if status == "done" and not run.is_part:
        # Pages of accounts that were disconnected or paused during the run do not count.
        done_count = len(run.done) if run.done_count is None else run.done_count
        run.count("pages_total", done_count + len(run.failures) - len(run.page_ids))
