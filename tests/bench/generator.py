"""Fills a database with made-up Pages and their daily snapshots, fast, and the same for a seed.

    python -m tests.bench.generator sqlite:///big.db --pages 10000 --days 1095

Pages differ in size by orders of magnitude. Ten accounts hold them, and one of these needs renewal.
In an awkward world (the default) some Pages join late, some are silent for a week, some have no fan
count, single snapshots are missing, and there are days on which nothing was fetched at all.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Index, create_engine, insert
from sqlalchemy.orm import Session
from storage.kept_connections import rebuild_connections

from storage.db.upsert import table_of
from storage.figures.snapshots import rebuild_columns
from storage.models import Base, Grant, Page, PageGrant, PageTag, Snapshot, Tag

A_DAY = timedelta(days=1)
CHUNK_ROWS = 50_000
ACCOUNTS = 10
FEW_TAG, HALF_TAG, FEW_PAGES = "Hundred", "Half", 100
FIRST_PAGE_ID = 100_000_000_000_000
LAST_DAY = date(2026, 11, 22)
FETCHED = time(6, 5, tzinfo=UTC)
CATEGORIES = ("Café", "Shopping & retail", "Musician/band", "Local service", "Optician")
TOWNS = ("Lindenhof", "Zürich", "Åkersberga", "Köln", "Łódź", "Marseille", "Ω Athens", "São Paulo")

T = TypeVar("T")
# In the order of the table's columns, as both drivers take them without asking SQLAlchemy.
Row = tuple[str, str, int | None, int | None, str, str, str]


def fill(
    engine: Engine,
    *,
    pages: int,
    days: int,
    seed: int = 1,
    until: date = LAST_DAY,
    awkward: bool = True,
) -> int:
    """Add ``pages`` Pages with up to ``days`` snapshots each, the last of them of ``until``.

    The tables are there and have no Pages yet. Returns how many snapshots were written. Rows are
    made and written in chunks, so memory stays small.
    """
    chance = random.Random(seed)
    every_day = [until - age * A_DAY for age in reversed(range(days))]
    by_day = _index_by_day()
    with engine.begin() as connection:
        _fill_pages(connection, chance, pages, datetime.combine(every_day[0], FETCHED))
        # An index made at the end costs a fraction of one kept up row by row.
        by_day.drop(connection)
        written = _write(connection, _rows(chance, pages, every_day, awkward))
        by_day.create(connection)
    with Session(engine) as session, session.begin():
        rebuild_columns(session)
        rebuild_connections(session)
    if engine.dialect.name == "postgresql":
        # As its own housekeeping would do within minutes. SQLite has none, so none is done there.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    return written


def page_id(number: int) -> str:
    """The id of the Page with this number, counted from 0."""
    return str(FIRST_PAGE_ID + 7_919 * number)


def _fill_pages(connection: Connection, chance: random.Random, pages: int, at: datetime) -> None:
    grants = [_grant(number, at) for number in range(ACCOUNTS)]
    grant_ids = [
        connection.execute(insert(Grant).values(**grant).returning(Grant.id)).scalar_one()
        for grant in grants
    ]
    for numbers in _chunks(range(pages), CHUNK_ROWS):
        connection.execute(insert(Page), [_page(chance, number, at) for number in numbers])
        held = [_page_grant(number, grant_ids[number % ACCOUNTS], at) for number in numbers]
        connection.execute(insert(PageGrant), held)
    _fill_tags(connection, pages, at)


def _fill_tags(connection: Connection, pages: int, at: datetime) -> None:
    """Two groups that do not follow the order of ids: 100 Pages, and half of all."""
    for name, numbers in (
        (FEW_TAG, range(0, pages, max(1, pages // FEW_PAGES))),
        (HALF_TAG, range(0, pages, 2)),
    ):
        values = {"name": name, "created_at": at}
        tag_id = connection.execute(insert(Tag).values(**values).returning(Tag.id)).scalar_one()
        tagged = [{"page_id": page_id(number), "tag_id": tag_id} for number in numbers]
        connection.execute(insert(PageTag), tagged)


def _grant(number: int, at: datetime) -> dict[str, Any]:
    return {
        "account_id": str(9_000 + number),
        "account_name": f"Account {number}",
        "sealed_user_token": "sealed",
        "key_id": "key",
        "granted_permissions": ["pages_show_list", "pages_read_engagement"],
        "declined_permissions": [],
        "status": "needs_renewal" if number == ACCOUNTS - 1 else "ok",
        "status_at": at,
        "created_at": at,
        "renewed_at": at,
    }


def _page(chance: random.Random, number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": page_id(number),
        "name": f"{chance.choice(CATEGORIES)} {chance.choice(TOWNS)} {number}",
        "category": chance.choice(CATEGORIES),
        "is_published": chance.random() > 0.01,
        "first_seen_at": at,
        "described_at": at,
        "graph_version": "v26.0",
    }


def _page_grant(number: int, grant_id: int, at: datetime) -> dict[str, Any]:
    has_token = number % 97 != 0
    return {
        "page_id": page_id(number),
        "grant_id": grant_id,
        "tasks": ["ANALYZE", "MESSAGING"] if number % 41 else ["MESSAGING"],
        "sealed_page_token": "sealed" if has_token else None,
        "key_id": "key" if has_token else None,
        "status": "ok" if has_token else "no_access",
        "status_at": at,
        "granted_at": at,
    }


def _rows(chance: random.Random, pages: int, every_day: list[date], awkward: bool) -> Iterator[Row]:
    lost = {chance.randrange(len(every_day) - 1) for _ in range(len(every_day) // 45)}
    days = [
        None if awkward and number in lost else (f"{day}", f"{day} {FETCHED:%H:%M:%S}.000000")
        for number, day in enumerate(every_day)
    ]
    for number in range(pages):
        yield from _rows_of_page(chance, page_id(number), days, awkward)


def _rows_of_page(
    chance: random.Random, page: str, days: list[tuple[str, str] | None], awkward: bool
) -> Iterator[Row]:
    draw = chance.random
    fans = int(10 ** chance.uniform(1.5, 6))
    swing = fans * 0.004 + 3
    lean = chance.uniform(0.7, 1.05)
    joined, silent, has_fans = 0, len(days), True
    if awkward:
        joined = chance.randrange(len(days)) if draw() < 0.03 else 0
        silent = chance.randrange(len(days)) if draw() < 0.03 else len(days)
        has_fans = draw() > 0.005
    for number, texts in enumerate(days):
        fans = max(0, fans + int((draw() + draw() - lean) * swing))
        if texts is None or number < joined or silent <= number < silent + 7:
            continue
        if awkward and draw() < 0.0002:
            continue
        followers = fans + fans // 25
        yield (
            page,
            texts[0],
            fans if has_fans else None,
            followers,
            "snapshot",
            texts[1],
            "v26.0",
        )


def _write(connection: Connection, rows: Iterable[Row]) -> int:
    columns = [column.name for column in table_of(Snapshot).columns]
    written = 0
    if connection.dialect.name == "postgresql":
        copy_in = f"COPY snapshots ({', '.join(columns)}) FROM STDIN"
        cursor: Any = connection.connection.cursor()
        with cursor.copy(copy_in) as copy:
            for row in rows:
                copy.write_row((*row[:5], f"{row[5]}+00", row[6]))
                written += 1
        return written
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO snapshots ({', '.join(columns)}) VALUES ({marks})"
    for chunk in _chunks(rows, CHUNK_ROWS):
        connection.exec_driver_sql(statement, chunk)
        written += len(chunk)
    return written


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _index_by_day() -> Index:
    (index,) = (i for i in table_of(Snapshot).indexes if i.name == "snapshots_by_day")
    return index


def main() -> None:
    """Make the tables and fill them, from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("url")
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    engine = create_engine(options.url)
    Base.metadata.create_all(engine)
    written = fill(engine, pages=options.pages, days=options.days, seed=options.seed)
    print(f"{written:,d} snapshots of {options.pages:,d} Pages")


if __name__ == "__main__":
    main()
