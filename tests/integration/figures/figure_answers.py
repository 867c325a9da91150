"""Single answers about the figures of many Pages, each asked on its own."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from sqlalchemy.orm import Session

from storage.figures.filters import EVERY_PAGE, Filter, Metric
from storage.figures.line import LinePoint, load_line
from storage.figures.period_ends import load_period_ends
from storage.figures.provenance import find_span
from storage.figures.table import TablePage, load_table
from storage.figures.totals import (
    Movers,
    Totals,
    list_movers,
    make_totals,
)


def ask_totals(
    session: Session, *, since: date, until: date, filter: Filter = EVERY_PAGE
) -> Totals:
    (ends,) = load_period_ends(session, filter, (since, until))
    return make_totals(ends, find_span(session))


def ask_movers(
    session: Session,
    *,
    since: date,
    until: date,
    metric: Metric,
    by: Literal["number", "rate"],
    count: int = 5,
    min_base: int = 500,
    filter: Filter = EVERY_PAGE,
) -> Movers:
    (ends,) = load_period_ends(session, filter, (since, until))
    return list_movers(ends, metric, by, count=count, min_base=min_base)


def ask_line(
    session: Session, *, since: date, until: date, metric: Metric, filter: Filter = EVERY_PAGE
) -> list[LinePoint]:
    (ends,) = load_period_ends(session, filter, (since, until))
    return load_line(session, ends, metric, filter)


def ask_table(
    session: Session,
    *,
    since: date,
    until: date,
    metric: Metric = "fans",
    filter: Filter = EVERY_PAGE,
    **order: Any,
) -> TablePage:
    (ends,) = load_period_ends(session, filter, (since, until))
    return load_table(session, ends, metric, filter, **order)
