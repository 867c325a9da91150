"""Which Pages a screen speaks of: the filter that every figure, chart and table on it shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, exists, or_

from storage.connection_states import CONNECTION_STATES, connection_rank
from storage.folding import fold
from storage.models import Page, Snapshot
from storage.text import storable

Metric = Literal["fans", "followers"]

# More than any name has; what an edited URL can ask of the database stays bounded.
LONGEST_SEARCH = 300


@dataclass(frozen=True)
class Filter:
    """Which Pages count. The empty filter is every Page.

    ``search``: words that all stand in the name, in any order, without regard to case, accents and
    surplus space; ``%`` and ``_`` mean themselves. ``attention``: only Pages whose connection is
    not "connected", or that have no figure on `until` or the day before.
    """

    search: str = ""
    attention: bool = False


EVERY_PAGE = Filter()


def conditions(filter: Filter, until: date) -> list[ColumnElement[bool]]:
    """The filter as conditions on Page; an empty list for every Page."""
    wanted = name_conditions(filter.search)
    if filter.attention:
        connected = CONNECTION_STATES.index("connected")
        wanted.append(or_(connection_rank() != connected, ~_has_recent_figure(until)))
    return wanted


def name_conditions(search: str) -> list[ColumnElement[bool]]:
    """``search`` of Filter as conditions on Page; an empty list when it has no word."""
    words = fold(storable(search)[:LONGEST_SEARCH]).split()
    return [Page.name_folded.contains(word, autoescape=True) for word in words]


def _has_recent_figure(until: date) -> ColumnElement[bool]:
    return exists().where(
        Snapshot.page_id == Page.id,
        Snapshot.day.in_([until, until - timedelta(days=1)]),
        or_(Snapshot.fans_count.is_not(None), Snapshot.followers_count.is_not(None)),
    )
