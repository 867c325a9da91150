"""Oracle: everything that the screens show, computed slowly and obviously from lists of snapshots.

No SQL, no arrays, nothing of the product's. `World` is written to as the product is and follows the
rules of storing; the functions below answer as the screens do. Rules in short:

- A period's start is the figure of the day before `since`, its end that of `until`; each may be one
  day older, no more; not the end of a single day, which would be its start. Pages with both are
  comparable.
- A line adds up comparable Pages, and where one has no figure its last one stands.
- Of more than POINT_A_WEEK_BEYOND_DAYS days, the lines of many Pages have a point a week: `until`,
  `until` - 7 days, … down to the day before `since` or the first such day after it. A point is the
  last total of the seven days that end with it; none in them is a gap.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import ceil
from statistics import median
from typing import Any

from tests.integration.known_world.records import (
    METRICS,
    STATES,
    Change,
    Comparable,
    CompareAnswer,
    ComparedRow,
    Figures,
    Filter,
    Freshness,
    LineBefore,
    LinePoint,
    ListedPage,
    Metric,
    Mover,
    Origin,
    Overview,
    PageAnswer,
    Row,
    StoredDay,
    SummaryRow,
    Table,
    Totals,
    UnusualDay,
    View,
)

FACEBOOK = "snapshot"
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
ROWS, MOVERS, SPARKLINE_POINTS, DAYS_OF_COMPARE = 25, 5, 30, 367
MIN_BASE, MIN_BASE_OF_MOVERS = 100, 500
TASKS_THAT_ANALYZE = {"ANALYZE", "PROFILE_PLUS_ANALYZE", "PROFILE_PLUS_FULL_CONTROL"}


@dataclass(frozen=True)
class Snapshot:
    """One Page on one day as it is stored; a source is None without a figure."""

    day: date
    fans: int | None
    followers: int | None
    fans_source: str | None
    followers_source: str | None
    fetched_at: datetime
    graph_version: str | None

    @property
    def sources(self) -> set[str]:
        """Where its figures come from; only Facebook reports a day without any."""
        return {each for each in (self.fans_source, self.followers_source) if each} or {FACEBOOK}

    @property
    def source(self) -> str:
        """The one that a screen names: Facebook, where any figure is Facebook's."""
        return FACEBOOK if FACEBOOK in self.sources else min(self.sources)


@dataclass
class Page:
    """A Page as Facebook described it last, and its snapshots by day."""

    id: str
    name: str
    category: str | None
    is_published: bool | None
    first_seen_at: datetime
    snapshots: dict[date, Snapshot] = field(default_factory=dict)

    def figure(self, metric: Metric, day: date) -> int | None:
        """The figure of a day; None where it has none."""
        stored = self.snapshots.get(day)
        if stored is None:
            return None
        return stored.fans if metric == "fans" else stored.followers

    def days(self, metric: Metric, until: date) -> list[date]:
        """The days with a figure up to ``until``, oldest first."""
        return [day for day in sorted(self.snapshots) if day <= until and self._has(metric, day)]

    def newest(self, metric: Metric, until: date) -> int | None:
        """The last figure up to ``until``, however old."""
        days = self.days(metric, until)
        return self.figure(metric, days[-1]) if days else None

    def at(self, metric: Metric, day: date) -> int | None:
        """The figure of a day, or of the day before."""
        figure = self.figure(metric, day)
        return self.figure(metric, day - A_DAY) if figure is None else figure

    def start(self, metric: Metric, since: date) -> int | None:
        """Where a period that begins with ``since`` starts."""
        return self.at(metric, since - A_DAY)

    def end(self, metric: Metric, since: date, until: date) -> int | None:
        """Where a period ends."""
        return self.figure(metric, until) if since == until else self.at(metric, until)

    def _has(self, metric: Metric, day: date) -> bool:
        return self.figure(metric, day) is not None


@dataclass
class Holding:
    """What one account may do on one Page."""

    status: str
    tasks: tuple[str, ...]
    has_token: bool


