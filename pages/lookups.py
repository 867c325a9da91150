"""What Overview and Page ask the database, each question once per version of the data.

The version stands in every key, so an answer is never older than what is stored; and every cache is
bounded. Python's own cache, because Streamlit's hashes and pickles: 0.2 ms a hit, fifteen a rerun.
Answers are shared by every tab, so nobody may change one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal

import streamlit as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from fb.connections import Account, list_accounts
from pages import resources
from storage.driver_errors import translated_errors
from storage.engine import Database
from storage.errors import StorageError
from storage.filtering import EVERY_PAGE, Filter, Metric
from storage.health import (
    Freshness,
    NamedPages,
    count_cut_off,
    get_freshness,
    list_role_lost,
)
from storage.installation import get_data_version
from storage.jobs.runs import SNAPSHOTS, find_last_run
from storage.models import Page
from storage.overview import (
    Comparable,
    DailyTotal,
    Movers,
    Totals,
    get_comparable,
    get_newest_total,
    get_totals,
    list_daily_totals,
    list_movers,
)
from storage.page_table import (
    SortKey,
    TablePage,
    TableSummary,
    get_table_summary,
    list_sparklines,
    list_table,
)
from storage.series import DayFigure, PageProfile, find_page_profile, get_page_series

ROWS = 25
SPARKLINE_POINTS = 30
A_DAY = timedelta(days=1)
# Two of the questions take their time with thousands of Pages; the place of the answer is kept.
CHART_HEIGHT = 372
TABLE_HEIGHT = 600


class _Moment:
    """The session that the answers of one run share, from the first question on."""

    def __init__(self, held: ExitStack) -> None:
        self.version = ""  # not looked up yet
        self._held = held
        self._session: Session | None = None

    def close(self) -> None:
        self._held.close()

    def get_session(self) -> Session:
        if self._session is None:
            self._session = self._held.enter_context(_database().reading())
        return self._session


_moment: ContextVar[_Moment | None] = ContextVar("moment", default=None)


@contextmanager
def one_moment() -> Iterator[None]:
    """Let all answers of a run come from one moment of the database, its version first of all.

    So no figure on a screen is newer than another, and what several of them are made of is read
    once. It ends early when the run itself has changed the data, or when a question failed.
    """
    with ExitStack() as held:
        token = _moment.set(_Moment(held))
        try:
            yield
        finally:
            _moment.reset(token)


def end_moment() -> None:
    """Let what follows in this run see the database as it then is.

    For screens that wait for others within a run: a moment holds back what is erased meanwhile.
    """
    moment = _moment.get()
    if moment is not None:
        moment.close()
        _moment.set(None)


@contextmanager
def reading() -> Iterator[Session]:
    """A session on the database, for the answers here and for those of single screens."""
    moment = _moment.get()
    if moment is None:
        with _database().reading() as session:
            yield session
        return
    try:
        with translated_errors():
            yield moment.get_session()
    except StorageError:
        _moment.set(None)
        raise


def get_version() -> str:
    """Whose data it is, and how often it has changed: the first argument of all that follows."""
    moment = _moment.get()
    is_first = moment is not None and not moment.version
    with reading() if is_first else _database().reading() as session:
        version = f"{_database().shown_url} {get_data_version(session)}"
    if moment is None:
        return version
    if is_first:
        moment.version = version
    elif moment.version != version:
        _moment.set(None)
    return version


def _database() -> Database:
    installation = resources.get_startup().installation
    assert installation is not None  # the frame lets no screen run without one
    return installation.database


@dataclass(frozen=True, eq=False)
class TableView:
    """One page of the table, with the sparklines of its rows. Equal only to itself."""

    page: TablePage
    summary: TableSummary
    trends: dict[str, list[int]]
    total_trend: list[int]


@dataclass(frozen=True)
class LastRun:
    """How the newest refresh ended; see `storage.models.JobRun`."""

    status: str
    limited_until: datetime | None
    reason_code: int | None
    total: int
    done: int
    failed: int
    finished_at: datetime | None = None


@lru_cache(16)
def is_empty(version: str) -> bool:
    """Whether no account has brought a Page here yet."""
    with reading() as session:
        return session.execute(select(Page.id).limit(1)).first() is None


@lru_cache(64)
def find_totals(version: str, since: date, until: date, filter: Filter = EVERY_PAGE) -> Totals:
    """The totals of the filter's Pages for a period."""
    with reading() as session:
        return get_totals(session, since=since, until=until, filter=filter)


