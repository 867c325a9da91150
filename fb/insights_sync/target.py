"""One Page while its insights are fetched: whose access to use, what was asked, what comes next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from fb.graph.errors import AccessEnded, FacebookError, PermissionMissing, RateLimited
from fb.graph.insights import MOST_DAYS, TOO_FEW_LIKES, InsightRequest, Values
from fb.insights_plan import A_DAY, REVISED_DAYS, Days, count_steps, grown, next_days
from fb.sync import NOT_ANSWERING
from storage.accounts.page_tokens import PageToken
from storage.accounts.vault import Vault
from storage.insights import Span

# A request that Facebook finds too big is halved; below this it is the Page's own trouble.
FEWEST_DAYS = 10


@dataclass
class Target:
    """A Page to ask. ``sources`` are the accesses still to try, best first.

    ``fresh`` are the metrics whose newest days were asked for in this run, ``skipped`` those that
    Facebook refuses for this Page alone, ``tried`` counts how often a refusal was taken apart.
    """

    page_id: str
    sources: list[PageToken]
    spans: dict[str, Days]
    fresh: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    most_days: int = MOST_DAYS
    tried: int = 0
    is_over: bool = False
    failure: FacebookError | None = None

    @property
    def source(self) -> PageToken:
        """The access in use; there is one as long as the Page is not over."""
        return self.sources[0]

    def next_request(
        self, names: Iterable[str], newest: date, vault: Vault
    ) -> InsightRequest | None:
        """What to ask next: of the metrics with the newest gap all that have the same one."""
        if self.is_over:
            return None
        gaps: dict[Days, list[str]] = {}
        for name in names:
            if name not in self.skipped:
                gap = self._gap(name, newest)
                if gap is not None:
                    gaps.setdefault(gap, []).append(name)
        if not gaps:
            return None
        days = max(gaps, key=lambda gap: (gap.until, gap.since))
        return self.request(gaps[days], days, vault)

    def _gap(self, name: str, newest: date) -> Days | None:
        is_fresh = name in self.fresh
        return next_days(self.spans.get(name), newest, is_fresh=is_fresh, most_days=self.most_days)

    def request(self, names: Collection[str], days: Days, vault: Vault) -> InsightRequest:
        """These metrics and days, with the access in use."""
        source = self.source
        token = vault.open_page_token(
            source.account_id, source.page_id, source.key_id, source.sealed_page_token
        )
        return InsightRequest(self.page_id, tuple(names), days.since, days.until, token)

    def alone(self, names: Collection[str], newest: date, vault: Vault) -> list[InsightRequest]:
        """One request per metric, for the newest days only."""
        days = Days(newest - (REVISED_DAYS - 1) * A_DAY, newest)
        return [self.request([name], days, vault) for name in names]

    def take(self, request: InsightRequest, values: Values, newest: date) -> bool:
        """Note what was answered; False when Facebook has nothing at all for this Page."""
        if not values and not self.spans:
            self.is_over = True
            return False
        asked = Days(request.since, request.until)
        for name in request.names:
            last_day = max(values.get(name, {}), default=None)
            self.spans[name] = grown(self.spans.get(name), asked, last_day, newest)
            if asked.until >= newest:
                self.fresh.add(name)
        return True

    def give_up(self, error: FacebookError) -> None:
        """Ask this Page nothing more in this run."""
        self.is_over, self.failure = True, error

    def try_next_source(self, error: FacebookError) -> bool:
        """After access was refused: go on with another account's; False when there is none."""
        self.sources.pop(0)
        if self.sources:
            return True
        self.give_up(error)
        return False

    def halve(self, error: FacebookError) -> None:
        """Ask for fewer days at a time from here on."""
        self.most_days //= 2
        if self.most_days < FEWEST_DAYS:
            self.give_up(error)


def make_targets(
    sources: Iterable[PageToken], spans: Mapping[str, Mapping[str, Span]]
) -> list[Target]:
    """Return one target per Page, in the order in which their best access comes."""
    by_page: dict[str, list[PageToken]] = {}
    for source in sources:
        by_page.setdefault(source.page_id, []).append(source)
    return [
        Target(
            page_id,
            found,
            {name: Days(span.since, span.until) for name, span in spans.get(page_id, {}).items()},
        )
        for page_id, found in by_page.items()
    ]


def count_all_steps(targets: Iterable[Target], names: Collection[str], newest: date) -> int:
    """How many requests are still to be made for all of them."""
    return sum(
        count_steps(target.spans, [n for n in names if n not in target.skipped], newest)
        for target in targets
        if not target.is_over
    )


def state_of(error: FacebookError) -> str:
    """The word that `storage.models.InsightState` keeps for a refusal."""
    if error.code == TOO_FEW_LIKES:
        return "too_few_likes"
    if isinstance(error, PermissionMissing):
        return "no_permission"
    if isinstance(error, AccessEnded):
        return "access_ended"
    if isinstance(error, RateLimited):
        return "limited"
    return "not_answering" if isinstance(error, NOT_ANSWERING) else "refused"