class World:
    """What is stored, and what becomes of it when the product writes."""

    def __init__(self, graph_version: str) -> None:
        self.graph_version = graph_version
        self.pages: dict[str, Page] = {}
        self.accounts: dict[str, str] = {}
        self.holdings: dict[tuple[str, str], Holding] = {}
        self.tags: dict[str, set[str]] = {}

    def connect(self, account: str, pages: Sequence[ListedPage], now: datetime) -> None:
        """Save what an account's trip brought."""
        self.accounts[account] = "ok"
        for listed in pages:
            page = self.pages.get(listed.id)
            if page is None:
                self.pages[listed.id] = Page(
                    listed.id, listed.name, listed.category, listed.is_published, now
                )
            elif listed.has_figures:  # else Facebook refused to describe it
                page.name, page.category = listed.name, listed.category
                page.is_published = listed.is_published
            self.holdings[account, listed.id] = Holding("ok", listed.tasks, has_token=True)
            if listed.has_figures:
                row = Figures(listed.id, now.date(), listed.fans, listed.followers)
                self._store(row, FACEBOOK, now, self.graph_version)

    def report(self, rows: Sequence[Figures], fetched_at: datetime | None = None) -> None:
        """Store what Facebook reported."""
        for row in rows:
            at = fetched_at or datetime.combine(row.day, time(6, 5), tzinfo=UTC)
            self._store(row, FACEBOOK, at, self.graph_version)

    def import_file(self, rows: Sequence[Figures], now: datetime, import_id: int | None) -> None:
        """Add the figures of a file that are not stored yet, as the import with this id.

        Nothing of a row is taken where one of its figures differs from what is stored.
        """
        for row in rows:
            page = self.pages[row.page_id]
            stored = page.figure("fans", row.day), page.figure("followers", row.day)
            pairs = list(zip((row.fans, row.followers), stored, strict=True))
            if any(None not in pair and pair[0] != pair[1] for pair in pairs):
                continue
            fans, followers = (figure if was is None else None for figure, was in pairs)
            if fans is not None or followers is not None:
                new = replace(row, fans=fans, followers=followers)
                self._store(new, f"import:{import_id}", now, None)

    def undo(self, import_id: int) -> None:
        """Remove the figures that are an import's, and the days left without any."""
        source = f"import:{import_id}"
        for page in self.pages.values():
            for day, stored in list(page.snapshots.items()):
                if stored.fans_source == source:
                    stored = replace(stored, fans=None, fans_source=None)
                if stored.followers_source == source:
                    stored = replace(stored, followers=None, followers_source=None)
                is_empty = stored.fans is None and stored.followers is None
                if is_empty and source in page.snapshots[day].sources:
                    del page.snapshots[day]
                else:
                    page.snapshots[day] = stored

    def set_page_status(self, account: str, page_id: str, status: str) -> None:
        """Say what became of one Page of an account."""
        holding = self.holdings[account, page_id]
        holding.status = status
        holding.has_token = holding.has_token and status == "ok"

    def _store(self, row: Figures, source: str, at: datetime, version: str | None) -> None:
        """Each figure is the newest report's that has it, Facebook's before a file's."""
        sources = (None if each is None else source for each in (row.fans, row.followers))
        fans_source, followers_source = sources
        new = Snapshot(row.day, row.fans, row.followers, fans_source, followers_source, at, version)
        snapshots = self.pages[row.page_id].snapshots
        old = snapshots.setdefault(row.day, new)
        is_newer = at >= old.fetched_at
        fans, followers = (old.fans, old.fans_source), (old.followers, old.followers_source)
        if row.fans is not None and _counts(source, old.fans_source, is_newer=is_newer):
            fans = (row.fans, source)
        if row.followers is not None and _counts(source, old.followers_source, is_newer=is_newer):
            followers = (row.followers, source)
        # The time and version of a day are those of the newest report, of Facebook's before a
        # file's; one without any figure is not the one that the others' figures are from.
        if (old.source == FACEBOOK) == (new.source == FACEBOOK):
            is_whole = is_newer
        elif row.fans is None and row.followers is None:
            is_whole = False
        elif old.fans is None and old.followers is None:
            is_whole = True
        else:
            is_whole = old.source != FACEBOOK
        read = new if is_whole else old
        snapshots[row.day] = replace(
            read,
            fans=fans[0],
            fans_source=fans[1],
            followers=followers[0],
            followers_source=followers[1],
        )

    def connection(self, page_id: str) -> str:
        """The best that any account's hold on a Page comes to."""
        states = [
            self._state(self.accounts[account], holding, self.pages[page_id])
            for (account, held), holding in self.holdings.items()
            if held == page_id
        ]
        return min(states, key=STATES.index, default="disconnected")

    @staticmethod
    def _state(account_status: str, holding: Holding, page: Page) -> str:
        if account_status == "disconnected" or holding.status == "left_out":
            return "disconnected"
        if holding.status == "missing":
            return "missing"
        if holding.status != "ok" or not holding.has_token:
            return "no_access"
        if account_status == "frozen":
            return "frozen"
        if account_status != "ok":
            return "needs_renewal"
        if page.is_published is False or not TASKS_THAT_ANALYZE & set(holding.tasks):
            return "works_in_part"
        return "connected"

    def needs_attention(self, page: Page, until: date) -> bool:
        """Not fully connected, or without any figure of ``until`` and the day before."""
        has_figure = any(page.at(metric, until) is not None for metric in METRICS)
        return self.connection(page.id) != "connected" or not has_figure

    def select(self, filter: Filter, until: date) -> list[Page]:
        """The Pages of a filter, by name, then id."""
        return sorted(
            (page for page in self.pages.values() if self._matches(page, filter, until)),
            key=lambda page: (fold(page.name), page.id),
        )

    def _matches(self, page: Page, filter: Filter, until: date) -> bool:
        words = fold(filter.search).split()
        return (
            (filter.account is None or (filter.account, page.id) in self.holdings)
            and (filter.category is None or page.category == filter.category)
            and (filter.state is None or self.connection(page.id) == filter.state)
            and (filter.tag is None or page.id in self.tags.get(filter.tag, ()))
            and all(word in fold(page.name) for word in words)
            and (not filter.attention or self.needs_attention(page, until))
        )


