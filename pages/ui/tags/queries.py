"""What tagging asks of the database, once per version of the data; answers are shared, unchanged.

As in `pages.lookups`, the version stands in every key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy.orm import Session

from pages import resources
from storage.filtering import Filter
from storage.notes.tags import (
    MAX_LISTED,
    TagCount,
    count_pages,
    count_tags,
    list_tags,
    list_tags_of,
)

MOST_FOUND = 50


@dataclass(frozen=True)
class Tags:
    """The tags to choose from, by name. More than can be listed are searched instead."""

    listed: tuple[TagCount, ...]
    count: int

    @property
    def is_searched(self) -> bool:
        """Whether ``listed`` are only what a search found; empty without one."""
        return self.count > MAX_LISTED


@contextmanager
def _reading() -> Iterator[Session]:
    installation = resources.get_startup().installation
    assert installation is not None  # the frame lets no screen run without one
    with installation.database.reading() as session:
        yield session


@lru_cache(32)
def find_tags(version: str, search: str) -> Tags:
    """Every tag, or those that ``search`` finds where there are too many to list."""
    with _reading() as session:
        count = count_tags(session)
        if count <= MAX_LISTED:
            return Tags(tuple(list_tags(session)), count)
        if not search.strip():
            return Tags((), count)
        return Tags(tuple(list_tags(session, search=search, limit=MOST_FOUND)), count)


@lru_cache(256)
def find_tags_of(version: str, page_id: str) -> tuple[TagCount, ...]:
    """The tags of one Page, by name."""
    with _reading() as session:
        return tuple(list_tags_of(session, page_id))


@lru_cache(64)
def find_count(version: str, filter: Filter, until: date, tag_id: int | None) -> int:
    """How many Pages the filter leaves; with a tag, how many of them are in it."""
    with _reading() as session:
        return count_pages(session, filter=filter, until=until, tag_id=tag_id)
