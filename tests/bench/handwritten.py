"""Overview's figures by hand: SQL sent through the driver itself, sums and orders in plain Python.

It asks what the screen asks: the first days of the Pages and the newest day of both figures, both
ends of the period, of the one before and of the last week, the first day only of Pages that lack an
end, a point a week beyond 90 days, the line of the same Pages in the days before, the days on which
many Pages moved with how many could be judged, 25 rows with their small lines, the notes of the
chart's days with outages and what else happened. The reasons why Pages can't be compared are told
apart roughly, in the rival's favour.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from heapq import nsmallest
from itertools import accumulate, pairwise
from statistics import median, median_high
from typing import Any

A_DAY = timedelta(days=1)

_ENDS = """
SELECT p.id, p.name, p.first_seen_at, {figures}
FROM pages p
LEFT JOIN snapshots a ON a.page_id = p.id AND a.day = :a
LEFT JOIN snapshots b ON b.page_id = p.id AND b.day = :b
LEFT JOIN snapshots c ON c.page_id = p.id AND c.day = :c
LEFT JOIN snapshots w ON w.page_id = p.id AND w.day = :w
{tagged} ORDER BY p.name_folded, p.id
"""
_OLDER = (
    "coalesce({x}.{m}, (SELECT o.{m} FROM snapshots o WHERE o.page_id = p.id AND o.day = :o{x}))"
)
_NEWEST = """coalesce(b.{m}, (SELECT o.{m} FROM snapshots o WHERE o.page_id = p.id AND o.day < :b
    AND o.{m} IS NOT NULL ORDER BY o.day DESC LIMIT 1))"""
_FIRST = """CASE WHEN a.{m} IS NULL OR b.{m} IS NULL OR c.{m} IS NULL OR w.{m} IS NULL THEN
    (SELECT o.day FROM snapshots o WHERE o.page_id = p.id AND o.{m} IS NOT NULL
    ORDER BY o.day LIMIT 1) END"""
_FIGURES = ", ".join(
    part.format(x=end, m=f"{metric}_count")
    for metric in ("fans", "followers")
    for part, end in [*((_OLDER, end) for end in "abcw"), (_NEWEST, ""), (_FIRST, "")]
)
_SUMS = """
SELECT day, count(fans_count), sum(fans_count) FROM snapshots
WHERE day IN ({days}) {tagged} GROUP BY day
"""
_FIGURES_OF = """
SELECT page_id, day, fans_count FROM snapshots
WHERE page_id IN ({pages}) AND day IN ({days}) AND fans_count IS NOT NULL
"""
_PRESENT = "SELECT page_id FROM snapshots WHERE day = :day AND fans_count IS NOT NULL {tagged}"
_LAST = """
SELECT fans_count FROM snapshots WHERE page_id = :page AND day < :day AND fans_count IS NOT NULL
ORDER BY day DESC LIMIT 1
"""
_MOVED = """
SELECT day, direction, count(*) FROM unusual_days
WHERE metric = 'fans' AND day BETWEEN :a AND :b {tagged} GROUP BY day, direction
"""
_ALL_PRESENT = """
SELECT day, {listed} FROM snapshots
WHERE day BETWEEN :first AND :day AND fans_count IS NOT NULL {tagged} GROUP BY day
"""
_DAYS_OF_SAMPLE = """
SELECT (SELECT {listed} FROM snapshots s
    WHERE s.page_id = p.id AND s.day BETWEEN :first AND :last AND s.fans_count IS NOT NULL)
FROM (SELECT id FROM pages p {tagged} ORDER BY first_seen_at, id LIMIT {sample}) p
"""
_ROWS = """
SELECT p.id, p.name, p.category, n.day, n.fetched_at, i.etag, h.status, h.tasks, g.status,
    h.sealed_page_token IS NULL, p.is_published
FROM pages p
LEFT JOIN page_grants h ON h.page_id = p.id LEFT JOIN grants g ON g.id = h.grant_id
LEFT JOIN snapshots n ON n.page_id = p.id AND n.day = (
    SELECT max(m.day) FROM snapshots m WHERE m.page_id = p.id AND m.day <= :b)
LEFT JOIN pictures i ON i.page_id = p.id
WHERE p.id IN ({pages})
"""
_ATTENTION = """
SELECT count(*) FROM pages p WHERE NOT (EXISTS (
    SELECT 1 FROM page_grants h JOIN grants g ON g.id = h.grant_id
    WHERE h.page_id = p.id AND h.status = 'ok' AND g.status = 'ok'
        AND h.sealed_page_token IS NOT NULL AND p.is_published
        AND CAST(h.tasks AS TEXT) LIKE :analyze)
    AND EXISTS (SELECT 1 FROM snapshots s WHERE s.page_id = p.id AND s.day IN (:b, :ob)
        AND (s.fans_count IS NOT NULL OR s.followers_count IS NOT NULL))) {tagged}
