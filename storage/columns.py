"""Keeps the figures of all Pages on one day together, as a column of numbers beside ``snapshots``.

An Overview of thousands of Pages over a month is hundreds of thousands of snapshots, but 30 of
these columns, and what is made of them takes microseconds. A column is an array of 64-bit numbers
in the order of ``pages.position``; a Page beyond its end, or whose number is MISSING, has no figure
of that day. Whoever changes snapshots calls `refresh` in the same transaction: it reads back what
is stored, so the two can't drift apart whatever the change was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import ColumnElement, bindparam, delete, func, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import SQLCoreOperations

from storage.ends import column_of, since_of
from storage.engine import remembered
from storage.filtering import METRICS, Metric
from storage.models import DayColumn, Page, Snapshot
from storage.upsert import table_of, upsert

Column: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Positions: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

# No figure is that low. Zero is a figure.
MISSING = np.iinfo(np.int64).min
_NUMBER = np.dtype("<i8")
# Databases limit the parameters of one statement (SQLite: 32,766).
IDS_AT_ONCE = 5_000
DAYS_AT_ONCE = 64
ROWS_AT_ONCE = 100_000

_ASSIGN = text(
    "UPDATE pages SET position = fresh.position FROM ("
    "SELECT id, (SELECT coalesce(max(position), -1) FROM pages)"
    " + row_number() OVER (ORDER BY id) AS position FROM pages WHERE position IS NULL"
    ") AS fresh WHERE fresh.id = pages.id"
)


def assign_positions(session: Session) -> None:
    """Give every Page that has none its place: whoever inserts Pages calls this."""
    session.execute(_ASSIGN)


def refresh(session: Session, page_ids: Collection[str], days: Collection[date]) -> Positions:
    """Bring the columns of ``days`` to what the snapshots of these Pages say now.

    Returns where the Pages stand.
    """
    assign_positions(session)
    positions = _positions_of(session, page_ids)
    ids = list(positions)
    _bring_up(session, positions, sorted(days), lambda days: _figures_of_pages(session, ids, days))
    return _array(positions.values())


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
    table = table_of(DayColumn)
    statement = select(table.c.day, table.c.content).where(table.c.kind == kind)
    statement = statement.where(is_one_of(table.c.day, wanted))
    return [(day, content) for day, content in session.execute(statement)]


def write_raw(session: Session, kind: str, contents: Mapping[date, bytes]) -> None:
    """Store columns in place of what was there."""
    rows = [{"kind": kind, "day": day, "content": content} for day, content in contents.items()]
    upsert(session, DayColumn, rows)


def take(column: Column | None, positions: Positions) -> Column:
    """The figures at ``positions``, MISSING where there is none."""
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


def rebuild(session: Session) -> list[date]:
    """Make all columns anew from the snapshots; return the days that have one."""
    assign_positions(session)
    session.execute(delete(DayColumn))
    session.execute(update(Page).values(fans_since=None, followers_since=None))
    days = list(session.scalars(select(Snapshot.day).distinct().order_by(Snapshot.day)))
    positions = dict(_rows(session, select(Page.id, Page.position)))
    _bring_up(session, positions, days, lambda days: _figures_on(session, days))
    return days


# For each day, the figures of Pages by id, in the order of METRICS.
_Figures: TypeAlias = Mapping[date, Mapping[str, tuple[int | None, ...]]]


def _bring_up(
    session: Session,
    positions: Mapping[str, int],
    days: Sequence[date],
    find: Callable[[Sequence[date]], _Figures],
) -> None:
    places = _array(positions.values())
    firsts: dict[Metric, dict[str, date]] = {metric: {} for metric in METRICS}
    at_once = max(1, min(DAYS_AT_ONCE, ROWS_AT_ONCE // max(1, len(positions))))
    for start in range(0, len(days), at_once):
        window = days[start : start + at_once]
        found = find(window)
        for number, metric in enumerate(METRICS):
            columns = read(session, metric, window)
            changed: dict[date, bytes] = {}
            for day in window:
                figures = {id: row[number] for id, row in found.get(day, {}).items()}
                known = {id: figure for id, figure in figures.items() if figure is not None}
                if day not in columns and not known:
                    continue
                values = _array([known.get(id, MISSING) for id in positions])
                column = with_values(columns.get(day), places, values)
                changed[day] = column.astype(_NUMBER).tobytes()
                for id in known.keys() - firsts[metric].keys():
                    firsts[metric][id] = day
            write_raw(session, metric, changed)
    for metric in METRICS:
        _note_firsts(session, metric, firsts[metric])


def _figures_of_pages(session: Session, page_ids: list[str], days: Sequence[date]) -> _Figures:
    found: dict[date, dict[str, tuple[int | None, ...]]] = {}
    for ids in _chunks(page_ids):
        for day, figures in _figures_on(session, days, Snapshot.page_id.in_(ids)).items():
            found.setdefault(day, {}).update(figures)
    return found


def _figures_on(session: Session, days: Sequence[date], *wanted: ColumnElement[bool]) -> _Figures:
    columns = (Snapshot.day, Snapshot.page_id, *(column_of(Snapshot, each) for each in METRICS))
    statement = select(*columns).where(is_one_of(Snapshot.day, days), *wanted)
    found: dict[date, dict[str, tuple[int | None, ...]]] = {}
    for row in _rows(session, statement):
        found.setdefault(row[0], {})[row[1]] = row[2:]
    return found


def is_one_of(column: SQLCoreOperations[date], days: Sequence[date]) -> ColumnElement[bool]:
    """Whether a column is one of ``days``, which are in order: a range where there is no gap."""
    if (days[-1] - days[0]).days + 1 == len(days):
        return column.between(days[0], days[-1])
    return column.in_(days)


def _note_firsts(session: Session, metric: Metric, firsts: Mapping[str, date]) -> None:
    """Keep since when a Page has figures: looking for it costs more the longer it has none."""
    since = since_of(metric)
    for ids in _chunks(list(firsts)):
        known = dict(_rows(session, select(Page.id, since).where(Page.id.in_(ids))))
        earlier = [
            {"of": id, "day": firsts[id]} for id in ids if (known[id] or date.max) > firsts[id]
        ]
        if earlier:
            table = table_of(Page)
            changed = update(table).where(table.c.id == bindparam("of"))
            session.connection().execute(changed.values({since.key: bindparam("day")}), earlier)


def forget_firsts(session: Session, page_ids: Collection[str]) -> None:
    """Look up anew since when these Pages have figures, after snapshots of theirs are gone."""
    for metric in METRICS:
        first = (
            select(func.min(Snapshot.day))
            .where(Snapshot.page_id == Page.id, column_of(Snapshot, metric).is_not(None))
            .correlate(Page)
            .scalar_subquery()
        )
        for ids in _chunks(list(page_ids)):
            changed = update(table_of(Page)).where(Page.id.in_(ids))
            session.execute(changed.values({since_of(metric).key: first}))


def _positions_of(session: Session, page_ids: Collection[str]) -> dict[str, int]:
    return {
        id: position
        for ids in _chunks(list(page_ids))
        for id, position in _rows(session, select(Page.id, Page.position).where(Page.id.in_(ids)))
    }


def _array(numbers: Collection[int]) -> Positions:
    return np.fromiter(numbers, np.int64, len(numbers))


def _rows(session: Session, statement: Any) -> list[Any]:
    return list(session.execute(statement))


def _chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[first : first + IDS_AT_ONCE] for first in range(0, len(ids), IDS_AT_ONCE))
