"""Insight sums: adds up Facebook's daily views and engagement of each Page over 28 days.

A sum needs a figure for each of its 28 days: a missing day is never 0, and no sum is scaled up. The
days are the same for all Pages, so sums of Pages can be added up and compared. They end at midnight
Pacific time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, get_args

from sqlalchemy import Date, Executable, bindparam, func, select
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.models import InsightMetric, InsightSpan, InsightValue

SumKey = Literal["views", "engagement"]
SUM_KEYS: tuple[SumKey, ...] = get_args(SumKey)
# Of the ledger's metrics these two have days that may be added up, and stand for all content.
METRIC_NAMES: Mapping[SumKey, str] = {
    "views": "page_media_view",
    "engagement": "page_post_engagements",
}
SUM_DAYS = 28
# Facebook gives the newest days of some Pages later than those of others.
MAX_LATE_DAYS = 3
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class InsightSum:
    """One Page's sum of 28 days, and that of the 28 before; None if a day of those is missing."""

    now: int
    before: int | None

    @property
    def change(self) -> int | None:
        """Return the sum minus that of the 28 days before."""
        return None if self.before is None else self.now - self.before


@dataclass(frozen=True)
class InsightTotal:
    """Sums of many Pages added up. ``pages`` have a sum; ``start`` and ``end`` are of ``compared``.

    ``compared`` is the number of Pages that also have the sum of the 28 days before.
    """

    pages: int
    now: int
    compared: int
    start: int
    end: int

    @property
    def change(self) -> int | None:
        """Return the change of the Pages that have both sums; None without any."""
        return self.end - self.start if self.compared else None


@dataclass(frozen=True, eq=False)
class InsightSums:
    """The sums of every Page that has one, by its id, over the 28 days that end on ``until``."""

    until: date
    by_page: Mapping[SumKey, Mapping[str, InsightSum]]

    def figures(self, key: SumKey, page_id: str) -> tuple[int | None, int | None]:
        """Return one Page's sum and its change; None where a day of it is missing."""
        each = self.by_page[key].get(page_id)
        return (None, None) if each is None else (each.now, each.change)

    def totals(self, page_ids: Sequence[str]) -> dict[SumKey, InsightTotal]:
        """Return the sums of these Pages together, without a metric that none of them has."""
        totals: dict[SumKey, InsightTotal] = {}
        for key, of_page in self.by_page.items():
            sums = [of_page[page_id] for page_id in page_ids if page_id in of_page]
            both = [(each.before, each.now) for each in sums if each.before is not None]
            if sums:
                totals[key] = InsightTotal(
                    pages=len(sums),
                    now=sum(each.now for each in sums),
                    compared=len(both),
                    start=sum(before for before, _ in both),
                    end=sum(now for _, now in both),
                )
        return totals


def load_insight_sums(session: Session, until: date) -> InsightSums | None:
    """Return the sums over the 28 days up to ``until`` at most; None when no Page has one.

    They end on the newest day that at least half of the Pages have, without those whose newest
    figure is MAX_LATE_DAYS older than the newest of all.
    """
    requested = session.connection().execute(_select_requested(), {"until": until}).all()
    if not requested:
        return None
    names = {name for name, _, _ in requested}
    last_day = _find_last_day([(min(day, until), count) for _, day, count in requested])
    sums = _sum_days(session, names, last_day)
    if not sums:
        return None
    before = _sum_days(session, names, last_day - SUM_DAYS * A_DAY)
    by_metric: dict[str, dict[str, InsightSum]] = {name: {} for name in METRIC_NAMES.values()}
    for (page_id, name), value in sums.items():
        by_metric[name][page_id] = InsightSum(value, before.get((page_id, name)))
    return InsightSums(last_day, {key: by_metric[name] for key, name in METRIC_NAMES.items()})


def _find_last_day(newest_days: Iterable[tuple[date, int]]) -> date:
    """Return the day of `load_insight_sums` from each newest day and its number of Pages."""
    ordered = sorted(newest_days, reverse=True)
    current = [each for each in ordered if each[0] > ordered[0][0] - MAX_LATE_DAYS * A_DAY]
    needed = sum(count for _, count in current) / 2
    for day, count in current:
        needed -= count
        if needed <= 0:
            return day
    raise AssertionError("half of a number is never more than the number")


@lru_cache(1)
def _select_requested() -> Executable:
    """Select metric, newest day, and the number of Pages with this newest day.

    Only days that may be added up count.
    """
    metrics, spans = table_of(InsightMetric).c, table_of(InsightSpan).c
    return (
        select(metrics.name, spans.until, func.count())
        .join_from(table_of(InsightMetric), table_of(InsightSpan), spans.metric == metrics.name)
        .where(
            metrics.name.in_(METRIC_NAMES.values()),
            metrics.kind == "count",
            spans.since <= bindparam("until", type_=Date()),
        )
        .group_by(metrics.name, spans.until)
    )


def _sum_days(session: Session, names: Iterable[str], last_day: date) -> dict[tuple[str, str], int]:
    """Return the sums of the 28 days up to ``last_day``, by Page and name of the metric."""
    since = last_day - (SUM_DAYS - 1) * A_DAY
    values = {"names": [*names], "since": since, "until": last_day}
    rows = session.connection().execute(_select_sums(), values)
    return {(page_id, name): int(value) for page_id, name, value in rows}


@lru_cache(1)
def _select_sums() -> Executable:
    """Select Page, metric and sum where each of the days has a figure."""
    spans, values = table_of(InsightSpan).c, table_of(InsightValue).c
    since, until = (bindparam(name, type_=Date()) for name in ("since", "until"))
    # From the spans on: values have no index that begins with the day.
    return (
        select(spans.page_id, spans.metric, func.sum(values.value))
        .join_from(
            table_of(InsightSpan),
            table_of(InsightValue),
            (values.page_id == spans.page_id)
            & (values.metric == spans.metric)
            & values.day.between(since, until),
        )
        .where(
            spans.metric.in_(bindparam("names", expanding=True)),
            spans.since <= since,
            spans.until >= until,
        )
        .group_by(spans.page_id, spans.metric)
        .having(func.count() == SUM_DAYS)
    )