"""
_NOTES = """
SELECT n.id, n.day, n.text, n.page_id, p.name, n.tag_id, t.name
FROM notes n LEFT JOIN pages p ON p.id = n.page_id LEFT JOIN tags t ON t.id = n.tag_id
WHERE n.day BETWEEN :a AND :b AND n.page_id IS NULL AND (n.tag_id IS NULL {of_tag})
ORDER BY n.day DESC, n.id DESC LIMIT 200
"""
_CONSENTS = """
SELECT e.at, e.kind, g.account_name, e.facts FROM events e
LEFT JOIN event_subjects s ON s.pseudonym = e.account LEFT JOIN grants g ON g.id = s.grant_id
WHERE e.kind IN ('connected', 'renewed') AND e.at >= :a AND e.at < :after {of_tag}
ORDER BY e.at, e.sequence
"""
_IMPORTS = """
SELECT id, imported_at, file_name FROM imports
WHERE undone_at IS NULL AND imported_at >= :a AND imported_at < :after ORDER BY imported_at, id
"""
_RETIRED = """
SELECT retired_on, label, replaced_by FROM insight_metrics WHERE retired_on BETWEEN :a AND :b
"""
# From day to day through the index; DISTINCT would read every snapshot.
_DAYS = """
WITH RECURSIVE days(day) AS (
    SELECT min(day) FROM snapshots WHERE day BETWEEN :a AND :b
    UNION ALL
    SELECT (SELECT min(s.day) FROM snapshots s WHERE s.day > days.day AND s.day <= :b)
    FROM days WHERE days.day IS NOT NULL
)
SELECT day FROM days WHERE day IS NOT NULL {of_tag}
"""
_FIRST_DAY = """
SELECT min((SELECT s.day FROM snapshots s WHERE s.page_id = p.id AND
    (s.fans_count IS NOT NULL OR s.followers_count IS NOT NULL) ORDER BY s.day LIMIT 1))
FROM pages p {tagged}
"""
_BEGINS = """
SELECT day, count(*) FROM (
    SELECT (SELECT s.day FROM snapshots s WHERE s.page_id = p.id AND s.fans_count IS NOT NULL
        ORDER BY s.day LIMIT 1) AS day
    FROM pages p {tagged}) firsts
WHERE day IS NOT NULL GROUP BY day
"""
_NEWEST_DAY = """
SELECT day FROM snapshots WHERE day <= :b AND {m} IS NOT NULL ORDER BY day DESC LIMIT 1
"""
_NEWEST_DAY_OF_TAG = """
SELECT max((SELECT s.day FROM snapshots s WHERE s.page_id = p.id AND s.day <= :b
    AND s.{m} IS NOT NULL ORDER BY s.day DESC LIMIT 1))
