"""The check of an account over HTTP: what of Facebook's answers changes it, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from fb.accounts.check import AccountState, check_account, check_now
from fb.accounts.connections import list_connections
from fb.graph.debug_token import read_token_facts
from fb.graph.errors import ENDED_SUBCODES
from fb.jobs import checks
from fb.jobs.schedule import tick
from fb.jobs.snapshots import run_snapshots
from fb.sandbox import make_world
from fb.sandbox.world import consents
from pages.parts.connections import account_text
from pages.text import phrases
from storage.accounts.grants import withdraw_page_grants
from storage.jobs.events import list_events
from storage.jobs.runs import CHECKS, find_active_run, list_runs
from storage.models import Grant, PageGrant
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import Scene, opened_scene
from tests.waiting import wait_until


@pytest.fixture
def scene(tmp_path: Path, live_database_url: str) -> Iterator[Scene]:
    """Anna with five Pages, connected yesterday."""
    with opened_scene(tmp_path, live_database_url, world=make_world(pages=5)) as scene:
        scene.traveller.connect()
        scene.clock.move(days=1)
        scene.sandbox.clear_faults()
        yield scene


def anna(scene: Scene) -> str:
    return scene.sandbox.world.people[0].id


def grant_of(scene: Scene) -> Grant:
    with scene.installation.database.reading() as session:
        return session.scalars(select(Grant)).one()


def page_statuses(scene: Scene) -> list[str]:
    with scene.installation.database.reading() as session:
        return sorted(session.scalars(select(PageGrant.status)))


def check(scene: Scene) -> AccountState:
    """Check without waiting for a failure to pass."""
    account = AccountState(grant_of(scene).id)
    client = scene.installation.client(patience_seconds=0)
    check_account(scene.installation, client, account)
    client.close()
    return account


def count_checks(scene: Scene) -> int:
    return [path for _, path in scene.sandbox.calls].count("/v26.0/debug_token")


@pytest.mark.fault(
    "Facebook ends an account's access (458, 459, 460, 463, 464, 467, 492, 493)",
    "the cause, the remedy, every Page; a renewal brings it back",
)
@pytest.mark.parametrize("subcode", sorted(ENDED_SUBCODES))
def test_each_end_is_stored_and_told_with_cause_and_action(scene: Scene, subcode: int) -> None:
    scene.sandbox.end_access(anna(scene), subcode)
    assert not check_now(scene.installation, grant_of(scene).id, by=THIS_COMPUTER).is_alive
    grant = grant_of(scene)
    assert (grant.status, grant.reason_code, grant.reason_subcode) == (
        "needs_renewal",
        190,
        subcode,
    )
    assert grant.checked_at == scene.clock()
    with scene.installation.database.reading() as session:
        (event,) = [each for each in list_events(session) if each.kind == "needs_renewal"]
    assert event.facts == {"code": 190, "subcode": subcode}
    (account,) = list_connections(scene.installation, scene.clock())
    said = account_text.sentence(account, scene.clock())
    ending = phrases.ENDED_BY_SUBCODE[subcode]
    assert ending.cause.format(name="Anna Keller") in said
    assert ending.action.format(name="Anna Keller") in said
    scene.traveller.connect()
    assert grant_of(scene).status == "ok"


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("error", {"code": 4, "status": 403}),
    ("error", {"code": 17}),
    ("error", {"code": 1, "status": 500}),
    ("error", {"code": 2, "status": 503}),
    ("error", {"code": 190, "is_transient": True, "status": 500}),
    ("cut", {}),
    ("html", {}),
    ("redirect", {}),
]


@pytest.mark.fault(
    "a check meets a limit, an outage, a cut, a redirect, an answer that is no JSON",
    "every account as it was",
)
@pytest.mark.parametrize("path", ["/debug_token", "/me/permissions"])
@pytest.mark.parametrize(("kind", "details"), FAULTS)
def test_what_is_not_about_the_access_changes_nothing(
    scene: Scene, path: str, kind: str, details: dict[str, Any]
) -> None:
    before = grant_of(scene)
    scene.sandbox.inject(kind, path=path, times=99, **details)
    assert check(scene).is_alive
    after = grant_of(scene)
    for name in ("status", "reason_code", "granted_permissions", "declined_permissions"):
        assert getattr(after, name) == getattr(before, name)
    if path == "/debug_token":
        assert after.checked_at == before.checked_at, "so it is asked again"


@pytest.mark.parametrize(
    ("code", "is_alive"), [(1, True), (4, True), (100, True), (102, False), (190, False)]
)
def test_an_invalid_token_has_ended_only_by_a_code_that_says_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, code: int, is_alive: bool
) -> None:
    """Facebook also calls a token invalid that belongs to another app."""
    facts = read_token_facts({"is_valid": False, "error": {"code": code}})
    monkeypatch.setattr("fb.accounts.check.debug_token", lambda client, token: facts)
    assert check(scene).is_alive is is_alive
    assert grant_of(scene).status == ("ok" if is_alive else "needs_renewal")


def test_a_valid_token_that_facebook_refuses_has_ended(scene: Scene) -> None:
    scene.sandbox.inject("error", path="/me/permissions", code=190, subcode=458)
    assert not check(scene).is_alive
    assert grant_of(scene).reason_subcode == 458


@pytest.mark.fault(
    "a permission is withdrawn between two refreshes",
    "the account, its Pages and figures",
)
def test_a_withdrawn_permission_is_seen_between_two_syncs(scene: Scene) -> None:
    run_snapshots(scene.installation, "manual")
    scene.sandbox.memory.change(
        lambda state: consents.withdraw(state, anna(scene), "read_insights")
    )
    assert "read_insights" in grant_of(scene).granted_permissions
    assert check(scene).is_alive
    grant = grant_of(scene)
    assert grant.status == "ok", "fans and followers don't need it"
    assert "read_insights" not in grant.granted_permissions
    assert "read_insights" in grant.declined_permissions
    scene.sandbox.trouble = "permission withdrawn"
    assert not check(scene).is_alive
    assert (grant_of(scene).status, grant_of(scene).reason_code) == ("needs_renewal", 10)


@pytest.mark.fault(
    "an account loses its role on one Page of many",
    "the account and its other Pages",
)
@pytest.mark.parametrize("days", [1, 61])
def test_a_role_lost_on_one_page_of_many_ends_no_account(scene: Scene, days: int) -> None:
    """Also after the user access token has run out, when only page access tokens still work."""
    scene.clock.move(days=days)
    with scene.installation.database.reading() as session:
        page_id = session.scalars(select(PageGrant.page_id)).first()
    assert page_id is not None
    scene.sandbox.remove_role(anna(scene), page_id)
    run_snapshots(scene.installation, "manual")
    assert grant_of(scene).status == "ok"
    assert page_statuses(scene).count("role_lost") == 1
    account = check(scene)
    assert account.is_alive
    assert account.was_answered


def test_a_page_unticked_after_the_token_ran_out_ends_no_account(scene: Scene) -> None:
    """Facebook names no lost role then: that the other Pages answer tells it."""
    scene.clock.move(days=61)
    with scene.installation.database.reading() as session:
        page_id = session.scalars(select(PageGrant.page_id)).first()

    def end_page(state: dict[str, Any]) -> None:
        ended = state["people"][anna(scene)].setdefault("ended_pages", {})
        ended[page_id] = state["serial"] + 1

    scene.sandbox.memory.change(end_page)
    result = run_snapshots(scene.installation, "manual")
    assert result.pages_failed == 1
    assert grant_of(scene).status == "ok"
    assert page_statuses(scene).count("role_lost") == 1


def test_a_token_that_ran_out_is_told_and_its_pages_are_read(scene: Scene) -> None:
    scene.clock.move(days=61)
    account = check(scene)
    assert account.has_run_out
    assert account.is_alive
    (told,) = list_connections(scene.installation, scene.clock())
    assert told.state == "expiring"
    assert "access ran out" in account_text.sentence(told, scene.clock())
    scene.sandbox.inject("error", path="/v26.0/", times=99, code=4)
    account = check(scene)
    assert account.is_alive
    assert not account.was_answered


def test_without_a_page_that_works_a_token_that_ran_out_has_ended(scene: Scene) -> None:
    scene.clock.move(days=61)
    lose_pages(scene)
    assert not check(scene).is_alive
    assert (grant_of(scene).reason_code, grant_of(scene).reason_subcode) == (190, 463)


@pytest.mark.fault(
    "the 90 days of data access end",
    "the account, until it is renewed",
)
def test_an_ended_data_access_needs_renewal(scene: Scene) -> None:
    scene.clock.move(days=88)
    assert check(scene).is_alive
    scene.clock.move(days=1, seconds=1)
    assert not check(scene).is_alive
    assert (grant_of(scene).reason_code, grant_of(scene).reason_subcode) == (190, 493)
    scene.traveller.connect()
    assert check(scene).is_alive
    assert grant_of(scene).status == "ok"


def lose_pages(scene: Scene) -> None:
    with scene.installation.database.writing() as session:
        page_ids = session.scalars(select(PageGrant.page_id)).all()
        withdraw_page_grants(session, grant_of(scene).id, page_ids, scene.clock())


def tick_and_wait(scene: Scene) -> None:
    tick(scene.installation)
    wait_until(lambda: not is_checking(scene))


def is_checking(scene: Scene) -> bool:
    # In this order: a run that begins between the two questions is not due any more.
    if checks.is_due(scene.installation):
        return True
    with scene.installation.database.reading() as session:
        return find_active_run(session, CHECKS) is not None


def test_the_schedule_checks_an_account_without_pages_once_a_day(scene: Scene) -> None:
    lose_pages(scene)
    assert checks.is_due(scene.installation)
    tick_and_wait(scene)
    assert count_checks(scene) == 1
    assert grant_of(scene).checked_at == scene.clock()
    for _ in range(3):
        tick(scene.installation)
    assert not checks.is_due(scene.installation)
    with scene.installation.database.reading() as session:
        assert len(list_runs(session, CHECKS)) == 1
    scene.sandbox.end_access(anna(scene), 459)
    scene.clock.move(days=1)
    tick_and_wait(scene)
    assert count_checks(scene) == 2
    assert grant_of(scene).reason_subcode == 459
    scene.clock.move(days=1)
    assert checks.is_due(scene.installation), "what ended it may be over"


def test_a_snapshot_run_is_the_days_check(scene: Scene) -> None:
    assert checks.is_due(scene.installation)
    run_snapshots(scene.installation, "manual")
    assert not checks.is_due(scene.installation)
    assert count_checks(scene) == 1


def test_an_unanswered_check_waits_and_is_made_again(scene: Scene) -> None:
    lose_pages(scene)
    scene.sandbox.inject("error", path="/debug_token", code=4, times=1)
    record = checks.run_checks(scene.installation, "daily")
    assert record is not None
    assert record.status == "stopped"
    assert grant_of(scene).status == "ok"
    assert not checks.is_due(scene.installation)
    scene.clock.move(hours=1, seconds=1)
    assert checks.is_due(scene.installation)
    record = checks.run_checks(scene.installation, "daily")
    assert record is not None
    assert record.status == "done"
    assert not checks.is_due(scene.installation)
    assert checks.run_checks(scene.installation, "command") is None
