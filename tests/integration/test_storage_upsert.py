"""Many rows at once mean what the same rows mean one by one, whatever is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from storage import upsert as upserting
from storage.engine import Database
from storage.installation import bump_data_version
from storage.models import Base, DayColumn, Page, PageChange, Snapshot
from storage.snapshots import NEWEST_REPORT
from storage.upsert import Conflict, table_of, upsert
from tests.integration.storage_rows import LATER, NOW, add_pages

pytestmark = pytest.mark.both_databases

DAY = date(2026, 1, 1)
# What arrays, lists and copies are written with, and what means something in one of them.
TEXTS = (
    "",
    "NULL",
    "{}",
    '{"a",b}',
    "a\\b",
    "\\N",
    "it's",
    "a,b;c\t",
    "é 漢字 🎉",
    "%s %(a)s :a",
    "[]",
)


def rows_of(database: Database, model: type[Base]) -> list[tuple[Any, ...]]:
    table = table_of(model)
    with database.reading() as session:
        return [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]


def put(
    database: Database, model: type[Base], rows: Sequence[dict[str, Any]], conflict: Conflict
) -> list[tuple[Any, ...]]:
    with database.writing() as session:
        upsert(session, model, rows, conflict)
        bump_data_version(session)
    return rows_of(database, model)


def snapshot(number: int, **facts: Any) -> dict[str, Any]:
    return {
        "page_id": str(number % 3),
        "day": DAY + timedelta(days=number // 3),
        "fans_count": None if number % 7 == 0 else number * 10**9,
        "followers_count": None if number % 5 == 0 else 0,
        "source": "snapshot",
        "fetched_at": NOW,
        "graph_version": None,
        **facts,
    }


@pytest.fixture(params=[1, 3, 20_000])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows go in one statement."""
    monkeypatch.setattr(upserting, "ROWS_AT_ONCE", request.param)
    return int(request.param)


@pytest.mark.usefixtures("at_once")
def test_many_snapshots_mean_what_each_means(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [snapshot(n) for n in range(200)]
    second = [
        snapshot(n, fans_count=n, source=f"import:{n % 2}", fetched_at=[NOW, LATER][n % 2])
        | ({"fans_count": None} if n % 4 == 0 else {})
        for n in range(100, 300)
    ]
    older = {"fetched_at": NOW - timedelta(days=1), "source": "import:1", "fans_count": 1}
    third = [snapshot(n, **older) for n in range(300)]
    with database.writing() as session:
        add_pages(session, ["0", "1", "2"])
    at_once = [put(database, Snapshot, rows, NEWEST_REPORT) for rows in (first, second, third)]
    with database.writing() as session:
        session.execute(delete(Snapshot))
    monkeypatch.setattr(upserting, "ROWS_WORTH_ARRAYS", 10**9)
    one_by_one = [put(database, Snapshot, rows, NEWEST_REPORT) for rows in (first, second, third)]
    assert at_once == one_by_one
    assert len(at_once[0]) == 200
    assert at_once[1] == at_once[2], "what was fetched before changes nothing"
    assert len({row[4] for row in at_once[1]}) == 3


@pytest.mark.usefixtures("at_once")
def test_any_text_bytes_and_json_are_kept_as_they_are(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upserting, "ROWS_WORTH_ARRAYS", 2)
    with database.writing() as session:
        add_pages(session, ["0", "1"])
    contents = [bytes([n, 0, 255, 92]) * (n % 3) for n in range(20)]
    columns = [
        {"kind": text, "day": DAY + timedelta(days=n), "content": content}
        for n, content in enumerate(contents)
        for text in TEXTS
    ]
    kept = put(database, DayColumn, columns, Conflict())
    assert sorted(map(repr, kept)) == sorted(repr(tuple(row.values())) for row in columns)
    was: list[Any] = [{}, {"a": [1, None, "ü"]}, *({"value": text} for text in TEXTS)]
    changes = [
        {"page_id": page_id, "field": "name", "changed_at": NOW + timedelta(days=n), "was": each}
        for n, each in enumerate(was)
        for page_id in "01"
    ]
    stored = put(database, PageChange, changes, Conflict())
    assert sorted(map(repr, stored)) == sorted(repr(tuple(row.values())) for row in changes)


def test_the_same_day_twice_in_one_call(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upserting, "ROWS_WORTH_ARRAYS", 2)
    with database.writing() as session:
        add_pages(session, ["0"])
    rows = [snapshot(0, fetched_at=LATER, fans_count=2), snapshot(0, fans_count=1)]
    (stored,) = put(database, Snapshot, rows, NEWEST_REPORT)
    assert stored[2] == 2


def test_what_a_default_fills_in_is_filled_in(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upserting, "ROWS_WORTH_ARRAYS", 2)
    rows = [
        {"id": str(n), "name": f"Café {n}", "first_seen_at": NOW, "described_at": NOW}
        for n in range(5)
    ]
    put(database, Page, rows, Conflict())
    with database.reading() as session:
        assert set(session.scalars(select(Page.name_folded))) == {f"cafe {n}" for n in range(5)}


def test_a_refused_heap_leaves_nothing_and_says_no_value(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upserting, "ROWS_WORTH_ARRAYS", 2)
    rows = [snapshot(n, page_id="17171717", graph_version="secret") for n in range(0, 30, 3)]
    with pytest.raises(IntegrityError) as caught:
        put(database, Snapshot, rows, NEWEST_REPORT)
    assert "17171717" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert rows_of(database, Snapshot) == []
