"""A Page's history taken along to its new id: what goes, what stays, undone, killed and erased."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from storage.accounts.erasure import erase_pages, find_erasure
from storage.accounts.page_moves import (
    find_move,
    forget_moves,
    list_moves_around,
    list_other_ids,
    remember_move,
)
from storage.csv_import.importer import source_of
from storage.db.engine import Database
from storage.figures.moved_history import plan_move, take_along, undo_move
from storage.figures.snapshots import delete_figures
from storage.jobs.events import list_events
from storage.models import (
    Base,
    Goal,
    InsightMetric,
    InsightValue,
    Note,
    Page,
    PageChange,
    PageMove,
    PageTag,
    Post,
    Snapshot,
    Tag,
    TokenAllowance,
    UnusualDay,
)
from storage.people.person import THIS_COMPUTER
from storage.posts.posts import store_posts
from tests.integration.figures.figure_rows import add_page, day, fetched_at
from tests.integration.killing import die, dump, run_until_killed
from tests.integration.posts.post_rows import post
from tests.present import NOW

OLD, NEW = "100", "200"
LATER = NOW + timedelta(hours=1)
# What may differ after taking along and undoing: the account of what was done.
RECORDS = ("page_moves", "events", "event_subjects", "installation")


def fill(session: Session) -> None:
    """Give the old id days 0 to 40 with a jump, and the new one days from 39 on."""
    add_page(session, OLD, {n: 1000 + n + 500 * (n >= 35) for n in range(41) if n != 20})
    add_page(session, NEW, {39: 1600, 40: 1601, 41: 1602})
    rows: list[tuple[type[Base], dict[str, Any]]] = [
        (Tag, {"id": 1, "name": "Brand", "created_at": NOW}),
        (Tag, {"id": 2, "name": "Both", "created_at": NOW}),
        (PageTag, {"page_id": OLD, "tag_id": 1}),
        (PageTag, {"page_id": OLD, "tag_id": 2}),
        (PageTag, {"page_id": NEW, "tag_id": 2}),
        (Note, {"id": 1, "day": day(3), "text": "old", "page_id": OLD, "created_at": NOW}),
        (Note, {"id": 2, "day": day(3), "text": "new", "page_id": NEW, "created_at": NOW}),
        (Note, {"id": 3, "day": day(3), "text": "of a tag", "tag_id": 1, "created_at": NOW}),
        *(
            (Goal, {"page_id": id, "metric": m, "target": 5, "due_day": day(90), "created_at": NOW})
            for id, m in ((OLD, "fans"), (OLD, "followers"), (NEW, "fans"))
        ),
        (PageChange, {"page_id": OLD, "field": "name", "changed_at": NOW, "was": {"value": "X"}}),
        *(
            (
                TokenAllowance,
                {"id": n, "consumer": "bot", "permission": p, "page_id": id, "allowed_at": NOW},
            )
            for n, id, p in ((1, OLD, "pages_messaging"), (2, OLD, "b"), (3, NEW, "b"))
        ),
    ]
    for model, row in rows:
        session.execute(insert(model).values(row))
    metric = session.scalars(select(InsightMetric.name)).first()
    for id, numbers in ((OLD, (1, 2, 3, 5)), (NEW, (3,))):
        for n in numbers:
            values = {"page_id": id, "metric": metric, "day": day(n), "value": n, "fetched_at": NOW}
            session.execute(insert(InsightValue).values(values))
    for id, published in ((OLD, (1, 1, 2, 40)), (NEW, (40, 41))):
        posts = [post(f"{n}", fetched_at(d), 9, page_id=id) for n, d in enumerate(published)]
        store_posts(session, posts, now=fetched_at(41) + timedelta(hours=1), keeps_text=True)
    assert remember_move(session, OLD, NEW, NOW)


def days_of(session: Session, page_id: str, model: Any = Snapshot) -> set[int]:
    days: Iterable[date] = session.scalars(select(model.day).where(model.page_id == page_id))
    return {(each - day(0)).days for each in days}


@pytest.mark.both_databases
def test_the_history_goes_along_and_comes_back(session: Session) -> None:
    fill(session)
    before = dump(session, *RECORDS)
    plan = plan_move(session, OLD)
    assert plan is not None
    assert plan.goes == {
        "snapshots": 38,
        "insight_values": 3,
        "page_changes": 1,
        "page_tags": 1,
        "notes": 1,
        "goals": 1,
        "posts": 3,
        "token_allowances": 1,
    }
    assert {name: count for name, count in plan.stays.items() if count} == {
        "snapshots": 2,
        "insight_values": 1,
        "page_tags": 1,
        "goals": 1,
        "posts": 1,
        "token_allowances": 1,
    }
    assert take_along(session, OLD, LATER, by=THIS_COMPUTER) == 38
    assert take_along(session, OLD, LATER, by=THIS_COMPUTER) is None, "once"
    assert days_of(session, NEW) == {*range(42)} - {20}
    assert days_of(session, OLD) == {39, 40}, "where both have a day each keeps its own"
    is_39 = (Snapshot.page_id == NEW, Snapshot.day == day(39))
    assert session.scalar(select(Snapshot.fans_count).where(*is_39)) == 1600
    assert days_of(session, NEW, InsightValue) == {1, 2, 3, 5}
    assert days_of(session, NEW, UnusualDay) == {35}, "judged again, for both"
    assert days_of(session, OLD, UnusualDay) == set()
    assert set(session.scalars(select(Note.id).where(Note.page_id == NEW))) == {1, 2}
    assert set(session.scalars(select(PageTag.tag_id).where(PageTag.page_id == NEW))) == {1, 2}
    assert set(session.scalars(select(Goal.metric).where(Goal.page_id == OLD))) == {"fans"}
    posts = {row.id: row.page_id for row in session.execute(select(Post.id, Post.page_id))}
    assert posts == {
        **dict.fromkeys(("100_0", "100_1", "100_2", "200_0", "200_1"), NEW),
        "100_3": OLD,
    }, "two of one second go both, and the one that both ids have stays"
    assert session.get_one(Page, OLD, populate_existing=True).archived_at == LATER
    assert session.get_one(Page, NEW, populate_existing=True).archived_at is None

    assert undo_move(session, OLD, LATER, by=THIS_COMPUTER) == 38
    assert undo_move(session, OLD, LATER, by=THIS_COMPUTER) is None, "once"
    assert dump(session, *RECORDS) == before
    kinds = [each.kind for each in list_events(session)]
    assert kinds == ["history_move_undone", "history_taken_along", "page_moved"]
    assert take_along(session, OLD, LATER, by=THIS_COMPUTER) == 38, "and again"


def test_what_the_new_id_got_since_then_stays_with_it(session: Session) -> None:
    fill(session)
    session.execute(update(Page).where(Page.id == OLD).values(archived_at=NOW))
    assert take_along(session, OLD, LATER, by=THIS_COMPUTER) == 38
    more = Snapshot(page_id=NEW, day=day(20), fans_count=1, fetched_at=NOW)
    note = Note(id=9, day=day(3), text="later", page_id=NEW, created_at=NOW)
    session.add_all([more, note])
    session.flush()
    assert undo_move(session, OLD, LATER, by=THIS_COMPUTER) == 38
    assert days_of(session, NEW) == {20, 39, 40, 41}
    assert set(session.scalars(select(Note.id).where(Note.page_id == NEW))) == {2, 9}
    assert session.get_one(Page, OLD, populate_existing=True).archived_at == NOW


def test_an_import_can_still_be_undone_at_the_new_id(session: Session) -> None:
    fill(session)
    of_file = update(Snapshot).where(Snapshot.page_id == OLD, Snapshot.day < day(10))
    session.execute(of_file.values(fans_source=source_of(1)))
    take_along(session, OLD, LATER, by=THIS_COMPUTER)
    assert delete_figures(session, source=source_of(1)) == 10
    assert undo_move(session, OLD, LATER, by=THIS_COMPUTER) == 28


def test_nothing_goes_to_a_page_that_is_not_here(session: Session) -> None:
    fill(session)
    assert remember_move(session, NEW, "300", NOW)
    assert plan_move(session, NEW) is None
    assert take_along(session, NEW, NOW, by=THIS_COMPUTER) is None
    assert take_along(session, "unknown", NOW, by=THIS_COMPUTER) is None
    assert undo_move(session, OLD, NOW, by=THIS_COMPUTER) is None


def test_moves_make_no_circle_and_a_chain_is_undone_from_its_end(session: Session) -> None:
    fill(session)
    add_page(session, "300")
    assert not remember_move(session, OLD, NEW, NOW), "known"
    assert not remember_move(session, NEW, OLD, NOW)
    assert not remember_move(session, NEW, NEW, NOW)
    assert not remember_move(session, "unknown", NEW, NOW)
    assert remember_move(session, NEW, "300", NOW)
    assert not remember_move(session, "300", OLD, NOW)
    take_along(session, OLD, NOW, by=THIS_COMPUTER)
    assert not remember_move(session, OLD, "300", NOW), "its history is with the other already"
    assert take_along(session, NEW, NOW, by=THIS_COMPUTER) == 41
    assert undo_move(session, OLD, NOW, by=THIS_COMPUTER) is None
    assert undo_move(session, NEW, NOW, by=THIS_COMPUTER) == 41
    assert undo_move(session, OLD, NOW, by=THIS_COMPUTER) == 38
    forget_moves(session, [NEW, OLD, "unknown"])
    assert find_move(session, OLD) is None
    assert list_moves_around(session, NEW) == []


def test_the_screen_of_each_id_finds_the_move(session: Session) -> None:
    fill(session)
    (of_old,), (of_new,) = list_moves_around(session, OLD), list_moves_around(session, NEW)
    assert of_old == of_new
    assert (of_old.old_name, of_old.new_name) == ("Page 100", "Page 200")


def test_erasing_finds_both_ids(session: Session) -> None:
    fill(session)

    def goes(id: str) -> tuple[str, ...]:
        erasure = find_erasure(session, "page", id)
        return () if erasure is None else erasure.page_ids

    assert goes(NEW) == (OLD, NEW)
    assert goes(OLD) == (OLD,), "its history is its own still"
    assert remember_move(session, NEW, "300", NOW)
    assert goes("300") == (OLD, NEW), "also by an id that is not stored"
    take_along(session, OLD, NOW, by=THIS_COMPUTER)
    assert goes(OLD) == (OLD, NEW)
    asked_at = NOW - timedelta(days=1)
    session.execute(update(Page).where(Page.id == NEW).values(first_seen_at=NOW))
    erasure = find_erasure(session, "page", OLD, asked_at)
    assert erasure is not None
    assert erasure.page_ids == (OLD,), "connected since then"
    assert list_other_ids(session, [NEW]) == {OLD}
    erase_pages(session, [OLD, NEW])
    assert session.scalars(select(PageMove)).all() == []


@pytest.mark.fault(
    "the program is killed while a moved Page's history goes along",
    "every row; the same move works after it",
)
@pytest.mark.both_databases
def test_killed_in_the_middle_nothing_is_lost(database: Database) -> None:
    with database.writing() as session:
        fill(session)
    with database.reading() as session:
        before = dump(session)

    def move() -> None:
        with database.writing() as session:
            take_along(session, OLD, LATER, by=THIS_COMPUTER)
            session.flush()
            die()

    run_until_killed(database, move)
    with database.reading() as session:
        assert dump(session) == before
    with database.writing() as session:
        assert take_along(session, OLD, LATER, by=THIS_COMPUTER) == 38
