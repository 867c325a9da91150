"""The statements of `tests.bench.handwritten`, in the SQL that both databases share where they do.

Of each Page ``ends`` holds: fans and followers where the period starts (``…_start``) and ends
(``…_end``), the newest of each up to the end, fans where the previous period starts (it ends where
this one starts), and since when it has figures.
"""

from __future__ import annotations

_COLUMNS = """
    id TEXT PRIMARY KEY, name_folded {text}, is_new {small},
    fans_start {big}, fans_end {big}, fans_newest {big}, fans_before {big}, fans_since {day},
    followers_start {big}, followers_end {big}, followers_newest {big}, followers_since {day}
"""

PREPARE_SQLITE = (
    "PRAGMA temp_store = MEMORY",
    "CREATE TEMP TABLE ends ("
    + _COLUMNS.format(text="TEXT", small="INTEGER", big="INTEGER", day="TEXT")
    + ") WITHOUT ROWID",
    "CREATE TEMP TABLE holey (id TEXT PRIMARY KEY) WITHOUT ROWID",
)
PREPARE_POSTGRESQL = (
    # Compiling takes longer than these statements run, and everything lies in memory.
    "SET jit = off",
    "SET random_page_cost = 1.1",
    "CREATE TEMP TABLE ends ("
    + _COLUMNS.format(text='TEXT COLLATE "C"', small="INTEGER", big="BIGINT", day="DATE")
    + ") ON COMMIT DELETE ROWS",
    "CREATE TEMP TABLE holey (id TEXT PRIMARY KEY) ON COMMIT DELETE ROWS",
)

# Nothing is known of a table just filled: PostgreSQL would read whole days for a hundred Pages.
LOOK_POSTGRESQL = "ANALYZE {table}"

_NEWEST = """
    coalesce(e1.{metric}_count, e2.{metric}_count, CASE WHEN p.{metric}_since < :end_older THEN (
        SELECT n.{metric}_count FROM snapshots n
        WHERE n.page_id = p.id AND n.day < :end_older AND n.{metric}_count IS NOT NULL
        ORDER BY n.day DESC LIMIT 1) END)
"""

_FILL = f"""
INSERT INTO ends
SELECT p.id, p.name_folded,
    CASE WHEN p.first_seen_at >= :from_time AND p.first_seen_at < :to_time THEN 1 ELSE 0 END,
    coalesce(s1.fans_count, s2.fans_count), coalesce(e1.fans_count, e2.fans_count),
    {_NEWEST.format(metric="fans")}, coalesce(b1.fans_count, b2.fans_count), p.fans_since,
    coalesce(s1.followers_count, s2.followers_count),
    coalesce(e1.followers_count, e2.followers_count),
    {_NEWEST.format(metric="followers")}, p.followers_since
FROM {{pages}}
LEFT JOIN snapshots s1 ON s1.page_id = p.id AND s1.day = :start_day
LEFT JOIN snapshots s2 ON s2.page_id = p.id AND s2.day = :start_older
LEFT JOIN snapshots e1 ON e1.page_id = p.id AND e1.day = :end_day
LEFT JOIN snapshots e2 ON e2.page_id = p.id AND e2.day = :end_older
LEFT JOIN snapshots b1 ON b1.page_id = p.id AND b1.day = :before_day
LEFT JOIN snapshots b2 ON b2.page_id = p.id AND b2.day = :before_older
"""
FILL_ALL = _FILL.format(pages="pages p")
FILL_TAG = _FILL.format(pages="page_tags t JOIN pages p ON p.id = t.page_id AND t.tag_id = :tag_id")

