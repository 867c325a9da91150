"""Totals, the growth line, movers and the table against a naive model, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.figures.filters import Filter, Metric
from storage.figures.totals import Comparable
from storage.metrics.formulas import MIN_BASE
from storage.models import Page, Snapshot
from tests.integration.figures.figure_answers import (
    ask_comparable,
    ask_line,
    ask_movers,
    ask_summary,
    ask_table,
    ask_totals,
)
from tests.integration.figures.figure_rows import add_page, day

pytestmark = pytest.mark.both_databases

# Page → day → figure, None where Facebook reported none. Days 0 to 6 are the longest period.
World = Mapping[str, Mapping[int, int | None]]
FIRST, LAST = -6, 6

FIGURES = st.dictionaries(
    st.integers(FIRST, LAST), st.none() | st.integers(0, 3) | st.integers(0, 10**11)
)
WORLDS = st.dictionaries(st.sampled_from("abcdef"), FIGURES)
PERIODS = st.tuples(st.integers(0, LAST), st.integers(0, LAST)).map(lambda p: (min(p), max(p)))
# The database of a test is emptied by hand before every example.
EXAMPLES = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Model:
    """The definitions, spelled out for one Page and one day after another."""

    def __init__(self, world: World, since: int, until: int) -> None:
        self.world, self.since, self.until = world, since, until
        self.counted = [page for page in world if None not in (self.start(page), self.end(page))]

    def start(self, page: str) -> int | None:
        return self._at(page, self.since - 1)

    def end(self, page: str) -> int | None:
        return self._at(page, self.until)

    def _at(self, page: str, number: int) -> int | None:
        for candidate in (number, number - 1):
            if self.world[page].get(candidate) is not None:
                return self.world[page][candidate]
        return None

    def newest(self, page: str, number: int) -> int | None:
        known = [n for n, f in self.world[page].items() if n <= number and f is not None]
        return self.world[page][max(known)] if known else None

    def comparable(self) -> Comparable:
        reasons = {page: self._reason(page) for page in self.world if page not in self.counted}
        return Comparable(
            pages=len(self.counted),
            start=_sum([self.start(page) for page in self.counted]),
            end=_sum([self.end(page) for page in self.counted]),
            left_out_joined=list(reasons.values()).count("joined"),
            left_out_no_count=list(reasons.values()).count("no_count"),
            left_out_silent=list(reasons.values()).count("silent"),
            left_out_gap=list(reasons.values()).count("gap"),
        )

    def _reason(self, page: str) -> str:
        known = [n for n, f in self.world[page].items() if f is not None and n <= self.until]
        if not known:
            return "no_count"
        if max(known) < self.until - 1:
            return "silent"
        return "joined" if min(known) >= self.since else "gap"

    def line(self) -> list[tuple[date, int | None, int | None]]:
        line: list[tuple[date, int | None, int | None]] = []
        last = _sum([self.start(page) for page in self.counted])
        for number in range(self.since - 1, self.until + 1):
            if all(self.world[page].get(number) is None for page in self.counted):
                line.append((day(number), None, None))
                continue
            total = _sum([self.newest(page, number) for page in self.counted])
            assert total is not None
            assert last is not None
            line.append((day(number), total, total - last if number >= self.since else None))
            last = total
        return line

    def net(self, page: str) -> int | None:
        start, end = self.start(page), self.end(page)
        return None if start is None or end is None else end - start

    def growth(self, page: str, base: int = MIN_BASE) -> float | None:
        start, net = self.start(page), self.net(page)
        return None if net is None or start is None or start < max(base, 1) else 100 * net / start


def _sum(figures: list[int | None]) -> int | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known else None


def fill(session: Session, fans: World, followers: World) -> None:
    session.execute(delete(Snapshot))
    session.execute(delete(Page))
    for page in {*fans, *followers}:
        add_page(session, page, fans.get(page), followers.get(page))


@given(fans=WORLDS, period=PERIODS)
@EXAMPLES
def test_the_line_is_like_for_like(
    database: Database, fans: World, period: tuple[int, int]
) -> None:
    model = Model(fans, *period)
    with database.writing() as session:
        fill(session, fans, {})
        since, until = day(period[0]), day(period[1])
        line = ask_line(session, since=since, until=until, metric="fans")
        totals = ask_totals(session, since=since, until=until)
    assert [(point.day, point.total, point.change) for point in line] == model.line()
    assert totals.fans == model.comparable()
    drawn = [point.total for point in line if point.total is not None]
    if totals.fans.pages:
        assert drawn[-1] == totals.fans.end
        assert sum(point.change or 0 for point in line) == totals.fans.net
    else:
        assert drawn == []


@given(fans=WORLDS, followers=WORLDS, period=PERIODS)
@EXAMPLES
def test_totals_of_both_metrics(
    database: Database, fans: World, followers: World, period: tuple[int, int]
) -> None:
    pages = {*fans, *followers}
    models: dict[Metric, Model] = {
        "fans": Model({page: fans.get(page, {}) for page in pages}, *period),
        "followers": Model({page: followers.get(page, {}) for page in pages}, *period),
    }
    with database.writing() as session:
        fill(session, fans, followers)
        since, until = day(period[0]), day(period[1])
        totals = ask_totals(session, since=since, until=until)
        alone = ask_comparable(session, since=since, until=until, metric="followers")
    assert totals.pages_count == len(pages)
    for metric, model in models.items():
        assert totals.of(metric) == model.comparable()
        assert totals.of(metric).left_out + totals.of(metric).pages == len(pages)
    newest = [models["fans"].newest(page, period[1]) for page in pages]
    assert totals.fans_total == _sum(newest)
    assert totals.fans_stale_count == totals.fans.left_out_silent
    assert totals.fans.left_out_no_count == newest.count(None)
    assert alone == totals.followers


@given(fans=WORLDS, period=PERIODS, base=st.sampled_from([0, 1, 500]))
@EXAMPLES
def test_movers_and_table(
    database: Database, fans: World, period: tuple[int, int], base: int
) -> None:
    model = Model(fans, *period)
    since, until = day(period[0]), day(period[1])
    with database.writing() as session:
        fill(session, fans, {})
        number = ask_movers(session, since=since, until=until, metric="fans", by="number", count=2)
        rate = ask_movers(
            session, since=since, until=until, metric="fans", by="rate", min_base=base
        )
        by_net = ask_table(session, since=since, until=until, sort="net")
        by_growth = ask_table(session, since=since, until=until, sort="growth", descending=False)
        summary = ask_summary(session, since=since, until=until)

    nets = {page: net for page in fans if (net := model.net(page)) is not None}
    up = sorted((page for page in nets if nets[page] > 0), key=lambda p: (-nets[p], p))
    down = sorted((page for page in nets if nets[page] < 0), key=lambda p: (nets[p], p))
    assert [mover.page_id for mover in number.up] == up[:2]
    assert [mover.page_id for mover in number.down] == down[:2]

    rates = {page: r for page in nets if (r := model.growth(page, base)) is not None}
    rated = [(mover.page_id, mover.net) for mover in rate.up]
    best = sorted((p for p in rates if rates[p] > 0), key=lambda p: (-rates[p], p))
    assert rated == [(page, nets[page]) for page in best[:5]]

    order = sorted(fans, key=lambda p: (p not in nets, -nets.get(p, 0), p))
    assert [row.page_id for row in by_net.rows] == order
    assert [row.net for row in by_net.rows] == [nets.get(page) for page in order]
    assert [row.fans for row in by_net.rows] == [model.newest(p, period[1]) for p in order]
    growths = [row.growth_percent for row in by_growth.rows]
    known = [growth for growth in growths if growth is not None]
    assert growths == sorted(known) + [None] * (len(growths) - len(known))
    assert {row.page_id: row.growth_percent for row in by_growth.rows} == {
        page: model.growth(page) for page in fans
    }

    assert summary.comparable_count == len(nets)
    assert summary.total.net == (sum(nets.values()) if nets else None)
    assert summary.total.fans == _sum([row.fans for row in by_net.rows])


@pytest.mark.parametrize("joins_on", [1, 3, 6])
def test_a_page_that_joins_does_not_move_the_line(database: Database, joins_on: int) -> None:
    with database.writing() as session:
        add_page(session, "a", {n: 1_000 + n for n in range(-2, 7)})
        before = ask_line(session, since=day(0), until=day(6), metric="fans")
        add_page(session, "b", dict.fromkeys(range(joins_on, 7), 50000))
        after = ask_line(session, since=day(0), until=day(6), metric="fans")
        totals = ask_totals(session, since=day(0), until=day(6))
    assert after == before
    assert totals.fans.left_out_joined == 1
    assert totals.fans_total == 51_006  # the tile counts every Page


def test_a_gap_stays_a_gap_and_its_change_is_booked_once(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "a", {-1: 100, 0: 101, 2: 103, 4: 110})
        add_page(session, "b", {-1: 200, 0: 200, 4: 205})
        line = ask_line(session, since=day(0), until=day(5), metric="fans")
    assert [(point.total, point.change) for point in line] == [
        (300, None),
        (301, 1),
        (None, None),
        (303, 2),  # b's last figure stands
        (None, None),
        (315, 12),  # and its change comes here
        (None, None),  # today's snapshot is not taken yet
    ]


def test_nothing_to_compare(database: Database) -> None:
    with database.writing() as session:
        empty = ask_totals(session, since=day(0), until=day(6))
        add_page(session, "a", {6: 2_290_456})
        add_page(session, "b")
        first_day = ask_totals(session, since=day(0), until=day(6))
        line = ask_line(session, since=day(0), until=day(6), metric="fans")
        movers = ask_movers(session, since=day(0), until=day(6), metric="fans", by="rate")
    assert (empty.pages_count, empty.fans_total, empty.first_day) == (0, None, None)
    assert empty.fans == Comparable(0, None, None, 0, 0, 0, 0)
    assert empty.fans.net is None
    assert (first_day.fans_total, first_day.followers_total) == (2_290_456, None)
    assert (first_day.first_day, first_day.last_day) == (day(6), day(6))
    assert first_day.fans == Comparable(0, None, None, 1, 1, 0, 0)
    assert [point.day for point in line] == [day(number) for number in range(-1, 7)]
    assert {point.total for point in line} == {None}
    assert movers.up == movers.down == ()


def test_a_fall_to_zero_is_a_figure(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "a", {-1: 1_000, 3: 0, 6: 0})
        totals = ask_totals(session, since=day(0), until=day(6))
        line = ask_line(session, since=day(0), until=day(6), metric="fans")
        movers = ask_movers(session, since=day(0), until=day(6), metric="fans", by="number")
        (row,) = ask_table(session, since=day(0), until=day(6)).rows
    assert (totals.fans_total, totals.fans.start, totals.fans.end) == (0, 1_000, 0)
    assert [point.total for point in line] == [1_000, None, None, None, 0, None, None, 0]
    assert [(mover.net, mover.rate_percent) for mover in movers.down] == [(-1_000, -100.0)]
    assert (row.fans, row.net, row.growth_percent) == (0, -1_000, -100.0)


def test_pages_are_added_by_the_day_they_were_first_seen(database: Database) -> None:
    def seen(number: int, hour: int, minute: int) -> datetime:
        return datetime.combine(day(number), datetime.min.time(), UTC).replace(
            hour=hour, minute=minute
        )

    with database.writing() as session:
        add_page(session, "a", first_seen_at=seen(-1, 23, 59))
        add_page(session, "b", first_seen_at=seen(0, 0, 0))
        add_page(session, "c", first_seen_at=seen(6, 23, 59))
        add_page(session, "d", first_seen_at=seen(7, 0, 0))
        totals = ask_totals(session, since=day(0), until=day(6))
    assert (totals.pages_count, totals.pages_added_count) == (4, 2)


def test_a_filter_narrows_every_figure(database: Database) -> None:
    only_cafes = Filter(search="café")
    with database.writing() as session:
        for number in range(9):
            name = "Café" if number in (2, 5) else "Optik"
            figures: dict[int, int | None] = {-1: 1_000 * number, 6: 1_000 * number + number}
            # Two of three have a hole that the others fill.
            if number % 3:
                figures[2] = 1_000 * number
            add_page(session, str(number), figures, name=f"{name} {number}")
        add_page(session, "x", {6: 5}, name="Café x")
        totals = ask_totals(session, since=day(0), until=day(6), filter=only_cafes)
        cafes = ask_line(session, since=day(0), until=day(6), metric="fans", filter=only_cafes)
        every = ask_line(session, since=day(0), until=day(6), metric="fans")
        movers = ask_movers(
            session, since=day(0), until=day(6), metric="fans", by="number", filter=only_cafes
        )
    assert (totals.pages_count, totals.fans.start, totals.fans.end) == (3, 7_000, 7_007)
    assert [p.total for p in cafes if p.total is not None] == [7_000, 7_000, 7_007]
    assert [p.total for p in every if p.total is not None] == [36_000, 36_000, 36_036]
    assert [mover.page_id for mover in movers.up] == ["5", "2"]
