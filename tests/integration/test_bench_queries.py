"""The SQL that the measurements compare us with gives the same figures, so the race is fair."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from storage.accounts.connection_states import CONNECTION_STATES
from storage.engine import Database
from storage.overview import Comparable, Mover
from storage.page_table import TableRow
from tests.bench.generator import FEW_TAG, HALF_TAG, LAST_DAY, fill
from tests.bench.handwritten import Asked, Found
from tests.bench.queries import Answers, ask, find_tag_ids, in_turn, opened_rival, period_of

PAGES, DAYS = 300, 80


@pytest.fixture
def filled(database: Database) -> Database:
    fill(database.engine, pages=PAGES, days=DAYS, seed=3)
    return database


def test_the_figures_by_hand_are_ours(filled: Database) -> None:
    url = filled.engine.url.render_as_string(hide_password=False)
    tags = find_tag_ids(filled)
    with opened_rival(url) as rival:
        for days in (7, 28, 70):
            for tag in (None, FEW_TAG, HALF_TAG):
                asked = period_of(LAST_DAY, days, tags[tag])
                _compare(asked, ask(filled, asked), rival.visit(asked))


def test_a_period_that_nobody_was_there_for(filled: Database) -> None:
    asked = period_of(LAST_DAY.replace(year=2020), 28)
    with opened_rival(filled.engine.url.render_as_string(hide_password=False)) as rival:
        ours, theirs = ask(filled, asked), rival.visit(asked)
    assert ours.totals.fans_total is theirs.totals[23] is None
    assert {total for _, total, _ in theirs.line} == {day.total for day in ours.line} == {None}


def test_turns_are_taken() -> None:
    turns: list[str] = []
    first, second = in_turn(lambda: turns.append("ours"), lambda: turns.append("theirs"))
    assert turns[:4] == ["ours", "theirs", "ours", "theirs"]
    assert first > 0
    assert second > 0


def _compare(asked: Asked, ours: Answers, theirs: Found) -> None:
    totals = ours.totals
    assert theirs.totals[:2] == (totals.pages_count, totals.pages_added_count)
    assert theirs.totals[2:23] == (
        *_fields(totals.fans),
        *_fields(ours.previous),
        *_fields(totals.followers),
    )
    assert theirs.totals[23:27] == (
        totals.fans_total,
        totals.fans_stale_count,
        totals.followers_total,
        totals.followers_stale_count,
    )
    assert [str(day) for day in theirs.totals[27:]] == [f"{totals.first_day}", f"{totals.last_day}"]
    assert theirs.line == [(day.day, day.total, day.change) for day in ours.line]
    assert ours.total_trend[-1] == ours.line[-1]
    assert theirs.up == [_mover(mover) for mover in ours.movers.up]
    assert theirs.down == [_mover(mover) for mover in ours.movers.down]
    assert [_row(row) for row in theirs.rows] == [_our_row(row) for row in ours.table.rows]
    assert theirs.totals[0] == ours.table.rows_count == ours.summary.rows_count
    fans, followers, net, growth = theirs.medians
    median = ours.summary.median
    assert [round(each) for each in (fans, followers, net)] == [
        median.fans,
        median.followers,
        median.net,
    ]
    assert growth == pytest.approx(median.growth_percent)
    assert theirs.sparklines == ours.sparklines


def _fields(comparable: Comparable) -> tuple[int | None, ...]:
    return astuple(comparable)


def _mover(mover: Mover) -> tuple[object, ...]:
    return (mover.page_id, mover.name, mover.start, mover.net)


def _row(row: tuple[object, ...]) -> tuple[object, ...]:
    return (*row[:8], str(row[8]))


def _our_row(row: TableRow) -> tuple[object, ...]:
    return (
        row.page_id,
        row.name,
        row.category,
        row.fans,
        row.followers,
        row.start,
        row.end,
        CONNECTION_STATES.index(row.connection),
        str(row.figure_day),
    )
