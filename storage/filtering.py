"""Which Pages a screen speaks of: the filter that every figure, chart and table on it shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import ColumnElement, Select, select

from storage.accounts.connection_states import CONNECTION_STATES, ConnectionState
from storage.folding import fold
from storage.models import Grant, Page, PageGrant, PageTag
from storage.text import storable

Metric = Literal["fans", "followers"]
METRICS: tuple[Metric, ...] = get_args(Metric)

# More than any name has; what an edited URL can ask of the database stays bounded.
LONGEST_SEARCH = 300


@dataclass(frozen=True)
class Filter:
    """Which Pages count. The empty filter is every Page.

    ``search``: words that all stand in the name, in any order, without regard to case, accents and
    surplus space; ``%`` and ``_`` mean themselves. ``attention``: only Pages whose connection is
    not "connected", or that have no figure on `until` or the day before. ``account_id``: held now
    or once by this Facebook account. ``category``: as Facebook writes it. ``tag_id``: in this
    group. What names nothing that exists leaves no Page.
    """

    search: str = ""
    attention: bool = False
    account_id: str | None = None
    category: str | None = None
    state: ConnectionState | None = None
    tag_id: int | None = None


EVERY_PAGE = Filter()


def stored_conditions(filter: Filter) -> list[ColumnElement[bool]]:
    """The filter as conditions on Page, but for "attention", which `storage.roster` knows of."""
    wanted = name_conditions(filter.search)
    if filter.account_id is not None:
        wanted.append(Page.id.in_(_held_by(filter.account_id)))
    if filter.category is not None:
        wanted.append(Page.category == storable(filter.category))
    if filter.state is not None:
        wanted.append(Page.connection == CONNECTION_STATES.index(filter.state))
    if filter.tag_id is not None:
        tagged = select(PageTag.page_id).where(PageTag.tag_id == filter.tag_id)
        wanted.append(Page.id.in_(tagged))
    return wanted


def _held_by(account_id: str) -> Select[str]:
    held = select(PageGrant.page_id).join(Grant, Grant.id == PageGrant.grant_id)
    return held.where(Grant.account_id == storable(account_id))


def name_conditions(search: str) -> list[ColumnElement[bool]]:
    """``search`` of Filter as conditions on Page; an empty list when it has no word."""
    words = fold(storable(search)[:LONGEST_SEARCH]).split()
    return [Page.name_folded.contains(word, autoescape=True) for word in words]
