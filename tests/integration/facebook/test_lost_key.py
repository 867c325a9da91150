"""A lost encryption key: its accounts are named, given up on demand, and reconnected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fb.accounts.connections import Connection, list_connections
from fb.accounts.disconnect import NotRevoked, disconnect
from fb.accounts.keys import give_up, list_lost
from fb.jobs.snapshots import run_snapshots
from storage.accounts.grants import KEY_GIVEN_UP
from storage.accounts.keys import KeyReport, SealedAccess, check_keys
from storage.accounts.vault import Vault
from storage.figures.health import count_connections
from storage.jobs.events import list_events
from storage.jobs.runs import list_failures
from storage.models import Attempt, PageGrant, Snapshot, VaultKey
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import Scene, opened_scene
from tests.integration.storage_rows import KEY, OTHER_KEY

pytestmark = pytest.mark.both_databases

LOST, KEPT = Vault([KEY]), Vault([OTHER_KEY])
LOST_ID = LOST.current_key_id


@pytest.fixture
def scene(tmp_path: Path, live_database_url: str) -> Iterator[Scene]:
    """Anna is connected with the key that is lost, then Ben with the one that is kept."""
    with opened_scene(tmp_path, live_database_url, key=KEY) as scene:
        scene.traveller.connect()
        scene.clock.move(seconds=1)
        scene.installation.vault = Vault([OTHER_KEY, KEY])
        ben = next(p for p in scene.sandbox.world.people if p.name == "Ben Ortiz")
        scene.traveller.connect(person=ben.id)
        scene.clock.move(days=1)
        restart(scene)
        yield scene


def restart(scene: Scene) -> None:
    """Start the dashboard anew without the key that is lost."""
    installation = scene.installation
    installation.vault = KEPT
    with installation.database.writing() as session:
        installation.keys = check_keys(session, KEPT, installation.now())


def forget(scene: Scene) -> None:
    give_up(scene.installation, LOST_ID, by=THIS_COMPUTER)
    restart(scene)


def accounts(scene: Scene) -> dict[str, Connection]:
    found = list_connections(scene.installation, scene.installation.now())
    return {account.account_name: account for account in found}


def anna(scene: Scene) -> Connection:
    return next(a for name, a in accounts(scene).items() if name != "Ben Ortiz")


def count_days(scene: Scene) -> int:
    with scene.installation.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Snapshot)) or 0


def test_only_the_accounts_of_the_missing_key_are_named(scene: Scene) -> None:
    keys, account = scene.installation.keys, anna(scene)
    assert (keys.ok, keys.unopenable) == (False, (LOST_ID,))
    assert keys.account_names == (account.account_name,)
    assert list_lost(scene.installation, LOST_ID) == [
        SealedAccess(account.grant_id, account.account_name, account.health.usable_count)
    ]


def test_a_key_that_is_not_missing_is_not_given_up(scene: Scene) -> None:
    for key_id in (KEPT.current_key_id, "nobody's"):
        with pytest.raises(ValueError, match="not missing"):
            give_up(scene.installation, key_id, by=THIS_COMPUTER)
    assert [account.state for account in accounts(scene).values()] == ["ok", "ok"]


@pytest.mark.fault(
    "an encryption key is lost",
    "all figures, and the access that other keys sealed",
)
def test_giving_up_a_key_erases_what_it_sealed_and_nothing_else(scene: Scene) -> None:
    before, days, events = accounts(scene), count_days(scene), count_events(scene)
    forget(scene)
    assert scene.installation.can_open_tokens
    account = anna(scene)
    assert (account.state, account.reason_code) == ("needs_renewal", KEY_GIVEN_UP)
    assert account.health == before[account.account_name].health, "it still says what it held"
    ben, was = accounts(scene)["Ben Ortiz"], before["Ben Ortiz"]
    assert (ben.state, ben.health.usable_count) == ("ok", was.health.usable_count)
    assert ben.health.sole_held.count == ben.health.usable_count, "nobody else reads his Pages now"
    assert count_days(scene) == days
    with scene.installation.database.reading() as session:
        assert set(session.scalars(select(PageGrant.key_id))) == {None, KEPT.current_key_id}
        assert set(session.scalars(select(VaultKey.key_id))) <= {KEPT.current_key_id}
        newest = list_events(session)[0]
        states = count_connections(session)
    assert (newest.kind, newest.account_name) == ("key_given_up", account.account_name)
    assert count_events(scene) == events + 1
    assert states["needs_renewal"] == account.health.sole_held.count > 0
    assert "no_access" not in states
    with pytest.raises(NotRevoked):
        disconnect(scene.installation, account.grant_id, revoke=True, by=THIS_COMPUTER)


def count_events(scene: Scene) -> int:
    with scene.installation.database.reading() as session:
        return len(list_events(session, limit=100))


def test_the_other_account_is_refreshed_and_the_given_up_one_named(scene: Scene) -> None:
    forget(scene)
    account = anna(scene)
    result = run_snapshots(scene.installation, "manual")
    assert result.pages_done == accounts(scene)["Ben Ortiz"].health.usable_count
    assert result.pages_failed == account.health.sole_held.count
    with scene.installation.database.reading() as session:
        failures = list_failures(session, result.id, limit=100)
    assert {failure.code for failure in failures} == {KEY_GIVEN_UP}
    assert {failure.account_name for failure in failures} == {account.account_name}


def test_reconnecting_goes_on_where_it_was(scene: Scene) -> None:
    forget(scene)
    held = anna(scene).health.usable_count
    outcome = scene.traveller.connect()
    assert (outcome["kept"], outcome["added"], outcome["missing"]) == (held, 0, 0)
    assert anna(scene).state == "ok"
    assert run_snapshots(scene.installation, "manual").pages_failed == 0


def test_a_list_that_was_not_saved_goes_with_the_key(scene: Scene) -> None:
    scene.installation.vault, scene.installation.keys = LOST, KeyReport(ok=True, unopenable=())
    attempt_id, _ = scene.traveller.travel()
    scene.installation.vault = KEPT
    scene.traveller.travel()
    restart(scene)
    forget(scene)
    assert scene.traveller.look(attempt_id).status == "discarded"
    with scene.installation.database.reading() as session:
        is_kept = Attempt.sealed_result.is_not(None)
        assert list(session.scalars(select(Attempt.key_id).where(is_kept))) == [KEPT.current_key_id]
