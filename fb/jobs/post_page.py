"""Post page: one Page whose posts are read in a run: what is read of it, how far, and its state.

A listing is complete up to a time when its last post is older. One that ends before proves nothing
about posts that it lacks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from fb.graph.errors import AccessEnded, FacebookError, PermissionMissing
from fb.graph.post_fields import Figures, ListedPost
from fb.jobs.insight_page import find_state
from storage.accounts.page_tokens import PostToken
from storage.accounts.vault import Vault
from storage.posts.due import KnownPost
from storage.posts.rows import PostFigures, ReadPost
from storage.posts.states import PaidViews, PostStateRow

MAX_CALLS = 20  # for one Page and run
# Meta keeps figures for two years. https://developers.facebook.com/docs/graph-api/reference/insights
KEPT_SPAN = timedelta(days=730)
REELS_SPAN = timedelta(days=90)  # with a Reel in this time, Reels are listed every day
# Meta: "Facebook Page insights are only available for Pages with at least 100 likes"
MIN_FANS = 100
# Posts of a listing; Facebook asks some Pages to reduce the amount of data.
ROWS_LIMITS = (100, 25, 10, 5)


@dataclass
class PostPage:
    """One Page in a run. ``sources`` are its untried page grants, best first.

    ``grant_id`` is the account in whose turns it is read. It follows the page grant in use between
    turns only: during one the Page is its thread's.
    ``state`` is the stored one, with what this run has changed. ``known`` are its stored posts.
    ``posts`` are the listed ones, ``figures`` and ``paid`` of those that were asked alone, and
    ``refused_posts`` and ``present_posts`` those that no listing had: all that is to be stored.
    ``splits`` counts the refusals after which each metric was asked alone. ``is_read``: the day's
    part is done. ``is_first_reading``: no posts of it were read before. ``is_over``: nothing more
    is asked. ``figures_refusal``: why posts came without.
    """

    page_id: str
    sources: list[PostToken]
    state: PostStateRow
    grant_id: int
    known: dict[str, KnownPost] = field(default_factory=dict)
    fans_count: int | None = None
    posts: dict[str, ReadPost] = field(default_factory=dict)
    figures: dict[str, PostFigures] = field(default_factory=dict)
    paid: list[PaidViews] = field(default_factory=list)
    refused_posts: list[str] = field(default_factory=list)
    present_posts: list[str] = field(default_factory=list)
    posts_since: datetime | None = None
    reels_since: datetime | None = None
    calls: int = 0
    older_calls: int = 0
    is_first_reading: bool = False
    splits: int = 0
    missed_count: int = 0
    is_read: bool = False
    is_counted: bool = False
    is_over: bool = False
    failure: FacebookError | None = None
    figures_refusal: FacebookError | None = None

    @property
    def source(self) -> PostToken:
        """The page grant in use, for a Page that is not over."""
        return self.sources[0]

    @property
    def calls_left(self) -> int:
        """How many more calls may be spent on the Page in this run."""
        return MAX_CALLS - self.calls

    def open_token(self, vault: Vault) -> str:
        """Return the page access token in use."""
        source = self.source
        return vault.open_page_token(
            source.account_id, source.page_id, source.key_id, source.sealed_page_token
        )

    def names(self, live: Iterable[str]) -> list[str]:
        """Return the metrics to ask for; none where the account may not read figures."""
        if not self.source.may_read_figures:
            return []
        return [name for name in live if name not in self.state.left_out]

    def change(self, **changes: object) -> None:
        """Change the state that is to be stored."""
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]  # fields by name

    def take(self, posts: Iterable[ListedPost]) -> None:
        """Take listed posts. A Reel that has its figures from another listing keeps them."""
        for post in posts:
            figures = None if post.figures is None else to_figures(post.figures)
            earlier = self.posts.get(post.id)
            if figures is None and earlier is not None:
                figures = earlier.figures
            self.posts[post.id] = ReadPost(
                post.id,
                self.page_id,
                post.published_at,
                post.kind,
                post.message,
                post.permalink,
                figures,
            )

    def refuse(self, error: FacebookError) -> None:
        """Go on with the page grant of another account, or give the Page up."""
        if isinstance(error, AccessEnded | PermissionMissing) and len(self.sources) > 1:
            self.sources.pop(0)
            return
        self.is_over, self.failure = True, error

    def merged(self) -> list[KnownPost]:
        """Return the stored posts with what was listed now, and the new ones."""
        merged = dict(self.known)
        for post in self.posts.values():
            views = None if post.figures is None else post.figures.views
            known = merged.get(post.id)
            if known is None:
                merged[post.id] = KnownPost(
                    post.id, self.page_id, post.published_at, post.kind, views, None, None
                )
            else:
                views = known.views if post.figures is None else views
                merged[post.id] = replace(known, kind=post.kind, views=views, gone_at=None)
        return list(merged.values())

    def published_at(self, post_id: str) -> datetime:
        """Return when a listed or stored post was published."""
        return (self.posts.get(post_id) or self.known[post_id]).published_at

    def count_done(self) -> int:
        """Return 1 once for a Page whose day is read, else 0."""
        is_new = self.is_read and not self.is_counted
        self.is_counted = self.is_counted or is_new
        return int(is_new)

    def forget_stored(self) -> None:
        """Forget what is stored now; the listing of older posts goes on with nothing."""
        for stored in (self.known, self.posts, self.figures):
            stored.clear()
        for stored_list in (self.paid, self.refused_posts, self.present_posts):
            stored_list.clear()
        self.missed_count = 0

    def has_reels(self, now: datetime) -> bool:
        """Whether a Reel of the last 90 days is stored."""
        return any(
            post.kind == "reel" and post.published_at > now - REELS_SPAN
            for post in self.known.values()
        )


def to_figures(figures: Figures) -> PostFigures:
    """Return figures as they are stored."""
    return PostFigures(**figures)


def cover(
    state: PostStateRow, *, reached: datetime, cursor: str | None, now: datetime
) -> PostStateRow:
    """Return the state after a listing that has come to ``reached``; no ``cursor``: it has ended.

    A listing that does not reach the posts known before begins the coverage anew.
    """
    oldest = now - KEPT_SPAN
    if cursor is None:
        reached = min(reached, oldest)
    is_joined = state.covered_until is not None and reached <= state.covered_until
    since = min(state.covered_since or reached, reached) if is_joined else reached
    is_complete = (is_joined and state.is_complete) or reached <= oldest
    older = (is_joined and state.older_cursor) or cursor
    return replace(
        state,
        covered_since=since,
        covered_until=now,
        is_complete=is_complete,
        older_cursor=None if is_complete else older,
    )


def cover_older(
    state: PostStateRow, *, reached: datetime | None, cursor: str | None, now: datetime
) -> PostStateRow:
    """Return the state after a listing of the next older posts; arguments as of `cover`.

    ``reached`` is None for a listing without posts.
    """
    oldest = now - KEPT_SPAN
    since = min(each for each in (state.covered_since, reached, now) if each is not None)
    if cursor is None:
        since = min(since, oldest)
    is_complete = since <= oldest
    return replace(
        state,
        covered_since=since,
        is_complete=is_complete,
        older_cursor=None if is_complete else cursor,
    )


def find_answer_state(page: PostPage) -> str:
    """Return the state of a Page whose posts were listed, by the figures that came with them."""
    if not page.source.may_read_figures:
        return "no_permission"
    if not page.posts or any(post.figures for post in page.posts.values()):
        return "ok"
    if page.figures_refusal is not None:
        return find_state(page.figures_refusal)
    is_small = page.fans_count is not None and page.fans_count < MIN_FANS
    return "too_few_likes" if is_small else "empty"


def find_refusal_state(page: PostPage, error: FacebookError) -> str:
    """Return the state of a Page that was given up."""
    if isinstance(error, PermissionMissing) and not page.source.has_role:
        return "no_role_for_posts"
    return find_state(error)


def smaller(limit: int) -> int | None:
    """Return the next smaller number of posts a listing; None below the smallest."""
    return next((each for each in ROWS_LIMITS if each < limit), None)
