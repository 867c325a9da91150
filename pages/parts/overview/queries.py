"""What Overview alone asks the database, each question once per version: see `pages.lookups`.

Answers are shared by every tab, so nobody may change one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Literal

from pages.lookups import reading
from pages.parts.overview.tables import CONNECTIONS
from pages.ui.filter_text import Asked, Chosen
from storage.filter_choices import (
    Choices,
    find_account_name,
    find_tag,
    has_category,
    list_accounts,
    list_categories,
    list_tags,
)
from storage.filtering import EVERY_PAGE, Filter, Metric
from storage.health import count_connections
from storage.origins import Origin, find_origin, find_span
from storage.roster import find_positions
from storage.unusual import UnusualDay, list_unusual_days

Listed = Literal["account", "category", "tag"]
_LISTS = {"account": list_accounts, "category": list_categories, "tag": list_tags}


@lru_cache(16)
def find_days(version: str) -> tuple[date, date] | None:
    """The first and the last day with a snapshot of any Page; None before the first."""
    with reading() as session:
        return find_span(session)


@lru_cache(16)
def find_source(version: str, until: date) -> Origin | None:
    """Where the newest figures up to a day come from."""
    with reading() as session:
        return find_origin(session, until)


@lru_cache(64)
def find_chosen(version: str, asked: Asked) -> Chosen:
    """The filter that an address means. What it made up is left out."""
    with reading() as session:
        account = find_account_name(session, asked.account) if asked.account else None
        category = asked.category if asked.category else None
        if category is not None and not has_category(session, category):
            category = None
        tag = find_tag(session, asked.tag) if asked.tag else None
    states = {label: state for state, label in CONNECTIONS.items()}
    state = states.get(asked.state)
    found = {"account": account, "category": category, "state": state, "tag": tag}
    return Chosen(
        Filter(
            account_id=None if account is None else asked.account,
            category=category,
            state=state,
            tag_id=None if tag is None else tag[0],
        ),
        account,
        None if tag is None else tag[1],
        tuple(name for name, answer in found.items() if getattr(asked, name) and answer is None),
    )


@lru_cache(64)
def find_choices(version: str, name: Listed, search: str) -> Choices:
    """What can be chosen, where it is too much to list by a search."""
    with reading() as session:
        return _LISTS[name](session, search)


@lru_cache(16)
def find_states(version: str) -> dict[str, int]:
    """How many Pages are in each state, by the word for it."""
    with reading() as session:
        counts = count_connections(session)
    return {CONNECTIONS[state]: count for state, count in counts.items()}


@lru_cache(64)
def find_unusual(
    version: str, since: date, until: date, metric: Metric, filter: Filter = EVERY_PAGE
) -> list[UnusualDay]:
    """The days on which Pages rose or fell beyond their own noise, oldest first."""
    with reading() as session:
        return list_unusual_days(session, since=since, until=until, metric=metric, filter=filter)


@lru_cache(64)
def count_attention(version: str, until: date, filter: Filter = EVERY_PAGE) -> int:
    """How many Pages of the filter need attention."""
    with reading() as session:
        return len(find_positions(session, replace(filter, attention=True), until))