# Pages, of these new; then for fans, fans before and followers what Comparable holds; then the
# newest in all and how many of them are stale, for fans and followers; first and last day.
_COMPARABLE = """
    count({end} - {start}), sum(CASE WHEN {end} IS NOT NULL THEN {start} END),
    sum(CASE WHEN {start} IS NOT NULL THEN {end} END),
    count(CASE WHEN {end} IS NOT NULL AND {start} IS NULL AND {had} >= {since} THEN 1 END),
    count(CASE WHEN {end} IS NULL AND ({had} IS NULL OR {had} > {until}) THEN 1 END),
    count(CASE WHEN {end} IS NULL AND {had} <= {until} THEN 1 END),
    count(CASE WHEN {end} IS NOT NULL AND {start} IS NULL AND {had} < {since} THEN 1 END)
"""


def _comparable(start: str, end: str, had: str, since: str, until: str) -> str:
    return _COMPARABLE.format(start=start, end=end, had=had, since=since, until=until)


def _newest(metric: str) -> str:
    """Their sum, and how many of them are older than the end."""
    stale = f"{metric}_end IS NULL AND {metric}_newest IS NOT NULL"
    return f"sum({metric}_newest), count(CASE WHEN {stale} THEN 1 END)"


# Pages, of these new; for fans, fans before and followers the fields of Comparable in their order;
# the newest fans and how many of them are stale, the same for followers; first and last day.
TOTALS = f"""
SELECT count(*), coalesce(sum(is_new), 0),
    {_comparable("fans_start", "fans_end", "fans_since", ":since", ":end_day")},
    {_comparable("fans_before", "fans_start", "fans_since", ":previous_since", ":start_day")},
    {_comparable("followers_start", "followers_end", "followers_since", ":since", ":end_day")},
    {_newest("fans")}, {_newest("followers")},
    (SELECT min(day) FROM snapshots), (SELECT max(day) FROM snapshots)
FROM ends
"""

_MIDDLE = """(SELECT avg(figure) FROM (
    SELECT {figure} AS figure FROM ends WHERE {figure} IS NOT NULL {more} ORDER BY 1
    LIMIT 2 - (SELECT count({figure}) FROM ends WHERE 1 = 1 {more}) % 2
    OFFSET ((SELECT count({figure}) FROM ends WHERE 1 = 1 {more}) - 1) / 2))"""
_RATE, _BASE = "100.0 * (fans_end - fans_start) / fans_start", "AND fans_start >= 100"
_NET = "fans_end - fans_start"

# Of fans, followers, net and growth.
MEDIANS_SQLITE = "SELECT " + ", ".join(
    (
        _MIDDLE.format(figure="fans_newest", more=""),
        _MIDDLE.format(figure="followers_newest", more=""),
        _MIDDLE.format(figure=_NET, more=""),
        _MIDDLE.format(figure=_RATE, more=_BASE),
    )
)
MEDIANS_POSTGRESQL = f"""
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY fans_newest),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY followers_newest),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY {_NET}),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN fans_start >= 100 THEN {_RATE} END)
FROM ends
"""

_OF_COMPARABLE = """
FROM ends e CROSS JOIN snapshots s
WHERE s.page_id = e.id AND e.fans_start IS NOT NULL AND e.fans_end IS NOT NULL
"""
# CROSS JOIN keeps SQLite to this order: Pages first where they are few, each one's days lie
# together; days first where they are all, as the covering index has them.
SUMS_OF_TAG = f"""
SELECT s.day, count(s.fans_count), sum(s.fans_count) {_OF_COMPARABLE}
    AND s.day BETWEEN :start_day AND :end_day GROUP BY s.day
"""
SUMS_OF_ALL = SUMS_OF_TAG.replace("ends e CROSS JOIN snapshots s", "snapshots s CROSS JOIN ends e")
# Pages without a figure on some day on which others have one.
FIND_HOLEY = f"""
INSERT INTO holey SELECT e.id {_OF_COMPARABLE}
    AND s.day BETWEEN :start_day AND :end_day
GROUP BY e.id HAVING count(s.fans_count) < :days_count
"""
FIGURES_OF_HOLEY = """
SELECT s.page_id, s.day, s.fans_count FROM holey h CROSS JOIN snapshots s
WHERE s.page_id = h.id AND s.day BETWEEN :start_older AND :end_day AND s.fans_count IS NOT NULL
"""
START = "SELECT sum(fans_start) FROM ends WHERE fans_start IS NOT NULL AND fans_end IS NOT NULL"

