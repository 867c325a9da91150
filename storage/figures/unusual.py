"""Unusual days: judges days whose snapshots changed, and counts the Pages that rose or fell.

A day is judged by the Page's changes before it: see `storage.metrics.unusual`. Unusual days are
stored as rows, since they are few. The number of judged Pages is computed by each query.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from statistics import median_high
from typing import Any, Literal

import numpy as np
from sqlalchemy import Date, Select, Text, bindparam, cast, delete, func, insert, select
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.figures.filters import (
    A_DAY,
    EVERY_PAGE,
    METRICS,
    Filter,
    Metric,
    filter_conditions,
    is_of_filter,
)
from storage.metrics.unusual import (
    FELL,
    MIN_CHANGES,
    ROSE,
    TRAILING_DAYS,
    find_unusual,
    is_of_most,
    is_platform_wide,
    is_wide,
)
from storage.models import Page, Snapshot
from storage.models import UnusualDay as UnusualRow

Direction = Literal["rose", "fell"]

# The changes of TRAILING_DAYS need one more figure before the first.
LOOK_BACK_DAYS = TRAILING_DAYS + 1
LOOK_BACK = LOOK_BACK_DAYS * A_DAY
PAGES_AT_ONCE = 500
DAYS_AT_ONCE = 366


@dataclass(frozen=True)
class UnusualDay:
    """A day on which Pages rose or fell beyond their usual noise.

    Counts are of Pages in the filter. ``judged_count``: those with enough known days before.
    """

    day: date
    judged_count: int
    rose_count: int
    fell_count: int

    @property
    def is_platform_wide(self) -> bool:
        """Return whether so many Pages fell that Facebook is the likely cause."""
        return is_platform_wide(self.judged_count, self.fell_count)


def judge(session: Session, page_ids: Collection[str], since: date, until: date) -> None:
    """Judge again every day that depends on changed figures of these Pages.

    ``since`` and ``until`` are the first and the last day whose figures changed, both included; a
    figure also counts in the judgement of the LOOK_BACK_DAYS days after it.
    """
    ids = sorted(page_ids)
    last = until + LOOK_BACK
    for start in range(0, len(ids), PAGES_AT_ONCE):
        some = ids[start : start + PAGES_AT_ONCE]
        table = table_of(UnusualRow)
        of_these = table.c.page_id.in_(some) & table.c.day.between(since, last)
        session.execute(delete(table).where(of_these))
        first = since
        while first <= last:
            end = min(last, first + (DAYS_AT_ONCE - 1) * A_DAY)
            rows = _judge(session, some, first, end)
            if rows:
                session.execute(insert(table), rows)
            first = end + A_DAY


def list_wide_days(
    session: Session, *, since: date, until: date, metric: Metric, filter: Filter = EVERY_PAGE
) -> list[UnusualDay]:
    """Return the days on which so many Pages of the filter rose or fell that a screen names them.

    From `since` to `until`, both included, oldest first; see `is_wide` of the metrics. A day is
    named only if at least half of the Pages with a figure on it can be judged: one Page's imported
    history says nothing of the others. ``until`` is also the day by which the filter judges
    attention.
    """
    moved = _count_moved(session, since, until, metric, filter)
    if not moved:
        return []
    # Counting the judged Pages reads thirty days of every Page. A sample of Pages rules out most
    # days: the more Pages are judged, the more must have moved.
    sample = 20 + 10 * median_high(sum(counts) for counts in moved.values())
    judged, _ = _count_judged(session, moved, metric, filter, until, sample)
    moved = {day: each for day, each in moved.items() if is_wide(max(1, judged[day]), *each)}
    judged, counted = _count_judged(session, moved, metric, filter, until)
    return [
        UnusualDay(day, judged[day], *counts)
        for day, counts in moved.items()
        if is_wide(judged[day], *counts) and is_of_most(judged[day], counted[day])
    ]


def list_page_unusual_days(
    session: Session, page_id: str, *, since: date, until: date, metric: Metric
) -> dict[date, Direction]:
    """Return one Page's unusual days from `since` to `until`, both included, oldest first."""
    statement = (
        select(UnusualRow.day, UnusualRow.direction)
        .where(
            UnusualRow.page_id == page_id,
            UnusualRow.metric == metric,
            UnusualRow.day.between(since, until),
        )
        .order_by(UnusualRow.day)
    )
    return {
        day: "rose" if direction == "rose" else "fell"
        for day, direction in session.execute(statement)
    }


