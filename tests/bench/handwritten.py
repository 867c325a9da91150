"""Overview's figures by hand: SQL on ``snapshots`` and its indexes, sent through the driver itself.

Each Page is looked up once at the ends of both periods, into a temporary table that everything else
is read from; the line adds up whole days, and only Pages with holes are followed day by day. Our
columns of figures are not read. Unusual days are not asked for: no SQL of reasonable length judges
them, so the rival is spared that work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from tests.bench import statements as sql

A_DAY = timedelta(days=1)
ROWS = 25
POINTS = 30


class Cursor(Protocol):
    """What both drivers' cursors can do."""

    def execute(self, statement: Any, values: Any = ..., /) -> Any: ...

    def fetchall(self) -> list[Any]: ...


@dataclass(frozen=True)
class Asked:
    """What a visit of Overview asks for. ``tag_id`` None: every Page."""

    since: date
    until: date
    previous_since: date
    tag_id: int | None = None


@dataclass(frozen=True)
class Found:
    """The answers as rows: see `tests.bench.statements` for what each holds."""

    totals: tuple[Any, ...]
    medians: tuple[Any, ...]
    line: list[tuple[date, int | None, int | None]]
    up: list[tuple[Any, ...]]
    down: list[tuple[Any, ...]]
    rows: list[tuple[Any, ...]]
    sparklines: dict[str, list[int]]


class Rival:
    """One connection of a driver, prepared: its table is made once and filled for every visit."""

    def __init__(self, cursor: Cursor, *, is_sqlite: bool) -> None:
        self._cursor = cursor
        self._is_sqlite = is_sqlite
        for statement in sql.PREPARE_SQLITE if is_sqlite else sql.PREPARE_POSTGRESQL:
            cursor.execute(statement)

    def visit(self, asked: Asked) -> Found:
        """Ask for all of it, in one transaction."""
        self._cursor.execute("BEGIN")
        try:
            return self._visit(asked)
        finally:
            self._cursor.execute("ROLLBACK")

    def _visit(self, asked: Asked) -> Found:
        values = self._values(asked)
        self._run(sql.FILL_ALL if asked.tag_id is None else sql.FILL_TAG, values)
        self._look_at("ends")
        (totals,) = self._rows(sql.TOTALS, values)
        median = sql.MEDIANS_SQLITE if self._is_sqlite else sql.MEDIANS_POSTGRESQL
        (medians,) = self._rows(median, values)
        table = sql.TABLE_SQLITE if self._is_sqlite else sql.TABLE_POSTGRESQL
        rows = self._rows(table, values)
        return Found(
            totals=tuple(totals),
            medians=tuple(medians),
            line=self._line(asked, values),
            up=self._rows(sql.UP, values),
            down=self._rows(sql.DOWN, values),
            rows=rows,
            sparklines=self._sparklines(asked, [row[0] for row in rows]),
        )

    def _line(
        self, asked: Asked, values: Mapping[str, Any]
    ) -> list[tuple[date, int | None, int | None]]:
        statement = sql.SUMS_OF_ALL if asked.tag_id is None else sql.SUMS_OF_TAG
        sums = {_day(day): (count, total) for day, count, total in self._rows(statement, values)}
        held = {day for day, (count, _) in sums.items() if count and day >= asked.since - A_DAY}
        self._run(sql.FIND_HOLEY, {**values, "days_count": len(held)})
        self._look_at("holey")
        standing = self._standing(asked, values)
        ((last,),) = self._rows(sql.START, values)
        line: list[tuple[date, int | None, int | None]] = []
        for day in _days(asked.since - A_DAY, asked.until):
            if day not in held:
                line.append((day, None, None))
                continue
            total = int(sums[day][1]) + standing.get(day, 0)
            line.append((day, total, total - int(last) if day >= asked.since else None))
            last = total
        return line

    def _standing(self, asked: Asked, values: Mapping[str, Any]) -> dict[date, int]:
        """What Pages with holes count for on the days that they miss."""
        figures: dict[str, dict[date, int]] = {}
        for page_id, day, figure in self._rows(sql.FIGURES_OF_HOLEY, values):
            figures.setdefault(page_id, {})[_day(day)] = figure
        added: dict[date, int] = {}
        for known in figures.values():
            last = 0
            for day in _days(asked.since - 2 * A_DAY, asked.until):
                if day in known:
                    last = known[day]
                else:
                    added[day] = added.get(day, 0) + last
        return added

    def _sparklines(self, asked: Asked, page_ids: Sequence[str]) -> dict[str, list[int]]:
        """The last figure of each of at most POINTS stretches; the period and the day before."""
        since = asked.since - A_DAY
        stretch = max(1, -(-((asked.until - since).days + 1) // POINTS))
        names = {f"page{number}": page_id for number, page_id in enumerate(page_ids)}
        if not names:
            return {}
        text = sql.SPARKLINES_SQLITE if self._is_sqlite else sql.SPARKLINES_POSTGRESQL
        statement = text.format(pages=", ".join(f":{name}" for name in names))
        values = {**names, "from_day": since, "until": asked.until, "stretch_days": stretch}
        found: dict[str, list[int]] = {page_id: [] for page_id in page_ids}
        for page_id, figure, _ in self._rows(statement, values):
            found[page_id].append(figure)
        return found

    def _look_at(self, table: str) -> None:
        if not self._is_sqlite:
            self._cursor.execute(sql.LOOK_POSTGRESQL.format(table=table))

    def _values(self, asked: Asked) -> dict[str, Any]:
        return {
            "start_day": asked.since - A_DAY,
            "start_older": asked.since - 2 * A_DAY,
            "end_day": asked.until,
            "end_older": asked.until - A_DAY,
            "before_day": asked.previous_since - A_DAY,
            "before_older": asked.previous_since - 2 * A_DAY,
            "since": asked.since,
            "previous_since": asked.previous_since,
            "from_time": _midnight(asked.since),
            "to_time": _midnight(asked.until + A_DAY),
            "tag_id": asked.tag_id,
            "rows": ROWS,
        }

    def _rows(self, statement: str, values: Mapping[str, Any]) -> list[Any]:
        self._run(statement, values)
        return self._cursor.fetchall()

    def _run(self, statement: str, values: Mapping[str, Any]) -> None:
        if self._is_sqlite:
            texts = {name: _text(value) for name, value in values.items()}
            self._cursor.execute(statement, texts)
        else:
            self._cursor.execute(_for_psycopg(statement), values)


_psycopg: dict[str, str] = {}


def _for_psycopg(statement: str) -> str:
    if statement not in _psycopg:
        _psycopg[statement] = re.sub(r":([a-z_0-9]+)", r"%(\1)s", statement)
    return _psycopg[statement]


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.000000"
    return value.isoformat() if isinstance(value, date) else value


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _days(first: date, last: date) -> list[date]:
    return [first + number * A_DAY for number in range((last - first).days + 1)]
