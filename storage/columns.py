"""Keeps the figures of all Pages on one day together, as a column of numbers beside ``snapshots``.

An Overview of thousands of Pages over a month is hundreds of thousands of snapshots, but 30 of
these columns, and what is made of them takes microseconds. A column is an array of 64-bit numbers
in the order of ``pages.position``; a Page beyond its end, or whose number is MISSING, has no figure
of that day. They change in the transaction in which snapshots do, to what is then stored: see
storage/snapshots.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import lru_cache

import numpy as np
from sqlalchemy import (
    Executable,
    bindparam,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from storage.arrays import MISSING, Column, Positions
from storage.chosen import Chosen
from storage.engine import AS_BYTES, remembered
from storage.filtering import METRICS, Metric
from storage.models import DayColumn, Page
from storage.stored_figures import StoredFigures, iterate_windows
from storage.upsert import table_of, upsert

_NUMBER = np.dtype("<i8")

_ASSIGN = text(
    "UPDATE pages SET position = fresh.position FROM ("
    "SELECT id, (SELECT coalesce(max(position), -1) FROM pages)"
    " + row_number() OVER (ORDER BY id) AS position FROM pages WHERE position IS NULL"
    ") AS fresh WHERE fresh.id = pages.id"
)


# Written out, as in storage/stored_figures.py.
_NOTE_FIRSTS = """
UPDATE pages SET
fans_since =
  CASE WHEN fans < coalesce(pages.fans_since, :never) THEN fans ELSE pages.fans_since END,
followers_since =
  CASE WHEN followers < coalesce(pages.followers_since, :never) THEN followers
  ELSE pages.followers_since END
FROM (
  SELECT snapshots.page_id,
  min(CASE WHEN fans_count IS NOT NULL THEN day END) AS fans,
  min(CASE WHEN followers_count IS NOT NULL THEN day END) AS followers
  FROM (chosen) AS wanted CROSS JOIN snapshots
  WHERE snapshots.page_id = wanted.page_id AND day BETWEEN :first AND :last
  GROUP BY snapshots.page_id
) AS found
WHERE found.page_id = pages.id AND (
  fans < coalesce(pages.fans_since, :never) OR followers < coalesce(pages.followers_since, :never))
"""
_FORGET_FIRSTS = """
UPDATE pages SET
fans_since = (
  SELECT min(day) FROM snapshots WHERE page_id = pages.id AND fans_count IS NOT NULL),
followers_since = (
  SELECT min(day) FROM snapshots WHERE page_id = pages.id AND followers_count IS NOT NULL)
