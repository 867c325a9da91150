"""Posts job: reads the posts of every Page with their figures, and writes checkpoints.

It has its own lease, so the day's snapshot never waits for it. Everything that a day needs of a
Page is stored in one transaction, so a run after a restart goes on with the Pages that lack. After
that, from a Page's second day on, older posts are listed, back to two years, the newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime

from fb.accounts.check import AccountState, check_account, note_move
from fb.graph.errors import FacebookError, PageMoved
from fb.installation import Installation
from fb.jobs.post_metrics import live_names
from fb.jobs.post_page import PostPage, find_refusal_state
from fb.jobs.post_reader import read_daily, read_older
from fb.jobs.post_run import WEEKLY_SPAN, PostsRun
from fb.jobs.post_steps import Steps, read_together
from fb.jobs.run import OnProgress, RunEnded, ignore_progress
from fb.jobs.runner import NOT_ANSWERING, Job, execute, execute_part, is_time_to_try
from fb.jobs.sharing import Spread, find_shared
from storage.accounts.page_tokens import PostToken, has_page_token, list_post_tokens
from storage.db.installation import bump_data_version
from storage.insights.metric_ledger import list_ledger, note_probes
from storage.jobs.runs import (
    FAST_FORWARD,
    POSTS,
    RunRecord,
    StartedBy,
    find_last_run,
    start_run,
)
from storage.posts.due import list_known_posts, list_newest_fans
from storage.posts.posts import store_checkpoints, store_figures, store_posts
from storage.posts.states import (
    PostStateRow,
    list_post_states,
    note_answered_posts,
    note_refused_posts,
    store_paid_views,
    upsert_post_states,
)

# Where Facebook reports that so much of an allowance is used, the rest waits for the next day.
MAX_USAGE_PERCENT = 75
_NEVER = datetime.min.replace(tzinfo=UTC)


def run_posts(
    installation: Installation, started_by: StartedBy, *, on_progress: OnProgress = ignore_progress
) -> RunRecord:
    """Read the posts of every Page that was not read today. ``on_progress`` counts Pages.

    The record's ``steps_total`` counts checkpoints that came due, ``steps_done`` those that were
    written, ``values_count`` readings, and ``pages_failed`` Pages that were given up. Raises
    `storage.db.errors.JobRunning` while another run is active. Errors of Facebook are recorded per
    Page and never raised.
    """
    now, is_brief = installation.now(), started_by == FAST_FORWARD
    with installation.database.writing() as session:
        pages = _make_pages(list_post_tokens(session), list_post_states(session), now)
        if is_brief:  # the first reading is that of an ordinary day
            pages = [page for page in pages if page.state.covered_until is not None]
        names = [row.name for row in list_ledger(session, "post") if row.status == "live"]
        run_id = start_run(
            session,
            kind=POSTS,
            started_by=started_by,
            day=now.date(),
            pages_total=len(pages),
            now=now,
        )
    run = PostsRun(
        installation,
        POSTS,
        run_id,
        on_progress,
        pages=pages,
        names=live_names(names),
        day=now.date(),
        is_brief=is_brief,
    )
    grant_ids = list(dict.fromkeys(source.grant_id for page in pages for source in page.sources))
    return execute(run, grant_ids, _read_from_account, _end, spread=SPREAD)


def _read_part(installation: Installation, run_id: int, grant_id: int) -> None:
    """Read the posts of the Pages that an account is the first to be asked for."""
    now = installation.now()
    with installation.database.reading() as session:
        record = find_shared(session, POSTS, run_id)
        if record is None:
            return
        tokens = list_post_tokens(session, held_by=grant_id)
        pages = _make_pages(tokens, list_post_states(session, held_by=grant_id), now)
        names = [row.name for row in list_ledger(session, "post") if row.status == "live"]
    run = PostsRun(
        installation,
        POSTS,
        run_id,
        pages=[page for page in pages if page.grant_id == grant_id],
        names=live_names(names),
        day=record.day,
    )
    execute_part(run, grant_id, _read_from_account, _end)


SPREAD = Spread(_read_part)


def is_due(installation: Installation) -> bool:
    """True when no run is done for today (UTC) and it is time to try (again)."""
    now = installation.now()
    with installation.database.reading() as session:
        last = find_last_run(session, POSTS)
        if last is not None and last.day == now.date() and last.status == "done":
            return False
        return is_time_to_try(session, POSTS, now) and has_page_token(session)


JOB = Job(POSTS, is_due, run_posts, SPREAD)


def _make_pages(
    sources: Iterable[PostToken], states: dict[str, PostStateRow], now: datetime
) -> list[PostPage]:
    """Return one entry per Page that was not read today, those that wait longest in front."""
    by_page: dict[str, list[PostToken]] = {}
    for source in sources:
        by_page.setdefault(source.page_id, []).append(source)
    pages = [
        PostPage(
            page_id,
            own_sources,
            states.get(page_id) or PostStateRow(page_id, now),
            own_sources[0].grant_id,
        )
        for page_id, own_sources in by_page.items()
    ]
    for page in pages:
        page.is_first_reading = page.state.answered_at is None
    waiting = [page for page in pages if not _was_read(page.state, now.date())]
    return sorted(waiting, key=lambda page: page.state.answered_at or _NEVER)


def _was_read(state: PostStateRow, day: date) -> bool:
    return state.answered_at is not None and state.answered_at.date() == day


def _read_from_account(run: PostsRun, grant_id: int) -> bool:
    """Read the day's part of an account's Pages, then one older listing of each a turn.

    Returns False when nothing is left to read.
    """
    pages = [
        page for page in run.pages if not page.is_over and run.is_turn_of(grant_id, page.grant_id)
    ]
    daily = [page for page in pages if not page.is_read]
    if daily:
        return _read(run, grant_id, daily, read_daily)
    older = [page for page in pages if run.wants_older(page)]
    return _read(run, grant_id, older, read_older)


def _read(
    run: PostsRun,
    grant_id: int,
    pages: Sequence[PostPage],
    read: Callable[[PostsRun, PostPage], Steps[None]],
) -> bool:
    """Read Pages, some at once; return whether any was read."""
    has_read = False
    for start in range(0, len(pages), run.at_once):
        run.check_stop()
        # On a new day the snapshot comes first and needs the rate limit.
        if run.installation.now().date() != run.day:
            raise RunEnded("stopped")
        if run.is_full(MAX_USAGE_PERCENT):
            raise RunEnded("done")
        if not run.may_ask(grant_id) or run.is_left(grant_id):
            break
        has_read = True
        _read_some(run, pages[start : start + run.at_once], read)
    if has_read:
        # Not with each transaction: the screens then compute all their answers anew.
        with run.storing() as session:
            bump_data_version(session)
    return has_read


def _read_some(
    run: PostsRun,
    pages: Sequence[PostPage],
    read: Callable[[PostsRun, PostPage], Steps[None]],
) -> None:
    """Read some Pages at once, and store what came of those that are through."""
    if read is read_daily:
        _load_known(run, pages)
    finished: list[PostPage] = []
    try:
        read_together(run, pages, read, finished)
    finally:
        _store(run, [page for page in finished if page.is_read or page.is_over])
        _check_refused(run)
        for page in pages:
            page.grant_id = page.source.grant_id
    run.on_progress(run.counts.get("pages_done", 0), len(run.pages))
    failures = [page.failure for page in pages]
    if all(isinstance(failure, NOT_ANSWERING) for failure in failures):
        raise RunEnded("failed")


def _load_known(run: PostsRun, pages: Sequence[PostPage]) -> None:
    """Load what is stored of these Pages and the day's part depends on."""
    page_ids = [page.page_id for page in pages]
    now = run.installation.now()
    # Back to the posts whose last checkpoint could be missed since the last reading.
    last_read_at = min(page.state.answered_at or now for page in pages)
    with run.installation.database.reading() as session:
        known = list_known_posts(session, page_ids, last_read_at - WEEKLY_SPAN)
        fans = list_newest_fans(session, page_ids)
    for page in pages:
        page.known, page.fans_count = known[page.page_id], fans.get(page.page_id)