def _counts(source: str, old: str | None, *, is_newer: bool) -> bool:
    """Whether a figure from ``source`` counts before the one that is there, if there is one."""
    if old is None or (source == FACEBOOK) != (old == FACEBOOK):
        return old is None or source == FACEBOOK
    return is_newer


def fold(text: str) -> str:
    """A name without case and accents, for order and search."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def answer_overview(world: World, view: View, point_a_week_beyond: int | None) -> Overview:
    """What Overview shows."""
    days = sorted({day for page in world.pages.values() for day in page.snapshots})
    # While all snapshots are of one day, there is no line, no mover and no unusual day.
    has_changes = len(days) > 1
    shared = Filter(view.filter.account, view.filter.category, view.filter.state, view.filter.tag)
    pages = world.select(shared, view.until)
    first_day, newest_day = find_days(pages, view)
    first_day = first_day if has_changes else None
    view = cut(view, first_day, newest_day)
    narrowed = world.select(view.filter, view.until)
    compared = pages if has_changes else []
    origin = find_origin(world, view.until)
    drawn = widen(view, first_day, newest_day)
    return Overview(
        totals=Totals(
            pages=len(pages),
            pages_added=sum(
                view.since <= page.first_seen_at.date() <= view.until for page in pages
            ),
            fans=_sum(page.newest("fans", view.until) for page in pages),
            followers=_sum(page.newest("followers", view.until) for page in pages),
            fans_stale=_count_stale(pages, "fans", view),
            followers_stale=_count_stale(pages, "followers", view),
            fans_compared=compare_ends(pages, "fans", view.since, view.until),
            followers_compared=compare_ends(pages, "followers", view.since, view.until),
            first_day=days[0] if days else None,
            last_day=days[-1] if days else None,
        ),
        previous=compare_ends(pages, view.metric, *view.previous)
        if view.previous and first_day and first_day < view.previous[0]
        else None,
        line=answer_line(pages, drawn, point_a_week_beyond) if has_changes else [],
        movers_by_number=list_movers(compared, view, by_rate=False),
        movers_by_rate=list_movers(compared, view, by_rate=True),
        unusual=list_wide(compared, drawn),
        attention_count=sum(world.needs_attention(page, view.until) for page in pages),
        table=answer_table(world, narrowed, view, point_a_week_beyond),
        origin=origin,
        freshness=Freshness(
            None if origin is None else origin.fetched_at,
            None if origin is None else origin.day,
            has_readable=any(
                world.connection(id) in ("connected", "works_in_part") for id in world.pages
            ),
        ),
        connections={
            state: count
            for state in STATES
            if (count := sum(world.connection(id) == state for id in world.pages))
        },
    )


def find_days(pages: Sequence[Page], view: View) -> tuple[date | None, date | None]:
    """The first day that most Pages have, and the newest one up to the end of a view."""
    newest_day = max(
        (d for page in pages for d in page.days(view.metric, view.until)), default=None
    )
    began = [own[0] for page in pages if (own := page.days(view.metric, date.max))]
    return find_begin(began, newest_day, view.until), newest_day


def find_begin(first_days: Sequence[date], newest_day: date | None, until: date) -> date | None:
    """The first day that at least half of the Pages have, of those that begin before the end."""
    if newest_day is None:
        return None
    begun = [day for day in first_days if day < min(until, newest_day)]
    return next(
        (day for day in sorted(begun) if 2 * sum(each <= day for each in begun) >= len(begun)), None
    )


def cut(view: View, first_day: date | None, newest_day: date | None) -> View:
    """The part of a view from the day that most Pages have to the newest; without any all of it.

    Its first change is one since ``first_day``, and a newest one of the day before `until` is
    enough. Where the begin is cut, there is no previous period.
    """
    if first_day is None or newest_day is None:
        return view
    since = max(view.since, first_day + A_DAY)
    until = view.until if newest_day >= view.until - A_DAY else newest_day
    if since > until:
        return view
    previous = list_previous(view.label, since, until) if since == view.since else None
    return replace(view, since=since, until=until, previous=previous)


def list_previous(label: str, since: date, until: date) -> tuple[date, date]:
    """The first and the last day of what a period is compared with.

    As many days before; for a month those of the month before with the same numbers, or all of them
    for a whole month that is over; for a year so far the days of the year before with the same
    dates.
    """
    earlier = _days(since - timedelta(days=800), since - A_DAY)
    same = earlier[-len(_days(since, until)) :]
    if label in ("This month", "Last month"):
        month = [day for day in earlier if _month(day) == _month(since - A_DAY)]
        is_whole = _month(until) != _month(until + A_DAY) and label == "Last month"
        same = [day for day in month if day.day <= until.day or is_whole]
    if label == "This year":
        year = [day for day in earlier if day.year == since.year - 1]
        same = [day for day in year if (day.month, day.day) <= (until.month, until.day)]
    return same[0], same[-1]


def widen(view: View, first_day: date | None, newest_day: date | None) -> View:
    """The days of the chart: of a single day that is called yesterday, the week up to it."""
    if view.label != "Yesterday":
        return view
    return cut(replace(view, since=view.until - 6 * A_DAY), first_day, newest_day)


def answer_line_before(world: World, view: View, point_a_week_beyond: int | None) -> LineBefore:
    """The second line of Overview's chart: the same Pages, as many days after its own start.

    Not drawn where one of them has no figure at both ends of the earlier days, or no figure is as
    old as these.
    """
    days = sorted({day for page in world.pages.values() for day in page.snapshots})
    if len(days) < 2:
        return LineBefore([])
    shared = replace(view.filter, search="", attention=False)
    pages = world.select(shared, view.until)
    first_day, newest_day = find_days(pages, view)
    view = cut(view, first_day, newest_day)
    is_old = first_day and view.previous and first_day < view.previous[0]
    if view.previous is None or not is_old or view.label == "Yesterday":
        return LineBefore([])
    counted = [page for page in pages if _net(page, view) is not None]
    earlier = replace(view, since=view.previous[0], until=view.previous[1])
    if not counted or any(_net(page, earlier) is None for page in counted):
        return LineBefore([])
    apart = view.since - earlier.since
    # As if it went on as long as the period, and then cut.
    line = daily_line(counted, earlier)
    if is_thinned(view, point_a_week_beyond):
        line = thin_line(line, earlier.since, view.until - apart)
    last = min(view.until - apart, earlier.until)
    return LineBefore([point for point in line if point.day <= last])


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def compare_ends(pages: Sequence[Page], metric: Metric, since: date, until: date) -> Comparable:
    """Both ends of a period over the comparable Pages, and why the others are left out."""
    both: list[tuple[int, int]] = []
    reasons = []
    for page in pages:
        start, end = page.start(metric, since), page.end(metric, since, until)
        if start is not None and end is not None:
            both.append((start, end))
            continue
        days = page.days(metric, until)
        if not days:
            reasons.append("no_count")
        elif end is None:
            reasons.append("silent")
        elif days[0] >= since:
            reasons.append("joined")
        else:
            reasons.append("gap")
    return Comparable(
        pages=len(both),
        start=_sum(start for start, _ in both),
        end=_sum(end for _, end in both),
        **{reason: reasons.count(reason) for reason in ("joined", "no_count", "silent", "gap")},
    )


def answer_line(
    pages: Sequence[Page], view: View, point_a_week_beyond: int | None
) -> list[LinePoint]:
    """The line of many Pages as it is drawn: a point a day or a week."""
    line = daily_line(pages, view)
    if is_thinned(view, point_a_week_beyond):
        return thin_line(line, view.since, view.until)
    return line


def daily_line(pages: Sequence[Page], view: View) -> list[LinePoint]:
    """The comparable Pages together, from the day before `since` on."""
    counted = [page for page in pages if _net(page, view) is not None]
    last = sum(page.start(view.metric, view.since) or 0 for page in counted)
    line = []
    for day in _days(view.since - A_DAY, view.until):
        if all(page.figure(view.metric, day) is None for page in counted):
            line.append(LinePoint(day, None, None))
            continue
        total = sum(page.newest(view.metric, day) or 0 for page in counted)
        line.append(LinePoint(day, total, total - last if day >= view.since else None))
        last = total
    return line


def is_thinned(view: View, point_a_week_beyond: int | None) -> bool:
    """Whether the lines of many Pages have a point a week."""
    days_count = (view.until - view.since).days + 1
    return point_a_week_beyond is not None and days_count > point_a_week_beyond


def list_points(since: date, until: date) -> list[date]:
    """The days of a line with a point a week, oldest first; ``until`` is always one."""
    weeks = (until - (since - A_DAY)).days // 7
    return [until - number * A_WEEK for number in range(weeks, -1, -1)]


def thin_line(line: Sequence[LinePoint], since: date, until: date) -> list[LinePoint]:
    """A daily line as one with a point a week. Its changes add up to those of the daily line."""
    totals = {point.day: point.total for point in line}
    known = [point for point in line if point.total is not None]
    # Where the period starts, also where that day is no point or a gap: see `daily_line`.
    last = (known[0].total or 0) - (known[0].change or 0) if known else 0
    thinned = []
    for day in list_points(since, until):
        week = [totals.get(day - number * A_DAY) for number in range(7)]
        total = next((each for each in week if each is not None), None)
        if total is None:
            thinned.append(LinePoint(day, None, None))
            continue
        thinned.append(LinePoint(day, total, total - last if day >= since else None))
        last = total
    return thinned


def list_movers(
    pages: Sequence[Page], view: View, *, by_rate: bool
) -> tuple[list[Mover], list[Mover]]:
    """Who gained most and who lost most; equals by name. By rate, from a base of 500 on."""
    movers = []
    for page in pages:
        start, net = page.start(view.metric, view.since), _net(page, view)
        if start is not None and net and not (by_rate and start < MIN_BASE_OF_MOVERS):
            movers.append(Mover(page.id, page.name, start, net, _growth(start, net)))

    def size(mover: Mover) -> float:
        return 100 * mover.net / mover.start if by_rate else mover.net

    up = sorted((m for m in movers if m.net > 0), key=size, reverse=True)
    down = sorted((m for m in movers if m.net < 0), key=size)
    return up[:MOVERS], down[:MOVERS]


def judge(page: Page, metric: Metric, day: date) -> str | None:
    """Whether a Page "rose", "fell" or stayed "usual" that day; None: it can't be judged.

    Judged by the changes of the 28 days before, of which 14 must be known. A change is one from
    day to day. Median and MAD, or the mean distance where the MAD is 0; far is 3.5 of them, at
    least 5 people and 0.1 % of the figure, and the direction of the change itself.
    """

    def change(at: date) -> int | None:
        figure, before = page.figure(metric, at), page.figure(metric, at - A_DAY)
        return None if figure is None or before is None else figure - before

    moved, figure = change(day), page.figure(metric, day)
    changes = (change(day - number * A_DAY) for number in range(1, 29))
    known = [each for each in changes if each is not None]
    if moved is None or figure is None or len(known) < 14:
        return None
    middle = median(known)
    distances = [abs(each - middle) for each in known]
    deviation = median(distances) / 0.6745 or 1.253314 * (sum(distances) / len(distances))
    is_far = abs(moved - middle) >= 3.5 * deviation and abs(moved) >= max(5, 0.001 * figure)
    if is_far and moved > max(0, middle):
        return "rose"
    if is_far and moved < min(0, middle):
        return "fell"
    return "usual"


def list_unusual(pages: Sequence[Page], view: View) -> list[UnusualDay]:
    """The days on which at least one Page rose or fell beyond its noise."""
    unusual = []
    for day in _days(view.since, view.until):
        marks = [judge(page, view.metric, day) for page in pages]
        if "rose" in marks or "fell" in marks:
            judged = sum(mark is not None for mark in marks)
            unusual.append(UnusualDay(day, judged, marks.count("rose"), marks.count("fell")))
    return unusual


def list_wide(pages: Sequence[Page], view: View) -> list[UnusualDay]:
    """The unusual days that a screen names: most Pages that have a figure then can be judged."""
    return [
        each
        for each in list_unusual(pages, view)
        if is_wide(each)
        and each.judged >= sum(page.figure(view.metric, each.day) is not None for page in pages) / 2
    ]


def is_wide(unusual: UnusualDay) -> bool:
    """Whether 15 % of the judged Pages moved, 5 % of fewer than 20, or 30 % and 5 Pages fell."""
    least = 0.15 if unusual.judged >= 20 else 0.05
    has_fallen = unusual.fell >= 5 and 100 * unusual.fell >= 30 * unusual.judged
    return (unusual.rose + unusual.fell) / unusual.judged >= least or has_fallen


def find_origin(world: World, until: date) -> Origin | None:
    """Where the figures of the newest day come from."""
    stored = [each for page in world.pages.values() for each in page.snapshots.values()]
    newest = max((each.day for each in stored if each.day <= until), default=None)
    if newest is None:
        return None
    of_day = [each for each in stored if each.day == newest]
    return Origin(
        newest,
        max(each.fetched_at for each in of_day),
        tuple(sorted({source for each in of_day for source in each.sources})),
        tuple(sorted({each.graph_version for each in of_day if each.graph_version})),
    )


def answer_table(
    world: World, pages: Sequence[Page], view: View, point_a_week_beyond: int | None
) -> Table:
    """One page of the table, and the two rows above it."""
    every = [_row(world, page, view) for page in pages]
    nets = [row.net for row in every if row.net is not None]
    base = sum(row.start for row in every if row.start is not None)
    rates = [row.growth_percent for row in every if row.growth_percent is not None]
    key: Callable[[Row], Any] = _SORT_KEYS[view.sort]
    known = [row for row in every if key(row) is not None]
    unknown = [row for row in every if key(row) is None]
    # Stable, also turned round: equals stay in the order of names.
    ordered = sorted(known, key=key, reverse=view.descending) + unknown
    # Beyond the last page the last one is shown.
    number = max(1, min(view.number, ceil(len(every) / ROWS)))
    shown = ordered[(number - 1) * ROWS : number * ROWS]
    weekly = is_thinned(view, point_a_week_beyond)
    return Table(
        rows=tuple(shown),
        rows_count=len(every),
        comparable_count=len(nets),
        total=SummaryRow(
            _sum(row.fans for row in every),
            _sum(row.followers for row in every),
            _sum(nets),
            _growth(base, sum(nets)) if nets else None,
        ),
        median=SummaryRow(
            _whole_median(row.fans for row in every),
            _whole_median(row.followers for row in every),
            _whole_median(nets),
            median(rates) if rates else None,
        ),
        sparklines={
            row.page_id: sparkline(world.pages[row.page_id], view, weekly=weekly) for row in shown
        },
    )


def _row(world: World, page: Page, view: View) -> Row:
    net = _net(page, view)
    start = page.start(view.metric, view.since) if net is not None else None
    stored = [each for day, each in sorted(page.snapshots.items()) if day <= view.until]
    return Row(
        page.id,
        page.name,
        page.category,
        page.newest("fans", view.until),
        page.newest("followers", view.until),
        start,
        page.end(view.metric, view.since, view.until) if net is not None else None,
        net,
        None if start is None or net is None else _growth(start, net),
        world.connection(page.id),
        stored[-1].day if stored else None,
        stored[-1].fetched_at if stored else None,
    )


_SORT_KEYS: dict[str, Callable[[Row], Any]] = {
    "name": lambda row: fold(row.name),
    "fans": lambda row: row.fans,
    "followers": lambda row: row.followers,
    "net": lambda row: row.net,
    "growth": lambda row: row.growth_percent,
    "connection": lambda row: STATES.index(row.connection),
    "category": lambda row: None if row.category is None else row.category.lower(),
    "updated": lambda row: row.updated_at,
}


def sparkline(page: Page, view: View, *, weekly: bool) -> list[int]:
    """At most 30 figures: equal stretches that end at `until`, of each its last figure.

    From the day before `since` on. Stretches are whole weeks where lines have a point a week.
    """
    first = view.since - A_DAY
    length = ceil(((view.until - first).days + 1) / SPARKLINE_POINTS)
    if weekly:
        length = 7 * ceil(length / 7)
    figures: list[int] = []
    last = view.until
    while last >= first:
        stretch = _days(max(first, last - (length - 1) * A_DAY), last)
        known = [page.figure(view.metric, day) for day in stretch]
        figures.extend([each for each in known if each is not None][-1:])
        last -= length * A_DAY
    return figures[::-1]


def answer_page(world: World, page_id: str, view: View) -> PageAnswer:
    """What a Page's screen shows."""
    page = world.pages[page_id]
    changes = [
        each
        for each in list_changes(page, view.metric)
        if view.since <= each.day <= view.until and each.change is not None
    ]
    of_a_day = [each for each in changes if each.days == 1]
    gains = [each for each in of_a_day if (each.change or 0) > 0]
    losses = [each for each in of_a_day if (each.change or 0) < 0]
    marks = {day: judge(page, view.metric, day) for day in _days(view.since, view.until)}
    stored = [each for _, each in sorted(page.snapshots.items())]
    shown = [each for each in stored if view.since <= each.day <= view.until]
    # Facebook may give a Page without a count of either kind.
    counted = [each.day for each in stored if (each.fans, each.followers) != (None, None)]
    last = max(counted, default=None)
    return PageAnswer(
        days=[
            StoredDay(s.day, s.fans, s.followers, s.source, s.fetched_at, s.graph_version)
            for s in shown
        ],
        sources=[(each.fans_source, each.followers_source) for each in shown],
        start=page.start(view.metric, view.since),
        end=page.end(view.metric, view.since, view.until),
        changes=changes,
        best=max(gains, key=lambda each: (each.change or 0, each.day), default=None),
        worst=max(losses, key=lambda each: (-(each.change or 0), each.day), default=None),
        marks={day: mark for day, mark in marks.items() if mark in ("rose", "fell")},
        connection=world.connection(page_id),
        first_day=min(counted, default=None),
        last_day=last,
        last_fetched_at=None if last is None else page.snapshots[last].fetched_at,
    )


