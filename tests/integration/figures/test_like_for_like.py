"""Comparing like with like, by example; the oracle holds the same figures in made-up worlds."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.figures.filters import EVERY_PAGE
from storage.figures.line import load_line_before
from storage.figures.period_ends import load_period_ends
from storage.figures.totals import Comparable
from tests.integration.figures.figure_answers import (
    ask_line,
    ask_movers,
    ask_table,
    ask_totals,
)
from tests.integration.figures.figure_rows import add_page, day

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize("joins_on", [1, 3, 6])
def test_a_page_that_joins_does_not_move_the_line(database: Database, joins_on: int) -> None:
    with database.writing() as session:
        add_page(session, "a", {n: 1_000 + n for n in range(-2, 7)})
        before = ask_line(session, since=day(0), until=day(6), metric="fans")
        add_page(session, "b", dict.fromkeys(range(joins_on, 7), 50000))
        after = ask_line(session, since=day(0), until=day(6), metric="fans")
        totals = ask_totals(session, since=day(0), until=day(6))
    assert after == before
    assert totals.fans.left_out_joined == 1
    assert totals.fans_total == 51_006  # the tile counts every Page


def test_a_single_day_without_a_figure_is_not_a_change_of_0(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "a", {-2: 90, -1: 100, 0: 107})
        add_page(session, "late", {-2: 40, -1: 50})
        # The same day ends a longer period, too, which takes the figure of the day before.
        one_day, week = load_period_ends(session, EVERY_PAGE, (day(0), day(0)), (day(-1), day(0)))
    assert (one_day.fans.start, one_day.fans.end) == ((100, 50), (107, None))
    assert (one_day.fans.newest, week.fans.end) == ((107, 50), (107, 50))


def test_the_line_before_counts_the_same_pages(database: Database) -> None:
    def ask(session: Session) -> list[tuple[date, int | None, int | None]]:
        days = [(day(0), day(2)), (day(-3), day(-1))]
        ends, before = load_period_ends(session, EVERY_PAGE, *days)
        line = load_line_before(session, ends, before, "fans", EVERY_PAGE)
        return [(point.day, point.total, point.change) for point in line]

    with database.writing() as session:
        add_page(session, "a", {n: 100 + n for n in range(-4, 3)})
        add_page(session, "b", {-4: 200, -1: 230, 2: 240})
        # Not in the line of 0 to 2, so not in this one.
        add_page(session, "left", dict.fromkeys(range(-4, 0), 7))
        assert ask(session) == [
            (day(-4), 296, None),
            (day(-3), 297, 1),
            (day(-2), 298, 1),
            (day(-1), 329, 31),
        ]
        # In the line, without figures before: a sum without it would look like growth.
        add_page(session, "new", dict.fromkeys(range(-1, 3), 9))
        assert ask(session) == []


def test_a_gap_stays_a_gap_and_its_change_is_booked_once(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "a", {-1: 100, 0: 101, 2: 103, 4: 110})
        add_page(session, "b", {-1: 200, 0: 200, 4: 205})
        line = ask_line(session, since=day(0), until=day(5), metric="fans")
    assert [(point.total, point.change) for point in line] == [
        (300, None),
        (301, 1),
        (None, None),
        (303, 2),  # b's last figure stands
        (None, None),
        (315, 12),  # and its change comes here
        (None, None),  # today's snapshot is not taken yet
    ]


def test_nothing_to_compare(database: Database) -> None:
    with database.writing() as session:
        empty = ask_totals(session, since=day(0), until=day(6))
        add_page(session, "a", {6: 2_290_456})
        add_page(session, "b")
        first_day = ask_totals(session, since=day(0), until=day(6))
        line = ask_line(session, since=day(0), until=day(6), metric="fans")
        movers = ask_movers(session, since=day(0), until=day(6), metric="fans", by="rate")
    assert (empty.pages_count, empty.fans_total, empty.first_day) == (0, None, None)
    assert empty.fans == Comparable(0, None, None, 0, 0, 0, 0)
    assert empty.fans.net is None
    assert (first_day.fans_total, first_day.followers_total) == (2_290_456, None)
    assert (first_day.first_day, first_day.last_day) == (day(6), day(6))
    assert first_day.fans == Comparable(0, None, None, 1, 1, 0, 0)
    assert [point.day for point in line] == [day(number) for number in range(-1, 7)]
    assert {point.total for point in line} == {None}
    assert movers.up == movers.down == ()


def test_a_fall_to_zero_is_a_figure(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "a", {-1: 1_000, 3: 0, 6: 0})
        totals = ask_totals(session, since=day(0), until=day(6))
        line = ask_line(session, since=day(0), until=day(6), metric="fans")
        movers = ask_movers(session, since=day(0), until=day(6), metric="fans", by="number")
        (row,) = ask_table(session, since=day(0), until=day(6)).rows
    assert (totals.fans_total, totals.fans.start, totals.fans.end) == (0, 1_000, 0)
    assert [point.total for point in line] == [1_000, None, None, None, 0, None, None, 0]
    assert [(mover.net, mover.rate_percent) for mover in movers.down] == [(-1_000, -100.0)]
    assert (row.fans, row.net, row.growth_percent) == (0, -1_000, -100.0)


def test_pages_are_added_by_the_day_they_were_first_seen(database: Database) -> None:
    def seen(number: int, hour: int, minute: int) -> datetime:
        return datetime.combine(day(number), datetime.min.time(), UTC).replace(
            hour=hour, minute=minute
        )

    with database.writing() as session:
        add_page(session, "a", first_seen_at=seen(-1, 23, 59))
        add_page(session, "b", first_seen_at=seen(0, 0, 0))
        add_page(session, "c", first_seen_at=seen(6, 23, 59))
        add_page(session, "d", first_seen_at=seen(7, 0, 0))
        totals = ask_totals(session, since=day(0), until=day(6))
    assert (totals.pages_count, totals.pages_added_count) == (4, 2)
