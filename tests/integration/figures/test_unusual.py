"""Unusual days as rows: judged when snapshots change, counted when they are asked for."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.figures.filters import Metric
from storage.figures.snapshots import SnapshotRow, delete_figures, upsert_snapshots
from storage.figures.unusual import (
    list_page_unusual_days,
    list_wide_days,
)
from storage.models import Page
from storage.models import UnusualDay as UnusualRow
from tests.integration.figures.figure_rows import add_page, day, fetched_at

LAST = 70
World = dict[str, dict[int, int | None]]


def made_up(pages: int, chance: random.Random) -> World:
    """Pages that drift, jump now and then, miss days, join late, and fall together on day 50."""
    world: World = {}
    for page in range(pages):
        figure, joined = 1_000 * (page + 1), chance.choice([0, 0, 0, 20, 45])
        figures: dict[int, int | None] = {}
        for number in range(LAST + 1):
            figure += chance.randint(-3, 4) + (chance.random() < 0.03) * 400
            figure -= (number == 50 and page % 3 > 0) * 300
            if number >= joined and chance.random() > 0.05:
                figures[number] = figure if chance.random() > 0.05 else None
        world[f"{page:02d}"] = figures
    return world


def fill(session: Session, world: World) -> None:
    for page_id, figures in world.items():
        add_page(session, page_id, figures, name=f"{'Café' if int(page_id) % 2 else 'Optik'}")


def rows(session: Session) -> set[tuple[str, date, str, str]]:
    table = UnusualRow
    return set(
        session.execute(select(table.metric, table.day, table.page_id, table.direction)).all()
    )


def report(page_id: str, number: int, fans: int, source: str = "snapshot") -> SnapshotRow:
    return SnapshotRow(page_id, day(number), fans, None, source, fetched_at(number), None)


def test_what_changes_later_is_judged_anew(database: Database) -> None:
    """Whatever order the days come in, and after an import is undone, the same days stand out."""
    world = made_up(4, random.Random(1))
    with database.writing() as session:
        fill(session, world)
        once = rows(session)
        assert once
        session.execute(delete(Page))
        assert rows(session) == set()
        fill(session, {page_id: {} for page_id in world})
        reports = [
            report(page_id, number, figure)
            for page_id, figures in world.items()
            for number, figure in figures.items()
            if figure is not None
        ]
        random.Random(2).shuffle(reports)
        for start in range(0, len(reports), 60):
            upsert_snapshots(session, reports[start : start + 60])
        assert {each for each in rows(session) if each[0] == "fans"} == once
        missing = [n for n in range(LAST) if n not in world["00"]]
        upsert_snapshots(session, [report("00", n, n % 2 * 10**6, "import:1") for n in missing])
        assert rows(session) != once
        delete_figures(session, source="import:1")
        assert rows(session) == once


@pytest.mark.parametrize("metric", ["fans", "followers"])
def test_nothing_is_unusual_in_an_empty_installation(database: Database, metric: Metric) -> None:
    with database.reading() as session:
        days: dict[str, Any] = {"since": day(0), "until": day(9), "metric": metric}
        assert list_wide_days(session, **days) == []
        assert list_page_unusual_days(session, "unknown", **days) == {}


def test_a_day_that_only_one_of_many_pages_can_be_judged_on_is_not_named(
    database: Database,
) -> None:
    """One Page has 40 days more than the others, and jumps on the first days of these."""
    with database.writing() as session:
        jumping = {number: 1_000 + 3 * number + 900 * (number >= 42) for number in range(71)}
        add_page(session, "long", jumping)
        for page in range(3):
            calm = {number: 500 + number % 2 for number in range(40, 71)}
            add_page(session, f"{page}", calm)
    with database.reading() as session:
        assert list_page_unusual_days(
            session, "long", since=day(0), until=day(70), metric="fans"
        ) == {day(42): "rose"}
        of_all = list_wide_days(session, since=day(0), until=day(70), metric="fans")
    assert of_all == []
