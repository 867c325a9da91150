"""Post run: one run of the posts job: what it asks on its day, and what it has found out.

A listing has to reach the posts at the age of a checkpoint. Every day that is the one of 28 days;
once a week, and at first, the one of 90 days.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from fb.graph.batch import MAX_BATCH_ITEMS
from fb.graph.posts import MAX_LISTINGS, Listing
from fb.jobs.post_page import PostPage
from fb.jobs.run import Run
from storage.accounts.vault import Vault
from storage.metrics.posts import CHECKPOINTS

DAILY_SPAN = timedelta(days=28) + CHECKPOINTS[28]
WEEKLY_SPAN = timedelta(days=90) + CHECKPOINTS[90]
# In the sandbox's fast-forward, up to that of 7 days; older posts are asked for alone there.
BRIEF_SPAN = timedelta(days=7) + CHECKPOINTS[7]
BRIEF_LIMIT = 5
A_WEEK = timedelta(days=7)
MAX_OLDER = 4  # listings of older posts for one Page and run, so that two years take some nights


@dataclass(kw_only=True)
class PostsRun(Run):
    """A run of the posts job, begun on ``day`` (UTC), with its Pages.

    ``names`` are the live metrics. ``dropped`` are fields that Facebook does not know. ``examples``
    tells by metric of which Page and post it was answered last. ``witnesses`` are the Pages that
    are just asked for each metric alone. ``is_brief``: one of many days in a row, of which little
    is asked.
    """

    pages: list[PostPage]
    names: list[str]
    day: date
    dropped: set[str] = field(default_factory=set)
    examples: dict[str, tuple[PostPage, str]] = field(default_factory=dict)
    witnesses: set[str] = field(default_factory=set)
    ended_grants: set[int] = field(default_factory=set)
    checked_grants: set[int] = field(default_factory=set)
    was_probed: bool = False
    is_brief: bool = False

    @property
    def vault(self) -> Vault:
        """The vault that opens page access tokens."""
        return self.installation.vault

    def is_weekday(self, page: PostPage) -> bool:
        """Whether it is a Page's day of the week for what is asked once a week."""
        return not self.is_brief and int(page.page_id) % 7 == self.day.weekday()

    def first_moment(self, page: PostPage, now: datetime) -> datetime:
        """Return how far back the day's listing has to reach: without a gap since the last one."""
        until = page.state.covered_until
        if until is None:
            return now - WEEKLY_SPAN
        return min(now - self.find_span(page), until)

    def find_span(self, page: PostPage) -> timedelta:
        """Return how far back the day's listings of a Page that was read before have to reach."""
        if self.is_brief:
            return BRIEF_SPAN
        return WEEKLY_SPAN if self.is_weekday(page) else DAILY_SPAN

    def find_limit(self, limit: int) -> int:
        """Return how many posts to list at once where ``limit`` are possible."""
        return min(limit, BRIEF_LIMIT) if self.is_brief else limit

    @property
    def at_once(self) -> int:
        """How many Pages are read at once, and items asked for in a call."""
        return MAX_BATCH_ITEMS if self.is_brief else MAX_LISTINGS

    def wants_reels(self, page: PostPage, now: datetime) -> bool:
        """Whether Reels are to be listed: every day for a Page that has some, else once a week."""
        asked_at = page.state.reels_asked_at
        if asked_at is None or page.has_reels(now):
            return True
        return now - asked_at >= A_WEEK or self.is_weekday(page)

    def wants_older(self, page: PostPage) -> bool:
        """Whether older posts are to be listed, as far as the day's calls go.

        Not on a Page's first day: its insights of two years are fetched then, and people wait.
        """
        may = page.calls_left > 0 and page.older_calls < MAX_OLDER and not page.is_first_reading
        return page.state.older_cursor is not None and may and not self.is_brief

    def note_answered(self, page: PostPage, listing: Listing) -> None:
        """Remember an example of each metric that a listing answered."""
        for post in listing.posts:
            if post.figures is not None:
                self.examples.update(dict.fromkeys(listing.answered, (page, post.id)))
                return

    def is_full(self, percent: int) -> bool:
        """Whether any allowance that Facebook reports is used to ``percent`` or more."""
        usage = self.governor.usage.values()
        return any(reading.highest_percent >= percent for reading in usage)
