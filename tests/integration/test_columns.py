"""What is kept of all Pages by day follows their snapshots, whatever is done to these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from storage.arrays import MISSING
from storage.columns import read, take, with_values
from storage.engine import Database
from storage.models import DayColumn, DayOrigin, Page, Snapshot
from storage.origins import find_origin
from storage.snapshots import SnapshotRow, delete_snapshots, rebuild_columns, upsert_snapshots
from storage.unusual import list_page_marks, list_unusual_days
from storage.vault import Vault
from tests.integration.figure_rows import add_page
from tests.integration.storage_rows import (
    KEY,
    LATER,
    NOW,
    add_pages,
    bring,
    staged_page,
)

pytestmark = pytest.mark.both_databases

VAULT = Vault([KEY])
PAGES = ("1", "2", "3")
FIRST = date(2026, 10, 1)


SOURCES = ("snapshot", "import:1", "import:2")

ROWS = st.lists(
    st.builds(
        SnapshotRow,
        page_id=st.sampled_from(PAGES),
        day=st.integers(0, 40).map(lambda number: FIRST + timedelta(days=number)),
        fans_count=st.none() | st.integers(0, 500),
        followers_count=st.none() | st.integers(0, 500),
        source=st.sampled_from(SOURCES),
        fetched_at=st.sampled_from([NOW, LATER]),
        graph_version=st.sampled_from(["v25.0", "v26.0", None]),
    ),
    max_size=30,
)


@dataclass(frozen=True)
class Saved:
    """A trip to Facebook that brought one Page."""

    page_id: str
    fans: int | None


SAVED = st.builds(Saved, st.sampled_from(PAGES), st.none() | st.integers(0, 500))
Step = list[SnapshotRow] | str | Saved
STEPS: st.SearchStrategy[list[Step]] = st.lists(ROWS | st.sampled_from(SOURCES) | SAVED, max_size=5)


def contents(session: Session) -> dict[tuple[str, date], list[int]]:
    """Every column's numbers, without what is missing at its end."""
    found = session.execute(select(DayColumn.kind, DayColumn.day, DayColumn.content)).all()
    numbers = {}
    for kind, day, content in found:
        is_marks = kind.endswith("_marks")
        values = np.frombuffer(content, np.int8 if is_marks else "<i8").tolist()
        nothing = 0 if is_marks else MISSING
        while values and values[-1] == nothing:
            values.pop()
        if values:
            numbers[(kind, day)] = values
    return numbers


def firsts(session: Session) -> list[Any]:
    columns = (Page.id, Page.position, Page.fans_since, Page.followers_since)
    return list(session.execute(select(*columns).order_by(Page.id)))


def origins(session: Session) -> list[Any]:
    columns = (DayOrigin.day, DayOrigin.source, DayOrigin.graph_version, DayOrigin.fetched_at)
    return list(session.execute(select(*columns).order_by(*columns)))


def do(session: Session, step: Step) -> None:
    """Store snapshots, take back those of one source, or save what a trip brought."""
    if isinstance(step, list):
        unique = {(row.page_id, row.day): row for row in step}
        upsert_snapshots(session, unique.values())
    elif isinstance(step, str):
        delete_snapshots(session, source=step)
    else:
        staged = staged_page(VAULT, "1", step.page_id)
        staged["depth"], staged["fans_count"] = "full", step.fans
        bring(session, VAULT, "1", [staged])


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_columns_do_not_drift_from_the_snapshots(database: Database, steps: list[Step]) -> None:
    with database.writing() as session:
        session.execute(delete(Snapshot))
        session.execute(delete(DayColumn))
        session.execute(delete(DayOrigin))
        session.execute(update(Page).values(fans_since=None, followers_since=None))
        add_pages(session, PAGES)
        for step in steps:
            do(session, step)
        kept, kept_firsts, kept_origins = contents(session), firsts(session), origins(session)
        rebuild_columns(session)
        assert kept == contents(session)
        assert kept_firsts == firsts(session)
        assert kept_origins == origins(session)
        stored = session.execute(select(func.count(Snapshot.fans_count))).scalar_one()
        assert stored == sum(
            sum(number != MISSING for number in numbers)
            for (kind, _), numbers in kept.items()
            if kind == "fans"
        )


def test_places_have_no_holes_and_stay(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["b", "d"])
        before = dict(session.execute(select(Page.id, Page.position)).all())
        add_pages(session, ["a", "b", "c"])
        after = dict(session.execute(select(Page.id, Page.position)).all())
    assert before == {"b": 0, "d": 1}
    assert after == {**before, "a": 2, "c": 3}


def test_a_failed_write_leaves_the_columns_as_they_were(database: Database) -> None:
    """One transaction: either both are there or neither."""
    with database.writing() as session:
        add_pages(session, PAGES)

    def write_and_fail() -> None:
        with database.writing() as session:
            upsert_snapshots(session, [SnapshotRow("1", FIRST, 5, 5, "snapshot", NOW, None)])
            assert read(session, "fans", [FIRST])
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        write_and_fail()
    with database.reading() as session:
        assert read(session, "fans", [FIRST]) == {}
        assert session.scalar(select(Snapshot.day)) is None


