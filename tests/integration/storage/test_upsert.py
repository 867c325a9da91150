"""Upsert: many rows at once are stored as they are, whatever is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from storage.db.engine import Database
from storage.db.upsert import Conflict, table_of, upsert
from storage.models import Base, Page, PageChange
from tests.integration.storage_rows import LATER, NOW, add_pages

pytestmark = pytest.mark.both_databases

# What means something to a database, a driver or a format.
TEXTS = ("", "NULL", "{}", '{"a",b}', "a\\b", "\\N", "it's", "é 漢字 🎉", "%s %(a)s :a", "[]")


def put(
    database: Database, model: type[Base], rows: Sequence[dict[str, Any]], conflict: Conflict
) -> list[tuple[Any, ...]]:
    """Upsert and return all rows of the table."""
    table = table_of(model)
    with database.writing() as session:
        upsert(session, model, rows, conflict)
    with database.reading() as session:
        return [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]


def change(value: Any, number: int = 0) -> dict[str, Any]:
    """A row with JSON in it."""
    at = NOW + timedelta(days=number)
    return {"page_id": "0", "field": "name", "changed_at": at, "was": {"value": value}}


def page(name: str, **facts: Any) -> dict[str, Any]:
    """A Page's row."""
    return {"id": "1", "name": name, "first_seen_at": NOW, "described_at": NOW, **facts}


@pytest.fixture
def with_page(database: Database) -> Database:
    """A database with one Page."""
    with database.writing() as session:
        add_pages(session, ["0"])
    return database


def test_any_text_and_json_are_kept_as_they_are(with_page: Database) -> None:
    values = [None, {"a": [1, None, "ü"]}, *TEXTS]
    rows = [change(value, number) for number, value in enumerate(values)]
    assert put(with_page, PageChange, rows, Conflict()) == [tuple(row.values()) for row in rows]


def test_a_later_row_takes_the_place_of_an_earlier_one(with_page: Database) -> None:
    assert put(with_page, PageChange, [change(1), change(2)], Conflict()) == [
        tuple(change(2).values())
    ]
    assert put(with_page, PageChange, [], Conflict()) == [tuple(change(2).values())]


@pytest.mark.parametrize(
    ("conflict", "kept"),
    [
        (Conflict(), ("B", None, NOW)),
        (Conflict(first_only=("name",)), ("A", None, NOW)),
        (Conflict(unless_null=("about",)), ("B", "old", NOW)),
        (Conflict(newest_by="described_at"), ("A", "old", LATER)),
        (Conflict(special={"about": "pages.name || excluded.name"}), ("B", "AB", NOW)),
    ],
)
def test_what_becomes_of_a_row_that_is_there(
    database: Database, conflict: Conflict, kept: tuple[Any, ...]
) -> None:
    put(database, Page, [page("A", about="old", described_at=LATER)], Conflict())
    put(database, Page, [page("B", about=None)], conflict)
    with database.reading() as session:
        stored = session.get_one(Page, "1")
    assert (stored.name, stored.about, stored.described_at) == kept


def test_refused_rows_leave_nothing_and_show_no_value(database: Database) -> None:
    rows = [{**change("secret", number), "page_id": "17171717"} for number in range(10)]
    with pytest.raises(IntegrityError) as caught:
        put(database, PageChange, rows, Conflict())
    assert "17171717" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert put(database, PageChange, [], Conflict()) == []
