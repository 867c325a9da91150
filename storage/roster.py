"""Which Pages a filter leaves, as places in the columns of figures: filtering stays SQL's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Select, Text, cast, func, select
from sqlalchemy.orm import Session

from storage.among import among
from storage.columns import Positions
from storage.engine import remembered
from storage.filtering import Filter, conditions
from storage.models import Page


def find_positions(session: Session, filter: Filter, until: date) -> Positions:
    """The places of the filter's Pages, in the order of their names, then ids."""
    known = remembered(session, "positions")
    key = (filter, until if filter.attention else None)
    if key not in known:
        by_name = (Page.name_folded, Page.id)
        statement = select_positions().order_by(*by_name)
        known[key] = positions_in(session, statement, filter, until)
    found: Positions = known[key]
    return found


def select_positions() -> Select[int | None]:
    """Places of Pages: for a caller that orders them itself, with `positions_in`."""
    return select(Page.position)


def positions_in(
    session: Session, statement: Select[int | None], filter: Filter, until: date
) -> Positions:
    """The places that a statement of `select_positions` gives for the filter's Pages."""
    ordered = statement.where(*conditions(filter, until)).subquery()
    # As one text: 10,000 rows of one number each take the driver three times as long.
    places = cast(ordered.c.position, Text)
    text = session.execute(select(func.aggregate_strings(places, ","))).scalar()
    return np.fromstring(text or "", dtype=np.int64, sep=",")


def rows_at(
    session: Session, columns: Sequence[ColumnElement[Any]], positions: Positions
) -> dict[int, Any]:
    """What ``columns`` of Page, and subqueries beside it, say of the Pages at these places."""
    places = among(session, Page.position.expression, positions.tolist())
    rows = session.execute(select(Page.position, *columns).where(places))
    return {row[0]: row for row in rows}
