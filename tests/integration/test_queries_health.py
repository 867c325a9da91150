"""Facts about accounts and about how fresh the figures are."""

from __future__ import annotations

from storage.engine import Database
from storage.health import NamedPages, count_connections, get_freshness, list_grant_health
from tests.integration.figure_rows import add_grant, add_page, day, fetched_at, hold

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
        found = {health.account_name: health for health in list_grant_health(session)}
    assert list(found) == ["Anna", "Ben", "Cleo"]

    assert found["Anna"].pages == NamedPages(2, ("Page 0", "Page 1"))
    assert found["Anna"].usable_count == 2
    # Ben's access to Page 1 is dead, so only Anna reads it; nothing of hers is cut off.
    assert found["Anna"].sole_held == NamedPages(2, ("Page 0", "Page 1"))
    assert found["Anna"].cut_off == NOBODY
    assert found["Anna"].last_snapshot_at == fetched_at(1)

    assert (found["Ben"].status, found["Ben"].reason_subcode) == ("needs_renewal", 460)
    assert found["Ben"].pages == NamedPages(5, ("Page 0", "Page 1", "Page 2"))
    assert found["Ben"].usable_count == 3
    assert found["Ben"].sole_held == NamedPages(2, ("Page 2", "Page 3"))
    assert found["Ben"].cut_off == NamedPages(2, ("Page 2", "Page 3"))
    assert found["Ben"].missing == NamedPages(1, ("Page 4",))
    # Anna still reads Page 0.
    assert found["Ben"].role_lost == NamedPages(1, ("Page 5",))
    assert found["Ben"].last_snapshot_at == fetched_at(4)

    assert found["Cleo"].usable_count == 0
    assert found["Cleo"].sole_held == found["Cleo"].cut_off == NOBODY


def test_a_paused_account_holds_a_page_but_does_not_read_it(database: Database) -> None:
    with database.writing() as session:
        dead = add_grant(session, "1", "needs_renewal", account_name="Dead")
        paused = add_grant(session, "2", "frozen", account_name="Paused")
        add_page(session, "p")
        hold(session, dead, "p")
        hold(session, paused, "p")
        found = {health.account_name: health for health in list_grant_health(session)}
    assert found["Dead"].sole_held == NOBODY
    assert found["Paused"].sole_held.count == 1
    assert found["Dead"].cut_off.count == found["Paused"].cut_off.count == 1
    assert found["Dead"].last_snapshot_at is None


def test_only_the_first_names_are_given(database: Database) -> None:
    with database.writing() as session:
        grant = add_grant(session, "1")
        for number, name in enumerate(["d", "É", "a", "c", "B"]):
            add_page(session, str(number), name=name)
            hold(session, grant, str(number))
        (health,) = list_grant_health(session)
        freshness = get_freshness(session, day(6))
    assert health.pages == NamedPages(5, ("a", "B", "c"))
    assert freshness.lacking_today == NamedPages(5, ("a", "B", "c"))


def test_freshness(database: Database) -> None:
    with database.writing() as session:
        grant = add_grant(session, "1")
        dead = add_grant(session, "2", "needs_renewal")
        add_page(session, "a", {5: 1, 6: 2})
        add_page(session, "b", {5: None})
        add_page(session, "c")
        for page_id in ("a", "b"):
            hold(session, grant, page_id)
            hold(session, dead, page_id)
        hold(session, dead, "c")
        today = get_freshness(session, day(6))
        tomorrow = get_freshness(session, day(7))
        yesterday = get_freshness(session, day(5))
    assert (today.has_today, today.last_day) == (True, day(6))
    assert today.last_refreshed_at == fetched_at(6)
    assert today.readable_count == 2
    # c can't be read now: that is trouble of the account, not of the refresh.
    assert today.lacking_today == NamedPages(1, ("Page b",))
    assert (tomorrow.has_today, tomorrow.last_day) == (False, day(6))
    assert tomorrow.lacking_today.count == 2
    assert (yesterday.has_today, yesterday.last_refreshed_at) == (True, fetched_at(5))


def test_an_empty_installation_has_no_trouble(database: Database) -> None:
    with database.reading() as session:
        freshness = get_freshness(session, day(0))
        assert list_grant_health(session) == []
        assert count_connections(session) == {}
    assert (freshness.last_refreshed_at, freshness.last_day) == (None, None)
    assert not freshness.has_today
    assert freshness.lacking_today == NOBODY
