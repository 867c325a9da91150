"""Which Pages a filter leaves, as places in the columns of figures: filtering stays SQL's.

But for "needs attention", half of which is whether there are figures: columns say so at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Executable, Select, Text, cast, func, select
from sqlalchemy.orm import Session

from storage.accounts.connection_states import CONNECTION_STATES
from storage.among import among
from storage.arrays import MISSING, Mask, Positions
from storage.columns import read, take
from storage.ends import A_DAY
from storage.engine import remembered
from storage.filtering import METRICS, Filter, stored_conditions
from storage.models import Page


def find_positions(session: Session, filter: Filter, until: date) -> Positions:
    """The places of the filter's Pages, in the order of their names, then ids."""
    known = remembered(session, "positions")
    key = (filter, until if filter.attention else None)
    if key not in known and filter.attention:
        every = find_positions(session, replace(filter, attention=False), until)
        known[key] = every[_need_attention(session, every, until)]
    elif key not in known:
        known[key] = _read_places(session, _in_order(filter))
    found: Positions = known[key]
    return found


def select_positions() -> Select[int | None]:
    """Places of Pages: for a caller that orders them itself, with `positions_in`."""
    return select(Page.position)


def positions_in(
    session: Session, statement: Select[int | None], filter: Filter, until: date
) -> Positions:
    """The places that a statement of `select_positions` gives for the filter's Pages."""
    found = _places(session, statement.where(*stored_conditions(filter)))
    return found[_need_attention(session, found, until)] if filter.attention else found


def conditions(session: Session, filter: Filter, until: date) -> list[ColumnElement[bool]]:
    """The filter as conditions on Page, for other statements; an empty list for every Page."""
    if not filter.attention:
        return stored_conditions(filter)
    places = find_positions(session, filter, until)
    return [among(session, Page.position.expression, places.tolist())]


def rows_at(
    session: Session, columns: Sequence[ColumnElement[Any]], positions: Positions
) -> dict[int, Any]:
    """What ``columns`` of Page, and subqueries beside it, say of the Pages at these places."""
    places = among(session, Page.position.expression, positions.tolist())
    rows = session.execute(select(Page.position, *columns).where(places))
    return {row[0]: row for row in rows}


@lru_cache(64)
def _in_order(filter: Filter) -> Executable:
    """Asks for the filter's Pages in the order of their names. Put together once: that takes as
    long as the answer."""
    ordered = select_positions().order_by(Page.name_folded, Page.id)
    return _as_text(ordered.where(*stored_conditions(filter)))


def _places(session: Session, statement: Select[int | None]) -> Positions:
    return _read_places(session, _as_text(statement))


def _as_text(statement: Select[int | None]) -> Select[str]:
    """As one text: 10,000 rows of one number each take the driver three times as long."""
    places = cast(statement.subquery().c.position, Text)
    return select(func.aggregate_strings(places, ","))


def _read_places(session: Session, statement: Executable) -> Positions:
    text = session.execute(statement).scalar()
    return np.fromstring(text or "", dtype=np.int64, sep=",")


def _need_attention(session: Session, positions: Positions, until: date) -> Mask:
    """Which of these are not connected, or have no figure of ``until`` nor of the day before."""
    days = (until - A_DAY, until)
    columns = [column for kind in METRICS for column in read(session, kind, days).values()]
    are_silent: Mask = np.full(len(positions), True)
    for column in columns:
        are_silent &= take(column, positions) == MISSING
    connected = CONNECTION_STATES.index("connected")
    amiss = _places(session, select_positions().where(Page.connection > connected))
    return are_silent | np.isin(positions, amiss)
