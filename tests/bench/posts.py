"""Measures the questions about posts against SQL by hand: ``python -m tests.bench.posts``.

The rival sends its statements through the driver itself, and finds what is usual in plain Python.
Nothing is remembered by either.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.figures.filters import Filter
from storage.posts import analysis, details, page_posts
from tests.present import NOW, TODAY

A_DAY = timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")
MAX_SECONDS = 0.5
MAX_KILOBYTES = 100
END = datetime.combine(TODAY + A_DAY, datetime.min.time(), UTC)

_FOLLOWERS = """(SELECT coalesce(s.followers_count, s.fans_count) FROM snapshots s
    WHERE s.page_id = p.page_id AND s.day = {day})"""
_POSTS = """
SELECT p.page_id, p.kind, p.published_at, c.views, p.id, p.gone_at IS NOT NULL, c.viewers,
    c.clicks, c.reactions, c.comments, c.shares, p.views_paid, p.views_unpaid,
    coalesce({day_of}, {day_before}) {message}
FROM posts p LEFT JOIN post_checkpoints c ON c.post_id = p.id AND c.age_days = 7
WHERE p.page_id IN (SELECT id FROM pages WHERE archived_at IS NULL {tagged})
    AND p.published_at >= :since AND p.published_at < :until
"""
_BEFORE = """
SELECT p.page_id, p.kind, p.published_at, c.views
FROM posts p JOIN post_checkpoints c ON c.post_id = p.id AND c.age_days = 7
WHERE p.page_id IN (SELECT id FROM pages WHERE archived_at IS NULL {tagged})
    AND p.published_at >= :before AND p.published_at < :since AND c.views IS NOT NULL
"""
_TEXTS = """
SELECT id, message FROM posts
WHERE published_at >= :since AND published_at < :until AND message LIKE :mark
"""
_RHYTHMS = """
SELECT s.page_id, s.covered_since, s.covered_until, r.posts_count, coalesce(r.last_at,
    (SELECT max(o.published_at) FROM posts o WHERE o.page_id = s.page_id AND
        o.published_at < :since))
FROM post_states s JOIN pages g ON g.id = s.page_id AND g.archived_at IS NULL
LEFT JOIN (SELECT page_id, count(*) AS posts_count, max(published_at) AS last_at FROM posts
    WHERE published_at >= :since AND published_at < :until GROUP BY page_id) r
    ON r.page_id = s.page_id
"""
_COVERAGE = """
SELECT g.id, s.state, s.covered_since, s.covered_until, s.is_complete, s.reels_state
FROM pages g LEFT JOIN post_states s ON s.page_id = g.id WHERE g.archived_at IS NULL
"""
_COUNTS = """
SELECT page_id, count(*) FROM posts
WHERE published_at >= :year AND published_at < :until GROUP BY page_id
"""
_POST = """
SELECT p.*, g.name, i.etag FROM posts p JOIN pages g ON g.id = p.page_id
LEFT JOIN pictures i ON i.page_id = p.page_id WHERE p.id IN ({ids})
"""
_READINGS = "SELECT * FROM post_checkpoints WHERE post_id = :id ORDER BY age_days"
_BAND = """
SELECT c.age_days, c.views FROM posts p JOIN post_checkpoints c ON c.post_id = p.id
WHERE p.page_id = :page AND p.kind = :kind AND p.published_at >= :before
    AND p.published_at < :since AND c.views IS NOT NULL
