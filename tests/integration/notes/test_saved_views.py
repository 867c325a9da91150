"""Saved views: names are unique, everything is bounded, and one of them is the start screen."""

from __future__ import annotations

import pytest

from storage.db.engine import Database
from storage.db.errors import ViewRefused
from storage.db.installation import get_data_version
from storage.notes.saved_views import (
    MAX_NAME,
    MAX_QUERY,
    MAX_VIEWS,
    delete_view,
    delete_views_of_account,
    find_view,
    list_views,
    save_view,
    set_start_view,
)
from storage.people.person import THIS_COMPUTER
from tests.integration.storage_rows import LATER, NOW
from tests.people import ADA, BEN, CLEO

pytestmark = pytest.mark.both_databases


def refusal(database: Database, name: str, query: str = "") -> ViewRefused:
    with pytest.raises(ViewRefused) as refused, database.writing() as session:
        save_view(session, name, query, NOW, by=THIS_COMPUTER)
    return refused.value


def test_a_view_is_saved_found_and_deleted(database: Database) -> None:
    with database.writing() as session:
        version = get_data_version(session)
        saved = save_view(session, "  Café\tclients ", "tag=Caf%C3%A9", NOW, by=THIS_COMPUTER)
        assert (saved.name, saved.query, saved.is_start) == ("Café clients", "tag=Caf%C3%A9", False)
        save_view(session, "arts", "", NOW, by=THIS_COMPUTER)
        assert get_data_version(session) > version
    with database.writing() as session:
        assert [view.name for view in list_views(session, of=THIS_COMPUTER)] == [
            "arts",
            "Café clients",
        ]
        assert find_view(session, "CAFE  CLIENTS", of=THIS_COMPUTER) == saved
        assert find_view(session, "caf", of=THIS_COMPUTER) is None
        assert delete_view(session, saved.id, by=THIS_COMPUTER)
        assert not delete_view(session, saved.id, by=THIS_COMPUTER)
        assert [view.name for view in list_views(session, of=THIS_COMPUTER)] == ["arts"]


def test_a_taken_name_is_refused_until_it_is_to_be_replaced(database: Database) -> None:
    with database.writing() as session:
        first = save_view(session, "Café", "sort=a", NOW, by=THIS_COMPUTER)
        set_start_view(session, first.id, by=THIS_COMPUTER)
    refused = refusal(database, "CAFE", "sort=b")
    assert (refused.reason, refused.taken_by) == ("taken", "Café")
    with database.writing() as session:
        second = save_view(session, "CAFE", "sort=b", LATER, replaces=True, by=THIS_COMPUTER)
        assert (second.id, second.name, second.query) == (first.id, "CAFE", "sort=b")
        assert second.is_start
        assert len(list_views(session, of=THIS_COMPUTER)) == 1


def test_names_addresses_and_the_number_of_views_are_bounded(database: Database) -> None:
    assert refusal(database, "   ").reason == "empty"
    assert refusal(database, "x" * (MAX_NAME + 1)).reason == "too_long"
    assert refusal(database, "x", "q" * (MAX_QUERY + 1)).reason == "query_too_long"
    with database.writing() as session:
        for number in range(MAX_VIEWS):
            save_view(
                session,
                f"View {number}",
                "q" * MAX_QUERY if not number else "",
                NOW,
                by=THIS_COMPUTER,
            )
    assert refusal(database, "One more").reason == "too_many"
    with database.writing() as session:
        save_view(session, "View 7", "q=new", NOW, replaces=True, by=THIS_COMPUTER)


def test_one_view_at_a_time_is_the_start_screen(database: Database) -> None:
    with database.writing() as session:
        one, two = (save_view(session, name, "", NOW, by=THIS_COMPUTER) for name in ("one", "two"))
        set_start_view(session, one.id, by=THIS_COMPUTER)
        set_start_view(session, two.id, by=THIS_COMPUTER)
        assert [view.name for view in list_views(session, of=THIS_COMPUTER) if view.is_start] == [
            "two"
        ]
        set_start_view(session, None, by=THIS_COMPUTER)
        assert not [view for view in list_views(session, of=THIS_COMPUTER) if view.is_start]


def test_everybody_has_a_start_screen_of_their_own(database: Database) -> None:
    with database.writing() as session:
        one, two = (save_view(session, name, "", NOW, by=ADA) for name in ("one", "two"))
        set_start_view(session, one.id, by=ADA)
        set_start_view(session, two.id, by=BEN)
        starts = {
            person.name: [view.name for view in list_views(session, of=person) if view.is_start]
            for person in (ADA, BEN, CLEO)
        }
        assert starts == {"Ada": ["one"], "Ben": ["two"], "Cleo": []}
        assert delete_view(session, one.id, by=THIS_COMPUTER)
        assert not [view for view in list_views(session, of=ADA) if view.is_start]


def test_views_that_filter_by_an_erased_account_go_with_it(database: Database) -> None:
    with database.writing() as session:
        save_view(session, "of Anna", "account=1001&sort=a", NOW, by=THIS_COMPUTER)
        save_view(session, "of both", "account=1001&account=1002", NOW, by=THIS_COMPUTER)
        save_view(session, "of others", "account=10012&q=100", NOW, by=THIS_COMPUTER)
        delete_views_of_account(session, "1001")
        assert [view.name for view in list_views(session, of=THIS_COMPUTER)] == ["of others"]