@lru_cache(64)
def find_comparable(
    version: str, since: date, until: date, metric: Metric, filter: Filter = EVERY_PAGE
) -> Comparable:
    """Both ends of a period by one metric, for one that `find_totals` is not asked for."""
    with reading() as session:
        return get_comparable(session, since=since, until=until, metric=metric, filter=filter)


@lru_cache(64)
def find_newest_total(
    version: str, until: date, metric: Metric, filter: Filter = EVERY_PAGE
) -> int | None:
    """The newest figures up to a day together."""
    with reading() as session:
        return get_newest_total(session, until=until, metric=metric, filter=filter)


@lru_cache(64)
def find_line(
    version: str, since: date, until: date, metric: Metric, filter: Filter = EVERY_PAGE
) -> list[DailyTotal]:
    """The growth line of the comparable Pages together; draws a skeleton until it is known."""
    # Here and not around the call: it costs a thread, and a cached answer never comes this far.
    with reading() as session, st.skeleton(height=CHART_HEIGHT):
        return list_daily_totals(session, since=since, until=until, metric=metric, filter=filter)


@lru_cache(64)
def find_movers(
    version: str,
    since: date,
    until: date,
    metric: Metric,
    by: Literal["number", "rate"],
    filter: Filter = EVERY_PAGE,
) -> Movers:
    """Who gained and who lost most."""
    with reading() as session:
        return list_movers(session, since=since, until=until, metric=metric, by=by, filter=filter)


@lru_cache(128)
def find_table(
    version: str,
    since: date,
    until: date,
    metric: Metric,
    sort: SortKey,
    descending: bool,
    number: int,
    filter: Filter = EVERY_PAGE,
) -> TableView:
    """The ``number``-th page of the table, counted from 1; the last one where there are fewer.

    Draws a skeleton until it is known.
    """
    with reading() as session, st.skeleton(height=TABLE_HEIGHT):

        def ask(offset: int) -> TablePage:
            return list_table(
                session,
                since=since,
                until=until,
                metric=metric,
                sort=sort,
                descending=descending,
                limit=ROWS,
                offset=offset,
                filter=filter,
            )

        page = ask((number - 1) * ROWS)
        if not page.rows and page.rows_count:
            page = ask((page.rows_count - 1) // ROWS * ROWS)
        summary = get_table_summary(session, since=since, until=until, metric=metric, filter=filter)
        # From the day before on: there the change of the period begins.
        trends = list_sparklines(
            session,
            page_ids=[row.page_id for row in page.rows],
            since=since - A_DAY,
            until=until,
            metric=metric,
        )
    line = find_line(version, since, until, metric, filter)
    return TableView(page, summary, trends, _thin(line))


def _thin(line: list[DailyTotal]) -> list[int]:
    """At most SPARKLINE_POINTS totals, the last one among them."""
    known = [day.total for day in line if day.total is not None]
    step = max(1, -(-len(known) // SPARKLINE_POINTS))
    return known[::-1][::step][::-1]


@lru_cache(256)
def find_profile(version: str, page_id: str) -> PageProfile | None:
    """What is known about one Page."""
    with reading() as session:
        return find_page_profile(session, page_id)


@lru_cache(128)
def find_series(version: str, page_id: str, since: date, until: date) -> list[DayFigure]:
    """One Page's snapshots of a period."""
    with reading() as session:
        return get_page_series(session, page_id, since=since, until=until)


@lru_cache(16)
def find_freshness(version: str, today: date) -> Freshness:
    """How fresh the figures are."""
    with reading() as session:
        return get_freshness(session, today)


@lru_cache(16)
def find_accounts(version: str, today: date) -> list[Account]:
    """Every account and how it stands, worst first. ``today``: some of them end soon."""
    installation = resources.get_startup().installation
    assert installation is not None
    with reading() as session:
        return list_accounts(session, installation.now())


@lru_cache(16)
def count_pages_cut_off(version: str, grant_id: int) -> int:
    """How many Pages wait for one account to be renewed."""
    with reading() as session:
        return count_cut_off(session, grant_id)


@lru_cache(16)
def find_role_lost(version: str) -> dict[int, NamedPages]:
    """Pages that nobody may read since somebody lost the role on them, by the account's grant."""
    with reading() as session:
        return list_role_lost(session)


@lru_cache(16)
def find_newest_run(version: str) -> LastRun | None:
    """The refresh that began last; None before the first."""
    with reading() as session:
        run = find_last_run(session, SNAPSHOTS)
        if run is None:
            return None
        return LastRun(
            run.status,
            run.limited_until,
            run.reason_code,
            run.pages_total,
            run.pages_done,
            run.pages_failed,
            run.finished_at,
        )