def _store(run: PostsRun, pages: Sequence[PostPage]) -> None:
    """Store posts, figures, checkpoints and states of some Pages in one transaction."""
    now, keeps_text = run.installation.now(), run.installation.settings.keep_post_text
    if not pages:
        return
    posts = [post for page in pages for post in page.posts.values()]
    reels = [
        (id, page.published_at(id), figures)
        for page in pages
        for id, figures in page.figures.items()
    ]
    with run.storing() as session:
        stored = store_posts(session, posts, now=now, keeps_text=keeps_text)
        readings = store_figures(session, [(id, figures) for id, _, figures in reels], now=now)
        checkpoints = store_checkpoints(session, reels, now=now)
        store_paid_views(session, [paid for page in pages for paid in page.paid])
        note_refused_posts(session, [id for page in pages for id in page.refused_posts], now=now)
        note_answered_posts(session, [id for page in pages for id in page.present_posts])
        upsert_post_states(session, [_final_state(run, page) for page in pages])
        written = stored.checkpoints_count + checkpoints
        run.count("steps_done", written)
        run.count("steps_total", written + sum(page.missed_count for page in pages))
        run.count("posts_new", stored.new_count)
        run.count("values_count", stored.readings_count + readings)
        run.count("pages_done", sum(page.count_done() for page in pages))
        run.count("pages_failed", sum(page.failure is not None for page in pages))
    for page in pages:
        if isinstance(page.failure, PageMoved):
            note_move(run.installation, page.page_id, page.failure)
        page.forget_stored()


def _final_state(run: PostsRun, page: PostPage) -> PostStateRow:
    error = page.failure
    if error is not None:
        now = run.installation.now()
        state = find_refusal_state(page, error)
        page.change(state=state, code=error.code, trace_id=error.trace_id, asked_at=now)
    return page.state


def _check_refused(run: PostsRun) -> None:
    """Check the accounts whose access was refused, each once a run."""
    for grant_id in run.ended_grants - run.checked_grants:
        run.checked_grants.add(grant_id)
        check_account(run.installation, run.client, AccountState(grant_id))


def _end(run: PostsRun, status: str, cause: FacebookError | None) -> None:
    with run.installation.database.writing() as session:
        note_probes(session, run.examples.keys() & set(run.names), now=run.installation.now())
