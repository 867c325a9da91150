"""Filters: turns the filter of a screen into SQL conditions on Page.

Every figure, chart and table of a screen has the same filter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from sqlalchemy import ColumnElement, Select, exists, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.accounts.archive import archived_ids
from storage.accounts.connection_states import CONNECTION_STATES, ConnectionState, connection_rank
from storage.db.text import storable
from storage.models import Grant, Page, PageGrant, PageTag, Snapshot
from storage.models.folding import fold

Metric = Literal["fans", "followers"]
METRICS: tuple[Metric, ...] = get_args(Metric)

# Longer than any name. It bounds the search in an edited URL.
MAX_SEARCH = 300
# Values of one kind in a filter of a URL.
MAX_VALUES = 50
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Filter:
    """Which Pages count. The empty filter is every Page that is not archived.

    ``search``: words that must all occur in the name, in any order, ignoring case, accents and
    extra space; ``%`` and ``_`` are ordinary characters. ``attention``: only Pages whose connection
    is not "connected", or without a figure on `until` and the day before. ``account_ids``: held now
    or once by one of these Facebook accounts. ``categories``: as Facebook writes them. ``states``:
    of the connection. ``tag_ids``: has one of these tags. ``page_ids``: only these Pages; None for
    all. Within one of them a Page has to fit any value, and it has to fit each of them; an empty
    one fits every Page. Values that don't exist fit no Page. ``archived``: the archived Pages
    instead of the others; None for both.

    The values are sorted and without doubles, so that filters that mean the same are equal.
    """

    search: str = ""
    attention: bool = False
    account_ids: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    states: tuple[ConnectionState, ...] = ()
    tag_ids: tuple[int, ...] = ()
    archived: bool | None = False
    page_ids: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("account_ids", "categories", "states", "tag_ids", "page_ids"):
            values = getattr(self, name)
            if values is not None:
                object.__setattr__(self, name, tuple(sorted(set(values))))


EVERY_PAGE = Filter()


def filter_of_tag(tag_id: int) -> Filter:
    """Return the filter of the Pages that have a tag: those that Overview counts for it."""
    return Filter(tag_ids=(tag_id,))


def find_only_tag(filter: Filter) -> int | None:
    """Return the id of the tag of a filter by one tag; None for any other number of tags."""
    return filter.tag_ids[0] if len(filter.tag_ids) == 1 else None


def filter_conditions(filter: Filter, until: date) -> list[ColumnElement[bool]]:
    """Return the filter as conditions on Page.

    ``until``: with ``attention``, a Page needs a figure on this day or the day before.
    """
    conditions = name_conditions(filter.search)
    if filter.archived is not None:
        is_archived = Page.archived_at.is_not(None)
        conditions.append(is_archived if filter.archived else ~is_archived)
    if filter.account_ids:
        conditions.append(Page.id.in_(_held_by(filter.account_ids)))
    if filter.categories:
        conditions.append(Page.category.in_([storable(each) for each in filter.categories]))
    if filter.states:
        ranks = [CONNECTION_STATES.index(state) for state in filter.states]
        conditions.append(connection_rank().in_(ranks))
    if filter.tag_ids:
        tagged = select(PageTag.page_id).where(PageTag.tag_id.in_(filter.tag_ids))
        conditions.append(Page.id.in_(tagged))
    if filter.page_ids is not None:
        conditions.append(Page.id.in_([storable(page_id) for page_id in filter.page_ids]))
    if filter.attention:
        # Nobody has to do anything about an archived Page.
        conditions.append(false() if filter.archived else _needs_attention(until))
    return conditions


def is_of_filter(
    page_id: ColumnElement[str] | InstrumentedAttribute[str], filter: Filter, until: date
) -> ColumnElement[bool]:
    """Return the filter as a condition on another table's Page id; ``until`` as above."""
    if filter == EVERY_PAGE:  # fewer ids to look up
        return page_id.not_in(archived_ids())
    return page_id.in_(select(Page.id).where(*filter_conditions(filter, until)))


def name_conditions(
    search: str, folded: ColumnElement[str] | InstrumentedAttribute[str] = Page.name_folded
) -> list[ColumnElement[bool]]:
    """Return a search as conditions on a folded name or text; an empty list when it has no word."""
    words = fold(storable(search)[:MAX_SEARCH]).split()
    return [folded.contains(word, autoescape=True) for word in words]


def list_page_ids(session: Session, filter: Filter, until: date) -> list[str]:
    """Return the ids of the Pages of a filter, in no order. ``until`` as in `filter_conditions`."""
    return list(session.scalars(select(Page.id).where(*filter_conditions(filter, until))))


def _held_by(account_ids: Sequence[str]) -> Select[str]:
    held = select(PageGrant.page_id).join(Grant, Grant.id == PageGrant.grant_id)
    return held.where(Grant.account_id.in_([storable(each) for each in account_ids]))


def _needs_attention(until: date) -> ColumnElement[bool]:
    has_figure = exists().where(
        Snapshot.page_id == Page.id,
        Snapshot.day.in_((until, until - A_DAY)),
        or_(Snapshot.fans_count.is_not(None), Snapshot.followers_count.is_not(None)),
    )
    return or_(
        connection_rank() > CONNECTION_STATES.index("connected"), ~has_figure.correlate(Page)
    )
