"""What the product answers is what the oracle works out, in made-up worlds, on both databases.

Few worlds by default; many with ``--hypothesis-profile=thorough``.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from storage.db.engine import Database
from tests.integration.known_world import oracle, product
from tests.integration.known_world.oracle import World
from tests.integration.known_world.product import Store
from tests.integration.known_world.records import (
    METRICS,
    SORTS,
    STATES,
    Figures,
    Filter,
    ListedPage,
    View,
)

pytestmark = pytest.mark.both_databases

A_DAY = timedelta(days=1)
ORIGIN = date(2026, 3, 1)
# After the last day of every world.
NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
PAGE_IDS = tuple("12345678")
NAMES = ("Café Wolf", "CAFE WOLF", "Äpfel", "Zebra", "wolf & Söhne")
CATEGORIES = ("Cafe", "bakery", None)
TASKS = (("ANALYZE",), ("MESSAGING",), ("PROFILE_PLUS_FULL_CONTROL",))
TAGS = ("Few", "None")
LABELS = ("This month", "Last month", "Yesterday", "This year")
EXAMPLES_COUNT = settings().max_examples  # of the profile
EXAMPLES = settings(
    # Making a failing world smaller takes minutes; without that it is shown as it was found.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    max_examples=EXAMPLES_COUNT // 2,
    # The database of a test is emptied before every example.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Page → day → fans and followers, None where Facebook reported none.
Daily = Mapping[str, Mapping[int, tuple[int | None, int | None]]]


@dataclass(frozen=True)
class Plan:
    """A world before it is written: the figures of each day, and what happens to whom."""

    length: int  # days
    daily: Daily
    facts: Mapping[str, ListedPage]
    joined: Mapping[str, int]  # a Page's first day; before it nothing is reported
    accounts: Mapping[str, str]  # a Page's account
    imported: tuple[Figures, ...]
    undone: tuple[Figures, ...]
    reported_late: tuple[Figures, ...]  # some of what was in files, as Facebook has it
    account_status: str
    page_status: str
    tagged: frozenset[str]


def day(number: int) -> date:
    return ORIGIN + number * A_DAY


def at(number: int) -> datetime:
    return product.fetched_on(day(number))


FIGURE = st.none() | st.integers(0, 3) | st.integers(0, 700) | st.integers(0, 10**11)
# Any figures at all on a few days.
WILD = st.dictionaries(
    st.sampled_from(PAGE_IDS), st.dictionaries(st.integers(0, 13), st.tuples(FIGURE, FIGURE))
)


@dataclass(frozen=True)
class Growth:
    """How a Page grows over a long time: noise, with some days that stand out and some missing."""

    size: int
    noise: int
    seed: int
    jumps: Mapping[int, int]  # day → percent
    misses: frozenset[int]
    silence: tuple[int, int]  # from that day on, so many days
    has_fans: bool
    has_followers: bool

    def figures(self, length: int) -> dict[int, tuple[int | None, int | None]]:
        chance, size = random.Random(self.seed), self.size
        figures: dict[int, tuple[int | None, int | None]] = {}
        for number in range(length):
            size += chance.randint(-self.noise, self.noise)
            size = max(0, size + size * self.jumps.get(number, 0) // 100)
            if number in self.misses or 0 <= number - self.silence[0] < self.silence[1]:
                continue
            fans = size if self.has_fans else None
            figures[number] = (fans, size + size // 20 if self.has_followers else None)
        return figures


GROWTHS = st.builds(
    Growth,
    size=st.sampled_from([0, 60, 499, 5_000, 900_000]),
    noise=st.integers(0, 9),
    seed=st.integers(0, 999),
    jumps=st.dictionaries(st.integers(0, 140), st.integers(-9, 9), max_size=4),
    misses=st.frozensets(st.integers(0, 140), max_size=6),
    silence=st.tuples(st.integers(0, 140), st.integers(0, 30)),
    has_fans=st.booleans() | st.just(True),
    has_followers=st.booleans() | st.just(True),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A world of up to eight Pages over two weeks, six weeks or four months."""
    length = draw(st.sampled_from([14, 45, 45, 130]))
    if length == 14:
        daily: Daily = draw(WILD)
    else:
        growths = draw(st.dictionaries(st.sampled_from(PAGE_IDS), GROWTHS, min_size=2, max_size=7))
        lost = draw(st.frozensets(st.integers(0, length - 1), max_size=4))
        daily = {
            page_id: {n: f for n, f in growth.figures(length).items() if n not in lost}
            for page_id, growth in growths.items()
        }
    page_ids = sorted(daily)
    some_pages = st.frozensets(st.sampled_from(page_ids)) if page_ids else st.just(frozenset())
    imported, undone = draw(_files(page_ids, length)), draw(_files(page_ids, length))
    return Plan(
        length=length,
        daily=daily,
        facts={
            page_id: ListedPage(
                page_id,
                draw(st.sampled_from(NAMES)),
                draw(st.sampled_from(CATEGORIES)),
                draw(st.sampled_from([True, True, None, False])),
                draw(st.sampled_from(TASKS)),
            )
            for page_id in page_ids
        },
        joined={page_id: draw(st.just(0) | st.integers(0, length - 1)) for page_id in page_ids},
        accounts={page_id: draw(st.sampled_from(["91", "92"])) for page_id in page_ids},
        imported=imported,
        undone=undone,
        reported_late=tuple(
            Figures(row.page_id, row.day, draw(FIGURE), draw(FIGURE))
            for row in draw(_some_of((*imported, *undone)))
        ),
        account_status=draw(st.sampled_from(["ok", "ok", "needs_renewal", "frozen"])),
        page_status=draw(st.sampled_from(["ok", "ok", "missing", "no_access", "left_out"])),
        tagged=draw(some_pages),
    )


