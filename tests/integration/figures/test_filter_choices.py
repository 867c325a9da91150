"""What a filter can be set to, on both databases."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.figures import filter_choices
from storage.figures.filter_choices import (
    Choice,
    find_account_name,
    find_tag,
    has_category,
    list_accounts,
    list_categories,
    list_tags,
)
from storage.figures.provenance import find_provenance, find_span
from storage.models import PageTag, Tag
from tests.integration.figures.figure_rows import (
    LONG_AGO,
    add_grant,
    add_page,
    day,
    fetched_at,
    hold,
)

pytestmark = pytest.mark.both_databases

UNTIL = day(21)


@pytest.fixture
def filled(database: Database) -> Database:
    """Three Pages, two accounts that hold them and one that holds none, and two tags."""
    with database.writing() as session:
        add_page(session, "1", {0: 10, 1: 11}, category="Café")
        add_page(session, "2", {0: 20}, category="Café")
        add_page(session, "3", {2: 30}, category=None)
        zoe, anna = add_grant(session, "8", account_name="Zoë"), add_grant(session, "9")
        add_grant(session, "7", account_name="Holds none")
        for page_id in ("1", "2"):
            hold(session, zoe, page_id)
        hold(session, anna, "2", "missing")
        bakery = add_tag(session, "Bäckerei")
        add_tag(session, "Empty")
        session.execute(insert(PageTag), [{"page_id": p, "tag_id": bakery} for p in ("1", "3")])
    return database


def add_tag(session: Session, name: str) -> int:
    statement = insert(Tag).values(name=name, created_at=LONG_AGO)
    return session.execute(statement.returning(Tag.id)).scalar_one()


def test_accounts_by_name_with_what_they_hold_or_held(filled: Database) -> None:
    with filled.reading() as session:
        found = list_accounts(session)
    assert found.shown == (Choice("9", "Account 9", 1), Choice("8", "Zoë", 2))
    assert (found.count, found.is_searched) == (2, False)


def test_categories_and_tags(filled: Database) -> None:
    with filled.reading() as session:
        assert list_categories(session).shown == (Choice("Café", "Café", 2),)
        assert list_tags(session).shown == (
            Choice("Bäckerei", "Bäckerei", 2),
            Choice("Empty", "Empty", 0),
        )


def test_nothing_to_choose_in_an_empty_database(database: Database) -> None:
    with database.reading() as session:
        for choices in (list_accounts(session), list_categories(session), list_tags(session)):
            assert (choices.shown, choices.count) == ((), 0)


def test_what_is_too_much_to_list_is_searched(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled.writing() as session:
        for number in range(6):
            add_page(session, f"x{number}", category=f"Kind {number} %")
    monkeypatch.setattr(filter_choices, "MAX_LISTED", 6)
    monkeypatch.setattr(filter_choices, "MAX_FOUND", 2)
    with filled.reading() as session:
        assert list_categories(session).shown == ()
        assert (list_categories(session).count, list_categories(session).is_searched) == (7, True)
        found = list_categories(session, "  KIND ")
        assert [choice.label for choice in found.shown] == ["Kind 0 %", "Kind 1 %"]
        assert list_categories(session, "cafe").shown == (Choice("Café", "Café", 2),)
        assert list_categories(session, "4 %").shown == (Choice("Kind 4 %", "Kind 4 %", 1),)
        assert list_categories(session, "nothing").shown == ()


def test_names_of_an_address_are_looked_up(filled: Database) -> None:
    with filled.reading() as session:
        assert find_account_name(session, "8") == "Zoë"
        assert has_category(session, "Café")
        tag = find_tag(session, "backerei")
        assert tag is not None
        assert tag[1] == "Bäckerei"
        for nonsense in ("", "%", "0" * 9000, "a\x00b", "'; --", "\ud800"):
            assert find_account_name(session, nonsense) is None
            assert not has_category(session, nonsense)
            assert find_tag(session, nonsense) is None


def test_the_days_with_snapshots_and_where_the_newest_come_from(filled: Database) -> None:
    with filled.reading() as session:
        assert find_span(session) == (day(0), day(2))
        origin = find_provenance(session, UNTIL)
        assert origin is not None
        assert (origin.day, origin.fetched_at) == (day(2), fetched_at(2))
        assert (origin.sources, origin.graph_versions) == (("snapshot",), ("v26.0",))
        earlier = find_provenance(session, day(1))
        assert earlier is not None
        assert earlier.day == day(1)
        assert find_provenance(session, date(2020, 1, 1)) is None
