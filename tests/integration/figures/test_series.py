"""One Page: its series, its profile, and its connection through everybody who holds it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from storage.accounts.connection_states import CONNECTION_STATES, ConnectionState
from storage.accounts.page_profile import find_page_profile
from storage.db.engine import Database
from storage.figures.health import count_connections
from storage.models import Picture
from tests.integration.figures.figure_answers import ask_table
from tests.integration.figures.figure_rows import (
    LONG_AGO,
    add_grant,
    add_page,
    day,
    hold,
)

pytestmark = pytest.mark.both_databases

# (grant's status, page grant's status, has a token, tasks) → state
HELD: list[tuple[str, str, bool, tuple[str, ...], ConnectionState]] = [
    ("ok", "ok", True, ("ANALYZE", "MANAGE"), "connected"),
    ("ok", "ok", True, ("PROFILE_PLUS_ANALYZE",), "connected"),
    ("ok", "ok", True, ("PROFILE_PLUS_FULL_CONTROL",), "connected"),
    ("ok", "ok", True, ("MESSAGING",), "works_in_part"),
    ("ok", "ok", True, ("NOT_ANALYZE_EITHER",), "works_in_part"),
    ("ok", "ok", True, (), "works_in_part"),
    ("needs_renewal", "ok", True, ("ANALYZE",), "needs_renewal"),
    ("frozen", "ok", True, ("ANALYZE",), "frozen"),
    ("ok", "missing", False, ("ANALYZE",), "missing"),
    ("needs_renewal", "missing", False, ("ANALYZE",), "missing"),
    ("ok", "no_access", False, ("ANALYZE",), "no_access"),
    ("ok", "role_lost", False, ("ANALYZE",), "no_access"),
    ("ok", "ok", False, ("ANALYZE",), "no_access"),
    ("ok", "left_out", False, ("ANALYZE",), "disconnected"),
    ("disconnected", "ok", False, ("ANALYZE",), "disconnected"),
    ("disconnected", "missing", False, ("ANALYZE",), "disconnected"),
]


@pytest.mark.parametrize(("grant", "status", "has_token", "tasks", "state"), HELD)
def test_connection_through_one_account(
    database: Database,
    grant: str,
    status: str,
    has_token: bool,
    tasks: tuple[str, ...],
    state: ConnectionState,
) -> None:
    with database.writing() as session:
        grant_id = add_grant(session, "1", grant)
        add_page(session, "p")
        hold(session, grant_id, "p", status, tasks=tasks, has_token=has_token)
        (row,) = ask_table(session, since=day(0), until=day(6)).rows
        profile = find_page_profile(session, "p")
        counts = count_connections(session)
    assert row.connection == state
    assert profile is not None
    assert profile.connection == state
    assert counts == {state: 1}


def test_the_best_of_several_accounts_counts(database: Database) -> None:
    with database.writing() as session:
        # Page 0 is held in every state, page 1 in all but the best, and so on.
        for number in range(len(CONNECTION_STATES)):
            add_page(session, str(number))
        for place, state in enumerate(CONNECTION_STATES):
            grant, status, has_token, tasks = _how(state)
            grant_id = add_grant(session, f"account {place}", grant)
            for number in range(place + 1):
                hold(session, grant_id, str(number), status, tasks=tasks, has_token=has_token)
        rows = ask_table(session, since=day(0), until=day(6), sort="name", descending=False).rows
        profile = find_page_profile(session, "0")
    assert [row.connection for row in rows] == list(CONNECTION_STATES)
    assert profile is not None
    assert [holder.connection for holder in profile.holders] == list(CONNECTION_STATES)


def _how(state: ConnectionState) -> tuple[str, str, bool, tuple[str, ...]]:
    """One way for an account to hold a Page in this state."""
    return next(held[:4] for held in HELD if held[4] == state)


@pytest.mark.parametrize(
    ("is_published", "state"),
    [(True, "connected"), (None, "connected"), (False, "works_in_part")],
)
def test_a_page_that_is_not_published_works_in_part(
    database: Database, is_published: bool | None, state: ConnectionState
) -> None:
    with database.writing() as session:
        add_page(session, "p", is_published=is_published)
        hold(session, add_grant(session, "1"), "p")
        (row,) = ask_table(session, since=day(0), until=day(6)).rows
    assert row.connection == state


def test_a_profile_is_what_facebook_said_and_who_holds_the_page(database: Database) -> None:
    facts: dict[str, Any] = {
        "category": "Café",
        "about": "<script>",
        "emails": ["a@example.com"],
        "location": {"city": "Köln"},
        "is_new_page_experience": True,
        "graph_version": "v26.0",
    }
    with database.writing() as session:
        add_page(session, "p", {2: 5, 4: 6}, name="=1+1", **facts)
        older = add_grant(session, "1")
        newer = add_grant(session, "2", renewed_at=LONG_AGO + timedelta(days=1))
        dead = add_grant(session, "3", "needs_renewal", reason_code=190, reason_subcode=460)
        for grant_id in (older, newer, dead):
            hold(session, grant_id, "p")
        session.execute(insert(Picture).values(page_id="p", etag="abc"))
        found = find_page_profile(session, "p")
        unknown = find_page_profile(session, "nobody")
    assert unknown is None
    assert found is not None
    assert (found.id, found.name, found.category, found.about) == (
        "p",
        "=1+1",
        "Café",
        "<script>",
    )
    assert found.emails == ("a@example.com",)
    assert found.location == {"city": "Köln"}
    assert (found.website, found.phone, found.is_published) == (None, None, None)
    assert (found.first_day, found.last_day) == (day(2), day(4))
    assert found.picture_etag == "abc"
    assert [holder.grant_id for holder in found.holders] == [newer, older, dead]
    assert found.holders[2].grant_reason_subcode == 460
    assert found.holders[0].tasks == ("ANALYZE",)
