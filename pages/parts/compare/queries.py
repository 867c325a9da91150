"""What Compare asks the database, each question once per version of the data: see `pages.lookups`.

Answers are shared by every tab, so nobody may change one.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from pages import resources
from pages.text.periods import Period
from storage.comparing import (
    ComparedPage,
    Figures,
    Matches,
    find_matches,
    get_compared_series,
    list_alike,
    list_compared_pages,
)
from storage.engine import Database
from storage.filtering import Metric

MOST_SEARCHES = 64


@lru_cache(64)
def find_pages(version: str, page_ids: tuple[str, ...]) -> list[ComparedPage]:
    """The Pages with these ids, in this order, without those that are not here."""
    with _database().reading() as session:
        return list_compared_pages(session, page_ids)


# Five Pages of a year are some 3,600 figures: a few of these are enough to turn switches.
@lru_cache(16)
def find_series(
    version: str, page_ids: tuple[str, ...], period: Period
) -> dict[str, dict[Metric, Figures]]:
    """Every figure that a comparison of these Pages in this period needs."""
    with _database().reading() as session:
        return get_compared_series(
            session,
            page_ids,
            since=period.since,
            until=period.until,
            previous_since=period.previous_since,
            previous_until=period.previous_until,
        )


@lru_cache(MOST_SEARCHES)
def find_choices(version: str, search: str, without: tuple[str, ...]) -> Matches:
    """The Pages that a search finds and that are not compared yet."""
    with _database().reading() as session:
        return find_matches(session, search, without=without)


@lru_cache(16)
def find_alike(version: str, page_id: str | None, until: date) -> list[ComparedPage]:
    """Pages to begin with: like this one in size, or the largest."""
    with _database().reading() as session:
        return list_alike(session, page_id, until=until)


def _database() -> Database:
    installation = resources.get_startup().installation
    assert installation is not None  # the frame lets no screen run without one
    return installation.database
