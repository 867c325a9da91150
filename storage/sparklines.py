"""A few figures of each of some Pages: what the small charts in the table are drawn of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import ceil

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.arrays import MISSING, Positions
from storage.columns import read, take
from storage.ends import A_DAY
from storage.engine import remembered
from storage.filtering import Metric
from storage.models import Page


def list_sparklines(
    session: Session,
    *,
    page_ids: Sequence[str],
    since: date,
    until: date,
    metric: Metric = "fans",
    points: int = 30,
) -> dict[str, list[int]]:
    """For each Page at most ``points`` figures, oldest first; days without one are left out.

    A longer period is cut into equal stretches that end at `until`, and each gives its last figure.
    A Page without any figure has an empty list.
    """
    stretch_days = max(1, ceil(((until - since).days + 1) / points))
    places = _places_of(session, page_ids)
    # The last day of each stretch, newest first; only where a Page lacks it, the days before.
    lasts = _days_back(until, since, stretch_days)
    columns = read(session, metric, lasts)
    found = [take(columns.get(day), places) for day in lasts]
    for figures, last in zip(found, lasts, strict=True):
        lacking = np.flatnonzero(figures == MISSING)
        first = max(since, last - (stretch_days - 1) * A_DAY)
        days = _days_back(last - A_DAY, first, 1) if len(lacking) else []
        for column in reversed(read(session, metric, days).values()):
            still = lacking[figures[lacking] == MISSING]
            figures[still] = take(column, places[still])
    return {
        page_id: [int(figures[row]) for figures in reversed(found) if figures[row] != MISSING]
        for row, page_id in enumerate(page_ids)
    }


def _days_back(last: date, first: date, step: int) -> list[date]:
    return [last - number * A_DAY for number in range(0, (last - first).days + 1, step)]


def _places_of(session: Session, page_ids: Sequence[str]) -> Positions:
    """Their places in the order given; beyond every column for a Page that has none."""
    places = dict(remembered(session, "places"))
    if any(page_id not in places for page_id in page_ids):
        statement = select(Page.id, Page.position).where(Page.id.in_(page_ids))
        places.update((id, position) for id, position in session.execute(statement))
    nowhere = np.iinfo(np.int64).max
    found = [places.get(page_id) for page_id in page_ids]
    return np.array([nowhere if each is None else each for each in found], dtype=np.int64)