FROM pages p {tagged}
"""
_SPAN = "SELECT (SELECT min(day) FROM snapshots), (SELECT max(day) FROM snapshots)"
_ORIGIN = """
SELECT max(fetched_at), fans_source, followers_source, graph_version FROM snapshots
WHERE day = (SELECT max(day) FROM snapshots WHERE day <= :b) GROUP BY 2, 3, 4
"""


class Rival:
    """One cursor of sqlite3 or psycopg on the database that is measured."""

    def __init__(self, cursor: Any, *, is_sqlite: bool) -> None:
        self._cursor, self._is_sqlite = cursor, is_sqlite
        self._listed = "group_concat({}, ',')" if is_sqlite else "string_agg(CAST({} AS text), ',')"

    def visit(self, since: date, until: date, tag_id: int | None) -> dict[str, Any]:
        """Ask for a whole Overview in one transaction: the changes from ``since`` to ``until``."""
        self._cursor.execute("BEGIN")
        try:
            return self._visit(since, until, tag_id)
        finally:
            self._cursor.execute("ROLLBACK")

    def _visit(self, since: date, until: date, tag_id: int | None) -> dict[str, Any]:
        self._tag = (
            "" if tag_id is None else f"SELECT page_id FROM page_tags WHERE tag_id = {tag_id}"
        )
        days_count = (until - since).days + 1
        ends = {"a": since - A_DAY, "b": until, "c": since - (days_count + 1) * A_DAY}
        ends["w"] = until - 7 * A_DAY
        ends |= {f"o{name}": day - A_DAY for name, day in ends.items()}
        pages = self._ask(_ENDS, ends, "WHERE p.id", figures=_FIGURES)
        fans = [page for page in pages if page[3] is not None and page[4] is not None]
        moved = [(page[4] - page[3], index) for index, page in enumerate(fans)]
        pages_by_fans = sorted(pages, key=lambda page: page[7] or -1, reverse=True)[:25]
        ids = [page[0] for page in pages_by_fans]
        stretch = -(-(days_count + 1) // 30)
        stretch = -(-stretch // 7) * 7 if days_count > 90 else stretch
        drawn = [
            until - number * stretch * A_DAY for number in range(-(-(days_count + 1) // stretch))
        ]
        growth = [100 * (page[4] - page[3]) / page[3] for page in fans if page[3] >= 100]
        return {
            "span": self._ask(_SPAN, {}),
            "begins": self._ask(_BEGINS, {}, "WHERE p.id"),
            "newest_days": [
                self._ask(_NEWEST_DAY_OF_TAG if tag_id else _NEWEST_DAY, ends, "WHERE p.id", m=name)
                for name in ("fans_count", "followers_count")
            ],
            "origin": self._ask(_ORIGIN, ends),
            "ends": [self._compare(pages, start, end) for start, end in _PAIRS],
            "newest": [sum(page[of] or 0 for page in pages) for of in (7, 13)],
            "stale": [
                sum(p[of - 3] is None and p[of] is not None for p in pages) for of in (7, 13)
            ],
            "new": sum(1 for page in pages if str(page[2])[:10] >= str(since)),
            "medians": [
                median(page[7] for page in pages if page[7] is not None),
                median(page[13] for page in pages if page[13] is not None),
                median(net for net, _ in moved),
                median(growth),
            ],
            "up": nsmallest(5, ((-net, index) for net, index in moved if net > 0)),
            "down": nsmallest(5, (each for each in moved if each[0] < 0)),
            "line": self._line(since, until, pages, fans),
            "line_before": self._line(ends["c"] + A_DAY, since - A_DAY, pages, fans)
            if all(page[5] is not None for page in fans)
            else {},
            "wide": self._list_wide(since, until),
            "attention": self._ask(_ATTENTION, {**ends, "analyze": '%"ANALYZE"%'}, "AND p.id"),
            "rows": self._ask(_ROWS, ends, pages=ids),
            "sparklines": self._ask(_FIGURES_OF, {}, pages=ids, days=drawn),
            "notes": self._list_notes(ends, tag_id),
        }

    def _list_notes(self, ends: dict[str, date], tag_id: int | None) -> list[Any]:
        days = {**ends, "after": ends["b"] + A_DAY}
        of_tag = f"OR n.tag_id = {tag_id}" if tag_id else ""
        is_held = f"""AND s.grant_id IN (
            SELECT h.grant_id FROM page_grants h WHERE h.page_id IN ({self._tag}))"""
        has_snapshot = f"""AND EXISTS (
            SELECT 1 FROM snapshots s WHERE s.day = days.day AND s.page_id IN ({self._tag}))"""
        present = self._ask(_DAYS, days, of_tag=has_snapshot if tag_id else "")
        outages = {ends["a"] + n * A_DAY for n in range((ends["b"] - ends["a"]).days + 1)}
        outages -= {_date(day) for (day,) in present}
        return [
            self._ask(_NOTES, days, of_tag=of_tag),
            self._ask(_CONSENTS, days, of_tag=is_held if tag_id else ""),
            *(self._ask(sql, days) for sql in (_IMPORTS, _RETIRED)),
            outages,
            self._ask(_FIRST_DAY, {}, "WHERE p.id") if tag_id else None,
        ]

    def _compare(
        self, pages: list[Any], start: int, end: int
    ) -> tuple[int, int, int, dict[str, int]]:
        """How many Pages have both ends, their sums, and why the others are left out."""
        both = [(p[start], p[end]) for p in pages if p[start] is not None and p[end] is not None]
        lacking = {"joined": 0, "silent": 0}
        for page in pages:
            if page[end] is None:
                lacking["silent"] += 1
            elif page[start] is None:
                lacking["joined"] += 1
        return len(both), sum(a for a, _ in both), sum(b for _, b in both), lacking

    def _line(self, since: date, until: date, pages: list[Any], fans: list[Any]) -> dict[date, int]:
        step = 7 if (until - since).days + 1 > 90 else 1
        count = ((until - since).days + 1) // step
        days = [until - number * step * A_DAY for number in range(count + 1)]
        sums = self._sum(days)
        # Where the day of a week's point has no figure: the last one of its week.
        lacking = [day for day in days if day not in sums and step == 7]
        weeks = {day: [day - n * A_DAY for n in range(1, 7)] for day in lacking}
        if weeks:
            before = self._sum([day for week in weeks.values() for day in week])
            for week in weeks.values():
                last = next((day for day in week if day in before), None)
                if last:
                    sums[last] = before[last]
        counted = {page[0] for page in fans}
        others = [page[0] for page in pages if page[0] not in counted]
        if others:
            for _, day, figure in self._ask(_FIGURES_OF, {}, pages=others, days=[*sums]):
                had, total = sums[_date(day)]
                sums[_date(day)] = had - 1, total - figure
        line = {}
        for day, (had, total) in sums.items():
            if had < len(fans):
                present = {id for (id,) in self._ask(_PRESENT, {"day": day}, "AND page_id")}
                for page_id in counted - present:
                    found = self._ask(_LAST, {"page": page_id, "day": day})
                    total += found[0][0] if found else 0
            line[day] = total
        return line

    def _sum(self, days: list[date]) -> dict[date, tuple[int, int]]:
        rows = self._ask(_SUMS, {}, "AND page_id", days=days)
        return {_date(day): (count, int(total)) for day, count, total in rows if count}

    def _list_wide(self, since: date, until: date) -> list[tuple[date, int, int, int]]:
        """Days on which more than a seventh of the judged Pages moved, or a twentieth of few."""
        moved: dict[date, dict[str, int]] = {}
        for day, direction, count in self._ask(
            _MOVED, {"a": since - A_DAY, "b": until}, "AND page_id"
        ):
            moved.setdefault(_date(day), {})[direction] = count
        if not moved:
            return []
        least = self._count_sample(moved)
        wide = []
        for day, counts in moved.items():
            if _is_wide(least[day], sum(counts.values())):
                judged = self._count_judged(day)
                if _is_wide(judged, sum(counts.values())):
                    wide.append((day, judged, counts.get("rose", 0), counts.get("fell", 0)))
        return wide

    def _count_sample(self, moved: dict[date, dict[str, int]]) -> Counter[date]:
        """Of some Pages, how many could be judged: it rules out most days."""
        first, last = min(moved) - 29 * A_DAY, max(moved)
        days = [f"{first + n * A_DAY}" for n in range((last - first).days + 1)]
        sample = 20 + 10 * median_high(sum(counts.values()) for counts in moved.values())
        listed = self._listed.format("s.day")
        values = {"first": first, "last": last}
        rows = self._ask(_DAYS_OF_SAMPLE, values, "WHERE p.id", listed=listed, sample=sample)
        judged: Counter[date] = Counter()
        for (text,), pages_count in Counter(rows).items():
            has_figure = set((text or "").split(","))
            changes = [False, *(a in has_figure and b in has_figure for a, b in pairwise(days))]
            before = [0, *accumulate(changes)]
            for n in range(29, len(days)):
                if changes[n] and before[n] - before[n - 28] >= 14:
                    judged[first + n * A_DAY] += pages_count
        return judged

    def _count_judged(self, day: date) -> int:
        """Pages with the change of the day and at least 14 of the 28 before."""
        days = {"first": day - 29 * A_DAY, "day": day}
        listed = self._listed.format("page_id")
        rows = self._ask(_ALL_PRESENT, days, "AND page_id", listed=listed)
        present = {_date(each): set(ids.split(",")) for each, ids in rows}
        changes = {each: ids & present.get(each - A_DAY, set()) for each, ids in present.items()}
        changed = changes.pop(day, set())
        complete = changed.intersection(*changes.values()) if len(changes) > 14 else set()
        others = changed - complete
        return len(complete) + sum(sum(id in c for c in changes.values()) >= 14 for id in others)

    def _ask(self, sql: str, values: dict[str, Any], where: str = "", **parts: Any) -> list[Any]:
        tagged = f"{where} IN ({self._tag})" if self._tag and where else ""
        values = dict(values)
        for name, part in parts.items():
            if isinstance(part, list):
                listed = {f"{name}{number}_": each for number, each in enumerate(part)}
                values |= listed
                parts[name] = ", ".join(f":{each}" for each in listed)
        text = sql.format(tagged=tagged, **parts)
        used = {name: values[name] for name in re.findall(r":(\w+)", text)}
        if self._is_sqlite:
            used = {name: f"{v}" if isinstance(v, date) else v for name, v in used.items()}
        else:
            text = re.sub(r":(\w+)", r"%(\1)s", text)
        self._cursor.execute(text, used)
        rows: list[Any] = self._cursor.fetchall()
        return rows


# Where in a row of _ENDS the fans of two ends stand: the period, the one before, the week; and the
# same of followers.
_PAIRS = ((3, 4), (5, 3), (6, 4), (9, 10))


def _is_wide(judged: int, moved: int) -> bool:
    return moved >= (0.15 if judged >= 20 else 0.05) * judged


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
