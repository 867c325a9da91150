"""Views and engagement over 28 days: which Pages have a sum, over which days, and their totals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.insights.sums import InsightSum, InsightSums, InsightTotal, load_insight_sums
from storage.insights.values import Span, ValueRow, upsert_spans, upsert_values
from storage.models import InsightMetric, InsightSpan, InsightValue
from tests.integration.storage_rows import NOW, add_pages
from tests.present import TODAY

pytestmark = pytest.mark.both_databases

VIEWS, ENGAGEMENT = "page_media_view", "page_post_engagements"
NEWEST = TODAY - timedelta(days=2)


def ago(number: int) -> date:
    """The day so many days before the newest one."""
    return NEWEST - timedelta(days=number)


def give(
    session: Session,
    page_id: str,
    metric: str = VIEWS,
    *,
    numbers: Iterable[int] = range(56),
    value: int = 10,
    until: date = NEWEST,
) -> None:
    """A figure on each of the days with these numbers, of the last 90 days asked for."""
    rows = [ValueRow(page_id, metric, ago(number), value, NOW, "v26.0") for number in numbers]
    upsert_values(session, rows)
    upsert_spans(session, [(page_id, metric, Span(ago(89), until))])


def get_sums(session: Session, until: date = TODAY) -> InsightSums:
    sums = load_insight_sums(session, until)
    assert sums is not None
    return sums


def test_a_sum_needs_a_figure_of_each_of_its_days(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["full", "gap", "old-gap", "zero", "short", "none"])
        give(session, "full")
        give(session, "gap", numbers=[each for each in range(56) if each != 27])
        give(session, "old-gap", numbers=[each for each in range(56) if each != 28])
        give(session, "zero", value=0)
        give(session, "short", numbers=range(20))
        sums = get_sums(session)
    assert sums.until == NEWEST
    assert sums.by_page["views"] == {
        "full": InsightSum(280, 280),
        "old-gap": InsightSum(280, None),
        "zero": InsightSum(0, 0),
    }
    assert sums.figures("views", "gap") == (None, None)
    assert sums.figures("views", "old-gap") == (280, None)
    assert sums.by_page["engagement"] == {}
    assert sums.totals(["full", "gap", "old-gap", "none"]) == {
        "views": InsightTotal(pages=2, now=560, compared=1, start=280, end=280)
    }
    assert sums.totals(["gap", "none"]) == {}


def test_the_days_end_with_the_period_and_its_sums_differ(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["a"])
        give(session, "a", ENGAGEMENT, numbers=range(28), value=7)
        give(session, "a", ENGAGEMENT, numbers=range(28, 60), value=5)
        now, earlier = get_sums(session), get_sums(session, ago(4))
        assert load_insight_sums(session, ago(33)) is None  # only 27 days have a figure
    assert now.figures("engagement", "a") == (28 * 7, 28 * 2)
    assert earlier.until == ago(4)
    assert earlier.figures("engagement", "a") == (24 * 7 + 4 * 5, 24 * 2)


@pytest.mark.parametrize(
    ("days_late", "last_day"),
    [
        ([0, 0, 1], NEWEST),
        ([0, 1], NEWEST),
        ([0, 1, 1], ago(1)),
        ([0, 2, 2], ago(2)),
        ([0, 3, 3, 3, 40], NEWEST),  # access has ended: nobody waits for these
    ],
)
def test_a_few_late_pages_or_one_early_page_don_t_decide(
    database: Database, days_late: list[int], last_day: date
) -> None:
    with database.writing() as session:
        add_pages(session, [str(number) for number in range(len(days_late))])
        for number, late in enumerate(days_late):
            give(session, str(number), numbers=range(late, 60), until=ago(late))
        sums = get_sums(session)
    assert sums.until == last_day
    on_time = [str(number) for number, late in enumerate(days_late) if ago(late) >= last_day]
    assert list(sums.by_page["views"]) == on_time


def test_without_insights_nothing_is_summed(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["a"])
        assert load_insight_sums(session, TODAY) is None
        give(session, "a", "page_total_media_view_unique")
        assert load_insight_sums(session, TODAY) is None


def test_people_are_never_added_up(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["a"])
        give(session, "a")
        session.execute(
            update(InsightMetric).where(InsightMetric.name == VIEWS).values(kind="unique")
        )
        assert load_insight_sums(session, TODAY) is None
        give(session, "a", ENGAGEMENT)
        sums = get_sums(session)
    assert sums.figures("engagement", "a") == (280, 0)
    assert sums.figures("views", "a") == (None, None)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.lists(
        st.dictionaries(st.integers(0, 60), st.integers(0, 2**40), min_size=50),
        min_size=1,
        max_size=3,
    ),
    until=st.integers(-3, 6),
)
def test_every_sum_is_that_of_the_days(
    database: Database, days: list[dict[int, int]], until: int
) -> None:
    """By arithmetic of its own, from the figures as they were given."""
    last = max(until, 0)
    with database.writing() as session:
        add_pages(session, [str(number) for number in range(len(days))])
        session.execute(delete(InsightValue))
        session.execute(delete(InsightSpan))
        for page_id, figures in enumerate(days):
            rows = [
                ValueRow(str(page_id), VIEWS, ago(number), value, NOW, None)
                for number, value in figures.items()
            ]
            upsert_values(session, rows)
            upsert_spans(session, [(str(page_id), VIEWS, Span(ago(89), NEWEST))])
        sums = load_insight_sums(session, ago(until))
    expected = {}
    for page_id, figures in enumerate(days):
        now, before = (
            [figures.get(number) for number in range(first, first + 28)]
            for first in (last, last + 28)
        )
        if None not in now:
            expected[str(page_id)] = InsightSum(
                sum(filter(None, now)), None if None in before else sum(filter(None, before))
            )
    assert ({} if sums is None else sums.by_page["views"]) == expected
