"""Reads back what some Pages' snapshots say, day by day, for what is kept beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import numpy as np
from sqlalchemy import BigInteger, bindparam
from sqlalchemy.orm import Session

from storage.arrays import MISSING, Column, Positions
from storage.chosen import Chosen
from storage.filtering import Metric
from storage.models import Day, UtcDateTime

DAYS_AT_ONCE = 64

# Written out, with the choice of Pages in the place of its name: SQLAlchemy takes longer to make
# one of these than the database to answer it. Both databases begin with the chosen Pages. As texts:
# thousands of rows of a few numbers each take the driver several times as long.
_FIGURES = """
SELECT day, source, coalesce(snapshots.graph_version, '') AS graph_version,
max(fetched_at) AS fetched_at,
gathered(CAST(position AS TEXT), ',') AS positions,
gathered(CAST(coalesce(fans_count, :missing) AS TEXT), ',') AS fans,
gathered(CAST(coalesce(followers_count, :missing) AS TEXT), ',') AS followers,
max(CASE WHEN fans_count IS NOT NULL AND coalesce(fans_since, :never) > day
  OR followers_count IS NOT NULL AND coalesce(followers_since, :never) > day
  THEN 1 ELSE 0 END) AS is_first
FROM (chosen) AS wanted CROSS JOIN pages CROSS JOIN snapshots
WHERE pages.id = wanted.page_id AND snapshots.page_id = pages.id AND day BETWEEN :first AND :last
GROUP BY day, source, coalesce(snapshots.graph_version, '')
"""


class Kind(NamedTuple):
    """What snapshots of one day can have in common; no Graph version is ""."""

    day: date
    source: str
    graph_version: str


@dataclass(frozen=True)
class StoredFigures:
    """The snapshots of one kind that some Pages have, all in one order."""

    kind: Kind
    fetched_at: datetime  # of the newest
    positions: Positions
    figures: Mapping[Metric, Column]
    is_first: bool  # of a Page that is not known to have had figures by then


def list_stored_figures(
    session: Session, chosen: Chosen, first: date, last: date
) -> list[StoredFigures]:
    """What the snapshots of these Pages say from ``first`` to ``last``, both included.

    Every one of the Pages has its position.
    """
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    query = _FIGURES.replace("gathered", "group_concat" if is_sqlite else "string_agg")
    statement = chosen.bound(query, first=first, last=last, never=date.max)
    statement = statement.bindparams(bindparam("missing", MISSING, type_=BigInteger()))
    rows = session.connection().execute(statement.columns(day=Day(), fetched_at=UtcDateTime()))
    return [
        StoredFigures(
            Kind(row.day, row.source, row.graph_version),
            row.fetched_at,
            _numbers(row.positions),
            {"fans": _numbers(row.fans), "followers": _numbers(row.followers)},
            row.is_first > 0,
        )
        for row in rows
    ]


def iterate_windows(days: Collection[date]) -> Iterator[tuple[date, date]]:
    """Stretches that hold all of ``days``, each from its first to its last, none of them long."""
    first = last = None
    for day in sorted(days):
        if first is not None and last is not None and (day - first).days >= DAYS_AT_ONCE:
            yield first, last
            first = None
        first, last = first or day, day
    if first is not None and last is not None:
        yield first, last


def _numbers(text: str) -> Column:
    return np.fromstring(text, dtype=np.int64, sep=",")
