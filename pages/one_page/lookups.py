"""What one Page's screen asks the database beyond `pages.lookups`, once per version of the data.

As there, the version stands in every key, and answers are shared: nobody may change one.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from pages.lookups import reading
from storage import metrics
from storage.accounts.pages import FactChange, list_fact_changes
from storage.filtering import Metric
from storage.goals import GoalRow
from storage.goals import find_goal as read_goal
from storage.metrics import Forecast, Milestone, Refusal
from storage.page_history import PageHistory, get_page_history, list_import_names
from storage.unusual import Mark, list_page_marks


@lru_cache(48)
def find_history(version: str, page_id: str) -> PageHistory:
    """Every figure of a Page."""
    with reading() as session:
        return get_page_history(session, page_id)


@lru_cache(96)
def find_outlook(version: str, page_id: str, metric: Metric, today: date) -> Forecast | Refusal:
    """Where a figure of the Page is going, as seen on ``today``."""
    return metrics.find_forecast(find_history(version, page_id).of(metric), today)


@lru_cache(96)
def find_milestones(version: str, page_id: str, metric: Metric) -> list[Milestone]:
    """The round figures that the Page was seen to reach, oldest first."""
    return metrics.list_milestones_reached(find_history(version, page_id).of(metric))


@lru_cache(96)
def find_marks(
    version: str, page_id: str, since: date, until: date, metric: Metric
) -> dict[date, Mark]:
    """The Page's unusual days."""
    with reading() as session:
        return list_page_marks(session, page_id, since=since, until=until, metric=metric)


@lru_cache(96)
def find_goal(version: str, page_id: str, metric: Metric) -> GoalRow | None:
    """What the Page should reach."""
    with reading() as session:
        return read_goal(session, page_id, metric)


@lru_cache(96)
def find_fact_changes(version: str, page_id: str) -> dict[str, FactChange]:
    """Which facts about the Page changed last when, and what they were."""
    with reading() as session:
        return list_fact_changes(session, page_id)


@lru_cache(4)
def find_imports(version: str) -> dict[str, tuple[str, date]]:
    """The files that figures were imported from."""
    with reading() as session:
        return list_import_names(session)
