"""How well a Page is connected is kept with it, and follows whatever is done to what holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storage.connection_states import CONNECTION_STATES, connection_rank
from storage.engine import Database
from storage.erasure import erase_everything
from storage.grants import find_grant_by_account, forget_tokens, set_grant_status
from storage.kept_connections import rebuild_connections
from storage.models import Page
from storage.pages import PageRow, mark_missing, set_page_grant_status, upsert_pages
from storage.vault import Vault
from tests.integration.storage_rows import (
    KEY,
    NOW,
    add_grant,
    add_pages,
    bring,
    staged_page,
)

pytestmark = pytest.mark.both_databases

VAULT = Vault([KEY])
PAGES, ACCOUNTS = ("1", "2", "3"), ("8", "9")


@dataclass(frozen=True)
class Saved:
    """An account came back from Facebook with a Page."""

    account: str
    page: str
    tasks: tuple[str, ...]
    is_published: bool | None
    depth: str


@dataclass(frozen=True)
class Judged:
    """Facebook, or an operator, ended, paused or revived an account."""

    account: str
    status: str


@dataclass(frozen=True)
class PageJudged:
    """Facebook refused one Page of an account, or took it back."""

    account: str
    page: str
    status: str


@dataclass(frozen=True)
class Left:
    """An account's newest list lacks a Page, or the operator unticked it."""

    account: str
    page: str
    status: str


@dataclass(frozen=True)
class Described:
    """A refresh described a Page anew."""

    page: str
    is_published: bool | None


@dataclass(frozen=True)
class Disconnected:
    """An operator disconnected an account."""

    account: str


def one_of(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


TASKS = st.sampled_from([("ANALYZE",), ("MESSAGING",), ("PROFILE_PLUS_ANALYZE", "MODERATE"), ()])
PUBLISHED = st.none() | st.booleans()
ACCOUNT, PAGE = one_of(*ACCOUNTS), one_of(*PAGES)
Step = Saved | Judged | PageJudged | Left | Described | Disconnected
SAVED = st.builds(Saved, ACCOUNT, PAGE, TASKS, PUBLISHED, one_of("full", "figures", "basic"))
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    SAVED
    | SAVED
    | st.builds(Judged, ACCOUNT, one_of("ok", "needs_renewal", "frozen"))
    | st.builds(PageJudged, ACCOUNT, PAGE, one_of("ok", "role_lost", "no_access"))
    | st.builds(Left, ACCOUNT, PAGE, one_of("missing", "left_out", "no_access"))
    | st.builds(Described, PAGE, PUBLISHED)
    | st.builds(Disconnected, ACCOUNT),
    min_size=1,
    max_size=8,
)


def do(session: Session, step: Step) -> None:
    """Do one thing to what holds the Pages."""
    if isinstance(step, Described):
        row = PageRow(id=step.page, name=f"Page {step.page}", is_published=step.is_published)
        upsert_pages(session, [row], NOW)
        return
    if isinstance(step, Saved):
        save(session, step)
        return
    grant = find_grant_by_account(session, step.account)
    if grant is None:
        return
    if isinstance(step, Judged):
        set_grant_status(session, grant.id, step.status, code=None, subcode=None, now=NOW)
    elif isinstance(step, PageJudged):
        set_page_grant_status(
            session, step.page, grant.id, step.status, code=None, subcode=None, now=NOW
        )
    elif isinstance(step, Left):
        mark_missing(session, grant.id, [step.page], NOW, status=step.status)
    else:
        forget_tokens(session, grant.id, NOW)


def save(session: Session, step: Saved) -> None:
    staged = staged_page(VAULT, step.account, step.page)
    staged["tasks"], staged["is_published"] = step.tasks, step.is_published
    staged["depth"] = step.depth
    bring(session, VAULT, step.account, [staged])


def kept_and_worked_out(session: Session) -> list[tuple[str, str]]:
    rows = session.execute(select(Page.connection, connection_rank()).order_by(Page.id))
    return [(CONNECTION_STATES[kept], CONNECTION_STATES[rank]) for kept, rank in rows]


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_what_is_kept_does_not_drift(database: Database, steps: list[Step]) -> None:
    with database.writing() as session:
        erase_everything(session)
        for step in steps:
            do(session, step)
            assert all(kept == rank for kept, rank in kept_and_worked_out(session)), step


def test_a_page_that_nobody_holds_is_disconnected(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["1"])
        assert kept_and_worked_out(session) == [("disconnected", "disconnected")]


@pytest.mark.parametrize(
    ("tasks", "is_published", "state"),
    [
        (("ANALYZE",), None, "connected"),
        (("ANALYZE",), True, "connected"),
        (("ANALYZE",), False, "works_in_part"),
        (("MESSAGING",), True, "works_in_part"),
    ],
)
def test_a_new_page_has_its_state_from_the_start(
    database: Database,
    tasks: tuple[str, ...],
    is_published: bool | None,
    state: Literal["connected", "works_in_part"],
) -> None:
    with database.writing() as session:
        save(session, Saved("9", "1", tasks, is_published, "full"))
        assert kept_and_worked_out(session) == [(state, state)]


def test_all_of_it_can_be_made_anew(database: Database) -> None:
    """For databases from before it was kept."""
    with database.writing() as session:
        add_grant(session, VAULT, "9", ["1", "2"])
        session.execute(update(Page).values(connection=4))
        rebuild_connections(session)
        assert kept_and_worked_out(session) == [("connected", "connected")] * 2
