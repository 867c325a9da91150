"""What stands in the rows of the table of Pages: a handful of them, by their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import Date, Executable, bindparam, func, select
from sqlalchemy.orm import Session

from storage.accounts.connection_states import CONNECTION_STATES, ConnectionState
from storage.arrays import MISSING
from storage.engine import remembered
from storage.filtering import METRICS, Metric
from storage.metrics import growth_percent
from storage.models import Page, Picture, Snapshot
from storage.period_ends import PeriodEnds, find_ends_at, find_newest_at


@dataclass(frozen=True)
class TableRow:
    """One Page of the table.

    ``fans`` and ``followers`` are the newest figures up to `until`, however old: ``updated_at``
    and ``figure_day`` tell. ``start``, ``end`` and ``net`` are of the chosen metric, and None
    together when the Page is not comparable. ``growth_percent`` is net by start, None also below a
    start of SMALLEST_BASE.
    """

    page_id: str
    name: str
    category: str | None
    fans: int | None
    followers: int | None
    start: int | None
    end: int | None
    net: int | None
    growth_percent: float | None
    connection: ConnectionState
    figure_day: date | None  # day of the newest snapshot up to `until`; None: none yet
    updated_at: datetime | None  # when that snapshot was fetched
    picture_etag: str | None  # None: no picture is stored


def find_rows(
    session: Session, places: Sequence[int], since: date, until: date, metric: Metric
) -> dict[int, TableRow]:
    """What stands in the rows of a handful of Pages, by their places."""
    at = np.array(places, dtype=np.int64)
    ends: dict[Metric, PeriodEnds] = {
        each: find_ends_at(session, at, since, until, each) for each in METRICS
    }
    newest = {each: find_newest_at(session, at, until, each) for each in METRICS}
    values = {"places": list(places), "until": until}
    told = {row.position: row for row in session.execute(_describing(), values)}
    remembered(session, "places").update((row.id, place) for place, row in told.items())
    return {
        place: _row(
            told[place],
            fans=_known(newest["fans"][number]),
            followers=_known(newest["followers"][number]),
            start=_known(ends[metric].start[number]),
            end=_known(ends[metric].end[number]),
        )
        for number, place in enumerate(places)
    }


@lru_cache(1)
def _describing() -> Executable:
    """What the database says of the Pages at ``places``. Put together once: that takes longer
    than the answer."""
    newest_day = (
        select(func.max(Snapshot.day))
        .where(Snapshot.page_id == Page.id, Snapshot.day <= bindparam("until", type_=Date))
        .correlate(Page)
        .scalar_subquery()
    )
    return (
        select(
            Page.position,
            Page.id,
            Page.name,
            Page.category,
            Page.connection,
            Snapshot.day.label("figure_day"),
            Snapshot.fetched_at,
            Picture.etag,
        )
        .where(Page.position.in_(bindparam("places", expanding=True)))
        .outerjoin(Snapshot, (Snapshot.page_id == Page.id) & (Snapshot.day == newest_day))
        .outerjoin(Picture, Picture.page_id == Page.id)
    )


def _known(figure: Any) -> int | None:
    return None if figure == MISSING else int(figure)


def _row(
    told: Any, *, fans: int | None, followers: int | None, start: int | None, end: int | None
) -> TableRow:
    if start is None or end is None:
        start = end = None
    return TableRow(
        page_id=told.id,
        name=told.name,
        category=told.category,
        fans=fans,
        followers=followers,
        start=start,
        end=end,
        net=None if start is None or end is None else end - start,
        growth_percent=growth_percent(start, end),
        connection=CONNECTION_STATES[told.connection],
        figure_day=told.figure_day,
        updated_at=told.fetched_at,
        picture_etag=told.etag,
    )