def list_changes(page: Page, metric: Metric, since: date = date.min) -> list[Change]:
    """Every day with a figure from ``since`` on, with its change since the last one of them."""
    changes: list[Change] = []
    for day in page.days(metric, date.max):
        figure = page.figure(metric, day)
        if figure is None or day < since:
            continue
        before = changes[-1] if changes else None
        change = None if before is None else figure - before.figure
        days = None if before is None else (day - before.day).days
        changes.append(Change(day, figure, change, days))
    return changes


def answer_compare(world: World, page_ids: Sequence[str], view: View) -> CompareAnswer:
    """What Compare shows. One Page's own line keeps its days, up to a year."""
    pages = [world.pages[page_id] for page_id in page_ids]
    began = [min(page.snapshots) for page in pages if page.snapshots]
    newest_day = max((max(page.snapshots) for page in pages if page.snapshots), default=None)
    view = cut(view, find_begin(began, newest_day, view.until), newest_day)
    days = _days(view.since - A_DAY, view.until)
    if len(days) > DAYS_OF_COMPARE:
        points = list_points(view.since, view.until)
        days = points if points[0] == days[0] else [days[0], *points]
    return CompareAnswer(
        days=days,
        lines={
            page.id: [_last_in(page, view, days, n) for n in range(len(days))] for page in pages
        },
        rows=[_compared_row(page, view) for page in pages],
    )