def _judge(session: Session, page_ids: list[str], first: date, last: date) -> list[dict[str, Any]]:
    """Return the rows of the unusual days from ``first`` to ``last``, both included."""
    table, begin = table_of(Snapshot).c, first - LOOK_BACK
    # A day's Pages come as texts, since a row for each of them takes twice as long.
    counts = [func.coalesce(cast(table[f"{metric}_count"], Text), "nan") for metric in METRICS]
    texts = [func.aggregate_strings(column, ",") for column in (table.page_id, *counts)]
    query = (
        select(table.day, *texts)
        .where(table.page_id.in_(page_ids), table.day.between(begin, last))
        .group_by(table.day)
        .order_by(table.day)
    )
    days = session.connection().execute(query).all()
    if not days:
        return []
    numbers = {page_id: number for number, page_id in enumerate(page_ids)}
    days_count = (days[-1].day - begin).days + 1
    figures = np.full((len(METRICS), len(page_ids), days_count), np.nan)
    for day, ids_text, *counts_texts in days:
        of_pages = [numbers[page_id] for page_id in ids_text.split(",")]
        figures[:, of_pages, (day - begin).days] = [text.split(",") for text in counts_texts]
    # The change across a missing day is NaN, since it is not the change of one day.
    changes = np.diff(figures)
    rows: list[dict[str, Any]] = []
    for number, metric in enumerate(METRICS):
        for column in [(row.day - begin).days for row in days if row.day >= first]:
            before = changes[number, :, column - LOOK_BACK_DAYS : column]
            moved = find_unusual(before, figures[number, :, column])
            rows += [
                {
                    "metric": metric,
                    "day": begin + column * A_DAY,
                    "page_id": page_ids[index],
                    "direction": direction,
                }
                for mark, direction in ((ROSE, "rose"), (FELL, "fell"))
                for index in np.flatnonzero(moved == mark)
            ]
    return rows


def _count_moved(
    session: Session, since: date, until: date, metric: Metric, filter: Filter
) -> dict[date, tuple[int, int]]:
    """Return the number of Pages that rose and that fell, by day; days with none are absent."""
    statement = (
        select(UnusualRow.day, UnusualRow.direction, func.count())
        .where(UnusualRow.metric == metric, UnusualRow.day.between(since, until))
        .group_by(UnusualRow.day, UnusualRow.direction)
        .order_by(UnusualRow.day)
    )
    statement = statement.where(is_of_filter(UnusualRow.page_id, filter, until))
    moved: dict[date, tuple[int, int]] = {}
    for day, direction, count in session.connection().execute(statement).all():
        rose, fell = moved.get(day, (0, 0))
        moved[day] = (rose + count, fell) if direction == "rose" else (rose, fell + count)
    return moved


def _count_judged(
    session: Session,
    days: Collection[date],
    metric: Metric,
    filter: Filter,
    until: date,
    limit: int | None = None,
) -> tuple[Counter[date], Counter[date]]:
    """Return how many Pages of the filter can be judged, and how many have a figure, by day.

    Both at least for each of ``days``. With ``limit`` only so many Pages are counted, those that
    were connected first.
    """
    judged: Counter[date] = Counter()
    counted: Counter[date] = Counter()
    statement = _select_days(filter, until, metric, limit)
    for some in _stretches(days):
        first, last = some[0] - LOOK_BACK, some[-1]
        every_day = [f"{first + number * A_DAY}" for number in range((last - first).days + 1)]
        values = {"first": first, "last": last}
        # Most Pages have a figure on the same days.
        pages_counts = Counter(session.connection().scalars(statement, values).all())
        for days_of_page, count in pages_counts.items():
            with_figure = set((days_of_page or "").split(","))
            for day in some:
                counted[day] += count * (f"{day}" in with_figure)
            for number in _list_judged(with_figure, every_day):
                judged[first + number * A_DAY] += count
    return judged, counted


def _select_days(
    filter: Filter, until: date, metric: Metric, limit: int | None
) -> Select[str | None]:
    """Select for each Page the days with a figure from "first" to "last", as one text."""
    table = table_of(Snapshot).c
    pages = select(Page.id).where(*filter_conditions(filter, until))
    if limit is not None:
        pages = pages.order_by(Page.first_seen_at, Page.id).limit(limit)
    of_pages = pages.subquery()
    first, last = (bindparam(name, type_=Date()) for name in ("first", "last"))
    # A subquery for each Page, so that both databases read only the days of these Pages.
    days = (
        select(func.aggregate_strings(cast(table.day, Text), ","))
        .where(table.page_id == of_pages.c.id, table.day.between(first, last))
        .where(table[f"{metric}_count"].is_not(None))
        .correlate(of_pages)
        .scalar_subquery()
    )
    return select(days).select_from(of_pages)


def _list_judged(with_figure: Collection[str], every_day: Sequence[str]) -> list[int]:
    """Return the indexes of ``every_day`` on which a Page with these days of figures is judged.

    It can be judged when the day's change is known (it and the day before have a figure), and at
    least MIN_CHANGES of the TRAILING_DAYS changes before it.
    """
    has_figure = [day in with_figure for day in every_day]
    has_change = [False, *(a and b for a, b in pairwise(has_figure))]
    # By day: how many changes are known before it.
    changes_before = [0, *accumulate(has_change)]
    return [
        number
        for number in range(LOOK_BACK_DAYS, len(every_day))
        if has_change[number]
        and changes_before[number] - changes_before[number - TRAILING_DAYS] >= MIN_CHANGES
    ]


def _stretches(days: Collection[date]) -> Iterator[list[date]]:
    """Yield groups of days so close together that one query serves them all."""
    some: list[date] = []
    for day in sorted(days):
        if some and day - some[-1] > LOOK_BACK:
            yield some
            some = []
        some.append(day)
    if some:
        yield some
