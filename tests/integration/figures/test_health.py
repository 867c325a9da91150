"""Facts about accounts and about how fresh the figures are."""

from __future__ import annotations

import pytest

from storage.accounts.page_tokens import list_only_held
from storage.db.engine import Database
from storage.figures.health import (
    Freshness,
    NamedPages,
    count_connections,
    count_cut_off,
    find_grant_health,
    get_freshness,
    list_role_lost,
)
from tests.integration.figures.figure_rows import add_grant, add_page, day, fetched_at, hold

pytestmark = pytest.mark.both_databases

NOBODY = NamedPages(0, ())


def test_what_hangs_on_an_account(database: Database) -> None:
    with database.writing() as session:
        anna = add_grant(session, "1", account_name="Anna")
        ben = add_grant(
            session, "2", "needs_renewal", account_name="Ben", reason_code=190, reason_subcode=460
        )
        cleo = add_grant(session, "3", "disconnected", account_name="Cleo")
        for number in range(5):
            add_page(session, str(number), {number: 10}, name=f"Page {number}")
        add_page(session, "5", name="Page 5")
        for page_id in ("0", "1"):
            hold(session, anna, page_id)
        for page_id in ("1", "2", "3"):
            hold(session, ben, page_id)
        hold(session, ben, "4", "missing")
        hold(session, ben, "0", "role_lost")
        hold(session, ben, "5", "role_lost")
        hold(session, cleo, "4", "ok", has_token=False)
        found = find_grant_health(session)
        lost = list_role_lost(session)
        waiting = count_cut_off(session)
        # What the dialog of disconnecting names is what the card says.
        for grant_id, health in found.items():
            names = tuple(list_only_held(session, grant_id).values())
            assert health.sole_held == NamedPages(len(names), names[:3])
    assert set(found) == {anna, ben, cleo}

    assert found[anna].pages == NamedPages(2, ("Page 0", "Page 1"))
    assert found[anna].usable_count == 2
    # Ben's access to Page 1 is dead, so only Anna reads it.
    assert found[anna].sole_held == NamedPages(2, ("Page 0", "Page 1"))
    assert found[anna].last_snapshot_at == fetched_at(1)

    assert found[ben].pages == NamedPages(5, ("Page 0", "Page 1", "Page 2"))
    assert found[ben].usable_count == 3
    assert found[ben].sole_held == NamedPages(2, ("Page 2", "Page 3"))
    assert waiting == 2
    assert found[ben].missing == NamedPages(1, ("Page 4",))
    # Anna still reads Page 0.
    assert found[ben].role_lost == NamedPages(1, ("Page 5",))
    assert lost == {ben: found[ben].role_lost}
    assert found[ben].last_snapshot_at == fetched_at(4)

    assert found[cleo].usable_count == 0
    assert found[cleo].sole_held == NOBODY


def test_a_paused_account_holds_a_page_but_does_not_read_it(database: Database) -> None:
    with database.writing() as session:
        dead = add_grant(session, "1", "needs_renewal", account_name="Dead")
        paused = add_grant(session, "2", "frozen", account_name="Paused")
        for page_id in ("p", "q"):
            add_page(session, page_id)
            hold(session, paused, page_id)
        hold(session, dead, "p")
        hold(session, dead, "q", "role_lost")
        found = find_grant_health(session)
        # It would be read again after the pause.
        assert list_role_lost(session) == {}
        assert count_cut_off(session) == 1
        assert list(list_only_held(session, dead)) == []
        assert list(list_only_held(session, paused)) == ["p", "q"]
    assert found[dead].sole_held == NOBODY
    assert found[paused].sole_held == NamedPages(2, ("Page p", "Page q"))
    assert found[dead].role_lost == NOBODY
    assert found[dead].last_snapshot_at is None


def test_a_page_that_two_accounts_have_lost_is_counted_once(database: Database) -> None:
    with database.writing() as session:
        one, other = (add_grant(session, id, "needs_renewal") for id in ("1", "2"))
        works = add_grant(session, "3")
        for page_id, holders in {"a": [one], "b": [one, other], "c": [one, works]}.items():
            add_page(session, page_id)
            for grant in holders:
                hold(session, grant, page_id)
        assert count_cut_off(session) == 2


def test_only_the_first_names_are_given(database: Database) -> None:
    with database.writing() as session:
        grant = add_grant(session, "1")
        for number, name in enumerate(["d", "É", "a", "c", "B"]):
            add_page(session, str(number), name=name)
            hold(session, grant, str(number))
        health = find_grant_health(session)[grant]
    assert health.pages == NamedPages(5, ("a", "B", "c"))


def test_freshness(database: Database) -> None:
    with database.writing() as session:
        grant = add_grant(session, "1")
        dead = add_grant(session, "2", "needs_renewal")
        add_page(session, "a", {5: 1, 6: 2})
        add_page(session, "b", {5: None})
        hold(session, dead, "a")
        hold(session, dead, "b")
        unread = get_freshness(session, day(6))
        hold(session, grant, "b")
        today = get_freshness(session, day(6))
        tomorrow = get_freshness(session, day(7))
        yesterday = get_freshness(session, day(5))
    assert (today.last_day, today.last_refreshed_at) == (day(6), fetched_at(6))
    assert tomorrow == today
    assert (yesterday.last_day, yesterday.last_refreshed_at) == (day(5), fetched_at(5))
    assert (unread.has_readable, today.has_readable) == (False, True)


def test_an_empty_installation_has_no_trouble(database: Database) -> None:
    with database.reading() as session:
        freshness = get_freshness(session, day(0))
        assert find_grant_health(session) == {}
        assert list_role_lost(session) == {}
        assert count_connections(session) == {}
    assert freshness == Freshness(None, None, has_readable=False)