def test_a_page_beyond_the_end_of_a_column_has_no_figure() -> None:
    places = np.array([0, 2, 5])
    column = with_values(None, np.array([2]), np.array([7]))
    assert take(column, places).tolist() == [MISSING, 7, MISSING]
    assert take(None, places).tolist() == [MISSING] * 3


def test_an_unusual_day_is_marked_with_its_snapshot(database: Database) -> None:
    """Both for the Page and, together with the others, for all of them."""
    steady = {number: 1_000 + 3 * number + number % 2 for number in range(30)}
    fallen = {**steady, 30: steady[29] - 60}
    jumped = {**steady, 30: steady[29] + 60}
    with database.writing() as session:
        for name in "abcde":
            add_page(session, name, fallen)
        add_page(session, "f", jumped)
        add_page(session, "g", {**steady, 30: steady[29] + 3})
        add_page(session, "h", {28: 10, 29: 20, 30: 900})
        last = date(2026, 11, 1) + timedelta(days=30)
        since = last - timedelta(days=27)
        (found,) = list_unusual_days(session, metric="fans", since=since, until=last)
        marks_of = partial(list_page_marks, session, metric="fans", since=since, until=last)
        marks = {name: marks_of(name) for name in "afgh"}
    assert (found.day, found.judged_count, found.rose_count, found.fell_count) == (last, 7, 1, 5)
    assert found.is_platform_wide
    assert marks == {"a": {last: "fell"}, "f": {last: "rose"}, "g": {}, "h": {}}


def test_a_day_filled_in_later_is_judged_with_what_follows(database: Database) -> None:
    """A figure imported into a gap gives the day after it a change of its own."""
    steady = {number: 1_000 + 3 * number + number % 2 for number in range(30)}
    with database.writing() as session:
        add_page(session, "a", {**steady, 31: 800})
        last = date(2026, 11, 1) + timedelta(days=31)
        since = last - timedelta(days=27)
        marks_of = partial(list_page_marks, session, metric="fans", since=since, until=last)
        assert marks_of("a") == {}
        day = last - timedelta(days=1)
        upsert_snapshots(session, [SnapshotRow("a", day, 1_092, None, "import:1", NOW, None)])
        assert marks_of("a") == {last: "fell"}
        delete_snapshots(session, source="import:1")
        assert marks_of("a") == {}


def test_every_day_that_looks_back_at_a_changed_one_is_judged_anew(database: Database) -> None:
    """A figure that changes weeks later changes what was usual for four weeks after it."""
    wavy = {number: 1_000 + 3 * number + number % 2 for number in range(60)}
    with database.writing() as session:
        add_page(session, "a", {n: f for n, f in wavy.items() if n not in (13, 14)})
        rows = [
            SnapshotRow("a", date(2026, 11, 1) + timedelta(days=n), f, None, "import:1", NOW, None)
            for n, f in wavy.items()
            if n in (13, 14)
        ]
        upsert_snapshots(session, rows)
        kept = contents(session)
        rebuild_columns(session)
        assert kept == contents(session)


@pytest.mark.parametrize("depth", ["full", "figures", "basic"])
@pytest.mark.parametrize("fans", [None, 0, 7])
def test_a_page_has_its_place_and_its_first_day_from_the_start(
    database: Database, depth: str, fans: int | None
) -> None:
    """What is inserted with a new Page is what would be made of its snapshots."""
    with database.writing() as session:
        add_pages(session, ["0"])
        pages = [staged_page(VAULT, "1", page_id) for page_id in ("2", "1", "0")]
        for page in pages:
            page["depth"], page["fans_count"] = depth, fans
        bring(session, VAULT, "1", pages)
        kept, kept_firsts, kept_origins = contents(session), firsts(session), origins(session)
        assert [row.position for row in kept_firsts] == [0, 1, 2]
        rebuild_columns(session)
        assert (kept, kept_firsts, kept_origins) == (
            contents(session),
            firsts(session),
            origins(session),
        )


def test_where_figures_come_from_follows_what_is_overwritten(database: Database) -> None:
    """A report that takes the last place of a file's leaves nothing of it, nor its time."""
    of_file = SnapshotRow("1", FIRST, 5, 5, "import:1", LATER, None)
    reported = SnapshotRow("1", FIRST, 6, 6, "snapshot", NOW, "v26.0")
    with database.writing() as session:
        add_pages(session, PAGES)
        earlier = replace(of_file, page_id="2", fetched_at=NOW)
        upsert_snapshots(session, [of_file, earlier])
        assert origins(session) == [(FIRST, "import:1", "", LATER)]
        upsert_snapshots(session, [reported, replace(earlier, page_id="3")])
        both = [(FIRST, "import:1", "", NOW), (FIRST, "snapshot", "v26.0", NOW)]
        assert origins(session) == both
        newer = replace(reported, graph_version="v27.0")
        upsert_snapshots(session, [replace(newer, page_id=page_id) for page_id in ("2", "3")])
        versions = [(FIRST, "snapshot", version, NOW) for version in ("v26.0", "v27.0")]
        assert origins(session) == versions
        origin = find_origin(session, FIRST)
        assert origin is not None
        assert (origin.sources, origin.graph_versions) == (("snapshot",), ("v26.0", "v27.0"))
