"""Filters: turns the filter of a screen into SQL conditions on Page.

Every figure, chart and table of a screen has the same filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from sqlalchemy import ColumnElement, Select, exists, or_, select

from storage.accounts.connection_states import CONNECTION_STATES, ConnectionState, connection_rank
from storage.db.text import storable
from storage.models import Grant, Page, PageGrant, PageTag, Snapshot
from storage.models.folding import fold

Metric = Literal["fans", "followers"]
METRICS: tuple[Metric, ...] = get_args(Metric)

# Longer than any name. It bounds the search in an edited URL.
MAX_SEARCH = 300
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Filter:
    """Which Pages count. The empty filter is every Page.

    ``search``: words that must all occur in the name, in any order, ignoring case, accents and
    extra space; ``%`` and ``_`` are ordinary characters. ``attention``: only Pages whose connection
    is not "connected", or without a figure on `until` and the day before. ``account_id``: held now
    or once by this Facebook account. ``category``: as Facebook writes it. ``tag_id``: has this tag.
    An account, category or tag that does not exist leaves no Page.
    """

    search: str = ""
    attention: bool = False
    account_id: str | None = None
    category: str | None = None
    state: ConnectionState | None = None
    tag_id: int | None = None


EVERY_PAGE = Filter()


def filter_conditions(filter: Filter, until: date) -> list[ColumnElement[bool]]:
    """Return the filter as conditions on Page; an empty list for every Page.

    ``until``: with ``attention``, a Page needs a figure on this day or the day before.
    """
    conditions = name_conditions(filter.search)
    if filter.account_id is not None:
        conditions.append(Page.id.in_(_held_by(filter.account_id)))
    if filter.category is not None:
        conditions.append(Page.category == storable(filter.category))
    if filter.state is not None:
        conditions.append(connection_rank() == CONNECTION_STATES.index(filter.state))
    if filter.tag_id is not None:
        tagged = select(PageTag.page_id).where(PageTag.tag_id == filter.tag_id)
        conditions.append(Page.id.in_(tagged))
    if filter.attention:
        conditions.append(_needs_attention(until))
    return conditions


def name_conditions(search: str) -> list[ColumnElement[bool]]:
    """Return a search as conditions on Page; an empty list when it has no word."""
    words = fold(storable(search)[:MAX_SEARCH]).split()
    return [Page.name_folded.contains(word, autoescape=True) for word in words]


def _held_by(account_id: str) -> Select[str]:
    held = select(PageGrant.page_id).join(Grant, Grant.id == PageGrant.grant_id)
    return held.where(Grant.account_id == storable(account_id))


def _needs_attention(until: date) -> ColumnElement[bool]:
    has_figure = exists().where(
        Snapshot.page_id == Page.id,
        Snapshot.day.in_((until, until - A_DAY)),
        or_(Snapshot.fans_count.is_not(None), Snapshot.followers_count.is_not(None)),
    )
    return or_(
        connection_rank() > CONNECTION_STATES.index("connected"), ~has_figure.correlate(Page)
    )
