"""Insight Page: plans the requests for one Page: its access and the next days of each metric.

Every metric of a Page has a span: the requested days, without gaps. A span grows at both ends by
requests of at most 90 days, the newest days first, so that screens soon have figures. It is stored
with the figures, so a run after a restart continues where the last one stopped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from fb.graph.errors import AccessEnded, FacebookError, PermissionMissing, RateLimited
from fb.graph.insights import MAX_DAYS, TOO_FEW_LIKES, InsightRequest, Values, fetch_insights
from fb.jobs.run import Run
from fb.jobs.runner import NOT_ANSWERING
from storage.accounts.page_tokens import PageToken
from storage.accounts.vault import Vault
from storage.insights.values import Span

# Meta keeps two years. Two days less, since Meta does not document the time zone.
# https://developers.facebook.com/docs/graph-api/reference/insights
KEPT_DAYS = 728
# Facebook still changes figures of the last days, so these are requested again.
REVISED_DAYS = 3
# A request that is too big for Facebook is halved. Below this length the Page is given up.
MIN_DAYS = 10
A_DAY = timedelta(days=1)


def find_next_days(
    span: Span | None, newest: date, *, is_fresh: bool, max_days: int = MAX_DAYS
) -> Span | None:
    """Return the days to request next, None when the span is complete.

    ``is_fresh``: the newest days were requested in this run. Requests overlap by a day, so that no
    gap arises if Facebook ends a window a day earlier.
    """
    oldest = newest - (KEPT_DAYS - 1) * A_DAY
    length = (max_days - 1) * A_DAY
    if not is_fresh:
        if span is None or span.until < oldest:
            return Span(newest - length, newest)
        since = min(span.until, newest) - (REVISED_DAYS - 1) * A_DAY
        return Span(since, min(since + length, newest))
    if span is not None and span.since > oldest:
        return Span(max(oldest, span.since - length), span.since)
    return None


def grow(span: Span | None, requested: Span, last_day: date | None, newest: date) -> Span:
    """Return the span after an answer for ``requested``; ``last_day`` is its last day with figures.

    Facebook may be days late: newest days without figures stay outside the span and are requested
    again.
    """
    if span is None or span.until < requested.since - A_DAY:
        return Span(requested.since, last_day or requested.since)
    if requested.until < newest and requested.until > span.until:
        return Span(span.since, requested.until)  # later days are still to be requested
    return Span(min(span.since, requested.since), max(span.until, last_day or span.until))


def count_steps(spans: Mapping[str, Span], names: Collection[str], newest: date) -> int:
    """Return the number of requests until the spans of one Page are complete."""
    steps = 0
    for span in {spans.get(name) for name in names}:
        is_fresh = False
        while (requested := find_next_days(span, newest, is_fresh=is_fresh)) is not None:
            is_fresh = is_fresh or requested.until >= newest
            span = grow(span, requested, requested.until, newest)
            steps += 1
    return steps


@dataclass
class InsightPage:
    """A Page whose insights are fetched. ``sources`` are its untried page grants, best first.

    ``fresh`` are the metrics whose newest days were requested in this run, ``skipped`` those that
    Facebook refuses for this Page only. ``tried`` counts refusals of which each metric was then
    requested alone. ``is_over``: nothing more is requested in this run.
    """

    page_id: str
    sources: list[PageToken]
    spans: dict[str, Span]
    fresh: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    max_days: int = MAX_DAYS
    tried: int = 0
    is_over: bool = False
    failure: FacebookError | None = None

    @property
    def source(self) -> PageToken:
        """The page grant in use, for a Page that is not over."""
        return self.sources[0]

    def next_request(
        self, names: Iterable[str], newest: date, vault: Vault
    ) -> InsightRequest | None:
        """Return the next request: all metrics that share the newest gap; None without a gap."""
        if self.is_over:
            return None
        gaps: dict[Span, list[str]] = {}
        for name in names:
            if name not in self.skipped:
                gap = self._gap(name, newest)
                if gap is not None:
                    gaps.setdefault(gap, []).append(name)
        if not gaps:
            return None
        days = max(gaps, key=lambda gap: (gap.until, gap.since))
        return self.request(gaps[days], days, vault)

    def _gap(self, name: str, newest: date) -> Span | None:
        is_fresh = name in self.fresh
        return find_next_days(
            self.spans.get(name), newest, is_fresh=is_fresh, max_days=self.max_days
        )

    def request(self, names: Collection[str], days: Span, vault: Vault) -> InsightRequest:
        """Return a request for these metrics and days, with the page grant in use."""
        source = self.source
        token = vault.open_page_token(
            source.account_id, source.page_id, source.key_id, source.sealed_page_token
        )
        return InsightRequest(self.page_id, tuple(names), days.since, days.until, token)

    def request_each(
        self, names: Collection[str], newest: date, vault: Vault
    ) -> list[InsightRequest]:
        """Return one request per metric, for the newest days only."""
        days = Span(newest - (REVISED_DAYS - 1) * A_DAY, newest)
        return [self.request([name], days, vault) for name in names]

    def take(self, request: InsightRequest, values: Values, newest: date) -> bool:
        """Grow the spans by an answer; return False when Facebook has no insights of this Page."""
        if not values and not self.spans:
            self.is_over = True
            return False
        requested = Span(request.since, request.until)
        for name in request.names:
            last_day = max(values.get(name, {}), default=None)
            self.spans[name] = grow(self.spans.get(name), requested, last_day, newest)
            if requested.until >= newest:
                self.fresh.add(name)
        return True

    def give_up(self, error: FacebookError) -> None:
        """Request nothing more for this Page in this run; ``error`` is the reason."""
        self.is_over, self.failure = True, error

    def try_next_source(self, error: FacebookError) -> bool:
        """Continue with the page grant of another account; False (and given up) without one."""
        self.sources.pop(0)
        if self.sources:
            return True
        self.give_up(error)
        return False

    def halve(self, error: FacebookError) -> None:
        """Halve the days per request; give up below MIN_DAYS."""
        self.max_days //= 2
        if self.max_days < MIN_DAYS:
            self.give_up(error)


def make_pages(
    sources: Iterable[PageToken], spans: Mapping[str, Mapping[str, Span]]
) -> list[InsightPage]:
    """Return one entry per Page, in the order of their first sources."""
    by_page: dict[str, list[PageToken]] = {}
    for source in sources:
        by_page.setdefault(source.page_id, []).append(source)
    return [
        InsightPage(page_id, own_sources, dict(spans.get(page_id, {})))
        for page_id, own_sources in by_page.items()
    ]


def count_all_steps(pages: Iterable[InsightPage], names: Collection[str], newest: date) -> int:
    """Return the number of requests that are left for all of these Pages."""
    return sum(
        count_steps(page.spans, [n for n in names if n not in page.skipped], newest)
        for page in pages
        if not page.is_over
    )


def find_state(error: FacebookError) -> str:
    """Return the state of `storage.models.InsightState` for a refusal."""
    if error.code == TOO_FEW_LIKES:
        return "too_few_likes"
    if isinstance(error, PermissionMissing):
        return "no_permission"
    if isinstance(error, AccessEnded):
        return "access_ended"
    if isinstance(error, RateLimited):
        return "limited"
    return "not_answering" if isinstance(error, NOT_ANSWERING) else "refused"


@dataclass(kw_only=True)
class InsightsRun(Run):
    """A run of the insights job, begun on ``day`` (UTC), with its Pages and metrics.

    ``names`` are the live metrics in the order of the ledger, ``newest`` is the newest Pacific day,
    ``answered`` are the metrics with an answer in this run. ``steps_left`` is the estimated number
    of requests by grant id; it changes when metrics change or Pages are given up.
    """

    pages: list[InsightPage]
    names: list[str]
    newest: date
    day: date
    steps_left: dict[int, int] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    checked_grants: set[int] = field(default_factory=set)
    was_probed: bool = False

    @property
    def vault(self) -> Vault:
        """The vault that opens page access tokens."""
        return self.installation.vault

    @property
    def pages_failed(self) -> int:
        """The number of Pages that have been given up."""
        return sum(page.failure is not None for page in self.pages)

    def ask(self, requests: Sequence[InsightRequest]) -> list[Values | FacebookError]:
        """Fetch, 50 requests a call. Raises `RunEnded` when the whole app is limited."""
        answers = fetch_insights(self.client, requests)
        for answer in answers:
            if isinstance(answer, RateLimited) and answer.scope == "app":
                self.end_by_limit(answer)
        return answers
