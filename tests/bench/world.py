"""World that is measured: Pages with years of daily snapshots, made by the database itself.

Pages differ in size by orders of magnitude; ten accounts hold them. Some join late, some are silent
for a week, a few have no fan count, single snapshots are missing, and one day in 45 has none at
all. One figure in 200 is unusual, and every 97 days two fifths of the Pages fall together.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, insert, text

from storage.db.engine import Database, open_database
from storage.db.upsert import table_of
from storage.migrations.migrate import migrate
from storage.models import Grant, Page, PageGrant, PageTag, Snapshot, Tag

ACCOUNTS, TAGGED = 10, 100
FIRST_PAGE_ID = 100_000_000_000_000
FETCHED = time(6, 5, tzinfo=UTC)

_TABLES = (
    "CREATE TEMP TABLE made_pages (k BIGINT PRIMARY KEY, id TEXT, base BIGINT, slope BIGINT,"
    " swing BIGINT, joined INTEGER, silent INTEGER, has_fans INTEGER)",
    "CREATE TEMP TABLE made_days (n BIGINT PRIMARY KEY, day {day}, at {at})",
)
_SNAPSHOTS = """
INSERT INTO snapshots (page_id, day, fans_count, followers_count, fans_source, followers_source,
    fetched_at, graph_version)
SELECT id, day, CASE WHEN has_fans = 1 THEN figure END, figure + figure / 25,
    CASE WHEN has_fans = 1 THEN 'snapshot' END, 'snapshot', at, 'v26.0'
FROM (
    SELECT k, id, day, at, has_fans,
        base + slope * n / 100 + swing * ((k * 7919 + n * 48271) % 1009) / 1009 AS figure
    FROM made_pages CROSS JOIN made_days
    WHERE n >= joined AND NOT n BETWEEN silent AND silent + 6
        AND (k * 7919 + n * 104729) % 5003 <> 0 AND n % 45 <> 44
) made ORDER BY k, day
"""
_UNUSUAL = """
INSERT INTO unusual_days (metric, day, page_id, direction)
SELECT 'fans', day, id, CASE WHEN n % 97 = 5 OR (k + n) % 2 = 0 THEN 'fell' ELSE 'rose' END
FROM made_pages CROSS JOIN made_days
WHERE n > joined + 28 AND n % 45 NOT IN (44, 0) AND
    ((k * k + n * 48271) % 211 = 0 OR n % 97 = 5 AND k * 7919 % 10 < 4)
ORDER BY day, id
"""


def make_world(url: str, *, pages: int, days: int, today: date) -> Database:
    """Make the tables at ``url`` and fill them; the last snapshots are of ``today``."""
    database = open_database(url)
    now = datetime.combine(today, FETCHED)
    migrate(database, "sandbox", now)
    chance = random.Random(1)
    first = today - (days - 1) * timedelta(days=1)
    made = [_make_page(chance, number, days) for number in range(pages)]
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.execute(text("PRAGMA cache_size = -400000"))
        _fill_pages(connection, chance, made, datetime.combine(first, FETCHED))
        types = {"day": "DATE", "at": "TIMESTAMPTZ" if not database.is_sqlite else "TEXT"}
        for statement in _TABLES:
            connection.execute(text(statement.format(**types)))
        marks = ", ".join(f":{name}" for name in made[0])
        connection.execute(text(f"INSERT INTO made_pages VALUES ({marks})"), made)
        at = "{} 06:05:00.000000" if database.is_sqlite else "{} 06:05:00+00"
        each_day = [first + number * timedelta(days=1) for number in range(days)]
        rows = [
            {"n": number, "day": f"{day}" if database.is_sqlite else day, "at": at.format(day)}
            for number, day in enumerate(each_day)
        ]
        connection.execute(text("INSERT INTO made_days VALUES (:n, :day, :at)"), rows)
        # An index made at the end costs a fraction of one kept up row by row.
        (by_day,) = (each for each in table_of(Snapshot).indexes if each.name == "snapshots_by_day")
        by_day.drop(connection)
        connection.execute(text(_SNAPSHOTS))
        by_day.create(connection)
        connection.execute(text(_UNUSUAL))
        for name in ("made_pages", "made_days"):
            connection.execute(text(f"DROP TABLE {name}"))
    if not database.is_sqlite:
        # As its own housekeeping would do within minutes. SQLite has none, so none is done there.
        with database.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as connection:
            connection.execute(text("VACUUM ANALYZE"))
    return database


def _make_page(chance: random.Random, number: int, days: int) -> dict[str, Any]:
    base = int(10 ** chance.uniform(2, 6))
    return {
        "k": number,
        "id": str(FIRST_PAGE_ID + 7_919 * number),
        "base": base,
        "slope": chance.randint(-base // 100, base // 25),  # hundredths of a fan a day
        "swing": base // 200 + 3,
        "joined": chance.randrange(days) if chance.random() < 0.03 else 0,
        "silent": chance.randrange(days) if chance.random() < 0.03 else 2 * days,
        "has_fans": int(chance.random() > 0.005),
    }


def _fill_pages(
    connection: Connection, chance: random.Random, made: list[dict[str, Any]], at: datetime
) -> None:
    grants: list[dict[str, Any]] = [
        {
            "id": 1 + number,
            "account_id": str(9_000 + number),
            "account_name": f"Account {number}",
            "sealed_user_token": "sealed",
            "key_id": "key",
            "granted_permissions": [],
            "declined_permissions": [],
            "status": "needs_renewal" if number == 0 else "ok",
            **dict.fromkeys(("status_at", "created_at", "renewed_at"), at),
        }
        for number in range(ACCOUNTS)
    ]
    pages = [
        {
            "id": page["id"],
            "name": f"{chance.choice(('Café', 'Łódź', 'Musician', 'Åkersberga'))} {page['k']}",
            "category": chance.choice(("Café", "Optician", "Shopping & retail")),
            "is_published": page["k"] % 100 != 7,
            **dict.fromkeys(("first_seen_at", "described_at"), at),
        }
        for page in made
    ]
    held = [
        {
            "page_id": page["id"],
            "grant_id": 1 + page["k"] % ACCOUNTS,
            "tasks": ["ANALYZE", "MESSAGING"] if page["k"] % 41 else ["MESSAGING"],
            "sealed_page_token": "sealed",
            "key_id": "key",
            "status": "ok",
            **dict.fromkeys(("status_at", "granted_at"), at),
        }
        for page in made
    ]
    some = chance.sample(made, min(TAGGED, len(made)))
    tagged = [{"page_id": page["id"], "tag_id": 1} for page in some]
    connection.execute(insert(Grant), grants)
    connection.execute(insert(Page), pages)
    connection.execute(insert(PageGrant), held)
    connection.execute(insert(Tag), [{"id": 1, "name": "Hundred", "created_at": at}])
    connection.execute(insert(PageTag), tagged)
