"""What the card of a Page's views and engagement asks the database; cached as in `pages.lookups`.

Figures arrive for minutes without a new version of the data, which would empty every cache of every
screen again and again. So ``stamp``, when the Page was last asked, stands in the keys as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from pages.insights.words import Answer
from pages.lookups import reading
from storage.insight_access import Access, find_insight_access
from storage.insights.metric_ledger import list_ledger
from storage.insights.values import (
    InsightDay,
    PageMetric,
    find_insight_state,
    get_insight_series,
    list_page_metrics,
)

UNFOLLOWS = "page_daily_unfollows_unique"


@dataclass(frozen=True)
class Standing:
    """Whether a Page's insights can be had, and how it answered last."""

    access: Access
    answer: Answer | None

    @property
    def stamp(self) -> datetime | None:
        """When the Page was last asked; None for never."""
        return None if self.answer is None else self.answer.asked_at


def find_standing(page_id: str) -> Standing:
    """How the Page stands at this moment: two look-ups by key, so never cached."""
    with reading() as session:
        state = find_insight_state(session, page_id)
        answer = None
        if state is not None:
            answer = Answer(state.state, state.code, state.trace_id, state.asked_at)
        return Standing(find_insight_access(session, page_id), answer)


@lru_cache(128)
def find_metrics(version: str, page_id: str, stamp: datetime | None) -> list[PageMetric]:
    """The metrics with history for a Page, in the order of the ledger."""
    with reading() as session:
        return list_page_metrics(session, page_id)


@lru_cache(128)
def find_values(
    version: str, page_id: str, stamp: datetime | None, metric: str, since: date, until: date
) -> list[InsightDay]:
    """One metric's figures of a period of Pacific days."""
    with reading() as session:
        return get_insight_series(session, page_id, metric, since=since, until=until)


@lru_cache(8)
def knows_unfollows(version: str) -> bool:
    """Whether Facebook gives the number of those who stopped following."""
    with reading() as session:
        return any(row.name == UNFOLLOWS and row.status == "live" for row in list_ledger(session))