# Id, name, start, net.
UP, DOWN = (
    f"""
SELECT e.id, p.name, e.fans_start, e.net FROM (
    SELECT id, name_folded, fans_start, fans_end - fans_start AS net FROM ends
    WHERE fans_end - fans_start {sign} 0 ORDER BY 4 {direction}, 2, 1 LIMIT 5) e
JOIN pages p ON p.id = e.id ORDER BY e.net {direction}, e.name_folded, e.id
"""
    for sign, direction in ((">", "DESC"), ("<", "ASC"))
)

# Id, name, category, fans, followers, start, end, the connection's rank (None: held by nobody), day
# of the newest snapshot, when it was fetched, picture.
TABLE = """
SELECT e.id, p.name, p.category, e.fans_newest, e.followers_newest,
    CASE WHEN e.fans_end IS NOT NULL THEN e.fans_start END,
    CASE WHEN e.fans_start IS NOT NULL THEN e.fans_end END,
    (SELECT min(CASE
        WHEN g.status = 'disconnected' OR h.status = 'left_out' THEN 6
        WHEN h.status = 'missing' THEN 4
        WHEN h.status <> 'ok' OR h.sealed_page_token IS NULL THEN 5
        WHEN g.status = 'frozen' THEN 3
        WHEN g.status <> 'ok' THEN 2
        WHEN p.is_published = {no} OR NOT (CAST(h.tasks AS TEXT) LIKE '{any}"ANALYZE"{any}'
            OR CAST(h.tasks AS TEXT) LIKE '{any}"PROFILE_PLUS_ANALYZE"{any}'
            OR CAST(h.tasks AS TEXT) LIKE '{any}"PROFILE_PLUS_FULL_CONTROL"{any}') THEN 1
        ELSE 0 END)
     FROM page_grants h JOIN grants g ON g.id = h.grant_id WHERE h.page_id = p.id),
    n.day, n.fetched_at, i.etag
FROM (SELECT * FROM ends ORDER BY fans_end - fans_start DESC NULLS LAST, name_folded, id
    LIMIT :rows) e
JOIN pages p ON p.id = e.id
{newest}
LEFT JOIN pictures i ON i.page_id = e.id
ORDER BY e.fans_end - e.fans_start DESC NULLS LAST, e.name_folded, e.id
"""
TABLE_SQLITE = TABLE.format(
    no="0",
    any="%",
    newest="""LEFT JOIN snapshots n ON n.page_id = e.id AND n.day = (
    SELECT max(m.day) FROM snapshots m WHERE m.page_id = e.id AND m.day <= :end_day)""",
)
TABLE_POSTGRESQL = TABLE.format(
    no="false",
    any="%%",
    newest="""LEFT JOIN LATERAL (SELECT m.day, m.fetched_at FROM snapshots m
    WHERE m.page_id = e.id AND m.day <= :end_day ORDER BY m.day DESC LIMIT 1) n ON true""",
)

# Of each stretch of days, counted back from the end, the last figure.
SPARKLINES_SQLITE = """
SELECT page_id, fans_count, max(day) FROM snapshots
WHERE page_id IN ({pages}) AND day BETWEEN :from_day AND :until AND fans_count IS NOT NULL
GROUP BY page_id, (CAST(julianday(:until) - julianday(day) AS INTEGER)) / :stretch_days
ORDER BY page_id, max(day)
"""
SPARKLINES_POSTGRESQL = """
SELECT DISTINCT ON (page_id, (:until - day) / :stretch_days) page_id, fans_count, day
FROM snapshots
WHERE page_id IN ({pages}) AND day BETWEEN :from_day AND :until AND fans_count IS NOT NULL
ORDER BY page_id, (:until - day) / :stretch_days DESC, day DESC
"""