"""


class Rival:
    """One cursor of sqlite3 or psycopg on the database that is measured."""

    def __init__(self, cursor: Any, *, is_sqlite: bool) -> None:
        self._cursor, self._is_sqlite = cursor, is_sqlite

    def list_posts(self, since: datetime, tag_id: int | None, search: str = "") -> list[Any]:
        """The posts since a time, newest first, with their rates and what is usual for them."""
        tagged = f"AND id IN (SELECT page_id FROM page_tags WHERE tag_id = {tag_id})"
        parts = {"tagged": tagged if tag_id else "", "message": ", p.message" if search else ""}
        if self._is_sqlite:
            days = ("date(p.published_at)", "date(p.published_at, '-1 days')")
        else:
            day = "(p.published_at AT TIME ZONE 'UTC')::date"
            days = (day, f"{day} - 1")
        for name, day in zip(("day_of", "day_before"), days, strict=True):
            parts[name] = _FOLLOWERS.format(day=day)
        rows = self._ask(_POSTS, since=since, until=END, **parts)
        before = self._ask(_BEFORE, since=since, before=since - 180 * A_DAY, **parts)
        posts = [(page, kind, self._time(at), *rest) for page, kind, at, *rest in rows]
        posts.sort(key=lambda post: (post[2], post[4]), reverse=True)
        measures = [(page, kind, self._time(at), views) for page, kind, at, views in before]
        measures += [post[:4] for post in posts if post[3] is not None]
        measures.sort(key=lambda each: each[2])
        groups: dict[Any, tuple[list[Any], list[int]]] = defaultdict(lambda: ([], []))
        for page, kind, time, views in measures:
            for group in (page, (page, kind)):
                times, values = groups[group]
                times.append(time)
                values.append(views)
        words = search.lower().split()
        return [
            self._rate(post, groups)
            for post in posts
            if all(word in post[-1].lower() for word in words)
        ]

    def _rate(self, post: Any, groups: Any) -> Any:
        page, kind, time, views, _, _, _, clicks, reactions, comments, shares, paid, unpaid = post[
            :13
        ]
        usual = None
        for group in ((page, kind), page):
            times, values = groups[group]
            begin, end = bisect_left(times, time - 180 * A_DAY), bisect_left(times, time)
            if end - begin >= 8:
                ordered = sorted(values[begin:end])
                half = len(ordered) // 2
                usual = (ordered[half] + ordered[~half]) / 2
                break
        interactions = engagements = rate = times_usual = paid_percent = None
        if reactions is not None and comments is not None and shares is not None:
            interactions = reactions + comments + shares
            if clicks is not None:
                engagements = interactions + clicks
                if views is not None and views >= 100:
                    rate = 100 * engagements / views
        if usual is not None and usual >= 20 and views is not None:
            times_usual = views / usual
        if paid is not None and unpaid is not None and paid + unpaid > 0:
            paid_percent = 100 * paid / (paid + unpaid)
        return (*post, interactions, engagements, rate, paid_percent, usual, times_usual)

    def count_hashtags(self, since: datetime, posts: list[Any]) -> list[Any]:
        """The hashtags of listed posts, most posts first."""
        times = {post[4]: post[-1] for post in posts}
        found: dict[str, list[Any]] = defaultdict(list)
        pattern = re.compile(r"(?<!\w)#\w+")
        for id, message in self._ask(_TEXTS, since=since, until=END, mark="%#%"):
            if id in times:
                for hashtag in {each.casefold() for each in pattern.findall(message)}:
                    found[hashtag].append(times[id])
        counted = [(len(values), name, _median(values)) for name, values in found.items()]
        return sorted((each for each in counted if each[0] >= 5), reverse=True)[:25]

    def list_rhythms(self) -> Any:
        """How often each Page publishes."""
        rows = self._ask(_RHYTHMS, since=END - 28 * A_DAY, until=END)
        return {
            page: (count, count and count / 4, self._time(since) <= END - 28 * A_DAY, last)
            for page, since, _, count, last in rows
        }

    def find_coverage(self) -> Any:
        """The states of all Pages, and which publish very much."""
        counts = dict(self._ask(_COUNTS, year=END - 365 * A_DAY, until=END))
        return sum(counts.get(row[0], 0) >= 600 for row in self._ask(_COVERAGE))

    def list_details(self, ids: list[str]) -> list[Any]:
        """Whole posts."""
        marks = ", ".join(f":id{number}" for number in range(len(ids)))
        return self._ask(_POST, ids=marks, **{f"id{n}": id for n, id in enumerate(ids)})

    def find_post(self, id: str, page: str, kind: str, published_at: datetime) -> Any:
        """One post with its readings and the band of its kind."""
        readings = self._ask(_READINGS, id=id)
        before = published_at - 180 * A_DAY
        views: dict[int, list[int]] = defaultdict(list)
        for age, value in self._ask(_BAND, page=page, kind=kind, before=before, since=published_at):
            views[age].append(value)
        bands = {age: quantiles(values, n=4) for age, values in views.items() if len(values) > 7}
        return self.list_details([id]), readings, bands

    def _time(self, value: Any) -> datetime:
        return datetime.fromisoformat(value).replace(tzinfo=UTC) if self._is_sqlite else value

    def _ask(self, sql: str, **values: Any) -> list[Any]:
        names = set(re.findall(r"\{(\w+)\}", sql))
        text = sql.format(**{name: values[name] for name in names})
        used = {name: values[name] for name in re.findall(r"(?<!:):(\w+)", text)}
        if self._is_sqlite:
            used = {
                name: f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value
                for name, value in used.items()
            }
        else:
            text = re.sub(r"(?<!:):(\w+)", r"%(\1)s", text)
        self._cursor.execute(text, used)
        rows: list[Any] = self._cursor.fetchall()
        return rows


def main() -> None:
    """Measure and print everything, on both databases."""
    from tests.bench import screens
    from tests.bench.__main__ import report, served_postgresql
    from tests.bench.tab import opened_tab
    from tests.bench.world import make_world
    from tests.browser.kit.serving import serving

    world: dict[str, Any] = {"pages": 1_000, "days": 3 * 365, "has_posts": True}
    with TemporaryDirectory(prefix="pagekeeper-bench-") as folder:
        print("SQLite")
        program = screens.copy_program(Path(folder) / "program")
        compare(screens.make_database(program, **world))
        with serving(program) as server, opened_tab(server.port, "posts") as tab:
            report("first load of Posts", tab.rerun().bytes_count / 1000, MAX_KILOBYTES, "kB")
    print("PostgreSQL")
    with served_postgresql() as url:
        compare(make_world(url, today=TODAY, **world))


def compare(database: Database) -> None:
    """Ask each question in turn with the rival, and close the database."""
    from tests.bench.__main__ import opened_cursor

    with opened_cursor(database) as cursor:
        _compare(database, Rival(cursor, is_sqlite=database.is_sqlite))
    database.close()


def _compare(database: Database, rival: Rival) -> None:
    from tests.bench.__main__ import measure_in_turn, report

    def ask(question: Callable[[Session], Any]) -> Callable[[], Any]:
        def answer() -> Any:
            with database.reading() as session:
                return question(session)

        return answer

    def measure(what: str, ours: Callable[[Session], Any], theirs: Callable[[], Any]) -> None:
        our_time, their_time = measure_in_turn(ask(ours), theirs, 5)
        title = f"{what}: {1000 * our_time:.0f} ms by {1000 * their_time:.0f}"
        # Ten milliseconds more are allowed where that is more than half of the rival's.
        limit = max(1.5, (their_time + 0.010) / their_time)
        report(title, our_time / their_time, round(limit, 2), "x")
        report("  in seconds", our_time, MAX_SECONDS, "s")

    for days in (28, 90):
        since, begin = TODAY - (days - 1) * A_DAY, END - days * A_DAY
        for name, tag_id, search in (
            ("all Pages", None, ""),
            ("a tag of 100", 1, ""),
            ("text", None, "kuchen brunch"),
        ):

            def load(
                session: Session,
                tag_id: int | None = tag_id,
                search: str = search,
                since: Any = since,
            ) -> analysis.PostSet:
                filter = Filter(tag_ids=(tag_id,) if tag_id else ())
                return analysis.load_post_set(
                    session, filter, since, TODAY, UTC_ZONE, 7, search=search
                )

            def list_posts(
                tag_id: int | None = tag_id, search: str = search, begin: datetime = begin
            ) -> list[Any]:
                return rival.list_posts(begin, tag_id, search)

            measure(f"posts of {days} days, {name}", load, list_posts)
    posts, listed = ask(load_month)(), rival.list_posts(END - 28 * A_DAY, None)
    assert len(posts) == len(listed)
    measure(
        "hashtags of 28 days",
        lambda session: analysis.list_hashtags(session, posts),
        lambda: rival.count_hashtags(END - 28 * A_DAY, listed),
    )
    (first,) = posts.list_posts(posts.newest[len(posts) // 2 :][:1])
    ids = [posts.ids[number] for number in posts.newest[:25]]
    measure(
        "25 posts of the table",
        lambda session: details.list_details(session, ids),
        lambda: rival.list_details(ids),
    )
    measure(
        "one post",
        lambda session: details.find_post(session, first.id),
        lambda: rival.find_post(first.id, first.page_id, first.kind, first.published_at),
    )
    measure(
        "posts a week of every Page",
        lambda session: page_posts.load_rhythms(session, Filter(), TODAY, UTC_ZONE),
        rival.list_rhythms,
    )
    measure(
        "what is not covered",
        lambda session: page_posts.find_coverage(session, Filter(), TODAY - 27 * A_DAY, TODAY),
        rival.find_coverage,
    )

    def summarize() -> None:
        analysis.summarize(posts, NOW)
        analysis.compare_kinds(posts)
        analysis.find_when(posts)
        analysis.in_order(posts, "times_usual", descending=True)

    seconds, _ = measure_in_turn(summarize, lambda: None, 5)
    report("tiles, kinds, times and order of 28 days", seconds, MAX_SECONDS, "s")


def load_month(session: Session) -> analysis.PostSet:
    """The posts of all Pages in 28 days at 7 days."""
    since = TODAY - 27 * A_DAY
    return analysis.load_post_set(session, Filter(), since, TODAY, UTC_ZONE, 7)


def _median(values: list[Any]) -> float | None:
    known = sorted(value for value in values if value is not None)
    half = len(known) // 2
    return (known[half] + known[~half]) / 2 if len(known) >= 5 else None


if __name__ == "__main__":
    main()
