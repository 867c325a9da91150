"""Marks unusual days when a snapshot is taken, so that no screen has to look for them.

A mark is about one Page on one day: see `storage.metrics.find_unusual`. Marks stand in columns like
the figures they follow from (one byte a Page), and change in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy.orm import Session

from storage.arrays import MISSING, Column, Positions
from storage.columns import read, read_raw, take, write_raw
from storage.ends import A_DAY
from storage.filtering import METRICS, Metric
from storage.metrics import FEWEST_CHANGES, TRAILING_DAYS, find_unusual

Marks: TypeAlias = np.ndarray[Any, np.dtype[np.int8]]

# A day is judged by the changes of so many days before it, and a change needs a figure before.
LOOK_BACK = (TRAILING_DAYS + 1) * A_DAY
DAYS_AT_ONCE = 64


def kind_of(metric: Metric) -> str:
    """The kind of column that holds a metric's marks."""
    return f"{metric}_marks"


def remark(session: Session, positions: Positions, days: Collection[date]) -> None:
    """Judge anew every day that a change of these Pages' figures on ``days`` can have touched."""
    if not len(positions):
        return
    for first, last in _windows(days):
        for metric in METRICS:
            columns = read(session, metric, _days(first - LOOK_BACK, last))
            if len(columns) <= FEWEST_CHANGES:
                continue  # nobody can be judged yet; a column, once there, stays
            judged = [day for day in columns if day >= first]
            marks = {day: _judge(columns, day, positions) for day in judged}
            _write(session, metric, positions, marks)


def read_marks(session: Session, metric: Metric, since: date, until: date) -> dict[date, Marks]:
    """The marks of the days from ``since`` to ``until`` that have some, by place."""
    found = read_raw(session, kind_of(metric), _days(since, until))
    return {day: np.frombuffer(content, np.int8) for day, content in found}


def take_marks(marks: Marks, positions: Positions) -> Marks:
    """The marks at ``positions``; 0, not judged, where there is none."""
    try:
        return marks.take(positions)
    except IndexError:  # some are beyond its end
        pass
    taken = np.zeros(len(positions), np.int8)
    is_there = positions < len(marks)
    taken[is_there] = marks[positions[is_there]]
    return taken


def _judge(columns: dict[date, Column], day: date, positions: Positions) -> Marks:
    days = _days(day - LOOK_BACK, day)
    figures = np.array([take(columns.get(each), positions) for each in days])
    known = np.where(figures == MISSING, np.nan, figures)
    # A change across a missing day is of several days, so it is none of one: NaN.
    changes = np.diff(known, axis=0)
    return find_unusual(changes.T, known[-1])


def _write(
    session: Session, metric: Metric, positions: Positions, judged: dict[date, Marks]
) -> None:
    kind = kind_of(metric)
    stored = dict(read_raw(session, kind, judged))
    contents = {}
    for day, marks in judged.items():
        if day not in stored and not marks.any():
            continue
        old = np.frombuffer(stored.get(day, b""), np.int8)
        changed = np.zeros(max(len(old), int(positions.max()) + 1), np.int8)
        changed[: len(old)] = old
        changed[positions] = marks
        contents[day] = changed.tobytes()
    write_raw(session, kind, contents)


def _windows(days: Collection[date]) -> Iterator[tuple[date, date]]:
    """Stretches of days to judge: each changed day and those that look back at it."""
    stretches: list[list[date]] = []
    for day in sorted(days):
        if stretches and day <= stretches[-1][1] + A_DAY:
            stretches[-1][1] = day + LOOK_BACK
        else:
            stretches.append([day, day + LOOK_BACK])
    for first, last in stretches:
        while first <= last:
            end = min(last, first + DAYS_AT_ONCE * A_DAY)
            yield first, end
            first = end + A_DAY


def _days(first: date, last: date) -> list[date]:
    return [first + number * A_DAY for number in range((last - first).days + 1)]
