"""A Page's figures at both ends of a period: what net, growth, movers and totals are made of.

The start of a period is the value of the day before `since`, its end the value of `until`; each may
be one day older and no more, else the Page can't be compared. So the end is yesterday's as long as
today's snapshot has not been taken.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, case, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.filtering import Metric
from storage.models import Page, Snapshot

A_DAY = timedelta(days=1)


def column_of(snapshot: type[Snapshot], metric: Metric) -> InstrumentedAttribute[int | None]:
    """The column of Snapshot, or of an alias of it, that keeps a metric."""
    return snapshot.fans_count if metric == "fans" else snapshot.followers_count


def since_of(metric: Metric) -> InstrumentedAttribute[date | None]:
    """The column of Page that keeps the first day with a figure."""
    return Page.fans_since if metric == "fans" else Page.followers_since


def newest_before(metric: Metric, day: date) -> ColumnElement[int | None]:
    """The newest figure before ``day`` of the Page that the statement around is about.

    A Page that had none by then is not searched: that would read all of its history.
    """
    value = column_of(Snapshot, metric)
    newest = (
        select(value)
        .where(Snapshot.page_id == Page.id, Snapshot.day < day, value.is_not(None))
        .order_by(Snapshot.day.desc())
        .limit(1)
        .correlate(Page)
        .scalar_subquery()
    )
    return case((since_of(metric) < day, newest))
