"""Post reader: what is asked about one Page's posts on a day, and further back in the background.

One listing brings posts with their figures. Single posts are asked for only what no listing tells:
the figures of Reels at the age of a checkpoint, paid views at 7 and 28 days, and whether a post
that a complete listing lacks is still there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fb.graph.batch import BatchItem
from fb.graph.errors import (
    AccessEnded,
    FacebookError,
    FieldUnknown,
    GraphRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    TemporarilyDown,
    TooMuchData,
    TransportFailed,
)
from fb.graph.posts import (
    POST_FIELDS,
    REEL_FIELDS,
    Answer,
    Listing,
    can_drop,
    existence_item,
    figures_item,
    paid_item,
    posts_item,
    read_paid,
    read_post_figures,
    read_posts,
    read_reels,
    reels_item,
)
from fb.jobs.post_metrics import is_unknown_metric, settle, try_again
from fb.jobs.post_page import (
    KEPT_SPAN,
    PostPage,
    cover,
    cover_older,
    find_answer_state,
    smaller,
    to_figures,
)
from fb.jobs.post_run import PostsRun
from fb.jobs.post_steps import Steps, ask
from storage.posts.due import (
    KnownPost,
    count_missed,
    find_due_alone,
    find_due_paid,
    find_unlisted,
)
from storage.posts.states import PaidViews

FIRST_REELS_LIMIT = 100  # Meta's limit: Reels are listed without figures
REELS_LIMIT = 25
# Errors that say nothing about what was asked.
PASSING = (RateLimited, TemporarilyDown, AccessEnded)
Question = tuple[BatchItem, Callable[[Answer], None]]


def read_daily(run: PostsRun, page: PostPage) -> Steps[None]:
    """Read what a day needs of a Page: posts, Reels, and what is due for single posts."""
    now = run.installation.now()
    last_read_at = page.state.answered_at
    if not (yield from _read_posts(run, page, now)):
        return
    yield from _read_reels(run, page, now)
    posts = page.merged()
    page.missed_count = count_missed(posts, last_read_at, now)
    yield from _ask_about_posts(run, page, posts, now)
    if page.posts and page.source.may_read_figures and run.is_weekday(page):
        yield from try_again(run, page, next(iter(page.posts)))
    page.is_read = True


def read_older(run: PostsRun, page: PostPage) -> Steps[None]:
    """Read the next older posts of a Page, until two years are listed."""
    now = run.installation.now()
    page.older_calls += 1
    listing = yield from _list_posts(run, page, page.state.older_cursor)
    if isinstance(listing, FacebookError):
        page.is_over = True
        if not isinstance(listing, PASSING):
            # A cursor does not last for ever: the next day's listing gives another one.
            page.change(older_cursor=None)
        return
    page.take(listing.posts)
    reached = listing.posts[-1].published_at if listing.posts else None
    page.state = cover_older(page.state, reached=reached, cursor=listing.after, now=now)


def _read_posts(run: PostsRun, page: PostPage, now: datetime) -> Steps[bool]:
    """List posts as far back as the day needs; False when Facebook refuses the first listing."""
    since, after = run.first_moment(page, now), None
    reached = now
    while True:
        listing = yield from _list_posts(run, page, after)
        if isinstance(listing, FacebookError):
            if after is None:
                page.refuse(listing)
                return False
            break
        page.take(listing.posts)
        after = listing.after
        if listing.posts:
            reached = min(reached, listing.posts[-1].published_at)
        if after is None or reached < since:
            page.posts_since = now - KEPT_SPAN if after is None else since
            break
        if page.calls_left < 1:
            break  # it is cut, and proves nothing about the posts that it lacks
    page.state = cover(page.state, reached=reached, cursor=after, now=now)
    why = page.figures_refusal
    page.change(
        state=find_answer_state(page),
        code=why and why.code,
        trace_id=why and why.trace_id,
        asked_at=now,
        answered_at=now,
    )
    return True


def _list_posts(run: PostsRun, page: PostPage, after: str | None) -> Steps[Listing | FacebookError]:
    """List posts with their figures; without them where Facebook refuses these."""
    plain: Listing | None = None
    while True:
        names = page.names(run.names)
        listing = yield from _list_rows(run, page, after, names)
        if not isinstance(listing, FacebookError):
            run.note_answered(page, listing)
            return listing
        lacks_insights = isinstance(listing, FieldUnknown) and listing.field == "insights"
        is_about_names = isinstance(listing, PermissionMissing) or is_unknown_metric(listing)
        if not names or not (lacks_insights or is_about_names):
            return plain or listing
        if plain is None:
            posts = yield from _list_rows(run, page, after, [])
            if isinstance(posts, FacebookError):
                return posts
            plain = posts
        is_settled = bool(is_about_names and plain.posts) and (
            yield from settle(run, page, plain.posts[0].id, names)
        )
        if not is_settled:
            page.figures_refusal = listing
            return plain


def _list_rows(
    run: PostsRun, page: PostPage, after: str | None, names: list[str]
) -> Steps[Listing | FacebookError]:
    """List posts, fewer at once and without unknown fields where Facebook wants it so."""
    while True:
        token, limit = page.open_token(run.vault), run.find_limit(page.state.rows_limit)
        answer = yield from ask(
            posts_item(
                page.page_id, token, limit=limit, after=after, names=names, dropped=run.dropped
            )
        )
        if not isinstance(answer, FacebookError):
            return read_posts(answer)
        if isinstance(answer, TooMuchData) and (fewer := smaller(limit)) is not None:
            page.change(rows_limit=fewer)
        elif isinstance(answer, FieldUnknown) and can_drop(POST_FIELDS, run.dropped, answer.field):
            run.dropped.add(answer.field)
        else:
            return answer


def _read_reels(run: PostsRun, page: PostPage, now: datetime) -> Steps[None]:
    """List Reels: every day for a Page that has some, else once a week."""
    if not run.wants_reels(page, now) or page.calls_left < 1:
        return
    asked_at = page.state.reels_asked_at
    limit = run.find_limit(REELS_LIMIT) if asked_at else FIRST_REELS_LIMIT
    since = min(now - run.find_span(page), asked_at) if asked_at else now - KEPT_SPAN
    after: str | None = None
    while page.calls_left > 0:
        token = page.open_token(run.vault)
        answer = yield from ask(
            reels_item(page.page_id, token, limit=limit, after=after, dropped=run.dropped)
        )
        if isinstance(answer, TooMuchData) and (fewer := smaller(limit)) is not None:
            limit = fewer
            continue
        if isinstance(answer, FieldUnknown) and can_drop(REEL_FIELDS, run.dropped, answer.field):
            run.dropped.add(answer.field)
            continue
        listing = answer if isinstance(answer, FacebookError) else read_reels(answer, page.page_id)
        if isinstance(listing, FacebookError):
            if isinstance(listing, GraphRefused) and not isinstance(listing, PASSING):
                page.change(reels_state="refused", reels_asked_at=now)
            return
        page.take(listing.posts)
        after = listing.after
        if after is None or (listing.posts and listing.posts[-1].published_at < since):
            page.reels_since = since
            break
    is_first = page.state.reels_state is None
    # What Facebook refused before is tried again once a week.
    state = "ok" if is_first or run.is_weekday(page) else page.state.reels_state
    page.change(reels_state=state, reels_asked_at=now)


def _ask_about_posts(
    run: PostsRun, page: PostPage, posts: list[KnownPost], now: datetime
) -> Steps[None]:
    """Ask what is due for single posts, as far as the Page's calls go."""
    token = page.open_token(run.vault)
    questions: list[Question] = []
    names = page.names(run.names)
    told = {post.id for post in page.posts.values() if post.figures is not None}
    reels = {post.id for post in posts if post.kind == "reel"}
    if names and (page.state.reels_state != "refused" or run.is_brief):
        questions += [
            (figures_item(id, token, names), _take_figures(page, id, is_reel=id in reels))
            for id in find_due_alone(posts, told, now, reels_only=not run.is_brief)
        ]
    known_ages = {post.id: post.paid_age_days for post in posts}
    if names:
        questions += [
            (paid_item(id, token), _take_paid(page, id, age, is_first=known_ages[id] is None))
            for id, age in find_due_paid(posts, now).items()
        ]
    unlisted = find_unlisted(
        page.known.values(), page.posts, posts_since=page.posts_since, reels_since=page.reels_since
    )
    questions += [(existence_item(id, token), _take_existence(page, id)) for id in unlisted]
    questions = questions[: page.calls_left]
    if not questions:
        return
    answers = yield [item for item, _ in questions]
    for (_, take), answer in zip(questions, answers, strict=True):
        take(answer)


def _take_figures(page: PostPage, id: str, *, is_reel: bool) -> Callable[[Answer], None]:
    def take(answer: Answer) -> None:
        if isinstance(answer, GraphRefused):
            if is_reel and not isinstance(answer, (*PASSING, NotFound)):
                page.change(reels_state="refused")
        elif not isinstance(answer, FacebookError):
            figures = read_post_figures(answer)
            if figures is not None:
                page.figures[id] = to_figures(figures)

    return take


def _take_paid(page: PostPage, id: str, age: int, *, is_first: bool) -> Callable[[Answer], None]:
    def take(answer: Answer) -> None:
        if isinstance(answer, (*PASSING, TransportFailed)):
            return  # asked again tomorrow
        paid = None if isinstance(answer, FacebookError) else read_paid(answer)
        if paid is not None:
            page.paid.append(PaidViews(id, age, *paid))
        elif is_first:
            page.paid.append(PaidViews(id, age, None, None))

    return take


def _take_existence(page: PostPage, id: str) -> Callable[[Answer], None]:
    def take(answer: Answer) -> None:
        if isinstance(answer, NotFound):
            page.refused_posts.append(id)
        elif not isinstance(answer, FacebookError):
            page.present_posts.append(id)

    return take
