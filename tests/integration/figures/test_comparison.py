"""A few Pages side by side: who they are, all their figures in one statement, who is like them."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.figures.comparison import (
    MAX_MATCHES,
    ComparedPage,
    Match,
    find_matches,
    get_compared_series,
    list_alike,
    list_compared_pages,
)
from tests.integration.figures.figure_rows import add_page, day

pytestmark = pytest.mark.both_databases

UNTIL = day(27)


def test_pages_come_in_the_order_asked_for(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "a", {3: 1, 9: 2}, name="Zoo", category="Park")
        add_page(session, "b", name="Aal")
        add_page(session, "c", {5: None})
        found = list_compared_pages(session, ["c", "nobody", "a\0", "\ud800", "a", "b"])
        nobody = list_compared_pages(session, [])
    assert found == [
        ComparedPage("c", "Page c", None, day(5), day(5)),
        ComparedPage("a", "Zoo", "Park", day(3), day(9)),
        ComparedPage("b", "Aal", None, None, None),
    ]
    assert nobody == []


def test_a_series_has_the_period_and_two_days_before(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "a", {-3: 1, -2: 2, -1: 3, 0: 4, 27: None, 28: 6}, {27: 0})
        add_page(session, "b")
        add_page(session, "other", {0: 1})
        found = get_compared_series(session, ["a", "b"], since=day(0), until=UNTIL)
    assert found == {
        "a": {
            "fans": {day(-2): 2, day(-1): 3, day(0): 4, UNTIL: None},
            "followers": {day(-2): None, day(-1): None, day(0): None, UNTIL: 0},
        },
        "b": {"fans": {}, "followers": {}},
    }


def test_five_pages_take_one_statement(database: Database) -> None:
    statements: list[str] = []

    def count(*args: object) -> None:
        statements.append(str(args[2]))

    with database.writing() as session:
        for number in range(5):
            add_page(session, str(number), {0: number})
        session.flush()
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", count)
        try:
            ids = [str(number) for number in range(5)]
            get_compared_series(session, ids, since=day(0), until=UNTIL)
            list_compared_pages(session, ids)
        finally:
            event.remove(engine, "before_cursor_execute", count)
    assert len(statements) == 2


def test_a_search_finds_names_in_order(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "1", name="Café Süd", category="Café")
        add_page(session, "2", name="cafe nord")
        add_page(session, "3", name="Optik")
        add_page(session, "4", name="100 % Café_")
        every = find_matches(session, "CAFE")
        some = find_matches(session, "cafe", limit=2)
        literal = find_matches(session, "%")
        nothing = find_matches(session, "caffe\0")
    assert [match.page_id for match in every.pages] == ["4", "2", "1"]
    assert every.pages[2] == Match("1", "Café Süd", "Café")
    assert [match.page_id for match in some.pages] == ["4", "2"]
    assert some.are_cut
    assert [match.page_id for match in literal.pages] == ["4"]
    assert nothing.pages == ()
    assert not every.are_cut


@pytest.mark.parametrize(("surplus", "are_cut"), [(0, False), (1, True)])
def test_at_most_fifty_are_found(database: Database, surplus: int, are_cut: bool) -> None:
    with database.writing() as session:
        for number in range(MAX_MATCHES + surplus):
            add_page(session, f"{number:03d}")
        found = find_matches(session, "page")
    assert len(found.pages) == MAX_MATCHES
    assert found.are_cut is are_cut


def alike(session: Session, page_id: str | None, until: date = UNTIL) -> list[str]:
    return [page.page_id for page in list_alike(session, page_id, until=until)]


def test_the_most_alike_in_size_come_first(database: Database) -> None:
    with database.writing() as session:
        assert alike(session, None) == []
        for page_id, fans in {"a": 1000, "b": 1100, "c": 850, "d": 5000, "e": 10}.items():
            add_page(session, page_id, {20: fans})
        add_page(session, "f", {20: None}, {20: 1050})
        add_page(session, "old", {19: 1000})
        add_page(session, "none", {20: None})
        add_page(session, "empty")
        assert alike(session, "a") == ["f", "b", "c"]
        assert alike(session, "d") == ["b", "f", "a"]
        assert alike(session, "old") == ["a", "f", "b"]
        assert alike(session, None) == ["d", "b", "f"]
        assert alike(session, "none") == alike(session, None)
        assert alike(session, "empty") == alike(session, "unknown") == alike(session, None)
        assert alike(session, "a", day(19)) == ["old"]
        assert alike(session, "a", day(18)) == []
