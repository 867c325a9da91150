"""A line of more than 90 days is the daily one with a point a week."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from storage.db.engine import Database
from storage.figures.line import LinePoint, is_weekly, list_line_days
from tests.integration.figures.figure_answers import ask_line
from tests.integration.figures.figure_rows import add_page, day

A_DAY = timedelta(days=1)


@pytest.fixture
def stocked(database: Database) -> Database:
    """40 Pages with gaps; nothing was fetched on a few days, and for a week in September."""
    chance = random.Random(3)
    lost = {*chance.sample(range(-200, 0), 15), *range(-70, -60)}
    with database.writing() as session:
        for page in range(40):
            first = chance.choice([-210, -210, -210, -90, -20])
            figures: dict[int, int | None] = {
                number: 1_000 * page + number * (page % 5 - 2)
                for number in range(first, 1)
                if number not in lost and chance.random() > 0.02
            }
            kind = "Café" if page % 2 else "Optik"
            add_page(session, f"{page:02d}", figures, name=kind, category=kind)
    return database


@pytest.mark.parametrize("days_count", [91, 140, 200])
@pytest.mark.parametrize("until", [0, -1, -62])
def test_a_long_line_has_the_last_total_of_each_week(
    stocked: Database, days_count: int, until: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = day(until) - (days_count - 1) * A_DAY
    asked: dict[str, Any] = {"since": since, "until": day(until), "metric": "fans"}
    assert is_weekly(since, day(until))
    with stocked.reading() as session:
        weekly = ask_line(session, **asked)
        monkeypatch.setattr("storage.figures.line.MAX_DAILY_DAYS", 10_000)
        daily = ask_line(session, **asked)
    totals = {point.day: point.total for point in daily}
    first, *_ = [point for point in daily if point.total is not None] or [LinePoint(since, 0, 0)]
    last = (first.total or 0) - (first.change or 0)
    expected = []
    for each in [day(until) - n * 7 * A_DAY for n in range(days_count // 7, -1, -1)]:
        week = (totals.get(each - n * A_DAY) for n in range(7))
        total = next((t for t in week if t is not None), None)
        change = None if total is None or each < since else total - last
        expected.append(LinePoint(each, total, change))
        last = last if total is None else total
    assert weekly == expected


def test_up_to_ninety_days_a_line_has_every_day() -> None:
    since, until = date(2026, 1, 1), date(2026, 3, 31)
    assert (until - since).days + 1 == 90
    assert len(list_line_days(since, until)) == 91
    days = list_line_days(since - A_DAY, until)
    assert days[0] == date(2026, 1, 6) - 7 * A_DAY
    assert {(until - each).days % 7 for each in days} == {0}
