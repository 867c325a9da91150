"""The generator of the measurements makes the same world for a seed, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, inspect, select

from storage.engine import Database
from storage.models import Snapshot
from storage.overview import get_totals
from tests.bench.generator import LAST_DAY, fill

PAGES, DAYS = 120, 40


def test_a_seed_makes_one_world(database: Database) -> None:
    written = fill(database.engine, pages=PAGES, days=DAYS, seed=7)
    with database.reading() as session:
        count, fans = session.execute(
            select(func.count(), func.sum(Snapshot.fans_count)).select_from(Snapshot)
        ).one()
        totals = get_totals(session, since=LAST_DAY - timedelta(days=27), until=LAST_DAY)
    assert (written, count, fans) == (4_656, 4_656, 587_136_059)
    assert totals.pages_count == PAGES
    assert totals.last_day == LAST_DAY
    assert totals.fans.pages > 100
    names = {index["name"] for index in inspect(database.engine).get_indexes("snapshots")}
    assert "snapshots_by_day" in names


def test_a_plain_world_leaves_nothing_out(database: Database) -> None:
    assert fill(database.engine, pages=10, days=DAYS, awkward=False) == 10 * DAYS
