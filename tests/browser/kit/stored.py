"""What a server's database holds, in SQL: screens are compared with it."""

from __future__ import annotations

FANS = """
    SELECT sum(fans_count) FROM snapshots AS newest WHERE fans_count IS NOT NULL AND day = (
        SELECT max(day) FROM snapshots
        WHERE page_id = newest.page_id AND fans_count IS NOT NULL)
"""
HISTORY = "SELECT page_id, day, fans_count, followers_count FROM snapshots ORDER BY page_id, day"
DAYS = "SELECT count(DISTINCT day) FROM snapshots"
PAGES = "SELECT count(*) FROM pages"
MANUAL_RUNS = "FROM job_runs WHERE kind = 'snapshots' AND started_by = 'manual'"
INSIGHTS_DONE = "SELECT count(*) FROM job_runs WHERE kind = 'insights' AND status = 'done'"
POSTS_DONE = "SELECT count(*) FROM job_runs WHERE kind = 'posts' AND status = 'done'"
# Five large Pages with plain names.
LARGEST = """
    SELECT id, name FROM pages JOIN snapshots ON page_id = id
    WHERE day = (SELECT max(day) FROM snapshots) AND name GLOB '[A-Z]*[a-z]'
    ORDER BY fans_count DESC LIMIT 5
"""
