"""Takes the day's snapshot of every Page of every account: by button, by timer, by cron.

One sync at a time, held by the database. Each account's Pages are read with their own page access
tokens; a Page that several accounts hold is tried with the next one before it counts as failed.
Syncing twice on a day changes nothing but the newest figures.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from fb.accounts.check import AccountState, check_account
from fb.graph.client import GraphClient
from fb.graph.errors import (
    AccessEnded,
    FacebookError,
    RateLimited,
    TemporarilyDown,
    TransportFailed,
)
from fb.graph.page_figures import fetch_figures
from fb.installation import BACKGROUND_PATIENCE_SECONDS, Installation
from fb.observing import keep_observed
from fb.worker import WorkStopped, heartbeat
from storage.accounts.grants import list_resting_grants, set_page_grant_status
from storage.accounts.page_tokens import CutOffPage, PageToken, list_cut_off_pages, list_page_tokens
from storage.accounts.pages import PageReport, store_figures, store_reports
from storage.installation import bump_data_version
from storage.runs import (
    FailureRow,
    beat_run,
    finish_run,
    record_failures,
    start_run,
)
from storage.snapshots import list_pages_without_snapshot

log = logging.getLogger(__name__)

NOT_ANSWERING = (TransportFailed, TemporarilyDown)
# Subcode of code 190: the person no longer has a role on the Page.
ROLE_LOST = 492


@dataclass(frozen=True)
class RunResult:
    """What a run came to.

    ``status``: done · stopped (rate limit, or the dashboard stops) · failed · interrupted.
    ``limited_until`` is when Facebook says it will answer again, None where it named no time.
    """

    run_id: int
    status: str
    total: int
    done: int
    failed: int
    limited_until: datetime | None


class RunEnded(Exception):
    """Nothing more can be read in this run."""

    def __init__(self, status: str, cause: FacebookError | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.cause = cause


@dataclass
class _Sync:
    """The state of one run while it goes on."""

    installation: Installation
    client: GraphClient
    run_id: int
    at: datetime | None  # the moment whose figures are read; None: the present
    page_ids: frozenset[str]
    on_progress: Callable[[int, int], None]
    stop: threading.Event
    started_at: datetime
    done: set[str] = field(default_factory=set)
    failures: dict[str, FailureRow] = field(default_factory=dict)
    limited: RateLimited | None = None
    left_grants: set[int] = field(default_factory=set)  # ended or paused by the operator meanwhile

    def fetched_at(self) -> datetime:
        return self.at or self.installation.now()


def run_sync(
    installation: Installation,
    *,
    kind: str,
    at: datetime | None = None,
    graph_url: str | None = None,
    only_lacking: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> RunResult:
    """Read every readable Page once and store the day's snapshots.

    ``at`` is given when the sandbox makes history: the snapshots are then of that day. The day of
    a snapshot is the UTC day on which it was fetched. With ``only_lacking`` Pages that have their
    snapshot of the day are left alone. ``on_progress(done, total)`` counts Pages.

    Pages whose only access Facebook has ended count as failed, every time: a day without a snapshot
    is not well, however often it was said before. An account that the operator disconnects or
    pauses meanwhile is asked for nothing more, and its Pages do not count.

    Raises `storage.errors.SyncRunning` while another one runs; what Facebook refuses is recorded
    per Page and never raised.
    """
    database = installation.database
    with database.writing() as session:
        now = installation.now()
        day = (at or now).date()
        readables = list_page_tokens(session)
        if only_lacking:
            lacking = set(list_pages_without_snapshot(session, day))
            readables = [readable for readable in readables if readable.page_id in lacking]
        cut_off = list_cut_off_pages(session)
        page_ids = frozenset(
            [readable.page_id for readable in readables] + [page.page_id for page in cut_off]
        )
        run_id = start_run(session, kind=kind, day=day, pages_total=len(page_ids), now=now)
    client = installation.client(patience_seconds=BACKGROUND_PATIENCE_SECONDS, graph_url=graph_url)
    sync = _Sync(
        installation,
        client,
        run_id,
        at,
        page_ids,
        on_progress,
        installation.worker.stopping,
        now,
        failures={page.page_id: _cut_off_failure(page) for page in cut_off},
    )
    status = "failed"
    try:
        with heartbeat(lambda: _tell(sync)):
            status = _read_accounts(sync, readables)
    except WorkStopped:
        status = "stopped"
    finally:
        result = _finish(sync, status)
        client.close()
    return result


def _read_accounts(sync: _Sync, readables: list[PageToken]) -> str:
    try:
        for _, group in groupby(_by_account(readables), key=lambda readable: readable.grant_id):
            todo = [readable for readable in group if readable.page_id not in sync.done]
            if todo:
                _read_account(sync, todo)
    except RunEnded as end:
        if end.cause is not None:
            _give_up(sync, readables, end.cause)
        return end.status
    return "done"


def _by_account(readables: list[PageToken]) -> list[PageToken]:
    """Group by account without losing the order in which accounts should be tried."""
    order = {grant_id: i for i, grant_id in enumerate(dict.fromkeys(r.grant_id for r in readables))}
    return sorted(readables, key=lambda readable: order[readable.grant_id])


def _read_account(sync: _Sync, readables: list[PageToken]) -> None:
    account = AccountState(readables[0].grant_id)
    if _was_left(sync, readables):
        return
    if sync.at is None:
        check_account(sync.installation, sync.client, account)
    for chunk in _chunks(sync, readables):
        if sync.stop.is_set():
            raise RunEnded("stopped")
        _store(sync, account, {r.page_id: r for r in readables}, chunk)
        if account.limited is not None:
            sync.limited = account.limited
            _give_up(sync, readables, account.limited)
            return
        if _was_left(sync, readables):
            return


def _was_left(sync: _Sync, readables: list[PageToken]) -> bool:
    """Whether the operator has disconnected or paused the account of these since the run began.

    A run lasts for minutes: what was loaded when it began is not what may still be used. What
    Facebook refused it meanwhile is no failure: it was told to.
    """
    account = readables[0]
    with sync.installation.database.reading() as session:
        was_left = account.grant_id in list_resting_grants(session)
    if was_left:
        sync.left_grants.add(account.grant_id)
        for page_id in [readable.page_id for readable in readables]:
            failure = sync.failures.get(page_id)
            if failure is not None and failure.account_name == account.account_name:
                del sync.failures[page_id]
    return was_left


Chunk = list[tuple[str, PageReport | FacebookError]]


def _chunks(sync: _Sync, readables: list[PageToken]) -> Iterator[Chunk]:
    vault = sync.installation.vault
    tokens = (
        (
            r.page_id,
            vault.open_page_token(r.account_id, r.page_id, r.key_id, r.sealed_page_token),
        )
        for r in readables
    )
    return fetch_figures(sync.client, tokens, PageReport)


def _store(
    sync: _Sync, account: AccountState, readables: dict[str, PageToken], chunk: Chunk
) -> None:
    """Keep one chunk: figures of those that answered, the reason of those that did not."""
    read = [answer for _, answer in chunk if isinstance(answer, PageReport)]
    refused = {id: answer for id, answer in chunk if isinstance(answer, FacebookError)}
    version = sync.client.observed.version_served or sync.installation.settings.graph_version
    fetched_at = sync.fetched_at()
    with sync.installation.database.writing() as session:
        # A made-up past says nothing of the Page today.
        store = store_reports if sync.at is None else store_figures
        store(session, read, fetched_at, version)
        sync.done.update(report.id for report in read)
        for page_id in sync.done:
            sync.failures.pop(page_id, None)
    for error in refused.values():
        if isinstance(error, RateLimited) and error.scope == "app":
            sync.limited = error
            raise RunEnded("stopped", error)
    _judge_refusals(sync, account, readables, refused)
    _beat(sync)
    if refused and not read and all(isinstance(e, NOT_ANSWERING) for e in refused.values()):
        raise RunEnded("failed", next(iter(refused.values())))


def _judge_refusals(
    sync: _Sync,
    account: AccountState,
    readables: dict[str, PageToken],
    refused: dict[str, FacebookError],
) -> None:
    for page_id, error in refused.items():
        _record(sync, readables[page_id], error)
        if isinstance(error, RateLimited):
            account.limited = error
        elif isinstance(error, AccessEnded) and sync.at is None:
            # A dead page token says nothing of the account: unless it is about the role on the
            # Page, ask once more whether the account still stands before the Page is given up.
            if error.subcode != ROLE_LOST and not account.was_asked_again:
                account.was_asked_again = True
                check_account(sync.installation, sync.client, account)
            if account.is_alive and account.was_answered:
                _lose_page(sync, readables[page_id], error)


def _lose_page(sync: _Sync, readable: PageToken, error: FacebookError) -> None:
    with sync.installation.database.writing() as session:
        set_page_grant_status(
            session,
            readable.page_id,
            readable.grant_id,
            "role_lost",
            code=error.code,
            subcode=error.subcode,
            now=sync.installation.now(),
            token_read_at=sync.started_at,
        )


def _record(sync: _Sync, readable: PageToken, error: FacebookError) -> None:
    sync.failures[readable.page_id] = FailureRow(
        page_id=readable.page_id,
        account_name=readable.account_name,
        kind=type(error).__name__,
        code=error.code,
        subcode=error.subcode,
        trace_id=error.trace_id,
    )


def _cut_off_failure(page: CutOffPage) -> FailureRow:
    return FailureRow(
        page_id=page.page_id,
        account_name=page.account_name,
        kind=AccessEnded.__name__,
        code=page.code,
        subcode=page.subcode,
        trace_id=None,
    )


def _give_up(sync: _Sync, readables: list[PageToken], cause: FacebookError) -> None:
    """Give every Page that was not reached the reason why it was not."""
    for readable in readables:
        is_open = readable.page_id not in sync.done and readable.page_id not in sync.failures
        if is_open and readable.grant_id not in sync.left_grants:
            _record(sync, readable, cause)


def _beat(sync: _Sync) -> None:
    if not _tell(sync):
        # It went silent for a minute, a laptop asleep perhaps, and another run took its place.
        raise RunEnded("interrupted")
    sync.on_progress(len(sync.done) + len(sync.failures), len(sync.page_ids))


def _tell(sync: _Sync) -> bool:
    """Say in the database how far the run is; False when its place is no longer its own."""
    with sync.installation.database.writing() as session:
        return beat_run(
            session,
            sync.run_id,
            pages_done=len(sync.done),
            pages_failed=len(sync.failures),
            now=sync.installation.now(),
        )


def _finish(sync: _Sync, status: str) -> RunResult:
    now = sync.installation.now()
    limited_until = None
    done, failed = len(sync.done), len(sync.failures)
    # Pages of accounts that were left count for nothing: nobody was to read them any more.
    total = done + failed if status == "done" else len(sync.page_ids)
    if sync.limited is not None:
        status = "stopped"
        if sync.limited.retry_after_seconds is not None:
            limited_until = now + timedelta(seconds=sync.limited.retry_after_seconds)
    with sync.installation.database.writing() as session:
        record_failures(session, sync.run_id, list(sync.failures.values()))
        finish_run(
            session,
            sync.run_id,
            status=status,
            pages_total=total,
            pages_done=done,
            pages_failed=failed,
            limited_until=limited_until,
            reason_code=sync.limited.code if sync.limited else None,
            now=now,
        )
        bump_data_version(session)
    keep_observed(sync.installation, sync.client)
    log.info(
        "run %d: %d of %d Pages read, %d failed, %s",
        sync.run_id,
        done,
        total,
        failed,
        status,
    )
    return RunResult(sync.run_id, status, total, done, failed, limited_until)