def _files(page_ids: list[str], length: int) -> st.SearchStrategy[tuple[Figures, ...]]:
    """Rows of a file of past figures, each Page and day once, each with a figure."""
    if not page_ids:
        return st.just(())
    rows = st.builds(
        Figures,
        st.sampled_from(page_ids),
        st.integers(-20, length - 1).map(day),
        st.integers(0, 6_000),
        st.none() | st.integers(0, 6_000),
    )
    return st.lists(rows, max_size=8, unique_by=lambda row: (row.page_id, row.day)).map(tuple)


def _some_of(rows: tuple[Figures, ...]) -> st.SearchStrategy[list[Figures]]:
    return st.lists(st.sampled_from(rows), max_size=2, unique=True) if rows else st.just([])


@st.composite
def views(draw: st.DrawFn) -> tuple[int, int, View]:
    """First and last day as thousandths of the world's days, and all else that is asked for."""
    filter = Filter(
        account=draw(_seldom(st.sampled_from(["91", "92", "93"]))),
        category=draw(_seldom(st.sampled_from(["Cafe", "bakery"]))),
        state=draw(_seldom(st.sampled_from(STATES))),
        tag=draw(_seldom(st.sampled_from(TAGS))),
        search=draw(_seldom(st.sampled_from(["wolf", "WOLF caf", "%"]))) or "",
        attention=draw(st.sampled_from([False, False, False, True])),
    )
    view = View(
        ORIGIN,
        ORIGIN,
        draw(st.sampled_from(METRICS)),
        filter,
        sort=draw(st.sampled_from(SORTS)),
        descending=draw(st.booleans()),
        number=draw(st.sampled_from([1, 1, 1, 2])),
        label=draw(st.sampled_from(["28 days", "28 days", *LABELS])),
    )
    # Mostly the whole world or the end of it: there most is to be said.
    first = draw(st.sampled_from([0, 100]) | st.integers(0, 1_000))
    last = draw(st.sampled_from([999]) | st.integers(0, 1_100))
    return min(first, last), max(first, last), view


