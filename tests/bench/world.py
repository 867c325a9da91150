"""World that is measured: Pages with years of daily snapshots, made by the database itself.

Pages differ in size by orders of magnitude; ten accounts hold them. Some join late, some are silent
for a week, a few have no fan count, single snapshots are missing, and one day in 45 has none at
all. One figure in 200 is unusual, and every 97 days two fifths of the Pages fall together.

Posts are three a week and Page, each with the checkpoints that it is old enough for, but one in 50.
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
# As the job would store them: by day, a few Pages at a time.
_POSTS = """
INSERT INTO posts (id, page_id, published_at, kind, message, permalink, views, viewers, clicks,
    link_clicks, reactions, comments, shares, video_views, watch_ms, views_paid, views_unpaid,
    paid_age_days, read_at, first_seen_at, gone_at, message_folded)
SELECT post_id, id, {published}, kind, {message},
    'https://www.facebook.com/' || post_id, views, views * 4 / 5, views / 40, views / 90,
    views / 30, views / 300, views / 500, NULL, NULL,
    CASE WHEN n % 9 = 0 THEN views / 3 END, CASE WHEN n % 9 = 0 THEN views - views / 3 END,
    CASE WHEN n % 9 = 0 THEN 28 END, {read}, {seen},
    CASE WHEN (k * 13 + n) % 211 = 0 THEN {read} END,
    trim(lower(replace({message}, 'é', 'e')))
FROM made_posts ORDER BY n, k
"""
_FILLER = "and a few more words about what there is to see, to taste and to take home. " * 3
_MESSAGE = f"""
    'Spring menu ' || k || ' · Kaffee, Kuchen & good company for everyone who comes along '
        || CASE n % 4 WHEN 0 THEN '#Brunch #Café' WHEN 1 THEN '#kaffee today' ELSE 'until late' END
        || substr('{_FILLER}', 1, CAST((k * 31 + n * 17) % 200 AS INTEGER))
"""
_MADE_POSTS = """
CREATE TEMP TABLE made_posts AS
SELECT made_pages.k, n, id, id || '_' || (1000000000000 + n * 100003 + made_pages.k) AS post_id,
    day, minutes, views, CASE (made_pages.k * 7 + n * 5) % 11 WHEN 0 THEN 'link' WHEN 1 THEN 'link'
    WHEN 2 THEN 'video' WHEN 3 THEN 'reel' WHEN 4 THEN 'album' WHEN 5 THEN 'text' ELSE 'photo' END
    AS kind
FROM (
    SELECT k, n, day, (k * 53 + n * 607) % 1440 AS minutes,
        20 + (base + slope * n / 100) * (20 + (k * 7919 + n * 48271) % 101) / 800 AS views
    FROM made_pages CROSS JOIN made_days WHERE (n + k) % 7 IN (0, 2, 4) AND n >= joined
) every, made_pages WHERE made_pages.k = every.k
"""
_CHECKPOINTS = """
INSERT INTO post_checkpoints (post_id, age_days, read_at, views, viewers, clicks, reactions,
    comments, shares)
SELECT post_id, age, {read}, views * part / 100, views * part / 125, views * part / 4000,
    views * part / 3000, views * part / 30000, views * part / 50000
FROM made_posts CROSS JOIN ({ages}) ages
WHERE n + age < {days} AND (k * 41 + n * 29 + age) % 50 <> 0 ORDER BY n, k, age
"""
_AGES = {1: 55, 3: 78, 7: 90, 28: 98, 90: 100}


def make_world(
    url: str, *, pages: int, days: int, today: date, has_posts: bool = False
) -> Database:
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
        if has_posts:
            _fill_posts(connection, days, is_sqlite=database.is_sqlite)
        for name in ("made_pages", "made_days"):
            connection.execute(text(f"DROP TABLE {name}"))
    if not database.is_sqlite:
        # As its own housekeeping would do within minutes. SQLite has none, so none is done there.
        with database.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as connection:
            connection.execute(text("VACUUM ANALYZE"))
    return database


def _fill_posts(connection: Connection, days: int, *, is_sqlite: bool) -> None:
    def after(expression: str) -> str:
        """The time that is so many minutes after the day of the post began."""
        if is_sqlite:
            minutes = f"'+' || ({expression}) || ' minutes'"
            return f"strftime('%Y-%m-%d %H:%M:%f000', day, {minutes})"
        return f"(day + make_interval(mins => ({expression})::int)) AT TIME ZONE 'UTC'"

    ages = " UNION ALL ".join(f"SELECT {a} AS age, {p} AS part" for a, p in _AGES.items())
    of_post = {
        "published": after("minutes"),
        "read": after(f"1440 * least(90, {days - 1} - n) + 1445"),
        "seen": after("minutes + 600"),
        "message": _MESSAGE,
    }
    if is_sqlite:
        of_post["read"] = of_post["read"].replace("least", "min")
    connection.execute(text(_MADE_POSTS))
    _execute(connection, _POSTS.format(**of_post))
    read = after("minutes + 1440 * age + 300")
    _execute(connection, _CHECKPOINTS.format(read=read, ages=ages, days=days))
    connection.execute(text("DROP TABLE made_posts"))
    connection.execute(
        text(
            "INSERT INTO post_states (page_id, state, asked_at, answered_at, covered_since,"
            " covered_until, is_complete, rows_limit, left_out)"
            " SELECT id, 'ok', at, at, (SELECT at FROM made_days WHERE n = 0), at, true, 25, '[]'"
            f" FROM made_pages CROSS JOIN made_days WHERE n = {days - 1}"
        )
    )


def _execute(connection: Connection, statement: str) -> None:
    """Execute a statement in which colons are no parameters."""
    connection.execute(text(statement.replace(":", "\\:")))


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