def _last_in(page: Page, view: View, days: Sequence[date], number: int) -> int | None:
    """The last figure after the day drawn before, up to this one."""
    first = days[number - 1] + A_DAY if number else days[0]
    known = [page.figure(view.metric, day) for day in _days(first, days[number])]
    return next((each for each in reversed(known) if each is not None), None)


def _compared_row(page: Page, view: View) -> ComparedRow:
    start, end = page.start(view.metric, view.since), page.end(view.metric, view.since, view.until)
    net, growth = _net(page, view), None
    if start is not None and net is not None:
        growth = _growth(start, net)
    before_net = before_growth = None
    if view.previous is not None:
        before = View(*view.previous, metric=view.metric)
        before_start, before_net = page.start(view.metric, before.since), _net(page, before)
        if before_start is not None and before_net is not None:
            before_growth = _growth(before_start, before_net)
    # Compare reads two days before the period, so a change after a longer gap is not known there.
    changes = list_changes(page, view.metric, view.since - 2 * A_DAY)
    gains = [
        (each.change, each.day)
        for each in changes
        if view.since <= each.day <= view.until and each.days == 1 and (each.change or 0) > 0
    ]
    best_change, best_day = max(gains, default=(None, None))
    fans, followers = (page.end(each, view.since, view.until) for each in METRICS)
    days_count = (view.until - view.since).days + 1
    weekly = None
    if growth is not None and start and end is not None:
        weekly = 100 * ((end / start) ** (7 / days_count) - 1)
    return ComparedRow(
        page.id,
        fans,
        followers,
        start,
        net,
        None if net is None or before_net is None else net - before_net,
        growth,
        None if growth is None or before_growth is None else growth - before_growth,
        weekly,
        None if net is None else net / days_count,
        best_change,
        best_day,
        None if fans is None or not followers else fans / followers,
        sum(view.since <= day <= view.until for day in page.snapshots),
    )


def _net(page: Page, view: View) -> int | None:
    start, end = page.start(view.metric, view.since), page.end(view.metric, view.since, view.until)
    return None if start is None or end is None else end - start


def _growth(start: int, net: int) -> float | None:
    return None if start < MIN_BASE else 100 * net / start


def _count_stale(pages: Iterable[Page], metric: Metric, view: View) -> int:
    return sum(
        page.end(metric, view.since, view.until) is None
        and page.newest(metric, view.until) is not None
        for page in pages
    )


def _sum(figures: Iterable[int | None]) -> int | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known else None


def _whole_median(figures: Iterable[int | None]) -> int | None:
    known = [figure for figure in figures if figure is not None]
    if not known:
        return None
    middle = median(known)
    half = Fraction(1, 2)
    return int(middle + half if middle > 0 else middle - half)  # halves away from zero


def _days(first: date, last: date) -> list[date]:
    return [first + number * A_DAY for number in range((last - first).days + 1)]