def _seldom(values: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.integers(0, 4).flatmap(lambda number: values if number == 4 else st.none())


def place(asked: tuple[int, int, View], length: int) -> View:
    """The view on the days of a world, or on those of its label that end there."""
    since, until = (day(each * length // 1_000) for each in asked[:2])
    label = asked[2].label
    if label == "Last month":
        until = until.replace(day=1) - A_DAY
    if label in ("This month", "Last month"):
        since = until.replace(day=1)
    if label == "Yesterday":
        since = until
    if label == "This year":
        since = until.replace(month=1, day=1)
    previous = oracle.list_previous(label, since, until)
    return replace(asked[2], since=since, until=until, previous=previous)


def write(plan: Plan, store: Store, world: World) -> None:
    """Write a plan to both: each Page comes by connecting, all else is reported and imported."""
    for number in sorted({*plan.joined.values()}):
        for account in ("91", "92"):
            pages = [
                _listed(plan, page_id, number)
                for page_id, joined in sorted(plan.joined.items())
                if joined == number and plan.accounts[page_id] == account
            ]
            if pages:
                store.connect(account, pages, at(number))
                world.connect(account, pages, at(number))
    rows = [
        Figures(page_id, day(number), *figures)
        for page_id, daily in sorted(plan.daily.items())
        for number, figures in sorted(daily.items())
        if number > plan.joined[page_id]
    ]
    store.report(rows)
    world.report(rows)
    undone_id = None
    for file, is_undone in ((plan.undone, True), (plan.imported, False)):
        import_id = store.import_file(file, NOW)
        world.import_file(file, NOW, import_id)
        if is_undone:
            undone_id = import_id
    # Fetched before the file came, and yet Facebook's own report counts.
    late = [row for row in plan.reported_late if row.day in world.pages[row.page_id].snapshots]
    store.report(late)
    world.report(late)
    if undone_id is not None:
        store.undo(undone_id, NOW)
        world.undo(undone_id)
    _lose_access(plan, store, world)
    for name, tagged in zip(TAGS, (plan.tagged, ()), strict=True):
        store.tag(name, sorted(tagged))
        world.tags[name] = set(tagged)


def _listed(plan: Plan, page_id: str, number: int) -> ListedPage:
    facts, figures = plan.facts[page_id], plan.daily[page_id].get(number)
    fans, followers = figures or (None, None)
    return ListedPage(
        facts.id,
        facts.name,
        facts.category,
        facts.is_published,
        facts.tasks,
        fans,
        followers,
        has_figures=figures is not None,
    )


def _lose_access(plan: Plan, store: Store, world: World) -> None:
    if "91" in world.accounts and plan.account_status != "ok":
        store.set_account_status("91", plan.account_status, NOW)
        world.accounts["91"] = plan.account_status
    first = min(plan.accounts, default=None)
    if first is not None and plan.page_status != "ok":
        account = plan.accounts[first]
        store.set_page_status(account, first, plan.page_status, NOW)
        world.set_page_status(account, first, plan.page_status)


def differences(ours: Any, theirs: Any, way: str = "") -> list[str]:
    """Where two answers differ; rates may in their thirteenth digit."""
    if is_dataclass(ours):
        pairs = [(e.name, getattr(ours, e.name), getattr(theirs, e.name)) for e in fields(ours)]
        return [line for name, a, b in pairs for line in differences(a, b, f"{way}.{name}")]
    if isinstance(ours, list | tuple) and len(ours) == len(theirs or ()):
        numbered = enumerate(zip(ours, theirs, strict=True))
        return [line for n, (a, b) in numbered for line in differences(a, b, f"{way}[{n}]")]
    if isinstance(ours, float) and theirs is not None:
        return [] if ours == pytest.approx(theirs, rel=1e-12) else [f"{way}: {ours} != {theirs}"]
    return [] if ours == theirs else [f"{way}: product {ours!r}, oracle {theirs!r}"]


def check(store: Store, world: World, view: View) -> None:
    """Hold every screen's answer to one view against the oracle's."""
    note(str(view))
    beyond = product.POINT_A_WEEK_BEYOND_DAYS
    page_ids = sorted(world.pages)
    with store.database.reading() as session:
        pairs: list[tuple[str, Any, Any]] = [
            (
                "overview",
                product.ask_overview(session, view),
                oracle.answer_overview(world, view, beyond),
            ),
            (
                "line before",
                product.ask_line_before(session, view),
                oracle.answer_line_before(world, view, beyond),
            ),
            (
                "compare",
                product.ask_compare(session, page_ids[:5], view),
                oracle.answer_compare(world, page_ids[:5], view),
            ),
        ]
        for page_id in page_ids[:3]:
            page = product.ask_page(session, page_id, view)
            pairs.append((f"page {page_id}", page, oracle.answer_page(world, page_id, view)))
    assert [line for what, a, b in pairs for line in differences(a, b, what)] == []


@EXAMPLES
@given(plan=plans(), asked=st.lists(views(), min_size=3, max_size=3))
def test_the_product_answers_as_the_oracle(
    database: Database, plan: Plan, asked: list[tuple[int, int, View]]
) -> None:
    product.empty(database)
    store, world = Store(database), World(product.GRAPH_VERSION)
    write(plan, store, world)
    for each in asked:
        check(store, world, place(each, plan.length))
    # What the first screen shows, whatever else is asked for.
    whole = View(day(plan.length // 3), day(plan.length - 1))
    check(store, world, whole)


# Of 20 judged Pages on, more must move for a wide day.
MANY_IDS = tuple(str(10 + number) for number in range(24))


def make_noisy_days(chance: random.Random, length: int) -> list[Figures]:
    """Pages with noise of their own, many a change near what is far for them, and missing days."""
    rows = []
    for page_id in MANY_IDS:
        size = chance.choice([80, 900, 4_000, 60_000])
        noise = chance.choice([0, 1, 2, 9, size // 1_500])
        misses = chance.choice([0, 0.02, 0.25])
        for number in range(length):
            change = round(chance.gauss(chance.choice([0, 1]), 1) * noise)
            if chance.random() < 0.25:
                change += round(chance.uniform(-6, 6) * max(noise, 1))
            size = max(0, size + change)
            if chance.random() >= misses:
                followers = None if page_id == "17" else size + chance.randint(0, noise)
                rows.append(Figures(page_id, day(number), size, followers))
    return rows


@settings(EXAMPLES, max_examples=max(2, EXAMPLES_COUNT // 10))
@given(seed=st.integers(0, 9_999))
def test_days_that_stand_out_of_noise(database: Database, seed: int) -> None:
    product.empty(database)
    store, world = Store(database), World(product.GRAPH_VERSION)
    chance, length = random.Random(seed), 90
    pages = [ListedPage(page_id, f"Page {page_id}", has_figures=False) for page_id in MANY_IDS]
    store.connect("91", pages, at(0))
    world.connect("91", pages, at(0))
    # In any order: what comes late is looked at in the days after it. A file comes and goes again.
    rows = make_noisy_days(chance, length)
    file = [row for row in rows if row.page_id in MANY_IDS[:9] and day(20) <= row.day < day(40)]
    reported = [row for row in rows if row not in file or chance.random() < 0.8]
    import_id = store.import_file(file, NOW)
    assert import_id is not None
    world.import_file(file, NOW, import_id)
    for first in chance.sample(range(0, length, 6), length // 6):
        part = [row for row in reported if day(first) <= row.day < day(first + 6)]
        store.report(part)
        world.report(part)
    if chance.random() < 0.5:
        store.undo(import_id, NOW)
        world.undo(import_id)
    view = View(day(0), day(length - 1))
    with database.reading() as session:
        for metric in METRICS:
            asked = replace(view, metric=metric)
            selected = world.select(asked.filter, asked.until)
            assert product.list_unusual(session, asked) == oracle.list_unusual(selected, asked)
            shown = product.ask_overview(session, asked)
            assert shown.unusual == oracle.list_wide(selected, asked)
            for page_id in MANY_IDS:
                marks = product.ask_page(session, page_id, asked).marks
                assert marks == oracle.answer_page(world, page_id, asked).marks
