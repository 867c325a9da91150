"""Overview's queries all together, beside the same figures by SQL written by hand."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import psycopg
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session
from storage.figures.overview import (
    Comparable,
    DailyTotal,
    Movers,
    Totals,
    get_comparable,
    get_totals,
    list_daily_totals,
    list_movers,
)

from storage.db.engine import Database, open_database
from storage.figures.filters import Filter
from storage.figures.table import (
    TablePage,
    TableSummary,
    get_table_summary,
    list_sparklines,
    list_table,
)
from storage.figures.unusual import UnusualDay, list_wide_days
from storage.models import Tag
from tests.bench.generator import FEW_TAG, HALF_TAG
from tests.bench.handwritten import POINTS, Asked, Rival
from tests.bench.report import Line, at_most

A_DAY = timedelta(days=1)
RERUNS, FEWEST = 15, 2
PATIENCE_SECONDS = 15.0
TIMES_BY_HAND = 2
TIMES_LONGER_HISTORY = 1.2
PERIODS = {"28 days": 28, "90 days": 90, "12 months": 365}
FILTERS: Mapping[str, str | None] = {
    "no filter": None,
    "tag of 100 Pages": FEW_TAG,
    "half of all Pages": HALF_TAG,
}


@dataclass(frozen=True)
class Answers:
    """What a whole Overview is made of."""

    totals: Totals
    previous: Comparable
    line: list[DailyTotal]
    movers: Movers
    unusual: list[UnusualDay]
    table: TablePage
    summary: TableSummary
    sparklines: dict[str, list[int]]
    total_trend: list[DailyTotal]  # of the same line, thinned


def ask(database: Database, asked: Asked) -> Answers:
    """Ask everything that Overview asks when nothing is known yet, in one session."""
    filter = Filter(tag_id=asked.tag_id)
    with database.reading() as session:
        return _ask(session, asked, filter)


def _ask(session: Session, asked: Asked, filter: Filter) -> Answers:
    since, until = asked.since, asked.until
    table = list_table(session, since=since, until=until, sort="net", filter=filter)
    line = list_daily_totals(session, since=since, until=until, metric="fans", filter=filter)
    return Answers(
        totals=get_totals(session, since=since, until=until, filter=filter),
        previous=get_comparable(
            session,
            since=asked.previous_since,
            until=since - A_DAY,
            metric="fans",
            filter=filter,
        ),
        line=line,
        movers=list_movers(
            session, since=since, until=until, metric="fans", by="number", filter=filter
        ),
        unusual=list_wide_days(session, since=since, until=until, metric="fans", filter=filter),
        table=table,
        summary=get_table_summary(session, since=since, until=until, filter=filter),
        sparklines=list_sparklines(
            session, page_ids=[row.page_id for row in table.rows], since=since - A_DAY, until=until
        ),
        total_trend=line[::-1][:: max(1, -(-len(line) // POINTS))][::-1],
    )


def period_of(until: date, days: int, tag_id: int | None = None) -> Asked:
    """The ``days`` days that end with ``until``, compared with as many before them."""
    since = until - (days - 1) * A_DAY
    return Asked(since, until, since - days * A_DAY, tag_id)


def find_tag_ids(database: Database) -> dict[str | None, int | None]:
    """The ids of the tags that the generator makes, by name; None stands for every Page."""
    with database.reading() as session:
        found = session.execute(select(Tag.name, Tag.id)).all()
    return {None: None, **{row.name: row.id for row in found}}


@contextmanager
def opened_rival(url: str) -> Iterator[Rival]:
    """The driver's own connection to the same database."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(parsed.database), isolation_level=None)) as connection:
            yield Rival(connection.cursor(), is_sqlite=True)
        return
    address = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(address, autocommit=True)) as driver:
        yield Rival(driver.cursor(), is_sqlite=False)


def measure(long_url: str, short_url: str, until: date) -> list[Line]:
    """Measure on a long history, and beside it on a shorter one of the same Pages."""
    long, short = open_database(long_url), open_database(short_url)
    try:
        with opened_rival(long_url) as rival:
            return _lines(long, short, rival, until)
    finally:
        long.close()
        short.close()


def _lines(long: Database, short: Database, rival: Rival, until: date) -> list[Line]:
    tags, short_tags = find_tag_ids(long), find_tag_ids(short)
    by_hand: list[Line] = []
    by_history: list[Line] = []
    for filter_name, tag in FILTERS.items():
        for period_name, days in PERIODS.items():
            asked, less = (period_of(until, days, ids[tag]) for ids in (tags, short_tags))
            ours, theirs = in_turn(partial(ask, long, asked), partial(rival.visit, asked))
            both = in_turn(partial(ask, long, asked), partial(ask, short, less))
            what = f"{filter_name}, {period_name}"
            against = f"{what}: {_ms(ours)} against {_ms(theirs)}"
            by_hand.append(at_most(against, ours / theirs, TIMES_BY_HAND, "×"))
            growth = both[0] / both[1]
            by_history.append(at_most(f"  {what}, by a third", growth, TIMES_LONGER_HISTORY, "×"))
    return [*by_hand, Line("the whole history by the last third of it", ""), *by_history]


def in_turn(*works: Callable[[], object]) -> list[float]:
    """The median seconds of each, taken in turn: the machine has its moods.

    At most RERUNS turns; fewer, but at least FEWEST, where they take longer than PATIENCE_SECONDS.
    """
    times: list[list[float]] = [[] for _ in works]
    ends_at = time.perf_counter() + PATIENCE_SECONDS
    for turn in range(RERUNS + 1):
        for work, seconds in zip(works, times, strict=True):
            began_at = time.perf_counter()
            work()
            if turn:  # the first one pays for whatever is cold
                seconds.append(time.perf_counter() - began_at)
        if turn >= FEWEST and time.perf_counter() > ends_at:
            break
    return [statistics.median(each) for each in times]


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.1f} ms"