WHERE id IN (chosen)
"""


def assign_positions(session: Session) -> None:
    """Give every Page that has none its place: whoever inserts Pages calls this."""
    session.execute(_ASSIGN)


def refresh(
    session: Session, chosen: Chosen, first: date, last: date, found: list[StoredFigures]
) -> Positions:
    """Bring the columns from ``first`` to ``last`` to what the snapshots of these Pages say now.

    For snapshots that were stored or changed, and have been read back: ``found``. Returns where
    Pages stand that have one.
    """
    _bring_up(session, found)
    if any(each.is_first for each in found):
        _note_firsts(session, chosen, first, last)
    return np.unique(np.concatenate([np.empty(0, np.int64), *(f.positions for f in found)]))


def forget(session: Session, chosen: Chosen, days: Collection[date]) -> Positions:
    """The same for snapshots that were deleted. Returns where all of these Pages stand."""
    found = chosen.bound("SELECT position FROM pages WHERE id IN (chosen)")
    positions = np.array(session.scalars(found).all(), dtype=np.int64)
    nothing = take(None, positions)
    for first, last in iterate_windows(days):
        for metric in METRICS:
            columns = read(session, metric, _days(first, last)).items()
            _write(session, metric, {d: with_values(c, positions, nothing) for d, c in columns})
    session.execute(chosen.bound(_FORGET_FIRSTS))
    return positions


def read(session: Session, kind: str, days: Iterable[date]) -> dict[date, Column]:
    """The columns of a metric on those of ``days`` that have one; not to be written to."""
    return {day: np.frombuffer(found, _NUMBER) for day, found in read_raw(session, kind, days)}


def read_raw(session: Session, kind: str, days: Iterable[date]) -> Iterable[tuple[date, bytes]]:
    """Columns as they are stored, oldest first."""
    asked = sorted(days)
    known = remembered(session, kind)
    wanted = [day for day in asked if day not in known]
    if wanted:
        known.update(dict.fromkeys(wanted))
        known.update(_read_days(session, kind, wanted))
    return [(day, known[day]) for day in asked if known[day] is not None]


def _read_days(session: Session, kind: str, wanted: list[date]) -> list[tuple[date, bytes]]:
    is_range = (wanted[-1] - wanted[0]).days + 1 == len(wanted)
    asked = {"first": wanted[0], "last": wanted[-1]} if is_range else {"days": wanted}
    found = session.connection().execute(_reading(is_range), {"kind": kind, **asked})
    return [(day, content) for day, content in found]


@lru_cache(2)
def _reading(is_range: bool) -> Executable:
    """Asks for the columns of some days. Put together once: that takes longer than the answer."""
    table = table_of(DayColumn)
    statement = select(table.c.day, table.c.content).where(table.c.kind == bindparam("kind"))
    if is_range:
        days = table.c.day.between(bindparam("first"), bindparam("last"))
    else:
        days = table.c.day.in_(bindparam("days", expanding=True))
    return statement.where(days).execution_options(**AS_BYTES)


def write_raw(session: Session, kind: str, contents: Mapping[date, bytes]) -> None:
    """Store columns in place of what was there."""
    rows = [{"kind": kind, "day": day, "content": content} for day, content in contents.items()]
    upsert(session, DayColumn, rows)


def take(column: Column | None, positions: Positions) -> Column:
    """The figures at ``positions``, MISSING where there is none."""
    if column is not None:
        try:
            return column.take(positions)  # as with nearly every day
        except IndexError:  # some are beyond its end
            pass
    figures = np.full(len(positions), MISSING, np.int64)
    if column is not None:
        is_there = positions < len(column)
        figures[is_there] = column[positions[is_there]]
    return figures


def with_values(column: Column | None, positions: Positions, values: Column) -> Column:
    """A column with new values at ``positions``, as long as it has to be."""
    old = np.empty(0, np.int64) if column is None else column
    length = max(len(old), int(positions.max(initial=-1)) + 1)
    changed = np.full(length, MISSING, np.int64)
    changed[: len(old)] = old
    changed[positions] = values
    return changed


def clear(session: Session) -> None:
    """Forget all columns, and since when Pages have figures."""
    session.execute(delete(DayColumn))
    session.execute(update(Page).values(fans_since=None, followers_since=None))


def _bring_up(session: Session, found: list[StoredFigures]) -> None:
    by_day: dict[date, list[StoredFigures]] = {}
    for each in found:
        by_day.setdefault(each.kind.day, []).append(each)
    for metric in METRICS:
        columns = read(session, metric, by_day)
        changed = {}
        for day, some in by_day.items():
            positions = np.concatenate([each.positions for each in some])
            figures = np.concatenate([each.figures[metric] for each in some])
            if day in columns or (figures != MISSING).any():
                changed[day] = with_values(columns.get(day), positions, figures)
        _write(session, metric, changed)


def _note_firsts(session: Session, chosen: Chosen, first: date, last: date) -> None:
    """Keep since when a Page has figures: looking for it costs more the longer it has none."""
    session.execute(chosen.bound(_NOTE_FIRSTS, first=first, last=last, never=date.max))


def _write(session: Session, metric: Metric, columns: Mapping[date, Column]) -> None:
    contents = {day: column.astype(_NUMBER).tobytes() for day, column in columns.items()}
    write_raw(session, metric, contents)


def _days(first: date, last: date) -> list[date]:
    return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
