"""Reads the daily figures of many Pages for an export, a handful of Pages at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from storage.filtering import EVERY_PAGE, Filter, Metric
from storage.models import InsightValue, Page, Snapshot
from storage.roster import conditions
from storage.upsert import table_of

PAGES_AT_ONCE = 200
A_DAY = timedelta(days=1)
# https://developers.facebook.com/docs/graph-api/reference/insights
GAINED, LOST = "page_daily_follows_unique", "page_daily_unfollows_unique"


@dataclass(frozen=True)
class SeriesRow:
    """One Page, one day with a figure. ``net_new`` is the change of the chosen metric since the
    Page's last figure, which may be some days older; None for the first one there is.
    ``gained`` and ``lost`` are Facebook's own, of its day in Pacific time; never part of net."""

    page_id: str
    page_name: str
    day: date
    fans: int | None
    followers: int | None
    net_new: int | None
    source: str
    fetched_at: datetime
    graph_version: str | None
    gained: int | None = None
    lost: int | None = None


def count_series(
    session: Session,
    *,
    since: date,
    until: date,
    filter: Filter = EVERY_PAGE,
    page_ids: Sequence[str] | None = None,
) -> int:
    """How many rows `iterate_series` has, or a few more."""
    days = Snapshot.day.between(since, until)
    query = select(func.count()).select_from(Snapshot).where(days)
    if page_ids is not None or filter != EVERY_PAGE:
        pages = select(Page.id).where(*_wanted(session, filter, until, page_ids))
        query = query.where(Snapshot.page_id.in_(pages))
    return session.execute(query).scalar_one()


def iterate_series(
    session: Session,
    *,
    since: date,
    until: date,
    metric: Metric,
    filter: Filter = EVERY_PAGE,
    page_ids: Sequence[str] | None = None,
) -> Iterator[SeriesRow]:
    """Yield the figures of the filter's Pages, or of ``page_ids``: by name, then oldest first.

    Both ends included. Days without any figure have no row. The first change of a Page is against
    the day before ``since``, or the one before that.
    """
    wanted = _wanted(session, filter, until, page_ids)
    query = select(Page.id, Page.name).where(*wanted).order_by(Page.name_folded, Page.id)
    pages = [(row.id, row.name) for row in session.execute(query)]
    for first in range(0, len(pages), PAGES_AT_ONCE):
        some = pages[first : first + PAGES_AT_ONCE]
        ids = [page_id for page_id, _ in some]
        found = _find_days(session, ids, since - 2 * A_DAY, until)
        moved = {name: _find_insights(session, name, ids, since, until) for name in (GAINED, LOST)}
        for page_id, name in some:
            for row in _rows(page_id, name, found.get(page_id, ()), since, metric):
                at = (page_id, row.day)
                gained, lost = moved[GAINED].get(at), moved[LOST].get(at)
                yield row if gained is lost is None else replace(row, gained=gained, lost=lost)


_Day = tuple[date, int | None, int | None, str, datetime, str | None]


def _find_days(
    session: Session, page_ids: Sequence[str], since: date, until: date
) -> dict[str, list[_Day]]:
    table = table_of(Snapshot).c
    columns = (table.day, table.fans_count, table.followers_count)
    query = (
        select(table.page_id, *columns, table.source, table.fetched_at, table.graph_version)
        .where(table.page_id.in_(page_ids), table.day.between(since, until))
        .where(or_(table.fans_count.is_not(None), table.followers_count.is_not(None)))
        .order_by(table.page_id, table.day)
    )
    found: dict[str, list[_Day]] = {}
    for page_id, *day in session.execute(query):
        found.setdefault(page_id, []).append((day[0], day[1], day[2], day[3], day[4], day[5]))
    return found


def _find_insights(
    session: Session, name: str, page_ids: Sequence[str], since: date, until: date
) -> dict[tuple[str, date], int]:
    """What Facebook itself reported, by Page and its day in Pacific time."""
    table = table_of(InsightValue).c
    query = select(table.page_id, table.day, table.value).where(
        table.metric == name, table.page_id.in_(page_ids), table.day.between(since, until)
    )
    return {(row.page_id, row.day): row.value for row in session.execute(query)}


def _rows(
    page_id: str, name: str, days: Sequence[_Day], since: date, metric: Metric
) -> Iterator[SeriesRow]:
    last: int | None = None
    for day, fans, followers, source, fetched_at, graph_version in days:
        figure = fans if metric == "fans" else followers
        change = None if figure is None or last is None else figure - last
        last = last if figure is None else figure
        if day >= since:
            yield SeriesRow(
                page_id, name, day, fans, followers, change, source, fetched_at, graph_version
            )


def _wanted(
    session: Session, filter: Filter, until: date, page_ids: Sequence[str] | None
) -> list[ColumnElement[bool]]:
    wanted = conditions(session, filter, until)
    return wanted if page_ids is None else [*wanted, Page.id.in_(page_ids)]
